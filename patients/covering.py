"""Whose patients a member looks after today: the own ones, and those of colleagues the member stands in for."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from clinics.models import Membership
from patients.models import Cover


@dataclass(frozen=True, slots=True)
class StandIn:
    """Somebody a member stands in for, and until which day."""

    name: str
    until: dt.date


def covers_by(member: Membership, today: dt.date) -> QuerySet[Cover]:
    """Return the covers by which a member stands in for colleagues on a day of the clinic."""
    covers: QuerySet[Cover] = Cover.objects.visible_to(member).in_force(today).filter(by=member)
    return covers


def stands_in_for(member: Membership, today: dt.date) -> dict[UUID, StandIn]:
    """Return the colleagues whose patients the member looks after on a day of the clinic, by membership; one query."""
    rows = covers_by(member, today).select_related("covered__user").order_by("to_on")
    return {row.covered_id: StandIn(str(row.covered), row.to_on) for row in rows}


def is_mine(member: Membership, today: dt.date) -> Q:
    """Return the condition for patients the member looks after on a day."""
    covered = covers_by(member, today).order_by().values("covered")
    return Q(therapist=member) | Q(therapist__in=covered)


def covers_on(days: Mapping[UUID, dt.date]) -> list[tuple[UUID, UUID, UUID, dt.date]]:
    """Return (who is covered, who stands in, clinic, first day) of the covers in force in these clinics, each on its day; one query."""
    today = Q(pk=None)
    for clinic, day in days.items():
        today |= Q(clinic_id=clinic, from_on__lte=day, to_on__gte=day)
    return list(Cover.objects.filter(today, ended_at=None).values_list("covered_id", "by_id", "clinic_id", "from_on"))


def standing_in(days: Mapping[UUID, dt.date]) -> dict[UUID, UUID]:
    """Return who stands in for whom in these clinics, each on its day; one query."""
    return {covered: by for covered, by, _clinic, _first in covers_on(days)}
