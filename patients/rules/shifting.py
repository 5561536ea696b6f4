"""Moving the rest of a plan to other days: by how much, where each session lands, and which measurements go along."""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from patients.rules.extension import Planned
from patients.rules.refit import week_starts
from patients.rules.schedule import PausePeriod, Placement, PlannedSession, Setting, clear_closed_days

LONGEST_SHIFT_DAYS = 56
"""Eight weeks, as long as a pause may be: after that a program is begun anew rather than gone on with."""
WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Moving:
    """A session that moves: its program week, its place, its day, and the closed day it had been moved from (None: none)."""

    key: Hashable
    week: int
    setting: Setting
    on: date
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A session that stays: its program week and its day."""

    week: int
    on: date


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a session lands: its new day, by how many days its agreed day moved, and the closed day it gives way to (None: none).

    `is_unplaced` says that its week has no free open day, so that it stands on the closed one.
    """

    key: Hashable
    week: int
    was_on: date
    on: date
    days: int
    closed_on: date | None = None
    is_unplaced: bool = False


def step_days(*, by_fixed_days: bool, weeks: int, is_whole: bool) -> int:
    """Return what a plan can be moved by: whole weeks, because its weekdays are agreed upon and its weeks are counted in sevens.

    Single days where no weekday is agreed upon and no other week of the program can be met: programs that go by fixed days, which
    last one week or have not begun (`is_whole`).
    """
    return 1 if by_fixed_days and (weeks == 1 or is_whole) else WEEK_DAYS


def round_up(days: int, step: int) -> int:
    """Return the number of days in steps, never earlier than asked for: 3 days are a week, 8 days two, 8 days earlier one."""
    return -(-days // step) * step


def least_shift(moving: Sequence[Moving], kept: Sequence[Kept], *, starts_on: date, weeks: int, today: date, step: int = WEEK_DAYS) -> int:
    """Return how far to the front the sessions may move, as days below 0 or 0 for not at all.

    Not before today or what stays, and not into an earlier calendar week than their program week has had: a program never does two of its
    weeks in one. A program of which nothing stays has its start moved and is held by today alone.
    """
    if not moving:
        return 0
    agreed = agreed_days(moving)
    if not kept:
        return min(0, round_up((today - min(starts_on, *agreed.values())).days, step))
    before = [one.on for one in kept if one.on < min(agreed.values())]
    free = max([today, *(on + timedelta(days=1) for on in before)])
    starts = week_starts(starts_on, weeks, [(one.week, one.on) for one in kept])
    return min(0, round_up(max((max(free, starts.get(one.week, free)) - agreed[one.key]).days for one in moving), step))


def agreed_days(moving: Sequence[Moving]) -> dict[Hashable, date]:
    """Return the day each session stands for: where only a closed day had moved it the agreed one, unless another stands there by now."""
    used = {one.on for one in moving}
    return {one.key: one.closed_on if one.closed_on is not None and one.closed_on not in used else one.on for one in moving}


def land(
    moving: Sequence[Moving],
    days: int,
    *,
    starts_on: date,
    step: int = WEEK_DAYS,
    taken: Collection[date] = (),
    pauses: Sequence[PausePeriod] = (),
    closed_days: Collection[date] = (),
    open_weekdays: Collection[int] = range(1, 8),
) -> list[Landing]:
    """Return where the sessions land when they move by `days`, a multiple of `step`, in the order of their days.

    They keep their order, their weekdays (with whole weeks) and one day each. What would fall into a pause or on a taken day goes on by as
    many more steps as it needs, and what follows gives way. In the clinic a closed day is avoided as it is when a program is given: the
    next free open day of those seven, otherwise the one before; a session that a closed day had moved returns to its agreed weekday.
    """
    agreed = agreed_days(moving)
    ordered = sorted(moving, key=lambda one: (agreed[one.key], one.on))
    moved: list[int] = []
    before: tuple[date, date] | None = None
    for one in ordered:
        on = agreed[one.key]
        # Between fixed days there are rests: what had to give way takes the rest of the program along.
        shift = moved[-1] if moved and step < WEEK_DAYS else days
        after = before[1] if before is not None and before[0] != on else None
        while not _is_free(on + timedelta(days=shift), after, taken, pauses):
            shift += step
        moved.append(shift)
        before = on, on + timedelta(days=shift)
    planned = [
        PlannedSession(str(one.key), one.week, one.setting, agreed[one.key] + timedelta(days=shift), None, Placement.AS_PLANNED)
        for one, shift in zip(ordered, moved, strict=True)
    ]
    weeks = [one.on - timedelta(days=(one.on - starts_on).days % WEEK_DAYS) for one in planned]
    placed = clear_closed_days(planned, weeks, closed_days, pauses, open_weekdays, taken)
    return [
        Landing(one.key, one.week, one.on, new.on, shift, new.original_on, new.reason == Placement.UNPLACED)
        for one, new, shift in zip(ordered, placed, moved, strict=True)
    ]


def shifted_measurements(planned: Sequence[Planned], landings: Sequence[Landing], *, is_whole: bool) -> list[Planned]:
    """Return the measurements still to come that move, on their new days; their weeks stay.

    A measurement belongs to the end of its week and moves by as much as the last session before it: one whose weeks are all over stays,
    the end and the months after it go along. The one at the start moves only with the start.
    """
    found = []
    for one in planned:
        before = [landing.days for landing in landings if landing.week <= one.week] if one.week else [landings[0].days] if is_whole else []
        if before and before[-1]:
            found.append(Planned(one.key, one.week, one.due_on + timedelta(days=before[-1])))
    return found


def _is_free(on: date, after: date | None, taken: Collection[date], pauses: Sequence[PausePeriod]) -> bool:
    """Say whether a session can stand on a day: not taken, not paused, and behind the one before it."""
    return (after is None or on > after) and on not in taken and not any(pause.covers(on) for pause in pauses)
