"""Which facts make a patient worth a look, and when the same facts stay quiet."""

from datetime import date, timedelta

import pytest

from patients.rules.adherence import SessionFact, SessionState
from patients.rules.schedule import Setting
from patients.rules.symptoms import Level
from patients.rules.triage import (
    Bands,
    DayValue,
    MorningFact,
    OpenReport,
    OverdueAssessment,
    PatientFacts,
    Plain,
    Reason,
    ReasonLevel,
    Rule,
    Thresholds,
    WaitingMessages,
    carry_on,
    new_reasons,
    triage,
    worry,
)

TODAY = date(2026, 3, 18)  # a Wednesday
LETTERS = {"d": SessionState.DONE, "h": SessionState.PARTIAL, "m": SessionState.MISSED, "s": SessionState.SKIPPED}
LETTERS |= {"p": SessionState.PLANNED, "P": SessionState.PAUSED, "c": SessionState.CANCELLED, "e": SessionState.EXCUSED}


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def daily(*values: int | None, last: int = 0) -> tuple[DayValue, ...]:
    """Return one value a day, the last one `last` days ago; None leaves a day out."""
    first = last + len(values) - 1
    return tuple(DayValue(ago(first - place), value) for place, value in enumerate(values) if value is not None)


def sessions(letters: str) -> tuple[SessionFact, ...]:
    """Return sessions on the days up to yesterday, the last letter being yesterday."""
    return tuple(
        SessionFact(ago(len(letters) - place), LETTERS[letter], Setting.HOME, 1, 0.5 if letter == "h" else 0.0)
        for place, letter in enumerate(letters)
    )


def rules(facts: PatientFacts, thresholds: Thresholds | None = None) -> list[Rule]:
    return [reason.rule for reason in triage(facts, thresholds=thresholds)]


def only(facts: PatientFacts, rule: Rule) -> Reason:
    """Return the one reason of a rule."""
    (found,) = [reason for reason in triage(facts) if reason.rule == rule]
    return found


def test_a_patient_without_facts_or_on_track_has_no_reasons() -> None:
    assert triage(PatientFacts(TODAY)) == []
    fine = PatientFacts(TODAY, ago(20), ago(0), daily(4, 4, 3, 3), daily(6, 6, 7, 7), sessions("dmddhd"), (MorningFact(ago(1), True, 0),))
    assert triage(fine) == []


@pytest.mark.parametrize(
    ("values", "last", "expected"),
    [
        pytest.param((5,), 0, None, id="amber"),
        pytest.param((6,), 0, (0, "2026-03-18:6", {"pain": 6, "on": "2026-03-18", "peak": 6, "entries": 1}), id="red"),
        pytest.param((4, 7, 6), 0, (1, "2026-03-17:7", {"pain": 6, "on": "2026-03-18", "peak": 7, "entries": 2}), id="a run with its peak"),
        pytest.param((8, 5), 0, None, id="red is over"),
        pytest.param((6,), 27, (27, "2026-02-19:6", {"pain": 6, "on": "2026-02-19", "peak": 6, "entries": 1}), id="long ago, still last"),
        pytest.param((6,), 28, None, id="too long ago"),
    ],
)
def test_red_pain_is_a_reason(values: tuple[int, ...], last: int, expected: tuple[int, str, dict[str, Plain]] | None) -> None:
    found = [reason for reason in triage(PatientFacts(TODAY, pain=daily(*values, last=last))) if reason.rule == Rule.PAIN_LEVEL]
    if expected is None:
        assert found == []
    else:
        since, key, evidence = expected
        assert found == [Reason(Rule.PAIN_LEVEL, ReasonLevel.ATTENTION, ago(since), key, evidence)]


@pytest.mark.parametrize(
    ("values", "level", "key"),
    [
        pytest.param((), None, "", id="never asked"),
        pytest.param((2, 2), None, "", id="green"),
        pytest.param((0, 3), ReasonLevel.INFO, "2026-03-18:3:info", id="new"),
        pytest.param((3,), ReasonLevel.INFO, "2026-03-18:3:info", id="in the first run"),
        pytest.param((0, 3, 4), ReasonLevel.ATTENTION, "2026-03-17:4:attention", id="twice in a row"),
        pytest.param((0, 6), ReasonLevel.ATTENTION, "2026-03-18:6:attention", id="red"),
        pytest.param((6, 1), None, "", id="over"),
    ],
)
def test_new_or_red_leg_pain_in_a_run_is_a_reason(values: tuple[int, ...], level: ReasonLevel | None, key: str) -> None:
    found = [(reason.rule, reason.level, reason.evidence_key) for reason in triage(PatientFacts(TODAY, leg_pain=daily(*values)))]
    assert found == ([] if level is None else [(Rule.LEG_PAIN, level, key)])


