"""The check-in and the lists of signs: what is stored, what is refused with a sentence, and where a sign leads."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clinics.localtime import local_day
from patients.actions.symptoms import report_symptoms
from patients.models import Alert, Assignment, CheckIn, Correction, Patient, SymptomReport
from tests.cast import Cast, sign_in

GOOD: dict[str, Any] = {"pain_0_10": "2", "readiness_0_10": "7", "answer": "none"}


@pytest.fixture
def hannah(client: Client, cast: Cast) -> Client:
    """Hannah's browser."""
    return sign_in(client, cast.hannah.membership)


def entries(cast: Cast) -> int:
    """Return how many check-ins Hannah has."""
    return CheckIn.objects.filter(patient=cast.hannah).count()


def test_a_check_in_is_stored_and_today_shows_it(cast: Cast, hannah: Client) -> None:
    before = entries(cast)
    assert hannah.post("/me/check-in/", GOOD)["Location"] == "/me/"
    assert entries(cast) == before + 1
    page = hannah.get("/me/").content.decode()
    assert "Checked in today" in page
    assert "How much back pain" not in page


@pytest.mark.parametrize("value", ["", "11", "-1", "NaN", "1e400", "9" * 5000, "2.5", "two", " "])
@pytest.mark.parametrize("name", ["pain_0_10", "readiness_0_10"])
def test_what_is_no_number_from_0_to_10_is_refused_beside_the_question(cast: Cast, hannah: Client, name: str, value: str) -> None:
    before = entries(cast)
    other = "readiness_0_10" if name == "pain_0_10" else "pain_0_10"
    response = hannah.post("/me/check-in/", {**GOOD, name: value})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Choose a number from 0 to 10." in page
    assert f'name="{other}" value="{GOOD[other]}" checked' in page
    assert entries(cast) == before


def test_the_last_question_has_to_be_answered_too(cast: Cast, hannah: Client) -> None:
    before = entries(cast)
    response = hannah.post("/me/check-in/", {"pain_0_10": "2", "readiness_0_10": "7"})
    assert response.status_code == 422
    assert "none of these, or yes" in response.content.decode()
    assert entries(cast) == before


def test_a_nul_character_is_refused_without_an_error_page(hannah: Client) -> None:
    response = hannah.post("/me/check-in/", {**GOOD, "pain_0_10": "2\x00"})
    assert response.status_code == 400


def test_the_same_press_twice_is_one_entry(cast: Cast, hannah: Client) -> None:
    key = str(uuid.uuid4())
    for _ in range(2):
        assert hannah.post("/me/check-in/", {**GOOD, "client_key": key}).status_code == 302
    assert Correction.objects.filter(patient=cast.hannah).count() == 0
    other = hannah.post("/me/check-in/", {**GOOD, "pain_0_10": "9", "client_key": key})
    assert other.status_code == 409
    assert CheckIn.objects.filter(patient=cast.hannah).latest("on").pain_0_10 == 2


def test_a_damaged_key_does_not_keep_an_answer_out(cast: Cast, hannah: Client) -> None:
    assert hannah.post("/me/check-in/", {**GOOD, "client_key": "not-a-key"}).status_code == 302


def test_changing_todays_answers_keeps_the_earlier_ones(cast: Cast, hannah: Client) -> None:
    hannah.post("/me/check-in/", GOOD)
    page = hannah.get("/me/check-in/").content.decode()
    assert 'name="pain_0_10" value="2" checked' in page
    hannah.post("/me/check-in/", {**GOOD, "pain_0_10": "4"})
    correction = Correction.objects.get(patient=cast.hannah)
    assert correction.before["pain_0_10"] == 2
    assert correction.after["pain_0_10"] == 4


def test_yes_leads_to_the_list_and_stores_nothing_yet(cast: Cast, hannah: Client) -> None:
    before = entries(cast)
    page = hannah.post("/me/check-in/", {**GOOD, "answer": "yes"}).content.decode()
    assert "Numbness around the groin" in page
    assert 'name="pain_0_10" value="2"' in page
    assert entries(cast) == before
    nothing = hannah.post("/me/check-in/", {**GOOD, "answer": "list"})
    assert nothing.status_code == 422
    assert "Tick what applies" in nothing.content.decode()


@pytest.mark.parametrize(
    ("sign", "words", "held"),
    [
        ("saddle_numbness", "Get medical help now", True),
        ("chest_pain", "stay where you are", True),
        ("fever_with_back_pain", "See a doctor today or tomorrow", True),
        ("sharp_pain", "Stop for today", False),
    ],
)
def test_a_sign_leads_to_what_it_demands(cast: Cast, hannah: Client, sign: str, words: str, held: bool) -> None:
    response = hannah.post("/me/check-in/", {**GOOD, "answer": "list", "signs": [sign]})
    report = SymptomReport.objects.get(patient=cast.hannah, status="open")
    assert response["Location"] == f"/me/stop/{report.pk}/"
    page = hannah.get(response["Location"]).content.decode()
    assert words in page
    assert "tel:112" in page
    assert "Nobody reads these messages at every hour" in page
    assert "I tapped this by mistake" in page
    assert "ontinue" not in page
    assert (Assignment.objects.get(patient=cast.hannah).status == "held") is held
    assert Alert.objects.filter(patient=cast.hannah, status="open", level="stop").exists()


