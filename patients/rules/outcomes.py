"""How a group turned out: mean change and share of clear changes with 95 % intervals, and the trial's model line beside them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from statistics import NormalDist, fmean, stdev

from patients.rules.scores import Beyond, Direction, Instrument, change_meaning
from patients.rules.trajectory import SLOPES

CONFIDENCE = 0.95
MANY_DEGREES = 200
"""From here on the quantile of t is an expansion around the normal one; the error is below one in ten million."""
BISECTIONS = 60
PLACES = {"baseline": 0, "middle": 1, "end": 2, "month_3": 3, "month_6": 4}
"""The assessments in their order: the published slopes are points from one to the next (evidence 1.4)."""


class Side(StrEnum):
    """Where the clinic's mean lies beside the model line: its interval above it, below it, or around it."""

    ABOVE = "above"
    BELOW = "below"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of `n` values with the standard deviation and the ends of its 95 % interval."""

    n: int
    mean: float
    sd: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Share:
    """`k` of `n` people with the ends of the 95 % interval, all between 0 and 1."""

    n: int
    k: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Change:
    """How one measure changed from the start in a group: mean, share beyond the important change, and beyond measurement error.

    `beyond_error` is None for pain: one limit was published for it.
    """

    mean: Mean
    worthwhile: Share
    beyond_error: Share | None


@dataclass(frozen=True, slots=True)
class Against:
    """The clinic's mean minus the model line, its 95 % interval (of the mean alone: the line has none), and what that says."""

    difference: float
    low: float
    high: float
    side: Side


def t_tail(t: float, degrees: int) -> float:
    """Return the probability that |T| ≤ t for t ≥ 0: the finite sums for whole degrees of freedom (Abramowitz & Stegun 26.7.3, 26.7.4)."""
    angle = math.atan(t / math.sqrt(degrees))
    if degrees == 1:
        return 2 * angle / math.pi
    square = math.cos(angle) ** 2
    term = math.cos(angle) if degrees % 2 else 1.0
    total = term
    for step in range(2 + degrees % 2, degrees - 1, 2):
        term *= square * (step - 1) / step
        total += term
    total *= math.sin(angle)
    return 2 / math.pi * (angle + total) if degrees % 2 else total


@lru_cache(maxsize=1024)
def t_quantile(degrees: int) -> float:
    """Return the t that a value exceeds, either way, in 5 % of cases; raises ValueError without degrees of freedom."""
    if degrees < 1:
        raise ValueError("a t distribution has at least one degree of freedom")
    if degrees > MANY_DEGREES:
        # The expansion of Abramowitz & Stegun 26.7.5.
        z = normal_quantile()
        g1 = (z**3 + z) / 4
        g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
        g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
        return z + g1 / degrees + g2 / degrees**2 + g3 / degrees**3
    low, high = 1.9, 12.8
    for _turn in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if t_tail(middle, degrees) < CONFIDENCE else (low, middle)
    return (low + high) / 2


def normal_quantile() -> float:
    """Return the normal quantile of a two-sided 95 % interval, about 1.96."""
    return NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)


def mean_of(values: Sequence[float]) -> Mean | None:
    """Return the mean with its 95 % interval by Student's t; None for fewer than two values."""
    n = len(values)
    if n < 2:
        return None
    mean, sd = fmean(values), stdev(values)
    half = t_quantile(n - 1) * sd / math.sqrt(n)
    return Mean(n, mean, sd, mean - half, mean + half)


def share_of(k: int, n: int) -> Share | None:
    """Return k of n with its 95 % interval by Wilson's score method (Wilson 1927); None of nobody."""
    if n < 1:
        return None
    z = normal_quantile()
    share = k / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Share(n, k, share, max(0.0, middle - half), min(1.0, middle + half))


def change_of(instrument: Instrument, pairs: Sequence[tuple[int, int]]) -> Change | None:
    """Return how scores 0-10 changed, from pairs of a person's start and later answer; None for fewer than two people.

    Counted are changes for the better: pain by 2 points or 30 %, running capability by 2 points (likely worthwhile) and by 3 (beyond the
    measurement error of a single item), as `change_meaning` has them.
    """
    mean = mean_of([float(after - before) for before, after in pairs])
    if mean is None:
        return None
    meanings = [change_meaning(instrument, before, after) for before, after in pairs]
    beyond = [one.beyond if one and one.direction == Direction.BETTER else Beyond.NONE for one in meanings]
    worthwhile = share_of(sum(one != Beyond.NONE for one in beyond), len(pairs))
    error = share_of(sum(one == Beyond.BEYOND_ERROR for one in beyond), len(pairs)) if instrument == Instrument.PSFS_RUN else None
    return Change(mean, worthwhile, error) if worthwhile else None


def model_change(instrument: Instrument, arm: str, key: str) -> float | None:
    """Return the change of the trial's model line at an assessment: published slope × its number; None for other programs."""
    slope = SLOPES[instrument].get(arm)
    return None if slope is None or key not in PLACES else slope * PLACES[key]


def against_line(mean: Mean, line: float) -> Against:
    """Compare a mean change with the model line; the line is one number, nothing is known of its uncertainty."""
    low, high = mean.low - line, mean.high - line
    side = Side.ABOVE if low > 0 else Side.BELOW if high < 0 else Side.UNCLEAR
    return Against(mean.mean - line, low, high, side)
