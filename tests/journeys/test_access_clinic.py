"""Every page of a clinic as people with poor eyes, a keyboard, a tablet or a phone meet it."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext
from pytest_django.live_server_helper import LiveServer

from clinics.branding import NO_WORDS
from clinics.models import Job, Membership, Role
from clinics.permissions import ACTIONS, PUBLIC
from patients.actions.diary import check_in
from patients.actions.importing import CHECK
from patients.actions.outcomes_model import KIND
from patients.actions.people import create_patient
from patients.actions.replanning import open_plan
from patients.actions.symptoms import report_symptoms
from patients.models import Alert, Assessment, Patient, SymptomReport
from programs.actions.building import publish_version
from programs.actions.exercises import write_exercise
from programs.models import Exercise
from reminders.actions.samples import INVITATION, sample_of
from reminders.models import Kind
from tests.architecture.addresses import Address, addresses
from tests.cast import Cast, member_of
from tests.journeys.test_access import AXE, TAGS, Looker
from tests.patients.actions.test_letters import write
from tests.patients.importing import NEW, checked, imported, kept
from tests.patients.outcome_people import add_people, model_result, rising
from tests.patients.suggesting import open_scene, switch_on
from tests.patients.test_assign import choices
from tests.patients.test_rules_pages import replayed
from tests.programs.building import draft_of

pytestmark = pytest.mark.browser
PARTS = 4
"""In how many parts the pages are looked at: one after the other they would keep everybody else waiting."""
NO_PAGE = (
    "programs:picture",
    "programs:video",
    "patients:import_sample",
    "patients:import_findings",
    "patients:import_job",
    "exports:letter",
    "exports:handout",
    "reminders:texts_preview",
)
"""What answers with a file or a mail, or leads on to a page that is looked at itself."""


def staff_pages() -> Iterator[tuple[Address, bool]]:
    """Yield the pages somebody of a clinic may open, and whether only a manager may."""
    for address in addresses():
        action = None if address.is_api else address.action("GET")
        roles = ACTIONS.get(action or PUBLIC, frozenset())
        if roles & {Role.MANAGER, Role.THERAPIST} and not address.name.startswith(NO_PAGE):
            yield address, Role.THERAPIST not in roles


class Guide:
    """Knows a row for every page that needs one."""

    def __init__(self, cast: Cast, rows: dict[str, Any], queries: dict[str, str], states: dict[Membership, list[str]]) -> None:
        """Take the rows by the beginning of an address's name, what some pages are asked, and pages that look otherwise with other rows."""
        self.cast, self.rows, self.queries, self.states = cast, rows, queries, states

    def url(self, address: Address) -> str:
        """Return the path of a page with the row it shows; empty when none is known."""
        if not address.ids:
            return address.url("")
        row = next((row for name, row in self.rows.items() if address.name.startswith(name)), None)
        return address.url(row.pk) + self.queries.get(address.name, "") if row is not None else ""


def fill(cast: Cast) -> Guide:
    """Let enough happen in the clinic that every page has something to show."""
    now = timezone.now()
    hannah = Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=cast.hannah.pk)
    check_in(patient=hannah, pain_0_10=8, readiness_0_10=2, by=hannah.membership, now=now)
    report, _ = report_symptoms(
        patient=cast.lena, signs=("saddle_numbness",), context=SymptomReport.Context.CHECK_IN, by=member_of(cast.lena), now=now
    )
    scene = open_scene(cast)
    scene.two_for_two()
    switch_on(cast)
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
    done, found = imported(cast, *NEW), checked(cast, *NEW[:2], "Finn;;31.02.1990;finn;x;;Nobody", *NEW[3:])
    return Guide(
        cast,
        {
            "clinics:job": at_work(cast, status="running", done=3, total=10, started_at=now),
            "patients:import_file": kept(cast, *NEW[:2]),
            "patients:import_check": found,
            "patients:import_take_back": done,
            "patients:rules_replay": replayed(cast, amber_max=3),
            "patients:suggestion_": scene.look().rows[0],
            "patients:letter_new": hannah,
            "patients:letter": write(cast),
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
        {
            cast.manager: [
                reverse("patients:import_file", args=[done.pk]),
                reverse("clinics:job", args=[at_work(cast, status="failed", problem="x").pk]),
            ]
        },
    )


def at_work(cast: Cast, **fields: Any) -> Job:
    """Write down a piece of work that no worker takes."""
    job: Job = Job.objects.create(clinic=cast.riverside, by=cast.therapist, kind=CHECK, params={}, **fields)
    return job


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_of_a_clinic_is_accessible_dark_in_german_and_as_narrow_as_a_phone(
    context: BrowserContext, live_server: LiveServer, cast: Cast, part: int
) -> None:
    guide = fill(cast)
    look = Looker(context, live_server, is_clinic=True)
    unknown: list[str] = []
    for member, is_managers in ((cast.therapist, False), (cast.manager, True)):
        pages = [address for address, only_manager in staff_pages() if only_manager is is_managers][part::PARTS]
        found = {address.name: guide.url(address) for address in pages}
        unknown += [name for name, url in found.items() if not url]
        look.at(member, [*filter(None, found.values()), *guide.states.get(member, [])[part::PARTS]], "de")
    assert look.wrong == [], "\n".join(look.wrong)
    assert unknown == [], "give these pages a row in fill()"


def test_the_daily_pages_in_english_and_mails_as_their_preview_shows_them(
    context: BrowserContext, live_server: LiveServer, cast: Cast
) -> None:
    fill(cast)
    look = Looker(context, live_server, is_clinic=True)
    look.at(cast.therapist, [reverse(name) for name in ("patients:caseload", "programs:list", "clinics:settings")], "en")
    for kind in (Kind.SESSION_TODAY, INVITATION):  # as their page shows them, in a frame where axe cannot run
        mail = sample_of(kind=kind, language="de", clinic=cast.riverside, words=NO_WORDS, first_name="Jonas")
        look.page.goto("about:blank")
        look.page.set_content(mail.html)
        look.page.evaluate(AXE)
        look.axe(f"mail {kind}", {"runOnly": {"type": "tag", "values": list(TAGS)}})
    assert look.wrong == [], "\n".join(look.wrong)
