"""When a reminder is due, when it is too late, and when it is tried again.

Local times are naive wall-clock readings of the patient's place; the caller turns them into instants with `clinics.localtime`, which
knows the days on which the clock jumps. All numbers are product defaults: no best reminder schedule was found in the literature.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_ID = re.compile(r"[A-Za-z0-9-]+")

LAST_MINUTES_OF_DAY = 60
SHORTEST_CHANCE_MINUTES = 15
BACK_OFF_SECONDS = (30, 30, 60, 300, 900, 3600)
"""The first tries go with the next ticks, so that what a server put off for a moment is out two minutes after that moment."""
DOMAIN_TRIES = 5
"""When the mail servers of one domain put us off so often one time after another, its other mails wait for a later tick."""


class Kind(StrEnum):
    """What a message is about, as far as its time is concerned."""

    SESSION_TODAY = "session_today"
    SESSION_MISSED = "session_missed"
    CHECK_IN = "check_in"
    ASSESSMENT_DUE = "assessment_due"
    PLAN_CHANGED = "plan_changed"
    MESSAGE_WAITING = "message_waiting"
    WEEKLY_SUMMARY = "weekly_summary"
    ALERT = "alert"
    DIGEST = "digest"


# These speak of "today" and are worth nothing tomorrow.
BOUND_TO_DAY = frozenset({Kind.SESSION_TODAY, Kind.SESSION_MISSED, Kind.CHECK_IN, Kind.DIGEST})

GRACE_MINUTES: dict[Kind, int] = {
    Kind.SESSION_TODAY: 12 * 60,
    Kind.SESSION_MISSED: 12 * 60,
    Kind.CHECK_IN: 12 * 60,
    Kind.ASSESSMENT_DUE: 48 * 60,
    Kind.PLAN_CHANGED: 24 * 60,
    Kind.MESSAGE_WAITING: 24 * 60,
    Kind.WEEKLY_SUMMARY: 24 * 60,
    Kind.ALERT: 72 * 60,
    Kind.DIGEST: 12 * 60,
}


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A daily stretch without messages, from included to until excluded; it may cross midnight, and is empty when both are the same."""

    from_time: time
    until_time: time

    @property
    def crosses_midnight(self) -> bool:
        """Whether it begins in the evening and ends the next morning."""
        return self.until_time < self.from_time

    def covers(self, wall: time) -> bool:
        """Say whether the wall-clock time lies in the quiet hours."""
        if self.crosses_midnight:
            return wall >= self.from_time or wall < self.until_time
        return self.from_time <= wall < self.until_time


def due_at(slot_day: date, wish: time, quiet: QuietHours | None = None) -> datetime:
    """Return the naive local time at which a reminder of a day is due: the wish, or the nearest time outside quiet hours.

    A wish in the quiet hours moves to their end on the same day. Where they end only the next day, or at midnight, it moves to the last
    minute before they begin, so that a reminder never leaves its day; when the whole day is quiet the wish stands. None: no quiet hours.
    """
    wall = datetime.combine(slot_day, wish)
    if quiet is None or not quiet.covers(wish):
        return wall
    if not quiet.crosses_midnight or wish < quiet.until_time:
        return datetime.combine(slot_day, quiet.until_time)
    return datetime.combine(slot_day, quiet.from_time) - _MINUTE


def expires_at(kind: Kind, due: datetime, slot_day: date, grace_minutes: int | None = None) -> datetime:
    """Return the naive local time from which a reminder is no longer sent.

    It is the due time plus the grace (None: the kind's own, in minutes); what speaks of today also ends an hour before midnight, but never
    less than a quarter of an hour after it was due and never after its day.
    """
    if grace_minutes is not None and grace_minutes < 0:
        raise ValueError("a grace time is not negative")
    limit = due + timedelta(minutes=GRACE_MINUTES[kind] if grace_minutes is None else grace_minutes)
    if kind not in BOUND_TO_DAY:
        return limit
    midnight = datetime.combine(slot_day + _DAY, time.min)
    last_call = max(midnight - timedelta(minutes=LAST_MINUTES_OF_DAY), due + timedelta(minutes=SHORTEST_CHANCE_MINUTES))
    return min(limit, last_call, midnight)


def is_expired(expires: datetime, now: datetime) -> bool:
    """Say whether it is too late; both times naive local or both aware, raises TypeError for a mixture."""
    return now >= expires


def next_attempt(attempt: int, now: datetime) -> datetime:
    """Return when to try again after the `attempt`-th failure (from 1): twice 30 s, 1, 5, 15 and then every 60 minutes later."""
    if attempt < 1:
        raise ValueError("attempts are counted from 1")
    return now + timedelta(seconds=BACK_OFF_SECONDS[min(attempt, len(BACK_OFF_SECONDS)) - 1])


def message_id(delivery_id: object, domain: str) -> str:
    """Return the Message-ID of a delivery, the same for every attempt so that a mail sent twice is recognised as one.

    Raises ValueError for an id or a domain that could break out of the header.
    """
    name = str(delivery_id)
    if not _ID.fullmatch(name) or not _DOMAIN.fullmatch(domain):
        raise ValueError("a message id needs a plain id and a host name")
    return f"<delivery.{name}@{domain}>"
