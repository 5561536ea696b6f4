"""The course over the weeks: weekly means, the trial's model line, and where points stand on a chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from patients.rules.schedule import week_of
from patients.rules.scores import Instrument

Point = tuple[float, float]
WeekValue = tuple[float, float | None]

TRIAL_WEEKS = (0, 4, 8, 21, 34)
MAIN_SHARE = 0.7
BREAK_SHARE = 0.25
HALF_STEP = 0.5

# Points per assessment over five unevenly spaced assessments. Running capability: LL published, LE and LS as LL plus the published
# difference (-0.198, -0.263); pain: one slope for all arms (Cai, Yang, Kong 2017, abstract). Means and intervals were not published.
SLOPES: dict[Instrument, dict[str, float]] = {
    Instrument.PSFS_RUN: {"LL": 0.949, "LE": 0.751, "LS": 0.686},
    Instrument.NPRS_RUN: {"LL": -0.746, "LE": -0.746, "LS": -0.746},
}


@dataclass(frozen=True, slots=True)
class WeekMean:
    """Mean of one program week's daily values, and of how many days."""

    week: int
    mean: float
    days: int


@dataclass(frozen=True, slots=True)
class Scale:
    """Where weeks and scores 0-10 stand on a chart.

    Weeks 0 to `end_week` take 70 % of the width, then the axis breaks and the follow-ups share the rest evenly; without follow-ups they
    take all of it. `top` is the y of 10, `bottom` the y of 0: the axis is never cut.
    """

    left: float
    right: float
    top: float
    bottom: float
    end_week: int = 8
    follow_up_weeks: tuple[int, ...] = (21, 34)

    def __post_init__(self) -> None:
        stops = (0, self.end_week, *self.follow_up_weeks)
        if any(later <= earlier for earlier, later in pairwise(stops)):
            raise ValueError("the end and the follow-ups come in order after week 0")

    def _stops(self) -> list[Point]:
        """Return (week, x) of the start, the end and each follow-up."""
        width = self.right - self.left
        if not self.follow_up_weeks:
            return [(0, self.left), (self.end_week, self.right)]
        end = self.left + MAIN_SHARE * width
        step = (self.right - end) / len(self.follow_up_weeks)
        later = [(float(week), end + step * place) for place, week in enumerate(self.follow_up_weeks, start=1)]
        return [(0, self.left), (self.end_week, end), *later]

    def x(self, week: float) -> float:
        """Return the x of a week (fractions allowed); weeks outside the axis stand on its ends."""
        stops = self._stops()
        if week <= 0:
            return round(self.left, 1)
        for (week_a, x_a), (week_b, x_b) in pairwise(stops):
            if week <= week_b:
                return round(x_a + (x_b - x_a) * (week - week_a) / (week_b - week_a), 1)
        return round(self.right, 1)

    def y(self, value: float) -> float:
        """Return the y of a score 0-10."""
        return round(self.bottom + (self.top - self.bottom) * _clip(value) / 10, 1)

    @property
    def break_x(self) -> float | None:
        """The x of the axis break; None without follow-ups."""
        if not self.follow_up_weeks:
            return None
        (_, end), (_, first) = self._stops()[1:3]
        return round(end + BREAK_SHARE * (first - end), 1)


def weekly_means(values: Sequence[tuple[date, int]], starts_on: date) -> list[WeekMean]:
    """Return the mean (two decimals) of each program week that has values; days before the start are left out."""
    weeks: dict[int, list[int]] = {}
    for on, value in values:
        if on >= starts_on:
            weeks.setdefault(week_of(starts_on, on), []).append(value)
    return [WeekMean(week, round(sum(found) / len(found), 2), len(found)) for week, found in sorted(weeks.items())]


def has_model_line(arm: str) -> bool:
    """Say whether slopes were published for the program: the three arms of the Singapore trial only."""
    return arm in SLOPES[Instrument.PSFS_RUN]


def model_line(instrument: Instrument, arm: str, start_value: float, weeks: Sequence[int] = TRIAL_WEEKS) -> list[tuple[int, float]]:
    """Return (week, score) of the linear model from the person's own start value, clipped to 0-10; empty for other programs.

    One published slope a step from assessment to assessment, which are not spaced in equal time (Cai, Yang, Kong 2017). It is a model line
    and not a measured curve; a difference of arms in pain was not found.
    """
    if not has_model_line(arm):
        return []
    slope = SLOPES[instrument][arm]
    return [(week, round(_clip(start_value + slope * place), 2)) for place, week in enumerate(weeks)]


def line_points(series: Sequence[WeekValue], scale: Scale) -> list[list[Point]]:
    """Return the points of a line in unbroken stretches: a value of None is a gap."""
    return _stretches([None if value is None else (scale.x(week), scale.y(value)) for week, value in series])


def band_points(series: Sequence[tuple[float, float]], scale: Scale, half: float = HALF_STEP) -> list[Point]:
    """Return the outline of a ribbon of plus and minus half a point, the step of the scale: not a confidence interval."""
    upper = [(scale.x(week), scale.y(value + half)) for week, value in series]
    lower = [(scale.x(week), scale.y(value - half)) for week, value in reversed(series)]
    return upper + lower


def spark_points(values: Sequence[int | None], width: float, height: float) -> list[list[Point]]:
    """Return a sparkline's points in unbroken stretches, scores 0-10 on the full height; a single value stands at the right end."""
    left, right, top, bottom = 4.0, width - 8.0, 4.0, height - 4.0
    last = len(values) - 1
    points: list[Point | None] = []
    for place, value in enumerate(values):
        x = right if last == 0 else left + (right - left) * place / last
        points.append(None if value is None else (round(x, 1), round(bottom + (top - bottom) * _clip(value) / 10, 1)))
    return _stretches(points)


def path_data(stretches: Sequence[Sequence[Point]], *, closed: bool = False) -> str:
    """Return the `d` of an SVG path through the stretches; empty without points."""
    ends = "Z" if closed else ""
    return "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in stretch) + ends for stretch in stretches if stretch)


def _stretches(points: Sequence[Point | None]) -> list[list[Point]]:
    found: list[list[Point]] = [[]]
    for point in points:
        if point is not None:
            found[-1].append(point)
        elif found[-1]:
            found.append([])
    return [stretch for stretch in found if stretch]


def _clip(value: float) -> float:
    return min(10.0, max(0.0, value))
