"""Which pages there are: every address from the resolver with a row of the demo, and the states only some people bring about."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse
from django.utils import translation

from clinics.models import Job, Membership, Role, User
from clinics.permissions import ACTIONS, SIGNED_IN
from clinics.web import error_page
from patients.models import (
    Alert,
    Assessment,
    Assignment,
    CheckIn,
    ImportFile,
    Letter,
    Patient,
    Run,
    ScheduledSession,
    Suggestion,
    SymptomReport,
)
from programs.models import Exercise, Program, ProgramVersion
from reminders.channels.email import OPENS, Occasion, Recipient, compose
from reminders.links import stop_token
from tests.architecture.addresses import Address, addresses

NO_PAGES = {
    "exports:letter",
    "healthz",
    "readyz",
    "manifest",
    "service_worker",
    "clinics:keep_alive",
    "reminders:calendar_feed",
    "reminders:one_click",
    "clinics:logo",
    "reminders:texts_preview",
    "reminders:text_report",
    "patients:import_sample",
    "patients:import_findings",
    "patients:import_job",
    "programs:picture",
    "programs:video",
}
SHORT = {"patient": "patient1@riverside.example", "admin": "admin@physio.example"}
STATES = (2, 3, 5, 6, 7, 9, 10, 12, 13, 14, 16, 20, 21, 22)
"""Numbers of the demo's patients whose own pages differ: stopped, finished, followed, held, paused, first and last week, …"""
EMPTY_POSTS = (
    "patients:letter_new",
    "account_login",
    "patients:symptoms",
    "patients:patient_new",
    "clinics:staff_invite",
    "patients:pause",
    "patients:run_new",
)
LOOKERS = dict.fromkeys(("patients:session_run", "patients:run", "patients:run_delete"), "patient9")
LOOKERS |= dict.fromkeys(("patients:stop", "patients:stop_mistake"), "patient2")
"""Who has what is shown there, where it is not the first patient."""
ROWS: dict[str, tuple[Any, dict[str, Any]]] = {
    "patients:alert": (Alert, {"status": "open"}),
    "patients:suggestion_": (Suggestion, {"status": "open"}),
    "patients:report_clear": (SymptomReport, {"patient__first_name": "Noah", "status": "open"}),
    "patients:stop": (SymptomReport, {"status": "open"}),
    "patients:assignment_withdraw": (Assignment, {"status": "running", "patient__first_name": "Mei"}),
    "patients:assignment": (Assignment, {"status": "running", "patient__first_name": "Hannah"}),
    "patients:group_signs": (ScheduledSession, {"status": "planned", "setting": "supervised"}),
    "patients:session_supervise": (ScheduledSession, {"status": "planned", "setting": "supervised"}),
    "patients:letter_new": (Patient, {"first_name": "Hannah"}),
    "patients:letter": (Letter, {}),
    "patients:session_shift": (ScheduledSession, {"status": "planned", "setting": "supervised"}),
    "patients:session": (ScheduledSession, {"status": "planned"}),
    "patients:assessment": (Assessment, {"done_at": None}),
    "patients:entry_correct": (CheckIn, {}),
    "patients:run": (Run, {}),
    "patients:plan": (Assignment, {"status": "running", "tailored_on": None}),
    "programs:program": (Program, {}),
    "programs:exercise_": (Exercise, {"clinic__isnull": False}),
    "programs:exercise": (Exercise, {}),
    "programs:retire": (ProgramVersion, {"program__origin": "clinic", "status": "published"}),
    "programs:": (ProgramVersion, {"status": "draft"}),
    "clinics:job": (Job, {}),
    "patients:staff_end": (Membership, {"user__first_name": "Amara"}),
    "patients:rules_": (Job, {"kind": "rules.replay", "status": "done"}),
    "patients:outcomes_model": (Job, {"kind": "outcomes.model"}),
    "patients:import_check": (ImportFile, {"status": "checked"}),
    "patients:import_take_back": (ImportFile, {"status": "done"}),
    "patients:import_": (ImportFile, {}),
    "patients:assign": (Patient, {"first_name": "Nora"}),
    "patients:patient_invite": (Patient, {"first_name": "Nora"}),
    "": (Patient, {"first_name": "Hannah"}),
}
"""Whose row an address shows: the first entry its name begins with, and the first row of it that the person may see."""


@dataclass(frozen=True)
class Shot:
    """One page to photograph: its name on the sheet, who looks, where, whether its form is sent empty, and HTML of our own."""

    name: str
    who: str
    path: str = ""
    post_empty: bool = False
    html: Callable[[str], str] | None = None


