"""The thread on the phone and at the desk: who reads and writes what, and what others never see."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clinics.models import AuditEvent, Clinic, Membership
from patients.actions.messages import PER_AUTHOR_AND_HOUR, send_message
from patients.models import Message, Patient
from patients.views.messages import A_PAGE
from tests.caller import Caller
from tests.cast import Cast, sign_in
from tests.patients.test_me_today import queries

MINE = "/me/messages/"


def loaded(patient: Patient) -> Patient:
    """Return the patient as actions want it."""
    return Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=patient.pk)


def own(patient: Patient) -> Membership:
    """Return the patient's membership."""
    assert patient.membership is not None
    return patient.membership


def write(patient: Patient, by: Membership, text: str) -> Message:
    return send_message(patient=loaded(patient), body=text, by=by, now=timezone.now())[0]


def desk(patient: Patient) -> str:
    return f"/patients/{patient.pk}/messages/"


@pytest.fixture
def hannah(cast: Cast) -> Client:
    """Hannah's browser."""
    return sign_in(Client(), cast.hannah.membership)


@pytest.fixture
def therapist(cast: Cast) -> Client:
    """The therapist's browser."""
    return sign_in(Client(), cast.therapist)


def test_an_empty_thread_says_what_it_is_for_and_what_it_is_not_for(hannah: Client) -> None:
    page = hannah.get(MINE).content.decode()
    assert "No messages yet" in page
    assert "Nobody reads this at once. In an emergency call 112." in page


def test_the_emergency_number_is_that_of_the_clinics_country(client: Client, cast: Cast) -> None:
    assert "In an emergency call 995." in sign_in(client, cast.wei.membership).get(MINE).content.decode()
    Clinic.objects.filter(pk=cast.harbour.pk).update(emergency_number="1777")
    assert "In an emergency call 1777." in client.get(MINE).content.decode()


def test_a_question_and_its_answer(cast: Cast, hannah: Client, therapist: Client) -> None:
    assert hannah.post(MINE, {"body": "May I <b>run</b> on\nSunday?", "client_key": str(uuid.uuid4())})["Location"] == MINE
    page = therapist.get(desk(cast.hannah)).content.decode()
    assert "May I &lt;b&gt;run&lt;/b&gt; on\nSunday?" in page
    assert Message.objects.get().read_at is None
    assert therapist.post(desk(cast.hannah), {"body": "Yes, easy."}).status_code == 302
    assert Message.objects.get(from_patient=True).read_by == cast.therapist
    today = hannah.get("/me/").content.decode()
    assert "has written to you" in today
    assert "1 new message" in today
    assert 'Messages<span class="vh"> (1 new)' in today
    page = hannah.get(MINE).content.decode()
    assert f'href="{MINE}" aria-current="page"' in page
    assert "(1 new)" not in page
    assert page.index("Sunday?") < page.index("Yes, easy.")
    assert Message.objects.unread().count() == 0
    assert "has written to you" not in hannah.get("/me/").content.decode()
    seen = AuditEvent.objects.filter(patient_id=cast.hannah.pk, action__startswith="message.").values_list("action", flat=True)
    assert {"message.send", "message.read", "message.list"} <= set(seen)


def test_today_still_asks_at_most_six_questions_of_the_database(cast: Cast, hannah: Client) -> None:
    write(cast.hannah, cast.therapist, "Hello")
    hannah.get("/me/")
    assert queries(hannah, "/me/") <= 6


def test_looking_leaves_it_waiting_and_one_button_says_that_nothing_is_to_answer(cast: Cast, therapist: Client) -> None:
    write(cast.hannah, own(cast.hannah), "Thank you!")
    assert "1 message, today" in therapist.get("/patients/").content.decode()
    therapist.get(desk(cast.hannah))
    assert Message.objects.unread().count() == 1
    therapist.post(f"{desk(cast.hannah)}read/")
    assert Message.objects.unread().count() == 0
    assert "1 message, today" not in therapist.get("/patients/").content.decode()


def test_the_overview_shows_the_last_words_and_takes_an_answer(cast: Cast, therapist: Client) -> None:
    overview = f"/patients/{cast.hannah.pk}/"
    for text in ("The first", "The second", "The third"):
        write(cast.hannah, own(cast.hannah), text)
    page = therapist.get(overview).content.decode()
    assert "The first" not in page
    assert page.index("The second") < page.index("The third")
    assert f'action="{desk(cast.hannah)}"' in page
    assert desk(cast.lena) not in therapist.get(f"/patients/{cast.lena.pk}/").content.decode().replace(f'href="{desk(cast.lena)}"', "")


def test_a_browser_that_fetches_ahead_has_read_nothing(cast: Cast, hannah: Client) -> None:
    write(cast.hannah, cast.therapist, "Hello")
    hannah.get(MINE, headers={"Sec-Purpose": "prefetch;prerender"})
    hannah.head(MINE)
    assert Message.objects.unread().count() == 1


def test_the_caseload_leads_to_the_answer(cast: Cast, therapist: Client) -> None:
    write(cast.lena, cast.therapist, "x")
    write(cast.hannah, own(cast.hannah), "Hello?")
    page = therapist.get("/patients/").content.decode()
    assert desk(cast.hannah) in page
    assert desk(cast.lena) not in page


@pytest.mark.parametrize(("body", "sentence"), [("", "Please write something first."), ("x" * 2001, "Please shorten this to 2000")])
def test_a_refused_message_keeps_its_words(cast: Cast, hannah: Client, therapist: Client, body: str, sentence: str) -> None:
    for browser, path in ((hannah, MINE), (therapist, desk(cast.hannah))):
        response = browser.post(path, {"body": body})
        assert response.status_code == 422
        assert sentence in response.content.decode()
        assert body in response.content.decode()
    assert not Message.objects.exists()


