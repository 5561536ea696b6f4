"""What may be done with an alert: who needs a note, and how long it may be put off."""

from datetime import date, timedelta
from enum import StrEnum

SNOOZE_DAYS = 14
"""An alert may be put off by at most two weeks (default of the product)."""


class Status(StrEnum):
    """Where an alert stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class Move(StrEnum):
    """What somebody does with an alert, or time does."""

    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    RESOLVE = "resolve"
    RETURN = "return"
    HAND_OVER = "hand_over"


class SnoozeReason(StrEnum):
    """Why an alert is put off."""

    APPOINTMENT = "appointment"
    AGREED = "agreed"
    NOT_REACHED = "not_reached"
    AWAY = "away"
    OTHER = "other"


class Refusal(StrEnum):
    """Why an alert cannot be put off."""

    STOP_SIGN = "stop_sign"
    NOT_LATER = "not_later"
    TOO_LATE = "too_late"


MOVES: dict[Status, tuple[Move, ...]] = {
    Status.OPEN: (Move.ACKNOWLEDGE, Move.SNOOZE, Move.RESOLVE),
    Status.ACKNOWLEDGED: (Move.SNOOZE, Move.RESOLVE),
    Status.SNOOZED: (Move.ACKNOWLEDGE, Move.RESOLVE),
    Status.RESOLVED: (),
}


def moves(status: Status, *, is_stop: bool) -> tuple[Move, ...]:
    """Return what a person may do with an alert now; a stop sign is never put off."""
    return tuple(move for move in MOVES[status] if not (is_stop and move == Move.SNOOZE))


def needs_note(move: Move, *, is_stop: bool, reason: str = "") -> bool:
    """Tell whether a move needs words: everything about a stop sign does, and putting off for "another reason"."""
    return is_stop or (move == Move.SNOOZE and reason == SnoozeReason.OTHER)


def refuse_snooze(until: date, today: date, *, is_stop: bool) -> Refusal | None:
    """Return why an alert cannot be put off until that day, None when it can: tomorrow at the earliest, 14 days at most."""
    if is_stop:
        return Refusal.STOP_SIGN
    if until <= today:
        return Refusal.NOT_LATER
    return Refusal.TOO_LATE if until > today + timedelta(days=SNOOZE_DAYS) else None
