"""Agreeing on the first visit, looking at it later, taking it back, and who may not."""

import pytest
from django.test import Client
from django.utils import timezone

from clinics.models import AuditEvent, Membership
from patients.actions.caseload import refresh_entry
from patients.actions.consents import withdraw_consent
from patients.models import Assignment, Consent, Patient
from patients.rules import consents
from patients.rules.consents import Purpose
from tests.cast import Cast, sign_in
from tests.patients.test_me_today import given_leg_program

ASK = "/me/consent/"
MINE = "/me/more/consents/"
STOP = "/me/more/consents/stop/"


def loaded(patient: Patient) -> Patient:
    """Return the patient as actions want it."""
    return Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=patient.pk)


def account(patient: Patient) -> Membership:
    """Return the patient's membership."""
    assert patient.membership is not None
    return patient.membership


@pytest.fixture
def hannah(client: Client, cast: Cast) -> Client:
    """Hannah's browser; she has agreed to everything."""
    return sign_in(client, cast.hannah.membership)


@pytest.fixture
def newcomer(client: Client, cast: Cast) -> Client:
    """Marek's browser, as if he came in for the first time."""
    Consent.objects.filter(patient=cast.marek).delete()
    refresh_entry(loaded(cast.marek), now=timezone.now())
    return sign_in(client, cast.marek.membership)


@pytest.mark.parametrize("path", ["/me/", "/me/plan/", "/me/progress/", "/me/check-in/", "/me/symptoms/", "/me/messages/", "/me/runs/"])
def test_a_newcomer_is_asked_before_anything_else(newcomer: Client, path: str) -> None:
    response = newcomer.get(path)
    assert (response.status_code, response["Location"]) == (302, ASK)


@pytest.mark.parametrize("path", ["/me/more/", "/me/more/opened/", MINE])
def test_what_needs_no_answer_stays_open(newcomer: Client, path: str) -> None:
    assert newcomer.get(path).status_code == 200


def test_nothing_is_ticked_beforehand_and_each_purpose_stands_alone(newcomer: Client) -> None:
    page = newcomer.get(ASK).content.decode()
    assert "Step 1 of 2" in page
    assert page.count('type="checkbox"') == 3
    assert "checked" not in page
    assert "Riverside Physiotherapy keeps a record of your treatment" in page


