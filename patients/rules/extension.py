"""When a program goes on for more weeks: what moves with its end."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

MOST_WEEKS_AT_ONCE = 12
LONGEST_PROGRAM = 52


@dataclass(frozen=True, slots=True)
class Planned:
    """A measurement still to come: its key, the program week it belongs to, and its day."""

    key: Hashable
    week: int
    due_on: date


def moved_with_the_end(planned: Sequence[Planned], weeks: int, more: int) -> list[Planned]:
    """Return the measurements that move when a program of `weeks` gets `more` (negative: fewer): those at its end and after it.

    They move by whole weeks, so that the end stays the end and three months after it stay three months.
    """
    shift = timedelta(days=7 * more)
    return [Planned(one.key, one.week + more, one.due_on + shift) for one in planned if one.week >= weeks]


def last_day(starts: dict[int, date], weeks: int) -> date:
    """Return the last day of a program from the day each week begins."""
    return starts[weeks] + timedelta(days=6)
