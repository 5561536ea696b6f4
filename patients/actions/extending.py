"""Letting a running plan go on for more weeks like its last one, and taking that back until something of them is logged."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as text_in
from django.utils.translation import gettext_lazy as _

from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.localtime import local_day
from clinics.models import Membership
from patients.actions.caseload import refresh_entry
from patients.actions.replanning import fit_sessions
from patients.actions.tailoring import CHANGED, put_in_force, read_reason
from patients.models import Assessment, Assignment, AssignmentVersion, GroupEntry, Patient, ScheduledSession, SessionLog
from patients.models.assignment import RUNNING
from patients.rules.extension import LONGEST_PROGRAM, MOST_WEEKS_AT_ONCE, Planned, last_day, moved_with_the_end
from patients.rules.refit import week_starts
from programs.actions import fork_version
from programs.layout import Layout, lay_out
from programs.models import SessionPlan
from programs.rules.diff import Change, Kind

Status = ScheduledSession.Status


@dataclass(frozen=True, slots=True)
class Extension:
    """What more weeks would mean: the first new week, the last day before and after, and measurements with their old and new day."""

    first_week: int
    last_week: int
    begins_on: dt.date
    ended_on: dt.date
    ends_on: dt.date
    measurements: Sequence[tuple[Assessment, dt.date]]


def propose_extension(*, assignment: Assignment, weeks: int) -> Extension:
    """Work out what more weeks mean, and store nothing.

    Raises Conflict for a program that is not running or goes by fixed days, Invalid beside weeks for too many or none.
    """
    if assignment.status not in RUNNING:
        raise Conflict(_("This program is not running any more."))
    version = assignment.version
    if not 1 <= weeks <= MOST_WEEKS_AT_ONCE:
        raise Invalid(fields={"weeks": [_("Choose 1 to %(n)s weeks.") % {"n": MOST_WEEKS_AT_ONCE}]})
    if version.weeks + weeks > LONGEST_PROGRAM:
        raise Invalid(fields={"weeks": [_("A program has at most %(n)s weeks.") % {"n": LONGEST_PROGRAM}]})
    last = list(SessionPlan.objects.filter(version=version, week_from__lte=version.weeks, week_to__gte=version.weeks))
    if not last or any(one.days for one in last):
        raise Conflict(_("This program goes by fixed days and cannot be extended. Assign it again, or another one."))
    starts = starts_of(assignment, version.weeks + weeks)
    moved = {one.key: one.due_on for one in moved_with_the_end(planned_of(assignment), version.weeks, weeks)}
    rows = Assessment.objects.filter(assignment=assignment, pk__in=list(moved)).order_by("due_on")
    return Extension(
        first_week=version.weeks + 1,
        last_week=version.weeks + weeks,
        begins_on=starts[version.weeks + 1],
        ended_on=assignment.ends_on,
        ends_on=last_day(starts, version.weeks + weeks),
        measurements=[(one, moved[one.pk]) for one in rows],
    )


def starts_of(assignment: Assignment, weeks: int) -> dict[int, dt.date]:
    """Return the day each week begins, pauses counted."""
    rows = ScheduledSession.objects.filter(assignment=assignment, clinic_id=assignment.clinic_id).exclude(status=Status.CANCELLED)
    return week_starts(assignment.starts_on, weeks, list(rows.values_list("week", "on")))


def planned_of(assignment: Assignment) -> list[Planned]:
    """Return the measurements still to come."""
    rows = Assessment.objects.filter(assignment=assignment, clinic_id=assignment.clinic_id, status=Assessment.Status.PLANNED)
    return [Planned(pk, week, due_on) for pk, week, due_on in rows.values_list("pk", "week", "due_on")]


@transaction.atomic
def extend_plan(
    *, assignment: Assignment, weeks: int, reason: str, by: Membership, now: dt.datetime, base_id: UUID | None = None
) -> AssignmentVersion:
    """Let a running program go on for `weeks` more, each like the last one; sessions come on the usual days, never on closed ones.

    Measurements at the end and after it move along. The patient reads the reason. `base_id` is the version that was looked at. Raises what
    `propose_extension` raises, Invalid without a reason, Conflict when the plan has changed meanwhile.
    """
    if by.clinic_id != assignment.clinic_id or by.is_patient:
        raise NotAllowed
    text = read_reason(reason)
    if base_id is not None and base_id != assignment.version_id:
        raise Conflict(CHANGED)
    Patient.objects.select_for_update().get(pk=assignment.patient_id)
    extension = propose_extension(assignment=assignment, weeks=weeks)
    before = assignment.version.weeks
    layout = lay_out(assignment.version)
    longer: Layout = {**layout, **dict.fromkeys(range(before + 1, before + weeks + 1), layout[before])}
    change = change_length(assignment, longer, reason=text, by=by, now=now)
    fit_sessions(assignment, longer, from_on=extension.begins_on, first=before + 1, now=now)
    finish(assignment, before, weeks, extension.ends_on, now=now)
    return change


def change_length(assignment: Assignment, layout: Layout, *, reason: str, by: Membership, now: dt.datetime) -> AssignmentVersion:
    """Put a version with other weeks in force from today on; the weeks both have are the same."""
    base = assignment.version
    weeks = max(layout)
    version = fork_version(
        version=base, layout=layout, clinic=assignment.clinic, key=f"tailored-{assignment.pk}", reason=reason, now=now, weeks=weeks
    )
    first = min(base.weeks, weeks) + 1
    told = Change(Kind.LENGTH, first, max(base.weeks, weeks), True, before={"weeks": base.weeks}, after={"weeks": weeks})
    today = local_day(now, assignment.patient.zone)
    from_on = max(today, assignment.tailored_on or today)
    return put_in_force(assignment, version, [told], reason=reason, from_on=from_on, by=by, now=now)


def finish(assignment: Assignment, before: int, more: int, ends_on: dt.date, *, now: dt.datetime) -> None:
    """Move the last day and the measurements that go with it."""
    Assignment.objects.filter(pk=assignment.pk, clinic_id=assignment.clinic_id).update(ends_on=ends_on, changed_at=now)
    assignment.ends_on = ends_on
    for one in moved_with_the_end(planned_of(assignment), before, more):
        Assessment.objects.filter(pk=str(one.key), clinic_id=assignment.clinic_id).update(week=one.week, due_on=one.due_on)
    refresh_entry(assignment.patient, now=now)


def extension_to_take_back(assignment: Assignment) -> int | None:
    """Return the number of weeks the last change added while it can be taken back: nothing else changed, and nothing of them was logged."""
    last = assignment.versions.order_by("-made_at", "-pk").first()
    if assignment.status not in RUNNING or last is None or last.version_id != assignment.version_id or len(last.changes) != 1:
        return None
    change = last.changes[0]
    before, after = (change.get("before") or {}).get("weeks", 0), (change.get("after") or {}).get("weeks", 0)
    if change.get("kind") != Kind.LENGTH or after <= before:
        return None
    added = {"session__assignment": assignment, "session__week__gt": before}
    if SessionLog.objects.filter(**added).exists() or GroupEntry.objects.filter(**added).exists():
        return None
    return int(after - before)


@transaction.atomic
def take_extension_back(*, assignment: Assignment, by: Membership, now: dt.datetime) -> AssignmentVersion:
    """Let a program end when it would have before it was extended; raises Conflict once a session of the added weeks was logged."""
    if by.clinic_id != assignment.clinic_id or by.is_patient:
        raise NotAllowed
    Patient.objects.select_for_update().get(pk=assignment.patient_id)
    more = extension_to_take_back(assignment)
    if more is None:
        raise Conflict(_("This cannot be taken back any more. Change the plan or end the program instead."))
    longer = assignment.version.weeks
    before = longer - more
    layout = {week: sessions for week, sessions in lay_out(assignment.version).items() if week <= before}
    with translation.override(assignment.patient.language):
        reason = text_in("The added weeks were taken back.")
    added = ScheduledSession.objects.filter(assignment=assignment, clinic_id=assignment.clinic_id, week__gt=before)
    added.exclude(status=Status.CANCELLED).update(status=Status.CANCELLED, changed_at=now)
    change = change_length(assignment, layout, reason=reason, by=by, now=now)
    finish(assignment, longer, -more, assignment.ends_on - dt.timedelta(days=7 * more), now=now)
    return change
