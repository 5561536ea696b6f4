"""Every triage rule as a table of examples: what a patient entered, whether somebody should look, and the source that says so.

Sections are those of the clinical evidence file. Where no study says anything, the row says so: the number is a default of the product.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import pytest

from patients.rules.adherence import SessionFact
from patients.rules.symptoms import Level
from patients.rules.triage import (
    ALWAYS_ON,
    Bands,
    DayValue,
    MorningFact,
    OpenReport,
    OverdueAssessment,
    PatientFacts,
    Reason,
    ReasonLevel,
    Rule,
    Thresholds,
    WaitingMessages,
    triage,
)
from tests.patients.rules.test_triage import TODAY, ago, daily, sessions

STOP, LOOK, NOTE = ReasonLevel.STOP, ReasonLevel.ATTENTION, ReasonLevel.INFO

CEILING = "4.1 up to 5 of 10 is tolerated, above 5 is not (Silbernagel 2007, tendons)"
BANDS = "4.1 green 0-2, amber 3-5, red 6-10: default, bands are settings"
MORNING = "4.1 the next day counts more than the pain in the exercise (Silbernagel 2007)"
CLIMB = "4.1 pain must not climb from week to week"
TWICE = "4.3 not settled the next morning twice: one step back"
GAP = "4.3 after a gap of 7 to 13 days the week is repeated"
MATTERS = "3.1 a change of 2 points matters (Ostelo 2008)"
ONE_VALUE = "3.1 one rating against another means something from 2.4 points by SEM (Maughan & Lewis 2010)"
NOT_VALIDATED = "3.2 readiness today is not validated and never used alone"
FIVE_TIMES = "3.3 measured in weeks 0, 4, 8, then 3 and 6 months after the end"
LEGS = "2.4 seven of the nine events of ASTEROID were leg injury or pain (Neason 2025)"
BEFORE = "5.3.1 any yes before a program waits for the clearance of a therapist"
EMERGENCY = "5.3.3 emergency signs: sessions are paused, the therapist is informed"
URGENT = "5.3.4 urgent signs: pause, doctor the same or next day, therapist's task"
TRAINING = "5.3.5 signs in training: the session ends, a doctor looks"
STORED = "5.3.7 every event is stored, also one that was taken back"
TASK = "8.2 a task for the therapist after 3 missed sessions in a row or 7 silent days"
PARTLY = "8.1 partial sessions count as partial"
ANSWERED = "8.2 clarified doubts and timely follow-up are valued by patients"
CONSENT = "GDPR, Art. 7(3): an agreement can be taken back at any time"
OURS = "no study: default of the product"


@dataclass(frozen=True)
class Example:
    """What was entered up to today, and the level of the rule's reason: None when nobody has to look because of this rule."""

    rule: Rule
    source: str
    told: str
    level: ReasonLevel | None
    facts: PatientFacts


def pain(*values: int | None, last: int = 0) -> PatientFacts:
    return PatientFacts(TODAY, ago(30), TODAY, pain=daily(*values, last=last))


def weeks(*values: tuple[int, ...]) -> PatientFacts:
    """Return entries of the last three full weeks, from Monday on."""
    monday = ago(TODAY.isoweekday() - 1 + 21)
    days = [DayValue(monday + (TODAY - ago(7 * week + day)), one) for week, row in enumerate(values) for day, one in enumerate(row)]
    return PatientFacts(TODAY, ago(30), TODAY, pain=tuple(days))


def mornings(*rows: tuple[int, bool, float | None]) -> PatientFacts:
    """Return mornings after training: days ago, settled or not, points above the day before."""
    return PatientFacts(TODAY, ago(30), TODAY, mornings=tuple(MorningFact(ago(day), settled, rise) for day, settled, rise in rows))


def legs(*values: int | None, last: int = 0) -> PatientFacts:
    return PatientFacts(TODAY, ago(30), TODAY, leg_pain=daily(*values, last=last))


