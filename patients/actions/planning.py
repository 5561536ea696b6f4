"""Moving, skipping and pausing what was planned."""

import datetime as dt
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid
from clinics.localtime import local_day, to_local, to_utc
from clinics.models import ClosedDay, Membership
from clinics.transitions import advance
from patients.actions.caseload import refresh_entry
from patients.actions.once import store_once
from patients.actions.tailoring import point_sessions
from patients.models import Assessment, Assignment, Patient, Pause, ScheduledSession
from patients.rules import schedule
from patients.states import SESSION
from programs.models import Setting

LONGEST_PAUSE_DAYS = 56


def appointment(session: ScheduledSession, on: dt.date, agreed: dt.time | None, zone: str) -> dt.datetime | None:
    """Return the instant of a session on another day: at its own hour on the clinic's wall clock, whatever the clocks do in between.

    None at home. A session at the agreed time keeps that, also where on its old day the clock had jumped over it.
    """
    if session.starts_at is None:
        return None
    if agreed is not None and session.starts_at == to_utc(session.on, agreed, zone):
        return to_utc(on, agreed, zone)
    return to_utc(on, to_local(session.starts_at, zone).time(), zone)


def move_session(*, session: ScheduledSession, to_on: dt.date, by: Membership, now: dt.datetime, at_time: dt.time | None = None) -> None:
    """Move a planned (or missed or skipped) session to another day of the program.

    A patient may move home sessions only; sessions in the clinic keep their time unless the clinic gives `at_time`.
    On its new day it holds what the version in force that day says.
    Raises Invalid for a past day, a day outside the program or a closed one, Conflict where a session already stands.
    """
    patient = session.patient
    today = local_day(now, patient.zone)
    supervised = session.setting == Setting.SUPERVISED
    if supervised and by.is_patient:
        raise Invalid(_("Please call your clinic to move an appointment."))
    if to_on < today:
        raise Invalid(fields={"to_on": [_("Choose today or a later day.")]})
    if not session.assignment.starts_on <= to_on <= session.assignment.ends_on:
        raise Invalid(fields={"to_on": [_("Choose a day within the program.")]})
    if supervised and ClosedDay.objects.filter(clinic_id=session.clinic_id, on=to_on).exists():
        raise Invalid(fields={"to_on": [_("The clinic is closed on this day.")]})
    changes: dict[str, Any] = {"on": to_on, "original_on": session.original_on or session.on, "reason": ""}
    if supervised:
        agreed, zone = session.assignment.supervised_time, patient.clinic.time_zone
        changes["starts_at"] = to_utc(to_on, at_time, zone) if at_time else appointment(session, to_on, agreed, zone)
    try:
        with transaction.atomic():
            taken = ScheduledSession.objects.filter(assignment_id=session.assignment_id, clinic_id=session.clinic_id, on=to_on)
            if taken.exclude(pk=session.pk).exclude(status=ScheduledSession.Status.CANCELLED).exists():
                raise Conflict(fields={"to_on": [_("There is already a session on this day.")]})
            planned: str = ScheduledSession.Status.PLANNED
            advance(session, planned, table={planned: SESSION[planned] | {planned}}, now=now, **changes)
            point_sessions(session.assignment, now=now)
            audit.record("session.move", row=session, by=by, at=now, to=to_on.isoformat())
            refresh_entry(patient, now=now)
    except IntegrityError as error:
        raise Conflict(fields={"to_on": [_("There is already a session on this day.")]}) from error


@transaction.atomic
def skip_session(*, session: ScheduledSession, reason: str, by: Membership, now: dt.datetime) -> None:
    """Mark a session of today or earlier as not done, with a reason from the list."""
    if reason not in ScheduledSession.SkipReason.values:
        raise Invalid(fields={"reason": [_("Please choose a reason.")]})
    if session.on > local_day(now, session.patient.zone):
        raise Invalid(_("This session is still to come. You can move it instead."))
    advance(session, ScheduledSession.Status.SKIPPED, table=SESSION, now=now, reason=reason)
    audit.record("session.skip", row=session, by=by, at=now, reason=reason)
    refresh_entry(session.patient, now=now)


