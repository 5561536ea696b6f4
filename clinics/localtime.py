"""Wall clock and UTC: the only place that builds a time zone, and the only one that knows daylight saving."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

_REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
_NOT_A_PLACE = frozenset({"Factory", "localtime", "posixrules"})
_MINUTE = timedelta(minutes=1)


class OffsetChange(NamedTuple):
    """One change of a zone's clock: naive wall-clock time read before it, offsets from UTC, new name, and whether it is summer."""

    wall: datetime
    before: timedelta
    after: timedelta
    name: str
    is_summer: bool


class InvalidZone(ValueError):
    """The name is not a time zone of the tz database."""


@cache
def _names() -> frozenset[str]:
    """Return every name the installed tz database knows, old spellings included."""
    return frozenset(available_timezones() - _NOT_A_PLACE)


def is_valid_zone(name: str) -> bool:
    """Say whether the tz database knows the name; browsers still send old spellings, so these count too."""
    return name in _names()


def zone(name: str) -> ZoneInfo:
    """Return the zone of that name; raise InvalidZone for any other text."""
    if not is_valid_zone(name):
        raise InvalidZone(f"not a time zone: {name!r}")
    return ZoneInfo(name)


def to_local(instant: datetime, zone_name: str) -> datetime:
    """Return the same instant on the zone's wall clock, aware; raise ValueError for a naive instant."""
    return _aware(instant).astimezone(zone(zone_name))


def local_day(now_utc: datetime, zone_name: str) -> date:
    """Return the calendar day it is in the zone at that instant; raise ValueError for a naive instant."""
    return to_local(now_utc, zone_name).date()


def to_utc(local_day: date, local_time: time, zone_name: str) -> datetime:
    """Return the UTC instant of a wall-clock time.

    A time that the clock jumps over becomes the first valid minute after the jump; one that comes twice is the first.
    """
    if local_time.tzinfo is not None:
        raise ValueError("a wall-clock time carries no zone of its own")
    place = zone(zone_name)
    wall = datetime.combine(local_day, local_time.replace(fold=0)).replace(tzinfo=place)
    instant = wall.astimezone(UTC)
    if instant.astimezone(place).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    return _end_of_gap(wall.replace(microsecond=0), place)


def day_bounds(day: date, zone_name: str) -> tuple[datetime, datetime]:
    """Return the first UTC instant of a local day and of the day after it: 23, 24 or 25 hours, none for a day left out."""
    return to_utc(day, time.min, zone_name), to_utc(day + timedelta(days=1), time.min, zone_name)


@lru_cache(maxsize=200)
def offset_changes(zone_name: str, first_year: int, last_year: int) -> tuple[OffsetChange, ...]:
    """Return how the zone's clock stands at the start of `first_year` and each change up to the end of `last_year`, in order."""
    place = zone(zone_name)
    at, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    found = [_change(at, at, place)]
    while at < end:
        following = at + timedelta(days=1)
        if at.astimezone(place).utcoffset() != following.astimezone(place).utcoffset():
            before, after = at, following
            while after - before > timedelta(seconds=1):
                middle = before + timedelta(seconds=(after - before) // timedelta(seconds=1) // 2)
                if middle.astimezone(place).utcoffset() == at.astimezone(place).utcoffset():
                    before = middle
                else:
                    after = middle
            found.append(_change(before, after, place))
        at = following
    return tuple(found)


def _change(before: datetime, at: datetime, place: ZoneInfo) -> OffsetChange:
    """Return what the clock shows at an instant, and how it stood at the one before."""
    old, new = before.astimezone(place), at.astimezone(place)
    from_offset = old.utcoffset() or timedelta(0)
    wall = (at + from_offset).replace(tzinfo=None)
    return OffsetChange(wall, from_offset, new.utcoffset() or timedelta(0), new.tzname() or place.key, bool(new.dst()))


def time_zone_choices() -> list[tuple[str, str]]:
    """Return (name, label) of every place for a select field, `UTC` last; labels carry no offset because it changes twice a year."""
    places = sorted(name for name in _names() if name.split("/")[0] in _REGIONS and "/" in name)
    return [(name, name.replace("_", " ").replace("/", " / ")) for name in places] + [("UTC", "UTC")]


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant


def _end_of_gap(wall: datetime, place: ZoneInfo) -> datetime:
    """Return the UTC instant at which a skipped wall-clock time's jump is over, on the full minute."""
    # Read with the offset before the jump (fold 0) a skipped time lies after the jump, with the one after it (fold 1) before.
    after, before = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    offset_before = before.astimezone(place).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=1) // 2)
        if middle.astimezone(place).utcoffset() == offset_before:
            before = middle
        else:
            after = middle
    past_the_minute = timedelta(seconds=after.astimezone(place).second)
    return after + (_MINUTE - past_the_minute if past_the_minute else timedelta(0))
