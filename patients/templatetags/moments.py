"""Template filters that say when something happened, on the wall clock of a given time zone."""

import datetime as dt
from collections.abc import Iterable

from django import template
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR

from clinics.localtime import to_local
from patients.dates import short_day
from patients.moments import day_month, day_month_year, full_day, moment_text, week_moment_text

register = template.Library()

register.filter("day", short_day, expects_localtime=True)
register.filter("fullday", full_day, expects_localtime=True)
register.filter("daymonth", day_month, expects_localtime=True)
register.filter("daymonthyear", day_month_year, expects_localtime=True)


@register.filter
def moment(at: dt.datetime | None, zone: str) -> str:
    """Return "today 07:42", "yesterday 18:20" or "16 Mar, 09:10"; empty for None."""
    return moment_text(at, timezone.now(), zone) if at else ""


@register.filter
def weekmoment(at: dt.datetime | None, zone: str) -> str:
    """Return "today 07:42", or "Tue 14:10" on one of the last days, else the day with the time; empty for None."""
    return week_moment_text(at, timezone.now(), zone) if at else ""


@register.filter
def localday(at: dt.datetime | None, zone: str) -> str:
    """Return the day in the zone: "17 Mar 2026"; empty for None."""
    return day_month_year(to_local(at, zone)) if at else ""


@register.filter
def clock(at: dt.datetime | None, zone: str) -> str:
    """Return the time of day in the zone: "17:00"; empty for None."""
    return f"{to_local(at, zone):%H:%M}" if at else ""


@register.filter
def minutes(seconds: int | None) -> str:
    """Return a length in whole minutes; a dash for None."""
    return "–" if seconds is None else str(round(seconds / 60))


@register.filter
def weekdays(numbers: Iterable[int]) -> str:
    """Name ISO weekdays in short, in order: [1, 4] is "Mon, Thu"."""
    return ", ".join(str(WEEKDAYS_ABBR[number - 1]) for number in sorted(numbers))