def test_the_worst_of_several_entries_on_a_day_counts() -> None:
    twice = (DayValue(TODAY, 6), DayValue(TODAY, 2), DayValue(ago(1), 3))
    assert rules(PatientFacts(TODAY, pain=twice)) == [Rule.PAIN_LEVEL]


def test_a_clinic_may_set_its_own_bands() -> None:
    facts = PatientFacts(TODAY, pain=daily(5))
    assert triage(facts) == []
    assert [reason.rule for reason in triage(facts, Bands(3, 4))] == [Rule.PAIN_LEVEL]
    with pytest.raises(ValueError, match="bands rise"):
        Bands(5, 2)


@pytest.mark.parametrize(
    ("values", "last", "expected"),
    [
        pytest.param((3, 4, 5), 0, (2, 3, 5, 3), id="two points over three entries"),
        pytest.param((3, 3, 4, 5), 0, (2, 3, 5, 3), id="starts where it began to rise"),
        pytest.param((1, 2, 3, 4), 0, (3, 1, 4, 4), id="followed back to the beginning"),
        pytest.param((3, None, None, 4, 5), 0, (4, 3, 5, 3), id="entries, not days"),
        pytest.param((2, 5, 4), 0, (2, 2, 4, 3), id="up and half down again"),
        pytest.param((3, 4), 0, None, id="too few"),
        pytest.param((3, 3, 4), 0, None, id="one point"),
        pytest.param((5, 4, 3), 0, None, id="falling"),
        pytest.param((3, 4, 5), 12, None, id="not recent"),
    ],
)
def test_rising_pain_is_a_reason(values: tuple[int | None, ...], last: int, expected: tuple[int, int, int, int] | None) -> None:
    facts = PatientFacts(TODAY, pain=daily(*values, last=last))
    if expected is None:
        assert Rule.PAIN_TREND not in rules(facts)
    else:
        since, start, end, entries = expected
        reason = only(facts, Rule.PAIN_TREND)
        assert reason.since == ago(since)
        assert reason.evidence == {"from": start, "to": end, "entries": entries, "on": ago(last).isoformat()}


# Three weeks from Monday to Sunday and the Monday to Wednesday of the running one.
@pytest.mark.parametrize(
    ("weeks", "expected"),
    [
        pytest.param([(2, 2, 2), (3, 3, 3), (4, 4, 4)], {"from": 2.0, "middle": 3.0, "to": 4.0}, id="up twice"),
        pytest.param([(2, 2, 2, 2), (2, 3, 2, 3), (3, 3, 3, 3)], {"from": 2.0, "middle": 2.5, "to": 3.0}, id="one point in all"),
        pytest.param([(2, 2, 2, 2), (2, 2, 2, 3), (2, 3, 2, 3)], None, id="less than a point"),
        pytest.param([(2, 2), (4, 4), (4, 4)], None, id="up once"),
        pytest.param([(4, 4), (3, 3), (5, 5)], None, id="down and up"),
        pytest.param([(2, 2), (3,), (5, 5)], None, id="a week with one entry says nothing"),
    ],
)
def test_a_mean_rising_two_weeks_in_a_row_is_a_reason(weeks: list[tuple[int, ...]], expected: dict[str, float] | None) -> None:
    monday = date(2026, 2, 23)
    pain = tuple(
        DayValue(monday + timedelta(days=7 * week + place), value)
        for week, values in enumerate(weeks)
        for place, value in enumerate(values)
    )
    found = [reason for reason in triage(PatientFacts(TODAY, pain=pain)) if reason.rule == Rule.PAIN_WEEKS]
    assert [reason.evidence for reason in found] == ([expected] if expected else [])
    assert [reason.evidence_key for reason in found] == (["2026-03-09"] if expected else [])
    # The running week does not change what the full weeks said.
    still = triage(PatientFacts(TODAY + timedelta(days=4), pain=(*pain, DayValue(TODAY, 1))))
    assert [reason for reason in still if reason.rule == Rule.PAIN_WEEKS] == found


