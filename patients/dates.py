"""Days written the way people say them, in the active language."""

import datetime as dt

from django.utils.formats import date_format
from django.utils.translation import pgettext


def long_day(on: dt.date) -> str:
    """Write a day with its weekday: "Tuesday 17 March"."""
    return date_format(on, pgettext("date format", "l j F"))


def short_day(on: dt.date) -> str:
    """Write a day in little space: "Tue 17 Mar"."""
    return date_format(on, pgettext("date format", "D j M"))
