"""Past looks under other rules: what is raised on which day, what counts from the first day on, and what two rule sets do not share."""

from datetime import date, timedelta
from typing import Any

import pytest

from patients.rules.facts import Change
from patients.rules.replay import Look, Raised, Track, compare, replay, stands_at_once
from patients.rules.thresholds import DEFAULTS, OFF, RuleValues, read_rules
from patients.rules.triage import Rule

START = date(2026, 3, 2)
ALIVE: Change = {"program": {"status": "running", "starts_on": START.isoformat()}, "pain": [[], [[START.isoformat(), 2]]]}


def day(number: int) -> date:
    return START + timedelta(days=number)


def entry(number: int, pain: int) -> Change:
    return {"pain": [[], [[day(number).isoformat(), pain]]]}


def looks(*changes: Change, rules: RuleValues | None = DEFAULTS) -> list[Look]:
    """Return one look a day, the first of which starts a program."""
    return [Look(day(number), change, rules) for number, change in enumerate((ALIVE, *changes))]


def under(rules: dict[str, Any], made: list[Look], from_on: date = START, **known: Any) -> list[tuple[str, int]]:
    """Return rule and number of the day of what is raised."""
    track = Track(read_rules(rules), known.pop("known", set()))
    replay(made, [track], from_on, **known)
    return [(one.rule.value, (one.on - START).days) for one in track.raised]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param({}, [("silence", 7)], id="the defaults"),
        pytest.param({"silence_days": 4}, [("silence", 4)], id="earlier"),
        pytest.param({"silence_days": 20}, [], id="never"),
        pytest.param({OFF: ["silence"]}, [], id="off"),
    ],
)
def test_silence_is_raised_once_on_the_day_the_number_says(rules: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    assert under(rules, looks(*[{}] * 12)) == expected


def test_an_entry_counts_from_the_look_it_came_with_and_a_correction_from_its_own() -> None:
    wrong = entry(1, 7)
    right: Change = {"pain": [[[day(1).isoformat(), 7]], [[day(1).isoformat(), 3]]]}
    assert under({}, looks(wrong, right)) == [("pain_level", 1)]
    assert under({"amber_max": 7}, looks(wrong, right)) == []


def test_what_stood_before_the_first_day_is_not_counted_for_either_side() -> None:
    made = looks(*[{}] * 12)
    assert under({}, made, from_on=day(9)) == []
    assert under({"silence_days": 4}, made, from_on=day(9)) == []
    assert under({"silence_days": 10}, made, from_on=day(9)) == [("silence", 10)]


def test_what_stood_when_the_looks_begin_is_not_counted_for_a_patient_who_is_not_new() -> None:
    made = looks(*[{}] * 3)
    made[0] = Look(day(0), ALIVE | {"pain": [[], [[day(0).isoformat(), 8]]]}, DEFAULTS)
    assert under({}, made) == [("pain_level", 0)]
    assert under({}, made, is_new=False) == []


def test_a_track_without_rules_repeats_each_look_under_its_own() -> None:
    short = read_rules({"silence_days": 3})
    made = looks(*[{}] * 5)[:3] + [Look(day(number), {}, short) for number in range(3, 9)]
    really = Track(None, set())
    replay(made, [really], START)
    assert [(one.rule, one.on) for one in really.raised] == [(Rule.SILENCE, day(3))]


def test_known_evidence_is_not_raised_again() -> None:
    key = ("silence", START.isoformat())
    assert under({}, looks(*[{}] * 12), known={key}) == []
    facts = replay(looks(*[{}] * 12), [], START)
    assert [one.rule for one in stands_at_once(facts, day(12), DEFAULTS, [])] == [Rule.SILENCE]
    assert stands_at_once(facts, day(12), DEFAULTS, [key]) == []


def raised(rule: Rule, since: int, on: int) -> Raised:
    return Raised(day(on), rule, "attention", day(since), f"{day(since)}:{on}")


@pytest.mark.parametrize(
    ("now", "proposed", "expected"),
    [
        pytest.param([], [], (0, 0, 0, 0, 0), id="nothing"),
        pytest.param([(0, 7)], [(0, 7)], (0, 0, 1, 0, 0), id="the same"),
        pytest.param([(0, 7)], [(0, 4)], (0, 0, 1, 1, 0), id="earlier"),
        pytest.param([(0, 7)], [(0, 9)], (0, 0, 1, 0, 1), id="later"),
        pytest.param([(0, 7)], [], (0, 1, 0, 0, 0), id="missed"),
        pytest.param([], [(0, 7)], (1, 0, 0, 0, 0), id="added"),
        pytest.param([(0, 3), (8, 12)], [(8, 12)], (0, 1, 1, 0, 0), id="each has one partner"),
        pytest.param([(0, 6)], [(0, 3), (0, 6)], (1, 0, 1, 1, 0), id="the first comes earlier, and one more follows"),
        pytest.param([(5, 5)], [(4, 4), (4, 5)], (1, 0, 1, 0, 0), id="a row that begins earlier is one more"),
    ],
)
def test_alerts_are_the_same_when_their_evidence_overlaps(
    now: list[tuple[int, int]], proposed: list[tuple[int, int]], expected: tuple[int, ...]
) -> None:
    found = compare([raised(Rule.MISSED_SESSIONS, *one) for one in now], [raised(Rule.MISSED_SESSIONS, *one) for one in proposed])
    assert (len(found.added), len(found.missed), found.both, found.earlier, found.later) == expected


def test_alerts_of_two_rules_are_never_the_same() -> None:
    found = compare([raised(Rule.SILENCE, 0, 7)], [raised(Rule.MISSED_SESSIONS, 0, 7)])
    assert (len(found.added), len(found.missed), found.both) == (1, 1, 0)
