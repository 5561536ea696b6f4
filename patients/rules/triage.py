"""What makes a patient worth a look today: versioned rules from facts to reasons, most worrying first.

Levels and trends follow the pain-monitoring model (Silbernagel 2007: at most 5 of 10, the next morning decides, pain must not climb from
week to week); a change of pain that matters is 2 points (Ostelo 2008). Seven silent days are the gap after which the load rules repeat a
week. No number was tried in a trial of backs: all are defaults of the product, and a clinic may change them (`rules/thresholds.py`).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import NamedTuple, TypeVar

from patients.rules.adherence import LOGGED, NOT_COUNTED, SessionFact
from patients.rules.symptoms import Level as SignLevel

TRIAGE_VERSION = "3"
"""3: pain is rising only when more than one entry lies above the first; a first unsettled morning is held against the day before."""

Plain = str | int | float | bool | None | list[str]
_T = TypeVar("_T")


class Rule(StrEnum):
    """The rules, most worrying first within a level."""

    STOP_SIGN = "stop_sign"
    CLEARANCE = "clearance"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    PAIN_LEVEL = "pain_level"
    LEG_PAIN = "leg_pain"
    UNSETTLED = "unsettled"
    PAIN_TREND = "pain_trend"
    PAIN_WEEKS = "pain_weeks"
    MISSED_SESSIONS = "missed_sessions"
    SILENCE = "silence"
    MESSAGE_WAITING = "message_waiting"
    ASSESSMENT_OVERDUE = "assessment_overdue"
    READINESS_DROP = "readiness_drop"


ALWAYS_ON = frozenset({Rule.STOP_SIGN, Rule.CLEARANCE, Rule.CONSENT_WITHDRAWN})
FROM_REPORTS = frozenset({Rule.STOP_SIGN, Rule.CLEARANCE})
FROM_ENTRIES = frozenset({*FROM_REPORTS, Rule.PAIN_LEVEL, Rule.LEG_PAIN, Rule.UNSETTLED, Rule.PAIN_TREND})
"""Rules that follow from what the patient entered on one day, so that the patient is told when somebody has looked."""


class ReasonLevel(StrEnum):
    """How soon to look: STOP now, ATTENTION today, INFO when there is time (raises no alert)."""

    STOP = "stop"
    ATTENTION = "attention"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Bands:
    """Upper ends of the green and amber bands of pain 0-10; above is red (0-2, 3-5, 6-10: default; 5 as ceiling: Silbernagel 2007)."""

    green_max: int = 2
    amber_max: int = 5

    def __post_init__(self) -> None:
        if not 0 <= self.green_max < self.amber_max < 10:
            raise ValueError("bands rise from green over amber to red")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The numbers of the rules; all are defaults of the product. `off` names rules a clinic has turned off; stop signs stay on."""

    silence_days: int = 7
    missed_in_row: int = 3
    trend_entries: int = 3
    trend_points: int = 2
    trend_window_days: int = 14
    week_minimum_days: int = 2
    week_rise_points: float = 1.0
    leg_pain_in_row: int = 2
    unsettled_in_row: int = 2
    unsettled_points: float = 2.0
    unsettled_window_days: int = 14
    look_back_days: int = 28
    assessment_overdue_days: int = 3
    readiness_points: int = 3
    message_days: int = 2
    off: frozenset[Rule] = frozenset()

    def __post_init__(self) -> None:
        if min(self.silence_days, self.missed_in_row, self.trend_points, self.unsettled_in_row) < 1 or self.trend_entries < 3:
            raise ValueError("a threshold of less than one would always fire")


class DayValue(NamedTuple):
    """One answer 0-10 on one day; of several on a day the worst counts."""

    on: date
    value: int


class MorningFact(NamedTuple):
    """A morning after a session or run: settled or not, and how far above the comparison (points, None when unknown)."""

    on: date
    is_settled: bool
    rise: float | None = None


@dataclass(frozen=True, slots=True)
class OpenReport:
    """A symptom report that nobody has cleared; `signs` are keys, `is_withdrawn` when the patient took it back."""

    report_id: str
    on: date
    level: SignLevel
    signs: tuple[str, ...]
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class OverdueAssessment:
    """An assessment that is planned, not done, and due on a day."""

    key: str
    due_on: date


