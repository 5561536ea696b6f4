"""Charts of one patient as SVG made on the server, each with the words and numbers a reader without eyes needs."""

from patients.charts.calendar import calendar_svg, calendar_table
from patients.charts.course import EVENT_ICONS, trajectory_key, trajectory_sentence, trajectory_svg, trajectory_table
from patients.charts.data import (
    AdherenceCalendar,
    CalendarDay,
    ChartEvent,
    ChartTable,
    DoneKind,
    KeyEntry,
    ModelLine,
    Series,
    SeriesKey,
    Tick,
    Trajectory,
)
from patients.charts.small import series_mark, sparkline, week_ticks

__all__ = (
    "AdherenceCalendar",
    "CalendarDay",
    "ChartEvent",
    "ChartTable",
    "DoneKind",
    "EVENT_ICONS",
    "KeyEntry",
    "ModelLine",
    "Series",
    "SeriesKey",
    "Tick",
    "Trajectory",
    "calendar_svg",
    "calendar_table",
    "series_mark",
    "sparkline",
    "trajectory_key",
    "trajectory_sentence",
    "trajectory_svg",
    "trajectory_table",
    "week_ticks",
)
