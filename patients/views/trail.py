"""Who read and wrote what in a clinic, for its managers, with what looks unusual on top."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncHour
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.models import AuditEvent, Membership
from clinics.web import MemberRequest, page
from patients.models import Patient
from patients.views.trail_words import together, trail_text

SHOWN = 50
UNUSUAL_DAYS = 30
MANY_RECORDS_AN_HOUR = 40
"""More than anybody opens while working; our default, to be reviewed by the clinic."""

RECORDS = (
    "patient.",
    "assignment.",
    "session.",
    "checkin.",
    "symptoms.",
    "assessment.",
    "alert.",
    "entry.",
    "plan.",
    "run.",
    "shoe.",
    "record.",
    "letter.",
    "data.",
    "erasure.",
    "calendar.",
    "import.",
    "reminder.",
)
GROUPS: dict[str, tuple[Promise, tuple[str, ...]]] = {
    "sign_in": (_("Signing in"), ("login", "logout", "password.", "factor.", "recovery_code.", "session.end", "clinic.switch")),
    "people": (_("People and roles"), ("membership.", "invitation.", "token.", "user.", "own.")),
    "clinic": (_("Clinic"), ("clinic.change", "closed_day.", "program.")),
    "records": (_("Patients' records"), RECORDS),
    "lists": (_("Lists"), ("caseload.", "trail.", "delivery.", "notice.", "outcomes.")),
    "admin": (_("Administration"), ("admin.",)),
    "refused": (_("Refused"), ("refused",)),
}


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something a manager should ask about: who, what kind, how many records, and when (None: over the whole time)."""

    who: str
    kind: str
    count: int
    at: dt.datetime | None = None


def narrowed(rows: QuerySet[AuditEvent], asked: dict[str, str]) -> QuerySet[AuditEvent]:
    """Apply the filters of the page; what is no id or no known group narrows to nothing."""
    for name, column in (("person", "actor_id"), ("patient", "patient_id")):
        if asked[name]:
            key = as_id(asked[name])
            rows = rows.filter(**{column: key}) if key else rows.none()
    if asked["group"]:
        prefixes = GROUPS[asked["group"]][1] if asked["group"] in GROUPS else ()
        matching = rows.none()
        for prefix in prefixes:
            matching = matching | rows.filter(action__startswith=prefix)
        rows = matching
    before = as_id(asked["before"])
    return rows.filter(pk__lt=before) if before else rows


def as_id(text: str) -> uuid.UUID | None:
    """Return the id a text holds, or None."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def unusual(member: Membership, now: dt.datetime) -> list[Oddity]:
    """Find, in the last 30 days: many records within an hour, records of colleagues, records of patients somebody else treats."""
    since = now - dt.timedelta(days=UNUSUAL_DAYS)
    reads = AuditEvent.objects.visible_to(member).filter(at__gte=since, patient_id__isnull=False, actor_id__isnull=False)
    reads = reads.filter(role__in=("manager", "therapist", "administrator"), action__endswith=".view").order_by()
    staff = {row.user_id: row for row in Membership.objects.visible_to(member).staff().select_related("user") if row.user_id}
    found = [
        Oddity(name_of(staff, row["actor_id"]), "many", row["records"], row["hour"])
        for row in reads.annotate(hour=TruncHour("at")).values("actor_id", "hour").annotate(records=Count("patient_id", distinct=True))
        if row["records"] > MANY_RECORDS_AN_HOUR
    ]
    addresses = {str(row.user.email): row.user_id for row in staff.values() if row.user}
    patients = Patient.objects.visible_to(member)
    colleagues = {row.pk: addresses[row.email] for row in patients.filter(email__in=addresses)}
    others: dict[Any, Any] = dict(patients.exclude(therapist=None).values_list("pk", "therapist__user_id"))
    seen: dict[tuple[Any, str], set[Any]] = {}
    for row in reads.values("actor_id", "patient_id", "role").distinct():
        if row["patient_id"] in colleagues:
            seen.setdefault((row["actor_id"], "colleague"), set()).add(row["patient_id"])
        elif row["role"] == "therapist" and others.get(row["patient_id"], row["actor_id"]) != row["actor_id"]:
            seen.setdefault((row["actor_id"], "other"), set()).add(row["patient_id"])
    found += [Oddity(name_of(staff, actor), kind, len(records)) for (actor, kind), records in seen.items()]
    order = ("many", "colleague", "other")
    return sorted(found, key=lambda one: (order.index(one.kind), -one.count, one.who))


def name_of(staff: dict[Any, Membership], user_id: Any) -> str:
    """Return the name the clinic knows; an administrator of the installation is nobody of the clinic."""
    return str(staff[user_id]) if user_id in staff else str(_("an administrator"))


@page("audit.list")
def trail(request: MemberRequest) -> HttpResponse:
    """Show the newest entries of the own clinic, narrowed by person, patient and kind."""
    member = request.member
    asked = {name: request.GET.get(name, "")[:100] for name in ("person", "patient", "group", "before")}
    rows = list(narrowed(AuditEvent.objects.visible_to(member), asked).order_by("-id")[: SHOWN + 1])
    people: dict[Any, Membership] = {
        row.user_id: row for row in Membership.objects.visible_to(member).select_related("user") if row.user_id
    }
    patients: dict[Any, Patient] = Patient.objects.visible_to(member).in_bulk([row.patient_id for row in rows if row.patient_id])
    shown = [
        {
            "event": row,
            "who": people.get(row.actor_id),
            "about": people.get(row.object_id) if row.object_type == "clinics.user" else None,
            "patient": patients.get(row.patient_id),
            "text": trail_text(row.action),
            "count": len(row.details.get("ids", ())),
            "times": len(group),
        }
        for group in together(rows[:SHOWN])
        for row in group[:1]
    ]
    chosen = as_id(asked["patient"])
    context = {
        "rows": shown,
        "older": rows[SHOWN - 1].pk if len(rows) > SHOWN else None,
        "asked": asked,
        "groups": [(key, label) for key, (label, _prefixes) in GROUPS.items()],
        "staff": sorted((row for row in people.values() if row.is_staff), key=str),
        "of_patient": Patient.objects.visible_to(member).filter(pk=chosen).first() if chosen else None,
        "oddities": unusual(member, timezone.now()) if not any(asked.values()) else [],
        "days": UNUSUAL_DAYS,
        "zone": member.clinic.time_zone,
    }
    audit.record("trail.list", filters=sorted(name for name, value in asked.items() if value), count=len(shown))
    return render(request, "patients/trail.html", context)
