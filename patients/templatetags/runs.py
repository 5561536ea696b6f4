"""Filters that write distances, lengths and speeds of runs."""

from decimal import Decimal

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from patients.models import Run
from programs.dose import clock_text

register = template.Library()

HOUR = 3600


@register.filter
def km(distance: Decimal | None) -> str:
    """Return kilometres with as many decimals as they have: "5.2"; a dash for None."""
    if distance is None:
        return "–"
    short = distance.normalize()
    places = max(-int(short.as_tuple().exponent), 0)
    return number_format(distance, decimal_pos=min(places, 2))


@register.filter
def watchtime(seconds: int | None) -> str:
    """Return a length as on a watch: "31:40", "1:05:20"; a dash for None."""
    if seconds is None:
        return "–"
    if seconds < HOUR:
        return str(clock_text(seconds))
    return f"{seconds // HOUR}:{seconds % HOUR // 60:02}:{seconds % 60:02}"


@register.filter
def pace(run: Run) -> str:
    """Return the time for one kilometre: "6:05 min per km"; empty where distance or time is missing."""
    if not run.distance_km or not run.duration_seconds:
        return ""
    return _("%(pace)s min per km") % {"pace": clock_text(round(run.duration_seconds / float(run.distance_km)))}
