"""Template tags that put the charts of patients/charts.py on a page, with key, sentence and table."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.safestring import SafeString

from patients import charts

register = template.Library()


@register.simple_tag
def week_ticks(ticks: Sequence[charts.Tick], size: str = "") -> SafeString:
    """Draw the weeks of a program; size is "" or "l"."""
    return charts.week_ticks(ticks, size)


@register.simple_tag
def sparkline(values: Sequence[float | None], kind: charts.SeriesKey = "pain") -> SafeString:
    """Draw the last values of one series; None leaves a gap."""
    return charts.sparkline(values, kind)


@register.inclusion_tag("parts/calendar.html")
def adherence_calendar(calendar: charts.AdherenceCalendar, size: str = "") -> dict[str, Any]:
    """Draw the adherence calendar with its key and table; size "s" is the low one."""
    return {"svg": charts.calendar_svg(calendar, size), "table": charts.calendar_table(calendar)}


@register.inclusion_tag("parts/trajectory.html")
def trajectory(chart: charts.Trajectory) -> dict[str, Any]:
    """Draw the course chart with its sentence, key, events and table."""
    return {
        "svg": charts.trajectory_svg(chart),
        "sentence": charts.trajectory_sentence(chart),
        "key": charts.trajectory_key(chart),
        "events": [(charts.EVENT_ICONS[event.kind], event.label) for event in sorted(chart.events, key=lambda one: one.week)],
        "table": charts.trajectory_table(chart),
        "phone": chart.phone,
    }


@register.simple_tag
def mark(kind: charts.SeriesKey) -> SafeString:
    """Draw the small mark of a series (circle, square, triangle) beside a number."""
    return charts.series_mark(kind)
