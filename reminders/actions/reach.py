"""The ways to a patient: devices for notifications, a confirmed number for text messages, and addresses that were refused for good."""

import datetime as dt
import hashlib
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db import transaction

from clinics import audit
from clinics.models import Membership
from patients.models import Patient
from reminders.actions.among import among
from reminders.channels.email import mailbox
from reminders.channels.webpush import Device
from reminders.models import Channel, Contact, PushSubscription


@dataclass(slots=True)
class Ways:
    """What is known of the ways to some patients."""

    devices: dict[uuid.UUID, list[Device]] = field(default_factory=lambda: defaultdict(list))
    numbers: dict[uuid.UUID, str] = field(default_factory=dict)
    refused: set[tuple[uuid.UUID, str, str]] = field(default_factory=set)

    def is_refused(self, patient: uuid.UUID, channel: str, address: str) -> bool:
        """Tell whether an address was refused for good; another address of the same person is open."""
        return (patient, channel, address) in self.refused

    def number(self, patient: uuid.UUID) -> str:
        """Return the confirmed number that text messages go to; empty: none."""
        number = self.numbers.get(patient, "")
        return "" if self.is_refused(patient, Channel.SMS, number) else number

    def reaches(self, patient: uuid.UUID, channel: str) -> bool:
        """Tell whether a channel other than e-mail leads to the patient."""
        return bool(self.devices.get(patient)) if channel == Channel.PUSH else bool(self.number(patient))


def ways_to(patients: Collection[uuid.UUID], channels: Collection[str]) -> Ways:
    """Read the ways to these patients; devices only when somebody wants notifications. One query, or two."""
    ways = Ways()
    columns = ("patient_id", "channel", "number", "confirmed_at", "refused_address")
    for patient, channel, number, confirmed_at, refused in Contact.objects.filter(among("patient_id", patients)).values_list(*columns):
        if channel == Channel.SMS and number and confirmed_at is not None:
            ways.numbers[patient] = number
        if refused:
            ways.refused.add((patient, channel, refused))
    if Channel.PUSH in channels:
        rows = PushSubscription.objects.filter(among("patient_id", patients)).order_by("created_at")
        for patient, key, endpoint, p256dh, auth in rows.values_list("patient_id", "id", "endpoint", "p256dh", "auth"):
            ways.devices[patient].append(Device(key, endpoint, p256dh, auth))
    return ways


def digest_of(endpoint: str) -> str:
    """Return the digest by which a device is found."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


def drop_devices(keys: Iterable[uuid.UUID]) -> int:
    """Forget devices that will never listen again; returns how many."""
    return int(PushSubscription.objects.filter(pk__in=list(keys)).delete()[0])


@dataclass(frozen=True, slots=True)
class Refusal:
    """One address that was refused for good."""

    clinic_id: uuid.UUID
    patient_id: uuid.UUID
    channel: str
    address: str
    error: str


def note_refusals(refusals: Collection[Refusal], *, now: dt.datetime) -> None:
    """Close a channel for the people whose address was refused, until they have another one or somebody opens it again."""
    # One row a way: two reminders to the same person may be refused in one go.
    once = {(one.patient_id, one.channel): one for one in refusals}
    rows = [
        Contact(
            clinic_id=one.clinic_id,
            patient_id=one.patient_id,
            channel=one.channel,
            refused_address=one.address,
            refused_at=now,
            error=one.error[:40],
        )
        for one in once.values()
    ]
    Contact.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["clinic", "patient", "channel"],
        update_fields=["refused_address", "refused_at", "error"],
    )


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a patient, as a page shows it; `refused_at`: since when nothing goes there, None: it is open."""

    channel: str
    address: str = ""
    devices: int = 0
    refused_at: dt.datetime | None = None
    error: str = ""


def ways_shown(patient: Patient, member: Membership | None, channels: Collection[str]) -> list[Way]:
    """Return the ways to a patient that exist, those of the clinic's channels first; two queries."""
    contacts = {row.channel: row for row in Contact.objects.visible_to(member).filter(patient=patient)}
    user = patient.membership.user if patient.membership is not None else None
    email, mail, phone = wired(user.email if user else None), contacts.get(Channel.EMAIL), contacts.get(Channel.SMS)
    found = []
    if email:
        found.append(way_of(Channel.EMAIL, user.email if user else "", email, mail))
    devices = PushSubscription.objects.visible_to(member).filter(patient=patient).count() if Channel.PUSH in channels else 0
    if devices:
        found.append(Way(Channel.PUSH, devices=devices))
    if phone is not None and phone.number and phone.confirmed_at is not None:
        found.append(way_of(Channel.SMS, phone.number, phone.number, phone))
    return found


def way_of(channel: str, shown: str, address: str, contact: Contact | None) -> Way:
    """Return a way with what is known of its address."""
    if contact is None or not address or contact.refused_address != address:
        return Way(channel, shown)
    return Way(channel, shown, refused_at=contact.refused_at, error=contact.error)


def choices_for(ways: Iterable[Way], channels: Iterable[Channel]) -> list[Channel]:
    """Return the channels a patient can choose from: those of the clinic that lead to them, and e-mail."""
    there = {way.channel for way in ways} | {Channel.EMAIL.value}
    return [channel for channel in channels if channel in there]


@transaction.atomic
def open_again(*, patient: Patient, by: Membership, now: dt.datetime) -> None:
    """Try refused addresses once more: somebody says that they work now."""
    refused = Contact.objects.filter(patient=patient, clinic_id=patient.clinic_id).exclude(refused_address="")
    if refused.update(refused_address="", refused_at=None, error=""):
        audit.record("reminder.open_again", clinic_id=patient.clinic_id, patient_id=patient.pk, by=by, at=now)


def wired(email: str | None) -> str:
    """Return an e-mail address as it is refused or taken."""
    return mailbox(email or "")