def test_without_what_is_needed_the_form_says_so_and_keeps_what_was_ticked(cast: Cast, newcomer: Client) -> None:
    response = newcomer.post(ASK, {"reminders": "on"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Without this agreement we cannot go on." in page
    assert page.count(" checked") == 1
    assert not Consent.objects.filter(patient=cast.marek).exists()


def test_a_yes_leads_to_the_symptom_check_and_is_stored_as_given(cast: Cast, newcomer: Client) -> None:
    response = newcomer.post(ASK, {"record": "on"})
    assert response["Location"] == "/me/symptoms/"
    row = Consent.objects.get(patient=cast.marek)
    assert (row.purpose, row.version, row.given_by, row.language) == ("record", "1", cast.marek.membership, "en")
    assert newcomer.post(ASK, {"record": "on"})["Location"] == MINE
    assert Consent.objects.filter(patient=cast.marek).count() == 1
    assert newcomer.get("/me/").status_code == 200


def test_the_three_steps_lead_from_one_to_the_next(cast: Cast, newcomer: Client) -> None:
    given_leg_program(cast, cast.marek)
    assert "Step 1 of 3" in newcomer.get(ASK).content.decode()
    page = newcomer.post(ASK, {"record": "on", "outcomes": "on"}, follow=True).content.decode()
    assert "Step 2 of 3" in page
    page = newcomer.post("/me/symptoms/", {"answer": "none"}, follow=True).content.decode()
    assert "Step 3 of 3" in page


def test_a_sign_to_clear_first_still_leads_to_the_measurement(cast: Cast, newcomer: Client) -> None:
    given_leg_program(cast, cast.marek)
    newcomer.post(ASK, {"record": "on"})
    page = newcomer.post("/me/symptoms/", {"answer": "list", "signs": ["heart_condition"]}, follow=True).content.decode()
    assert "Your therapist looks at this first" in page
    assert "/me/assessment/" in page


def test_my_agreements_show_words_version_and_day(cast: Cast, hannah: Client) -> None:
    page = hannah.get(MINE).content.decode()
    assert (page.count("version 1."), page.count("version 2.")) == (2, 1)
    assert "Reminders come by e-mail to the address you sign in with" in page
    assert AuditEvent.objects.filter(action="consent.view", patient_id=cast.hannah.pk).exists()


def test_a_free_one_is_taken_back_and_given_again_with_one_tap(cast: Cast, hannah: Client) -> None:
    page = hannah.post(MINE, {"withdraw": "reminders"}, follow=True).content.decode()
    assert "Taken back on" in page
    assert "because you have not agreed to them" in hannah.get("/me/reminders/").content.decode()
    hannah.post(MINE, {"give": "reminders"})
    assert Consent.objects.in_force().filter(patient=cast.hannah, purpose="reminders").count() == 1


@pytest.mark.parametrize("data", [{"withdraw": "record"}, {"withdraw": "x"}, {"give": "x"}, {}])
def test_what_cannot_be_meant_changes_nothing(cast: Cast, hannah: Client, data: dict[str, str]) -> None:
    hannah.post(MINE, data)
    assert Consent.objects.in_force().filter(patient=cast.hannah).count() == 3


def test_the_record_is_taken_back_on_a_page_that_says_what_follows(cast: Cast, hannah: Client) -> None:
    assert "Your training is put on hold." in hannah.get(STOP).content.decode()
    assert Consent.objects.in_force().filter(patient=cast.hannah).count() == 3
    hannah.post(STOP)
    assert Assignment.objects.get(patient=cast.hannah).status == "held"
    today = hannah.get("/me/").content.decode()
    assert "You have taken back your agreement" in today
    assert "How much back pain right now?" not in today
    refused = hannah.post("/me/check-in/", {"pain_0_10": 2, "readiness_0_10": 7, "answer": "none"})
    assert refused.status_code == 422
    assert "nothing new is stored" in refused.content.decode()
    for path in ("/me/progress/", "/me/plan/", "/me/messages/", "/me/symptoms/"):
        assert hannah.get(path).status_code == 200


def test_the_therapist_reads_it_on_every_tab_and_on_the_caseload(client: Client, cast: Cast) -> None:
    withdraw_consent(patient=loaded(cast.hannah), purpose="record", by=account(cast.hannah), now=timezone.now())
    sign_in(client, cast.therapist)
    for tab in ("", "plan/", "record/", "messages/"):
        assert "took back the agreement to this record" in client.get(f"/patients/{cast.hannah.pk}/{tab}").content.decode()
    assert "Agreement taken back, today" in client.get("/patients/").content.decode()
    record = client.get(f"/patients/{cast.hannah.pk}/record/").content.decode()
    assert "Agreements of the patient" in record


def test_new_words_are_shown_on_today_without_standing_in_the_way(cast: Cast, hannah: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "An agreement has new words" not in hannah.get("/me/").content.decode()
    monkeypatch.setitem(consents.VERSIONS, Purpose.OUTCOMES, "2")
    monkeypatch.setattr("patients.views.consents.text_of", lambda purpose, _version: f"patients/consents/{purpose}_1.html")
    page = hannah.get("/me/").content.decode()
    assert "An agreement has new words" in page
    assert "How much back pain right now?" in page
    assert "The words have changed since." in hannah.get(MINE).content.decode()
    hannah.post(MINE, {"give": "outcomes"})
    assert "An agreement has new words" not in hannah.get("/me/").content.decode()


def test_only_patients_agree(client: Client, cast: Cast) -> None:
    for path in (ASK, MINE, STOP):
        assert Client().get(path).status_code == 302
        assert sign_in(client, cast.therapist).get(path).status_code == 403
