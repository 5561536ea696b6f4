"""The rules a clinic sets for reminders: read, applied to wishes, and changed; and which channels this installation offers at all."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction

from clinics import audit
from clinics.models import Clinic, Membership
from reminders.channels import sms, webpush
from reminders.models import Channel, Kind, ReminderPolicy
from reminders.rules.policy import Policy

USUAL = Policy()


def offered() -> frozenset[str]:
    """Return the channels this installation can send by."""
    found = {Channel.EMAIL.value}
    if webpush.private_key():
        found.add(Channel.PUSH.value)
    if sms.scheme():
        found.add(Channel.SMS.value)
    return frozenset(found)


def policy_from(
    kinds_off: Collection[str] | None,
    channels: Collection[str] | None,
    earliest: dt.time | None,
    latest: dt.time | None,
    most_unanswered: int | None,
    shown_as: str | None,
) -> Policy:
    """Return the rules from the columns of a row; None as `kinds_off`: there is no row."""
    if kinds_off is None:
        return USUAL
    on = frozenset({Channel.EMAIL.value, *(channels or ())})
    return Policy(frozenset(kinds_off), on, earliest, latest, most_unanswered, shown_as or "")


FIELDS = ("kinds_off", "channels", "earliest_at", "latest_at", "most_unanswered", "shown_as")


def zones_and_policies() -> tuple[dict[uuid.UUID, str], dict[uuid.UUID, Policy]]:
    """Return the time zones of all clinics, and the rules of those that have some of their own; one query."""
    zones, policies = {}, {}
    columns = (f"reminder_policy__{name}" for name in FIELDS)
    for clinic, zone, *own in Clinic.objects.values_list("pk", "time_zone", *columns):
        zones[clinic] = zone
        if own[0] is not None:
            policies[clinic] = policy_from(*own)
    return zones, policies


def policy_of(clinic: uuid.UUID) -> Policy:
    """Return the rules of one clinic."""
    row = ReminderPolicy.objects.filter(clinic_id=clinic).values_list(*FIELDS).first()
    return policy_from(*row) if row else USUAL


def channels_of(policy: Policy) -> list[Channel]:
    """Return the channels patients of a clinic may choose from."""
    can = offered() & policy.channels
    return [channel for channel in Channel if channel in can]


@transaction.atomic
def keep_policy(*, by: Membership, changes: Mapping[str, Any], now: dt.datetime) -> None:
    """Store the rules of the clinic; the next tick plans everybody anew. Raises nothing: the form has checked them."""
    values = {name: changes[name] for name in FIELDS}
    values["kinds_off"] = sorted(set(values["kinds_off"]) & set(Kind.values))
    values["channels"] = sorted(set(values["channels"]) & set(Channel.values) - {Channel.EMAIL.value})
    ReminderPolicy.objects.update_or_create(clinic_id=by.clinic_id, defaults=values | {"changed_at": now})
    # Named after the clinic, so that the next tick looks at all its patients.
    audit.record("clinic.reminders", row=by.clinic, clinic_id=by.clinic_id, by=by, at=now, kinds_off=values["kinds_off"])
