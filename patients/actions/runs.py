"""Logging and correcting runs, and keeping the shoes that carry them."""

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid
from clinics.localtime import local_day
from clinics.models import Membership
from patients.actions.caseload import note_run, refresh_entry
from patients.actions.consents import need_consent
from patients.actions.diary import CORRECTABLE, check_day, check_scale, correct_entry, plain
from patients.actions.once import store_once
from patients.actions.sessions import Done, log_session, prescriptions_of
from patients.models import SHOE_LIMIT_KM, Correction, DeletedRun, Patient, Run, ScheduledSession, Shoe
from programs.models import Prescription

LONGEST_KM = Decimal(300)
LONGEST_SECONDS = 172_800
FASTEST_KMH = 30
"""Above this, distance and time cannot both be right; no human runs faster for longer than a minute or two."""
HEART_RATES = (30, 250)
MOST_ROUNDS = 60
SHOE_LIMITS_KM = (100, 3000)
MOST_SHOES = 40
SCALES = ("pain_before_0_10", "pain_after_0_10", "leg_pain_0_10", "effort_rpe_0_10")


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A stored run, whether it is new, and the kilometres of its shoes when just this run took them past their limit."""

    run: Run
    is_new: bool
    worn_km: Decimal | None = None


def log_run(
    *,
    patient: Patient,
    pain_worst_0_10: int,
    by: Membership | None,
    now: dt.datetime,
    distance_km: Decimal | None = None,
    duration_seconds: int | None = None,
    pain_before_0_10: int | None = None,
    pain_after_0_10: int | None = None,
    leg_pain_0_10: int | None = None,
    effort_rpe_0_10: int | None = None,
    average_heart_rate: int | None = None,
    shoe: Shoe | None = None,
    note: str = "",
    source: str = Run.Source.HAND,
    on: dt.date | None = None,
    done_at: dt.datetime | None = None,
    session: ScheduledSession | None = None,
    rounds_done: int | None = None,
    client_key: uuid.UUID | None = None,
) -> LoggedRun:
    """Store a run; with `session`, a run-walk session of the plan, that session is logged in the same moment.

    Distance (km) or duration (s) must be there; every other answer but the worst back pain (0–10) may be None. None for `on` means the
    day of `done_at` at the patient's place; None for `rounds_done` of a session means all of them. Raises Invalid, or Conflict when
    the session was logged before or training is on hold.
    """
    when = min(done_at or now, now)
    day = on or local_day(when, patient.zone)
    numbers: dict[str, Any] = {
        "distance_km": distance_km,
        "duration_seconds": duration_seconds,
        "pain_before_0_10": pain_before_0_10,
        "pain_worst_0_10": pain_worst_0_10,
        "pain_after_0_10": pain_after_0_10,
        "leg_pain_0_10": leg_pain_0_10,
        "effort_rpe_0_10": effort_rpe_0_10,
        "average_heart_rate": average_heart_rate,
    }
    check_numbers(numbers)
    if source not in Run.Source.values:
        raise Invalid(fields={"source": [_("Please choose from the list.")]})
    if shoe is not None and shoe.patient_id != patient.pk:
        raise Invalid(fields={"shoe": [_("Please choose from the list.")]})
    if session is not None and session.patient_id != patient.pk:
        raise Invalid(fields={"session": [_("This session belongs to somebody else.")]})
    content = {
        **numbers,
        "distance_km": None if distance_km is None else f"{distance_km:.2f}",
        "shoe": shoe.pk if shoe else None,
        "note": note,
        "session": session.pk if session else None,
        "rounds": rounds_done,
        "on": on or (day if done_at else None),
    }

    def store(digest: str) -> Run:
        need_consent(patient, by)
        check_day(day, patient=patient, now=now)
        if shoe is not None and shoe.retired_on is not None and day > shoe.retired_on:
            raise Invalid(fields={"shoe": [_("These shoes were put aside before that day.")]})
        if source != Run.Source.HAND and Run.objects.filter(clinic_id=patient.clinic_id, patient=patient, on=day, done_at=when).exists():
            raise Conflict(_("This recording is already in your list."))
        values = {**numbers, "note": note.strip()[:2000], "on": day, "done_at": when, "source": source, "shoe": shoe}
        if session is not None:
            values |= log_intervals(session, values, rounds_done, by=by, now=now, client_key=client_key)
        run = Run.objects.create(
            clinic_id=patient.clinic_id,
            patient=patient,
            session=session,
            entered_by=by,
            entered_at=now,
            client_key=client_key,
            client_digest=digest,
            **values,
        )
        # Asked after the insert, so that a deletion that ends at this moment is seen as well.
        if client_key is not None and was_deleted(patient, client_key):
            raise Conflict(_("This run was deleted. Enter it anew if it took place after all."))
        audit.record("run.log", row=run, by=by, at=now, source=source)
        note_run(session.patient if session else patient, run, now=now)
        return run

    try:
        run, is_new = store_once(Run, patient=patient, client_key=client_key, content=content, store=store)
    except IntegrityError as error:
        # A session has one run; asking before each insert would not save the second of two at once.
        raise Conflict(_("This session is already logged. You can correct the entry.")) from error
    return LoggedRun(run, is_new, passed_limit(run) if is_new else None)


def check_numbers(numbers: dict[str, Any]) -> None:
    """Refuse answers that cannot be: scales outside 0–10, neither distance nor time, or a speed nobody runs."""
    check_scale("pain_worst_0_10", numbers["pain_worst_0_10"])
    for name in SCALES:
        check_scale(name, numbers[name], needed=False)
    km, seconds, rate = numbers["distance_km"], numbers["duration_seconds"], numbers["average_heart_rate"]
    if km is None and seconds is None:
        raise Invalid(fields={"distance_km": [_("Enter the distance or the time.")]})
    if km is not None and not (km.is_finite() and 0 < round(km, 2) <= LONGEST_KM):
        raise Invalid(fields={"distance_km": [_("Enter a distance between 0.01 and 300 km.")]})
    if seconds is not None and not 0 < seconds <= LONGEST_SECONDS:
        raise Invalid(fields={"duration_seconds": [_("Enter a time between 1 second and 48 hours.")]})
    if rate is not None and not HEART_RATES[0] <= rate <= HEART_RATES[1]:
        raise Invalid(fields={"average_heart_rate": [_("Enter a heart rate between 30 and 250.")]})
    if km is not None and seconds is not None and km * 3600 > FASTEST_KMH * seconds:
        raise Invalid(fields={"distance_km": [_("Please check distance and time: that would be faster than anybody runs.")]})


def intervals_of(session: ScheduledSession) -> Prescription | None:
    """Return the run-walk rounds a session consists of; None when it holds anything else."""
    main = prescriptions_of(session)
    return main[0] if len(main) == 1 and main[0].run_seconds else None


def log_intervals(
    session: ScheduledSession,
    values: dict[str, Any],
    rounds_done: int | None,
    *,
    by: Membership | None,
    now: dt.datetime,
    client_key: uuid.UUID | None,
) -> dict[str, Any]:
    """Log the run-walk session a run belongs to, and return what the run remembers of its stage."""
    plan = intervals_of(session)
    if plan is None:
        raise Invalid(_("This session is not a run-walk session."))
    rounds = plan.sets if rounds_done is None else rounds_done
    if not 0 <= rounds <= MOST_ROUNDS:
        raise Invalid(fields={"rounds_done": [_("Please check the number of rounds.")]})
    is_whole = rounds >= plan.sets
    log_session(
        session=session,
        by=by,
        now=now,
        as_prescribed=is_whole,
        exercises=() if is_whole else [Done(plan.pk, sets_done=rounds)],
        pain_during_0_10=values["pain_worst_0_10"],
        effort_rpe_0_10=values["effort_rpe_0_10"],
        note=values["note"],
        on=values["on"],
        done_at=values["done_at"],
        client_key=client_key,
    )
    return {"stage": plan.stage, "run_seconds": plan.run_seconds, "walk_seconds": plan.walk_seconds, "rounds_done": rounds}


def was_deleted(patient: Patient, client_key: uuid.UUID) -> bool:
    """Tell whether the run that came under this key was deleted since."""
    rows = DeletedRun.objects.filter(clinic_id=patient.clinic_id, patient=patient, client_key=client_key)
    return bool(rows.exists())


def passed_limit(run: Run) -> Decimal | None:
    """Return the kilometres of the run's shoes when this run took them past their limit; None otherwise."""
    if run.shoe is None or run.distance_km is None:
        return None
    total: Decimal = Run.objects.filter(clinic_id=run.clinic_id, shoe=run.shoe).aggregate(km=Sum("distance_km"))["km"] or Decimal(0)
    return total if total - run.distance_km < run.shoe.limit_km <= total else None


