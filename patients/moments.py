"""Moments as a therapist reads them: today 07:42, yesterday, Sun, 6 days."""

import datetime as dt

from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from clinics.localtime import to_local
from patients.dates import short_day

DAYS_BY_NAME = 5


def local_text(at: dt.datetime, zone: str, *, now: dt.datetime | None = None) -> str:
    """Return day and time on the zone's wall clock: "Tue 17 March, 08:05"; near `now` shorter: "today 09:30", "Thu 17:00"."""
    local = to_local(at, zone)
    clock = time_format(local, "H:i")
    if now is None:
        return _("%(day)s, %(time)s") % {"day": date_format(local, pgettext("date format", "D j F")), "time": clock}
    days = (local.date() - to_local(now, zone).date()).days
    if days == 0:
        return _("today %(time)s") % {"time": clock}
    if 0 < days <= DAYS_BY_NAME:
        return f"{date_format(local, 'D')} {clock}"
    return short_day(local.date())


def since_text(at: dt.datetime | None, now: dt.datetime, zone: str) -> str:
    """Return how long ago something was: "today 07:42", "yesterday", "Sun", "8 days"; "never" for None."""
    if at is None:
        return _("never")
    local = to_local(at, zone)
    days = (to_local(now, zone).date() - local.date()).days
    if days <= 0:
        return _("today %(time)s") % {"time": time_format(local, "H:i")}
    if days == 1:
        return _("yesterday")
    if days <= DAYS_BY_NAME:
        return date_format(local, "D")
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


def waiting_text(at: dt.datetime | None, now: dt.datetime, zone: str) -> str:
    """Return since when something waits: "since 07:42", "since yesterday", "since Sun", "for 8 days"; empty for None."""
    if at is None:
        return ""
    local = to_local(at, zone)
    days = (to_local(now, zone).date() - local.date()).days
    if days <= 0:
        return _("since %(time)s") % {"time": time_format(local, "H:i")}
    if days == 1:
        return _("since yesterday")
    if days <= DAYS_BY_NAME:
        return _("since %(day)s") % {"day": date_format(local, "D")}
    return ngettext("for %(n)s day", "for %(n)s days", days) % {"n": days}


def moment_text(at: dt.datetime, now: dt.datetime, zone: str) -> str:
    """Return when something happened, with the time: "today 07:42", "yesterday 18:20", "16 Mar, 09:10"."""
    local = to_local(at, zone)
    clock = time_format(local, "H:i")
    days = (to_local(now, zone).date() - local.date()).days
    if days == 0:
        return _("today %(time)s") % {"time": clock}
    if days == 1:
        return _("yesterday %(time)s") % {"time": clock}
    day = day_month(local) if abs(days) < 180 else day_month_year(local)
    return _("%(day)s, %(time)s") % {"day": day, "time": clock}


def week_moment_text(at: dt.datetime, now: dt.datetime, zone: str) -> str:
    """Return when something happened, days of the last week by their names: "today 07:42", "Tue 14:10", "16 Mar, 09:10"."""
    local = to_local(at, zone)
    days = (to_local(now, zone).date() - local.date()).days
    return f"{date_format(local, 'D')} {time_format(local, 'H:i')}" if 0 < days <= DAYS_BY_NAME else moment_text(at, now, zone)


def day_month(on: dt.date) -> str:
    """Return a day without its weekday: "17 Mar"."""
    return date_format(on, pgettext("date format", "j M"))


def day_month_year(on: dt.date) -> str:
    """Return a day of another year: "17 Mar 2026"."""
    return date_format(on, pgettext("date format", "j M Y"))


def full_day(on: dt.date) -> str:
    """Return a day with weekday and year: "Tue 17 Mar 2026"."""
    return date_format(on, pgettext("date format", "D j M Y"))