@pytest.mark.parametrize(
    ("active_since", "last_entry", "expected"),
    [
        pytest.param(30, 7, (7, "2026-03-11", {"days": 7, "last_entry_on": "2026-03-11"}), id="seven days"),
        pytest.param(30, 6, None, id="six days"),
        pytest.param(9, None, (9, "2026-03-09", {"days": 9, "last_entry_on": None}), id="never an entry"),
        pytest.param(3, 20, None, id="back from a pause three days ago"),
        pytest.param(8, 20, (8, "2026-03-10", {"days": 8, "last_entry_on": "2026-02-26"}), id="silent since the pause ended"),
        pytest.param(None, 20, None, id="nothing is asked now"),
        pytest.param(-5, None, None, id="starts next week"),
    ],
)
def test_silence_is_a_reason(active_since: int | None, last_entry: int | None, expected: tuple[int, str, dict[str, Plain]] | None) -> None:
    facts = PatientFacts(
        TODAY,
        None if active_since is None else ago(active_since),
        None if last_entry is None else ago(last_entry),
    )
    wanted = [] if expected is None else [Reason(Rule.SILENCE, ReasonLevel.ATTENTION, ago(expected[0]), expected[1], expected[2])]
    assert triage(facts) == wanted


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        pytest.param("dmmm", 3, id="three"),
        pytest.param("dmm", None, id="two"),
        pytest.param("dmsp", 3, id="missed, not today, no entry"),
        pytest.param("mmdm", None, id="not in a row"),
        pytest.param("mmhm", None, id="a partial one breaks the row"),
        pytest.param("mPmcem", 3, id="what does not count does not break the row"),
        pytest.param("PPP", None, id="paused"),
        pytest.param("mmmmm", 5, id="five"),
    ],
)
def test_missed_sessions_in_a_row_are_a_reason(letters: str, expected: int | None) -> None:
    found = triage(PatientFacts(TODAY, ago(30), ago(0), sessions=sessions(letters)))
    assert [(reason.rule, reason.evidence["missed"]) for reason in found] == ([(Rule.MISSED_SESSIONS, expected)] if expected else [])


def test_missed_sessions_speak_up_again_only_after_as_many_more() -> None:
    keys = [
        triage(PatientFacts(TODAY, ago(30), ago(0), sessions=sessions("d" + "m" * count)))[0].evidence_key[10:] for count in range(3, 8)
    ]
    assert keys == [":1", ":1", ":1", ":2", ":2"]


def test_sessions_of_a_program_that_is_over_are_not_missed() -> None:
    assert triage(PatientFacts(TODAY, None, sessions=sessions("mmm"))) == []


@pytest.mark.parametrize(
    ("mornings", "expected"),
    [
        pytest.param([(1, False, 1.5)], None, id="once, by less than two points"),
        pytest.param([(1, False, 2.0)], 1, id="once, by two points"),
        pytest.param([(3, False, 1.5), (1, False, 1.5)], 2, id="twice in a row"),
        pytest.param([(3, False, None), (1, False, None)], 2, id="twice, by how much is unknown"),
        pytest.param([(5, False, 2.0), (3, True, 0.0), (1, False, 1.5)], None, id="not in a row"),
        pytest.param([(3, False, 3.0), (1, True, 1.0)], None, id="settled since"),
        pytest.param([(16, False, 3.0), (14, False, 3.0)], None, id="long ago"),
    ],
)
def test_unsettled_mornings_are_a_reason(mornings: list[tuple[int, bool, float | None]], expected: int | None) -> None:
    facts = PatientFacts(TODAY, mornings=[MorningFact(ago(day), settled, rise) for day, settled, rise in mornings])
    assert [reason.evidence["mornings"] for reason in triage(facts)] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("level", "rule", "urgency"),
    [
        (Level.EMERGENCY, Rule.STOP_SIGN, ReasonLevel.STOP),
        (Level.URGENT, Rule.STOP_SIGN, ReasonLevel.STOP),
        (Level.TRAINING, Rule.STOP_SIGN, ReasonLevel.STOP),
        (Level.CLEARANCE, Rule.CLEARANCE, ReasonLevel.ATTENTION),
    ],
)
def test_an_open_report_is_a_reason_until_it_is_cleared(level: Level, rule: Rule, urgency: ReasonLevel) -> None:
    facts = PatientFacts(TODAY, reports=[OpenReport("r-1", ago(40), level, ("some_sign",), is_withdrawn=True)])
    evidence = {"sign_level": level.value, "signs": ["some_sign"], "is_withdrawn": True}
    assert triage(facts) == [Reason(rule, urgency, ago(40), "r-1", evidence)]


