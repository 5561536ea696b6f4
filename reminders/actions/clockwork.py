"""One tick: look whether anything is to do, tell the clinics, plan reminders, show a sign of life, and send until nothing is due.

A tick may be lost, doubled or killed at any moment: what is due stands in the rows. When nothing is to do it costs two statements.
"""

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import structlog
from django.db.models import Exists, Q, QuerySet, Subquery

from clinics.models import AuditEvent
from clinics.prepared import Prepared
from patients.models import Alert, Patient
from reminders.actions import notices, outbox
from reminders.actions.among import Written
from reminders.actions.candidates import Plan
from reminders.actions.digests import plan_digests
from reminders.actions.endings import plan_endings
from reminders.actions.outbox import Clock, Tally
from reminders.actions.planning import plan_deliveries
from reminders.models import Delivery, Heartbeat, Outgoing, StaffNotice

BEAT = "reminders"
PLANNED = "reminders.plan"
PLAN_ALL_EVERY = dt.timedelta(hours=1)
TRAIL_OVERLAP = dt.timedelta(minutes=2)
"""The trail is read again this far back, because the entries of a long transaction appear late."""
USUAL_GAP = dt.timedelta(seconds=90)
"""Two ticks lie no further apart than this while all is well."""
MOST_LOOKED_AT = 2000
"""So many of the last entries of the trail are looked through for news."""
MOST_SINGLE = 2000
"""When more patients than this had changes, everybody is planned."""
SEND_SECONDS = 50.0
STAFF_SECONDS = 20.0
"""So much of a tick may go into mails to staff, which come first."""

NOTHING_NEW = (
    Q(action__endswith=".view")
    | Q(action__endswith=".list")
    | Q(action__startswith="reminder.")
    | Q(action__startswith="notice.")
    | Q(action="refused")
)
"""Entries of the trail after which no reminder can be due that was not before."""
ABOUT_A_PERSON = ("clinics.membership", "clinics.invitation", "clinics.user")

log = structlog.get_logger(__name__)


class State(NamedTuple):
    """What one look at the tables shows."""

    beat_at: dt.datetime
    planned_at: dt.datetime | None
    is_due: bool
    is_lost: bool
    has_news: bool
    is_staff_due: bool
    has_stop_signs: bool


@dataclass(slots=True)
class Report:
    """What a tick did."""

    plan: Plan = field(default_factory=Plan)
    staff: Tally = field(default_factory=Tally)
    tally: Tally = field(default_factory=Tally)
    recovered: int = 0


def tick(*, now: dt.datetime, seconds: float = SEND_SECONDS) -> Report:
    """Plan what is new and send what is due, for `seconds` at most; returns what was done."""
    clock = Clock(now)
    report = Report(recovered=outbox.recover(now=now))
    state = look(now)
    if state is not None and state.is_lost:
        report.recovered += outbox.release_expired(now=now)
    report.staff = tell_staff(state, now=now, seconds=min(seconds, STAFF_SECONDS))
    plan = plan_news(state, now=now)
    # Only now: a tick that dies while planning leaves the earlier time, and the next one looks from there.
    beat(BEAT, now)
    if plan is not None:
        report.plan = plan
    if state is None or state.is_due or report.recovered or report.plan.created or report.plan.changed:
        late = outbox.expire(now=now)
        report.tally = outbox.drain(clock=clock, seconds=seconds)
        report.tally.missed += late
    if report.staff:
        log.info("staff_notices_tick", **report.staff.counts())
    if report.tally or report.plan.created or report.recovered:
        log.info("reminders_tick", planned=report.plan.created, recovered=report.recovered, **report.tally.counts())
    return report


def tell_staff(state: State | None, *, now: dt.datetime, seconds: float) -> Tally:
    """Tell the clinics of stop signs, before anything else, and send digests that are due."""
    planned = 0
    is_hourly = is_time_for_all(state, now)
    if is_hourly or state is None or state.has_stop_signs:
        planned = notices.plan_stop_signs(now=now, since=None if is_hourly else now - notices.RECENT)
    if is_hourly or state is None or state.has_news:
        planned += plan_endings(now=now)
    if is_hourly:
        planned += plan_digests(now=now, looked_at=state.beat_at if state else now)
    if not (planned or state is None or state.is_staff_due or state.is_lost or is_hourly):
        return Tally()
    return outbox.drain(clock=Clock(now), seconds=seconds, queue=outbox.NOTICES)


