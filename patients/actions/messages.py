"""Writing and reading messages between a patient and the clinic."""

import datetime as dt
import uuid

from django.db import transaction
from django.db.models import Count, Min
from django.utils.translation import gettext_lazy as _

from clinics import audit, throttle
from clinics.errors import Invalid, TooMany
from clinics.models import Membership
from patients.actions.caseload import note_messages
from patients.actions.once import store_once
from patients.actions.steps import settle_alerts
from patients.models import MESSAGE_MAX, Alert, CaseloadEntry, Message, Patient
from patients.rules.triage import Rule

PER_AUTHOR_AND_HOUR = {True: 20, False: 300}
"""For patients, and for staff who write to many."""
PER_CLINIC_AND_HOUR = 1000


def send_message(
    *, patient: Patient, body: str, by: Membership, now: dt.datetime, client_key: uuid.UUID | None = None
) -> tuple[Message, bool]:
    """Store a message from the patient or from the clinic; an answer of the clinic marks what the patient wrote before as read.

    Line breaks stay. Returns the message and whether it is new. Raises Invalid (empty, longer than 2,000 characters), TooMany, Conflict.
    """
    text = body.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise Invalid(fields={"body": [_("Please write something first.")]})
    if len(text) > MESSAGE_MAX:
        raise Invalid(fields={"body": [_("Please shorten this to 2,000 characters.")]})

    def store(digest: str) -> Message:
        limit(by, now)
        row = Message.objects.create(
            clinic_id=patient.clinic_id,
            patient=patient,
            author=by,
            from_patient=by.is_patient,
            body=text,
            sent_at=now,
            client_key=client_key,
            client_digest=digest,
        )
        audit.record("message.send", row=row, by=by, at=now)
        if not by.is_patient:
            mark(patient, from_patient=True, by=by, now=now)
        note(patient, from_patient=by.is_patient, now=now)
        return row

    with transaction.atomic():
        return store_once(Message, patient=patient, client_key=client_key, content={"body": text, "author": by.pk}, store=store)


def limit(by: Membership, now: dt.datetime) -> None:
    """Count one message; raises TooMany when the author, or all of the clinic together, wrote too many within the hour."""
    own = throttle.take(f"message:{by.pk}", amount=PER_AUTHOR_AND_HOUR[by.is_patient], seconds=3600, now=now)
    if not own or not throttle.take(f"messages:{by.clinic_id}", amount=PER_CLINIC_AND_HOUR, seconds=3600, now=now):
        raise TooMany(_("These are many messages in a short time. Please wait a little, or call."))


@transaction.atomic
def mark_read(*, patient: Patient, by: Membership, now: dt.datetime) -> int:
    """Mark everything the other side wrote as read; returns how many messages that were."""
    return mark(patient, from_patient=not by.is_patient, by=by, now=now)


def mark(patient: Patient, *, from_patient: bool, by: Membership, now: dt.datetime) -> int:
    """Mark the unread messages of one side as read, in the rows, the caseload line and the alert they raised."""
    unread = Message.objects.unread().filter(clinic_id=patient.clinic_id, patient=patient, from_patient=from_patient)
    count = unread.filter(sent_at__lte=now).update(read_at=now, read_by=by)
    if not count:
        return 0
    audit.record("message.read", row=patient, patient_id=patient.pk, by=by, at=now, count=count)
    if from_patient:
        raised = Alert.objects.unresolved().filter(clinic_id=patient.clinic_id, patient=patient, rule=Rule.MESSAGE_WAITING.value)
        settle_alerts(raised.select_related("seen_by"), by=by, now=now)
    note(patient, from_patient=from_patient, now=now)
    return int(count)


def note(patient: Patient, *, from_patient: bool, now: dt.datetime) -> None:
    """Count what is unread and bring it into the caseload line."""
    unread = Message.objects.unread().filter(clinic_id=patient.clinic_id, patient=patient, from_patient=from_patient)
    found = unread.aggregate(count=Count("id"), first=Min("sent_at"))
    note_messages(patient, from_patient=from_patient, count=found["count"], since=found["first"], now=now)


def unread_for_patient(entry: CaseloadEntry) -> int:
    """Return how many messages of the clinic the patient has not opened, from the caseload line."""
    return int((entry.facts.get("to_patient") or (0,))[0])


def unread_for_clinic(entry: CaseloadEntry) -> int:
    """Return how many messages of the patient wait for the clinic, from the caseload line."""
    return int((entry.facts.get("to_clinic") or (0,))[0])
