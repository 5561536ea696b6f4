"""Progress, measurements, corrections, and who opened the record."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinics import audit
from patients.models import Assessment, Assignment, CheckIn, Correction, SessionLog
from tests.cast import Cast, sign_in


@pytest.fixture
def hannah(client: Client, cast: Cast) -> Client:
    """Hannah's browser."""
    return sign_in(client, cast.hannah.membership)


@pytest.fixture
def due(cast: Cast) -> Assessment:
    """Hannah's measurement in the middle, due today."""
    Assessment.objects.filter(patient=cast.hannah, key="middle").update(due_on=timezone.now().date())
    return Assessment.objects.get(patient=cast.hannah, key="middle")


@pytest.mark.parametrize(
    ("show", "words"),
    [("pain", "Back pain, mean of the week"), ("running", "Running capability"), ("readiness", "Readiness to run, mean of the week")],
)
def test_each_course_has_its_chart_its_table_and_its_sentence(hannah: Client, show: str, words: str) -> None:
    page = hannah.get(f"/me/progress/?show={show}").content.decode()
    assert 'class="chart"' in page
    assert page.count("Show as a table") == 2
    assert words in page
    assert "sessions that were due" in page


@pytest.mark.parametrize("show", ["", "weight", "<script>", "x" * 3000])
def test_an_unknown_course_shows_pain(hannah: Client, show: str) -> None:
    response = hannah.get("/me/progress/", {"show": show})
    assert response.status_code == 200
    assert "Back pain, this week" in response.content.decode()


def test_progress_needs_few_questions(hannah: Client) -> None:
    hannah.get("/me/progress/")
    with CaptureQueriesContext(connection) as context:
        hannah.get("/me/progress/")
    assert len(context.captured_queries) <= 9


def test_the_model_line_shows_only_where_the_therapist_wishes(cast: Cast, hannah: Client) -> None:
    assert "Model line from published slopes" not in hannah.get("/me/progress/?show=running").content.decode()
    Assignment.objects.filter(patient=cast.hannah).update(shows_model_line=True)
    page = hannah.get("/me/progress/?show=running").content.decode()
    assert "Model line from published slopes" in page
    assert "not a forecast for you" in page


def test_a_measurement_hides_the_earlier_answers_until_it_is_saved(due: Assessment, hannah: Client) -> None:
    page = hannah.get("/me/assessment/").content.decode()
    assert "10 km easy" in page
    assert "checked" not in page
    assert "scale__opt--last" not in page
    data = {"running_capability_0_10": "7", "running_pain": "no_run"}
    assert hannah.post(f"/me/assessment/{due.pk}/", data)["Location"] == "/me/progress/"
    stored = Assessment.objects.get(pk=due.pk)
    assert (stored.running_capability_0_10, stored.no_run_this_week, stored.running_pain_0_10) == (7, True, None)
    after = hannah.get("/me/progress/?show=running").content.decode()
    assert "3 more than at the start" in after
    assert "clearly better" in after
    assert "no run this week" in after


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("running_capability_0_10", "11"),
        ("running_capability_0_10", ""),
        ("running_pain", "11"),
        ("running_pain", ""),
        ("running_pain", "NaN"),
    ],
)
def test_a_measurement_needs_both_answers(due: Assessment, hannah: Client, name: str, value: str) -> None:
    data = {"running_capability_0_10": "7", "running_pain": "2", name: value}
    response = hannah.post(f"/me/assessment/{due.pk}/", data)
    assert response.status_code == 422
    assert Assessment.objects.get(pk=due.pk).status == "planned"


def test_a_measurement_still_to_come_cannot_be_answered(cast: Cast, hannah: Client) -> None:
    row = Assessment.objects.get(patient=cast.hannah, key="end")
    response = hannah.post(f"/me/assessment/{row.pk}/", {"running_capability_0_10": "7", "running_pain": "2"})
    assert response.status_code == 422
    assert "still to come" in response.content.decode()


