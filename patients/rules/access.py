"""What is unusual about who opened which record: many within an hour, colleagues' records, no reason, at night, refused in a row.

A flag is a question for a manager, never a verdict. All limits are defaults of the product, to be reviewed by the clinic.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from patients.rules.cover import Span

REFUSED_IN_A_ROW = 5
REFUSED_GAP = timedelta(minutes=10)
"""Refusals stand in a row when no longer pause lies between two of them."""
STOP_SIGN_LASTS = timedelta(hours=48)
"""So long after a stop sign anybody of the clinic has a reason to open the record, at night too."""
HOUR = timedelta(hours=1)


class Kind(StrEnum):
    """What a flag is about, the weightiest first."""

    COLLEAGUE = "colleague"
    MANY = "many"
    REFUSED = "refused"
    OTHER = "other"
    NIGHT = "night"


WEAK = frozenset({Kind.NIGHT})
"""Kinds that say little by themselves."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One person opened one record on a day of the clinic, between two moments."""

    actor: UUID
    patient: UUID
    role: str
    on: date
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Flag:
    """Something a manager should ask about: who, what, on which day, how many records or attempts, and when it began and ended."""

    kind: Kind
    actor: UUID
    on: date
    count: int
    first_at: datetime
    last_at: datetime
    patients: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Ties:
    """What gives people a reason to open a record; people are memberships here, `member_of` finds that of an account."""

    member_of: Mapping[UUID, UUID] = field(default_factory=dict)
    treated: Collection[tuple[UUID, UUID, date]] = ()
    """(person, patient, last day): looked after the patient until a handover."""
    therapist: Mapping[UUID, UUID] = field(default_factory=dict)
    """Who looks after a patient now."""
    covers: Sequence[Span] = ()
    assigned: Collection[tuple[UUID, UUID]] = frozenset()
    """(person, patient): gave the patient a program."""
    came: Collection[tuple[UUID, date]] = frozenset()
    """(patient, day): an appointment in the clinic; whoever is there may look."""
    answered: Collection[tuple[UUID, UUID, date]] = frozenset()
    """(person, patient, day): took, put off or resolved an alert."""
    stop_signs: Mapping[UUID, Sequence[datetime]] = field(default_factory=dict)


def had_stop_sign(visit: Visit, ties: Ties) -> bool:
    """Tell whether the patient had reported a stop sign shortly before."""
    return any(at <= visit.last_at and visit.first_at <= at + STOP_SIGN_LASTS for at in ties.stop_signs.get(visit.patient, ()))


def has_reason(visit: Visit, ties: Ties) -> bool:
    """Tell whether a person had a reason to open a record: treating, standing in, a program given, an appointment that day, an alert."""
    if had_stop_sign(visit, ties):
        return True
    person = ties.member_of.get(visit.actor)
    if person is None:
        return False
    therapist = ties.therapist.get(visit.patient)
    if therapist == person or (person, visit.patient) in ties.assigned or (visit.patient, visit.on) in ties.came:
        return True
    if (person, visit.patient, visit.on) in ties.answered:
        return True
    if any(who == person and patient == visit.patient and visit.on <= until for who, patient, until in ties.treated):
        return True
    return any(span.by == person and span.covered == therapist and span.holds_on(visit.on) for span in ties.covers)


def together(kind: Kind, visits: Iterable[Visit]) -> list[Flag]:
    """Return one flag for each person and day with all the records of that day."""
    found: dict[tuple[UUID, date], list[Visit]] = defaultdict(list)
    for visit in visits:
        found[visit.actor, visit.on].append(visit)
    return [
        Flag(
            kind,
            actor,
            on,
            len({visit.patient for visit in group}),
            min(visit.first_at for visit in group),
            max(visit.last_at for visit in group),
            tuple(sorted({visit.patient for visit in group})),
        )
        for (actor, on), group in found.items()
    ]


def of_colleagues(visits: Iterable[Visit], colleagues: Collection[UUID]) -> list[Flag]:
    """Flag records of people who work or worked in the clinic; whoever treats them is not among the visits."""
    return together(Kind.COLLEAGUE, (visit for visit in visits if visit.patient in colleagues))


def without_reason(visits: Iterable[Visit], ties: Ties, colleagues: Collection[UUID]) -> list[Flag]:
    """Flag records opened without a reason; managers answer for all of them and are not asked. Colleagues have a flag of their own."""
    asked = (visit for visit in visits if visit.role != "manager" and visit.patient not in colleagues)
    return together(Kind.OTHER, (visit for visit in asked if not has_reason(visit, ties)))


def at_night(visits: Iterable[Visit], ties: Ties) -> list[Flag]:
    """Flag records opened outside the usual hours; a stop sign shortly before is reason enough."""
    return together(Kind.NIGHT, (visit for visit in visits if not had_stop_sign(visit, ties)))


def busiest_hour(opened: Sequence[tuple[datetime, UUID]]) -> tuple[int, datetime, datetime]:
    """Return the most different records within any 60 minutes, and when the first and the last was opened; `opened` in order, not empty."""
    best = (0, opened[0][0], opened[0][0])
    inside: dict[UUID, int] = defaultdict(int)
    start = 0
    for at, patient in opened:
        inside[patient] += 1
        while at - opened[start][0] >= HOUR:
            leaving = opened[start][1]
            inside[leaving] -= 1
            if not inside[leaving]:
                del inside[leaving]
            start += 1
        if len(inside) > best[0]:
            best = (len(inside), opened[start][0], at)
    return best


def many_records(opened: Mapping[UUID, Sequence[tuple[datetime, UUID]]], limit: int, day_of: Callable[[datetime], date]) -> list[Flag]:
    """Flag people who opened more than `limit` records within any hour of a day; `opened` in order, by person."""
    found = []
    for actor, rows in opened.items():
        days: dict[date, list[tuple[datetime, UUID]]] = defaultdict(list)
        for at, patient in rows:
            days[day_of(at)].append((at, patient))
        for on, group in days.items():
            count, first_at, last_at = busiest_hour(group)
            if count > limit:
                found.append(Flag(Kind.MANY, actor, on, count, first_at, last_at))
    return found


def refused_in_a_row(refused: Mapping[UUID, Sequence[datetime]], day_of: Callable[[datetime], date]) -> list[Flag]:
    """Flag people who were refused five times or more without a longer pause: the longest row of each day; moments in order."""
    longest: dict[tuple[UUID, date], list[datetime]] = {}
    for actor, moments in refused.items():
        row: list[datetime] = []
        for at in moments:
            row = [*row, at] if row and at - row[-1] <= REFUSED_GAP else [at]
            key = (actor, day_of(row[0]))
            if len(row) > len(longest.get(key, ())):
                longest[key] = row
    return [
        Flag(Kind.REFUSED, actor, on, len(row), row[0], row[-1]) for (actor, on), row in longest.items() if len(row) >= REFUSED_IN_A_ROW
    ]


def in_order(flags: Iterable[Flag]) -> list[Flag]:
    """Return flags by day, the latest first, the weightiest kind of a day in front."""
    order = list(Kind)
    return sorted(flags, key=lambda flag: (-flag.on.toordinal(), order.index(flag.kind), -flag.count, str(flag.actor)))
