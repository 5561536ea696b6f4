"""Logging what was done in a session."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid
from clinics.localtime import local_day
from clinics.models import Membership
from clinics.prepared import PreparedInsert
from clinics.transitions import advance
from patients.actions.caseload import note_session
from patients.actions.consents import need_consent
from patients.actions.diary import check_day, check_scale
from patients.actions.once import store_once
from patients.actions.tailoring import take_in_hand
from patients.models import Assignment, ExerciseLog, ScheduledSession, SessionLog
from patients.states import SESSION
from programs.models import Prescription

EARLIEST_BEFORE_DAYS = 3
"""A session may be done this many days before its date; its date then follows."""
logs = PreparedInsert(SessionLog)


@dataclass(frozen=True, slots=True)
class Done:
    """What was done of one prescription; None means as prescribed."""

    prescription_id: uuid.UUID
    sets_done: int
    reps_done: int | None = None
    hold_seconds_done: int | None = None
    load_kg: Decimal | None = None
    pain_0_10: int | None = None
    skip_reason: str = ""


def log_session(
    *,
    session: ScheduledSession,
    by: Membership | None,
    now: dt.datetime,
    as_prescribed: bool,
    exercises: Sequence[Done] = (),
    pain_during_0_10: int | None = None,
    effort_rpe_0_10: int | None = None,
    soreness_0_10: int | None = None,
    stopped_for_pain: bool = False,
    note: str = "",
    on: dt.date | None = None,
    done_at: dt.datetime | None = None,
    source: str = SessionLog.Source.APP,
    client_key: uuid.UUID | None = None,
) -> tuple[SessionLog, bool]:
    """Log a session: `as_prescribed` for all of it, or `exercises` with what differed.

    Pain, effort and soreness are 0–10 or None; None for `on` means the day of `done_at` at the patient's place.
    Returns the log and whether it is new. Raises Invalid, or Conflict when the session was logged before.
    """
    patient = session.patient
    check_scale("pain_during_0_10", pain_during_0_10, needed=(as_prescribed or bool(exercises)) and not stopped_for_pain)
    check_scale("effort_rpe_0_10", effort_rpe_0_10, needed=False)
    check_scale("soreness_0_10", soreness_0_10, needed=False)
    when = min(done_at or now, now)
    day = on or local_day(when, patient.zone)
    if not as_prescribed and not exercises and not stopped_for_pain:
        raise Invalid(_("Say what you did, or choose “all as prescribed”."))
    content = {
        "session": session.pk,
        "as_prescribed": as_prescribed,
        "exercises": [asdict(one) for one in exercises],
        "pain": pain_during_0_10,
        "effort": effort_rpe_0_10,
        "soreness": soreness_0_10,
        "stopped": stopped_for_pain,
        "note": note,
        "on": on or (day if done_at else None),
    }

    def store(digest: str) -> SessionLog:
        need_consent(patient, by)
        check_day(day, patient=patient, now=now)
        if session.on - day > dt.timedelta(days=EARLIEST_BEFORE_DAYS):
            raise Invalid(_("This session is still to come. You can move it to today."))
        if session.assignment.status == Assignment.Status.HELD and session.on >= local_day(now, patient.zone):
            raise Conflict(_("Training is on hold until your therapist has spoken with you."))
        prescriptions = [] if as_prescribed else prescriptions_done(session, exercises)
        rows, share = exercise_rows(session, prescriptions, exercises) if not as_prescribed else ([], 1.0)
        log = SessionLog(
            clinic_id=session.clinic_id,
            patient=patient,
            session=session,
            on=day,
            done_at=when,
            as_prescribed=as_prescribed,
            pain_during_0_10=pain_during_0_10,
            effort_rpe_0_10=effort_rpe_0_10,
            soreness_0_10=soreness_0_10,
            stopped_for_pain=stopped_for_pain,
            note=note.strip()[:2000],
            source=source,
            entered_by=by,
            entered_at=now,
            client_key=client_key,
            client_digest=digest,
        )
        logs.write(log)
        for row in rows:
            row.session_log = log
        if rows:
            ExerciseLog.objects.bulk_create(rows)
        whole = share >= 1.0 and not stopped_for_pain
        state = ScheduledSession.Status.DONE if whole else ScheduledSession.Status.PARTIAL
        advance(session, state, table=SESSION, now=now, done_share=round(share, 4), reason="", session_plan_id=session.session_plan_id)
        audit.record("session.log", row=log, by=by, at=now, as_prescribed=as_prescribed)
        note_session(patient, session, log, now=now)
        return log

    try:
        return store_once(SessionLog, patient=patient, client_key=client_key, content=content, store=store)
    except IntegrityError as error:
        # A session has one log; asking before each insert would not save the second of two at once.
        raise Conflict(_("This session is already logged. You can correct the entry.")) from error


def prescriptions_of(session: ScheduledSession) -> list[Prescription]:
    """Return the main exercises of the session's plan, in order."""
    return list(Prescription.objects.filter(session_plan_id=session.session_plan_id, block=Prescription.Block.MAIN).order_by("position"))


def prescriptions_done(session: ScheduledSession, done: Sequence[Done]) -> list[Prescription]:
    """Return the main exercises the entry speaks of: those of the session's plan, or of the one before a change made in the meantime."""
    found = prescriptions_of(session)
    given = {one.prescription_id for one in done}
    if given - {one.pk for one in found}:
        plans = list(Prescription.objects.filter(pk__in=given).order_by().values_list("session_plan_id", flat=True).distinct()[:2])
        if len(plans) == 1 and take_in_hand(session, plans[0]):
            return prescriptions_of(session)
    return found


def exercise_rows(
    session: ScheduledSession, prescriptions: Sequence[Prescription], done: Sequence[Done]
) -> tuple[list[ExerciseLog], float]:
    """Turn what was done into rows and the share of prescribed sets (each exercise counts alike, partial counts partly)."""
    known = {prescription.pk: prescription for prescription in prescriptions}
    given = {one.prescription_id: one for one in done}
    if set(given) - set(known) or len(given) != len(done):
        raise Invalid(fields={"exercises": [_("This exercise is not part of the session.")]})
    rows: list[ExerciseLog] = []
    total = 0.0
    for prescription in prescriptions:
        one = given.get(prescription.pk) or Done(prescription.pk, sets_done=0)
        check_scale("pain_0_10", one.pain_0_10, needed=False)
        if not 0 <= one.sets_done <= 30 or not 0 <= (one.reps_done or 0) <= 500 or not 0 <= (one.hold_seconds_done or 0) <= 3600:
            raise Invalid(fields={"exercises": [_("Please check the number of sets and repetitions.")]})
        if one.load_kg is not None and not (one.load_kg.is_finite() and 0 <= one.load_kg <= 500):
            raise Invalid(fields={"exercises": [_("Enter a load between 0 and 500 kg.")]})
        if one.skip_reason and one.skip_reason not in ScheduledSession.SkipReason.values:
            raise Invalid(fields={"exercises": [_("Please choose a reason.")]})
        total += min(one.sets_done / prescription.sets, 1.0)
        rows.append(
            ExerciseLog(
                clinic_id=session.clinic_id,
                patient_id=session.patient_id,
                prescription=prescription,
                position=prescription.position,
                sets_done=one.sets_done,
                reps_done=one.reps_done,
                hold_seconds_done=one.hold_seconds_done,
                load_kg=one.load_kg,
                pain_0_10=one.pain_0_10,
                skip_reason=one.skip_reason,
            )
        )
    return rows, total / len(prescriptions) if prescriptions else 1.0
