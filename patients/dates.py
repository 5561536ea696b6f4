"""Days written the way people say them, in the active language."""

import datetime as dt

from django.utils.formats import date_format
from django.utils.translation import pgettext


def long_day(on: dt.date, today: dt.date | None = None) -> str:
    """Write a day with its weekday: "Tuesday 17 March"; with `today` a day of another year has that year."""
    far = today is not None and on.year != today.year
    return date_format(on, pgettext("date format", "l j F Y") if far else pgettext("date format", "l j F"))


def short_day(on: dt.date, today: dt.date | None = None) -> str:
    """Write a day in little space: "Tue 17 Mar"; with `today` a day of another year has that year."""
    far = today is not None and on.year != today.year
    return date_format(on, pgettext("date format", "D j M Y") if far else pgettext("date format", "D j M"))
