"""From the wall clock of a place to instants: when a reminder is due and until when it is useful, also on the nights the clock jumps."""

import datetime as dt
from dataclasses import dataclass, field

from clinics.localtime import day_bounds, to_local, to_utc
from reminders.rules import timing
from reminders.rules.moments import NIGHT, Moment, change_moment, message_moment, moment
from reminders.rules.timing import SHORTEST_CHANCE_MINUTES, QuietHours

MINUTE = dt.timedelta(minutes=1)
SHORTEST_LIFE = dt.timedelta(minutes=15)
Times = tuple[dt.datetime, dt.datetime]
"""Due and expiry."""


@dataclass(slots=True)
class Instants:
    """UTC instants of due and expiry for one time zone; remembers, because most patients share a wish."""

    zone: str
    known: dict[tuple[str, dt.date, dt.time, dt.datetime | None, QuietHours | None], Times | None] = field(default_factory=dict)

    def of(self, kind: str, day: dt.date, wish: dt.time, starts_at: dt.datetime | None, quiet: QuietHours | None = None) -> Times | None:
        """Return (due, expires); None when there is no useful moment."""
        key = (kind, day, wish, starts_at, quiet)
        if key not in self.known:
            self.known[key] = self._reckon(*key)
        return self.known[key]

    def _reckon(self, kind: str, day: dt.date, wish: dt.time, starts_at: dt.datetime | None, quiet: QuietHours | None) -> Times | None:
        starts = to_local(starts_at, self.zone).replace(tzinfo=None) if starts_at is not None else None
        wall = moment(timing.Kind(kind), day, wish, starts, quiet)
        if wall is None:
            return None
        due = to_utc(wall.due.date(), wall.due.time(), self.zone)
        expires = to_utc(wall.expires.date(), wall.expires.time(), self.zone)
        begin, end = day_bounds(day, self.zone)
        if quiet is not None and jumps(day, wall.expires.date(), self.zone):
            is_ended = starts is not None and starts.date() == day
            return beside_quiet(timing.Kind(kind), due, (begin, starts_at if is_ended and starts_at else end), quiet, self.zone)
        if due >= end:
            # The clock jumped over the rest of the day: what belongs to it comes before.
            due = end - SHORTEST_LIFE
        # A jump of the clock may bring both onto the same instant.
        return due, expires if expires > due else due + MINUTE


def message_times(sent_at: dt.datetime, zone: str, quiet: QuietHours | None = None) -> tuple[dt.date, Times]:
    """Return the local day on which a message is spoken of, and (due, expires); None as `quiet`: the usual night."""
    return on_the_day(message_moment(to_local(sent_at, zone).replace(tzinfo=None), quiet), zone, quiet)


def change_times(made_at: dt.datetime, from_on: dt.date, zone: str, quiet: QuietHours | None = None) -> tuple[dt.date, Times]:
    """Return the local day on which a changed plan is spoken of, and (due, expires); None as `quiet`: the usual night."""
    return on_the_day(change_moment(to_local(made_at, zone).replace(tzinfo=None), from_on, quiet), zone, quiet)


def on_the_day(wall: Moment, zone: str, quiet: QuietHours | None) -> tuple[dt.date, Times]:
    """Return the local day of a moment, and (due, expires) as the clock really runs; None as `quiet`: the usual night."""
    due = awake_at(to_utc(wall.due.date(), wall.due.time(), zone), quiet or NIGHT, zone)
    expires = to_utc(wall.expires.date(), wall.expires.time(), zone)
    if quiet is not None and jumps(wall.due.date(), wall.expires.date(), zone):
        expires = quiet_from(due, max(expires, due + SHORTEST_LIFE), quiet, zone)
    return to_local(due, zone).date(), (due, max(expires, due + (SHORTEST_LIFE if quiet is None else MINUTE)))


# --- nights on which the clock jumps --------------------------------------------------------


def jumps(first: dt.date, last: dt.date, zone: str) -> bool:
    """Tell whether the clock of a place jumps on one of these days, at their midnights too."""
    begin, end = day_bounds(first, zone)[0] - MINUTE, day_bounds(last, zone)[1]
    return to_local(begin, zone).utcoffset() != to_local(end, zone).utcoffset()


def is_quiet(at: dt.datetime, quiet: QuietHours, zone: str) -> bool:
    """Tell whether the clock of a place shows a quiet time."""
    return quiet.covers(to_local(at, zone).time())


def awake_at(at: dt.datetime, quiet: QuietHours, zone: str) -> dt.datetime:
    """Return an instant, or the next full minute at which the clock of the place shows no quiet time."""
    if not is_quiet(at, quiet, zone):
        return at
    at = at.replace(second=0, microsecond=0)
    later = (at + number * MINUTE for number in range(1, 3 * 24 * 60))
    return next((minute for minute in later if not is_quiet(minute, quiet, zone)), at)


def quiet_from(at: dt.datetime, until: dt.datetime, quiet: QuietHours, zone: str) -> dt.datetime:
    """Return the first minute from `at` on at which the clock shows a quiet time, `until` at the latest."""
    count = int((until - at) / MINUTE)
    return next((minute for number in range(1, count) if is_quiet(minute := at + number * MINUTE, quiet, zone)), until)


def beside_quiet(kind: timing.Kind, due: dt.datetime, bounds: Times, quiet: QuietHours, zone: str) -> Times | None:
    """Return (due, expires) as the clock really runs: the due time, the next minute within the bounds that is not quiet, or one before.

    None when every minute of the day that there is, or that is left before an appointment, is quiet.
    """
    begin, last = bounds
    day = [begin + number * MINUTE for number in range(int((last - begin) / MINUTE))]
    free = [minute for minute in day if not is_quiet(minute, quiet, zone)]
    if not free:
        return None
    due = next((minute for minute in free if minute >= due), free[-SHORTEST_CHANCE_MINUTES:][0])
    local = to_local(due, zone).replace(tzinfo=None)
    wall = timing.expires_at(kind, local, local.date())
    expires = to_utc(wall.date(), wall.time(), zone)
    limit = min(expires, last) if last < day_bounds(local.date(), zone)[1] else expires
    return due, max(quiet_from(due, limit, quiet, zone), due + MINUTE)
