"""Whether a reminder that is due may really go out: what is looked at again just before it is sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from reminders.rules.timing import Kind


class Hold(StrEnum):
    """Why a reminder is not sent."""

    ALREADY_DONE = "already_done"
    SKIPPED = "skipped"
    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    PAUSED = "paused"
    MOVED = "moved"
    ON_HOLD = "on_hold"
    ENDED = "ended"
    NOTHING = "nothing"
    OTHER_MAIL = "other_mail"
    NO_ACCESS = "no_access"
    NO_ADDRESS = "no_address"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    CLINIC_OFF = "clinic_off"


class Subject(StrEnum):
    """What became of the session, assessment or message a reminder is about."""

    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"
    GONE = "gone"


class Program(StrEnum):
    """State of the program behind it; a program that is over still has its follow-ups."""

    RUNNING = "running"
    HELD = "held"
    OVER = "over"
    WITHDRAWN = "withdrawn"


NOT_IN_FIRST_WORDS = frozenset({Kind.PLAN_CHANGED})
"""Kinds that come unasked and of which the first words of the agreement to reminders (version 1) say nothing."""


def speaks_of(version: str, kind: str) -> bool:
    """Tell whether the words somebody agreed to cover a kind; what comes only when it is wished for is asked for by itself."""
    return version != "1" or kind not in NOT_IN_FIRST_WORDS


GIVES_WAY: dict[Kind, frozenset[Kind]] = {
    Kind.SESSION_MISSED: frozenset({Kind.SESSION_TODAY}),
    Kind.CHECK_IN: frozenset({Kind.SESSION_TODAY, Kind.SESSION_MISSED, Kind.ASSESSMENT_DUE, Kind.PLAN_CHANGED}),
}
"""Kinds that do not come on a day on which one of these others comes: one message a day is enough."""
TOLD_WITHIN: dict[Kind, frozenset[Kind]] = {Kind.PLAN_CHANGED: frozenset({Kind.SESSION_TODAY, Kind.SESSION_MISSED, Kind.ASSESSMENT_DUE})}
"""Kinds that are told in a sentence of one of these others when it comes on the same day, and wait for it so long."""
WAITS_AFTER = timedelta(minutes=1)
"""What waits for another message looks again so long after that one is due."""
IS_WRITTEN_WITHIN = timedelta(minutes=2)
"""A message may have been written so long before it counts as sent, and knows nothing that came up meanwhile."""


@dataclass(frozen=True, slots=True)
class Other:
    """Another message to the same person for the same day: when it is due if it still comes, and when it went out if it did."""

    kind: Kind
    due_at: datetime | None
    sent_at: datetime | None


def beside(kind: Kind, others: Iterable[Other], since: datetime | None) -> tuple[bool, datetime | None]:
    """Return whether a message of a kind is not needed because of the others of its day, and until when it waits for one of them.

    `since`: from when on another one could tell of it, None where that does not count.
    """
    is_told, waits = False, None
    for other in others:
        if other.kind in GIVES_WAY.get(kind, ()):
            is_told = True
        elif other.kind in TOLD_WITHIN.get(kind, ()):
            is_told |= other.sent_at is not None and since is not None and other.sent_at - IS_WRITTEN_WITHIN >= since
            if other.due_at is not None:
                waits = max(waits or other.due_at, other.due_at)
    return is_told, None if waits is None or is_told else waits + WAITS_AFTER


@dataclass(frozen=True, slots=True)
class Situation:
    """What is true at the moment of sending; `subject_on` is the day it stands on now, None when it is gone.

    `has_address` and `is_refused` are about the channel the reminder would take.
    """

    slot_on: date
    is_patient: bool
    has_address: bool
    has_agreed: bool
    is_wanted: bool
    is_paused: bool
    program: Program
    subject: Subject
    subject_on: date | None
    is_follow_up: bool
    is_empty: bool = False
    has_other_mail: bool = False
    is_refused: bool = False
    is_unanswered: bool = False
    is_allowed: bool = True


def hold_reason(now: Situation) -> Hold | None:
    """Return why the reminder must not go out, the strongest reason first; None lets it go."""
    if not now.is_patient:
        return Hold.NO_ACCESS
    if not now.has_agreed:
        return Hold.NO_CONSENT
    if now.subject == Subject.DONE:
        return Hold.ALREADY_DONE
    if now.subject == Subject.SKIPPED:
        return Hold.SKIPPED
    if now.program == Program.WITHDRAWN or (now.program == Program.OVER and not now.is_follow_up):
        return Hold.ENDED
    if now.program == Program.HELD:
        return Hold.ON_HOLD
    if now.subject == Subject.GONE:
        return Hold.ENDED
    if now.subject_on != now.slot_on:
        return Hold.MOVED
    if now.is_paused:
        return Hold.PAUSED
    if not now.is_wanted:
        return Hold.OPTED_OUT
    if not now.is_allowed:
        return Hold.CLINIC_OFF
    if now.is_empty:
        return Hold.NOTHING
    if now.has_other_mail:
        return Hold.OTHER_MAIL
    if not now.has_address:
        return Hold.NO_ADDRESS
    if now.is_refused:
        return Hold.REFUSED
    return Hold.UNANSWERED if now.is_unanswered else None
