"""From what patients should do to Delivery rows: read and written in sets, never patient by patient."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import OuterRef, Subquery

from clinics.localtime import local_day
from clinics.models import Membership
from patients.models import Assignment, Consent, Patient
from patients.rules.consents import Purpose
from reminders.actions.among import among
from reminders.actions.candidates import SOURCES, Candidate, Plan, Run, batches
from reminders.actions.inserting import write_deliveries
from reminders.actions.instants import Instants, Times
from reminders.actions.policies import USUAL, zones_and_policies
from reminders.actions.wanting import Wish, default_wish, wishes_of
from reminders.models import Delivery, Kind
from reminders.rules.holding import Hold, speaks_of

DAYS_BACK = 14
"""After a longer rest the days since are written down as missed, up to so many."""
FOLLOWED_UP = (Assignment.Status.RUNNING, Assignment.Status.COMPLETED, Assignment.Status.ENDED)
"""Assessments are asked for after the program has ended, too."""
CLOSED_LATER = (Assignment.Status.RUNNING, Assignment.Status.COMPLETED)
"""Of a day that is over the program may have ended since."""
COMES_BACK = frozenset(Hold) - {Hold.ALREADY_DONE}
"""Held rows that return to the queue when what held them is gone and their time is still to come."""


class Waiting(NamedTuple):
    """A row that is there already."""

    patient_id: uuid.UUID
    slot_on: dt.date
    pk: uuid.UUID
    status: str
    hold_reason: str
    attempts: int
    due_at: dt.datetime
    expires_at: dt.datetime
    subject_id: uuid.UUID | None


def plan_deliveries(*, now: dt.datetime, looked_at: dt.datetime | None = None, patients: Collection[uuid.UUID] | None = None) -> Plan:
    """Write or correct the rows of today and tomorrow for all patients, or for `patients` only.

    `looked_at` is when the clockwork last looked (None: now). What would have been due before that and was not planned then has come
    up since and is not sent; what became due while nobody looked is planned still, as missed once it is too late for it.
    """
    since = max(min(looked_at or now, now), now - dt.timedelta(days=DAYS_BACK))
    run = Run(now, since, *zones_and_policies())
    for kind, candidates in SOURCES:
        for batch in batches(candidates(run, patients)):
            plan_batch(run, kind, batch)
    return run.plan


class Person(NamedTuple):
    """Somebody who wants a kind: where they live, the first day, today and the last day there, their wish, and the days already seen."""

    zone: str
    days: tuple[dt.date, dt.date, dt.date]
    instants: Instants
    wish: Wish
    seen: set[dt.date]


def agreed(patients: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return which of these patients agree to reminders, and to which version of the words."""
    rows = Consent.objects.in_force().filter(among("patient_id", patients), purpose=Purpose.REMINDERS.value)
    return dict(rows.values_list("patient_id", "version"))


def people_of(patients: Collection[uuid.UUID], run: Run, kind: str) -> dict[uuid.UUID, Person]:
    """Return those who are patients now, can sign in, agree to reminders of a kind and want it; the others are left out. Two queries."""
    consent = Consent.objects.in_force().filter(clinic=OuterRef("clinic"), patient=OuterRef("pk"), purpose=Purpose.REMINDERS.value)
    rows = Patient.objects.filter(
        among("pk", patients),
        status=Patient.Status.ACTIVE,
        membership__status=Membership.Status.ACTIVE,
        membership__user__is_active=True,
    ).values_list("pk", "clinic_id", "time_zone", Subquery(consent.order_by().values("version")[:1]))
    wishes = wishes_of(patients, [kind], dated=False)
    usual = default_wish(kind)
    found = {}
    for key, clinic, zone, version in rows:
        policy = run.policies.get(clinic, USUAL) if run.policies else USUAL
        wish = wishes.get((key, kind), usual).under(policy)
        if version is not None and speaks_of(version, kind) and wish.is_on and policy.allows(kind):
            place = zone or run.clinic_zones[clinic]
            found[key] = Person(place, run.days(place), run.instants(place), wish, set())
    return found


def wanted(kind: str, batch: Iterable[Candidate], people: Mapping[uuid.UUID, Person]) -> Iterator[tuple[Candidate, Person, Times]]:
    """Yield the first of each day that is to be planned where the patient lives, if its program allows it, with due and expiry."""
    for one in batch:
        person = people.get(one.patient_id)
        if person is None or one.slot_on in person.seen:
            continue
        first, today, last = person.days
        if first <= one.slot_on <= last and is_open(kind, one, today):
            person.seen.add(one.slot_on)
            wish = person.wish
            if wish.wants(one.slot_on) and (
                times := one.times or person.instants.of(kind, one.slot_on, wish.at, one.starts_at, wish.quiet)
            ):
                yield one, person, times