def test_an_all_clear_is_no_reason() -> None:
    assert triage(PatientFacts(TODAY, reports=[OpenReport("r-1", TODAY, Level.NONE, ())])) == []


@pytest.mark.parametrize(("days", "expected"), [(2, []), (3, [Rule.ASSESSMENT_OVERDUE]), (90, [Rule.ASSESSMENT_OVERDUE])])
def test_an_overdue_assessment_is_a_note(days: int, expected: list[Rule]) -> None:
    facts = PatientFacts(TODAY, assessments=[OverdueAssessment("end", ago(days))])
    assert rules(facts) == expected
    assert new_reasons(triage(facts), []) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [((7, 5, 4), [Rule.READINESS_DROP]), ((7, 6, 5), []), ((4, 5, 7), []), ((8, 8, 5), []), ((8, 6, 5), [Rule.READINESS_DROP])],
)
def test_falling_readiness_is_a_note_only(values: tuple[int, ...], expected: list[Rule]) -> None:
    facts = PatientFacts(TODAY, readiness=daily(*values))
    assert rules(facts) == expected
    assert new_reasons(triage(facts), []) == []


EVERYTHING = PatientFacts(
    TODAY,
    ago(30),
    ago(8),
    daily(4, 6, 7),
    daily(8, 6, 4),
    sessions("mmm"),
    (MorningFact(ago(1), False, 3),),
    (
        OpenReport("training", ago(3), Level.TRAINING, ("sharp_pain",)),
        OpenReport("emergency", ago(1), Level.EMERGENCY, ("fainting",)),
        OpenReport("urgent", ago(2), Level.URGENT, ("night_pain",)),
        OpenReport("clearance", ago(9), Level.CLEARANCE, ("heart_condition",)),
    ),
    (OverdueAssessment("middle", ago(5)),),
)


def test_reasons_stand_most_worrying_first() -> None:
    found = triage(EVERYTHING)
    assert [reason.rule for reason in found] == [
        Rule.STOP_SIGN,
        Rule.STOP_SIGN,
        Rule.STOP_SIGN,
        Rule.CLEARANCE,
        Rule.PAIN_LEVEL,
        Rule.UNSETTLED,
        Rule.PAIN_TREND,
        Rule.MISSED_SESSIONS,
        Rule.SILENCE,
        Rule.ASSESSMENT_OVERDUE,
        Rule.READINESS_DROP,
    ]
    assert [reason.evidence_key for reason in found[:3]] == ["emergency", "urgent", "training"]
    assert all(len(reason.evidence_key) <= 120 for reason in found)
    assert all(len(rule) <= 30 for rule in Rule)


def test_a_clinic_may_turn_rules_off_but_never_stop_signs() -> None:
    off = Thresholds(off=frozenset(Rule))
    assert set(rules(EVERYTHING, off)) == {Rule.STOP_SIGN, Rule.CLEARANCE}


def test_thresholds_that_would_always_fire_are_refused() -> None:
    with pytest.raises(ValueError, match="always fire"):
        Thresholds(silence_days=0)


def test_known_evidence_never_alerts_again_and_new_evidence_does() -> None:
    first = triage(PatientFacts(TODAY, ago(30), ago(0), daily(6)))
    known = [(reason.rule.value, reason.evidence_key) for reason in first]
    tomorrow = TODAY + timedelta(days=1)
    same = PatientFacts(tomorrow, ago(30), ago(0), (DayValue(TODAY, 6), DayValue(tomorrow, 6)))
    worse = PatientFacts(tomorrow, ago(30), ago(0), (DayValue(TODAY, 6), DayValue(tomorrow, 7)))
    assert new_reasons(triage(same), known) == []
    assert [reason.evidence_key for reason in new_reasons(triage(worse), known)] == ["2026-03-18:7"]


def test_silence_alerts_once_while_it_lasts() -> None:
    keys = {triage(PatientFacts(TODAY + timedelta(days=more), ago(30), ago(7)))[0].evidence_key for more in range(10)}
    assert keys == {"2026-03-11"}


def test_past_days_can_be_replayed_with_what_was_known_then() -> None:
    pain = daily(3, 4, 5, 6, 7)
    assert [rules(PatientFacts(ago(days), pain=pain)) for days in (4, 2, 1, 0)] == [
        [],
        [Rule.PAIN_TREND],
        [Rule.PAIN_LEVEL, Rule.PAIN_TREND],
        [Rule.PAIN_LEVEL, Rule.PAIN_TREND],
    ]


