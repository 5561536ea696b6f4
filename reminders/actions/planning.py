"""From what patients should do to Delivery rows: read and written in sets, never patient by patient."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from clinics.ids import uuid7
from clinics.localtime import local_day
from clinics.models import Membership, User
from patients.models import Assignment, Consent, Patient
from patients.rules.consents import Purpose
from reminders.actions.among import among
from reminders.actions.candidates import SOURCES, Candidate, Plan, Run, batches, one_a_day
from reminders.actions.inserting import write_deliveries
from reminders.actions.policies import USUAL, zones_and_policies
from reminders.actions.wanting import default_wish, wishes_of
from reminders.models import Delivery, Kind
from reminders.rules.holding import Hold, speaks_of

DAYS_BACK = 14
"""After a longer rest the days since are written down as missed, up to so many."""
FOLLOWED_UP = (Assignment.Status.RUNNING, Assignment.Status.COMPLETED, Assignment.Status.ENDED)
"""Assessments are asked for after the program has ended, too."""
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


def agreed(patients: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return which of these patients agree to reminders, and to which version of the words."""
    rows = Consent.objects.in_force().filter(among("patient_id", patients), purpose=Purpose.REMINDERS.value)
    return dict(rows.values_list("patient_id", "version"))


def zones_of(patients: Collection[uuid.UUID], run: Run, kind: str) -> dict[uuid.UUID, str]:
    """Return the time zones of those who are patients now, can sign in and agree to reminders of a kind; the others are left out."""
    rows = list(
        Patient.objects.filter(among("pk", patients), status=Patient.Status.ACTIVE, membership__isnull=False).values_list(
            "pk", "clinic_id", "time_zone", "membership_id"
        )
    )
    members = dict(
        Membership.objects.filter(among("pk", [row[3] for row in rows]), status=Membership.Status.ACTIVE).values_list("pk", "user_id")
    )
    users = set(User.objects.filter(among("pk", list(members.values())), is_active=True).values_list("pk", flat=True))
    willing = {patient for patient, version in agreed([row[0] for row in rows]).items() if speaks_of(version, kind)}
    return {key: zone or run.clinic_zones[clinic] for key, clinic, zone, member in rows if key in willing and members.get(member) in users}


def wanted(run: Run, kind: str, batch: list[Candidate], zones: dict[uuid.UUID, str]) -> Iterator[Candidate]:
    """Yield those whose day is to be planned where the patient lives, and whose program allows them."""
    keys = {one.assignment_id for one in batch if one.assignment_id is not None}
    programs = dict(Assignment.objects.filter(among("pk", keys)).values_list("pk", "status")) if keys else {}
    running, completed = Assignment.Status.RUNNING, Assignment.Status.COMPLETED
    for one in batch:
        zone = zones.get(one.patient_id)
        if zone is None:
            continue
        first, today, last = run.days(zone)
        status = programs.get(one.assignment_id) if one.assignment_id else None
        if one.assignment_id is None:
            is_open = True
        elif kind == Kind.ASSESSMENT_DUE:
            is_open = status in FOLLOWED_UP
        else:
            is_past = one.slot_on < today
            is_open = (status == running or (is_past and status == completed)) and (is_past or not one.is_over)
        if is_open and first <= one.slot_on <= last:
            yield one


def plan_batch(run: Run, kind: str, batch: list[Candidate]) -> None:
    """Write the rows that are missing and correct those that wait, in a constant number of queries and one for each change."""
    patients = {candidate.patient_id for candidate in batch}
    zones = zones_of(patients, run, kind)
    wishes = wishes_of(patients, [kind])
    usual = default_wish(kind)
    rows = Delivery.objects.filter(
        among("clinic_id", {candidate.clinic_id for candidate in batch}),
        among("patient_id", patients),
        kind=kind,
        slot_on__in={candidate.slot_on for candidate in batch},
    ).values_list("patient_id", "slot_on", "id", "status", "hold_reason", "attempts", "due_at", "expires_at", "subject_id")
    there = {(row[0], row[1]): Waiting(*row) for row in rows}
    new: list[dict[str, Any]] = []
    changes = Changes(run.now)
    for candidate in one_a_day(wanted(run, kind, batch, zones)):
        policy = run.policies.get(candidate.clinic_id, USUAL)
        wish = wishes.get((candidate.patient_id, kind), usual).under(policy)
        if not (wish.wants(candidate.slot_on) and policy.allows(kind)):
            continue
        zone = zones[candidate.patient_id]
        times = candidate.times or run.instants(zone).of(kind, candidate.slot_on, wish.at, candidate.starts_at, wish.quiet)
        if times is None:
            continue
        row = there.get((candidate.patient_id, candidate.slot_on))
        if row is not None:
            changes.compare(row, *times, candidate, zone)
        elif times[0] > run.looked_at:
            is_late = times[1] <= run.now
            run.plan.missed += is_late
            new.append(
                {
                    "id": uuid7(),
                    "clinic_id": candidate.clinic_id,
                    "patient_id": candidate.patient_id,
                    "channel": str(wish.channel),
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
            Delivery.objects.filter(pk__in=keys).exclude(status=Delivery.Status.SENT).update(subject_id=subject_id)
        for (due, expires), keys in self.moved.items():
            waiting = Delivery.objects.queued().filter(pk__in=keys, attempts=0)
            changed += waiting.update(due_at=due, expires_at=expires)
        for (due, expires), keys in self.returned.items():
            held = Delivery.objects.filter(pk__in=keys, status=Delivery.Status.HELD)
            changed += held.update(status=queued, hold_reason="", due_at=due, expires_at=expires, attempts=0)
        return changed
