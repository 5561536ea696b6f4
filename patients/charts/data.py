"""What the charts are drawn from: plain values, no model, no request."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.safestring import SafeString

TickState = Literal["done", "part", "none", "now", "soon"]
SeriesKey = Literal["pain", "ready", "func"]
Setting = Literal["clinic", "home", "rest"]
DayState = Literal["done", "part", "missed", "planned", "off", "rest"]
DoneKind = Literal["session", "run"]
EventKind = Literal["plan", "alert", "run", "message"]


@dataclass(frozen=True)
class Tick:
    """One week of a program: how it stands and which share (0-1) of its due sessions was done."""

    state: TickState
    share: float = 0.0
    done: int = 0
    due: int = 0


@dataclass(frozen=True)
class CalendarDay:
    """One day of the adherence calendar; `off` is a paused day, `rest` a day without a session."""

    date: dt.date
    setting: Setting = "rest"
    state: DayState = "rest"
    is_today: bool = False
    has_run: bool = False
    url: str = ""


@dataclass(frozen=True)
class AdherenceCalendar:
    """Weeks of seven days that begin as the program did (None: outside the program), and what was done of what was due."""

    weeks: Sequence[Sequence[CalendarDay | None]]
    done: int = 0
    due: int = 0
    names: Sequence[int | None] = ()
    """Which program week each row is, None for a row without a session; without names the rows are counted."""

    @property
    def numbers(self) -> list[int | None]:
        """The program week of each row."""
        return list(self.names or range(1, len(self.weeks) + 1))

    @property
    def first_weekday(self) -> int:
        """The weekday of the first column, 0 for Monday."""
        places = ((day.date.weekday() - column) % 7 for week in self.weeks for column, day in enumerate(week) if day is not None)
        return next(places, 0)


@dataclass(frozen=True)
class Series:
    """One measured series: pairs of week since the start (may be a fraction) and value 0-10, oldest first."""

    key: SeriesKey
    points: Sequence[tuple[float, float]]
    label: str = ""


@dataclass(frozen=True)
class ModelLine:
    """The line that published slopes give from this person's own start value; it has no band."""

    key: SeriesKey
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class ChartEvent:
    """Something that happened: a change of plan, an alert, a run, a message; the label carries its date."""

    week: float
    kind: EventKind
    label: str


@dataclass(frozen=True)
class Trajectory:
    """Everything the course chart draws.

    `weeks` is the length of the program; `follow_ups` are the weeks of later assessments, drawn behind an axis break;
    `done` are sessions and runs with their week, drawn as small marks on the axis;
    `important` is the range of values that counts as clearly better (None: not drawn); `phone` draws the narrow chart;
    an empty `summary` is replaced by one sentence per series.
    """

    series: Sequence[Series]
    models: Sequence[ModelLine] = ()
    events: Sequence[ChartEvent] = ()
    done: Sequence[tuple[DoneKind, float]] = ()
    weeks: int = 8
    follow_ups: Sequence[int] = ()
    important: tuple[float, float] | None = None
    phone: bool = False
    summary: str = ""


@dataclass(frozen=True)
class ChartTable:
    """The numbers of a chart: the first cell of each row is its heading."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class KeyEntry:
    """One line of a legend."""

    swatch: SafeString
    text: str
