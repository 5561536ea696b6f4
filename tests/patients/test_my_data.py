"""My data, deleted runs and erasure as pages: what they show, what they refuse, and nobody else's rows."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinics.models import AuditEvent, User
from patients.actions.diary import correct_entry
from patients.actions.erasing import ask_for_erasure, refuse_erasure
from patients.models import CaseloadEntry, CheckIn, Correction, DeletedRun, ErasureRequest, Patient, Run, Shoe
from tests.cast import Cast, sign_in
from tests.patients.actions.test_erasing import ended
from tests.patients.actions.test_runs import loaded, me, runner, session_of
from tests.patients.test_runs import ANSWERS, NEW, a_run

__all__ = ("runner",)

DATA, ASK, CORRECTIONS, MORE = (reverse(f"patients:{name}") for name in ("my_data", "erasure_ask", "corrections", "more"))
REQUESTS = reverse("patients:erasure_requests")


@pytest.fixture
def hannah(cast: Cast, client: Client) -> Client:
    return sign_in(client, me(cast.hannah))


def erasure_page(cast: Cast) -> str:
    return reverse("patients:erasure", args=[cast.hannah.pk])


# --- deleting a run -----------------------------------------------------------------------


def test_a_deleted_run_counts_nowhere_and_stays_in_the_history(cast: Cast, hannah: Client) -> None:
    run = a_run(cast.hannah, cast.now, pain_worst_0_10=7, note="river")
    assert dict(CaseloadEntry.objects.get(patient=cast.hannah).facts["run_pain"])[run.on.isoformat()] == 7
    address = reverse("patients:run_delete", args=[run.pk])
    assert "Delete this run?" in hannah.get(address).content.decode()
    assert Run.objects.count() == 1
    answer = hannah.post(address, follow=True)
    assert "Run deleted." in answer.content.decode()
    assert (Run.objects.count(), DeletedRun.objects.count()) == (0, 1)
    facts = CaseloadEntry.objects.get(patient=cast.hannah).facts
    assert "run_pain" not in facts
    kept = Correction.objects.get(object_id=run.pk)
    assert (kept.before["pain_worst_0_10"], kept.before["distance_km"], kept.after) == (7, "5.00", {})
    assert "river" in hannah.get(CORRECTIONS).content.decode()
    assert AuditEvent.objects.filter(action="run.delete", object_id=run.pk).exists()


def test_a_second_click_ends_where_the_first_did(cast: Cast, hannah: Client) -> None:
    address = reverse("patients:run_delete", args=[a_run(cast.hannah, cast.now).pk])
    assert [hannah.post(address)["Location"] for _click in range(2)] == [reverse("patients:runs")] * 2
    assert (DeletedRun.objects.count(), Correction.objects.count()) == (1, 1)


def test_the_kilometres_leave_the_shoes(cast: Cast, hannah: Client) -> None:
    hannah.post(reverse("patients:shoes"), {"name": "Blue ones", "limit_km": "650"})
    run = a_run(cast.hannah, cast.now, shoe=Shoe.objects.get())
    assert ">5<" in hannah.get(reverse("patients:shoes")).content.decode()
    hannah.post(reverse("patients:run_delete", args=[run.pk]))
    assert ">0<" in hannah.get(reverse("patients:shoes")).content.decode()


def test_a_run_sent_again_after_its_deletion_does_not_come_back(cast: Cast, hannah: Client) -> None:
    sent = ANSWERS | {"client_key": str(uuid.uuid4())}
    hannah.post(NEW, sent)
    hannah.post(reverse("patients:run_delete", args=[Run.objects.get().pk]))
    refused = hannah.post(NEW, sent)
    assert refused.status_code == 409
    assert "This run was deleted." in refused.content.decode()
    assert Run.objects.count() == 0
    assert hannah.post(NEW, ANSWERS | {"client_key": str(uuid.uuid4())}).status_code == 302


def test_the_session_of_a_deleted_run_stays_logged(runner: Cast, client: Client) -> None:
    sign_in(client, me(runner.hannah))
    session = session_of(runner)
    run = a_run(runner.hannah, runner.now, session=session, distance_km=None)
    assert "stays logged" in client.get(reverse("patients:run_delete", args=[run.pk])).content.decode()
    client.post(reverse("patients:run_delete", args=[run.pk]))
    session.refresh_from_db()
    assert session.status == "done"
    assert client.get(reverse("patients:progress")).status_code == 200


@pytest.mark.parametrize("name", ["marek", "wei"])
def test_nobody_deletes_somebody_elses_run(cast: Cast, client: Client, name: str) -> None:
    run = a_run(cast.hannah, cast.now)
    sign_in(client, me(getattr(cast, name)))
    address = reverse("patients:run_delete", args=[run.pk])
    assert (client.get(address).status_code, client.post(address).status_code) == (404, 404)
    sign_in(client, cast.therapist)
    assert client.post(address).status_code == 403
    assert Run.objects.count() == 1


def test_a_pair_of_shoes_sent_twice_is_one(cast: Cast, hannah: Client) -> None:
    sent = {"name": "Blue ones", "limit_km": "650", "client_key": str(uuid.uuid4())}
    assert [hannah.post(reverse("patients:shoes"), sent).status_code for _click in range(2)] == [302, 302]
    assert Shoe.objects.count() == 1
    assert hannah.post(reverse("patients:shoes"), sent | {"name": "Red ones"}).status_code == 409


# --- my data ------------------------------------------------------------------------------


def test_more_leads_to_the_data_and_to_the_settings(cast: Cast, hannah: Client) -> None:
    page = hannah.get(MORE).content.decode()
    assert f'href="{DATA}"' in page
    assert f'href="{reverse("clinics:settings")}"' in page
    assert "Deutsch" in page
    data = hannah.get(DATA).content.decode()
    for name in ("exports:own", "patients:opened", "patients:corrections", "patients:erasure_ask"):
        assert f'href="{reverse(name)}"' in data


@pytest.mark.parametrize(("field", "value", "mark"), [("text_size", "xl", 'data-text="xl"'), ("theme", "dark", 'data-theme="dark"')])
def test_patients_choose_text_size_and_colours(cast: Cast, hannah: Client, field: str, value: str, mark: str) -> None:
    sent = {"first_name": "Hannah", "last_name": "Brandt", "language": "en", "theme": "", "text_size": ""} | {field: value}
    assert mark not in hannah.get(MORE).content.decode()
    assert hannah.post(reverse("clinics:settings"), sent).status_code == 302
    assert mark in hannah.get(MORE).content.decode()


def test_corrections_show_before_and_after_in_words(cast: Cast, hannah: Client, django_assert_max_num_queries: Any) -> None:
    assert "Nothing was changed so far" in hannah.get(CORRECTIONS).content.decode()
    for row in CheckIn.objects.select_related("patient__clinic", "patient__caseload").filter(patient=cast.hannah):
        correct_entry(row=row, changes={"pain_0_10": 9, "note": "<b>bad</b>"}, by=cast.therapist, now=cast.now, reason="by phone")
    with django_assert_max_num_queries(12):
        page = hannah.get(CORRECTIONS).content.decode()
    assert page.count("Jonas Keller") == 3
    assert "<del>2</del> <ins>9</ins>" in page
    assert "&lt;b&gt;bad&lt;/b&gt;" in page
    assert "by phone" in page
    assert "by phone" not in sign_in(Client(), me(cast.marek)).get(CORRECTIONS).content.decode()


# --- erasure ------------------------------------------------------------------------------


def test_a_patient_asks_sees_the_state_and_takes_it_back(cast: Cast, hannah: Client) -> None:
    assert "10 years" in hannah.get(ASK).content.decode()
    sent = {"words": "Please <now>", "client_key": str(uuid.uuid4())}
    assert [hannah.post(ASK, sent)["Location"] for _click in range(2)] == [DATA, DATA]
    wish = ErasureRequest.objects.get()
    page = hannah.get(DATA).content.decode()
    assert "within one month" in page
    assert "Please &lt;now&gt;" in page
    assert hannah.get(ASK)["Location"] == DATA
    assert hannah.post(ASK, {"words": "other"}).status_code == 409
    back = reverse("patients:erasure_withdraw", args=[wish.pk])
    assert [hannah.post(back)["Location"] for _click in range(2)] == [DATA, DATA]
    assert "took your last request back" in hannah.get(DATA).content.decode()


def test_the_managers_are_told_by_mail_that_a_request_waits_but_not_whose(
    cast: Cast, hannah: Client, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        hannah.post(ASK, {"words": "Please"})
    (mail,) = mailoutbox
    assert mail.to == ["manager@riverside.example"]
    assert REQUESTS in mail.body
    assert not re.search("Hannah|Brandt|Please,", mail.body + mail.subject)


def test_too_many_words_are_refused_beside_the_field_and_kept(cast: Cast, hannah: Client) -> None:
    answer = hannah.post(ASK, {"words": "x" * 2001})
    assert answer.status_code == 422
    assert "x" * 2001 in answer.content.decode()


def test_a_manager_refuses_with_a_reason_that_the_patient_reads(
    cast: Cast, client: Client, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    ask_for_erasure(patient=loaded(cast.hannah), by=me(cast.hannah), now=cast.now, words="All of it")
    sign_in(client, cast.manager)
    assert "All of it" in client.get(REQUESTS).content.decode()
    assert "asks to be erased" in client.get(reverse("patients:patient_record", args=[cast.hannah.pk])).content.decode()
    assert client.post(erasure_page(cast), {"refuse": "1", "reason": " "}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(erasure_page(cast), {"refuse": "1", "reason": "Still in treatment"})["Location"] == REQUESTS
    (mail,) = mailoutbox
    assert (mail.to, "answered your request" in mail.subject, "Still in treatment" in mail.body) == (
        ["hannah@patients.example"],
        True,
        False,
    )
    assert DATA in mail.body
    assert "Still in treatment" in sign_in(Client(), me(cast.hannah)).get(DATA).content.decode()
    assert client.post(erasure_page(cast), {"refuse": "1", "reason": "Again"}).status_code == 409


def test_a_manager_erases_after_two_confirmations(
    cast: Cast, client: Client, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    sign_in(client, cast.manager)
    number = cast.hannah.number
    sent = {"erase": "1", "is_sure": "on", "number": number}
    assert "still running" in client.get(erasure_page(cast)).content.decode()
    assert client.post(erasure_page(cast), sent).status_code == 409
    ended(cast)
    assert client.post(erasure_page(cast), sent | {"is_sure": ""}).status_code == 422
    assert client.post(erasure_page(cast), sent | {"number": "00000"}).status_code == 422
    assert User.objects.filter(email="hannah@patients.example").exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(erasure_page(cast), sent)["Location"] == erasure_page(cast)
    (mail,) = mailoutbox
    assert (mail.to, "last mail" in mail.body, DATA in mail.body) == (["hannah@patients.example"], True, False)
    assert not User.objects.filter(email="hannah@patients.example").exists()
    for name in ("patient", "patient_plan", "patient_sessions", "patient_assessments", "patient_record", "erasure", "reminders:ledger"):
        page = client.get(reverse(name if ":" in name else f"patients:{name}", args=[cast.hannah.pk]))
        assert page.status_code == 200, name
        assert "Hannah" not in page.content.decode(), name
    assert client.post(reverse("patients:patient_edit", args=[cast.hannah.pk]), {"first_name": "Hannah"}).status_code in {409, 422}
    assert Patient.objects.get(pk=cast.hannah.pk).first_name == ""
    assert client.get(reverse("patients:caseload")).status_code == 200
    assert client.get(reverse("patients:trail")).status_code == 200


@pytest.mark.parametrize("name", ["therapist", "harbour_manager"])
def test_only_the_managers_of_the_clinic_answer(cast: Cast, client: Client, name: str) -> None:
    wish = ask_for_erasure(patient=loaded(cast.hannah), by=me(cast.hannah), now=cast.now, words="All of it")
    sign_in(client, getattr(cast, name))
    refused = 403 if name == "therapist" else 404
    assert (client.get(erasure_page(cast)).status_code, client.post(erasure_page(cast), {"erase": "1"}).status_code) == (refused, refused)
    page = client.get(REQUESTS)
    assert "All of it" not in page.content.decode()
    assert client.post(reverse("patients:erasure_withdraw", args=[wish.pk])).status_code == 403
    refuse_erasure(request=wish, reason="No", by=cast.manager, now=cast.now)


def test_another_patient_takes_no_request_back(cast: Cast, client: Client) -> None:
    wish = ask_for_erasure(patient=loaded(cast.hannah), by=me(cast.hannah), now=cast.now)
    for name in ("marek", "wei"):
        sign_in(client, me(getattr(cast, name)))
        assert client.post(reverse("patients:erasure_withdraw", args=[wish.pk])).status_code == 404
        assert "You asked" not in client.get(DATA).content.decode()
