"""Somebody comes without being expected: a session of theirs moves to today, or one more is made."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid
from clinics.localtime import local_day, to_local, to_utc
from clinics.models import Membership
from patients.actions.caseload import refresh_entry
from patients.actions.group import OPEN, reopen
from patients.actions.tailoring import point_sessions, week_on
from patients.models import Assignment, Patient, ScheduledSession
from programs.models import SessionPlan, Setting

NEAR_DAYS = 7
"""A session of the week before or after is the one meant; otherwise one more is made."""
STEP_MINUTES = 5
Status = ScheduledSession.Status


def walk_in(*, patient: Patient, by: Membership, now: dt.datetime, at_time: dt.time | None = None) -> ScheduledSession:
    """Put a patient on today's sheet at a wall-clock time (None: now, cut to five minutes) and note that they are here.

    The next planned session of the week moves to today, else the last one that was missed; without either one more is made. Whoever is
    expected today keeps the session as it is. Raises Invalid without a running program or one with sessions in the clinic, Conflict
    while training is on hold or when today's session is logged.
    """
    zone = patient.clinic.time_zone
    today = local_day(now, zone)
    local = to_local(now, zone)
    starts_at = to_utc(today, at_time or dt.time(local.hour, local.minute - local.minute % STEP_MINUTES), zone)
    assignment = running_program(patient, today)
    try:
        with transaction.atomic():
            Patient.objects.select_for_update().get(pk=patient.pk, clinic_id=patient.clinic_id)
            session = take_session(assignment, today, starts_at, now=now)
            point_sessions(assignment, now=now)
            audit.record("session.walk_in", row=session, by=by, at=now)
            refresh_entry(patient, now=now)
    except IntegrityError as error:
        raise Conflict(_("There is already a session on this day.")) from error
    return session


def running_program(patient: Patient, today: dt.date) -> Assignment:
    """Return the program a walk-in trains by; raises Invalid where there is none, Conflict while it is on hold."""
    rows = Assignment.objects.running().filter(patient=patient, clinic_id=patient.clinic_id)
    assignment: Assignment | None = rows.select_related("version", "clinic", "patient__clinic").first()
    if assignment is None or not assignment.starts_on <= today <= assignment.ends_on:
        raise Invalid(_("No program of this patient is running today."))
    if assignment.status == Assignment.Status.HELD:
        raise Conflict(_("Training is on hold. Write the clearance first."))
    return assignment


def take_session(assignment: Assignment, today: dt.date, starts_at: dt.datetime, *, now: dt.datetime) -> ScheduledSession:
    """Return today's session, one of the days around it that moves here, or a new one; all with the person present."""
    near = dt.timedelta(days=NEAR_DAYS)
    rows = list(
        ScheduledSession.objects.filter(
            assignment=assignment,
            clinic_id=assignment.clinic_id,
            setting=Setting.SUPERVISED,
            on__gte=today - near,
            on__lte=today + near,
        )
        .exclude(status=Status.CANCELLED)
        .order_by("on")
    )
    here = next((row for row in rows if row.on == today), None)
    came = ScheduledSession.Attendance.CAME
    if here is not None:
        if here.status not in OPEN:
            raise Conflict(_("This session is already logged. You can correct the entry."))
        reopen(here, now=now, attendance=came)
        return here
    coming = [row for row in rows if row.on > today and row.status == Status.PLANNED]
    missed = [row for row in rows if row.on < today and row.status in OPEN]
    found = coming[0] if coming else missed[-1] if missed else None
    if found is not None:
        reopen(found, now=now, on=today, original_on=found.original_on or found.on, starts_at=starts_at, attendance=came)
        return found
    return make_session(assignment, today, starts_at, now=now)


def make_session(assignment: Assignment, today: dt.date, starts_at: dt.datetime, *, now: dt.datetime) -> ScheduledSession:
    """Make one more session of the program week it is; raises Invalid for a program without sessions in the clinic in that week."""
    known = ScheduledSession.objects.filter(assignment=assignment, clinic_id=assignment.clinic_id).exclude(status=Status.CANCELLED)
    week = week_on(assignment, list(known.values_list("week", "on")), today)
    plans = SessionPlan.objects.filter(version_id=assignment.version_id, setting=Setting.SUPERVISED, week_from__lte=week, week_to__gte=week)
    plan = plans.order_by("position").first()
    if plan is None:
        raise Invalid(_("This program has no session in the clinic this week."))
    session: ScheduledSession = ScheduledSession.objects.create(
        clinic_id=assignment.clinic_id,
        patient_id=assignment.patient_id,
        assignment=assignment,
        session_plan=plan,
        week=week,
        setting=Setting.SUPERVISED,
        on=today,
        starts_at=starts_at,
        attendance=ScheduledSession.Attendance.CAME,
        changed_at=now,
    )
    return session
