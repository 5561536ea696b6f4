"""Every page of a clinic as people with poor eyes, a keyboard, a tablet or a phone meet it."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext
from pytest_django.live_server_helper import LiveServer

from clinics.models import Job, Membership, Role
from clinics.permissions import ACTIONS, PUBLIC
from patients.actions.diary import check_in
from patients.actions.outcomes_model import KIND
from patients.actions.people import create_patient
from patients.actions.replanning import open_plan
from patients.actions.symptoms import report_symptoms
from patients.models import Alert, Assessment, Patient, SymptomReport
from programs.actions.building import publish_version
from programs.actions.exercises import write_exercise
from programs.models import Exercise
from tests.architecture.addresses import Address, addresses
from tests.cast import Cast, member_of, sign_in
from tests.journeys.test_access import Looker
from tests.patients.outcome_people import add_people, model_result, rising
from tests.patients.test_assign import choices
from tests.programs.building import draft_of

pytestmark = pytest.mark.browser
NO_PAGE = (
    "programs:picture",
    "clinics:job",
    "patients:import_",
    "patients:rules_replay",
    "patients:suggestion",  # the module is off
    "reminders:texts_preview",
    "exports:",
)
"""What answers with something else than a page, or shows one only while or after work was under way; their own tests bring that about."""


def staff_pages() -> Iterator[tuple[Address, bool]]:
    """Yield the pages somebody of a clinic may open, and whether only a manager may."""
    for address in addresses():
        action = None if address.is_api else address.action("GET")
        roles = ACTIONS.get(action or PUBLIC, frozenset())
        if roles & {Role.MANAGER, Role.THERAPIST} and not address.name.startswith(NO_PAGE):
            yield address, Role.THERAPIST not in roles


class Guide:
    """Knows a row for every page that needs one."""

    def __init__(self, cast: Cast, rows: dict[str, Any], queries: dict[str, str]) -> None:
        """Take the rows by the beginning of an address's name, and what some pages are asked."""
        self.cast, self.rows, self.queries = cast, rows, queries
        self.clients = {member: sign_in(Client(), member) for member in (cast.therapist, cast.manager)}

    def url(self, address: Address, member: Membership) -> str:
        """Return the path of a page with the row it shows; empty when none is known, or it does not show it."""
        if not address.ids:
            return address.url("")
        row = next((row for name, row in self.rows.items() if address.name.startswith(name)), None)
        url = address.url(row.pk) + self.queries.get(address.name, "") if row is not None else ""
        return url if url and self.clients[member].get(url).status_code == 200 else ""


def fill(cast: Cast) -> Guide:
    """Let enough happen in the clinic that every page has something to show."""
    now = timezone.now()
    hannah = Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=cast.hannah.pk)
    check_in(patient=hannah, pain_0_10=8, readiness_0_10=2, by=hannah.membership, now=now)
    report, _ = report_symptoms(
        patient=cast.marek, signs=("saddle_numbness",), context=SymptomReport.Context.CHECK_IN, by=member_of(cast.marek), now=now
    )
    Assessment.objects.filter(patient=hannah, key="middle").update(due_on=cast.session_today(hannah).on)
    new = create_patient(clinic=cast.riverside, by=cast.therapist, now=now, first_name="Zoë", last_name="Neu", email="zoe@mail.example")
    leg = cast.version("leg")
    open_plan(assignment=hannah.assignments.get(), by=cast.therapist, now=now)
    add_people(cast.riverside, cast.therapist, leg, [rising()] * 6, starts_on=dt.date(2025, 2, 3), now=now)
    params = {"first": 2025, "last": now.year, "therapist": None}
    model = Job.objects.create(clinic=cast.riverside, by=cast.therapist, kind=KIND, status="done", params=params, result=model_result(cast))
    published = draft_of(cast)
    publish_version(version=published, revision=published.revision, by=cast.therapist, now=now)
    own = write_exercise(
        clinic=cast.riverside,
        names={"en": "Step up", "de": "Aufsteigen"},
        group="leg",
        measure="reps",
        content={},
        by=cast.therapist,
        now=now,
    )
    return Guide(
        cast,
        {
            "patients:outcomes_model": model,
            "patients:staff_end": cast.therapist2,
            "patients:alert": Alert.objects.get(patient=hannah, rule="pain_level"),
            "patients:report_clear": report,
            "patients:session": cast.session_today(hannah, "supervised"),
            "patients:group_signs": cast.session_today(hannah, "supervised"),
            "patients:assessment": Assessment.objects.get(patient=hannah, key="middle"),
            "patients:assignment": hannah.assignments.get(),
            "patients:plan": hannah.assignments.get(),
            "patients:assign": new,
            "patients:patient_invite": new,
            "patients:patient_archive": new,
            "patients:patient": hannah,
            "patients:erasure": hannah,
            "reminders:": hannah,
            "programs:program": leg.program,
            "programs:exercise_change": own,
            "programs:exercise": Exercise.objects.filter(clinic=None).order_by("key")[0],
            "programs:retire": published,
            "programs:": draft_of(cast),
        },
        {"patients:assign_confirm": "?" + urlencode(choices(cast), doseq=True)},
    )


def test_every_page_of_a_clinic_is_accessible_dark_in_german_and_as_narrow_as_a_phone(
    context: BrowserContext, live_server: LiveServer, cast: Cast
) -> None:
    guide = fill(cast)
    look = Looker(context, live_server, is_clinic=True)
    unknown: list[str] = []
    for member, is_managers in ((cast.therapist, False), (cast.manager, True)):
        found = {address.name: guide.url(address, member) for address, only_manager in staff_pages() if only_manager is is_managers}
        unknown += [name for name, url in found.items() if not url]
        look.at(member, filter(None, found.values()), "de")
    look.at(cast.therapist, [reverse(name) for name in ("patients:caseload", "programs:list", "clinics:settings")], "en")
    assert look.wrong == [], "\n".join(look.wrong)
    assert unknown == [], "give these pages a row in fill()"
