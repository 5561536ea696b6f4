"""A clinic's reminders in numbers: sent, late, held back and why, refused; per kind and channel, in a constant number of queries."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count, F, Q
from django.utils.functional import Promise

from clinics.localtime import local_day
from clinics.models import Membership
from reminders.actions.ledger import WHAT
from reminders.models import Channel, Contact, Delivery, Kind, PushSubscription, StaffNotice

SPANS = (7, 30)
LATE_AFTER = dt.timedelta(minutes=5)
"""Sent later than this after it was due counts as late."""
_S = Delivery.Status


@dataclass(slots=True)
class Line:
    """The numbers of one kind on one channel; `late` are among `sent`, `refused` among `failed`."""

    kind: str
    channel: str
    sent: int = 0
    late: int = 0
    held: int = 0
    missed: int = 0
    failed: int = 0
    waiting: int = 0

    @property
    def kind_label(self) -> Promise:
        """What it is about, in words."""
        return WHAT[self.kind]

    @property
    def channel_label(self) -> str:
        """How it is sent, in words."""
        return str(Channel(self.channel).label)


@dataclass(slots=True)
class Figures:
    """The numbers of a stretch of days, its last day being today."""

    days: int
    lines: list[Line] = field(default_factory=list)
    reasons: list[tuple[str, int]] = field(default_factory=list)
    staff: dict[str, int] = field(default_factory=dict)
    closed: dict[str, int] = field(default_factory=dict)
    devices: int = 0

    def total(self, name: str) -> int:
        """Return the sum of a column."""
        return sum(int(getattr(line, name)) for line in self.lines)

    @property
    def totals(self) -> dict[str, int]:
        """The sums of all columns."""
        return {name: self.total(name) for name in ("sent", "late", "held", "missed", "failed", "waiting")}


def figures_of(member: Membership, *, days: int, now: dt.datetime) -> Figures:
    """Return the numbers of the clinic for the last `days` local days; four queries, however many reminders there are."""
    first = local_day(now, member.clinic.time_zone) - dt.timedelta(days=days - 1)
    found = Figures(days)
    lines: dict[tuple[str, str], Line] = {}
    reasons: Counter[str] = Counter()
    is_late = Q(sent_at__gt=F("due_at") + LATE_AFTER) | Q(attempts__gt=1)
    rows = Delivery.objects.visible_to(member).filter(slot_on__gte=first, due_at__lte=now)
    grouped = rows.order_by().values_list("kind", "channel", "status", "hold_reason")
    for kind, channel, status, reason, count, late in grouped.annotate(n=Count("pk"), late=Count("pk", filter=Q(status=_S.SENT) & is_late)):
        line = lines.setdefault((kind, channel), Line(kind, channel))
        name = {_S.QUEUED: "waiting", _S.CLAIMED: "waiting"}.get(status, status)
        setattr(line, name, getattr(line, name) + count)
        line.late += late
        if status == _S.HELD and reason:
            reasons[reason] += count
    kinds, channels = list(Kind.values), list(Channel.values)
    found.lines = sorted(lines.values(), key=lambda line: (kinds.index(line.kind), channels.index(line.channel)))
    found.reasons = [(str(Delivery.HoldReason(reason).label), count) for reason, count in reasons.most_common()]
    notices = StaffNotice.objects.visible_to(member).filter(slot_on__gte=first, status=_S.SENT)
    found.staff = {
        str(StaffNotice.Kind(kind).label): count for kind, count in notices.order_by().values_list("kind").annotate(n=Count("pk"))
    }
    closed = Contact.objects.visible_to(member).exclude(refused_address="").order_by().values_list("channel")
    found.closed = {str(Channel(channel).label): count for channel, count in closed.annotate(n=Count("pk"))}
    found.devices = PushSubscription.objects.visible_to(member).count()
    return found
