"""How much of what was planned has been done: sessions done of sessions due, overall, by setting and by week."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from patients.rules.schedule import Setting, current_week


class SessionState(StrEnum):
    """What became of a session, as far as counting is concerned."""

    PLANNED = "planned"
    DONE = "done"
    PARTIAL = "partial"
    MISSED = "missed"
    SKIPPED = "skipped"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    EXCUSED = "excused"


class TickState(StrEnum):
    """How a week looks in the row of week ticks."""

    FULL = "full"
    PART = "part"
    NONE = "none"
    NOW = "now"
    TO_COME = "to_come"
    PAUSED = "paused"


NOT_COUNTED = frozenset({SessionState.PAUSED, SessionState.CANCELLED, SessionState.EXCUSED})
LOGGED = frozenset({SessionState.DONE, SessionState.PARTIAL})


@dataclass(frozen=True, slots=True)
class SessionFact:
    """One session and what became of it; `share` is the completed part of a partial session, 0 to 1, and unused otherwise."""

    on: date
    state: SessionState
    setting: Setting
    week: int
    share: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError("a share lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class Adherence:
    """Sessions done (partial ones by their share) of sessions due; `percent` is a whole number, None when nothing was due."""

    done: float
    due: int
    percent: int | None


@dataclass(frozen=True, slots=True)
class WeekTick:
    """One week: sessions done of those due; for the running week and weeks to come `due` is all that is planned in it."""

    week: int
    state: TickState
    share: float
    done: float
    due: int


def is_due(session: SessionFact, today: date) -> bool:
    """Say whether a session counts: it was logged, or its day has passed; pauses, cancellations and excuses never count."""
    if session.state in NOT_COUNTED:
        return False
    return session.state in LOGGED or session.on < today


def credit(session: SessionFact) -> float:
    """Return what a session counts, 0 to 1: partial sessions count as partial (default, not from a trial)."""
    if session.state == SessionState.DONE:
        return 1.0
    return session.share if session.state == SessionState.PARTIAL else 0.0


def adherence(sessions: Iterable[SessionFact], today: date) -> Adherence:
    """Return sessions done of sessions due up to yesterday, plus whatever is already logged.

    The measure is the one ASTEROID reports: completed of prescribed sessions, 70 % (SD 20) there (Neason 2025).
    """
    counted = [session for session in sessions if is_due(session, today)]
    done = sum(credit(session) for session in counted)
    percent = int(100 * done / len(counted) + 0.5) if counted else None
    return Adherence(round(done, 2), len(counted), percent)


def adherence_by_setting(sessions: Sequence[SessionFact], today: date) -> dict[Setting, Adherence]:
    """Return adherence for supervised and home sessions apart."""
    return {setting: adherence([s for s in sessions if s.setting == setting], today) for setting in Setting}


def adherence_by_week(sessions: Sequence[SessionFact], today: date) -> dict[int, Adherence]:
    """Return adherence for each program week that has sessions."""
    weeks = sorted({session.week for session in sessions})
    return {week: adherence([s for s in sessions if s.week == week], today) for week in weeks}


def week_ticks(sessions: Sequence[SessionFact], starts_on: date, weeks: int, today: date) -> list[WeekTick]:
    """Return one tick for each week of the program; a week in which nothing counts, or is planned, is shown as paused."""
    now = current_week(starts_on, weeks, [(session.week, session.on) for session in sessions], today)
    # Without a running week the program is either over or has not begun.
    running = now if now is not None else (weeks + 1 if today >= starts_on else 0)
    return [_tick(week, [s for s in sessions if s.week == week], running, today) for week in range(1, weeks + 1)]


def _tick(week: int, sessions: Sequence[SessionFact], running: int, today: date) -> WeekTick:
    """Return the tick of one week; of a past week only sessions that were due count, so that one moved ahead does not."""
    planned = [session for session in sessions if session.state not in NOT_COUNTED]
    if not planned:
        return WeekTick(week, TickState.PAUSED, 0.0, 0.0, 0)
    due = [session for session in planned if is_due(session, today)]
    over = week < running and bool(due)
    counted = due if over else planned
    done = round(sum(credit(session) for session in counted), 2)
    if week == running:
        state = TickState.NOW
    elif not over:
        state = TickState.TO_COME
    elif done >= len(counted):
        state = TickState.FULL
    else:
        state = TickState.PART if done > 0 else TickState.NONE
    return WeekTick(week, state, round(done / len(counted), 2), done, len(counted))