def test_a_measurement_left_out_can_be_answered_later(due: Assessment, hannah: Client) -> None:
    assert hannah.post(f"/me/assessment/{due.pk}/skip/")["Location"] == "/me/"
    assert "Answer now" in hannah.get("/me/progress/").content.decode()
    assert hannah.post(f"/me/assessment/{due.pk}/", {"running_capability_0_10": "5", "running_pain": "2"}).status_code == 302
    assert hannah.get(f"/me/assessment/{due.pk}/")["Location"] == "/me/progress/"


def test_another_patients_measurement_does_not_exist(cast: Cast, hannah: Client) -> None:
    other = Assessment.objects.filter(patient=cast.wei).first()
    assert other is not None
    data = {"running_capability_0_10": "5", "running_pain": "2"}
    assert hannah.get(f"/me/assessment/{other.pk}/").status_code == 404
    assert hannah.post(f"/me/assessment/{other.pk}/", data).status_code == 404
    assert hannah.post(f"/me/assessment/{other.pk}/skip/").status_code == 404


def own_entry(cast: Cast, kind: str) -> Any:
    """Return Hannah's last check-in or home session log."""
    rows = CheckIn.objects if kind == "check-in" else SessionLog.objects
    return rows.filter(patient=cast.hannah).order_by("-on").first()


@pytest.mark.parametrize(
    ("kind", "data", "field"),
    [
        ("check-in", {"pain_0_10": "5", "readiness_0_10": "3", "note": "slept badly"}, "pain_0_10"),
        ("session", {"pain_during_0_10": "5", "effort_rpe_0_10": "8", "note": ""}, "pain_during_0_10"),
    ],
)
def test_a_correction_keeps_what_stood_before(cast: Cast, hannah: Client, kind: str, data: dict[str, str], field: str) -> None:
    row = own_entry(cast, kind)
    path = f"/me/entries/{kind}/{row.pk}/"
    assert "never changed" in hannah.get(path).content.decode()
    assert hannah.post(path, data)["Location"] == "/me/progress/"
    correction = Correction.objects.get(object_id=row.pk)
    assert correction.before[field] == getattr(row, field)
    assert correction.after[field] == 5
    page = hannah.get(path).content.decode()
    assert "<del>" in page
    assert "Hannah Brandt" in page


@pytest.mark.parametrize("value", ["11", "-1", "NaN", ""])
def test_a_correction_stays_in_range(cast: Cast, hannah: Client, value: str) -> None:
    row = own_entry(cast, "check-in")
    response = hannah.post(f"/me/entries/check-in/{row.pk}/", {"pain_0_10": value, "readiness_0_10": "3", "note": "kept"})
    assert response.status_code == 422
    assert "kept" in response.content.decode()
    assert not Correction.objects.exists()


@pytest.mark.parametrize("kind", ["check-in", "session", "patient"])
def test_other_entries_do_not_exist(client: Client, cast: Cast, kind: str) -> None:
    row = own_entry(cast, "session" if kind == "session" else "check-in")
    browser = sign_in(client, cast.wei.membership)
    assert browser.get(f"/me/entries/{kind}/{row.pk}/").status_code == 404
    assert browser.get(f"/me/entries/{kind}/{uuid.uuid4()}/").status_code == 404


def test_more_leads_to_the_clinic_and_the_own_settings(hannah: Client) -> None:
    page = hannah.get("/me/more/").content.decode()
    assert "Riverside Physiotherapy" in page
    assert "tel:+49305550100" in page
    assert "Who opened my record" in page
    assert "Sign out" in page


def test_who_opened_the_record_is_told_in_words_and_only_about_oneself(cast: Cast, hannah: Client) -> None:
    at = timezone.now() - dt.timedelta(hours=1)
    own = {"row": cast.hannah, "patient_id": cast.hannah.pk, "clinic_id": cast.riverside.pk}
    audit.record("patient.view", by=cast.therapist2, at=at, **own)
    audit.record("patient.view", by=cast.therapist2, at=at + dt.timedelta(seconds=20), **own)
    audit.record("patient.view", row=cast.wei, patient_id=cast.wei.pk, clinic_id=cast.harbour.pk, by=cast.harbour_manager, at=at)
    page = hannah.get("/me/more/opened/").content.decode()
    assert page.count("opened your record") == 1
    assert "Amara Diallo" in page
    assert "Therapist" in page
    assert "Li Tan" not in page
    assert "Hannah Brandt" not in page
