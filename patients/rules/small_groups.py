"""Which figures of a group may be shown: none of fewer than five people, and none from which, by subtraction, such a group follows."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

FEWEST = 5
"""Fewer people than this are never told of as a group (issue: small groups, n < 5, are hidden)."""

Who = TypeVar("Who", bound=Hashable)
Span = tuple[int, int]
"""The first and the last year of a group."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a figure may be shown, of how many people (0 when it may not), and for which years it could be."""

    may: bool
    n: int
    spans: tuple[Span, ...] = ()


HIDDEN = Verdict(False, 0)


def hide_small(counts: Sequence[int], keep: Collection[int] = ()) -> list[int | None]:
    """Return the parts of a known total with those of 1 to 4 people hidden (None).

    What is hidden together has to be two parts and five people at least: where it is not, the next smallest part is hidden as well, since
    it could be worked out from the total; those whose places are in `keep` last. A total below five hides everything.
    """
    if sum(counts) < FEWEST:
        return [None] * len(counts)
    hidden = {place for place, count in enumerate(counts) if 0 < count < FEWEST}
    if hidden:
        others = sorted((place in keep, count, place) for place, count in enumerate(counts) if count >= FEWEST)
        for _kept, _count, place in others:
            if len(hidden) > 1 and sum(counts[one] for one in hidden) >= FEWEST:
                break
            hidden.add(place)
    return [None if place in hidden else count for place, count in enumerate(counts)]


def spans_of(people: Mapping[int, int]) -> list[Span]:
    """Return the years in spans of at least five people, from the earliest on; what is left over joins the last span; none below five."""
    found: list[Span] = []
    first: int | None = None
    waiting = 0
    for year in sorted(year for year, count in people.items() if count):
        first = year if first is None else first
        waiting += people[year]
        if waiting >= FEWEST:
            found.append((first, year))
            first, waiting = None, 0
    if waiting and found:
        last = max(year for year, count in people.items() if count)
        found[-1] = (found[-1][0], last)
    return found


class Group(Generic[Who]):
    """The people behind one figure, counted by the year they began in and by who treats them.

    Every selection that may be shown is made of the same parts: spans of years, and inside a span the people of one therapist, or of all
    others together. Each part has at least five people, so whatever is added or subtracted, no smaller group ever comes out.
    """

    def __init__(self, cells: Mapping[tuple[int, Who], int]) -> None:
        """Take how many people there are in each year with each therapist."""
        self.cells = {cell: count for cell, count in cells.items() if count}
        self.years: dict[int, int] = {}
        for (year, _who), count in self.cells.items():
            self.years[year] = self.years.get(year, 0) + count
        self.spans = spans_of(self.years)

    def select(self, first: int, last: int, who: Who | None = None) -> Verdict:
        """Tell whether the people who began from `first` to `last` (with this therapist, None for all) may be shown as a group.

        A span that reaches beyond the chosen years hides them, and so does a therapist whose people of a span are not a part of their own.
        """
        chosen = [span for span in self.spans if any(first <= year <= last for year in self._within(span)) and self._count(span, who)]
        spans = tuple(span for span in self.spans if who is None or who in self.parts(span))
        whole = all(span in spans and all(first <= year <= last for year in self._within(span)) for span in chosen)
        n = sum(self._count(span, who) for span in chosen)
        return Verdict(True, n, spans) if n and whole else Verdict(False, 0, spans)

    def parts(self, span: Span) -> dict[Who, int]:
        """Return the therapists whose people of a span are a part of their own: five at least, and five or none others left."""
        people: dict[Who, int] = {}
        for (year, who), count in self.cells.items():
            if span[0] <= year <= span[1]:
                people[who] = people.get(who, 0) + count
        own = sorted((count, str(who), who) for who, count in people.items() if count >= FEWEST)
        rest = sum(people.values()) - sum(count for count, _name, _who in own)
        if 0 < rest < FEWEST:
            own = own[1:]
        return {who: count for count, _name, who in own}

    def _within(self, span: Span) -> list[int]:
        return [year for year in self.years if span[0] <= year <= span[1]]

    def _count(self, span: Span, who: Who | None) -> int:
        return sum(count for (year, one), count in self.cells.items() if span[0] <= year <= span[1] and who in (None, one))


def joined(spans: Sequence[Span]) -> list[Span]:
    """Return the spans with those that touch each other put together."""
    found: list[Span] = list(spans[:1])
    for before, after in pairwise(spans):
        if after[0] == before[1] + 1:
            found[-1] = (found[-1][0], after[1])
        else:
            found.append(after)
    return found
