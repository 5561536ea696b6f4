"""What patients may be reminded of on which day, read from the tables of the record in sets."""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet

from clinics.localtime import local_day
from patients.models import Assessment, Assignment, AssignmentVersion, Message, ScheduledSession
from reminders.actions.among import among
from reminders.actions.instants import Instants, change_times, message_times
from reminders.actions.policies import USUAL
from reminders.actions.wanting import default_wish, wishes_of
from reminders.models import Kind, Preference
from reminders.rules.moments import ASSESSMENT_ASKED_AFTER_DAYS, SUNDAY, assessment_slots
from reminders.rules.policy import Policy, quiet_with

DAYS_AHEAD = 1
"""Today and so many days more are planned, so that the clockwork may rest for a day without anything being forgotten."""
CATCH_UP_AFTER = dt.timedelta(minutes=15)
BATCH = 900
MESSAGES_BACK = dt.timedelta(days=2)
"""Nobody is told of a message that is older than this."""

TOLD_LATER_AT_MOST = dt.timedelta(days=2)
"""So long after its first day a change may be told, where quiet hours leave only minutes of a day."""


class Candidate(NamedTuple):
    """Something a patient may be reminded of on one local day.

    `program` is the state of the program it belongs to, None where it belongs to none; `times` are due and expiry where no wish decides.
    """

    clinic_id: uuid.UUID
    patient_id: uuid.UUID
    slot_on: dt.date
    subject_id: uuid.UUID
    starts_at: dt.datetime | None
    program: str | None
    is_over: bool = False
    times: tuple[dt.datetime, dt.datetime] | None = None


@dataclass(slots=True)
class Plan:
    """What one run of planning did."""

    created: int = 0
    missed: int = 0
    changed: int = 0


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


# Each query below reads one table by an index and joins others by their primary keys only. Joined in another way, PostgreSQL chooses nested
# loops on a table it has no statistics of yet, as after an import or a restore, and a plan of seconds becomes one of minutes.


def session_candidates(run: Run, patients: Collection[uuid.UUID] | None) -> Iterator[Candidate]:
    """Yield the sessions of the days to be planned, an appointment before a session at home."""
    states = [ScheduledSession.Status.PLANNED, *([ScheduledSession.Status.MISSED] if run.is_catching_up else [])]
    rows = ScheduledSession.objects.filter(status__in=states, on__range=run.span)
    if patients is not None:
        rows = rows.filter(patient_id__in=patients)
    columns = ("clinic_id", "patient_id", "on", "id", "starts_at", "assignment__status", "status")
    for clinic, patient, on, key, starts_at, program, status in stream(
        rows.order_by("clinic_id", "patient_id", "on", "-setting").values_list(*columns)
    ):
        yield Candidate(clinic, patient, on, key, starts_at, program, status == ScheduledSession.Status.MISSED)


def assessment_candidates(run: Run, patients: Collection[uuid.UUID] | None) -> Iterator[Candidate]:
    """Yield the open assessments on each day they are asked for."""
    first, last = run.span
    longest = dt.timedelta(days=max(ASSESSMENT_ASKED_AFTER_DAYS))
    rows = Assessment.objects.filter(status=Assessment.Status.PLANNED, due_on__range=(first - longest, last))
    if patients is not None:
        rows = rows.filter(patient_id__in=patients)
    columns = ("clinic_id", "patient_id", "due_on", "id", "assignment__status")
    for clinic, patient, due_on, key, program in stream(rows.order_by("clinic_id", "patient_id", "due_on").values_list(*columns)):
        for slot in assessment_slots(due_on):
            if first <= slot <= last:
                yield Candidate(clinic, patient, slot, key, None, program)


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


