"""Tailoring a running plan: a version of its own from a given day, with a reason, and which version holds on which day."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.localtime import local_day
from clinics.models import Membership
from patients.actions.caseload import refresh_entry
from patients.models import Assignment, AssignmentVersion, GroupEntry, Patient, ScheduledSession
from patients.models.assignment import RUNNING
from patients.rules.schedule import current_week
from programs.actions import fork_version
from programs.layout import Layout, lay_out, phases_of
from programs.models import ProgramVersion, SessionPlan
from programs.rules.diff import Change, diff
from programs.rules.tailoring import Edit, apply_edits, phase_end

Status = ScheduledSession.Status
OPEN = (Status.PLANNED, Status.MISSED, Status.SKIPPED)
"""Sessions without a log; they follow the version in force on their day."""
UNTIL = {"week": _("only in this week"), "phase": _("until the end of this phase"), "end": _("until the end of the program")}


CHANGED = _("Somebody else has changed this plan in the meantime. Please look at it again.")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a plan would become: every week of it, the differences, and the weeks they were asked for."""

    layout: Layout
    changes: list[Change]
    first_week: int
    last_week: int


def propose_plan(*, assignment: Assignment, changes: Sequence[Edit], from_on: dt.date, until: str, today: dt.date) -> Proposal:
    """Work out what the edits make of the plan from a day on, and store nothing.

    `until` is one of UNTIL. Raises Invalid beside from_on for a day in the past, before the last change, or after the last session,
    and for edits that change nothing or leave a session without exercises; Conflict for a program that is not running.
    """
    if assignment.status not in RUNNING:
        raise Conflict(_("This program is not running any more."))
    first = first_week(assignment, from_on, today)
    if until not in UNTIL:
        raise Invalid(fields={"until": [_("Please choose until when.")]})
    weeks = assignment.version.weeks
    phases = phases_of(SessionPlan.objects.filter(version_id=assignment.version_id).order_by("-setting", "week_from"))
    last = {"week": first, "end": weeks, "phase": phase_end(phases, first)}[until]
    before = lay_out(assignment.version)
    # Earlier weeks are edited as well: a session of theirs that moves behind the day of the change follows it. They are not told.
    after = apply_edits(before, changes, 1, last)
    found = diff(coming_weeks(before, first), coming_weeks(after, first))
    if not found:
        raise Invalid(_("Nothing is different from the plan as it is."))
    if any(not session.lines for week in range(first, last + 1) for session in after[week]):
        raise Invalid(_("A session needs at least one exercise."))
    return Proposal(after, found, first, last)


def coming_weeks(layout: Layout, first: int) -> Layout:
    """Return the weeks from `first` on."""
    return {week: sessions for week, sessions in layout.items() if week >= first}


def first_week(assignment: Assignment, from_on: dt.date, today: dt.date) -> int:
    """Return the program week of the day a change begins; raises Invalid beside from_on for a day that cannot be."""
    if from_on < today:
        raise Invalid(fields={"from_on": [_("Choose today or a later day.")]})
    if assignment.tailored_on is not None and from_on < assignment.tailored_on:
        raise Invalid(fields={"from_on": [_("A change from a later day is already entered. Choose that day or one after it.")]})
    rows = ScheduledSession.objects.filter(assignment=assignment, clinic_id=assignment.clinic_id).exclude(status=Status.CANCELLED)
    sessions = list(rows.values_list("week", "on", "status"))
    if not any(on >= from_on and status in OPEN for _week, on, status in sessions):
        raise Invalid(fields={"from_on": [_("No session is planned from this day on.")]})
    return week_on(assignment, [(week, on) for week, on, _status in sessions], from_on)


def week_on(assignment: Assignment, sessions: Sequence[tuple[int, dt.date]], on: dt.date) -> int:
    """Return the program week of a day, pauses counted; the first before the start, the last after the end."""
    weeks = assignment.version.weeks
    return current_week(assignment.starts_on, weeks, sessions, on) or (1 if on < assignment.starts_on else weeks)


def read_reason(reason: str) -> str:
    """Return a reason as it is stored; raises Invalid without one, or beyond 500 characters."""
    text = reason.strip()
    if not text or len(text) > 500:
        raise Invalid(fields={"reason": [_("Please say why, in at most 500 characters. The patient reads it.")]})
    return text


@transaction.atomic
def tailor_plan(
    *,
    assignment: Assignment,
    changes: Sequence[Edit],
    reason: str,
    from_on: dt.date,
    by: Membership,
    now: dt.datetime,
    until: str = "phase",
    base_id: UUID | None = None,
) -> AssignmentVersion:
    """Change a running plan from a day on: fork the version in force, put it in force, and point the sessions still open to it.

    What was logged stays under the version it was done with. `base_id` is the version the edits were made on, None the one just read;
    raises Conflict when the plan has another by now, and what `propose_plan` raises. The reason (at most 500 characters) is shown to
    the patient as it stands.
    """
    if by.clinic_id != assignment.clinic_id or by.is_patient:
        raise NotAllowed
    text = read_reason(reason)
    patient = assignment.patient
    base = assignment.version
    if base_id is not None and base_id != base.pk:
        raise Conflict(CHANGED)
    Patient.objects.select_for_update().get(pk=patient.pk)
    proposal = propose_plan(assignment=assignment, changes=changes, from_on=from_on, until=until, today=local_day(now, patient.zone))
    version = fork_version(
        version=base, layout=proposal.layout, clinic=assignment.clinic, key=f"tailored-{assignment.pk}", reason=text, now=now
    )
    return put_in_force(assignment, version, proposal.changes, reason=text, from_on=from_on, by=by, now=now)


