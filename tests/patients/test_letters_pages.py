"""The form of a letter with its preview, the letter as it was written, and where documents stand on the patient's page."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinics.models import AuditEvent
from patients.actions.consents import withdraw_consent
from patients.models import Letter, Patient
from tests.caller import Caller
from tests.cast import Cast, member_of, sign_in
from tests.patients.actions.test_letters import loaded, write

WORDS: dict[str, Any] = {
    "recipient_name": "Dr. Anna Weber",
    "recipient_address": "Uferweg 3",
    "language": "en",
    "parts": ["program", "course"],
    "findings": "Moves <b>freely</b>.",
    "outlook": "Two more weeks.",
}


def new(patient: Patient) -> str:
    return reverse("patients:letter_new", args=[patient.pk])


def test_the_preview_shows_the_letter_and_writes_nothing(client: Client, cast: Cast) -> None:
    page = sign_in(client, cast.therapist).post(new(cast.hannah), {**WORDS, "step": "preview"})
    assert page.status_code == 200
    text = page.content.decode()
    assert "This is how it reads" in text
    assert "Dear Dr. Anna Weber," in text
    assert "Moves &lt;b&gt;freely&lt;/b&gt;." in text
    assert not Letter.objects.exists()


def test_a_letter_is_written_kept_and_listed(client: Client, cast: Cast) -> None:
    response = sign_in(client, cast.therapist).post(new(cast.hannah), {**WORDS, "agreed": "on", "keeps_doctor": "on", "step": "write"})
    letter = Letter.objects.get()
    assert response["Location"] == reverse("patients:letter", args=[letter.pk])
    page = client.get(response["Location"]).content.decode()
    assert "Moves &lt;b&gt;freely&lt;/b&gt;." in page
    assert reverse("exports:letter", args=[letter.pk]) in page
    assert AuditEvent.objects.filter(action="letter.view", patient_id=cast.hannah.pk).count() == 1
    for name in ("patient", "patient_record"):
        text = client.get(reverse(f"patients:{name}", args=[cast.hannah.pk])).content.decode()
        assert "Letter to Dr. Anna Weber" in text
    assert 'value="Dr. Anna Weber"' in client.get(new(cast.hannah)).content.decode(), "the doctor of the record is filled in"


def test_without_the_patients_agreement_nothing_is_written_and_nothing_typed_is_lost(client: Client, cast: Cast) -> None:
    page = sign_in(client, cast.therapist).post(new(cast.hannah), {**WORDS, "step": "write"})
    assert page.status_code == 422
    text = page.content.decode()
    assert "Please confirm that the patient agrees to this letter." in text
    assert "Moves &lt;b&gt;freely&lt;/b&gt;." in text
    assert not Letter.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"recipient_name": ""}, "Please write to whom the letter goes."),
        ({"parts": [], "findings": ""}, "Choose something the letter should tell, or write some findings."),
        ({"findings": "x" * 10_001}, "Please shorten this to 10000 characters."),
        ({"parts": ["everything"]}, "Please choose from the list."),
        ({"findings": "a\x00b"}, ""),
    ],
)
def test_what_is_missing_is_said_beside_its_field(client: Client, cast: Cast, changes: dict[str, Any], sentence: str) -> None:
    page = sign_in(client, cast.therapist).post(new(cast.hannah), {**WORDS, "agreed": "on", "step": "write", **changes})
    assert page.status_code in {400, 422}
    assert sentence in page.content.decode()
    assert not Letter.objects.exists()


def test_a_taken_back_agreement_to_the_record_refuses_with_a_sentence(client: Client, cast: Cast) -> None:
    withdraw_consent(patient=loaded(cast.hannah), purpose="record", by=member_of(cast.hannah), now=cast.now)
    page = sign_in(client, cast.therapist).post(new(cast.hannah), {**WORDS, "step": "preview"})
    assert page.status_code == 409
    assert "took back the agreement" in page.content.decode()


def test_an_earlier_letter_can_be_the_beginning_of_the_next(client: Client, cast: Cast) -> None:
    letter = write(cast, findings="As last time.", parts=["signs"])
    page = sign_in(client, cast.therapist).get(new(cast.hannah), {"again": str(letter.pk)}).content.decode()
    assert "As last time." in page
    assert page.count("checked") == 1
    assert "As last time." not in client.get(new(cast.marek), {"again": str(letter.pk)}).content.decode()
    assert client.get(new(cast.hannah), {"again": "no id"}).status_code == 200


@pytest.mark.parametrize(("who", "status"), [("therapist2", 200), ("manager", 200), ("harbour_therapist", 404), ("hannah", 403)])
def test_only_the_own_clinic_writes_and_reads_letters(client: Client, cast: Cast, who: str, status: int) -> None:
    letter = write(cast)
    member = cast.hannah.membership if who == "hannah" else getattr(cast, who)
    sign_in(client, member)
    assert client.get(new(cast.hannah)).status_code == status
    assert client.get(reverse("patients:letter", args=[letter.pk])).status_code == status


def test_an_erased_letter_says_so(client: Client, cast: Cast) -> None:
    letter = write(cast)
    Letter.objects.filter(pk=letter.pk).update(content={})
    text = sign_in(client, cast.therapist).get(reverse("patients:letter", args=[letter.pk])).content.decode()
    assert "were erased together with the person" in text


def test_a_program_writes_and_reads_letters_too(cast: Cast) -> None:
    staff = Caller(cast.therapist)
    made = staff.post("letters/", {"patient": str(cast.hannah.pk), "language": "de", "recipient_name": "Dr. Weber", "parts": ["signs"]})
    assert made.status_code == 201
    assert made.json()["content"]["greeting"] == "Guten Tag Dr. Weber,"
    assert staff.get(f"letters/{made.json()['id']}/").status_code == 200
    assert staff.post("letters/", {"patient": str(cast.hannah.pk), "language": "de", "recipient_name": "", "parts": []}).status_code == 400
    assert Caller(cast.harbour_therapist).get(f"letters/{made.json()['id']}/").status_code == 404


def test_the_form_costs_the_same_for_a_long_record(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    client.get(new(cast.hannah))
    with CaptureQueriesContext(connection) as few:
        client.post(new(cast.hannah), {**WORDS, "step": "preview"})
    assert len(few) <= 24
