"""When a running plan gets more or fewer sessions: which of those planned go, and on which days new ones come."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

Slot = tuple[str, int]
"""A kind of session in a week: its setting and its number there, from 0."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A session there is: its week and day, its slot in the plan as it will be (None: the plan has it no more), and whether it may go."""

    key: Hashable
    week: int
    setting: str
    slot: Slot | None
    on: date
    is_open: bool


@dataclass(frozen=True, slots=True)
class Refit:
    """What has to be done: sessions to cancel, new ones as (week, slot, day), and weeks without a day for one."""

    cancel: list[Hashable] = field(default_factory=list)
    add: list[tuple[int, Slot, date]] = field(default_factory=list)
    full: list[int] = field(default_factory=list)


def refit(
    standing: Sequence[Standing],
    wanted: Mapping[int, Mapping[Slot, int]],
    starts: Mapping[int, date],
    from_on: date,
    weekdays: Mapping[str, Collection[int]],
    closed: Collection[date] = (),
    open_weekdays: Collection[int] = range(1, 8),
) -> Refit:
    """Return what makes the sessions fit the plan from a day on; what was done, and days before, stay and count.

    `wanted` says for each week how often each slot is done, `starts` on which day each week begins. New sessions come on the usual ISO
    weekdays of their place, otherwise on any free day of the week, those in the clinic only on open days.
    """
    found = Refit()
    for week, slots in wanted.items():
        here = [one for one in standing if one.week == week]
        found.cancel.extend(one.key for one in here if one.slot not in slots and one.is_open and one.on >= from_on)
        for slot, times in slots.items():
            own = sorted((one for one in here if one.slot == slot), key=lambda one: one.on)
            more = len(own) - times
            going = [one for one in reversed(own) if one.is_open and one.on >= from_on][: max(more, 0)]
            found.cancel.extend(one.key for one in going)
        gone = set(found.cancel)
        used = {one.on for one in standing if one.key not in gone} | {on for _week, _slot, on in found.add}
        days = [starts[week] + timedelta(days=offset) for offset in range(7)]
        for slot, times in slots.items():
            for _nth in range(times - sum(one.slot == slot for one in here)):
                day = _free_day(slot[0], days, used, from_on, weekdays.get(slot[0], ()), closed, open_weekdays)
                if day is None:
                    # A week that is all but over may end with fewer sessions; one still to come may not.
                    if days[0] >= from_on:
                        found.full.append(week)
                    continue
                used.add(day)
                found.add.append((week, slot, day))
    return found


def week_starts(starts_on: date, weeks: int, sessions: Sequence[tuple[int, date]]) -> dict[int, date]:
    """Return the day each week begins, moved by whole weeks as its sessions were moved by pauses (each given as week and day)."""
    found: dict[int, date] = {}
    shift = 0
    for week in range(1, weeks + 1):
        planned = starts_on + timedelta(days=7 * (week - 1))
        moved = [(on - planned).days // 7 * 7 for of_week, on in sessions if of_week == week]
        shift = max(shift, min(moved, default=shift))
        found[week] = planned + timedelta(days=shift)
    return found


def _free_day(
    setting: str,
    days: Sequence[date],
    used: Collection[date],
    from_on: date,
    weekdays: Collection[int],
    closed: Collection[date],
    open_weekdays: Collection[int],
) -> date | None:
    """Return the first usual day that is free, otherwise the first free one; None without any."""
    free = [day for day in days if day >= from_on and day not in used]
    if setting == "supervised":
        free = [day for day in free if day not in closed and day.isoweekday() in open_weekdays]
    return next((day for day in free if day.isoweekday() in weekdays), next(iter(free), None))
