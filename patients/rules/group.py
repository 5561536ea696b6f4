"""What a group sheet says now: many small entries by several people become one state, and a late one never wipes out another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any


class What(StrEnum):
    """What an entry is about: one set, one number of an exercise, or one answer about the whole session."""

    SET = "set"
    REPS = "reps"
    HOLD = "hold"
    LOAD = "load"
    PAIN = "pain"
    EFFORT = "effort"
    STOPPED = "stopped"


OF_EXERCISE = frozenset({What.SET, What.REPS, What.HOLD, What.LOAD})
LIMITS: dict[What, int] = {
    What.SET: 1,
    What.REPS: 500,
    What.HOLD: 3600,
    What.LOAD: 500,
    What.PAIN: 10,
    What.EFFORT: 10,
    What.STOPPED: 1,
}
"""The highest value of each; all begin at 0. Yes and no are 1 and 0."""
MOST_SETS = 30
SMALLEST_LOAD = Decimal("0.1")
"""Loads are entered in steps of 0.1 kg, everything else in whole numbers."""


class Verdict(StrEnum):
    """What becomes of an entry."""

    STORE = "store"
    SAME = "same"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Target:
    """What an entry is about; `exercise` is None for the whole session, `number` counts sets from 1 and is 0 elsewhere."""

    what: What
    exercise: Any = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a target; `revision` counts from 1, None as value means taken back."""

    target: Target
    value: Decimal | None
    revision: int


def is_possible(target: Target, value: Decimal | None) -> bool:
    """Tell whether a value can stand there at all."""
    if (target.exercise is not None) != (target.what in OF_EXERCISE):
        return False
    if target.what == What.SET:
        if not 1 <= target.number <= MOST_SETS or value is None:
            return False
    elif target.number != 0:
        return False
    if value is None:
        return True
    if not value.is_finite() or not 0 <= value <= LIMITS[target.what]:
        return False
    return value == value.quantize(SMALLEST_LOAD if target.what == What.LOAD else Decimal(1))


def standing(entries: Iterable[Entry]) -> dict[Target, Entry]:
    """Return what is true of each target: the entry with the highest revision."""
    found: dict[Target, Entry] = {}
    for one in entries:
        if one.target not in found or found[one.target].revision < one.revision:
            found[one.target] = one
    return found


def judge(now: Entry | None, value: Decimal | None, seen: int) -> Verdict:
    """Say what becomes of a value somebody enters who has last seen revision `seen` (0: nothing entered yet).

    What already stands there is no news. Whoever has not seen what stands there now does not overwrite it.
    """
    if (now.value if now is not None else None) == value:
        return Verdict.SAME
    return Verdict.STORE if seen == (now.revision if now is not None else 0) else Verdict.STALE


def sets_done(state: dict[Target, Entry], exercise: Any) -> frozenset[int]:
    """Return the numbers of the sets that are ticked."""
    return frozenset(t.number for t, one in state.items() if t.what == What.SET and t.exercise == exercise and one.value)


def value_of(state: dict[Target, Entry], what: What, exercise: Any = None) -> Decimal | None:
    """Return what stands at a number or answer, None when nothing does."""
    found = state.get(Target(what, exercise))
    return found.value if found is not None else None


def pick_slot(starts: Sequence[int], now: int, early: int = 30) -> int | None:
    """Return the group of the moment, all in minutes of the day: the latest that began or begins within `early`, else the first."""
    begun = [start for start in starts if start <= now + early]
    return max(begun, default=min(starts, default=None))
