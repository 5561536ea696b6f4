"""What is looked at before patients are handed over: whose there are, who they are, what is open, and when they come next."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from clinics.models import Membership
from patients.models import Alert, Patient
from programs.wording import short_name


@dataclass(frozen=True, slots=True)
class Source:
    """Somebody (None: nobody) whose patients can be handed over, and how many there are; a former one works here no more."""

    member: Membership | None
    count: int
    is_former: bool = False

    @property
    def key(self) -> str:
        """How addresses and forms name it."""
        return str(self.member.pk) if self.member else "none"


@dataclass(frozen=True, slots=True)
class Line:
    """One patient as the preview shows them."""

    pk: uuid.UUID
    name: str
    number: str
    program: str
    open_alerts: int
    stop_signs: int
    taken: int
    """Alerts the source has taken and not resolved: they are open again afterwards."""
    next_at: Any


def sources_of(member: Membership) -> list[Source]:
    """Return whose patients the member may hand over: for a manager everybody's with patients, those of nobody last; two queries."""
    rows = Patient.objects.visible_to(member).active()
    if member.role != "manager":
        return [Source(member, rows.filter(therapist=member).count())]
    counts: dict[uuid.UUID | None, int] = dict(rows.order_by().values("therapist").annotate(n=Count("pk")).values_list("therapist", "n"))
    people = Membership.objects.visible_to(member).filter(pk__in=[key for key in counts if key]).select_related("user").order_by("name")
    found = [Source(one, counts[one.pk], is_former=not one.is_current) for one in people]
    found.sort(key=lambda one: not one.is_former)
    return found + ([Source(None, counts[None])] if None in counts else [])


def lines_of(
    member: Membership, source: Membership | None, *, only: Collection[uuid.UUID] | None = None, limit: int | None = None
) -> list[Line]:
    """Return the active patients of a source by name, all or `only` some of them, with what is open; two queries."""
    rows = Patient.objects.visible_to(member).active().filter(therapist=source)
    if only is not None:
        rows = rows.filter(pk__in=only)
    columns = ("pk", "first_name", "last_name", "number", "caseload__program_code", "caseload__next_supervised_at")
    found = list(rows.order_by("last_name", "first_name", "pk").values(*columns)[:limit])
    mine = Q(seen_by=source) if source is not None else Q(pk=None)
    alerts = Alert.objects.visible_to(member).unresolved().filter(patient__in=rows.order_by().values("pk")).order_by()
    open_now = Q(status=Alert.Status.OPEN)
    counts: dict[Any, Any] = {
        row["patient"]: row
        for row in alerts.values("patient").annotate(
            open=Count("pk", filter=open_now),
            stops=Count("pk", filter=Q(level=Alert.Level.STOP) & ~Q(status=Alert.Status.SNOOZED)),
            taken=Count("pk", filter=mine & Q(status=Alert.Status.ACKNOWLEDGED)),
        )
    }
    return [
        Line(
            pk=row["pk"],
            name=f"{row['first_name']} {row['last_name']}".strip(),
            number=row["number"],
            program=short_name(row["caseload__program_code"]) if row["caseload__program_code"] else "",
            open_alerts=counts.get(row["pk"], {}).get("open", 0),
            stop_signs=counts.get(row["pk"], {}).get("stops", 0),
            taken=counts.get(row["pk"], {}).get("taken", 0),
            next_at=row["caseload__next_supervised_at"],
        )
        for row in found
    ]