def test_too_many_are_refused_for_a_while_and_nothing_typed_is_lost(cast: Cast, hannah: Client) -> None:
    for turn in range(PER_AUTHOR_AND_HOUR[True]):
        write(cast.hannah, own(cast.hannah), str(turn))
    response = hannah.post(MINE, {"body": "and this"})
    assert response.status_code == 429
    assert "These are many messages in a short time." in response.content.decode()
    assert "and this" in response.content.decode()


def test_a_double_click_sends_once_and_the_same_key_with_other_words_is_409(cast: Cast, hannah: Client) -> None:
    sent = {"body": "Once", "client_key": str(uuid.uuid4())}
    assert [hannah.post(MINE, sent).status_code for _turn in range(2)] == [302, 302]
    assert hannah.post(MINE, {**sent, "body": "Other"}).status_code == 409
    assert Message.objects.count() == 1


def test_a_long_thread_comes_in_pages_and_always_costs_the_same(cast: Cast, hannah: Client) -> None:
    now = timezone.now()
    hannah.get(MINE)
    few = queries(hannah, MINE)
    Message.objects.bulk_create(
        Message(
            clinic=cast.riverside,
            patient=cast.hannah,
            author=cast.therapist,
            from_patient=False,
            body=f"Message {place:03d}.",
            sent_at=now - dt.timedelta(minutes=200 - place),
            read_at=now,
        )
        for place in range(A_PAGE + 5)
    )
    assert queries(hannah, MINE) == few
    response = hannah.get(MINE)
    page = response.content.decode()
    assert "Message 044." in page
    assert "Message 004." not in page
    earlier = hannah.get(MINE, {"before": response.context["earlier"]}).content.decode()
    assert "Message 004." in earlier
    assert "Message 005." not in earlier


@pytest.mark.parametrize("before", ["x", "2026-03-01", "2026-13-45T99:00:00Z", "2026-03-01T10:00:00", "9" * 300])
def test_any_place_to_begin_is_taken(hannah: Client, before: str) -> None:
    assert hannah.get(MINE, {"before": before}).status_code == 200


def test_who_has_no_account_cannot_be_written_to_here(cast: Cast, therapist: Client) -> None:
    page = therapist.get(desk(cast.lena)).content.decode()
    assert "has no account yet" in page
    assert "<textarea" not in page


def test_others_see_and_write_nothing(cast: Cast, hannah: Client) -> None:
    write(cast.hannah, own(cast.hannah), "A private matter")
    for member, status in ((cast.harbour_therapist, 404), (cast.wei.membership, 403)):
        browser = sign_in(Client(), member)
        for path in (desk(cast.hannah), f"{desk(cast.hannah)}read/"):
            assert browser.post(path, {"body": "x"}).status_code == status
    assert "private" not in sign_in(Client(), cast.marek.membership).get(MINE).content.decode()
    assert sign_in(Client(), cast.therapist).get(MINE).status_code == 403
    assert Client().get(MINE).status_code == 302
    assert Message.objects.count() == 1


def test_the_administration_shows_no_words(client: Client, cast: Cast) -> None:
    row = write(cast.hannah, own(cast.hannah), "A private matter")
    client.force_login(cast.admin)
    for path in ("/admin/patients/message/", f"/admin/patients/message/{row.pk}/change/", "/admin/patients/consent/"):
        response = client.get(path)
        assert response.status_code in {200, 302}
        assert "private" not in response.content.decode()


# --- the API -------------------------------------------------------------------------------


def test_programs_write_read_and_mark_as_read(cast: Cast) -> None:
    phone, office = Caller(cast.hannah.membership), Caller(cast.therapist)
    key = str(uuid.uuid4())
    sent = phone.post("messages/", {"body": "Hello\nthere"}, Idempotency_Key=key)
    assert sent.status_code == 201
    assert phone.post("messages/", {"body": "Hello\nthere"}, Idempotency_Key=key).status_code == 200
    assert phone.post("messages/", {"body": "Other"}, Idempotency_Key=key).status_code == 409
    body = sent.json()
    assert (body["body"], body["from_patient"], body["read_at"]) == ("Hello\nthere", True, None)
    assert [one["id"] for one in office.every("messages/", unread="true", patient=str(cast.hannah.pk))] == [body["id"]]
    answer = office.post("messages/", {"patient": str(cast.hannah.pk), "body": "Good morning"}).json()
    assert office.get("messages/", unread="true", from_patient="true").json()["results"] == []
    assert phone.post(f"messages/{answer['id']}/read/").json()["read_at"] is not None


@pytest.mark.parametrize("body", [{}, {"body": ""}, {"body": "x" * 2001}, {"body": 5}, {"body": "x", "from_patient": False}])
def test_programs_are_refused_what_people_are(cast: Cast, body: dict[str, Any]) -> None:
    assert Caller(cast.hannah.membership).post("messages/", body).status_code == 400


def test_programs_of_others_find_nothing(cast: Cast) -> None:
    row = write(cast.hannah, own(cast.hannah), "A private matter")
    for member in (cast.harbour_therapist, cast.wei.membership, cast.marek.membership):
        caller = Caller(member)
        assert caller.get("messages/").json()["results"] == []
        assert caller.get(f"messages/{row.pk}/").status_code == 404
        assert caller.post(f"messages/{row.pk}/read/").status_code == 404
    assert Caller(cast.harbour_therapist).post("messages/", {"patient": str(cast.hannah.pk), "body": "x"}).status_code in {400, 404}
