"""Who opened which record in a clinic, and what of it is unusual: facts read in sets, judged by rules/access.py."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate, TruncHour, TruncTime

from clinics.localtime import day_bounds, local_day, zone
from clinics.models import AuditEvent, Clinic, Invitation, Membership
from patients.models import AccessReview, Alert, AlertStep, Assignment, Cover, Handover, Patient, ScheduledSession
from patients.rules import access
from patients.rules.access import Flag, Ties, Visit
from patients.rules.cover import Span
from programs.models import Setting

DAYS = 30
"""So far back unusual access is looked for."""
OPENED = Q(action__endswith=".view") | Q(action__in=("message.list", "delivery.list", "patient.export"))
STAFF_ROLES = ("manager", "therapist", "administrator")
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Judged:
    """A flag as a manager sees it, with what somebody noted about it."""

    flag: Flag
    review: AccessReview | None

    @property
    def is_new(self) -> bool:
        """Whether nobody looked at it, or more came since."""
        return self.review is None


def opened(member: Membership, since: dt.datetime) -> QuerySet[AuditEvent]:
    """Return what people of the clinic and administrators opened of patients' records since a moment."""
    rows: QuerySet[AuditEvent] = AuditEvent.objects.visible_to(member).filter(at__gte=since, patient_id__isnull=False)
    return rows.filter(OPENED, actor_id__isnull=False, role__in=STAFF_ROLES, outcome=AuditEvent.Outcome.OK).order_by()


def visits_of(rows: QuerySet[AuditEvent], zone_name: str) -> list[Visit]:
    """Return each person, record and day of the clinic once; one query."""
    grouped = (
        rows.annotate(day=TruncDate("at", tzinfo=zone(zone_name)))
        .values("actor_id", "patient_id", "role", "day")
        .annotate(first=Min("at"), last=Max("at"))
        .values_list("actor_id", "patient_id", "role", "day", "first", "last")
    )
    return [
        Visit(actor, patient, role, day, first, last)
        for actor, patient, role, day, first, last in grouped
        if actor is not None and patient is not None
    ]


