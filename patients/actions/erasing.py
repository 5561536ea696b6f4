"""Asking to be erased, answering it, and deleting what is left when its time is over."""

import datetime as dt
import re
import secrets
import uuid
from collections.abc import Collection
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, models, router, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.actions.erasing import erase_membership, forget_in_administration
from clinics.actions.members import may
from clinics.errors import Conflict, Invalid
from clinics.localtime import local_day
from clinics.mail import send_account_mail
from clinics.models import Clinic, Membership, Role
from clinics.transitions import advance
from patients.actions.caseload import refresh_entry
from patients.actions.once import store_once
from patients.models import Assignment, CheckIn, Correction, ErasureRequest, Patient, Run, SessionLog
from patients.moments import day_month_year
from patients.rules.retention import answer_by, is_proof, keep_until
from patients.states import ERASURE, PATIENT
from programs.models import Program, ProgramVersion

TEXT_LENGTH = 2000
BATCH = 200
NOTHING = "–"
CODE = re.compile(r"[0-9T:.,+Z-]{1,40}")
"""Numbers, days and moments written as text: what a correction may keep of a value."""


# --- the patient's side -------------------------------------------------------------------


def ask_for_erasure(
    *, patient: Patient, by: Membership, now: dt.datetime, words: str = "", client_key: uuid.UUID | None = None
) -> ErasureRequest:
    """Store a patient's wish to be erased; one may wait at a time. Raises Conflict when one waits already."""
    words = words.strip()
    if len(words) > TEXT_LENGTH:
        raise Invalid(fields={"words": [_("Please write at most 2000 characters.")]})

    def store(digest: str) -> ErasureRequest:
        row = ErasureRequest.objects.create(
            clinic_id=patient.clinic_id,
            patient=patient,
            words=words,
            asked_at=now,
            answer_by_on=answer_by(local_day(now, patient.zone)),
            client_key=client_key,
            client_digest=digest,
        )
        audit.record("erasure.ask", row=row, by=by, at=now)
        tell_managers(patient.clinic, row.answer_by_on)
        return row

    try:
        row, _new = store_once(ErasureRequest, patient=patient, client_key=client_key, content={"words": words}, store=store)
    except IntegrityError as error:
        raise Conflict(_("You have already asked. Your clinic will answer.")) from error
    return row


def tell_managers(clinic: Clinic, until: dt.date) -> None:
    """Mail the clinic's managers that a request waits, without saying whose."""
    told: dict[str, Any] = {"clinic": clinic, "url": f"{settings.BASE_URL}{reverse('patients:erasure_requests')}"}
    managers = Membership.objects.current().filter(clinic=clinic, role=Role.MANAGER)
    for email, own in managers.values_list("user__email", "user__language"):
        language = own or clinic.language
        with translation.override(language):
            day = day_month_year(until)
        send_account_mail("erasure_asked", email, told | {"until": day}, language)


@transaction.atomic
def withdraw_erasure(*, request: ErasureRequest, by: Membership, now: dt.datetime) -> None:
    """Take a waiting request back; raises Conflict when it was answered."""
    advance(request, ErasureRequest.Status.WITHDRAWN, table=ERASURE, now=now, withdrawn_at=now)
    audit.record("erasure.withdraw", row=request, by=by, at=now)


# --- the clinic's side --------------------------------------------------------------------


@transaction.atomic
def refuse_erasure(*, request: ErasureRequest, reason: str, by: Membership, now: dt.datetime) -> None:
    """Refuse a request with a reason that the patient reads; raises NotAllowed, Invalid, Conflict."""
    may(by, "erasure.answer", request.clinic_id)
    reason = reason.strip()
    if not 0 < len(reason) <= TEXT_LENGTH:
        raise Invalid(fields={"reason": [_("Please give the reason: the patient reads it.")]})
    advance(request, ErasureRequest.Status.REFUSED, table=ERASURE, now=now, answer=reason, answered_by=by, answered_at=now)
    audit.record("erasure.refuse", row=request, by=by, at=now)
    tell_answer(request.patient, is_done=False)


