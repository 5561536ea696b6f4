"""The trail: who read or wrote what, written in the same transaction as the thing itself."""

import contextvars
import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.db import models
from django.utils import timezone

from clinics.ids import uuid7
from clinics.models import AuditEvent, Membership, User
from clinics.prepared import PreparedInsert
from clinics.rows import Table


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts now, and from where; the empty one is the system itself."""

    user_id: uuid.UUID | None = None
    role: str = "system"
    clinic_id: uuid.UUID | None = None
    address: str | None = None
    request_id: str = ""


SYSTEM = Actor()
entries = PreparedInsert(AuditEvent)
_actor: contextvars.ContextVar[Actor] = contextvars.ContextVar("audit_actor", default=SYSTEM)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Let everything recorded inside belong to `actor`."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def current_actor() -> Actor:
    """Return who acts now."""
    return _actor.get()


def set_person(user: User | None, member: Membership | None) -> None:
    """Tell the trail who this request turned out to be."""
    role = member.role if member else ("administrator" if user and user.is_superuser else "")
    _actor.set(
        replace(
            _actor.get(),
            user_id=user.pk if user else None,
            role=role,
            clinic_id=member.clinic_id if member else None,
        )
    )


def event(
    action: str,
    *,
    clinic_id: uuid.UUID | None = None,
    patient_id: uuid.UUID | None = None,
    row: models.Model | None = None,
    outcome: str = AuditEvent.Outcome.OK,
    by: Membership | None = None,
    at: dt.datetime | None = None,
    **details: Any,
) -> AuditEvent:
    """Build (not save) one entry; `details` are ids, counts and field names, never free text."""
    actor = _actor.get()
    return AuditEvent(
        clinic_id=clinic_id or getattr(row, "clinic_id", None) or actor.clinic_id,
        actor_id=by.user_id if by else actor.user_id,
        role=by.role if by else actor.role,
        action=action,
        patient_id=patient_id or getattr(row, "patient_id", None),
        object_type=row._meta.label_lower if row is not None else "",
        object_id=row.pk if row is not None else None,
        details=details,
        outcome=outcome,
        address=actor.address,
        request_id=actor.request_id,
        at=at or timezone.now(),
    )


def record(action: str, **what: Any) -> None:
    """Write one entry; the arguments are those of `event`."""
    entries.write(event(action, **what))


def record_many(events: Iterable[AuditEvent]) -> None:
    """Write many entries in one statement."""
    AuditEvent.objects.bulk_create(list(events), batch_size=500)


def record_rows(action: str, keys: Iterable[uuid.UUID], *, like: models.Model, **what: Any) -> None:
    """Write one entry for each of many patients' records, as fast as the database takes them; `what` are arguments of `event`.

    `like` is a row of the table the keys belong to.
    """
    known = event(action, row=like, **what)
    own = ("id", "patient_id", "object_id")
    common = {field.attname: getattr(known, field.attname) for field in AuditEvent._meta.concrete_fields if field.attname not in own}
    table = Table(AuditEvent, *own, **common)
    for key in keys:
        table.add(uuid7().hex, key.hex, key.hex)
    table.store()


def entries_of(*, patient_id: uuid.UUID, clinic_id: uuid.UUID) -> "models.QuerySet[AuditEvent]":
    """Return the entries about one patient's record in one clinic, newest first; the caller has made sure the person may see them."""
    rows: models.QuerySet[AuditEvent] = AuditEvent.objects.filter(clinic_id=clinic_id, patient_id=patient_id).order_by("-at", "-id")
    return rows