def many_in(rows: QuerySet[AuditEvent], limit: int) -> dict[UUID, list[tuple[dt.datetime, UUID]]]:
    """Return what was opened in the hours that may belong to more than `limit` records within 60 minutes, by person; two queries.

    Any 60 minutes lie within two hours of the clock, so one of them holds more than half.
    """
    hours = rows.annotate(hour=TruncHour("at", tzinfo=dt.UTC)).values("actor_id", "hour").annotate(n=Count("patient_id", distinct=True))
    busy = {(row["actor_id"], row["hour"]) for row in hours.filter(n__gt=limit // 2)}
    found: dict[UUID, list[tuple[dt.datetime, UUID]]] = defaultdict(list)
    if not busy:
        return found
    wanted = busy | {(actor, hour + side * access.HOUR) for actor, hour in busy for side in (-1, 1)}
    times = [hour for _actor, hour in busy]
    span = (min(times) - access.HOUR, max(times) + 2 * access.HOUR)
    events = rows.filter(actor_id__in={actor for actor, _hour in busy}, at__range=span).order_by("at")
    for actor, at, patient in events.values_list("actor_id", "at", "patient_id"):
        if actor is not None and patient is not None and (actor, at.replace(minute=0, second=0, microsecond=0)) in wanted:
            found[actor].append((at, patient))
    return found


def refused_of(member: Membership, since: dt.datetime) -> dict[UUID, list[dt.datetime]]:
    """Return when people who work in the clinic were refused something; one query."""
    found: dict[UUID, list[dt.datetime]] = defaultdict(list)
    rows = AuditEvent.objects.visible_to(member).filter(at__gte=since, action="refused", role__in=STAFF_ROLES)
    for actor, at in rows.exclude(actor_id=None).order_by("at").values_list("actor_id", "at")[:MOST_ROWS]:
        if actor is not None:
            found[actor].append(at)
    return found


def colleagues_of(member: Membership, staff: Sequence[Membership]) -> set[UUID]:
    """Return the patients who work or worked in the clinic, by address or by name; two queries."""
    addresses = {row.user.email.lower() for row in staff if row.user}
    addresses |= set(Invitation.objects.visible_to(member).filter(membership__in=[row.pk for row in staff]).values_list("email", flat=True))
    names = {str(row).lower() for row in staff}
    same = Q(email__in=addresses) | Q(membership__user__email__in=addresses) | Q(search_text__in=names)
    return set(Patient.objects.visible_to(member).filter(same, erased_at=None).values_list("pk", flat=True))


def ties_of(member: Membership, staff: Sequence[Membership], visits: Sequence[Visit], clinic: Clinic, since: dt.datetime) -> Ties:
    """Return what gives people a reason to open the records of these visits; seven queries."""
    patients = {visit.patient for visit in visits}
    first = local_day(since, clinic.time_zone)

    def day_of(at: dt.datetime) -> dt.date:
        return local_day(at, clinic.time_zone)

    handed = Handover.objects.visible_to(member).filter(at__gte=since).exclude(source=None).values_list("source_id", "patient_id", "at")
    covers = Cover.objects.visible_to(member).filter(to_on__gte=first).values_list("covered_id", "by_id", "from_on", "to_on", "ended_at")
    sessions = ScheduledSession.objects.visible_to(member).filter(patient__in=patients, setting=Setting.SUPERVISED, on__gte=first)
    steps = AlertStep.objects.visible_to(member).filter(at__gte=since).exclude(by=None).values_list("by_id", "patient_id", "at")
    signs: dict[UUID, list[dt.datetime]] = defaultdict(list)
    raised = Alert.objects.visible_to(member).filter(level=Alert.Level.STOP, raised_at__gte=since - access.STOP_SIGN_LASTS)
    for patient, at in raised.values_list("patient_id", "raised_at"):
        signs[patient].append(at)
    given = Assignment.objects.visible_to(member).filter(patient__in=patients).exclude(assigned_by=None)
    treating = Patient.objects.visible_to(member).filter(pk__in=patients).exclude(therapist=None)
    return Ties(
        member_of={row.user_id: row.pk for row in staff if row.user_id},
        treated=[(who, patient, day_of(at)) for who, patient, at in handed],
        therapist=dict(treating.values_list("pk", "therapist_id")),
        covers=[Span(covered, by, from_on, min(to_on, day_of(ended)) if ended else to_on) for covered, by, from_on, to_on, ended in covers],
        assigned=set(given.values_list("assigned_by_id", "patient_id")),
        came=set(sessions.exclude(status=ScheduledSession.Status.CANCELLED).values_list("patient_id", "on")),
        answered={(by, patient, day_of(at)) for by, patient, at in steps},
        stop_signs=signs,
    )


def find_unusual(member: Membership, now: dt.datetime) -> list[Flag]:
    """Return what is unusual in the clinic's last 30 days, the latest first; a constant number of queries."""
    clinic = member.clinic
    since = day_bounds(local_day(now, clinic.time_zone) - dt.timedelta(days=DAYS - 1), clinic.time_zone)[0]
    rows = opened(member, since)
    staff = list(Membership.objects.visible_to(member).staff().select_related("user"))
    own = Patient.objects.filter(pk=OuterRef("patient_id"), therapist__user=OuterRef("actor_id"))
    foreign = visits_of(rows.exclude(Exists(own)), clinic.time_zone)
    clock = Q(clock__lt=clinic.access_from) | Q(clock__gte=clinic.access_to)
    late = visits_of(rows.annotate(clock=TruncTime("at", tzinfo=zone(clinic.time_zone))).filter(clock), clinic.time_zone)
    colleagues = colleagues_of(member, staff)
    ties = ties_of(member, staff, foreign, clinic, since)

    def day_of(at: dt.datetime) -> dt.date:
        return local_day(at, clinic.time_zone)

    limit = clinic.access_records_per_hour
    return access.in_order(
        [
            *access.of_colleagues(foreign, colleagues),
            *access.without_reason(foreign, ties, colleagues),
            *access.at_night(late, ties),
            *access.many_records(many_in(rows, limit), limit, day_of),
            *access.refused_in_a_row(refused_of(member, since), day_of),
        ]
    )


def judged(member: Membership, flags: Sequence[Flag]) -> list[Judged]:
    """Return flags with the note of whoever looked at all of their evidence; one query."""
    oldest = min((flag.on for flag in flags), default=dt.date.max)
    notes: dict[tuple[str, UUID, dt.date], AccessReview] = {}
    for row in AccessReview.objects.visible_to(member).filter(day_on__gte=oldest).select_related("by__user").order_by("upto_at"):
        notes[row.kind, row.actor_id, row.day_on] = row
    found = []
    for flag in flags:
        note = notes.get((flag.kind.value, flag.actor, flag.on))
        found.append(Judged(flag, note if note is not None and note.upto_at >= flag.last_at else None))
    return found


def names_of(member: Membership, actors: set[UUID]) -> Mapping[UUID, str]:
    """Return the names the clinic knows people by; who is missing belongs to no clinic: an administrator; one query."""
    rows: Any = Membership.objects.visible_to(member).filter(user__in=actors).select_related("user")
    return {row.user_id: str(row) for row in rows}
