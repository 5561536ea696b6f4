"""From a start day, chosen weekdays and weeks to the dates of a program, its pauses and its assessments."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from statistics import multimode

_DAY = timedelta(days=1)
_ISO_WEEKDAYS = frozenset(range(1, 8))


class Setting(StrEnum):
    """Where a session takes place."""

    SUPERVISED = "supervised"
    HOME = "home"


class Placement(StrEnum):
    """Why a session stands on its day."""

    AS_PLANNED = "as_planned"
    MOVED_CLOSED_DAY = "moved_closed_day"
    UNPLACED = "unplaced"


class ProblemCode(StrEnum):
    """What is wrong with the chosen days."""

    NOT_ENOUGH_SUPERVISED_DAYS = "not_enough_supervised_days"
    NOT_ENOUGH_HOME_DAYS = "not_enough_home_days"
    TOO_MANY_SUPERVISED_DAYS = "too_many_supervised_days"
    TOO_MANY_HOME_DAYS = "too_many_home_days"
    OVERLAP = "overlap"
    START_IN_PAST = "start_in_past"
    INVALID_WEEKDAY = "invalid_weekday"


@dataclass(frozen=True, slots=True)
class PlanSlot:
    """One session plan of a version: in weeks `week_from` to `week_to` (both included) `times_a_week` sessions.

    `fixed_days` are days of the program week (1 is the day it starts on); with them no weekday has to be chosen.
    """

    plan_id: str
    week_from: int
    week_to: int
    setting: Setting
    times_a_week: int
    order: int
    fixed_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PausePeriod:
    """A pause from one calendar day to another, both included; raises ValueError when it ends before it starts."""

    from_on: date
    to_on: date

    def __post_init__(self) -> None:
        if self.to_on < self.from_on:
            raise ValueError("a pause cannot end before it starts")

    @property
    def days(self) -> int:
        """Length in days, both ends included."""
        return (self.to_on - self.from_on).days + 1

    def covers(self, day: date) -> bool:
        """Say whether the day lies in the pause."""
        return self.from_on <= day <= self.to_on


@dataclass(frozen=True, slots=True)
class PlannedSession:
    """One session on one day; `original_on` is the closed day it was moved from, None when it was not moved."""

    plan_id: str
    week: int
    setting: Setting
    on: date
    original_on: date | None
    reason: Placement


@dataclass(frozen=True, slots=True)
class ScheduleProblem:
    """A problem with chosen days: how many were needed and given (None where it is not about a number) and which weekdays."""

    code: ProblemCode
    needed: int | None = None
    given: int | None = None
    weekdays: tuple[int, ...] = ()


def week_of(starts_on: date, day: date) -> int:
    """Return the program week of a day, week 1 being the seven days from `starts_on`; 0 or less before the start."""
    return (day - starts_on).days // 7 + 1


def plan_sessions(
    starts_on: date,
    slots: Sequence[PlanSlot],
    supervised_weekdays: Sequence[int],
    home_weekdays: Sequence[int],
    weeks: int,
    closed_days: frozenset[date] = frozenset(),
    pauses: Sequence[PausePeriod] = (),
    open_weekdays: Collection[int] = _ISO_WEEKDAYS,
) -> list[PlannedSession]:
    """Return the sessions of a program in date order, never two on one day.

    Weekdays are ISO numbers (Monday 1 to Sunday 7). Each week uses the first matching days in date order; too few days give
    fewer sessions, which `validate_days` names. A pause moves what follows by whole weeks. A supervised session on a closed day
    moves within its seven days to the next open free day, else to the one before, else it stays as UNPLACED; home days stay.
    `open_weekdays` limits only where a session may be moved to.
    """
    chosen = {Setting.SUPERVISED: frozenset(supervised_weekdays), Setting.HOME: frozenset(home_weekdays)}
    sessions: list[PlannedSession] = []
    for week in range(1, weeks + 1):
        sessions += _plan_week(starts_on, week, slots, chosen)
    week_starts = [starts_on + timedelta(days=7 * (session.week - 1)) for session in sessions]
    for pause in merge_pauses(pauses):
        days = [session.on for session in sessions]
        shift = timedelta(days=pause_shift_days(days, pause))
        week_starts = [start + shift if day >= pause.from_on else start for start, day in zip(week_starts, days, strict=True)]
        sessions = [replace(session, on=session.on + shift) if session.on >= pause.from_on else session for session in sessions]
    return sorted(clear_closed_days(sessions, week_starts, closed_days, pauses, open_weekdays), key=lambda session: session.on)


def merge_pauses(pauses: Sequence[PausePeriod]) -> list[PausePeriod]:
    """Return the pauses in date order, those that overlap or touch joined to one."""
    merged: list[PausePeriod] = []
    for pause in sorted(pauses, key=lambda pause: pause.from_on):
        if merged and pause.from_on <= merged[-1].to_on + _DAY:
            merged[-1] = PausePeriod(merged[-1].from_on, max(merged[-1].to_on, pause.to_on))
        else:
            merged.append(pause)
    return merged


def pause_shift_days(sessions_on: Sequence[date], pause: PausePeriod, today: date | None = None) -> int:
    """Return by how many days a pause moves the rest: whole weeks so that weekdays stay, 0 when it meets no session.

    With `today` only what is left of the pause counts, because past sessions stay where they are; None counts all of it.
    """
    first = pause.from_on if today is None else max(pause.from_on, today)
    if first > pause.to_on:
        return 0
    rest = PausePeriod(first, pause.to_on)
    if not any(rest.covers(day) for day in sessions_on):
        return 0
    return -(-rest.days // 7) * 7


def shift_for_pause(sessions_on: Sequence[date], pause: PausePeriod, today: date | None = None) -> list[date]:
    """Return the same sessions' days in the same order with everything from the pause on moved by whole weeks.

    Sessions before `today` stay (None: none counts as past).
    """
    first = pause.from_on if today is None else max(pause.from_on, today)
    return shift_from(sessions_on, first, pause_shift_days(sessions_on, pause, today))


def shift_from(days: Sequence[date], first_on: date, shift_days: int) -> list[date]:
    """Return the days in the same order, those on or after `first_on` moved by `shift_days`."""
    shift = timedelta(days=shift_days)
    return [day + shift if day >= first_on else day for day in days]


def validate_days(
    *,
    starts_on: date,
    today: date,
    slots: Sequence[PlanSlot],
    supervised_weekdays: Sequence[int],
    home_weekdays: Sequence[int],
) -> list[ScheduleProblem]:
    """Return what is wrong with a start day and the chosen ISO weekdays; an empty list means they can be used.

    Days are compared with the busiest week of each setting.
    """
    problems: list[ScheduleProblem] = []
    if starts_on < today:
        problems.append(ScheduleProblem(ProblemCode.START_IN_PAST))
    supervised, home = set(supervised_weekdays), set(home_weekdays)
    unknown = (supervised | home) - _ISO_WEEKDAYS
    if unknown:
        problems.append(ScheduleProblem(ProblemCode.INVALID_WEEKDAY, weekdays=tuple(sorted(unknown))))
    for setting, days, not_enough, too_many in (
        (Setting.SUPERVISED, supervised, ProblemCode.NOT_ENOUGH_SUPERVISED_DAYS, ProblemCode.TOO_MANY_SUPERVISED_DAYS),
        (Setting.HOME, home, ProblemCode.NOT_ENOUGH_HOME_DAYS, ProblemCode.TOO_MANY_HOME_DAYS),
    ):
        needed, given = times_needed(slots, setting), len(days & _ISO_WEEKDAYS)
        if given != needed:
            code = not_enough if given < needed else too_many
            problems.append(ScheduleProblem(code, needed, given, tuple(sorted(days))))
    if supervised & home:
        problems.append(ScheduleProblem(ProblemCode.OVERLAP, weekdays=tuple(sorted(supervised & home))))
    return problems


def times_needed(slots: Sequence[PlanSlot], setting: Setting) -> int:
    """Return the number of weekdays that have to be chosen for that setting: its sessions in the busiest week, fixed days aside."""
    of_setting = [slot for slot in slots if slot.setting == setting and not slot.fixed_days]
    starts = {slot.week_from for slot in of_setting}
    return max((sum(slot.times_a_week for slot in of_setting if slot.week_from <= week <= slot.week_to) for week in starts), default=0)


def assessment_days(starts_on: date, weeks: int, plan: Sequence[tuple[str, int]]) -> list[tuple[str, date]]:
    """Return (key, due day) of each (key, week): the end of that week, which for week 0 is the start day.

    Weeks up to `weeks` lie in the program, later ones are follow-ups: in the Singapore trial 3 and 6 months after the end of eight
    weeks, that is weeks 21 and 34 (NIE project page). Raises ValueError for a week below 0 or a program without weeks.
    """
    if weeks < 1 or any(week < 0 for _, week in plan):
        raise ValueError("a program has at least one week and no assessment before its start")
    return [(key, starts_on + timedelta(days=7 * week)) for key, week in sorted(plan, key=lambda item: item[1])]


def current_week(starts_on: date, weeks: int, sessions: Sequence[tuple[int, date]], today: date) -> int | None:
    """Return the program week it is today, given each session's (week, day) with its pauses; None before the start and after the end.

    In the hole that a pause leaves it is still the week before the pause.
    """
    usual: list[int] = []
    found: int | None = None
    ends_shifted = 0
    for week in range(1, weeks + 1):
        planned_start = starts_on + timedelta(days=7 * (week - 1))
        shifts = [(day - planned_start).days // 7 * 7 for of_week, day in sessions if of_week == week]
        before = usual[-1] if usual else 0
        # Most sessions of a week tell how far pauses have moved it; a single one may have been moved by hand.
        usual.append(max(before, min(multimode(shifts), default=before)))
        begins_shifted = min(max(before, min(shifts, default=before)), usual[-1])
        if planned_start + timedelta(days=begins_shifted) <= today:
            found = week
        ends_shifted = max([usual[-1], *shifts])
    ends_before = starts_on + timedelta(days=7 * weeks + ends_shifted)
    return found if today < ends_before else None


def _plan_week(starts_on: date, week: int, slots: Sequence[PlanSlot], chosen: dict[Setting, frozenset[int]]) -> list[PlannedSession]:
    """Return the sessions of one week before closed days and pauses, each slot on the first days that are left."""
    days = [starts_on + timedelta(days=7 * (week - 1) + offset) for offset in range(7)]
    used: set[date] = set()
    sessions: list[PlannedSession] = []
    in_force = [slot for slot in slots if slot.week_from <= week <= slot.week_to]
    for slot in sorted(in_force, key=lambda slot: (not slot.fixed_days, slot.setting != Setting.SUPERVISED, slot.order)):
        wanted = [days[number - 1] for number in slot.fixed_days] or [day for day in days if day.isoweekday() in chosen[slot.setting]]
        free = [day for day in wanted if day not in used]
        for day in free[: slot.times_a_week]:
            used.add(day)
            sessions.append(PlannedSession(slot.plan_id, week, slot.setting, day, None, Placement.AS_PLANNED))
    return sessions


def clear_closed_days(
    sessions: Sequence[PlannedSession],
    week_starts: Sequence[date],
    closed_days: Collection[date],
    pauses: Sequence[PausePeriod],
    open_weekdays: Collection[int],
    taken: Collection[date] = (),
) -> list[PlannedSession]:
    """Return the sessions with supervised ones moved off closed days within their own seven days, never to a day that is taken."""
    used = {session.on for session in sessions} | set(taken)
    placed: list[PlannedSession] = []
    for session, week_start in zip(sessions, week_starts, strict=True):
        if session.setting != Setting.SUPERVISED or session.on not in closed_days:
            placed.append(session)
            continue
        week = [week_start + timedelta(days=offset) for offset in range(7)]
        later = [day for day in week if day > session.on]
        earlier = [day for day in reversed(week) if day < session.on]
        free = [
            day
            for day in later + earlier
            if day not in used and day not in closed_days and day.isoweekday() in open_weekdays and not any(p.covers(day) for p in pauses)
        ]
        if not free:
            placed.append(replace(session, reason=Placement.UNPLACED))
            continue
        used.add(free[0])
        placed.append(replace(session, on=free[0], original_on=session.on, reason=Placement.MOVED_CLOSED_DAY))
    return placed
