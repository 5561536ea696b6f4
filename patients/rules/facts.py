"""What a caseload line stores of a patient, as the rules read it; what changed from one look to the next, and the way back.

A line stores days as text and answers as numbers. The rules read only some of it (`SERIES` and `VALUES`); a change of these is small
enough to be kept, so that a past day can be looked at again with exactly what was known then.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from patients.rules import consents, readiness
from patients.rules.adherence import SessionFact, SessionState
from patients.rules.schedule import Setting
from patients.rules.symptoms import Level
from patients.rules.triage import DayValue, MorningFact, OpenReport, OverdueAssessment, PatientFacts, WaitingMessages

Facts = dict[str, Any]
Change = dict[str, Any]

SERIES = (
    "pain",
    "readiness",
    "settled",
    "session_pain",
    "logged",
    "runs",
    "run_pain",
    "leg_pain",
    "sessions",
    "assessments",
    "reports",
)
"""Lists of rows: of a change the rows that went and those that came are kept."""
VALUES = ("program", "resumes_on", "consents", "to_clinic")
"""Small values: of a change the new one is kept, None where there is none any more."""
PROGRAM = ("status", "starts_on")
RUNNING = "running"
WITHDRAWN = "withdrawn"
STATES = {one.value: one for one in SessionState}
SETTINGS = {one.value: one for one in Setting}


def dated(facts: Mapping[str, Any], name: str) -> list[tuple[date, Any]]:
    """Return a series of the line with real dates."""
    return [(date.fromisoformat(on), value) for on, value in facts.get(name, [])]


def session_facts(facts: Mapping[str, Any]) -> list[SessionFact]:
    """Return the sessions of the shown program as the rules want them."""
    return [
        SessionFact(
            on=date.fromisoformat(on),
            state=STATES[state],
            setting=SETTINGS[setting],
            week=week,
            share=share if state == SessionState.PARTIAL else 0.0,
        )
        for on, state, setting, week, share in facts.get("sessions", [])
    ]


def patient_facts(facts: Mapping[str, Any], today: date) -> PatientFacts:
    """Turn the stored facts into what the triage rules read."""
    program = facts.get("program") or {}
    active_since: date | None = None
    if program.get("status") == RUNNING:
        active_since = date.fromisoformat(max(program["starts_on"], facts.get("resumes_on") or ""))
    pain = dated(facts, "pain")
    entries = [on for name in ("pain", "logged", "runs") for on, _value in dated(facts, name)]
    standings = consents.read_standings(facts.get("consents") or {})
    count, since = facts.get("to_clinic") or (0, "")
    return PatientFacts(
        today=today,
        active_since=active_since,
        last_entry_on=max(entries, default=None),
        pain=[DayValue(on, value) for on, value in [*pain, *dated(facts, "session_pain"), *dated(facts, "run_pain")]],
        leg_pain=[DayValue(on, value) for on, value in dated(facts, "leg_pain")],
        readiness=[DayValue(on, value) for on, value in dated(facts, "readiness")],
        sessions=session_facts(facts),
        mornings=[MorningFact(on, settled, rise_of(pain, on)) for on, settled in dated(facts, "settled")],
        reports=[
            OpenReport(
                report_id=key,
                on=date.fromisoformat(on),
                level=Level(level),
                signs=tuple(signs),
                is_withdrawn=status == WITHDRAWN,
            )
            for key, level, status, on, signs in facts.get("reports", [])
        ],
        assessments=[OverdueAssessment(key, due_on) for due_on, key in dated(facts, "assessments")],
        consent_withdrawn_on=standings[consents.Purpose.RECORD].on if consents.has_withdrawn(standings) else None,
        messages=WaitingMessages(count, date.fromisoformat(since)) if count else None,
    )


def rise_of(pain: Sequence[tuple[date, int]], on: date) -> float | None:
    """Return how far (points, 0–10) a morning's pain lay above the usual one, or above the day before while nothing is usual yet.

    None when there is neither: the same comparison as in `readiness.settling`.
    """
    days = dict(pain)
    return readiness.settling(days.get(on), readiness.usual_morning_pain(pain, on), days.get(on - timedelta(days=1))).rise


def mark_of(rule: str, evidence_key: str) -> str:
    """Return the name under which a line remembers that a piece of evidence was raised or seen."""
    return f"{rule}|{evidence_key}"


def pair_of(mark: str) -> tuple[str, str]:
    """Return rule and evidence key of such a name."""
    rule, _line, key = mark.partition("|")
    return rule, key


# --- what changed, and the way back -------------------------------------------------------


def for_rules(facts: Mapping[str, Any], name: str) -> Any:
    """Return one part of the facts, as far as the rules look at it."""
    if name in SERIES:
        return facts.get(name) or []
    value = facts.get(name) or None
    if value and name == "program":
        return {key: value[key] for key in PROGRAM}
    if value and name == "consents":
        record = {key: list(one) for key, one in value.items() if key == consents.Purpose.RECORD.value}
        return record or None
    return value


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Change:
    """Return what is different for the rules: for a series the rows that went and came, else the new value; empty when nothing is."""
    found: Change = {}
    for name in (*SERIES, *VALUES):
        if before.get(name) is after.get(name):
            continue
        old, new = for_rules(before, name), for_rules(after, name)
        if old == new:
            continue
        if name in SERIES:
            gone, come = _without(old, new), [list(row) for row in _without(new, old)]
            if gone or come:
                found[name] = [gone, come]
        else:
            found[name] = new
    return found


def applied(facts: Mapping[str, Any], change: Change) -> Facts:
    """Return the facts after a change; rows of a series stand in the order of their days."""
    after = dict(facts)
    for name, value in change.items():
        if name in SERIES:
            gone = {_key(row) for row in value[0]}
            rows = [row for row in after.get(name, []) if _key(row) not in gone] + list(value[1])
            after[name] = sorted(rows, key=_key) if name != "reports" else rows
        else:
            after[name] = value
    return after


def _without(rows: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    """Return the rows that do not stand among the others; most are the very same, and only of the rest is asked what they say."""
    same = {id(row) for row in others}
    rest = [row for row in rows if id(row) not in same]
    known = {_key(row) for row in others} if rest else set()
    return [row for row in rest if _key(row) not in known]


def _key(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(tuple(one) if isinstance(one, list) else one for one in row)
