"""From what patients should do to Delivery rows: read and written in sets, never patient by patient."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet

from clinics.ids import uuid7
from clinics.localtime import local_day
from clinics.models import Membership, User
from patients.models import Assessment, Assignment, Consent, Message, Patient, ScheduledSession
from patients.rules.consents import Purpose
from reminders.actions.among import among
from reminders.actions.inserting import write_deliveries
from reminders.actions.instants import Instants, message_times
from reminders.actions.policies import USUAL, zones_and_policies
from reminders.models import Channel, Delivery, Kind, Preference
from reminders.rules import timing
from reminders.rules.holding import Hold
from reminders.rules.moments import (
    ASSESSMENT_ASKED_AFTER_DAYS,
    DEFAULT_WISH,
    OFF_UNLESS_WISHED,
    SUNDAY,
    assessment_slots,
)
from reminders.rules.policy import Policy, quiet_with
from reminders.rules.timing import QuietHours

DAYS_AHEAD = 1
"""Today and so many days more are planned, so that the clockwork may rest for a day without anything being forgotten."""
DAYS_BACK = 14
"""After a longer rest the days since are written down as missed, up to so many."""
CATCH_UP_AFTER = dt.timedelta(minutes=15)
BATCH = 900
FOLLOWED_UP = (Assignment.Status.RUNNING, Assignment.Status.COMPLETED, Assignment.Status.ENDED)
"""Assessments are asked for after the program has ended, too."""
MESSAGES_BACK = dt.timedelta(days=2)
"""Nobody is told of a message that is older than this."""
COMES_BACK = frozenset(Hold) - {Hold.ALREADY_DONE}
"""Held rows that return to the queue when what held them is gone and their time is still to come."""


class Wish(NamedTuple):
    """What a patient wants for one kind; `weekday` counts for the weekly summary, None as `quiet`: no quiet hours, as `said_at`: never."""

    is_on: bool
    at: dt.time
    paused_to_on: dt.date | None
    weekday: int = SUNDAY
    quiet: QuietHours | None = None
    channel: str = Channel.EMAIL
    said_at: dt.datetime | None = None

    def under(self, policy: Policy) -> "Wish":
        """Return the wish as the clinic's hours allow it."""
        return self if policy.night is None else self._replace(at=policy.within(self.at), quiet=quiet_with(self.quiet, policy.night))

    def wants(self, day: dt.date) -> bool:
        """Tell whether a reminder is wanted for that day."""
        return self.is_on and not (self.paused_to_on is not None and day <= self.paused_to_on)


class Candidate(NamedTuple):
    """Something a patient may be reminded of on one local day; `times` are due and expiry where no wish decides, None elsewhere."""

    clinic_id: uuid.UUID
    patient_id: uuid.UUID
    slot_on: dt.date
    subject_id: uuid.UUID
    starts_at: dt.datetime | None
    assignment_id: uuid.UUID | None
    is_over: bool = False
    times: tuple[dt.datetime, dt.datetime] | None = None


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


@dataclass(slots=True)
class Plan:
    """What one run of planning did."""

    created: int = 0
    missed: int = 0
    changed: int = 0


def plan_deliveries(*, now: dt.datetime, looked_at: dt.datetime | None = None, patients: Collection[uuid.UUID] | None = None) -> Plan:
    """Write or correct the rows of today and tomorrow for all patients, or for `patients` only.

    `looked_at` is when the clockwork last looked (None: now). What would have been due before that and was not planned then has come
    up since and is not sent; what became due while nobody looked is planned still, as missed once it is too late for it.
    """
    since = max(min(looked_at or now, now), now - dt.timedelta(days=DAYS_BACK))
    run = Run(now, since, *zones_and_policies())
    for kind, candidates in (
        (Kind.SESSION_TODAY, session_candidates(run, patients)),
        (Kind.ASSESSMENT_DUE, assessment_candidates(run, patients)),
        (Kind.MESSAGE_WAITING, message_candidates(run, patients)),
        (Kind.SESSION_MISSED, missed_candidates(run, patients)),
        (Kind.WEEKLY_SUMMARY, summary_candidates(run, patients)),
    ):
        for batch in batches(candidates):
            plan_batch(run, kind, batch)
    return run.plan


