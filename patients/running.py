"""Runs as pages show them: by week, by shoe, and the rounds of a run-walk session."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from patients.models import Run, Shoe
from programs.models import Prescription

WALK, RUN = "walk", "run"
WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class RunWeek:
    """One calendar week: its runs, their kilometres and minutes, and the kilometres as a share of the longest week shown."""

    monday: dt.date
    runs: Sequence[Run]
    km: Decimal
    minutes: int
    share: float

    @property
    def sunday(self) -> dt.date:
        """Last day of the week."""
        return self.monday + dt.timedelta(days=6)


@dataclass(frozen=True, slots=True)
class ShoeLine:
    """A pair with its kilometres, how far it is to its limit (1 is reached), and whether it is past it."""

    shoe: Shoe
    km: Decimal
    share: float
    is_worn: bool


@dataclass(frozen=True, slots=True)
class Rounds:
    """The parts of a run-walk session in order, each (walk or run, seconds): every round begins with walking, the rest is walked."""

    stage: int | None
    rounds: int
    run_seconds: int
    walk_seconds: int
    parts: Sequence[tuple[str, int]]

    @property
    def rest_seconds(self) -> int:
        """Seconds of walking after the last round; 0 without."""
        kind, seconds = self.parts[-1]
        return seconds if kind == WALK else 0

    @property
    def total_seconds(self) -> int:
        """Length of the whole session."""
        return sum(seconds for _kind, seconds in self.parts)


def weeks_of(runs: Iterable[Run], *, last: dt.date, count: int) -> list[RunWeek]:
    """Return `count` calendar weeks, the one with the day `last` first, weeks without a run included."""
    newest = last - dt.timedelta(days=last.weekday())
    by_week: dict[dt.date, list[Run]] = {newest - WEEK * place: [] for place in range(count)}
    for run in runs:
        monday = run.on - dt.timedelta(days=run.on.weekday())
        if monday in by_week:
            by_week[monday].append(run)
    sums = {monday: sum((run.distance_km or Decimal(0) for run in rows), Decimal(0)) for monday, rows in by_week.items()}
    longest = max(sums.values()) or Decimal(1)
    return [
        RunWeek(
            monday=monday,
            runs=rows,
            km=sums[monday],
            minutes=round(sum(run.duration_seconds or 0 for run in rows) / 60),
            share=float(sums[monday] / longest),
        )
        for monday, rows in by_week.items()
    ]


def with_km(shoes: Any) -> Any:
    """Return pairs with the kilometres of their runs as `km`."""
    return shoes.annotate(km=Coalesce(Sum("runs__distance_km", filter=Q(runs__distance_km__isnull=False)), Decimal(0)))


def shoe_lines(shoes: "QuerySet[Shoe]") -> list[ShoeLine]:
    """Return pairs with their kilometres in one query, those in use first."""
    rows = with_km(shoes)
    lines = [ShoeLine(shoe, shoe.km, min(float(shoe.km / shoe.limit_km), 1.0), shoe.km >= shoe.limit_km) for shoe in rows]
    return sorted(lines, key=lambda line: (line.shoe.retired_on is not None, -line.shoe.started_on.toordinal()))


def rounds_of(one: Prescription) -> Rounds:
    """Return the rounds of a run-walk prescription, walking first as the library says; what is left of its time is walked at the end."""
    run, walk = one.run_seconds or 0, one.walk_seconds or 0
    parts = [part for _round in range(one.sets) for part in ((WALK, walk), (RUN, run)) if part[1]]
    rest = (one.duration_seconds or 0) - sum(seconds for _kind, seconds in parts)
    if rest > 0:
        parts.append((WALK, rest))
    return Rounds(one.stage, one.sets, run, walk, parts)