@dataclass(frozen=True, slots=True)
class WaitingMessages:
    """Messages of the patient nobody at the clinic has read or answered: how many, and the day of the first."""

    count: int
    since: date


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """All that the rules may know about one patient on one day.

    `active_since` is the start of the program or the end of the last pause, None when nothing is asked of the patient now: then silence
    and missed sessions say nothing. `last_entry_on` is the last day with any entry, None when there is none. `consent_withdrawn_on` is the
    day on which the agreement to the record was taken back, None while it stands; `messages` is None when nothing waits.
    """

    today: date
    active_since: date | None = None
    last_entry_on: date | None = None
    pain: Sequence[DayValue] = ()
    readiness: Sequence[DayValue] = ()
    sessions: Sequence[SessionFact] = ()
    mornings: Sequence[MorningFact] = ()
    reports: Sequence[OpenReport] = ()
    assessments: Sequence[OverdueAssessment] = ()
    leg_pain: Sequence[DayValue] = ()
    consent_withdrawn_on: date | None = None
    messages: WaitingMessages | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why to look: since which day, the plain values the rule saw, and a key that stays the same while the evidence does."""

    rule: Rule
    level: ReasonLevel
    since: date
    evidence_key: str
    evidence: Mapping[str, Plain] = field(default_factory=dict)


def triage(facts: PatientFacts, bands: Bands | None = None, thresholds: Thresholds | None = None) -> list[Reason]:
    """Return every reason to look at the patient on `facts.today`, most worrying first; no reasons means on track.

    Later entries than that day are ignored, so that past days can be replayed with other thresholds.
    """
    bands, limits = bands or Bands(), thresholds or Thresholds()
    pain = _by_day(facts.pain, facts.today, worst=max)
    leg_pain = _by_day(facts.leg_pain, facts.today, worst=max)
    readiness = _by_day(facts.readiness, facts.today, worst=min)
    found = [
        *_reports(facts),
        *_consent(facts),
        *_pain_level(pain, facts.today, bands, limits),
        *_leg_pain(leg_pain, facts.today, bands, limits),
        *_unsettled(facts, limits),
        *_pain_trend(pain, facts.today, limits),
        *_pain_weeks(pain, facts.today, limits),
        *_missed_sessions(facts, limits),
        *_silence(facts, limits),
        *_messages(facts, limits),
        *_assessments(facts, limits),
        *_readiness_drop(readiness, facts.today, limits),
    ]
    return sorted((reason for reason in found if reason.rule not in limits.off - ALWAYS_ON), key=_rank)


def new_reasons(reasons: Sequence[Reason], known: Collection[tuple[str, str]]) -> list[Reason]:
    """Return the reasons worth an alert whose (rule, evidence key) is not known yet, in their order."""
    return [r for r in reasons if r.level != ReasonLevel.INFO and (r.rule.value, r.evidence_key) not in known]


def worry(reasons: Sequence[Reason]) -> tuple[int, ...]:
    """Return a key that sorts patients most worrying first: by the worst reason, then by how many, then by how long it has lasted."""
    if not reasons:
        return (len(ReasonLevel),)
    level, rule, severity, since, _ = min(_rank(reason) for reason in reasons)
    return (level, rule, severity, -len(reasons), since)


def _rank(reason: Reason) -> tuple[int, int, int, int, str]:
    sign = reason.evidence.get("sign_level")
    severity = list(SignLevel).index(SignLevel(sign)) if isinstance(sign, str) else 0
    level, rule = list(ReasonLevel).index(reason.level), list(Rule).index(reason.rule)
    return (level, rule, severity, reason.since.toordinal(), reason.evidence_key)


def carry_on(reasons: Iterable[Reason], facts: PatientFacts, known: Iterable[tuple[str, str]]) -> list[Reason]:
    """Return the reasons under the keys they were raised with.

    The facts reach back only so far. A row of entries that began before them seems to begin anew every day, and its peak may have left
    them: while it fills all that is remembered, and was raised before with a peak as high, it is no new evidence. `known` are the
    (rule, evidence key) of every alert so far.
    """
    first: dict[Rule, date | None] = {
        Rule.PAIN_LEVEL: min((one.on for one in facts.pain), default=None),
        Rule.LEG_PAIN: min((one.on for one in facts.leg_pain), default=None),
        Rule.UNSETTLED: min((one.on for one in facts.mornings), default=None),
    }
    keys = sorted(known)
    carried = []
    for reason in reasons:
        start = first.get(reason.rule)
        if start is not None and reason.since <= start:
            peak = _peak(reason.evidence_key)
            older = [key for rule, key in keys if rule == reason.rule and key[:10] < reason.since.isoformat() and _peak(key) >= peak]
            reason = replace(reason, evidence_key=older[-1]) if older else reason
        elif reason.rule == Rule.SILENCE and facts.last_entry_on is None:
            # The last entry has left the facts as well; the alert about it still knows its day.
            later = [key for rule, key in keys if rule == Rule.SILENCE and key > reason.evidence_key]
            reason = _silent_since(date.fromisoformat(later[-1]), facts.today) if later else reason
        carried.append(reason)
    return carried


def _peak(key: str) -> int:
    """Return the peak in an evidence key like "2026-03-01:8:attention"; 0 without one."""
    parts = key.split(":")
    return int(parts[1]) if len(parts) > 1 else 0


def find_reasons(facts: PatientFacts, bands: Bands, thresholds: Thresholds, known: Collection[tuple[str, str]]) -> list[Reason]:
    """Return every reason to look under the key it was raised with: what is asked for today, and for a day that is replayed."""
    return carry_on(triage(facts, bands, thresholds), facts, known)


def _by_day(series: Sequence[DayValue], today: date, *, worst: Callable[[int, int], int]) -> list[DayValue]:
    """Return one value a day up to today, in date order."""
    days: dict[date, int] = {}
    for entry in series:
        if entry.on <= today:
            days[entry.on] = worst(days.get(entry.on, entry.value), entry.value)
    return [DayValue(on, value) for on, value in sorted(days.items())]


def _is_recent(on: date, today: date, days: int) -> bool:
    return on > today - timedelta(days=days)


def _trailing_run(entries: Sequence[_T], belongs: Callable[[_T], bool]) -> list[_T]:
    """Return the unbroken run of entries at the end that belong together."""
    run = list(takewhile(belongs, reversed(entries)))
    return run[::-1]


def _reports(facts: PatientFacts) -> Iterator[Reason]:
    for report in facts.reports:
        if report.on > facts.today or report.level == SignLevel.NONE:
            continue
        is_stop = report.level != SignLevel.CLEARANCE
        yield Reason(
            Rule.STOP_SIGN if is_stop else Rule.CLEARANCE,
            ReasonLevel.STOP if is_stop else ReasonLevel.ATTENTION,
            report.on,
            report.report_id,
            {"sign_level": report.level.value, "signs": list(report.signs), "is_withdrawn": report.is_withdrawn},
        )


def _consent(facts: PatientFacts) -> Iterator[Reason]:
    """Report an agreement to the record that was taken back: the program is held and somebody has to speak with the patient."""
    on = facts.consent_withdrawn_on
    if on is not None and on <= facts.today:
        yield Reason(Rule.CONSENT_WITHDRAWN, ReasonLevel.ATTENTION, on, on.isoformat(), {"on": on.isoformat()})


def _messages(facts: PatientFacts, limits: Thresholds) -> Iterator[Reason]:
    """Report messages that wait: for information at first, for attention after two days (default of the product)."""
    waiting = facts.messages
    if waiting is None or waiting.since > facts.today:
        return
    days = (facts.today - waiting.since).days
    level = ReasonLevel.ATTENTION if days >= limits.message_days else ReasonLevel.INFO
    evidence: dict[str, Plain] = {"messages": waiting.count, "days": days}
    yield Reason(Rule.MESSAGE_WAITING, level, waiting.since, f"{waiting.since}:{level}", evidence)


def _pain_level(pain: Sequence[DayValue], today: date, bands: Bands, limits: Thresholds) -> Iterator[Reason]:
    """Report a last entry in the red band; the evidence is the run of red entries, and is new when it begins or reaches a new peak."""
    run = _trailing_run(pain, lambda entry: entry.value > bands.amber_max)
    if run and _is_recent(run[-1].on, today, limits.look_back_days):
        since, peak = run[0].on, max(entry.value for entry in run)
        evidence: dict[str, Plain] = {"pain": run[-1].value, "on": run[-1].on.isoformat(), "peak": peak, "entries": len(run)}
        yield Reason(Rule.PAIN_LEVEL, ReasonLevel.ATTENTION, since, f"{since}:{peak}", evidence)


def _leg_pain(leg_pain: Sequence[DayValue], today: date, bands: Bands, limits: Thresholds) -> Iterator[Reason]:
    """Report pain in knees, ankles or shins above the green band in the last run: red or twice in a row asks for a look, once informs.

    Seven of the nine events of ASTEROID were leg injury or pain (Neason 2025); bands and counts are defaults.
    """
    run = _trailing_run(leg_pain, lambda entry: entry.value > bands.green_max)
    if run and _is_recent(run[-1].on, today, limits.look_back_days):
        since, last, peak = run[0].on, run[-1], max(entry.value for entry in run)
        is_red = last.value > bands.amber_max
        level = ReasonLevel.ATTENTION if is_red or len(run) >= limits.leg_pain_in_row else ReasonLevel.INFO
        evidence: dict[str, Plain] = {"pain": last.value, "on": last.on.isoformat(), "peak": peak, "entries": len(run)}
        yield Reason(Rule.LEG_PAIN, level, since, f"{since}:{peak}:{level}", evidence)


def _unsettled(facts: PatientFacts, limits: Thresholds) -> Iterator[Reason]:
    """Report mornings not settled twice in a row, or once by 2 points or more (24-hour rule, Silbernagel 2007; numbers: default)."""
    mornings = sorted((morning for morning in facts.mornings if morning.on <= facts.today), key=lambda morning: morning.on)
    run = _trailing_run(mornings, lambda morning: not morning.is_settled)
    if not run or not _is_recent(run[-1].on, facts.today, limits.unsettled_window_days):
        return
    rise = run[-1].rise
    if len(run) >= limits.unsettled_in_row or (rise is not None and rise >= limits.unsettled_points):
        since = run[0].on
        evidence: dict[str, Plain] = {"mornings": len(run), "rise": rise, "on": run[-1].on.isoformat()}
        yield Reason(Rule.UNSETTLED, ReasonLevel.ATTENTION, since, since.isoformat(), evidence)


def _last_change(entries: Sequence[DayValue], today: date, limits: Thresholds, sign: int) -> tuple[DayValue, DayValue, int] | None:
    """Return first entry, last entry and number of entries of the latest rise (sign 1) or fall (-1), None when too few are recent.

    The last entries decide: the latest and at least one more lie beyond the first of them, because one value is no trend (a difference of
    two ratings means something from 2 points, Ostelo 2008, to 2.4, by the standard error, Maughan & Lewis 2010). The beginning is then
    followed back as long as values do not turn.
    """
    count = limits.trend_entries
    if len(entries) < count:
        return None
    last, place = entries[-1], len(entries) - count
    beyond = sum(sign * (entry.value - entries[place].value) > 0 for entry in entries[place + 1 :])
    if not _is_recent(entries[place].on, today, limits.trend_window_days) or sign * (last.value - entries[place].value) <= 0 or beyond < 2:
        return None
    while place > 0 and sign * (entries[place].value - entries[place - 1].value) > 0:
        place -= 1
    return entries[place], last, len(entries) - place


def _pain_trend(pain: Sequence[DayValue], today: date, limits: Thresholds) -> Iterator[Reason]:
    """Report a rise over the last entries."""
    change = _last_change(pain, today, limits, sign=1)
    if change and change[1].value - pain[-limits.trend_entries].value >= limits.trend_points:
        first, last, entries = change
        evidence: dict[str, Plain] = {"from": first.value, "to": last.value, "entries": entries, "on": last.on.isoformat()}
        yield Reason(Rule.PAIN_TREND, ReasonLevel.ATTENTION, first.on, f"{first.on}:{last.value}", evidence)


def _pain_weeks(pain: Sequence[DayValue], today: date, limits: Thresholds) -> Iterator[Reason]:
    """Report a mean that rose two weeks in a row, over the last three full weeks from Monday to Sunday."""
    this_monday = today - timedelta(days=today.isoweekday() - 1)
    means = []
    for weeks_ago in (3, 2, 1):
        monday = this_monday - timedelta(days=7 * weeks_ago)
        values = [entry.value for entry in pain if monday <= entry.on < monday + timedelta(days=7)]
        if len(values) < limits.week_minimum_days:
            return
        means.append(round(sum(values) / len(values), 1))
    if means[0] < means[1] < means[2] and means[2] - means[0] >= limits.week_rise_points:
        evidence: dict[str, Plain] = {"from": means[0], "middle": means[1], "to": means[2]}
        last_monday = this_monday - timedelta(days=7)
        yield Reason(Rule.PAIN_WEEKS, ReasonLevel.ATTENTION, this_monday - timedelta(days=21), last_monday.isoformat(), evidence)


def _missed_sessions(facts: PatientFacts, limits: Thresholds) -> Iterator[Reason]:
    """Report sessions missed in a row; the evidence is new when the row begins and again after as many more."""
    if facts.active_since is None:
        return
    past = [session for session in facts.sessions if session.on < facts.today and session.state not in NOT_COUNTED]
    # Of two sessions on one day the one at home comes first, so that nothing hangs on the order in which they were read.
    run = _trailing_run(sorted(past, key=lambda one: (one.on, one.setting.value)), lambda session: session.state not in LOGGED)
    if len(run) >= limits.missed_in_row:
        since, times = run[0].on, len(run) // limits.missed_in_row
        evidence: dict[str, Plain] = {"missed": len(run), "settings": sorted({session.setting.value for session in run})}
        yield Reason(Rule.MISSED_SESSIONS, ReasonLevel.ATTENTION, since, f"{since}:{times}", evidence)


def _silence(facts: PatientFacts, limits: Thresholds) -> Iterator[Reason]:
    """Report days without any entry while something is asked of the patient."""
    if facts.active_since is None:
        return
    since = max(facts.last_entry_on or facts.active_since, facts.active_since)
    days = (facts.today - since).days
    if days >= limits.silence_days:
        yield _silent_since(since, facts.today, facts.last_entry_on)


def _silent_since(since: date, today: date, last: date | None = None) -> Reason:
    evidence: dict[str, Plain] = {"days": (today - since).days, "last_entry_on": last.isoformat() if last else None}
    return Reason(Rule.SILENCE, ReasonLevel.ATTENTION, since, since.isoformat(), evidence)


def _assessments(facts: PatientFacts, limits: Thresholds) -> Iterator[Reason]:
    """Report assessments that are overdue."""
    for item in facts.assessments:
        days = (facts.today - item.due_on).days
        if days >= limits.assessment_overdue_days:
            evidence: dict[str, Plain] = {"key": item.key, "days": days, "due_on": item.due_on.isoformat()}
            yield Reason(Rule.ASSESSMENT_OVERDUE, ReasonLevel.INFO, item.due_on, f"{item.key}:{item.due_on}", evidence)


def _readiness_drop(readiness: Sequence[DayValue], today: date, limits: Thresholds) -> Iterator[Reason]:
    """Report a fall of readiness over the last entries, for information only: the item is not validated (default)."""
    change = _last_change(readiness, today, limits, sign=-1)
    if change and readiness[-limits.trend_entries].value - change[1].value >= limits.readiness_points:
        first, last, entries = change
        evidence: dict[str, Plain] = {"from": first.value, "to": last.value, "entries": entries, "on": last.on.isoformat()}
        yield Reason(Rule.READINESS_DROP, ReasonLevel.INFO, first.on, f"{first.on}:{last.value}", evidence)
