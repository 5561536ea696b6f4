"""The moment of one reminder on the patient's wall clock, and the days an assessment is asked for."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from reminders.rules.timing import SHORTEST_CHANCE_MINUTES, Kind, QuietHours, due_at, expires_at

BEFORE_APPOINTMENT_MINUTES = 60
"""A reminder of an appointment comes at least this long before it, whatever the wish."""
ASSESSMENT_ASKED_AFTER_DAYS = (0, 3)
"""An assessment is asked for on its day, and once more when it is still open three days later."""
DEFAULT_WISH: dict[Kind, time] = {
    Kind.SESSION_TODAY: time(8),
    Kind.SESSION_MISSED: time(10),
    Kind.CHECK_IN: time(18),
    Kind.ASSESSMENT_DUE: time(9),
    Kind.PLAN_CHANGED: time(8),
    Kind.MESSAGE_WAITING: time(8),
    Kind.WEEKLY_SUMMARY: time(18),
}
OFF_UNLESS_WISHED = frozenset({Kind.SESSION_MISSED, Kind.CHECK_IN, Kind.WEEKLY_SUMMARY})
"""Kinds that come only to those who asked for them."""
SHORTEST_CHANCE = timedelta(minutes=SHORTEST_CHANCE_MINUTES)
SUNDAY, MONDAY = 7, 1
SUMMARY_DAYS = 7
UNREAD_AFTER_MINUTES = 15
"""A message is spoken of when it is still unread after so many minutes (default)."""
NIGHT = QuietHours(time(21), time(8))
"""What would come at night comes the next morning (default)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a reminder is due and from when it is no longer sent; naive local times."""

    due: datetime
    expires: datetime


def wished_at(slot_day: date, wish: time, quiet: QuietHours | None) -> datetime:
    """Return the naive local time of a wish for a day: itself, or beside the quiet hours; None: no quiet hours.

    What has to come before they begin comes a quarter of an hour before at the latest, so that there is time to try again.
    """
    due = due_at(slot_day, wish, quiet)
    if quiet is None or due.time() == quiet.until_time:
        return due
    left = before_quiet(due, due + SHORTEST_CHANCE, quiet) - due
    earlier = max(due - (SHORTEST_CHANCE - left), datetime.combine(slot_day, time.min))
    return due if quiet.covers(earlier.time()) else earlier


def before_quiet(due: datetime, expires: datetime, quiet: QuietHours | None) -> datetime:
    """Return an expiry that does not reach into the next quiet hours; None: no quiet hours."""
    if quiet is None or quiet.from_time == quiet.until_time:
        return expires
    begins = datetime.combine(due.date(), quiet.from_time)
    return min(expires, begins if begins > due else begins + timedelta(days=1))


def moment(kind: Kind, slot_day: date, wish: time, starts: datetime | None = None, quiet: QuietHours | None = None) -> Moment | None:
    """Return the moment of a reminder for a day; `starts` is the naive local time of an appointment, None where there is none.

    None when no useful moment is left: an appointment in the first minute of its day, or one in the patient's quiet hours.
    """
    due = wished_at(slot_day, wish, quiet)
    expires = expires_at(kind, due, slot_day)
    if starts is not None and starts.date() == slot_day:
        midnight = datetime.combine(slot_day, time.min)
        due = min(due, max(starts - timedelta(minutes=BEFORE_APPOINTMENT_MINUTES), midnight))
        due = due_at(slot_day, due.time(), quiet)
        expires = min(expires, starts)
    expires = before_quiet(due, expires, quiet)
    return Moment(due, expires) if due < expires else None


def assessment_slots(due_on: date) -> list[date]:
    """Return the days on which an assessment is asked for."""
    return [due_on + timedelta(days=days) for days in ASSESSMENT_ASKED_AFTER_DAYS]


def after_quiet(wall: datetime, quiet: QuietHours) -> datetime:
    """Return the naive local time, or the end of the quiet hours it lies in."""
    if not quiet.covers(wall.time()):
        return wall
    day = wall.date() + timedelta(days=quiet.crosses_midnight and wall.time() >= quiet.from_time)
    return datetime.combine(day, quiet.until_time)


def message_moment(sent: datetime, quiet: QuietHours | None = None, kind: Kind = Kind.MESSAGE_WAITING) -> Moment:
    """Return when a message, or a plan, written at a naive local time is spoken of: a quarter of an hour later, never at night.

    None: the patient named no quiet hours, and the usual night counts.
    """
    due = after_quiet(sent + timedelta(minutes=UNREAD_AFTER_MINUTES), quiet or NIGHT)
    # What they would cut off after a few minutes comes when they are over.
    due = after_quiet(due + SHORTEST_CHANCE, quiet) if quiet and quiet.covers((due + SHORTEST_CHANCE).time()) else due
    return Moment(due, before_quiet(due, expires_at(kind, due, due.date()), quiet))


def change_moment(made: datetime, from_on: date, quiet: QuietHours | None = None) -> Moment:
    """Return when a changed plan is spoken of: in the morning of its first day, or a little after it was made where that is later."""
    morning = datetime.combine(from_on, DEFAULT_WISH[Kind.PLAN_CHANGED]) - timedelta(minutes=UNREAD_AFTER_MINUTES)
    return message_moment(max(made, morning), quiet, Kind.PLAN_CHANGED)


def summary_days(slot_on: date) -> tuple[date, date]:
    """Return first and last of the seven days a weekly summary looks back on: up to the Sunday itself, or the day before."""
    last = slot_on if slot_on.isoweekday() == SUNDAY else slot_on - timedelta(days=1)
    return last - timedelta(days=SUMMARY_DAYS - 1), last