def signs(since: dt.datetime, news: uuid.UUID) -> QuerySet[Heartbeat]:
    """Return the heartbeat of this clockwork with what there is to do: stop signs since an instant, news from an id of the trail on."""
    planned = Heartbeat.objects.filter(name=PLANNED)
    latest = AuditEvent.objects.filter(id__gte=news).order_by("-id").values("id")
    found: QuerySet[Heartbeat] = Heartbeat.objects.filter(name=BEAT).annotate(
        planned_at=Subquery(planned.values("at")[:1]),
        next_due_at=first_due(Delivery),
        first_lease_at=first_lease(Delivery),
        first_news=Subquery(AuditEvent.objects.filter(pk__in=latest[:MOST_LOOKED_AT]).exclude(NOTHING_NEW).values("id")[:1]),
        one_too_many=Subquery(latest[MOST_LOOKED_AT : MOST_LOOKED_AT + 1]),
        next_staff_due_at=first_due(StaffNotice),
        first_staff_lease_at=first_lease(StaffNotice),
        # The index of open alerts is found only when the statement says which ones it is about.
        has_stop_signs=Exists(notices.waiting_stop_signs(since).filter(status=Written(Alert.Status.OPEN))),
    )
    return found[:1]


# The statement is planned once a connection, for no particular instant. Asked whether there is a row before an instant, PostgreSQL expects
# one in three to be, and reads the table from its beginning until it finds one: all of it when there is none. The first row costs a step.


def first_due(table: type[Delivery] | type[StaffNotice]) -> Subquery:
    """Return when the first queued row is due."""
    return Subquery(table.objects.filter(status=Outgoing.Status.QUEUED).order_by("due_at").values("due_at")[:1])


def first_lease(table: type[Delivery] | type[StaffNotice]) -> Subquery:
    """Return when the first lease ends that is held; only claimed rows have one."""
    return Subquery(table.objects.filter(leased_until__isnull=False).order_by("leased_until").values("leased_until")[:1])


SIGNS = Prepared(signs, since=dt.datetime, news=uuid.UUID)


def look(now: dt.datetime) -> State | None:
    """Return what is to do, in one query; None before the first tick ever."""
    row: Any = SIGNS.first(since=now - notices.RECENT, news=first_id(now - USUAL_GAP - TRAIL_OVERLAP))
    if row is None:
        return None
    is_due, is_staff_due = (at is not None and at <= now for at in (row.next_due_at, row.next_staff_due_at))
    is_lost = any(at is not None and at < now for at in (row.first_lease_at, row.first_staff_lease_at))
    # Among so many entries there is some news; they are not all read only to be sure.
    has_news = row.first_news is not None or row.one_too_many is not None
    return State(row.at, row.planned_at, is_due, is_lost, has_news, is_staff_due, row.has_stop_signs)


def news_from(first: uuid.UUID) -> QuerySet[AuditEvent]:
    """Return the entries of the trail from an id on after which a reminder may be due that was not before."""
    return AuditEvent.objects.filter(id__gte=first).exclude(NOTHING_NEW)


def first_id(at: dt.datetime) -> uuid.UUID:
    """Return the smallest id that can have been made at an instant (version 7, RFC 9562)."""
    return uuid.UUID(int=int(at.timestamp() * 1000) << 80)


def plan_news(state: State | None, *, now: dt.datetime) -> Plan | None:
    """Plan everybody from time to time, otherwise those about whom something was written; None when there was nothing to plan."""
    beat_at = state.beat_at if state else now
    if is_time_for_all(state, now):
        return plan_all(now, beat_at)
    if state is None or not (state.has_news or now - beat_at > USUAL_GAP):
        return None
    patients = patients_with_news(beat_at - TRAIL_OVERLAP)
    if patients is None:
        return plan_all(now, beat_at)
    return plan_deliveries(now=now, looked_at=beat_at, patients=patients) if patients else None


def is_time_for_all(state: State | None, now: dt.datetime) -> bool:
    """Tell whether everybody is to be planned: the first time, once an hour, and after the clock went back."""
    planned_at = state.planned_at if state else None
    return planned_at is None or not now - PLAN_ALL_EVERY < planned_at <= now


def plan_all(now: dt.datetime, looked_at: dt.datetime) -> Plan:
    """Plan everybody and note when."""
    plan = plan_deliveries(now=now, looked_at=looked_at)
    beat(PLANNED, now)
    return plan


def patients_with_news(since: dt.datetime) -> set[uuid.UUID] | None:
    """Return the patients the trail speaks of since an instant; None when it may concern everybody."""
    events = news_from(first_id(since)).values_list("patient_id", "object_type", "object_id").distinct()
    rows = list(events[: MOST_SINGLE + 1])
    if len(rows) > MOST_SINGLE or any(kind == "clinics.clinic" for _patient, kind, _key in rows):
        return None
    patients = {patient for patient, _kind, _key in rows if patient}
    patients |= {key for patient, kind, key in rows if key and not patient and kind == "patients.patient"}
    people = {key for patient, kind, key in rows if not patient and kind in ABOUT_A_PERSON}
    if people:
        through = Q(membership__in=people) | Q(membership__user__in=people) | Q(membership__invitations__in=people)
        patients |= set(Patient.objects.filter(through).values_list("pk", flat=True))
    return patients


def beat(name: str, at: dt.datetime) -> None:
    """Write when a part of the clockwork last ran."""
    if not Heartbeat.objects.filter(name=name).update(at=at):
        Heartbeat.objects.bulk_create([Heartbeat(name=name, at=at)], update_conflicts=True, unique_fields=["name"], update_fields=["at"])
