"""Filters that write a day the way people say it."""

import datetime as dt

from django import template
from django.utils.formats import date_format
from django.utils.translation import pgettext

from patients.dates import long_day, short_day

register = template.Library()

register.filter("longday", long_day)
register.filter("shortday", short_day)


@register.filter
def daymonth(on: dt.date) -> str:
    """Write a day without its weekday, in little space: "17 Mar"."""
    return date_format(on, pgettext("date format", "j M"))