def change_candidates(run: Run, patients: Collection[uuid.UUID] | None) -> Iterator[Candidate]:
    """Yield the changes of running plans that come into force, the last one first."""
    first, last = run.span
    rows = AssignmentVersion.objects.filter(from_on__range=(first - TOLD_LATER_AT_MOST, last))
    if patients is not None:
        rows = rows.filter(patient_id__in=patients)
    columns = ("clinic_id", "patient_id", "id", "from_on", "made_at", "assignment__status", "patient__time_zone")
    changes = list(stream(rows.order_by("clinic_id", "patient_id", "-from_on", "-made_at").values_list(*columns)))
    wishes = wishes_of({row[1] for row in changes}, [Kind.PLAN_CHANGED]) if changes else {}
    for clinic, patient, key, from_on, made_at, program, zone in changes:
        place = zone or run.clinic_zones[clinic]
        wish = wishes.get((patient, Kind.PLAN_CHANGED))
        quiet = quiet_with(wish.quiet if wish else None, run.policies.get(clinic, USUAL).night)
        slot_on, times = change_times(made_at, from_on, place, quiet)
        yield Candidate(clinic, patient, slot_on, key, None, program, times=times)


def check_in_candidates(run: Run, patients: Collection[uuid.UUID] | None) -> Iterator[Candidate]:
    """Yield the days of running programs on which patients who want to be asked for their check-in are reminded of no session."""
    first, last = run.span
    wishing = Preference.objects.filter(kind=Kind.CHECK_IN, is_on=True)
    if patients is not None:
        wishing = wishing.filter(patient_id__in=patients)
    running = Assignment.objects.filter(
        status=Assignment.Status.RUNNING, patient__in=wishing.values("patient"), starts_on__lte=last, ends_on__gte=first
    )
    columns = ("clinic_id", "patient_id", "id", "starts_on", "ends_on")
    programs = list(stream(running.order_by("clinic_id", "patient_id").values_list(*columns)))
    if not programs:
        return
    people = {row[1] for row in programs}
    wishes = wishes_of(people, [Kind.SESSION_TODAY])
    sessions = ScheduledSession.objects.filter(among("patient_id", people), on__range=run.span)
    busy = set(sessions.exclude(status=ScheduledSession.Status.CANCELLED).values_list("patient_id", "on"))
    usual = default_wish(Kind.SESSION_TODAY)
    for clinic, patient, key, starts_on, ends_on in programs:
        wish = wishes.get((patient, Kind.SESSION_TODAY), usual)
        is_allowed = run.policies.get(clinic, USUAL).allows(Kind.SESSION_TODAY)
        for slot in days_between(max(first, starts_on), min(last, ends_on)):
            if not (is_allowed and wish.wants(slot) and (patient, slot) in busy):
                yield Candidate(clinic, patient, slot, key, None, Assignment.Status.RUNNING)


def days_between(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Yield the days from the first to the last; none when the last comes before the first."""
    for step in range((last - first).days + 1):
        yield first + dt.timedelta(days=step)


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
    columns = ("clinic_id", "patient_id", "on", "id", "assignment__status")
    for clinic, patient, on, key, program in stream(rows.order_by("clinic_id", "patient_id", "on", "-setting").values_list(*columns)):
        yield Candidate(clinic, patient, on + day, key, None, program)


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
    days = list(days_between(first, last))
    for clinic, patient, key in stream(running.order_by("clinic_id", "patient_id").values_list("clinic_id", "patient_id", "id")):
        for slot in days:
            if patient in weekdays and slot.isoweekday() == (weekdays[patient] or SUNDAY):
                yield Candidate(clinic, patient, slot, key, None, Assignment.Status.RUNNING)


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


SOURCES: tuple[tuple[Kind, Callable[[Run, Collection[uuid.UUID] | None], Iterator[Candidate]]], ...] = (
    (Kind.SESSION_TODAY, session_candidates),
    (Kind.ASSESSMENT_DUE, assessment_candidates),
    (Kind.PLAN_CHANGED, change_candidates),
    (Kind.MESSAGE_WAITING, message_candidates),
    (Kind.SESSION_MISSED, missed_candidates),
    (Kind.CHECK_IN, check_in_candidates),
    (Kind.WEEKLY_SUMMARY, summary_candidates),
)
"""Where the reminders of each kind come from, in the order in which they are planned."""
