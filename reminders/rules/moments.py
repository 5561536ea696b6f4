"""The moment of one reminder on the patient's wall clock, and the days an assessment is asked for."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from reminders.rules.timing import Kind, QuietHours, due_at, expires_at

BEFORE_APPOINTMENT_MINUTES = 60
"""A reminder of an appointment comes at least this long before it, whatever the wish."""
ASSESSMENT_ASKED_AFTER_DAYS = (0, 3)
"""An assessment is asked for on its day, and once more when it is still open three days later."""
DEFAULT_WISH: dict[Kind, time] = {Kind.SESSION_TODAY: time(8), Kind.ASSESSMENT_DUE: time(9), Kind.MESSAGE_WAITING: time(8)}
UNREAD_AFTER_MINUTES = 15
"""A message is spoken of when it is still unread after so many minutes (default)."""
NIGHT = QuietHours(time(21), time(8))
"""What would come at night comes the next morning (default)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a reminder is due and from when it is no longer sent; naive local times."""

    due: datetime
    expires: datetime


def moment(kind: Kind, slot_day: date, wish: time, starts: datetime | None = None) -> Moment | None:
    """Return the moment of a reminder for a day; `starts` is the naive local time of an appointment, None where there is none.

    None when no useful moment is left: an appointment in the first minute of its day.
    """
    due = due_at(slot_day, wish)
    expires = expires_at(kind, due, slot_day)
    if starts is not None and starts.date() == slot_day:
        midnight = datetime.combine(slot_day, time.min)
        due = min(due, max(starts - timedelta(minutes=BEFORE_APPOINTMENT_MINUTES), midnight))
        expires = min(expires, starts)
    return Moment(due, expires) if due < expires else None


def assessment_slots(due_on: date) -> list[date]:
    """Return the days on which an assessment is asked for."""
    return [due_on + timedelta(days=days) for days in ASSESSMENT_ASKED_AFTER_DAYS]


def message_moment(sent: datetime) -> Moment:
    """Return when a message written at a naive local time is spoken of: a quarter of an hour later, never at night."""
    due = sent + timedelta(minutes=UNREAD_AFTER_MINUTES)
    if NIGHT.covers(due.time()):
        day = due.date() + timedelta(days=due.time() >= NIGHT.from_time)
        due = datetime.combine(day, NIGHT.until_time)
    return Moment(due, expires_at(Kind.MESSAGE_WAITING, due, due.date()))