def test_patients_sort_by_what_worries_most() -> None:
    patients = {
        "quiet": PatientFacts(TODAY),
        "note": PatientFacts(TODAY, assessments=[OverdueAssessment("end", ago(9))]),
        "silent": PatientFacts(TODAY, ago(30), ago(9)),
        "pain": PatientFacts(TODAY, pain=daily(7)),
        "pain and silent": PatientFacts(TODAY, ago(30), ago(9), pain=daily(7)),
        "stop": PatientFacts(TODAY, reports=[OpenReport("a", TODAY, Level.TRAINING, ("sharp_pain",))]),
        "emergency": PatientFacts(TODAY, reports=[OpenReport("a", TODAY, Level.EMERGENCY, ("fainting",))]),
    }
    assert sorted(patients, key=lambda name: worry(triage(patients[name]))) == [
        "emergency",
        "stop",
        "pain and silent",
        "pain",
        "silent",
        "note",
        "quiet",
    ]


@pytest.mark.parametrize(
    ("days", "level"), [(0, ReasonLevel.INFO), (1, ReasonLevel.INFO), (2, ReasonLevel.ATTENTION), (9, ReasonLevel.ATTENTION)]
)
def test_a_message_is_for_information_at_first_and_asks_for_attention_after_two_days(days: int, level: ReasonLevel) -> None:
    reason = only(PatientFacts(TODAY, messages=WaitingMessages(2, ago(days))), Rule.MESSAGE_WAITING)
    assert (reason.level, reason.since, dict(reason.evidence)) == (level, ago(days), {"messages": 2, "days": days})


def test_a_message_of_tomorrow_says_nothing_yet() -> None:
    assert rules(PatientFacts(TODAY, messages=WaitingMessages(1, ago(-1)))) == []


def test_an_agreement_that_was_taken_back_is_always_reported() -> None:
    facts = PatientFacts(TODAY, consent_withdrawn_on=ago(40))
    assert only(facts, Rule.CONSENT_WITHDRAWN).level == ReasonLevel.ATTENTION
    assert rules(facts, Thresholds(off=frozenset(Rule))) == [Rule.CONSENT_WITHDRAWN]


# --- facts reach back only so far ---------------------------------------------------------------

RUN_START = TODAY - timedelta(days=2)


@pytest.mark.parametrize(
    ("pain", "known", "expected"),
    [
        pytest.param((7, 7, 7), [], f"{RUN_START}:7", id="never raised: new"),
        pytest.param((7, 7, 7), [("pain_level", "2026-01-10:8")], "2026-01-10:8", id="it fills what is remembered: the old one goes on"),
        pytest.param((7, 9, 7), [("pain_level", "2026-01-10:8")], f"{RUN_START}:9", id="a new peak is new evidence"),
        pytest.param((3, 7, 7), [("pain_level", "2026-01-10:8")], f"{TODAY - timedelta(days=1)}:7", id="a new row is new evidence"),
        pytest.param((7, 7, 7), [("leg_pain", "2026-01-10:8:attention")], f"{RUN_START}:7", id="another rule knows nothing of it"),
        pytest.param((7, 7, 7), [("pain_level", "2026-03-20:8")], f"{RUN_START}:7", id="a later one is not its beginning"),
    ],
)
def test_a_row_older_than_the_facts_keeps_the_key_it_was_raised_with(
    pain: tuple[int, ...], known: list[tuple[str, str]], expected: str
) -> None:
    facts = PatientFacts(TODAY, pain=daily(*pain))
    [key] = [one.evidence_key for one in carry_on(triage(facts), facts, known) if one.rule == Rule.PAIN_LEVEL]
    assert key == expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param([], (ago(200), 200), id="never an entry: since the start"),
        pytest.param([("silence", ago(120).isoformat())], (ago(120), 120), id="the last entry has left the facts"),
        pytest.param([("silence", ago(300).isoformat())], (ago(200), 200), id="a silence before this program is another one"),
    ],
)
def test_silence_goes_on_though_the_last_entry_is_forgotten(known: list[tuple[str, str]], expected: tuple[date, int]) -> None:
    facts = PatientFacts(TODAY, active_since=ago(200))
    [reason] = [one for one in carry_on(triage(facts), facts, known) if one.rule == Rule.SILENCE]
    assert (reason.since, reason.evidence["days"]) == expected
