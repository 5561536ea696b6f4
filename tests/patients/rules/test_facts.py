"""What a line stores becomes what the rules read; a change of it is small, and leads back to the same."""

import random
from datetime import date, timedelta
from typing import Any

import pytest

from patients.rules.facts import SERIES, VALUES, Facts, applied, difference, for_rules, mark_of, pair_of, patient_facts, rise_of
from patients.rules.triage import DayValue, MorningFact, WaitingMessages

TODAY = date(2026, 3, 18)
STORED: Facts = {
    "program": {"assignment": "a-1", "status": "running", "starts_on": "2026-03-02", "weeks": 8, "code": "LL"},
    "resumes_on": "2026-03-12",
    "pain": [["2026-03-16", 3], ["2026-03-17", 6]],
    "session_pain": [["2026-03-17", 4]],
    "logged": [["2026-03-17", 1]],
    "settled": [["2026-03-17", False]],
    "sessions": [["2026-03-16", "done", "home", 3, 1.0], ["2026-03-19", "planned", "supervised", 3, 0.0]],
    "reports": [["r-1", "urgent", "open", "2026-03-17", ["night_pain"]]],
    "consents": {"record": ["1", False, "2026-03-15"], "reminders": ["1", True, "2026-03-02"]},
    "to_clinic": [2, "2026-03-14"],
    "to_patient": [1, "2026-03-14"],
    "check_in_at": "2026-03-17T06:00:00+00:00",
}


def test_a_stored_line_becomes_what_the_rules_read() -> None:
    facts = patient_facts(STORED, TODAY)
    assert (facts.active_since, facts.last_entry_on) == (date(2026, 3, 12), date(2026, 3, 17))
    assert facts.pain == [DayValue(date(2026, 3, 16), 3), DayValue(date(2026, 3, 17), 6), DayValue(date(2026, 3, 17), 4)]
    assert facts.mornings == [MorningFact(date(2026, 3, 17), False, 3.0)]
    assert facts.consent_withdrawn_on == date(2026, 3, 15)
    assert facts.messages == WaitingMessages(2, date(2026, 3, 14))
    assert [report.report_id for report in facts.reports] == ["r-1"]


@pytest.mark.parametrize(
    ("before", "pain", "expected"),
    [
        pytest.param((2, 2, 2), 5, 3.0, id="above the usual"),
        pytest.param((None, None, 2), 5, 3.0, id="nothing is usual yet: above the day before"),
        pytest.param((2, None, None), 5, None, id="nothing to hold it against"),
        pytest.param((2, 2, 2), None, None, id="no answer"),
    ],
)
def test_a_morning_is_held_against_the_usual_one_or_the_day_before(
    before: tuple[int | None, ...], pain: int | None, expected: float | None
) -> None:
    days = [(TODAY - timedelta(days=len(before) - place), value) for place, value in enumerate(before)]
    series = [(on, value) for on, value in [*days, (TODAY, pain)] if value is not None]
    assert rise_of(series, TODAY) == expected


def test_only_what_the_rules_read_is_a_difference() -> None:
    other = STORED | {"to_patient": None, "check_in_at": "later", "program": STORED["program"] | {"weeks": 12}}
    assert difference(STORED, other | {"consents": STORED["consents"] | {"reminders": ["1", False, "2026-03-18"]}}) == {}
    assert difference(STORED, STORED | {"pain": [["2026-03-17", 5], ["2026-03-18", 2]]}) == {
        "pain": [[["2026-03-16", 3], ["2026-03-17", 6]], [["2026-03-17", 5], ["2026-03-18", 2]]]
    }
    assert difference(STORED, {key: value for key, value in STORED.items() if key != "to_clinic"}) == {"to_clinic": None}


def some_facts(chance: random.Random) -> Facts:
    """Return made-up facts of every kind, some missing."""
    days = [(TODAY - timedelta(days=place)).isoformat() for place in range(6)]

    def series(*values: Any) -> list[list[Any]]:
        return [[on, chance.choice(values)] for on in sorted(days) if chance.random() < 0.5]

    facts: Facts = {name: series(0, 4, 7) for name in SERIES if name not in {"sessions", "reports", "assessments"}}
    states, places = ["planned", "done", "missed"], ["home", "supervised"]
    facts["sessions"] = [[on, chance.choice(states), chance.choice(places), 1, 0.0] for on in days[:4]]
    facts["assessments"] = [[on, chance.choice(["middle", "end"])] for on in days[:2]]
    facts["reports"] = [[on, "urgent", chance.choice(["open", "withdrawn"]), on, ["night_pain"]] for on in days[:2]]
    facts["program"] = {"status": chance.choice(["held", "running"]), "starts_on": days[-1]}
    facts["to_clinic"] = [chance.randint(1, 3), days[0]]
    return {name: value for name, value in facts.items() if chance.random() < 0.8}


def test_changes_one_after_the_other_lead_to_the_same_facts() -> None:
    chance = random.Random(7)
    stored: Facts = {}
    folded: Facts = {}
    for _round in range(200):
        after = some_facts(chance)
        folded = applied(folded, difference(stored, after))
        stored = after
        for name in (*SERIES, *VALUES):
            one, other = for_rules(folded, name), for_rules(stored, name)
            assert sorted(one, key=str) == sorted(other, key=str) if name in SERIES else one == other, name
        assert difference(folded, stored) == {}


def test_a_mark_is_a_rule_and_its_evidence() -> None:
    assert pair_of(mark_of("leg_pain", "2026-03-18:3:info")) == ("leg_pain", "2026-03-18:3:info")
