"""Reminders that stay without an answer: after so many nothing more comes, and somebody of the clinic is told instead."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from django.db.models import F, Q

from reminders.actions.among import among
from reminders.actions.wanting import Wish
from reminders.models import Delivery, Kind
from reminders.rules.policy import Policy, is_unanswered

NUDGES = (Kind.SESSION_TODAY, Kind.SESSION_MISSED, Kind.CHECK_IN)
"""Kinds that ask for an entry, and stop when none comes."""
LOOKED_BACK = dt.timedelta(days=120)


class Nudge(Protocol):
    """A claimed reminder, as far as answers are concerned."""

    pk: uuid.UUID
    clinic_id: uuid.UUID
    patient_id: uuid.UUID
    kind: str
    due_at: dt.datetime
    snoozes: int
    last_entry_at: dt.datetime | None

    @property
    def policy(self) -> Policy:
        """The rules of the clinic."""


def sent_in_vain(patients: Collection[uuid.UUID], since: dt.datetime) -> dict[uuid.UUID, list[dt.datetime]]:
    """Return when these patients were reminded of sessions since their last entry, or since `since`; one query."""
    found: dict[uuid.UUID, list[dt.datetime]] = defaultdict(list)
    rows = Delivery.objects.filter(
        Q(patient__caseload=None) | Q(patient__caseload__last_entry_at=None) | Q(sent_at__gt=F("patient__caseload__last_entry_at")),
        among("patient_id", patients),
        kind__in=NUDGES,
        status=Delivery.Status.SENT,
        due_at__gte=since,
    )
    for patient, sent_at in rows.order_by("sent_at").values_list("patient_id", "sent_at"):
        if sent_at is not None:
            found[patient].append(sent_at)
    return found


def unanswered(rows: Sequence[Nudge], wishes: Mapping[tuple[uuid.UUID, str], Wish]) -> set[uuid.UUID]:
    """Return which claimed reminders follow on so many unanswered ones that they should not go out.

    Whoever changed their wishes, or asked to be reminded again, has answered.
    """
    nudges = [row for row in rows if row.kind in NUDGES and not row.snoozes and may_be_silent(row, wishes)]
    if not nudges:
        return set()
    sent = sent_in_vain({row.patient_id for row in nudges}, min(row.due_at for row in nudges) - LOOKED_BACK)
    return {row.pk for row in nudges if is_unanswered(since_wish(sent, wishes, row.patient_id), row.policy.most_unanswered)}


def may_be_silent(row: Nudge, wishes: Mapping[tuple[uuid.UUID, str], Wish]) -> bool:
    """Tell whether enough days went by for so many reminders, at one a day; where they did not nothing has to be counted."""
    most = row.policy.most_unanswered
    said = [wish.said_at for kind in NUDGES if (wish := wishes.get((row.patient_id, kind)))]
    last = max((at for at in (*said, row.last_entry_at) if at is not None), default=None)
    return most is not None and (last is None or row.due_at - last > dt.timedelta(days=most - 1))


def since_wish(
    sent: Mapping[uuid.UUID, list[dt.datetime]], wishes: Mapping[tuple[uuid.UUID, str], Wish], patient: uuid.UUID
) -> list[dt.datetime]:
    """Return the reminders sent since the patient last said what they want."""
    said = [wish.said_at for kind in NUDGES if (wish := wishes.get((patient, kind))) and wish.said_at]
    last = max(said, default=None)
    return [at for at in sent.get(patient, []) if last is None or at > last]