@transaction.atomic
def correct_run(*, run: Run, changes: dict[str, Any], by: Membership, now: dt.datetime, reason: str = "") -> None:
    """Correct a run; its earlier values stay readable, and the log of its session says the same. Staff must give a reason."""
    numbers = {name: getattr(run, name) for name in (*SCALES, "pain_worst_0_10", "distance_km", "duration_seconds", "average_heart_rate")}
    check_numbers(numbers | {name: value for name, value in changes.items() if name in numbers})
    shoe = changes.get("shoe")
    if shoe is not None and shoe.patient_id != run.patient_id:
        raise Invalid(fields={"shoe": [_("Please choose from the list.")]})
    correct_entry(row=run, changes=changes, by=by, now=now, reason=reason)


@transaction.atomic
def delete_run(*, run: Run, by: Membership, now: dt.datetime) -> None:
    """Delete a run: no list, sum or rule counts it any more; its answers stay readable as a correction, its key is not taken again.

    The session of a run-walk run stays logged: it may have been done without the distance being right. Raises Conflict when it is gone.
    """
    row = Run.objects.select_for_update(of=("self",)).filter(pk=run.pk, clinic_id=run.clinic_id).first()
    if row is None:
        raise Conflict(_("This run was already deleted."))
    values = {"on": row.on.isoformat()} | {name: plain(getattr(row, name)) for name in CORRECTABLE[Run]}
    Correction.objects.create(
        clinic_id=row.clinic_id,
        patient_id=row.patient_id,
        object_type="run",
        object_id=row.pk,
        before={name: value for name, value in values.items() if value not in (None, "")},
        after={},
        corrected_by=by,
        corrected_at=now,
    )
    DeletedRun.objects.create(
        id=row.pk,
        clinic_id=row.clinic_id,
        patient_id=row.patient_id,
        on=row.on,
        client_key=row.client_key,
        deleted_by=by,
        deleted_at=now,
    )
    audit.record("run.delete", row=row, by=by, at=now)
    row.delete()
    refresh_entry(run.patient, now=now)


