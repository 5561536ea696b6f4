"""Who of a clinic is told of a stop sign, and when the next person is; who gets the daily digest, and on which days."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from uuid import UUID

MANAGERS_AFTER_MINUTES = 30
"""All managers are told so long after the second person (default)."""
DIGEST_AT = time(7, 30)
"""When the digest comes, on the clock of the clinic (default)."""


class Step(IntEnum):
    """Who is told one after the other while nobody acknowledges."""

    FIRST = 0
    SECOND = 1
    MANAGERS = 2


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works in the clinic now."""

    key: UUID
    is_manager: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a step: since when it stands, and whether a mail to somebody in it is under way or arrived."""

    since: datetime
    reaches_somebody: bool


def due_step(told: Mapping[int, Told], second_after_minutes: int, now: datetime) -> Step | None:
    """Return the step that is to be taken now; None while the last one still has time, or when all were taken.

    A step that reaches nobody (address refused, person gone) is followed by the next one at once.
    """
    if not told:
        return Step.FIRST
    last = Step(max(told))
    if last == Step.MANAGERS:
        return None
    wait = second_after_minutes if last == Step.FIRST else MANAGERS_AFTER_MINUTES
    if told[last].reaches_somebody and now < told[last].since + timedelta(minutes=wait):
        return None
    return Step(last + 1)


def whom_to_tell(
    step: Step, therapist: UUID | None, staff: Sequence[Colleague], told: Collection[UUID], away: Collection[UUID] = ()
) -> list[UUID]:
    """Return who is told in a step: the patient's therapist, or the managers when that person works here no more; then another therapist,
    or a manager; then all managers. `staff` works here now, in a lasting order; `told` were told before; whoever is `away` comes last as
    the second person. Empty when nobody is left.
    """
    managers = [one.key for one in staff if one.is_manager]
    everybody = [one.key for one in staff]
    if step == Step.FIRST:
        return [therapist] if therapist in everybody and therapist is not None else managers or everybody[:1]
    if step == Step.MANAGERS:
        return managers
    others = [one for one in staff if one.key not in told]
    return [one.key for one in sorted(others, key=lambda one: (one.key in away, one.is_manager))][:1]


def is_open_day(day: date, open_weekdays: Collection[int], closed: Collection[date]) -> bool:
    """Tell whether the clinic treats anybody on a day; no weekdays named means every day."""
    return (not open_weekdays or day.isoweekday() in open_weekdays) and day not in closed
