"""Suggestions of one plan: the facts its rules look at, the rows that stand now, and what a therapist decides about them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.localtime import local_day
from clinics.models import Membership
from clinics.transitions import advance
from patients.actions.suggestion_facts import read_facts
from patients.actions.suggestion_switch import need_switch
from patients.actions.tailoring import UNTIL, Proposal, coming_weeks, first_week, put_in_force, read_reason
from patients.models import Assignment, AssignmentVersion, Patient, Suggestion
from patients.rules.suggestions import LEAST_SESSIONS, SUGGESTIONS_VERSION, suggest
from patients.rules.suggestions.facts import Facts
from patients.rules.suggestions.facts import Suggestion as Found
from patients.rules.suggestions.moves import Move, Op, apply_move, restore_move
from patients.states import SUGGESTION
from programs.actions import fork_version
from programs.layout import lay_out, phases_of
from programs.models import SessionPlan
from programs.rules.diff import Change, Kind, diff
from programs.rules.tailoring import phase_end

Status = Suggestion.Status
NOTE_LENGTH = 500
PAST_SHOWN = 8
HEAVIEST_KG = 500
OVERTAKEN = _("This suggestion no longer holds: something was entered or changed since. Nothing was changed now.")


@dataclass(frozen=True, slots=True)
class Standing:
    """What is suggested for a plan now, in the order of the rules; what was decided, latest first; the facts, None where none were read."""

    rows: Sequence[Suggestion]
    past: Sequence[Suggestion]
    facts: Facts | None


@transaction.atomic
def refresh_suggestions(*, assignment: Assignment, now: dt.datetime) -> Standing:
    """Work out what the rules suggest for a plan now and keep it: new evidence makes a row, a row without its evidence is overtaken.

    A constant number of queries. What was decided stays decided; it comes back only with new evidence.
    """
    rows = list(
        Suggestion.objects.filter(clinic_id=assignment.clinic_id, assignment=assignment)
        .select_related("decided_by__user")
        .order_by("-suggested_at", "-id")
    )
    facts = read_facts(assignment, rows, now=now) if assignment.status == Assignment.Status.RUNNING else None
    found = {one.evidence_key: one for one in suggest(facts)} if facts is not None else {}
    known = {row.evidence_key: row for row in rows}
    names = {line.key: dict(line.names) for sessions in (facts.weeks if facts else {}).values() for one in sessions for line in one.lines}
    new = [row_of(one, assignment, names, now=now) for key, one in found.items() if key not in known]
    if new:
        Suggestion.objects.bulk_create(new, ignore_conflicts=True)
        audit.record_many(audit.event("suggestion.make", row=row, at=now, rule=row.rule) for row in new)
        # Whoever looked at the same moment may have been faster; their row is the one that stands.
        keys = [row.evidence_key for row in new]
        new = list(Suggestion.objects.filter(clinic_id=assignment.clinic_id, assignment=assignment, evidence_key__in=keys))
    overtake([row for row in rows if row.status == Status.OPEN and row.evidence_key not in found], now=now)
    for row in rows:
        one = found.get(row.evidence_key)
        if one is not None:
            bring_up_to_date(row, one, now=now)
    standing = {row.evidence_key: row for row in [*rows, *new] if row.status == Status.OPEN}
    past = [row for row in rows if row.status in {Status.USED, Status.DECLINED}]
    return Standing([standing[key] for key in found if key in standing], past[:PAST_SHOWN], facts)


def row_of(one: Found, assignment: Assignment, names: dict[str, Any], *, now: dt.datetime) -> Suggestion:
    """Return a new row for what a rule found."""
    return Suggestion(
        clinic_id=assignment.clinic_id,
        patient_id=assignment.patient_id,
        assignment=assignment,
        rule=one.rule.value,
        rules_version=SUGGESTIONS_VERSION,
        exercise=one.exercise,
        names=names.get(one.exercise, {}),
        evidence_key=one.evidence_key,
        evidence=dict(one.evidence),
        move=one.move.stored(),
        first_week=one.first_week,
        suggested_at=now,
    )


def overtake(rows: Sequence[Suggestion], *, now: dt.datetime) -> None:
    """Close suggestions whose evidence holds no longer, in one UPDATE."""
    if not rows:
        return
    still = Suggestion.objects.filter(clinic_id=rows[0].clinic_id, pk__in=[row.pk for row in rows], status=Status.OPEN)
    still.update(status=Status.OVERTAKEN, decided_at=now)
    audit.record_many(audit.event("suggestion.overtaken", row=row, at=now) for row in rows)
    for row in rows:
        row.refresh_from_db(fields=["status"])


def bring_up_to_date(row: Suggestion, one: Found, *, now: dt.datetime) -> None:
    """Let an open row say what the rule says now, and open one again whose evidence is back; what was decided stays."""
    if row.status == Status.OVERTAKEN:
        advance(row, Status.OPEN, table=SUGGESTION, now=now, decided_at=None)
    told = {"evidence": dict(one.evidence), "move": one.move.stored(), "first_week": one.first_week}
    if row.status == Status.OPEN and any(getattr(row, name) != value for name, value in told.items()):
        Suggestion.objects.filter(pk=row.pk, clinic_id=row.clinic_id, status=Status.OPEN).update(**told)
        for name, value in told.items():
            setattr(row, name, value)


# --- using one ------------------------------------------------------------------------------


def move_of(row: Suggestion, kg: Decimal | None = None) -> Move:
    """Return the change a suggestion would make, with the load somebody chose instead (kg); raises Invalid for one that cannot be."""
    move = restore_move(row.move)
    if move.op != Op.LOAD or kg is None:
        return move
    if not kg.is_finite() or not 0 < kg <= HEAVIEST_KG or kg != kg.quantize(Decimal("0.1")):
        raise Invalid(fields={"kg": [_("Enter a load between 0.1 and 500 kg.")]})
    return replace(move, kg=float(kg))


def usual_until(row: Suggestion, facts: Facts) -> str:
    """Return how long a change usually holds: a step back for two sessions at least, a week held back for that week, else the phase."""
    op = restore_move(row.move).op
    in_week = sum(one.week == row.first_week for one in facts.coming)
    return "week" if op == Op.HOLD or (op == Op.LESS and in_week >= LEAST_SESSIONS) else "phase"


def propose_use(*, row: Suggestion, assignment: Assignment, from_on: dt.date, until: str, kg: Decimal | None, today: dt.date) -> Proposal:
    """Work out what a suggestion would make of the plan from a day on, and store nothing; weeks that follow others do so to the end.

    Raises Invalid beside from_on, until or kg, and where nothing would be different.
    """
    move = move_of(row, kg)
    first, weeks = first_week(assignment, from_on, today), assignment.version.weeks
    if until not in UNTIL:
        raise Invalid(fields={"until": [_("Please choose until when.")]})
    phases = phases_of(SessionPlan.objects.filter(version_id=assignment.version_id).order_by("-setting", "week_from"))
    last = weeks if move.op == Op.WEEKS else {"week": first, "end": weeks, "phase": phase_end(phases, first)}[until]
    before = lay_out(assignment.version)
    after = apply_move(move, before, first, last)
    found = diff(coming_weeks(before, first), coming_weeks(after, first))
    if not found:
        raise Invalid(_("Nothing is different from the plan as it is."))
    if move.op == Op.WEEKS:
        differences = [replace(one, to_end=False) for one in diff({first: before[first]}, {first: after[first]})]
        found = [Change(Kind.FOLLOWS, first, weeks, to_end=True, after={"week": move.sources[0]}), *differences]
    return Proposal(after, found, first, last)


@transaction.atomic
def use_suggestion(
    *, row: Suggestion, from_on: dt.date, until: str, reason: str, by: Membership, now: dt.datetime, kg: Decimal | None = None
) -> AssignmentVersion:
    """Put a suggestion in force as a tailored version, the way every change of a running plan goes; `reason` is read by the patient.

    The evidence is looked at again under a lock. Raises NotFound where suggestions are off, NotAllowed for patients and other clinics,
    Invalid beside the field, Conflict when the suggestion was decided or holds no longer.
    """
    check_person(row, by)
    text = read_reason(reason)
    Patient.objects.select_for_update().get(pk=row.patient_id)
    assignment: Assignment = Assignment.objects.select_related("patient__clinic", "version__program", "clinic").get(
        pk=row.assignment_id, clinic_id=row.clinic_id
    )
    one = holding(row, assignment, now=now)
    if one is None:
        raise Conflict(OVERTAKEN)
    bring_up_to_date(row, one, now=now)
    today = local_day(now, assignment.patient.zone)
    proposal = propose_use(row=row, assignment=assignment, from_on=from_on, until=until, kg=kg, today=today)
    key = f"tailored-{assignment.pk}"
    version = fork_version(version=assignment.version, layout=proposal.layout, clinic=assignment.clinic, key=key, reason=text, now=now)
    change = put_in_force(assignment, version, proposal.changes, reason=text, from_on=from_on, by=by, now=now)
    used = {**asdict(move_of(row, kg)), "from_on": from_on.isoformat(), "until": until}
    advance(row, Status.USED, table=SUGGESTION, now=now, decided_by=by, decided_at=now, plan_change=change, used=used)
    audit.record("suggestion.use", row=row, by=by, at=now, rule=row.rule, version=str(version.pk))
    return change


def holding(row: Suggestion, assignment: Assignment, *, now: dt.datetime) -> Found | None:
    """Return what the rules say now about the evidence of an open row; None when they say it no longer, or it was decided."""
    rows = list(Suggestion.objects.filter(clinic_id=row.clinic_id, assignment=assignment))
    stands = any(one.pk == row.pk and one.status == Status.OPEN for one in rows)
    facts = read_facts(assignment, rows, now=now) if stands and assignment.status == Assignment.Status.RUNNING else None
    found = suggest(facts) if facts is not None else []
    return next((one for one in found if one.evidence_key == row.evidence_key), None)


def check_person(row: Suggestion, by: Membership) -> None:
    """Raise NotAllowed for patients and people of another clinic, NotFound where suggestions are off."""
    if by.clinic_id != row.clinic_id or by.is_patient:
        raise NotAllowed
    need_switch(row.clinic_id)


@transaction.atomic
def decline_suggestion(*, row: Suggestion, reason: str, by: Membership, now: dt.datetime, note: str = "") -> None:
    """Leave a suggestion aside, with a reason of the list; another reason needs a note. It comes back only with new evidence.

    Raises NotFound where suggestions are off, NotAllowed, Invalid beside the field, Conflict when it was decided before.
    """
    check_person(row, by)
    text = note.strip()
    if reason not in Suggestion.Reason.values:
        raise Invalid(fields={"reason": [_("Please choose a reason.")]})
    if reason == Suggestion.Reason.OTHER and not text:
        raise Invalid(fields={"note": [_("Write the other reason.")]})
    if len(text) > NOTE_LENGTH:
        raise Invalid(fields={"note": [_("Please write at most 500 characters.")]})
    advance(row, Status.DECLINED, table=SUGGESTION, now=now, decided_by=by, decided_at=now, reason=reason, note=text)
    audit.record("suggestion.decline", row=row, by=by, at=now, rule=row.rule, reason=reason)
