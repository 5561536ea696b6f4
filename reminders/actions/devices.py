"""Switching notifications on and off on a patient's devices; choosing them, or text messages, for every kind at once."""

import datetime as dt
import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import Conflict, Invalid
from clinics.models import Membership
from patients.models import Patient
from reminders.actions.policies import channels_of, policy_of
from reminders.actions.reach import digest_of
from reminders.actions.wishes import keep_wishes, wishes_for
from reminders.channels.webpush import is_device
from reminders.models import Channel, PushSubscription
from reminders.rules.push_services import service_of

MOST_DEVICES = 8
"""A patient who switches on one more loses the one that was switched on first."""


def own_devices(patient: Patient, member: Membership) -> list[PushSubscription]:
    """Return the devices on which notifications are on, the newest first."""
    return list(PushSubscription.objects.visible_to(member).filter(patient=patient).order_by("-created_at"))


@transaction.atomic
def add_device(*, patient: Patient, endpoint: str, p256dh: str, auth: str, by: Membership, now: dt.datetime) -> None:
    """Switch notifications on for one device; with the first one every reminder comes this way until the patient says otherwise.

    A device belongs to whoever signed in on it last. Raises Conflict when the clinic has no notifications, Invalid for no real device.
    """
    if Channel.PUSH not in channels_of(policy_of(patient.clinic_id)):
        raise Conflict(_("Notifications are switched off here."))
    if not is_device(endpoint, p256dh, auth):
        raise Invalid(_("This browser's notifications cannot be used. Please stay with e-mail."))
    digest = digest_of(endpoint)
    others = PushSubscription.objects.filter(digest=digest).exclude(patient__membership__user=by.user)
    others.delete()
    mine = PushSubscription.objects.filter(patient=patient)
    is_first = not mine.exists()
    PushSubscription.objects.update_or_create(
        clinic_id=patient.clinic_id,
        digest=digest,
        defaults={
            "patient": patient,
            "endpoint": endpoint,
            "p256dh": p256dh,
            "auth": auth,
            "service": service_of(endpoint) or "",
            "created_at": now,
        },
    )
    kept = mine.order_by("-created_at").values_list("pk", flat=True)[:MOST_DEVICES]
    mine.exclude(pk__in=list(kept)).delete()
    audit.record("reminder.device_on", clinic_id=patient.clinic_id, patient_id=patient.pk, by=by, at=now)
    if is_first:
        prefer(patient=patient, channel=Channel.PUSH, instead_of=Channel.EMAIL, by=by, now=now)


@transaction.atomic
def remove_devices(*, patient: Patient, by: Membership, now: dt.datetime, which: uuid.UUID | None = None) -> None:
    """Switch notifications off on one device, or on all (None); without any, reminders come by e-mail again."""
    mine = PushSubscription.objects.filter(patient=patient, clinic_id=patient.clinic_id)
    (mine if which is None else mine.filter(pk=which)).delete()
    audit.record("reminder.device_off", clinic_id=patient.clinic_id, patient_id=patient.pk, by=by, at=now)
    if not mine.exists():
        prefer(patient=patient, channel=Channel.EMAIL, instead_of=Channel.PUSH, by=by, now=now)


def prefer(*, patient: Patient, channel: Channel, instead_of: Channel, by: Membership, now: dt.datetime) -> None:
    """Let every kind that came by one channel come by another."""
    wishes = wishes_for(patient)
    changed = {kind: wish._replace(channel=channel.value) if wish.channel == instead_of else wish for kind, wish in wishes.items()}
    if changed != wishes:
        keep_wishes(patient=patient, wishes=changed, by=by, now=now)
