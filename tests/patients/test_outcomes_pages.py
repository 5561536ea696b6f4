"""The outcomes page: who sees it, what it says and hides, its filters, and the model on request."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinics.jobs import run_job
from clinics.models import AuditEvent, Job
from patients.actions import outcomes_model
from patients.actions.outcomes_model import KIND
from patients.models import Consent
from tests.cast import Cast, sign_in
from tests.patients.outcome_people import add_people, model_result, rising

PAGE, START = reverse("patients:outcomes"), reverse("patients:outcomes_model_start")
LONG_AGO = dt.date(2025, 2, 3)


def add(cast: Cast, count: int, key: str = "leg", **how: Any) -> None:
    """Add people with a finished course."""
    therapist, answers = how.pop("therapist", cast.therapist), how.pop("answers", [rising()] * count)
    add_people(cast.riverside, therapist, cast.version(key), answers, **{"starts_on": LONG_AGO, "now": cast.now, **how})


@pytest.fixture
def clinic(cast: Cast) -> Cast:
    """Riverside with seven people of the leg program, and four of the stabiliser program; its own patients do not count."""
    Consent.objects.filter(purpose="outcomes").update(withdrawn_at=cast.now)
    add(cast, 7)
    add(cast, 4, "stabiliser")
    return cast


def page(client: Client, member: Any, query: str = "", status: int = 200) -> str:
    answer = sign_in(client, member).get(PAGE + query)
    assert answer.status_code == status
    return str(answer.content.decode())


def test_therapists_and_managers_see_the_figures_and_a_patient_does_not(clinic: Cast, client: Client) -> None:
    for member in (clinic.manager, clinic.therapist2):
        text = page(client, member)
        assert "Not a trial." in text
        assert "n = 7" in text
    page(client, clinic.hannah.membership, status=403)


def test_the_page_stands_in_the_navigation(clinic: Cast, client: Client) -> None:
    assert f'href="{PAGE}" aria-current="page"' in page(client, clinic.therapist)


def test_a_program_of_four_is_named_and_not_shown(clinic: Cast, client: Client) -> None:
    text = page(client, clinic.manager)
    assert "Stabiliser is not shown: fewer than 5 people." in text
    assert text.count("<figure") == 2


def test_the_figures_stand_beside_the_published_line(clinic: Cast, client: Client) -> None:
    text = page(client, clinic.manager)
    assert "7 of 7" in text
    assert "<b>100 %</b>" in text
    assert "+0.1 (+0.1 to +0.1)" in text  # two points at week 8 beside 2 × 0.949
    assert "above the line" in text
    assert "+3.80" in text
    assert "−2.98" in text


def test_run_walk_stands_beside_no_line(clinic: Cast, client: Client) -> None:
    short = {key: rising()[key] for key in ("baseline", "middle", "end")}
    add(clinic, 5, "run_walk", answers=[short] * 5, weeks=(0, 6, 12, 0, 0))
    text = page(client, clinic.manager)
    assert "other trial, not comparable" in text
    assert "W12" in text


def test_how_many_are_left_out_is_said_as_a_number_only_from_five_on(clinic: Cast, client: Client) -> None:
    assert "Fewer than five people of all years" in page(client, clinic.manager)  # Hannah
    add(clinic, 6, agreed=False)
    assert "7 people of all years and programs are left out" in page(client, clinic.manager)


def test_without_five_people_the_page_says_so(cast: Cast, client: Client) -> None:
    text = page(client, cast.manager)
    assert "No figures to show" in text
    assert "Leg is not shown" in text


def test_the_years_stand_in_the_address_and_narrow_the_figures(clinic: Cast, client: Client) -> None:
    add(clinic, 6, starts_on=dt.date(2023, 5, 1))
    assert "Started 2023 to 2025, 13 people" in page(client, clinic.manager)
    assert "Started 2023, 6 people" in page(client, clinic.manager, "?first=2023&last=2023")
    assert "Started 2023 to 2024, 6 people" in page(client, clinic.manager, "?first=2024&last=2023")


def test_a_choice_that_would_tell_of_few_by_subtraction_is_hidden_and_says_what_can_be_shown(clinic: Cast, client: Client) -> None:
    add(clinic, 3, starts_on=dt.date(2024, 5, 6))
    text = page(client, clinic.manager, "?first=2025&last=2025")
    assert "No figures to show" in text
    assert "can be shown for 2024–2025" in text


@pytest.mark.parametrize("query", ["?first=1&last=99999", "?first=x", "?therapist=nobody", "?first=&last=&therapist="])
def test_filters_that_make_no_sense_count_as_not_chosen(clinic: Cast, client: Client, query: str) -> None:
    assert "n = 7" in page(client, clinic.manager, query)


def test_only_managers_choose_a_therapist(clinic: Cast, client: Client) -> None:
    add(clinic, 6, therapist=clinic.therapist2)
    query = f"?therapist={clinic.therapist2.pk}"
    assert "n = 6" in page(client, clinic.manager, query)
    assert "Amara Diallo" in page(client, clinic.manager)
    text = page(client, clinic.therapist, query)
    assert "n = 13" in text
    assert 'name="therapist"' not in text.replace('<input type="hidden" name="therapist" value="">', "")


def test_a_look_is_written_down_with_what_was_chosen(clinic: Cast, client: Client) -> None:
    page(client, clinic.manager, "?first=2025")
    event = AuditEvent.objects.filter(action="outcomes.view").latest("at")
    assert (event.clinic_id, event.details["first"], event.details["therapist"]) == (clinic.riverside.pk, 2025, None)


def test_another_clinic_sees_its_own_people_only(clinic: Cast, client: Client) -> None:
    assert "No figures to show" in page(client, clinic.harbour_manager)


def test_the_page_takes_the_same_queries_for_few_and_many(clinic: Cast, client: Client) -> None:
    counts = []
    for many in (1, 60):
        add(clinic, many)
        page(client, clinic.manager)
        with CaptureQueriesContext(connection) as asked:
            client.get(PAGE)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[0] <= 14


def test_it_speaks_german(clinic: Cast, client: Client) -> None:
    clinic.manager.user.language = "de"  # type: ignore[union-attr]
    clinic.manager.user.save()  # type: ignore[union-attr]
    text = page(client, clinic.manager)
    assert "Keine Studie." in text
    assert "+0,1 (+0,1 bis +0,1)" in text


# --- the model ----------------------------------------------------------------------------


def test_the_model_is_calculated_in_the_background_and_shown(clinic: Cast, client: Client) -> None:
    sign_in(client, clinic.therapist)
    answer = client.post(START, {"first": "2025", "last": "2025", "therapist": str(clinic.therapist2.pk)})
    job = Job.objects.get(kind=KIND)
    assert answer.headers["Location"] == reverse("clinics:job", args=[job.pk])
    assert job.params == {"first": 2025, "last": 2025, "therapist": None}  # a therapist does not choose one
    Job.objects.filter(pk=job.pk).update(status=Job.Status.DONE, ended_at=timezone.now(), result=model_result(clinic))
    text = client.get(reverse("patients:outcomes_model", args=[job.pk])).content.decode()
    assert "<b>+0.95</b>" in text
    assert "(+0.80 to +1.10)" in text
    assert "+0.949" in text
    assert "−0.20" in text
    assert "not clearly different" in text
    assert "the answers have no spread" in text
    assert "<b>+0.95</b>" in client.get(PAGE).content.decode()


def test_a_second_click_leads_to_the_calculation_under_way(clinic: Cast, client: Client) -> None:
    sign_in(client, clinic.manager)
    places = {client.post(START, {"first": "2025", "last": "2025"}).headers["Location"] for _ in range(2)}
    assert len(places) == Job.objects.filter(kind=KIND).count() == 1
    Job.objects.update(status=Job.Status.DONE)
    client.post(START, {"first": "2025", "last": "2025"})
    assert Job.objects.filter(kind=KIND).count() == 2


def test_a_model_of_one_therapists_people_is_for_managers(clinic: Cast, client: Client) -> None:
    job = Job.objects.create(
        clinic=clinic.riverside,
        by=clinic.manager,
        kind=KIND,
        status=Job.Status.DONE,
        params={"first": 2025, "last": 2025, "therapist": str(clinic.therapist.pk)},
        result={},
    )
    url = reverse("patients:outcomes_model", args=[job.pk])
    assert sign_in(client, clinic.manager).get(url).status_code == 200
    assert sign_in(client, clinic.therapist).get(url).status_code == 404
    assert sign_in(client, clinic.harbour_manager).get(url).status_code == 404


def test_without_the_extra_the_page_says_how_to_add_it_and_starts_nothing(
    clinic: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes_model, "LIBRARY", "no_such_library")
    text = page(client, clinic.manager)
    assert "pip install" in text
    assert START not in text
    assert client.post(START, {}).headers["Location"] == PAGE
    assert not Job.objects.filter(kind=KIND).exists()


@pytest.mark.xdist_group("stats")
def test_a_model_that_was_not_done_is_no_fault(clinic: Cast, client: Client) -> None:
    sign_in(client, clinic.manager).post(START, {})
    job = Job.objects.get(kind=KIND)
    assert client.get(reverse("patients:outcomes_model", args=[job.pk])).status_code == 200
    assert run_job(job.pk, now=timezone.now())
    assert client.get(reverse("patients:outcomes_model", args=[job.pk])).status_code == 200
