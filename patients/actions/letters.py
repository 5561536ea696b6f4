"""Writing a letter to the doctor who sent a patient: composed by rules in the letter's language, kept as it was written."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from clinics import audit, throttle
from clinics.errors import Conflict, Invalid, TooMany
from clinics.models import Language, Membership
from patients.actions.consents import standings_of
from patients.actions.once import store_once
from patients.actions.people import change_patient
from patients.letter_words import letter_content, read_facts
from patients.models import ADDRESS_MAX, FINDINGS_MAX, OUTLOOK_MAX, RECIPIENT_MAX, Letter, Patient
from patients.rules.consents import has_withdrawn
from patients.rules.letters import in_order

AN_HOUR = 60
"""Letters one person may write within an hour."""


def write_letter(
    *,
    patient: Patient,
    by: Membership,
    now: dt.datetime,
    language: str,
    recipient_name: str,
    recipient_address: str = "",
    parts: Sequence[str],
    findings: str = "",
    outlook: str = "",
    keeps_doctor: bool = False,
    client_key: uuid.UUID | None = None,
) -> tuple[Letter, bool]:
    """Compose and keep a letter; with `keeps_doctor` the addressee stays in the record. Returns the letter and whether it is new.

    Raises Invalid (no addressee, nothing to tell, too long, unknown language), Conflict (erased, agreement taken back, the same key with
    other content), TooMany.
    """
    words = {"recipient_name": recipient_name.strip(), "recipient_address": tidy(recipient_address)}
    words |= {"findings": tidy(findings), "outlook": tidy(outlook)}
    chosen = [part.value for part in in_order(parts)]
    check(words, chosen, language)

    def store(digest: str) -> Letter:
        check_patient(patient)
        if not throttle.take(f"letter:{by.pk}", amount=AN_HOUR, seconds=3600, now=now):
            raise TooMany(_("These are many letters in a short time. Please wait a little."))
        with translation.override(language):
            content = letter_content(read_facts(patient, by=by, now=now), parts=chosen, **words)
        row = Letter.objects.create(
            clinic_id=patient.clinic_id,
            patient=patient,
            written_by=by,
            written_at=now,
            language=language,
            parts=chosen,
            content=content,
            client_key=client_key,
            client_digest=digest,
            **words,
        )
        audit.record("letter.write", row=row, by=by, at=now, parts=chosen, language=language)
        if keeps_doctor:
            changes: dict[str, Any] = {"doctor_name": words["recipient_name"], "doctor_address": words["recipient_address"]}
            change_patient(patient=patient, by=by, now=now, **changes)
        return row

    content = {**words, "parts": chosen, "language": language, "by": by.pk}
    with transaction.atomic():
        return store_once(Letter, patient=patient, client_key=client_key, content=content, store=store)


def tidy(text: str) -> str:
    """Return a text with one kind of line break and no space around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def check(words: dict[str, str], parts: Sequence[str], language: str) -> None:
    """Refuse a letter to nobody, about nothing, too long, or in a language the product does not speak."""
    fields: dict[str, list[Any]] = {}
    if not words["recipient_name"]:
        fields["recipient_name"] = [_("Please write to whom the letter goes.")]
    for name, most in (
        ("recipient_name", RECIPIENT_MAX),
        ("recipient_address", ADDRESS_MAX),
        ("findings", FINDINGS_MAX),
        ("outlook", OUTLOOK_MAX),
    ):
        if len(words[name]) > most:
            fields[name] = [_("Please shorten this to %(limit_value)d characters.") % {"limit_value": most}]
    if not parts and not words["findings"]:
        fields["parts"] = [_("Choose something the letter should tell, or write some findings.")]
    if language not in Language.values:
        fields["language"] = [_("Please choose from the list.")]
    if fields:
        raise Invalid(fields=fields)


def check_patient(patient: Patient) -> None:
    """Refuse a letter about somebody who was erased or took back the agreement to the record."""
    if patient.erased_at is not None:
        raise Conflict(_("This person was erased. Nothing is entered here any more."))
    if has_withdrawn(standings_of(patient)):
        raise Conflict(_("The patient took back the agreement to this record. No letter can be written about it."))