def test_the_emergency_number_is_the_clinics(client: Client, cast: Cast) -> None:
    browser = sign_in(client, cast.wei.membership)
    response = browser.post("/me/check-in/", {**GOOD, "answer": "list", "signs": ["saddle_numbness"]})
    page = browser.get(response["Location"]).content.decode()
    assert "tel:995" in page
    assert "tel:112" not in page


def test_a_sign_that_is_not_on_the_list_is_refused(cast: Cast, hannah: Client) -> None:
    response = hannah.post("/me/check-in/", {**GOOD, "answer": "list", "signs": ["made_up"]})
    assert response.status_code == 422
    assert "Please choose from the list." in response.content.decode()
    assert not SymptomReport.objects.filter(patient=cast.hannah, status="open").exists()


def test_a_mistake_is_confirmed_once_and_the_plan_stays_held(cast: Cast, hannah: Client) -> None:
    hannah.post("/me/check-in/", {**GOOD, "answer": "list", "signs": ["saddle_numbness"]})
    report = SymptomReport.objects.get(patient=cast.hannah, status="open")
    assert "Was it a mistake?" in hannah.get(f"/me/stop/{report.pk}/mistake/").content.decode()
    assert SymptomReport.objects.get(pk=report.pk).status == "open"
    hannah.post(f"/me/stop/{report.pk}/mistake/")
    assert SymptomReport.objects.get(pk=report.pk).status == "withdrawn"
    assert Assignment.objects.get(patient=cast.hannah).status == "held"
    assert "was a mistake" in hannah.get("/me/").content.decode()
    assert hannah.post(f"/me/stop/{report.pk}/mistake/")["Location"] == f"/me/stop/{report.pk}/"


@pytest.mark.parametrize("page", ["stop/{}/", "stop/{}/mistake/"])
def test_another_patients_report_does_not_exist(client: Client, cast: Cast, page: str) -> None:
    patient = Patient.objects.select_related("clinic", "caseload").get(pk=cast.wei.pk)
    report, _ = report_symptoms(patient=patient, signs=["fainting"], context="check_in", by=cast.wei.membership, now=timezone.now())
    path = f"/me/{page.format(report.pk)}"
    assert sign_in(client, cast.hannah.membership).get(path).status_code == 404
    assert sign_in(Client(), cast.wei.membership).get(path).status_code == 200


def test_the_check_before_the_start_holds_with_any_yes(client: Client, cast: Cast) -> None:
    browser = sign_in(client, cast.marek.membership)
    both = browser.post("/me/symptoms/", {"answer": "none", "signs": ["heart_condition"]})
    assert both.status_code == 422
    assert "Please untick it" in both.content.decode()
    neither = browser.post("/me/symptoms/", {"answer": "list"})
    assert neither.status_code == 422
    response = browser.post("/me/symptoms/", {"answer": "list", "signs": ["heart_condition"]})
    page = browser.get(response["Location"]).content.decode()
    assert "Your therapist looks at this first" in page
    assert "A known heart condition" in page
    report = SymptomReport.objects.get(patient=cast.marek)
    assert (report.level, report.context) == ("clearance", "onboarding")


def test_none_of_these_later_on_changes_nothing(cast: Cast, hannah: Client) -> None:
    before = SymptomReport.objects.filter(patient=cast.hannah).count()
    assert hannah.post("/me/symptoms/", {"answer": "none"})["Location"] == "/me/"
    assert SymptomReport.objects.filter(patient=cast.hannah).count() == before


def test_what_was_answered_without_a_connection_counts_for_its_own_moment_and_once(cast: Cast, hannah: Client) -> None:
    key, done_at = str(uuid.uuid4()), timezone.now() - dt.timedelta(days=4, hours=1)
    answers = {**GOOD, "client_key": key, "done_at": done_at.isoformat()}
    for _ in range(2):
        assert hannah.post("/me/check-in/", answers)["Location"] == "/me/"
    rows = CheckIn.objects.filter(patient=cast.hannah, client_key=key)
    assert [(row.done_at, row.on) for row in rows] == [(done_at, local_day(done_at, "Europe/Berlin"))]


def test_an_answer_that_arrived_although_the_phone_did_not_hear_of_it_is_not_stored_again(cast: Cast, hannah: Client) -> None:
    key = str(uuid.uuid4())
    before = timezone.now()
    assert hannah.post("/me/check-in/", {**GOOD, "client_key": key})["Location"] == "/me/"
    later = hannah.post("/me/check-in/", {**GOOD, "client_key": key, "done_at": before.isoformat()})
    assert later["Location"] == "/me/"
    assert CheckIn.objects.filter(patient=cast.hannah, client_key=key).count() == 1


@pytest.mark.parametrize("moment", ["", "yesterday", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2\u0665", "9" * 400])
def test_a_moment_that_cannot_be_counts_as_now(cast: Cast, hannah: Client, moment: str) -> None:
    before = timezone.now()
    assert hannah.post("/me/check-in/", {**GOOD, "done_at": moment})["Location"] == "/me/"
    assert before <= CheckIn.objects.filter(patient=cast.hannah).latest("on").done_at <= timezone.now()
