"""Sealing the audit trail: each entry's digest contains the one before it, so that a changed or missing entry shows."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from django.db import transaction

from clinics import throttle
from clinics.models import AuditEvent, TrailHead

SETTLE_SECONDS = 10
"""Entries younger than this may still be followed by one with a lower id from a transaction that is not yet committed."""
BATCH = 500
NOBODY = "-"
log = structlog.get_logger(__name__)


def canonical(event: AuditEvent) -> str:
    """Write an entry in the one way that is digested: all columns, sorted, UTC, no blanks."""
    content = {
        "id": str(event.pk),
        "clinic_id": _text(event.clinic_id),
        "actor_id": _text(event.actor_id),
        "role": event.role,
        "action": event.action,
        "patient_id": _text(event.patient_id),
        "object_type": event.object_type,
        "object_id": _text(event.object_id),
        "details": event.details,
        "outcome": event.outcome,
        "address": event.address or "",
        "request_id": event.request_id,
        "at": event.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "position": event.position,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _text(value: uuid.UUID | None) -> str:
    return str(value) if value else ""


def digest_after(previous: str, event: AuditEvent) -> str:
    """Return the digest of an entry that follows the entry with digest `previous` (empty for the first)."""
    return hashlib.sha256((previous + canonical(event)).encode()).hexdigest()


def _of_chain(chain: str) -> dict[str, object]:
    return {"clinic_id": None} if chain == NOBODY else {"clinic_id": uuid.UUID(chain)}


def seal_events(now: dt.datetime) -> int:
    """Seal what settled, clinic by clinic; returns how many entries; safe to run twice at once."""
    limit = now - dt.timedelta(seconds=SETTLE_SECONDS)
    waiting = AuditEvent.objects.filter(digest="", at__lte=limit).order_by().values_list("clinic_id", flat=True).distinct()
    sealed = 0
    for clinic_id in list(waiting):
        while count := _seal_batch(str(clinic_id or NOBODY), limit, now):
            sealed += count
    throttle.forget_old(now)
    return sealed


@transaction.atomic
def _seal_batch(chain: str, limit: dt.datetime, now: dt.datetime) -> int:
    TrailHead.objects.get_or_create(chain=chain)
    head = TrailHead.objects.select_for_update().get(chain=chain)
    events = list(AuditEvent.objects.filter(digest="", at__lte=limit, **_of_chain(chain)).order_by("id")[:BATCH])
    if not events:
        return 0
    position, digest = head.position, head.digest
    for event in events:
        position += 1
        event.position = position
        event.digest = digest = digest_after(digest, event)
    # On a database without row locks the moved head decides: whoever did not move it seals nothing.
    moved = TrailHead.objects.filter(chain=chain, position=head.position).update(position=position, digest=digest, sealed_at=now)
    if not moved:
        return 0
    AuditEvent.objects.bulk_update(events, ["digest", "position"], batch_size=100)
    log.info("trail_sealed", chain=chain, position=position, digest=digest)
    return len(events)


@dataclass(frozen=True, slots=True)
class Break:
    """A place where a chain does not hold."""

    chain: str
    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of all chains found."""

    chains: int
    events: int
    unsealed: int
    breaks: list[Break]


def verify_trail() -> Verdict:
    """Read every sealed entry again and report each place where something was changed, removed or put in."""
    breaks: list[Break] = []
    events = 0
    chains = {
        NOBODY if clinic is None else str(clinic) for clinic in AuditEvent.objects.order_by().values_list("clinic_id", flat=True).distinct()
    }
    heads = {head.chain: head for head in TrailHead.objects.all()}
    for chain in sorted(chains | set(heads)):
        head = heads.get(chain)
        position, digest = 0, ""
        for event in _sealed(chain):
            events += 1
            if event.position != position + 1:
                breaks.append(Break(chain, position + 1, "missing"))
            elif event.digest != digest_after(digest, event):
                breaks.append(Break(chain, event.position, "changed"))
            position, digest = event.position or 0, event.digest
        if (head.position if head else 0, head.digest if head else "") != (position, digest):
            breaks.append(Break(chain, position, "end"))
    return Verdict(chains=len(chains), events=events, unsealed=AuditEvent.objects.filter(digest="").count(), breaks=breaks)


def _sealed(chain: str) -> Iterator[AuditEvent]:
    return AuditEvent.objects.filter(**_of_chain(chain)).exclude(digest="").order_by("position").iterator(chunk_size=BATCH)