def user_of(who: str) -> User:
    """Return the account behind a short name or an address; short ones are of the demo's first clinic."""
    return User.objects.get(email=SHORT.get(who, who if "@" in who else f"{who}@riverside.example"))


def member_of(who: str) -> Membership | None:
    """Return the membership somebody acts under, None for strangers and the administrator."""
    return Membership.objects.select_related("clinic").filter(user=user_of(who)).order_by("clinic__slug").last() if who else None


def looker(action: str, url: str) -> str:
    """Return who opens a page: nobody, the patient below /me/, otherwise whoever may with the fewest rights."""
    roles = ACTIONS.get(action, frozenset())
    if Role.PATIENT in roles and url.startswith("/me/"):
        return "patient1"
    return "therapist" if Role.THERAPIST in roles or action == SIGNED_IN else "manager" if roles else ""


def path_of(address: Address, who: str) -> str:
    """Fill in a row this person may see; an empty text where the demo has none."""
    if address.name == "offline":
        return "/offline/LANGUAGE/"
    if not address.ids:
        return address.url("").replace("/x/", f"/{stop_token(Patient.objects.filter(first_name='Hannah')[0].pk)}/")
    model, filters = next(row for name, row in ROWS.items() if address.name.startswith(name))
    row = model.objects.visible_to(member_of(who)).filter(**filters).first()
    return address.url(row.pk) if row and ("uuid" in dict(address.converters).values() or address.name.startswith("p")) else ""


def shots() -> Iterator[Shot]:
    """Yield every page anybody may open, then states of them that only some people or entries bring about."""
    for address in addresses():
        action = "" if address.is_api else address.action("GET")
        if not action or address.name in NO_PAGES:
            continue
        who = LOOKERS.get(address.name, looker(action, address.url(0 if "int" in dict(address.converters).values() else uuid.UUID(int=0))))
        if path := path_of(address, who):
            name = f"{address.name.replace(':', '.')}{'.one' if address.ids and address.name == 'patients:assessment' else ''}"
            yield Shot(name, who, path)
            if address.name in EMPTY_POSTS:
                yield Shot(f"{name}.wrong", who, path, post_empty=True)
    for number in STATES:
        for name in ("today", "plan", "progress"):
            yield Shot(f"me.{name}.{number:02}", f"patient{number}", reverse(f"patients:{name}"))
    for patient in Patient.objects.active().filter(clinic__slug="riverside").order_by("last_name")[::2]:
        yield Shot(f"record.{patient.last_name}", "therapist", reverse("patients:patient", args=[patient.pk]))
    for name in ("caseload", "erasure_requests", "trail"):
        yield Shot(f"harbour.{name}", "manager@harbour.example", reverse(f"patients:{name}"))
    for place in ("index", "clinics_clinic_changelist", "clinics_user_changelist", "clinics_user_add"):
        yield Shot(f"admin.{place}", "admin", reverse(f"admin:{place}"))
    yield Shot("settings.patient", "patient1", reverse("clinics:settings"))
    yield Shot("error.403", "therapist", reverse("clinics:staff"))
    yield Shot("error.404", "patient1", "/me/nothing-here/")
    for status in (400, 409, 429):
        yield Shot(f"error.{status}", "", html=partial(refused, status))
    for template in ("500.html", "503.html"):
        yield Shot(f"error.{template[:3]}", "", html=partial(rendered, template))
    for kind in OPENS:
        yield Shot(f"mail.{kind}", "", html=partial(mail, kind))


def refused(status: int, language: str) -> str:
    """Return a page of refusal as a stranger gets it."""
    request: Any = RequestFactory().get("/")
    request.user, request.member, request.session = AnonymousUser(), None, {}
    with translation.override(language):
        return error_page(request, status, "too_many" if status == 429 else "invalid").content.decode()


def rendered(template: str, language: str) -> str:
    """Return a page that needs no request."""
    with translation.override(language):
        return render_to_string(template, {"request_id": "0123456789abcdef"})


def mail(kind: str, language: str) -> str:
    """Return the HTML of a reminder."""
    occasion = Occasion(
        kind,
        language,
        dt.date(2026, 3, 4),
        "Riverside Physiotherapy",
        "Uferweg 1, Berlin",
        "+49 30 5550100",
        "112",
        minutes=25,
        done=3,
        planned=5,
        ahead=4,
    )
    hannah = Patient.objects.filter(first_name="Hannah")[0].pk
    return str(compose(occasion).fill(Recipient(hannah, hannah, hannah, "hannah@example.org", "Hannah"), "").as_django().alternatives[0][0])