def trained(letters: str) -> PatientFacts:
    """Return sessions up to yesterday: d done, h half, m missed, s skipped, P paused, e excused, c cancelled."""
    past: tuple[SessionFact, ...] = sessions(letters)
    return PatientFacts(TODAY, ago(30), TODAY, sessions=past)


def silent(days: int, *, active: int | None = 30) -> PatientFacts:
    return PatientFacts(TODAY, None if active is None else ago(active), ago(days))


def report(level: Level, *signs: str, days: int = 0, taken_back: bool = False) -> PatientFacts:
    return PatientFacts(TODAY, ago(30), TODAY, reports=(OpenReport("r", ago(days), level, signs, taken_back),))


def due(days: int) -> PatientFacts:
    return PatientFacts(TODAY, ago(30), TODAY, assessments=(OverdueAssessment("middle", ago(days)),))


def waits(days: int) -> PatientFacts:
    return PatientFacts(TODAY, ago(30), TODAY, messages=WaitingMessages(1, ago(days)))


def ready(*values: int, last: int = 0) -> PatientFacts:
    return PatientFacts(TODAY, ago(30), TODAY, readiness=daily(*values, last=last))


def agreed(days: int | None) -> PatientFacts:
    return PatientFacts(TODAY, ago(30), TODAY, consent_withdrawn_on=None if days is None else ago(days))


