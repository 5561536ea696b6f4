"""The next morning: has the back settled after yesterday's session or run?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from statistics import median

SETTLED_MARGIN = 1
USUAL_DAYS = 7
USUAL_MINIMUM = 3


class ComparedWith(StrEnum):
    """What the morning was held against."""

    USUAL = "usual"
    BEFORE = "before"


@dataclass(frozen=True, slots=True)
class Settling:
    """`is_settled` and `rise` (points of pain 0-10 above the comparison) are None when there is nothing to compare with."""

    is_settled: bool | None
    rise: float | None
    compared_with: ComparedWith | None


def usual_morning_pain(mornings: Sequence[tuple[date, int]], on: date) -> float | None:
    """Return the median pain (0-10) of the seven mornings before the day; None with fewer than three known (default)."""
    first = on - timedelta(days=USUAL_DAYS)
    known = [pain for day, pain in mornings if first <= day < on]
    return float(median(known)) if len(known) >= USUAL_MINIMUM else None


def settling(morning_pain: int | None, usual: float | None, pain_before: int | None) -> Settling:
    """Return whether pain (0-10) the morning after is at most one point above the usual morning.

    Without a usual morning the pain before the session takes its place; without either, or without an answer, nothing is said.
    Rule of the next morning: pain-monitoring model, Silbernagel 2007 (Achilles tendons, not backs); the margin of one point and the
    median: default.
    """
    if morning_pain is None:
        return Settling(None, None, None)
    if usual is not None:
        compared, with_value = ComparedWith.USUAL, usual
    elif pain_before is not None:
        compared, with_value = ComparedWith.BEFORE, float(pain_before)
    else:
        return Settling(None, None, None)
    rise = morning_pain - with_value
    return Settling(rise <= SETTLED_MARGIN, rise, compared)
