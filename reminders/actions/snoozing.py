"""Putting a reminder off that was sent: the same row goes back into the queue with a new time."""

import datetime as dt
import uuid

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import Conflict
from clinics.localtime import local_day, to_local, to_utc
from reminders.actions.instants import SHORTEST_LIFE
from reminders.actions.outbox import move
from reminders.actions.policies import policy_of
from reminders.actions.wanting import default_wish, wishes_of
from reminders.models import Delivery, Kind
from reminders.rules import timing
from reminders.rules.snoozing import MOST_TIMES, Later, put_off

CAN_WAIT = frozenset({Kind.SESSION_TODAY, Kind.ASSESSMENT_DUE})
"""Kinds that may be put off."""
OVER_AFTER = dt.timedelta(days=2)


def delivery_of_link(delivery_id: uuid.UUID) -> Delivery | None:
    """Return the reminder a signed link belongs to, with patient, clinic and account; None when it is gone."""
    found: Delivery | None = Delivery.objects.filter(pk=delivery_id).select_related("patient__clinic", "patient__membership__user").first()
    return found


def choices_of(row: Delivery, *, now: dt.datetime) -> dict[Later, tuple[dt.datetime, dt.datetime]]:
    """Return when the reminder could come again: (due, useful until) in UTC; empty when it cannot be put off any more."""
    zone = row.patient.zone
    waits = row.status == Delivery.Status.QUEUED and row.snoozes > 0
    is_over = local_day(now, zone) > row.slot_on + OVER_AFTER
    if row.kind not in CAN_WAIT or is_over or not (waits or (row.status == Delivery.Status.SENT and row.snoozes < MOST_TIMES)):
        return {}
    said = wishes_of([row.patient_id], [row.kind]).get((row.patient_id, row.kind)) or default_wish(row.kind)
    wish = said.under(policy_of(row.clinic_id))
    local = to_local(now, zone).replace(tzinfo=None)
    found = {}
    least = dt.timedelta(minutes=1) if wish.quiet else SHORTEST_LIFE
    for later in Later:
        wall = put_off(timing.Kind(row.kind), later, local, wish.at, wish.quiet)
        if wall is not None:
            due = to_utc(wall.due.date(), wall.due.time(), zone)
            found[later] = (due, max(to_utc(wall.expires.date(), wall.expires.time(), zone), due + least))
    return found


@transaction.atomic
def snooze(*, row: Delivery, later: Later, now: dt.datetime) -> None:
    """Remind again later; asked twice it is one reminder with the last chosen time. Raises Conflict when that is not possible any more."""
    times = choices_of(row, now=now).get(later)
    if times is None:
        raise Conflict(_("This reminder cannot be put off any more."))
    due, expires = times
    mine = Delivery.objects.filter(pk=row.pk)
    changes = {"due_at": due, "expires_at": expires}
    sent = mine.filter(status=Delivery.Status.SENT, snoozes__lt=MOST_TIMES)
    moved = move(sent, Delivery.Status.QUEUED, snoozes=F("snoozes") + 1, **changes)
    if not moved and not mine.filter(status=Delivery.Status.QUEUED, snoozes__gt=0).update(**changes):
        raise Conflict(_("This reminder cannot be put off any more."))
    audit.record("reminder.snooze", row=row, at=now, later=str(later))
