"""New patients, changed master data, and the archive."""

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid
from clinics.localtime import is_valid_zone, local_day
from clinics.models import Clinic, Membership, Role
from clinics.transitions import advance
from patients.actions.caseload import new_entry
from patients.actions.handover import OTHERS, hands_over, note_handover
from patients.actions.rules import rules_of
from patients.models import Patient
from patients.rules.import_lines import numbers_after
from patients.states import PATIENT

EDITABLE = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "born_on",
    "sex",
    "language",
    "time_zone",
    "therapist",
    "doctor_name",
    "doctor_address",
)


def create_patient(
    *,
    clinic: Clinic,
    by: Membership,
    now: dt.datetime,
    first_name: str,
    last_name: str,
    email: str = "",
    phone: str = "",
    born_on: dt.date | None = None,
    sex: str = "",
    language: str = "",
    time_zone: str = "",
    therapist: Membership | None = None,
    number: str = "",
    is_test: bool = False,
    doctor_name: str = "",
    doctor_address: str = "",
) -> Patient:
    """Open a record in the clinic; without a number the next free one is taken, without a therapist `by` is the one.

    With an address an (uninvited) membership is made, so that an invitation can be sent later. Raises Invalid or Conflict.
    """
    check_person(clinic=clinic, now=now, born_on=born_on, time_zone=time_zone, therapist=therapist, email=email)
    number = number.strip()
    try:
        with transaction.atomic():
            membership = None
            if email:
                membership = Membership.objects.create(clinic=clinic, role=Role.PATIENT, name=known_as(first_name, last_name))
            patient = Patient.objects.create(
                clinic=clinic,
                membership=membership,
                therapist=therapist or by,
                number=number or next_number(clinic),
                first_name=first_name.strip(),
                last_name=last_name.strip(),
                email=email.strip().lower(),
                phone=phone.strip(),
                born_on=born_on,
                sex=sex,
                language=language or clinic.language,
                time_zone=time_zone,
                is_test=is_test,
                doctor_name=doctor_name.strip(),
                doctor_address=doctor_address.strip(),
                created_at=now,
            )
            new_entry(patient, refreshed_at=now, rule_set=rules_of(clinic, now=now)).save(force_insert=True)
            audit.record("patient.create", row=patient, patient_id=patient.pk, by=by, at=now)
    except IntegrityError as error:
        if number:
            raise Conflict(fields={"number": [_("This number is already in use.")]}) from error
        raise
    return patient


def known_as(first_name: str, last_name: str) -> str:
    """Return the name a membership shows, cut to what fits."""
    return f"{first_name} {last_name}".strip()[:160]


def next_number(clinic: Clinic) -> str:
    """Return the next running number of the clinic, five digits or more; two at once wait until the transaction around ends."""
    Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
    return next(numbers_after(highest_numbers(clinic)))


def highest_numbers(clinic: Clinic) -> dict[int, int]:
    """Return the highest running number of each length in digits; one query."""
    running = Patient.objects.filter(clinic=clinic, number__regex=r"^[0-9]{5,18}$").annotate(digits=Length("number")).order_by()
    return {digits: int(top) for digits, top in running.values("digits").annotate(top=Max("number")).values_list("digits", "top")}


def check_person(
    *, clinic: Clinic, now: dt.datetime, born_on: dt.date | None, time_zone: str, therapist: Membership | None, email: str = ""
) -> None:
    """Refuse a birthday in the future, an unknown time zone, or a therapist who does not work here."""
    fields: dict[str, list[Any]] = {}
    if born_on and (born_on > local_day(now, clinic.time_zone) or born_on.year < 1900):
        fields["born_on"] = [_("Please enter a date of birth in the past.")]
    if time_zone and not is_valid_zone(time_zone):
        fields["time_zone"] = [_("This time zone is not known.")]
    if therapist is not None and (therapist.clinic_id != clinic.pk or not therapist.is_staff or not therapist.is_current):
        fields["therapist"] = [_("This person does not work at your clinic.")]
    if fields:
        raise Invalid(fields=fields)


@transaction.atomic
def change_patient(*, patient: Patient, by: Membership, now: dt.datetime, **changes: Any) -> Patient:
    """Change master data; unknown names are refused, unchanged values are left alone.

    Another therapist is a handover: a manager does it for everybody, a therapist for the own patients. Raises Conflict, Invalid by field.
    """
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise ValueError(f"not editable: {sorted(unknown)}")
    if patient.erased_at is not None:
        raise Conflict(_("This person was erased. Nothing is entered here any more."))
    check_person(
        clinic=patient.clinic,
        now=now,
        born_on=changes.get("born_on", patient.born_on),
        time_zone=changes.get("time_zone", patient.time_zone),
        therapist=changes.get("therapist"),
    )
    changed = [name for name, value in changes.items() if getattr(patient, name) != value]
    before = patient.therapist if "therapist" in changed else None
    if "therapist" in changed and not hands_over(by, patient.therapist_id):
        raise Invalid(fields={"therapist": [OTHERS]})
    for name in changed:
        setattr(patient, name, changes[name])
    if changed:
        if "email" in changed and patient.email and patient.membership is None:
            patient.membership = Membership.objects.create(
                clinic=patient.clinic, role=Role.PATIENT, name=known_as(patient.first_name, patient.last_name)
            )
        patient.save()
        if patient.membership_id is not None and {"first_name", "last_name"} & set(changed):
            Membership.objects.filter(pk=patient.membership_id).update(name=known_as(patient.first_name, patient.last_name))
        audit.record("patient.change", row=patient, patient_id=patient.pk, by=by, at=now, fields=changed)
        if "therapist" in changed:
            target = patient.therapist
            note_handover([patient.pk], clinic_id=patient.clinic_id, source=before, target=target, reason="", by=by, now=now)
    return patient


@transaction.atomic
def archive_patient(*, patient: Patient, by: Membership, now: dt.datetime) -> None:
    """Take a record out of the caseload; raises Conflict while a program is running or when it already is."""
    if patient.assignments.running().exists():
        raise Conflict(_("A program is still running. End it first."))
    advance(patient, Patient.Status.ARCHIVED, table=PATIENT, now=now)
    audit.record("patient.archive", row=patient, patient_id=patient.pk, by=by, at=now)