@dataclass(slots=True)
class Run:
    """What one run of planning carries along."""

    now: dt.datetime
    looked_at: dt.datetime
    clinic_zones: dict[uuid.UUID, str]
    policies: dict[uuid.UUID, Policy]
    plan: Plan = field(default_factory=Plan)
    zones: dict[str, Instants] = field(default_factory=dict)
    spans: dict[str, tuple[dt.date, dt.date, dt.date]] = field(default_factory=dict)

    @property
    def span(self) -> tuple[dt.date, dt.date]:
        """First and last day that is to be planned anywhere on earth."""
        day = dt.timedelta(days=1)
        return self.looked_at.date() - day, self.now.date() + day * (DAYS_AHEAD + 1)

    @property
    def is_catching_up(self) -> bool:
        """Whether nobody looked for so long that days may have been closed meanwhile."""
        return self.now - self.looked_at > CATCH_UP_AFTER

    def instants(self, zone: str) -> Instants:
        """Return what reckons the instants of a zone."""
        if zone not in self.zones:
            self.zones[zone] = Instants(zone)
        return self.zones[zone]

    def days(self, zone: str) -> tuple[dt.date, dt.date, dt.date]:
        """Return the first day, today, and the last day that is planned in a zone."""
        if zone not in self.spans:
            today = local_day(self.now, zone)
            self.spans[zone] = (local_day(self.looked_at, zone), today, today + dt.timedelta(days=DAYS_AHEAD))
        return self.spans[zone]


# Each query below reads one table by an index. Joined, PostgreSQL chooses nested loops on a table it has no statistics of yet, as after an
# import or a restore, and a plan of seconds becomes one of minutes.


def session_candidates(run: Run, patients: Collection[uuid.UUID] | None) -> Iterator[Candidate]:
    """Yield the sessions of the days to be planned, an appointment before a session at home."""
    states = [ScheduledSession.Status.PLANNED, *([ScheduledSession.Status.MISSED] if run.is_catching_up else [])]
    rows = ScheduledSession.objects.filter(status__in=states, on__range=run.span)
    if patients is not None:
        rows = rows.filter(patient_id__in=patients)
    columns = ("clinic_id", "patient_id", "on", "id", "starts_at", "assignment_id", "status")
    for clinic, patient, on, key, starts_at, assignment, status in stream(
        rows.order_by("clinic_id", "patient_id", "on", "-setting").values_list(*columns)
    ):
        yield Candidate(clinic, patient, on, key, starts_at, assignment, status == ScheduledSession.Status.MISSED)


def assessment_candidates(run: Run, patients: Collection[uuid.UUID] | None) -> Iterator[Candidate]:
    """Yield the open assessments on each day they are asked for."""
    first, last = run.span
    longest = dt.timedelta(days=max(ASSESSMENT_ASKED_AFTER_DAYS))
    rows = Assessment.objects.filter(status=Assessment.Status.PLANNED, due_on__range=(first - longest, last))
    if patients is not None:
        rows = rows.filter(patient_id__in=patients)
    columns = ("clinic_id", "patient_id", "due_on", "id", "assignment_id")
    for clinic, patient, due_on, key, assignment in stream(rows.order_by("clinic_id", "patient_id", "due_on").values_list(*columns)):
        for slot in assessment_slots(due_on):
            if first <= slot <= last:
                yield Candidate(clinic, patient, slot, key, None, assignment)


def message_candidates(run: Run, patients: Collection[uuid.UUID] | None) -> Iterator[Candidate]:
    """Yield the first message of the clinic that each patient has not opened."""
    rows = Message.objects.unread().filter(from_patient=False, sent_at__gte=run.looked_at - MESSAGES_BACK)
    if patients is not None:
        rows = rows.filter(patient_id__in=patients)
    columns = ("clinic_id", "patient_id", "id", "sent_at", "patient__time_zone")
    waiting = list(stream(rows.order_by("clinic_id", "patient_id", "sent_at").values_list(*columns)))
    wishes = wishes_of({row[1] for row in waiting}, [Kind.MESSAGE_WAITING]) if waiting else {}
    for clinic, patient, key, sent_at, zone in waiting:
        place = zone or run.clinic_zones[clinic]
        wish = wishes.get((patient, Kind.MESSAGE_WAITING))
        slot_on, times = message_times(sent_at, place, quiet_with(wish.quiet if wish else None, run.policies.get(clinic, USUAL).night))
        yield Candidate(clinic, patient, slot_on, key, None, None, times=times)


def missed_candidates(run: Run, patients: Collection[uuid.UUID] | None) -> Iterator[Candidate]:
    """Yield, for the day after, the sessions that were missed by patients who want to hear of it."""
    day = dt.timedelta(days=1)
    first, last = run.span
    wishing = Preference.objects.filter(kind=Kind.SESSION_MISSED, is_on=True)
    rows = ScheduledSession.objects.filter(
        status=ScheduledSession.Status.MISSED, on__range=(first - day, last - day), patient__in=wishing.values("patient")
    )
    if patients is not None:
        rows = rows.filter(patient_id__in=patients)
    columns = ("clinic_id", "patient_id", "on", "id", "assignment_id")
    for clinic, patient, on, key, assignment in stream(rows.order_by("clinic_id", "patient_id", "on", "-setting").values_list(*columns)):
        yield Candidate(clinic, patient, on + day, key, None, assignment)


