"""Filters that write a day the way people say it."""

import datetime as dt

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import pgettext

from patients.dates import long_day, short_day

register = template.Library()


@register.filter
def longday(on: dt.date) -> str:
    """Write a day with its weekday, and its year where that is another one."""
    return long_day(on, timezone.now().date())


@register.filter
def shortday(on: dt.date) -> str:
    """Write a day in little space, with its year where that is another one."""
    return short_day(on, timezone.now().date())


@register.filter
def daymonth(on: dt.date) -> str:
    """Write a day without its weekday, in little space: "17 Mar"."""
    return date_format(on, pgettext("date format", "j M"))
