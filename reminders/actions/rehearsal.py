"""Made-up patients with a session today and a reminder due this minute, for trying out and measuring the real path."""

import datetime as dt
import secrets
import uuid
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clinics.errors import Invalid
from clinics.localtime import local_day, to_local
from clinics.models import Clinic, Membership, Role, User
from patients.actions.caseload import refresh_entries
from patients.models import Assignment, Consent, Patient, ScheduledSession
from patients.rules.consents import VERSIONS, Purpose
from programs.models import ProgramVersion, SessionPlan, Setting
from reminders.actions.planning import plan_deliveries
from reminders.models import Delivery, Kind, Preference

NUMBER_PREFIX = "TRY-"
BATCH = 500


def make_due(*, clinic: Clinic, count: int, now: dt.datetime, caseload: bool = True) -> list[str]:
    """Make `count` reminders due at `now` and return their addresses; uses made-up patients of earlier days again.

    Raises Invalid when no published program with sessions at home is there. `caseload` also writes their caseload lines.
    """
    plan = SessionPlan.objects.filter(version__status=ProgramVersion.Status.PUBLISHED, setting=Setting.HOME).order_by("id").first()
    if plan is None:
        raise Invalid(_("Load the library first."))
    today = local_day(now, clinic.time_zone)
    free = Patient.objects.filter(clinic=clinic, is_test=True, number__startswith=NUMBER_PREFIX, status=Patient.Status.ACTIVE).exclude(
        pk__in=Delivery.objects.filter(clinic=clinic, kind=Kind.SESSION_TODAY, slot_on=today).values("patient_id")
    )
    patients = list(free.select_related("clinic", "membership__user").order_by("number")[:count])
    with transaction.atomic():
        for start in range(len(patients), count, BATCH):
            patients += make_people(clinic, min(BATCH, count - start), language="de" if start // BATCH % 2 else "en")
        wish = to_local(now, clinic.time_zone).time().replace(second=0, microsecond=0, tzinfo=None)
        for start in range(0, len(patients), BATCH):
            give_session(patients[start : start + BATCH], plan, today, wish, now)
    if caseload:
        for start in range(0, len(patients), BATCH):
            refresh_entries(patients[start : start + BATCH], now=now)
    keys = [patient.pk for patient in patients]
    for start in range(0, len(keys), BATCH):
        plan_deliveries(now=now, looked_at=now - dt.timedelta(minutes=2), patients=keys[start : start + BATCH])
    return [patient.membership.user.email for patient in patients if patient.membership and patient.membership.user]


def make_people(clinic: Clinic, count: int, language: str = "en") -> list[Patient]:
    """Create made-up patients with accounts nobody can sign in to, who have agreed to reminders."""
    series = secrets.token_hex(4)
    users = [
        User(email=f"{series}-{place:04d}@patients.example", first_name="Trial", last_name=f"{series} {place}", language=language)
        for place in range(count)
    ]
    for user in users:
        user.set_unusable_password()
    User.objects.bulk_create(users, batch_size=BATCH)
    members = [
        Membership(clinic=clinic, user=user, role=Role.PATIENT, status=Membership.Status.ACTIVE, name=user.full_name) for user in users
    ]
    Membership.objects.bulk_create(members, batch_size=BATCH)
    patients = [
        Patient(
            clinic=clinic,
            membership=member,
            number=f"{NUMBER_PREFIX}{series}{place:04d}",
            first_name=user.first_name,
            last_name=user.last_name,
            search_text=user.full_name.lower(),
            email=user.email,
            language=language,
            is_test=True,
        )
        for place, (member, user) in enumerate(zip(members, users, strict=True))
    ]
    found: list[Patient] = Patient.objects.bulk_create(patients, batch_size=BATCH)
    agreed = [
        Consent(
            clinic=clinic,
            patient=patient,
            purpose=purpose.value,
            version=VERSIONS[purpose],
            given_at=patient.created_at,
            given_by=patient.membership,
        )
        for patient in found
        for purpose in (Purpose.RECORD, Purpose.REMINDERS)
    ]
    Consent.objects.bulk_create(agreed, batch_size=BATCH)
    return found


def give_session(patients: Sequence[Patient], plan: SessionPlan, on: dt.date, wish: dt.time, now: dt.datetime) -> None:
    """Let each patient have a running program, a session at home on a day, and the wish to be told at a time."""
    keys = [patient.pk for patient in patients]
    running: dict[uuid.UUID, Assignment] = {
        row.patient_id: row for row in Assignment.objects.filter(patient_id__in=keys, status=Assignment.Status.RUNNING)
    }
    new = [
        Assignment(
            clinic_id=patient.clinic_id,
            patient=patient,
            version_id=plan.version_id,
            status=Assignment.Status.RUNNING,
            starts_on=on,
            ends_on=on + dt.timedelta(days=55),
        )
        for patient in patients
        if patient.pk not in running
    ]
    Assignment.objects.bulk_create(new, batch_size=BATCH)
    running |= {row.patient_id: row for row in new}
    has_one = set(ScheduledSession.objects.filter(patient_id__in=keys, on=on).values_list("patient_id", flat=True))
    ScheduledSession.objects.bulk_create(
        [
            ScheduledSession(
                clinic_id=patient.clinic_id,
                patient=patient,
                assignment=running[patient.pk],
                session_plan=plan,
                week=1,
                setting=Setting.HOME,
                on=on,
                changed_at=now,
            )
            for patient in patients
            if patient.pk not in has_one
        ],
        batch_size=BATCH,
    )
    Preference.objects.bulk_create(
        [Preference(clinic_id=patient.clinic_id, patient=patient, kind=Kind.SESSION_TODAY, at_local_time=wish) for patient in patients],
        update_conflicts=True,
        unique_fields=["clinic", "patient", "kind"],
        update_fields=["is_on", "at_local_time", "paused_to_on"],
        batch_size=BATCH,
    )