EXAMPLES = [
    Example(Rule.STOP_SIGN, EMERGENCY, "saddle numbness today", STOP, report(Level.EMERGENCY, "saddle_numbness")),
    Example(Rule.STOP_SIGN, URGENT, "night pain, reported yesterday", STOP, report(Level.URGENT, "night_pain", days=1)),
    Example(Rule.STOP_SIGN, TRAINING, "sharp pain in training", STOP, report(Level.TRAINING, "sharp_pain")),
    Example(Rule.STOP_SIGN, EMERGENCY, "not cleared for 40 days", STOP, report(Level.EMERGENCY, "saddle_numbness", days=40)),
    Example(Rule.STOP_SIGN, STORED, "the patient took it back", STOP, report(Level.EMERGENCY, "saddle_numbness", taken_back=True)),
    Example(Rule.STOP_SIGN, BEFORE, "only something to decide about", None, report(Level.CLEARANCE, "heart_condition")),
    Example(Rule.STOP_SIGN, EMERGENCY, "asked, nothing new", None, report(Level.NONE)),
    Example(Rule.CLEARANCE, BEFORE, "heart condition before the start", LOOK, report(Level.CLEARANCE, "heart_condition")),
    Example(Rule.CLEARANCE, BEFORE, "all clear", None, report(Level.NONE)),
    Example(Rule.CONSENT_WITHDRAWN, CONSENT, "taken back today", LOOK, agreed(0)),
    Example(Rule.CONSENT_WITHDRAWN, CONSENT, "taken back long ago, nobody spoke", LOOK, agreed(90)),
    Example(Rule.CONSENT_WITHDRAWN, CONSENT, "it stands", None, agreed(None)),
    Example(Rule.PAIN_LEVEL, CEILING, "pain 6", LOOK, pain(6)),
    Example(Rule.PAIN_LEVEL, CEILING, "pain 10", LOOK, pain(10)),
    Example(Rule.PAIN_LEVEL, CEILING, "pain 5 is tolerated", None, pain(5)),
    Example(Rule.PAIN_LEVEL, BANDS, "pain 3, amber", None, pain(3)),
    Example(Rule.PAIN_LEVEL, CEILING, "8 and then 5: over", None, pain(8, 5)),
    Example(Rule.PAIN_LEVEL, OURS, "6 four weeks less a day ago, nothing since", LOOK, pain(6, last=27)),
    Example(Rule.PAIN_LEVEL, OURS, "6 four weeks ago says nothing of today", None, pain(6, last=28)),
    Example(Rule.LEG_PAIN, LEGS, "shin pain 3 in one run", NOTE, legs(0, 3)),
    Example(Rule.LEG_PAIN, LEGS, "3 and 4 in two runs in a row", LOOK, legs(0, 3, 4)),
    Example(Rule.LEG_PAIN, CEILING, "6 in one run", LOOK, legs(0, 6)),
    Example(Rule.LEG_PAIN, CEILING, "5 in one run", NOTE, legs(0, 5)),
    Example(Rule.LEG_PAIN, BANDS, "2, green", None, legs(2, 2)),
    Example(Rule.LEG_PAIN, BANDS, "6 and then 1: over", None, legs(6, 1)),
    Example(Rule.UNSETTLED, MORNING, "the next morning 2 points higher", LOOK, mornings((1, False, 2.0))),
    Example(Rule.UNSETTLED, MATTERS, "1.9 points higher, once", None, mornings((1, False, 1.9))),
    Example(Rule.UNSETTLED, TWICE, "1 point higher twice in a row", LOOK, mornings((3, False, 1.0), (1, False, 1.0))),
    Example(Rule.UNSETTLED, TWICE, "twice, by how much nobody knows", LOOK, mornings((3, False, None), (1, False, None))),
    Example(Rule.UNSETTLED, MORNING, "settled since", None, mornings((3, False, 3.0), (1, True, 0.0))),
    Example(Rule.UNSETTLED, TWICE, "not in a row", None, mornings((5, False, 1.0), (3, True, 0.0), (1, False, 1.0))),
    Example(Rule.UNSETTLED, OURS, "13 days ago, no training since", LOOK, mornings((13, False, 2.0))),
    Example(Rule.UNSETTLED, OURS, "two weeks ago", None, mornings((14, False, 2.0))),
    Example(Rule.PAIN_TREND, MATTERS, "3, 4, 5", LOOK, pain(3, 4, 5)),
    Example(Rule.PAIN_TREND, MATTERS, "3, 3, 4: one point", None, pain(3, 3, 4)),
    Example(Rule.PAIN_TREND, ONE_VALUE, "3, 3, 5: one value above the first", None, pain(3, 3, 5)),
    Example(Rule.PAIN_TREND, MATTERS, "3, 5: two entries only", None, pain(3, 5)),
    Example(Rule.PAIN_TREND, MATTERS, "5, 4, 3: better", None, pain(5, 4, 3)),
    Example(Rule.PAIN_TREND, OURS, "3, 4, 5 within 14 days", LOOK, pain(3, 4, 5, last=11)),
    Example(Rule.PAIN_TREND, OURS, "3, 4, 5, the first 14 days ago", None, pain(3, 4, 5, last=12)),
    Example(Rule.PAIN_WEEKS, CLIMB, "means 2, 3, 4", LOOK, weeks((2, 2), (3, 3), (4, 4))),
    Example(Rule.PAIN_WEEKS, CLIMB, "means 2, 2.5, 3: a point in all", LOOK, weeks((2, 2), (2, 3), (3, 3))),
    Example(Rule.PAIN_WEEKS, OURS, "means 2, 2.2, 2.8", None, weeks((2, 2, 2, 2, 2), (2, 2, 2, 2, 3), (2, 3, 3, 3, 3))),
    Example(Rule.PAIN_WEEKS, CLIMB, "means 2, 4, 4: up once", None, weeks((2, 2), (4, 4), (4, 4))),
    Example(Rule.PAIN_WEEKS, CLIMB, "means 4, 3, 5: down in between", None, weeks((4, 4), (3, 3), (5, 5))),
    Example(Rule.PAIN_WEEKS, OURS, "a week with one entry", None, weeks((2, 2), (3,), (5, 5))),
    Example(Rule.MISSED_SESSIONS, TASK, "three in a row", LOOK, trained("dmmm")),
    Example(Rule.MISSED_SESSIONS, TASK, "two in a row", None, trained("dmm")),
    Example(Rule.MISSED_SESSIONS, TASK, "missed, then called off by the patient", LOOK, trained("dmms")),
    Example(Rule.MISSED_SESSIONS, PARTLY, "a half one in between", None, trained("mmhm")),
    Example(Rule.MISSED_SESSIONS, OURS, "days of a pause do not count", LOOK, trained("mPmPm")),
    Example(Rule.MISSED_SESSIONS, OURS, "the program is over", None, replace(trained("mmm"), active_since=None)),
    Example(Rule.SILENCE, TASK, "7 days without an entry", LOOK, silent(7)),
    Example(Rule.SILENCE, TASK, "6 days", None, silent(6)),
    Example(Rule.SILENCE, GAP, "13 days: the week would be repeated", LOOK, silent(13)),
    Example(Rule.SILENCE, OURS, "20 days, back from a pause for 3", None, silent(20, active=3)),
    Example(Rule.SILENCE, OURS, "20 days, nothing is asked of the patient", None, silent(20, active=None)),
    Example(Rule.MESSAGE_WAITING, ANSWERED, "since today", NOTE, waits(0)),
    Example(Rule.MESSAGE_WAITING, OURS, "since yesterday", NOTE, waits(1)),
    Example(Rule.MESSAGE_WAITING, OURS, "for two days", LOOK, waits(2)),
    Example(Rule.MESSAGE_WAITING, ANSWERED, "everything answered", None, silent(0)),
    Example(Rule.ASSESSMENT_OVERDUE, FIVE_TIMES, "week 4, three days late", NOTE, due(3)),
    Example(Rule.ASSESSMENT_OVERDUE, OURS, "two days late", None, due(2)),
    Example(Rule.ASSESSMENT_OVERDUE, FIVE_TIMES, "due tomorrow", None, due(-1)),
    Example(Rule.READINESS_DROP, NOT_VALIDATED, "7, 5, 4: a note, never more", NOTE, ready(7, 5, 4)),
    Example(Rule.READINESS_DROP, OURS, "7, 6, 5: two points", None, ready(7, 6, 5)),
    Example(Rule.READINESS_DROP, ONE_VALUE, "8, 8, 5: one value below the first", None, ready(8, 8, 5)),
    Example(Rule.READINESS_DROP, NOT_VALIDATED, "4, 5, 7: better", None, ready(4, 5, 7)),
]


