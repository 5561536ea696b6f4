"""Who looks after whose patients on a day: covers with a first and a last day, what is refused, and who is responsible."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

LONGEST_DAYS = 366
"""A cover lasts at most a year (default): who is away for longer hands the patients over."""


class Refusal(StrEnum):
    """Why a cover cannot be."""

    SELF = "self"
    ORDER = "order"
    PAST = "past"
    TOO_LONG = "too_long"
    OVERLAP = "overlap"
    AWAY = "away"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Span:
    """One cover: `by` looks after the patients of `covered` from `first` to `last`, both included."""

    covered: UUID
    by: UUID
    first: date
    last: date

    def holds_on(self, day: date) -> bool:
        """Tell whether it is in force on a day of the clinic."""
        return self.first <= day <= self.last

    def meets(self, other: "Span") -> bool:
        """Tell whether the two share a day."""
        return self.first <= other.last and other.first <= self.last


def refuse_cover(new: Span, others: Sequence[Span], today: date) -> tuple[Refusal, Span | None] | None:
    """Return why a cover cannot be, with the one in its way, or None: nobody is covered twice on a day, and nobody covers who is away."""
    if new.covered == new.by:
        return Refusal.SELF, None
    if new.last < new.first:
        return Refusal.ORDER, None
    if new.first < today:
        return Refusal.PAST, None
    if new.last - new.first >= timedelta(days=LONGEST_DAYS):
        return Refusal.TOO_LONG, None
    for other in others:
        if not new.meets(other):
            continue
        if other.covered == new.covered:
            return Refusal.OVERLAP, other
        if other.covered == new.by:
            return Refusal.AWAY, other
        if other.by == new.covered:
            return Refusal.BUSY, other
    return None


def responsible(therapist: UUID | None, standing_in: Mapping[UUID, UUID], working: Iterable[UUID]) -> UUID | None:
    """Return who looks after the patients of a therapist: whoever stands in and still works here, otherwise the therapist."""
    if therapist is None:
        return None
    other = standing_in.get(therapist)
    return other if other is not None and other in set(working) else therapist