def pause_plan(
    *,
    assignment: Assignment,
    from_on: dt.date,
    to_on: dt.date,
    reason: str,
    by: Membership,
    now: dt.datetime,
    client_key: uuid.UUID | None = None,
) -> Pause:
    """Pause a running program; planned sessions move by whole weeks so that their weekdays stay.

    The assessments still to come move with them. Raises Invalid for days in the past, in the wrong order, or more than eight weeks;
    Conflict for days that are paused already, or the same key with other content.
    """
    patient = assignment.patient
    today = local_day(now, patient.zone)
    content = {"assignment": assignment.pk, "from_on": from_on, "to_on": to_on, "reason": reason}

    def store(digest: str) -> Pause:
        check_pause(assignment, from_on, to_on, reason, today)
        Patient.objects.select_for_update().get(pk=patient.pk)
        overlapping = Pause.objects.filter(assignment=assignment, cancelled_at=None, from_on__lte=to_on, to_on__gte=from_on)
        if overlapping.exists():
            raise Conflict(_("There is already a pause in these days."))
        rest = list(ScheduledSession.objects.planned().filter(assignment=assignment, on__gte=from_on).order_by("-on"))
        period = schedule.PausePeriod(from_on, to_on)
        days = schedule.pause_shift_days([session.on for session in rest], period, today)
        pause = Pause.objects.create(
            clinic_id=assignment.clinic_id,
            patient=patient,
            assignment=assignment,
            from_on=from_on,
            to_on=to_on,
            reason=reason,
            shifted_days=days,
            made_by=by,
            made_at=now,
            client_key=client_key,
            client_digest=digest,
        )
        if days:
            shift_rest(assignment, rest, from_on, days, now=now)
        audit.record("plan.pause", row=pause, by=by, at=now, shifted_days=days)
        refresh_entry(patient, now=now)
        return pause

    pause, _new = store_once(Pause, patient=patient, client_key=client_key, content=content, store=store)
    return pause


def check_pause(assignment: Assignment, from_on: dt.date, to_on: dt.date, reason: str, today: dt.date) -> None:
    """Refuse days in the past, in the wrong order, too many of them or after the end, and an unknown reason."""
    if from_on < today:
        raise Invalid(fields={"from_on": [_("A pause cannot begin in the past.")]})
    if to_on < from_on:
        raise Invalid(fields={"to_on": [_("The last day lies before the first.")]})
    if (to_on - from_on).days >= LONGEST_PAUSE_DAYS:
        raise Invalid(fields={"to_on": [_("A pause can last eight weeks at most. Please speak with your therapist.")]})
    if from_on > assignment.ends_on:
        raise Invalid(fields={"from_on": [_("The program ends before this day.")]})
    if reason not in Pause.Reason.values:
        raise Invalid(fields={"reason": [_("Please choose a reason.")]})


def shift_rest(assignment: Assignment, rest: list[ScheduledSession], from_on: dt.date, days: int, *, now: dt.datetime) -> None:
    """Move planned sessions, the end, and assessments still to come by `days`, latest first so that no two ever share a day.

    Sessions in the clinic keep their own hour there.
    """
    shift = dt.timedelta(days=days)
    zone = assignment.clinic.time_zone
    for session in rest:
        session.starts_at = appointment(session, session.on + shift, assignment.supervised_time, zone)
        session.on += shift
        session.changed_at = now
        session.save(update_fields=["on", "starts_at", "changed_at"])
    Assignment.objects.filter(pk=assignment.pk).update(ends_on=assignment.ends_on + shift, changed_at=now)
    assignment.ends_on += shift
    coming = list(Assessment.objects.filter(assignment=assignment, status=Assessment.Status.PLANNED, due_on__gte=from_on))
    for assessment in coming:
        assessment.due_on += shift
    Assessment.objects.bulk_update(coming, ["due_on"])
    point_sessions(assignment, now=now)
