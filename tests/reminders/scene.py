"""What tests of reminders start from: a clinic, patients with accounts, and something they may be reminded of."""

import datetime as dt
import secrets
from typing import Any

from clinics.models import Clinic, Membership
from patients.models import Assessment, Assignment, Patient, ScheduledSession
from programs.models import SessionPlan, Setting
from reminders.actions.rehearsal import make_people
from reminders.models import Delivery, Kind, Preference

BERLIN = "Europe/Berlin"


def at(text: str) -> dt.datetime:
    """Return an instant written in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def day(text: str) -> dt.date:
    """Return a calendar day."""
    return dt.date.fromisoformat(text)


def clinic_in(zone: str = BERLIN, **fields: Any) -> Clinic:
    """Create a clinic in a time zone."""
    return Clinic.objects.create(**{"name": "Riverside Physiotherapy", "slug": secrets.token_hex(8), "time_zone": zone, **fields})


def patients_of(clinic: Clinic, count: int = 1, language: str = "en") -> list[Patient]:
    """Create patients with accounts."""
    return make_people(clinic, count, language)


def program_of(patient: Patient, status: str = Assignment.Status.RUNNING) -> Assignment:
    """Return the patient's program, given now if there is none yet."""
    plan = SessionPlan.objects.filter(setting=Setting.HOME).first()
    assert plan is not None
    found: Assignment | None = Assignment.objects.filter(patient=patient).first()
    return found or Assignment.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        version=plan.version,
        status=status,
        starts_on=day("2026-01-01"),
        ends_on=day("2026-12-31"),
    )


def session_on(
    patient: Patient, on: dt.date, *, starts_at: dt.datetime | None = None, changed_at: dt.datetime | None = None
) -> ScheduledSession:
    """Plan a session at home, or an appointment when `starts_at` is given."""
    assignment = program_of(patient)
    setting = Setting.SUPERVISED if starts_at else Setting.HOME
    plan = SessionPlan.objects.filter(setting=setting).first()
    assert plan is not None
    session: ScheduledSession = ScheduledSession.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        assignment=assignment,
        session_plan=plan,
        week=1,
        setting=setting,
        on=on,
        starts_at=starts_at,
        changed_at=at("2026-01-01T00:00"),
    )
    return session


def assessment_due(patient: Patient, due_on: dt.date, key: str = "middle") -> Assessment:
    """Plan an assessment."""
    row: Assessment = Assessment.objects.create(
        clinic_id=patient.clinic_id, patient=patient, assignment=program_of(patient), key=key, week=4, due_on=due_on
    )
    return row


def wish(
    patient: Patient, kind: str = Kind.SESSION_TODAY, *, time: str = "08:00", is_on: bool = True, paused_to: dt.date | None = None
) -> None:
    """Store what a patient wants."""
    Preference.objects.update_or_create(
        clinic_id=patient.clinic_id,
        patient=patient,
        kind=kind,
        defaults={"is_on": is_on, "at_local_time": dt.time.fromisoformat(time), "paused_to_on": paused_to},
    )


def leave(patient: Patient) -> None:
    """End the patient's membership."""
    Membership.objects.filter(patient=patient).update(status=Membership.Status.ENDED)


def rows_of(patient: Patient) -> list[Delivery]:
    """Return the patient's deliveries in order of their day."""
    return list(Delivery.objects.filter(patient=patient).order_by("slot_on", "kind"))
