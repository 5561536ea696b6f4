"""Putting a reminder off: in an hour, tonight, or tomorrow, on the patient's wall clock and never into the quiet hours."""

from datetime import datetime, time, timedelta
from enum import StrEnum

from reminders.rules.moments import Moment, after_quiet, before_quiet, wished_at
from reminders.rules.timing import Kind, QuietHours, expires_at

EVENING = time(19)
"""When “tonight” is (default)."""
TONIGHT_UNTIL = time(18)
"""From then on “tonight” would be sooner than “in an hour”, and is not offered."""
MOST_TIMES = 3
"""So often one reminder may be put off."""


class Later(StrEnum):
    """When a patient wants to be reminded again."""

    HOUR = "hour"
    TONIGHT = "tonight"
    TOMORROW = "tomorrow"


def put_off(kind: Kind, later: Later, now: datetime, wish: time, quiet: QuietHours | None) -> Moment | None:
    """Return when the reminder comes again, in naive local times; None when that is no choice any more, as tonight in the evening.

    What falls into the quiet hours comes at their end; `wish` is the time of day the patient chose for this kind.
    """
    if later == Later.HOUR:
        due = (now + timedelta(hours=1)).replace(second=0, microsecond=0)
        due = after_quiet(due, quiet) if quiet else due
    elif later == Later.TONIGHT:
        if now.time() >= TONIGHT_UNTIL:
            return None
        due = wished_at(now.date(), EVENING, quiet)
    else:
        due = wished_at(now.date() + timedelta(days=1), wish, quiet)
    if due <= now:
        return None
    return Moment(due, before_quiet(due, expires_at(kind, due, due.date()), quiet))
