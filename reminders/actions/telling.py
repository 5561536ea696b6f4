"""Telling the clinic what reminders cannot do: an address that was refused for good, and many reminders without an answer."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping

from clinics.localtime import local_day
from clinics.models import Membership
from patients.covering import standing_in
from patients.models import Patient
from patients.rules.cover import responsible
from reminders.actions.notices import STOP_SIGN_LASTS
from reminders.actions.reach import Refusal
from reminders.actions.silence import LOOKED_BACK, sent_in_vain
from reminders.actions.staffing import staff_of
from reminders.models import Kind, StaffNotice
from reminders.rules.escalation import Step, whom_to_tell


def tell_of_refusals(refusals: Collection[Refusal], *, now: dt.datetime) -> int:
    """Mail the therapists of the patients whose address was refused for good; returns how many mails are new."""
    return tell(StaffNotice.Kind.UNREACHABLE, {one.patient_id for one in refusals}, now=now)


def tell_of_silence(patients: Collection[uuid.UUID], *, now: dt.datetime) -> int:
    """Mail the therapists of patients who are reminded no more because they never answer, once for each stretch of silence."""
    since = {patient: sent[0] for patient, sent in sent_in_vain(patients, now - LOOKED_BACK).items()}
    told = StaffNotice.objects.filter(kind=StaffNotice.Kind.UNANSWERED, patient_id__in=since).values_list("patient_id", "created_at")
    known = {patient for patient, at in told if at >= since[patient]}
    return tell(StaffNotice.Kind.UNANSWERED, set(since) - known, now=now)


def tell(kind: str, patients: Collection[uuid.UUID], *, now: dt.datetime) -> int:
    """Write one mail about each patient: to the therapist or whoever stands in, or to the managers when that person works here no more."""
    columns = ("pk", "clinic_id", "therapist_id", "clinic__time_zone")
    rows = list(Patient.objects.filter(pk__in=patients, erased_at=None).values_list(*columns))
    staff = staff_of({clinic for _patient, clinic, _therapist, _zone in rows})
    covers = standing_in({clinic: local_day(now, zone) for _patient, clinic, _therapist, zone in rows})
    new = [
        StaffNotice(
            clinic_id=clinic,
            member_id=member,
            kind=kind,
            patient_id=patient,
            slot_on=local_day(now, zone),
            due_at=now,
            expires_at=now + STOP_SIGN_LASTS,
            created_at=now,
        )
        for patient, clinic, therapist, zone in rows
        for member in whom_to_tell(Step.FIRST, responsible(therapist, covers, [one.key for one in staff[clinic]]), staff[clinic], ())
    ]
    StaffNotice.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def order_test(*, by: Membership, sample: Kind, now: dt.datetime) -> None:
    """Let a sample of a reminder be mailed to oneself with the next tick; asked again on the same day it is sent again."""
    today = local_day(now, by.clinic.time_zone)
    which: Mapping[str, object] = {
        "clinic_id": by.clinic_id,
        "member": by,
        "kind": StaffNotice.Kind.TEST,
        "slot_on": today,
        "sample": sample,
    }
    times = {"due_at": now, "expires_at": now + dt.timedelta(hours=1)}
    StaffNotice.objects.bulk_create([StaffNotice(**which, **times, created_at=now)], ignore_conflicts=True)
    StaffNotice.objects.filter(**which).exclude(status=StaffNotice.Status.CLAIMED).update(
        status=StaffNotice.Status.QUEUED, attempts=0, sent_at=None, error="", hold_reason="", **times
    )
