"""The daily digest of the people of a clinic: when it is due, and what is new for each of them: alerts, and their invitations."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, Q

from clinics.localtime import day_bounds, local_day, to_utc
from clinics.models import Clinic, ClosedDay, Invitation, Membership
from patients.covering import covers_on
from patients.models import Alert, Handover
from patients.rules.cover import responsible
from reminders.actions.staffing import staff_of
from reminders.channels.staff import Figures
from reminders.models import StaffNotice, StaffWish
from reminders.rules import timing
from reminders.rules.escalation import DIGEST_AT, is_open_day
from reminders.rules.invitations import Outcome, outcome_of

FIRST_DIGEST_BACK = dt.timedelta(days=7)
"""How far back the first digest of a person looks."""
DIGEST_DAYS_AHEAD = 1
BATCH = 500


class DigestRow(Protocol):
    """A claimed digest, as far as its content is concerned."""

    member_id: uuid.UUID
    clinic_id: uuid.UUID
    zone: str
    due_at: dt.datetime
    figures: Figures | None


def plan_digests(*, now: dt.datetime, looked_at: dt.datetime) -> int:
    """Write today's and tomorrow's digests of everybody who wants one, on open days of their clinic; returns how many are new.

    Whether there is anything to say is looked at when it is sent. One that would have been due before the last look is not made up.
    """
    refusing = StaffWish.objects.filter(member=OuterRef("pk"), wants_digest=False)
    rows = Membership.objects.current().staff().filter(~Exists(refusing)).values_list("pk", "clinic_id").order_by("clinic_id", "pk")
    by_clinic: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for member, clinic in rows:
        by_clinic[clinic].append(member)
    clinics = Clinic.objects.filter(pk__in=by_clinic).values_list("pk", "time_zone", "open_weekdays")
    span = (now - dt.timedelta(days=2), now + dt.timedelta(days=DIGEST_DAYS_AHEAD + 2))
    closed: dict[uuid.UUID, set[dt.date]] = defaultdict(set)
    for clinic, on in ClosedDay.objects.filter(on__range=(span[0].date(), span[1].date())).values_list("clinic_id", "on"):
        closed[clinic].add(on)
    new = []
    for clinic, zone, weekdays in clinics:
        today = local_day(now, zone)
        for ahead in range(DIGEST_DAYS_AHEAD + 1):
            day = today + dt.timedelta(days=ahead)
            due, expires = digest_times(day, zone)
            if due > looked_at and expires > now and is_open_day(day, weekdays, closed[clinic]):
                new += [digest_row(clinic, member, day, due, expires, now) for member in by_clinic[clinic]]
    there = set(
        StaffNotice.objects.filter(
            kind=StaffNotice.Kind.DIGEST, slot_on__range=(span[0].date(), span[1].date()), member_id__in=[row.member_id for row in new]
        ).values_list("member_id", "slot_on")
    )
    missing = [row for row in new if (row.member_id, row.slot_on) not in there]
    StaffNotice.objects.bulk_create(missing, ignore_conflicts=True, batch_size=BATCH)
    return len(missing)


def digest_times(day: dt.date, zone: str) -> tuple[dt.datetime, dt.datetime]:
    """Return when the digest of a day is due and from when it is no longer sent."""
    due = timing.due_at(day, DIGEST_AT)
    expires = timing.expires_at(timing.Kind.DIGEST, due, day)
    return to_utc(due.date(), due.time(), zone), to_utc(expires.date(), expires.time(), zone)


def digest_row(clinic: uuid.UUID, member: uuid.UUID, day: dt.date, due: dt.datetime, expires: dt.datetime, now: dt.datetime) -> StaffNotice:
    """Return the row of one digest."""
    return StaffNotice(
        clinic_id=clinic,
        member_id=member,
        kind=StaffNotice.Kind.DIGEST,
        slot_on=day,
        due_at=due,
        expires_at=expires,
        created_at=now,
    )


def count_news(rows: Sequence[DigestRow], *, now: dt.datetime) -> None:
    """Give each digest what is new since the person's last one: open alerts of patients they look after, answered invitations.

    New is what was raised since, or came to the person since: by a handover all that is open, stop signs too, by a cover what was open on
    its first day. Patients whose therapist works here no more, or who have none, are in the digests of the managers.
    """
    members = [row.member_id for row in rows]
    clinics = {row.clinic_id for row in rows}
    sent = StaffNotice.objects.filter(member_id__in=members, kind=StaffNotice.Kind.DIGEST, status=StaffNotice.Status.SENT)
    last = dict(sent.values("member_id").annotate(last=Max("sent_at")).values_list("member_id", "last"))
    since = {row.member_id: last.get(row.member_id) or row.due_at - FIRST_DIGEST_BACK for row in rows}
    staff = staff_of(clinics)
    zones = {row.clinic_id: row.zone for row in rows}
    covers, begun = covers_of(zones, now)
    handed = Handover.objects.filter(clinic_id__in=clinics, target_id__in=members, at__gt=min(since.values())).order_by("at")
    came: dict[uuid.UUID | None, dt.datetime] = dict(handed.values_list("patient_id", "at"))
    attention = Q(level=Alert.Level.ATTENTION)
    theirs = attention & (Q(raised_at__gt=min(since.values())) | Q(patient__therapist_id__in=begun)) | Q(patient_id__in=came)
    columns = ("clinic_id", "raised_at", "patient_id", "patient__therapist_id")
    people = ("patient__number", "patient__first_name", "patient__last_name")
    alerts = Alert.objects.open().filter(theirs, clinic_id__in=clinics, patient__erased_at=None).order_by("clinic_id", "patient__number")
    news: dict[uuid.UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    managers = {clinic: [one.key for one in people if one.is_manager] for clinic, people in staff.items()}
    working = {one.key for people in staff.values() for one in people}
    for clinic, raised_at, patient, therapist, number, first, last_name in alerts.values_list(*columns, *people):
        looks_after = responsible(therapist, covers, working)
        theirs_since = max(raised_at, came.get(patient, raised_at), begun.get(therapist, raised_at))
        for member in [looks_after] if looks_after in working else managers.get(clinic, []):
            if member in since and theirs_since > since[member]:
                news[member][called(number, (first, last_name))] += 1
    invited = invitation_news(clinics, since, now=now)
    for row in rows:
        found, answers = news.get(row.member_id, {}), invited.get(row.member_id, {})
        told = tuple((outcome, tuple(answers[outcome])) for outcome in Outcome if outcome in answers)
        row.figures = Figures(tuple(found.items()), told) if found or told else None


def covers_of(zones: Mapping[uuid.UUID, str], now: dt.datetime) -> tuple[dict[uuid.UUID, uuid.UUID], dict[uuid.UUID | None, dt.datetime]]:
    """Return who stands in for whom today in these clinics, and when the first day of each cover began; one query."""
    found = covers_on({clinic: local_day(now, zone) for clinic, zone in zones.items()})
    begun: dict[uuid.UUID | None, dt.datetime] = {}
    for covered, _by, clinic, first in found:
        begun[covered] = day_bounds(first, zones[clinic])[0]
    return {covered: by for covered, by, _clinic, _first in found}, begun


def called(number: str, names: Iterable[str | None]) -> str:
    """Return how a mail calls a person: the number and initials."""
    initials = "".join(f"{name[:1]}." for name in names if name)
    return f"{number} {initials}".strip()


def invitation_news(
    clinics: Collection[uuid.UUID], since: Mapping[uuid.UUID, dt.datetime], *, now: dt.datetime
) -> dict[uuid.UUID, dict[Outcome, list[str]]]:
    """Return what became of the invitations of these members since an instant of each: whom they had invited, by outcome; one query."""
    longest = dt.timedelta(days=settings.INVITATION_DAYS + 1)
    sent = Invitation.objects.filter(clinic_id__in=clinics, created_at__gte=min(since.values()) - longest, invited_by_id__in=since)
    columns = ("invited_by_id", "accepted_at", "revoked_at", "undelivered_at", "expires_at", "membership__name")
    people = ("membership__patient__number", "membership__patient__first_name", "membership__patient__last_name")
    found: dict[uuid.UUID, dict[Outcome, list[str]]] = defaultdict(lambda: defaultdict(list))
    rows = sent.order_by("created_at").values_list(*columns, *people)
    for member, accepted, revoked, undelivered, expires, name, number, first, last in rows:
        outcome = outcome_of(accepted, revoked, undelivered, expires, since[member], now)
        if outcome is not None:
            found[member][outcome].append(called(number, (first, last)) if number else called("", name.split()))
    return found