def put_in_force(
    assignment: Assignment,
    version: ProgramVersion,
    changes: Sequence[Change],
    *,
    reason: str,
    from_on: dt.date,
    by: Membership,
    now: dt.datetime,
    event: str = "plan.tailor",
) -> AssignmentVersion:
    """Let a tailored version hold from a day on and point the open sessions to it; raises Conflict when the plan has another by now.

    `event` is what the audit trail calls it.
    """
    patient, base_id = assignment.patient, assignment.version_id
    rows = Assignment.objects.filter(pk=assignment.pk, clinic_id=assignment.clinic_id, version_id=base_id, status__in=RUNNING)
    if rows.update(version=version, tailored_on=from_on, changed_at=now) != 1:
        raise Conflict(CHANGED)
    assignment.version, assignment.tailored_on = version, from_on
    change = AssignmentVersion.objects.create(
        clinic_id=assignment.clinic_id,
        patient=patient,
        assignment=assignment,
        version=version,
        from_on=from_on,
        reason=reason,
        changes=[one.stored() for one in changes],
        made_by=by,
        made_at=now,
    )
    point_sessions(assignment, now=now)
    audit.record(event, row=change, by=by, at=now, version=str(version.pk), from_on=from_on.isoformat())
    refresh_entry(patient, now=now)
    return change


def point_sessions(assignment: Assignment, *, now: dt.datetime) -> int:
    """Point every open session to the plan that is in force on its day; return how many were changed. One query for an untailored plan."""
    timeline = list(assignment.versions.select_related("version").order_by("from_on", "made_at"))
    if not timeline:
        return 0
    slots, plans = slots_of([timeline[0].version.forked_from_id, *(one.version_id for one in timeline)])
    moved: dict[UUID, list[UUID]] = {}
    open_rows = ScheduledSession.objects.filter(assignment=assignment, clinic_id=assignment.clinic_id, status__in=OPEN)
    # What a group has begun is finished as it was begun.
    open_rows = open_rows.exclude(pk__in=GroupEntry.objects.filter(session__assignment=assignment).order_by().values("session_id"))
    for pk, on, week, plan_id in open_rows.values_list("pk", "on", "week", "session_plan_id"):
        version_id = timeline[0].version.forked_from_id
        for one in timeline:
            if one.from_on <= on:
                version_id = one.version_id
        setting, place = plans.get((plan_id, week), ("", 0))
        target = slots.get((version_id, week, setting), {}).get(place)
        if target is not None and target != plan_id:
            moved.setdefault(target, []).append(pk)
    for target, keys in moved.items():
        open_rows.filter(pk__in=keys).update(session_plan_id=target, changed_at=now)
    return sum(len(keys) for keys in moved.values())


Slots = dict[tuple[Any, int, str], dict[int, UUID]]


def slots_of(versions: Sequence[UUID | None]) -> tuple[Slots, Mapping[tuple[UUID, int], tuple[str, int]]]:
    """Return the plans of some versions by (version, week, setting) and place, and (setting, place) by (plan, week)."""
    slots: Slots = {}
    places: dict[tuple[UUID, int], tuple[str, int]] = {}
    rows = SessionPlan.objects.filter(version_id__in=versions).order_by("version", "setting", "position", "week_from")
    for pk, version_id, setting, week_from, week_to in rows.values_list("pk", "version_id", "setting", "week_from", "week_to"):
        for week in range(week_from, week_to + 1):
            found = slots.setdefault((version_id, week, setting), {})
            places[pk, week] = (setting, len(found))
            found[len(found)] = pk
    return slots, places


def take_in_hand(session: ScheduledSession, plan_id: UUID | None) -> bool:
    """Let a session stand under the plan that was on the screen when it was done; return whether that is another one than now in force.

    Only a plan of the same assignment, place and week counts; everything else is left aside. Nothing is stored here.
    """
    if plan_id is None or plan_id == session.session_plan_id:
        return False
    changes = AssignmentVersion.objects.filter(assignment_id=session.assignment_id, clinic_id=session.clinic_id)
    known = {key for pair in changes.values_list("version_id", "version__forked_from_id") for key in pair}
    plan = SessionPlan.objects.filter(pk=plan_id, version_id__in=known, setting=session.setting).first()
    if plan is None or not plan.week_from <= session.week <= plan.week_to:
        return False
    session.session_plan = plan
    return True
