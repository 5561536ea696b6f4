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
from patients.views.patient_page import trail_text

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
    "data.",
    "erasure.",
    "calendar.",
    "reminder.",
)
GROUPS: dict[str, tuple[Promise, tuple[str, ...]]] = {
    "sign_in": (_("Signing in"), ("login", "logout", "password.", "factor.", "recovery_code.", "session.end", "clinic.switch")),
    "people": (_("People and roles"), ("membership.", "invitation.", "token.", "user.", "own.")),
    "clinic": (_("Clinic"), ("clinic.change", "closed_day.", "program.")),
    "records": (_("Patients' records"), RECORDS),
    "lists": (_("Lists"), ("caseload.", "trail.", "delivery.", "notice.")),
    "admin": (_("Administration"), ("admin.",)),
    "refused": (_("Refused"), ("refused",)),
}
WORDS: dict[str, Promise] = {
    "login": _("signed in"),
    "logout": _("signed out"),
    "login.failed": _("wrong password"),
    "login.locked": _("locked after too many wrong passwords"),
    "login.second_step_failed": _("wrong second factor"),
    "password.change": _("changed the password"),
    "password.reset": _("reset the password"),
    "factor.add": _("added a second factor"),
    "factor.remove": _("removed a second factor"),
    "recovery_code.use": _("used a recovery code"),
    "recovery_code.make": _("made recovery codes"),
    "session.end": _("signed out elsewhere"),
    "clinic.switch": _("changed to this clinic"),
    "clinic.change": _("changed the clinic's settings"),
    "membership.role": _("changed a role"),
    "membership.end": _("ended somebody's access"),
    "invitation.send": _("sent an invitation"),
    "invitation.accept": _("accepted an invitation"),
    "invitation.revoke": _("took an invitation back"),
    "token.create": _("made an API token"),
    "token.revoke": _("ended an API token"),
    "own.settings": _("changed own settings"),
    "caseload.list": _("looked at the caseload"),
    "trail.list": _("looked at this trail"),
    "program.approve": _("approved a program"),
    "refused": _("was refused"),
    "today.view": _("looked at today"),
    "plan.view": _("looked at the plan"),
    "progress.view": _("looked at the progress"),
    "more.view": _("looked at the own page"),
    "session.view": _("looked at a session"),
    "assessment.view": _("looked at an assessment"),
    "symptoms.view": _("looked at the symptom check"),
    "checkin.view": _("looked at the check-in"),
    "entry.view": _("looked at an entry"),
    "alert.view": _("looked at an alert"),
    "trail.view": _("looked at who opened the record"),
    "delivery.list": _("looked at the reminders"),
    "run.list": _("looked at the runs"),
    "run.view": _("looked at a run"),
    "run.log": _("logged a run"),
    "run.delete": _("deleted a run"),
    "shoe.list": _("looked at the shoes"),
    "data.view": _("looked at the own data"),
    "entry.list": _("looked at the corrections"),
    "record.exported": _("downloaded the record"),
    "erasure.ask": _("asked to be erased"),
    "erasure.withdraw": _("took the request for erasure back"),
    "erasure.refuse": _("refused an erasure"),
    "erasure.list": _("looked at the requests for erasure"),
    "patient.erase": _("erased a person"),
    "patient.delete": _("deleted what was left of a record"),
    "reminder.send": _("a reminder was sent"),
    "reminder.change": _("changed reminders"),
    "reminder.snooze": _("put a reminder off"),
    "notice.list": _("looked at the mails to staff"),
    "notice.change": _("switched the daily digest on or off"),
    "notice.send": _("a mail to staff was sent"),
    "calendar.list": _("looked at the calendar address"),
    "calendar.make": _("made a calendar address"),
    "calendar.end": _("ended a calendar address"),
    "calendar.view": _("a calendar fetched the sessions"),
    "closed_day.add": _("added a closed day"),
    "closed_day.remove": _("removed a closed day"),
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
            "text": WORDS.get(row.action) or trail_text(row.action),
            "count": len(row.details.get("ids", ())),
        }
        for row in rows[:SHOWN]
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
