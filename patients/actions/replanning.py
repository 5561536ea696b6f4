"""Rebuilding a running plan: a draft of its own for one patient, changed like a program, and put in force from a day on."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.localtime import local_day, to_utc
from clinics.models import ClosedDay, Membership
from patients.actions.tailoring import CHANGED, OPEN, Slots, coming_weeks, first_week, put_in_force, read_reason, slots_of
from patients.models import Assignment, AssignmentVersion, Patient, ScheduledSession
from patients.models.assignment import RUNNING
from patients.rules.refit import Slot, Standing, refit, week_starts
from programs.actions import TAILORED
from programs.actions.building import complaints, freeze, open_draft
from programs.layout import told_plan, whole_plan
from programs.models import Program, ProgramVersion
from programs.rules.building import Plan, main_part
from programs.rules.diff import Change, diff, places

Status = ScheduledSession.Status
SOURCE = TAILORED


def draft_of_plan(assignment: Assignment) -> ProgramVersion | None:
    """Return the draft somebody is working on; None for none."""
    rows = ProgramVersion.objects.filter(program__key=f"tailored-{assignment.pk}", clinic_id=assignment.clinic_id)
    found: ProgramVersion | None = (
        rows.filter(status=ProgramVersion.Status.DRAFT).select_related("program", "clinic", "changed_by", "forked_from__program").first()
    )
    return found


@transaction.atomic
def open_plan(*, assignment: Assignment, by: Membership, now: dt.datetime) -> ProgramVersion:
    """Return the draft of a running plan, opened from the version in force where there is none; one that is untouched follows the plan.

    Raises NotAllowed for people of another clinic, Conflict for a program that is not running.
    """
    if by.clinic_id != assignment.clinic_id or by.is_patient:
        raise NotAllowed
    if assignment.status not in RUNNING:
        raise Conflict(_("This program is not running any more."))
    Patient.objects.select_for_update().get(pk=assignment.patient_id)
    draft = draft_of_plan(assignment)
    if draft is not None and (draft.revision or draft.forked_from_id == assignment.version_id):
        return draft
    if draft is not None:
        draft.delete()
    base = assignment.version
    source = base.program
    program, _created = Program.objects.get_or_create(
        clinic=assignment.clinic,
        key=f"tailored-{assignment.pk}",
        defaults={"code": source.code, "kind": source.kind, "names": source.names, "origin": Program.Origin.TAILORED},
    )
    number = (program.versions.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    version = open_draft(program=program, base=base, number=number, weeks=base.weeks, plan=whole_plan(base), by=by, now=now)
    audit.record("plan.draft", row=version, by=by, at=now, patient_id=assignment.patient_id)
    return version


@transaction.atomic
def drop_plan(*, assignment: Assignment, by: Membership, now: dt.datetime) -> None:
    """Throw the draft of a plan away; nothing of the plan changes. Without a draft nothing happens."""
    if by.clinic_id != assignment.clinic_id or by.is_patient:
        raise NotAllowed
    draft = draft_of_plan(assignment)
    if draft is not None:
        audit.record("plan.draft", row=draft, by=by, at=now, patient_id=assignment.patient_id, dropped=True)
        draft.delete()


def changes_of(assignment: Assignment, draft: ProgramVersion, from_week: int) -> list[Change]:
    """Return what a draft makes different from the plan in force, from a week on."""
    before, after = told_plan(assignment.version), main_part(whole_plan(draft))
    return diff(coming_weeks(before, from_week), coming_weeks(after, from_week))


@transaction.atomic
def put_plan_in_force(
    *, assignment: Assignment, draft: ProgramVersion, revision: int, reason: str, from_on: dt.date, by: Membership, now: dt.datetime
) -> AssignmentVersion:
    """Let a draft hold from a day on: freeze it, point the open sessions to it, cancel those it has no more, and add new ones.

    What was done stays under the version it was done with. Raises Invalid beside the field, and Conflict when draft or plan have
    changed since they were looked at.
    """
    if by.clinic_id != assignment.clinic_id or by.is_patient:
        raise NotAllowed
    if assignment.status not in RUNNING:
        raise Conflict(_("This program is not running any more."))
    text = read_reason(reason)
    Patient.objects.select_for_update().get(pk=assignment.patient_id)
    if draft.revision != revision or draft.forked_from_id != assignment.version_id:
        raise Conflict(CHANGED)
    first = first_week(assignment, from_on, local_day(now, assignment.patient.zone))
    found = changes_of(assignment, draft, first)
    if not found:
        raise Invalid(_("Nothing is different from the plan as it is."))
    plan = whole_plan(draft)
    missing = complaints(draft, {week: sessions for week, sessions in plan.items() if week >= first and sessions})
    if missing:
        raise Invalid(fields={"plan": missing})
    ProgramVersion.objects.filter(pk=draft.pk).update(reason=text)
    draft.reason = text
    freeze(draft, plan, now=now)
    change = put_in_force(assignment, draft, found, reason=text, from_on=from_on, by=by, now=now)
    fit_sessions(assignment, plan, from_on=from_on, first=first, now=now)
    return change


def fit_sessions(assignment: Assignment, plan: Plan, *, from_on: dt.date, first: int, now: dt.datetime) -> None:
    """Cancel planned sessions the plan has no more and add those it has more; raises Invalid for a week without a free day."""
    rows = list(
        ScheduledSession.objects.filter(assignment=assignment, clinic_id=assignment.clinic_id)
        .exclude(status=Status.CANCELLED)
        .values_list("pk", "on", "week", "setting", "status", "session_plan_id")
    )
    versions = AssignmentVersion.objects.filter(assignment=assignment, clinic_id=assignment.clinic_id)
    slots, plans = slots_of(list({key for pair in versions.values_list("version_id", "version__forked_from_id") for key in pair}))
    current = {pk for (version_id, _week, _setting), found in slots.items() if version_id == assignment.version_id for pk in found.values()}
    standing = []
    for pk, on, week, setting, status, plan_id in rows:
        follows = status in OPEN and on >= from_on
        # What follows the plan and does not stand under its new version has no place in it any more; what is over counts where it stood.
        slot = plans.get((plan_id, week)) if plan_id in current or not follows else None
        standing.append(Standing(pk, week, setting, slot, on, status == Status.PLANNED))
    wanted = {
        week: {slot: one.times_a_week for slot, one in places(sessions).items() if not one.days}
        | {slot: sum(one.slot == slot for one in standing if one.week == week) for slot, one in places(sessions).items() if one.days}
        for week, sessions in plan.items()
        if week >= first
    }
    clinic = assignment.clinic
    starts = week_starts(assignment.starts_on, len(plan), [(week, on) for _pk, on, week, *_rest in rows])
    closed = set(ClosedDay.objects.filter(clinic=clinic, on__gte=from_on).values_list("on", flat=True))
    weekdays = {"supervised": assignment.supervised_weekdays, "home": assignment.home_weekdays}
    found = refit(standing, wanted, starts, from_on, weekdays, closed, clinic.open_weekdays or range(1, 8))
    if found.full:
        raise Invalid(fields={"plan": [_("Week %(n)s has no free day for one more session.") % {"n": week} for week in found.full]})
    planned = ScheduledSession.objects.planned().filter(assignment=assignment, clinic_id=clinic.pk)
    gone: list[Any] = found.cancel
    if gone:
        planned.filter(pk__in=gone).update(status=Status.CANCELLED, changed_at=now)
    ScheduledSession.objects.bulk_create(new_sessions(assignment, slots, found.add, now=now))
    last = max([assignment.ends_on, *(on for _week, _slot, on in found.add)])
    if last != assignment.ends_on:
        Assignment.objects.filter(pk=assignment.pk, clinic_id=clinic.pk).update(ends_on=last)
        assignment.ends_on = last


def new_sessions(
    assignment: Assignment, slots: Slots, days: Iterable[tuple[int, Slot, dt.date]], *, now: dt.datetime
) -> list[ScheduledSession]:
    """Return rows for new sessions; those in the clinic get the usual time."""
    clinic, time = assignment.clinic, assignment.supervised_time
    return [
        ScheduledSession(
            clinic=clinic,
            patient=assignment.patient,
            assignment=assignment,
            session_plan_id=slots[assignment.version_id, week, setting][place],
            week=week,
            setting=setting,
            on=on,
            starts_at=to_utc(on, time, clinic.time_zone) if time is not None and setting == "supervised" else None,
            changed_at=now,
        )
        for week, (setting, place), on in days
    ]