@transaction.atomic
def erase_patient(*, patient: Patient, typed: str, by: Membership, now: dt.datetime, years: int) -> dt.date:
    """Take everything that names a person out of their record for good, and return the day until which the rest is kept.

    Names, addresses, birthday, free texts, the way in, sessions, tokens, wishes and reminders go; clinical rows stay under a pseudonym
    for `years` after the last day of treatment (see patients/rules/retention.py). `typed` is the patient's number, typed by hand.
    Raises NotAllowed, Invalid (another number), Conflict (a program is still running, or it was done already).
    """
    may(by, "erasure.answer", patient.clinic_id)
    if not is_proof(typed, patient.number):
        raise Invalid(fields={"number": [_("This is not the number of this patient. Nothing was changed.")]})
    row: Patient = Patient.objects.select_for_update(of=("self",)).select_related("clinic", "membership__user").get(pk=patient.pk)
    if row.erased_at is not None:
        raise Conflict(_("This was already carried out."))
    if Assignment.objects.running().filter(patient=row, clinic_id=row.clinic_id).exists():
        raise Conflict(_("A program is still running. End it first."))
    until = keep_until(last_day_of(row, now=now), years)
    pseudonym = f"X-{secrets.token_hex(4).upper()}"
    membership = Membership.objects.select_related("user").filter(patient=row).first()
    tell_answer(row, is_done=True)
    audit.record("patient.erase", row=row, patient_id=row.pk, by=by, at=now, keep_until=until.isoformat())
    for request in ErasureRequest.objects.filter(patient=row, status=ErasureRequest.Status.OPEN):
        advance(request, ErasureRequest.Status.DONE, table=ERASURE, now=now, answered_by=by, answered_at=now)
    keys = {row.pk, *([membership.pk] if membership else [])}
    for model in tables_of_patients():
        keys |= empty_rows(model, row)
    ProgramVersion.objects.filter(program__in=tailored_for([row.pk]), status=ProgramVersion.Status.DRAFT).delete()
    ProgramVersion.objects.filter(program__in=tailored_for([row.pk])).update(reason="")
    if row.status != Patient.Status.ARCHIVED:
        advance(row, Patient.Status.ARCHIVED, table=PATIENT, now=now)
    for name in names_in(Patient):
        setattr(row, name, empty_of(Patient, name))
    row.first_name, row.last_name, row.number, row.born_on = "", pseudonym, pseudonym, None
    row.erased_at, row.keep_until_on = now, until
    row.save()
    if membership is not None:
        erase_membership(membership=membership, pseudonym=pseudonym, now=now)
    forget_in_administration(keys)
    refresh_entry(row, now=now)
    return until


def tell_answer(patient: Patient, *, is_done: bool) -> None:
    """Mail the person that the request is answered (GDPR Art. 12(3)), without saying more; the last mail before the address goes."""
    membership = patient.membership
    user = membership.user if membership is not None else None
    address = user.email if user is not None else patient.email
    if address:
        told = {"clinic": patient.clinic, "is_done": is_done, "url": f"{settings.BASE_URL}{reverse('patients:my_data')}"}
        send_account_mail("erasure_answer", address, told, (user.language if user is not None else "") or patient.language)


def last_day_of(patient: Patient, *, now: dt.datetime) -> dt.date:
    """Return the last day something was treated or entered; the day the record was opened when nothing was."""
    days: list[dt.date | None] = [
        model._default_manager.filter(patient=patient, clinic_id=patient.clinic_id).aggregate(last=Max("on"))["last"]
        for model in (SessionLog, CheckIn, Run)
    ]
    given = Assignment.objects.filter(patient=patient, clinic_id=patient.clinic_id).exclude(status=Assignment.Status.WITHDRAWN)
    days.append(given.aggregate(last=Max("ends_on"))["last"])
    today = local_day(now, patient.zone)
    found: dt.date = max([local_day(patient.created_at, patient.zone), *(min(day, today) for day in days if day is not None)])
    return found


def tables_of_patients() -> list[type[models.Model]]:
    """Return every table whose rows belong to one patient, those that others point to last: new tables are among them by themselves."""
    found = [
        model
        for model in apps.get_models()
        if any(field.name == "patient" and field.related_model is Patient for field in model._meta.concrete_fields)
    ]
    ordered: list[type[models.Model]] = []
    while found:
        free = [model for model in found if not any(_points_to(other, model) for other in found if other is not model)]
        # Tables in a circle would never become free; the first of them goes first and the database says so.
        ordered += free or found[:1]
        found = [model for model in found if model not in ordered]
    return ordered