def level_of(example: Example, bands: Bands | None = None, thresholds: Thresholds | None = None) -> ReasonLevel | None:
    """Return the level of the rule's reason."""
    found: list[Reason] = [reason for reason in triage(example.facts, bands, thresholds) if reason.rule == example.rule]
    assert len(found) <= 1
    return found[0].level if found else None


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.rule.value}: {one.told} [{one.source.split(' ', 1)[0]}]")
def test_a_rule_says_what_its_source_says(example: Example) -> None:
    assert level_of(example) == example.level, example.source


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_has_an_example_of_looking_and_one_of_leaving_alone(rule: Rule) -> None:
    levels = {example.level for example in EXAMPLES if example.rule == rule}
    assert None in levels
    assert len(levels) > 1


@pytest.mark.parametrize("name", [one.name for one in fields(Thresholds) if one.name != "off"])
def test_every_number_is_where_an_example_turns(name: str) -> None:
    step = 0.1 if isinstance(getattr(Thresholds(), name), float) else 1
    other: Any = {name: getattr(Thresholds(), name) + step}
    assert any(level_of(example, thresholds=Thresholds(**other)) != example.level for example in EXAMPLES)


@pytest.mark.parametrize("bands", [Bands(1, 5), Bands(3, 5), Bands(2, 4), Bands(2, 6)])
def test_every_end_of_a_band_is_where_an_example_turns(bands: Bands) -> None:
    assert any(level_of(example, bands=bands) != example.level for example in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.rule.value}: {one.told}")
def test_what_is_off_says_nothing_except_stop_signs(example: Example) -> None:
    off = Thresholds(off=frozenset(Rule))
    assert level_of(example, thresholds=off) == (example.level if example.rule in ALWAYS_ON else None)
