"""Who read and wrote what in a clinic, for its managers; of one patient also who opened the record, and how often."""

import uuid
from typing import Any

from django.db.models import Count, Max, Min, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.models import AuditEvent, Membership, Role
from clinics.web import MemberRequest, page
from patients.access import OPENED
from patients.models import Patient
from patients.views.trail_words import together, trail_text

SHOWN = 50
ROLES: dict[str, Promise | str] = {**dict(Role.choices), "administrator": _("Administrator")}

RECORDS = (
    "patient.",
    "assignment.",
    "session.",
    "checkin.",
    "symptoms.",
    "assessment.",
    "alert.",
    "handover.",
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
    "clinic": (_("Clinic"), ("clinic.", "closed_day.", "cover.", "program.")),
    "records": (_("Patients' records"), RECORDS),
    "lists": (_("Lists"), ("caseload.", "trail.", "access.", "delivery.", "notice.", "outcomes.")),
    "admin": (_("Administration"), ("admin.",)),
    "refused": (_("Refused"), ("refused",)),
}


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


def openers(member: Membership, patient: Patient, people: dict[Any, Membership]) -> list[dict[str, Any]]:
    """Return who opened a patient's record, how often, and when first and last: whoever did it last in front; one query."""
    rows = AuditEvent.objects.visible_to(member).filter(OPENED, patient_id=patient.pk, actor_id__isnull=False).order_by()
    grouped = rows.values("actor_id", "role").annotate(times=Count("pk"), first=Min("at"), last=Max("at")).order_by("-last")
    return [{**row, "who": people.get(row["actor_id"]), "role_label": ROLES.get(row["role"], "")} for row in grouped[:SHOWN]]


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
    of_patient = Patient.objects.visible_to(member).filter(pk=chosen).first() if chosen else None
    context = {
        "rows": shown,
        "older": rows[SHOWN - 1].pk if len(rows) > SHOWN else None,
        "asked": asked,
        "groups": [(key, label) for key, (label, _prefixes) in GROUPS.items()],
        "staff": sorted((row for row in people.values() if row.is_staff), key=str),
        "of_patient": of_patient,
        "openers": openers(member, of_patient, people) if of_patient else [],
        "zone": member.clinic.time_zone,
    }
    audit.record("trail.list", filters=sorted(name for name, value in asked.items() if value), count=len(shown))
    return render(request, "patients/trail.html", context)