def add_shoe(
    *,
    patient: Patient,
    name: str,
    by: Membership,
    now: dt.datetime,
    started_on: dt.date | None = None,
    limit_km: int | None = None,
    client_key: uuid.UUID | None = None,
) -> tuple[Shoe, bool]:
    """Add a pair of shoes and tell whether it is new; None for `started_on` means today, for `limit_km` the usual limit.

    Raises Invalid, Conflict.
    """
    today = local_day(now, patient.zone)
    name = name.strip()
    limit = SHOE_LIMIT_KM if limit_km is None else limit_km
    if not 0 < len(name) <= 60:
        raise Invalid(fields={"name": [_("Give the pair a name of up to 60 characters.")]})
    if (started_on or today) > today:
        raise Invalid(fields={"started_on": [_("This day is still to come.")]})
    if not SHOE_LIMITS_KM[0] <= limit <= SHOE_LIMITS_KM[1]:
        raise Invalid(fields={"limit_km": [_("Enter a number between 100 and 3000.")]})

    def store(digest: str) -> Shoe:
        if Shoe.objects.filter(clinic_id=patient.clinic_id, patient=patient).count() >= MOST_SHOES:
            raise Conflict(_("There are already 40 pairs here. That is as many as we keep."))
        shoe = Shoe.objects.create(
            clinic_id=patient.clinic_id,
            patient=patient,
            name=name,
            started_on=started_on or today,
            limit_km=limit,
            added_at=now,
            client_key=client_key,
            client_digest=digest,
        )
        audit.record("shoe.add", row=shoe, by=by, at=now)
        return shoe

    content = {"name": name, "started_on": started_on, "limit_km": limit}
    return store_once(Shoe, patient=patient, client_key=client_key, content=content, store=store)


@transaction.atomic
def retire_shoe(*, shoe: Shoe, by: Membership, now: dt.datetime) -> None:
    """Put a pair aside; its runs keep it. Raises Conflict when it already is."""
    today = max(local_day(now, shoe.patient.zone), shoe.started_on)
    if not Shoe.objects.filter(pk=shoe.pk, clinic_id=shoe.clinic_id, retired_on=None).update(retired_on=today):
        raise Conflict(_("These shoes were already put aside."))
    shoe.retired_on = today
    audit.record("shoe.retire", row=shoe, by=by, at=now)


@transaction.atomic
def take_up_shoe(*, shoe: Shoe, by: Membership, now: dt.datetime) -> None:
    """Use a pair again that was put aside. Raises Conflict when it is in use."""
    if not Shoe.objects.filter(pk=shoe.pk, clinic_id=shoe.clinic_id, retired_on__isnull=False).update(retired_on=None):
        raise Conflict(_("These shoes are already in use."))
    shoe.retired_on = None
    audit.record("shoe.take_up", row=shoe, by=by, at=now)