def _points_to(model: type[models.Model], target: type[models.Model]) -> bool:
    return any(field.related_model is target for field in model._meta.concrete_fields if field.is_relation)


def tailored_for(patients: Collection[uuid.UUID]) -> "models.QuerySet[Program]":
    """Return the programs that exist for these patients alone."""
    drafted = [f"tailored-{pk}" for pk in Assignment.objects.filter(patient__in=patients).values_list("pk", flat=True)]
    mine = models.Q(versions__assignments__patient__in=patients) | models.Q(key__in=drafted)
    found: models.QuerySet[Program] = Program.objects.filter(mine, origin=Program.Origin.TAILORED).distinct()
    return found


def names_in(model: type[models.Model]) -> list[str]:
    """Return the columns of a table that may hold a person's words: every text and JSON that is neither a choice nor `coded`."""
    coded: frozenset[str] = getattr(model, "coded", frozenset())
    kinds = (models.CharField, models.TextField, models.JSONField, models.GenericIPAddressField)
    return [
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, kinds) and not field.choices and not field.primary_key and field.name not in coded
    ]


def empty_of(model: type[models.Model], name: str) -> Any:
    """Return what stands in a column when nothing does: a dash where something has to."""
    field: Any = model._meta.get_field(name)
    if isinstance(field, models.JSONField):
        return field.get_default() if field.has_default() else None
    return None if field.null else "" if field.blank else NOTHING


def empty_rows(model: type[models.Model], patient: Patient) -> set[Any]:
    """Empty the texts of a patient's rows of one table, or delete the rows that go with the person; return their keys."""
    rows = model._default_manager.filter(patient=patient)
    keys = set(rows.order_by().values_list("pk", flat=True))
    if getattr(model, "goes_with_person", False):
        rows.delete()
        return keys
    names = names_in(model)
    if names:
        rows.update(**{name: empty_of(model, name) for name in names})
    if model is Correction:
        for one in Correction.objects.filter(patient=patient).iterator(chunk_size=500):
            Correction.objects.filter(pk=one.pk).update(before=without_words(one.before), after=without_words(one.after))
    return keys


def without_words(values: dict[str, Any]) -> dict[str, Any]:
    """Return what a correction may keep: numbers, days, yes and no."""
    return {
        name: value
        for name, value in values.items()
        if value is None or isinstance(value, bool | int | float) or isinstance(value, str) and CODE.fullmatch(value)
    }


# --- what time brings ---------------------------------------------------------------------


@transaction.atomic
def delete_expired(*, now: dt.datetime) -> int:
    """Delete what is left of erased people when the day until which it is kept is over; returns how many records.

    One DELETE for each table and batch, those that point to others first. The trail keeps its entries, which name nobody.
    """
    over = [
        patient
        for patient in Patient.objects.filter(erased_at__isnull=False, keep_until_on__lte=now.date())
        .select_related("clinic")
        .order_by("keep_until_on")[:BATCH]
        if patient.keep_until_on is not None and patient.keep_until_on < local_day(now, patient.zone)
    ]
    if not over:
        return 0
    keys = [patient.pk for patient in over]
    memberships = [patient.membership_id for patient in over if patient.membership_id]
    programs = list(tailored_for(keys).values_list("pk", flat=True))
    audit.record_many(audit.event("patient.delete", row=patient, patient_id=patient.pk, at=now) for patient in over)
    for model in tables_of_patients():
        delete_rows(model, patient_id__in=keys)
    ProgramVersion.objects.filter(program__in=programs).delete()
    Program.objects.filter(pk__in=programs).delete()
    delete_rows(Patient, pk__in=keys)
    delete_rows(Membership, pk__in=memberships)
    return len(keys)


def delete_rows(model: type[models.Model], **which: Any) -> None:
    """Delete rows in one statement; the database refuses when something still points to one of them."""
    rows: Any = model._default_manager.filter(**which)
    rows._raw_delete(router.db_for_write(model))