def summary_candidates(run: Run, patients: Collection[uuid.UUID] | None) -> Iterator[Candidate]:
    """Yield the weekly summaries of patients who want them and whose program runs."""
    first, last = run.span
    wishing = Preference.objects.filter(kind=Kind.WEEKLY_SUMMARY, is_on=True)
    if patients is not None:
        wishing = wishing.filter(patient_id__in=patients)
    weekdays = dict(wishing.values_list("patient_id", "weekday"))
    if not weekdays:
        return
    running = Assignment.objects.filter(status=Assignment.Status.RUNNING, patient__in=wishing.values("patient"))
    days = [first + dt.timedelta(days=step) for step in range((last - first).days + 1)]
    for clinic, patient, key in stream(running.order_by("clinic_id", "patient_id").values_list("clinic_id", "patient_id", "id")):
        for slot in days:
            if patient in weekdays and slot.isoweekday() == (weekdays[patient] or SUNDAY):
                yield Candidate(clinic, patient, slot, key, None, key)


def agreed(patients: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Return which of these patients agree to reminders."""
    rows = Consent.objects.in_force().filter(among("patient_id", patients), purpose=Purpose.REMINDERS.value)
    return set(rows.values_list("patient_id", flat=True))


def zones_of(patients: Collection[uuid.UUID], run: Run) -> dict[uuid.UUID, str]:
    """Return the time zones of those who are patients now, can sign in and agree to reminders; the others are left out."""
    rows = list(
        Patient.objects.filter(among("pk", patients), status=Patient.Status.ACTIVE, membership__isnull=False).values_list(
            "pk", "clinic_id", "time_zone", "membership_id"
        )
    )
    members = dict(
        Membership.objects.filter(among("pk", [row[3] for row in rows]), status=Membership.Status.ACTIVE).values_list("pk", "user_id")
    )
    users = set(User.objects.filter(among("pk", list(members.values())), is_active=True).values_list("pk", flat=True))
    willing = agreed([row[0] for row in rows])
    return {key: zone or run.clinic_zones[clinic] for key, clinic, zone, member in rows if key in willing and members.get(member) in users}


def stream(rows: "QuerySet[Any, tuple[Any, ...]]") -> Iterator[tuple[Any, ...]]:
    """Read row by row where that is possible while the same connection writes.

    SQLite refuses to write behind an open reading when somebody else wrote since; its clinics are small enough to be read at once.
    """
    return iter(list(rows)) if connection.vendor == "sqlite" else rows.iterator(chunk_size=BATCH)


def one_a_day(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Keep the first of each patient's day."""
    seen: set[tuple[uuid.UUID, dt.date]] = set()
    for candidate in candidates:
        key = (candidate.patient_id, candidate.slot_on)
        if key not in seen:
            seen.add(key)
            yield candidate


def batches(candidates: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    """Cut the stream into lists that fit into one query; a patient's rows, which come together, stay together."""
    batch: list[Candidate] = []
    for candidate in candidates:
        if len(batch) >= BATCH and candidate.patient_id != batch[-1].patient_id:
            yield batch
            batch = []
        batch.append(candidate)
    if batch:
        yield batch


def wishes_of(patients: Collection[uuid.UUID], kinds: Collection[str]) -> dict[tuple[uuid.UUID, str], Wish]:
    """Return what these patients said they want; whoever said nothing has the default."""
    rows = Preference.objects.filter(among("patient_id", patients), kind__in=kinds)
    columns = (
        "patient_id",
        "kind",
        "is_on",
        "at_local_time",
        "paused_to_on",
        "weekday",
        "quiet_from",
        "quiet_until",
        "channel",
        "changed_at",
    )
    return {
        (patient, kind): Wish(is_on, at, paused_to, weekday or SUNDAY, quiet_hours(begin, end), channel, said_at)
        for patient, kind, is_on, at, paused_to, weekday, begin, end, channel, said_at in rows.values_list(*columns)
    }


def quiet_hours(begin: dt.time | None, end: dt.time | None) -> QuietHours | None:
    """Return the quiet hours of a row; None when it has none."""
    return QuietHours(begin, end) if begin is not None and end is not None else None


def default_wish(kind: str) -> Wish:
    """Return the wish of a patient who said nothing."""
    return Wish(kind not in OFF_UNLESS_WISHED, DEFAULT_WISH[timing.Kind(kind)], None)


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
    zones = zones_of(patients, run)
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