def is_open(kind: str, one: Candidate, today: dt.date) -> bool:
    """Tell whether the program allows a reminder of a kind; what belongs to no program always goes."""
    if one.program is None:
        return True
    if kind == Kind.ASSESSMENT_DUE:
        return one.program in FOLLOWED_UP
    if one.slot_on < today:
        return one.program in CLOSED_LATER
    return one.program == Assignment.Status.RUNNING and not one.is_over


def plan_batch(run: Run, kind: str, batch: list[Candidate]) -> None:
    """Write the rows that are missing and correct those that wait, in a constant number of queries and one for each change."""
    patients = {candidate.patient_id for candidate in batch}
    people = people_of(patients, run, kind)
    rows = Delivery.objects.filter(
        among("clinic_id", {candidate.clinic_id for candidate in batch}),
        among("patient_id", patients),
        kind=kind,
        slot_on__in={candidate.slot_on for candidate in batch},
    ).values_list("patient_id", "slot_on", "id", "status", "hold_reason", "attempts", "due_at", "expires_at", "subject_id")
    there = {(row[0], row[1]): Waiting(*row) for row in rows}
    new: list[dict[str, Any]] = []
    changes = Changes(run.now)
    for candidate, person, times in wanted(kind, batch, people):
        # Looking up what cannot be there takes time as well: on most days all rows of a batch are new, or none is.
        row = there.get((candidate.patient_id, candidate.slot_on)) if there else None
        if row is not None:
            changes.compare(row, *times, candidate, person.zone)
        elif times[0] > run.looked_at:
            is_late = times[1] <= run.now
            run.plan.missed += is_late
            new.append(
                {
                    "clinic_id": candidate.clinic_id,
                    "patient_id": candidate.patient_id,
                    "channel": str(person.wish.channel),
                    "slot_on": candidate.slot_on,
                    "subject_id": candidate.subject_id,
                    "due_at": times[0],
                    "expires_at": times[1],
                    "status": str(Delivery.Status.MISSED if is_late else Delivery.Status.QUEUED),
                }
            )
    # Another worker may plan the same day at the same time: the unique row decides.
    write_deliveries(new, kind=kind, created_at=run.now)
    run.plan.created += len(new)
    run.plan.changed += changes.write()


@dataclass(slots=True)
class Changes:
    """Corrections of rows that wait, gathered by their new values so that a moved zone is a few statements."""

    now: dt.datetime
    moved: dict[tuple[dt.datetime, dt.datetime], list[uuid.UUID]] = field(default_factory=lambda: defaultdict(list))
    returned: dict[tuple[dt.datetime, dt.datetime], list[uuid.UUID]] = field(default_factory=lambda: defaultdict(list))
    renamed: dict[uuid.UUID, list[uuid.UUID]] = field(default_factory=lambda: defaultdict(list))

    def compare(self, row: Waiting, due: dt.datetime, expires: dt.datetime, candidate: Candidate, zone: str) -> None:
        """Note what has to change in a row so that it fits what was just reckoned."""
        # A message that was opened is done with; the next one of the day is something else.
        is_new = candidate.times is not None and row.subject_id != candidate.subject_id
        if row.status == Delivery.Status.HELD and (row.hold_reason in COMES_BACK or is_new) and due > self.now:
            self.returned[due, expires].append(row.pk)
        elif row.status != Delivery.Status.QUEUED or row.attempts:
            return
        elif (row.due_at, row.expires_at) != (due, expires) and not self.keeps_promise(row, due, expires, candidate, zone):
            self.moved[due, expires].append(row.pk)
        if row.subject_id != candidate.subject_id:
            self.renamed[candidate.subject_id].append(row.pk)

    def keeps_promise(self, row: Waiting, due: dt.datetime, expires: dt.datetime, candidate: Candidate, zone: str) -> bool:
        """Tell whether the new time is over already, so that what was promised for later on this day stays."""
        in_time = candidate.starts_at is None or row.due_at < expires
        return due <= self.now < row.due_at and local_day(row.due_at, zone) == row.slot_on and in_time

    def write(self) -> int:
        """Store the corrections; rows that were claimed or sent meanwhile stay as they are. Returns how many changed."""
        changed = 0
        queued = Delivery.Status.QUEUED
        for subject_id, keys in self.renamed.items():
            Delivery.objects.filter(among("pk", keys)).exclude(status=Delivery.Status.SENT).update(subject_id=subject_id)
        for (due, expires), keys in self.moved.items():
            waiting = Delivery.objects.queued().filter(among("pk", keys), attempts=0)
            changed += waiting.update(due_at=due, expires_at=expires)
        for (due, expires), keys in self.returned.items():
            held = Delivery.objects.filter(among("pk", keys), status=Delivery.Status.HELD)
            changed += held.update(status=queued, hold_reason="", due_at=due, expires_at=expires, attempts=0)
        return changed
