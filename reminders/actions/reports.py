"""What became of a text message after it was handed over: a number that takes none is closed, and a mail comes instead."""

import datetime as dt
import uuid

from django.db import transaction

from clinics import audit
from reminders.actions.outbox import move
from reminders.actions.reach import Refusal, note_refusals, ways_to
from reminders.actions.telling import tell_of_refusals
from reminders.models import Channel, Delivery
from reminders.rules.channels import refusal
from reminders.rules.reports import NUMBER_IS_GONE


@transaction.atomic
def note_report(*, delivery_id: uuid.UUID, number: str, code: int, now: dt.datetime) -> bool:
    """Note that a text message was not delivered; False when nothing is known of it, or when that was noted before.

    `code` is the provider's number of the error (0: none). The same row goes back into the queue to take e-mail while it is useful.
    """
    rows = Delivery.objects.filter(pk=delivery_id, status=Delivery.Status.SENT, channel=Channel.SMS)
    row = rows.select_for_update().values_list("clinic_id", "patient_id", "expires_at", "error").first()
    said = refusal(Channel.SMS, str(code))
    if row is None or row[3] == said:
        return False
    clinic, patient, expires_at, _error = row
    # A number that was changed meanwhile is not to blame.
    if code in NUMBER_IS_GONE and ways_to([patient], []).numbers.get(patient) == number:
        refusals = [Refusal(clinic, patient, Channel.SMS, number, str(code))]
        note_refusals(refusals, now=now)
        tell_of_refusals(refusals, now=now)
    if expires_at > now:
        move(rows, Delivery.Status.QUEUED, due_at=now, error=said)
    else:
        rows.update(error=said)
    audit.record("reminder.undelivered", clinic_id=clinic, patient_id=patient, at=now, code=code)
    return True
