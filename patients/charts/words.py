"""Names, numbers and coordinates that every chart writes the same way."""

from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from patients.charts.data import SeriesKey


def series_name(key: SeriesKey) -> str:
    """Return the full name of a series."""
    return {
        "pain": gettext("Worst pain when running"),
        "ready": gettext("Readiness today"),
        "func": gettext("Running capability"),
    }[key]


def short_name(key: SeriesKey) -> str:
    """Return the one-word name of a series."""
    return {"pain": gettext("Pain"), "ready": gettext("Readiness"), "func": gettext("Capability")}[key]


def number(value: float) -> str:
    """Return a score in the reader's notation, with one decimal only when there is one."""
    if isinstance(value, int) and -1000 < value < 1000:
        return str(value)  # no reader writes these in another way
    rounded = round(value, 1)
    return number_format(rounded, decimal_pos=0 if rounded == int(rounded) else 1)


def at(value: float) -> str:
    """Return a coordinate with at most one decimal and always a point."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def drawn(text: str) -> SafeString:
    """Mark a drawing made of numbers and constants as safe; words never come here, they go through format_html."""
    return mark_safe(text)  # noqa: S308 - only called with coordinates and class names made in this module
