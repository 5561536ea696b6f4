"""Text messages: letters every telephone has, numbers in one form, a code that proves the number, and what a provider's answers mean."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from clinics.errors import Conflict, Invalid, TooMany
from clinics.models import Membership
from patients.models import Patient
from reminders.actions.phones import ask_number, confirm_number, forget_number
from reminders.channels import sms
from reminders.channels.line import LineBroken, LineDown, Refused, TryLater
from reminders.channels.sms import Text, TwilioLine
from reminders.channels.wording import SENTENCES, sentence_of
from reminders.models import Channel, Contact, Kind, Preference, ReminderPolicy, StaffNotice
from reminders.rules.texting import compose, in_gsm, number_of, places
from tests.cast import Cast, sign_in
from tests.reminders.actions.test_outbox import DUE, due_patients
from tests.reminders.channels.test_email import SESSION
from tests.reminders.channels.test_webpush import send
from tests.reminders.push_service import PushService, push_service
from tests.reminders.scene import rows_of

NUMBER = "+4915123456789"


# --- letters and numbers ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Für heute", "Für heute"),
        ("„Größe“ – ja…", '"Größe" - ja...'),
        ("Novák", "Novak"),
        ("Praxis 名前 am Fluss", "Praxis am Fluss"),
        ("a\r\nb\tc", "a b c"),
    ],
)
def test_a_text_is_written_in_letters_every_telephone_has(text: str, plain: str) -> None:
    assert in_gsm(text) == plain
    assert places(in_gsm(text)) >= len(plain)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("kind", list(SENTENCES))
def test_every_sentence_fits_into_one_message_and_names_nothing_clinical(kind: str, language: str) -> None:
    sentence = sentence_of(replace(SESSION, kind=kind, language=language, tells_of_change=True))
    name = "Physiotherapiezentrum am Großen Fluss und anderswo, Inhaberin Dr. Maximiliane Österreicher und Partner"
    text = compose(name, sentence, "https://training.example.org/me/")
    assert places(text) <= 160
    assert text.endswith(f": {sentence} https://training.example.org/me/")
    assert not re.search(r"pain|back|exercise|run\b|Schmerz|Rücken|Übung|Lauf", sentence)


def test_what_does_not_fit_is_refused_instead_of_cut() -> None:
    with pytest.raises(ValueError, match="more than one"):
        compose("Clinic", "x" * 150, "https://training.example.org/me/")


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("+49 151 23456789", "DE", NUMBER),
        ("0049 (151) 234-567-89", "DE", NUMBER),
        ("0151 23456789", "DE", NUMBER),
        ("+49 (0) 151 23456789", "DE", NUMBER),
        ("9123 4567", "SG", None),
        ("+65 9123 4567", "SG", "+6591234567"),
        ("0151", "DE", None),
        ("+0 151 23456789", "DE", None),
        ("+49 151 2345678901234", "DE", None),
        ("call me", "DE", None),
        ("", "DE", None),
    ],
)
def test_a_number_is_read_as_it_is_written_at_home(typed: str, country: str, number: str | None) -> None:
    assert number_of(typed, country) == number


# --- the provider -------------------------------------------------------------------------


@pytest.fixture
def twilio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[PushService]:
    settings.SMS_URL = "twilio://AC123:se%2Fcret@api?from=%2B4930111"
    with push_service(tmp_path, monkeypatch.setattr) as service:
        monkeypatch.setattr(sms, "TWILIO", f"https://localhost:{service.port}")
        yield service


PATH = "/2010-04-01/Accounts/AC123/Messages.json"


def test_twilio_gets_number_text_and_how_long_it_is_useful(twilio: PushService) -> None:
    line = TwilioLine()
    line.send(Text(NUMBER, "Für heute ist etwas geplant.", 600))
    line.close()
    (taken,) = twilio.taken
    form = {name: values[0] for name, values in parse_qs(taken.body.decode()).items()}
    assert taken.path == PATH
    assert taken.headers["Authorization"] == "Basic QUMxMjM6c2UvY3JldA=="
    assert form == {"To": NUMBER, "Body": "Für heute ist etwas geplant.", "ValidityPeriod": "600", "From": "+4930111"}


@pytest.mark.parametrize(
    ("status", "code", "outcome", "is_address"),
    [
        (400, 21211, Refused, True),
        (400, 21610, Refused, True),
        (400, 21606, Refused, False),
        (401, 20003, LineDown, None),
        (429, 20429, TryLater, None),
        (503, 0, TryLater, None),
    ],
)
def test_what_its_answers_mean(twilio: PushService, status: int, code: int, outcome: type[Exception], is_address: bool | None) -> None:
    twilio.answers[PATH], twilio.bodies[PATH] = status, json.dumps({"code": code} if code else {}).encode()
    line = TwilioLine()
    with pytest.raises(outcome) as found:
        line.send(Text(NUMBER, "x", 600))
    line.close()
    assert getattr(found.value, "is_address", None) is is_address
    assert NUMBER not in str(found.value)


def test_a_broken_connection_is_tried_again(twilio: PushService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms, "TWILIO", "https://localhost:1")
    with pytest.raises(LineBroken):
        TwilioLine().send(Text(NUMBER, "x", 600))


# --- the number of a patient --------------------------------------------------------------


@pytest.fixture
def letters(settings: Any, tmp_path: Path) -> Path:
    """Let text messages become files, and the clinics send them."""
    settings.SMS_URL, settings.VAR_DIR = "file:", tmp_path
    return tmp_path / "sms"


def allow(clinic: Any) -> None:
    ReminderPolicy.objects.create(clinic=clinic, channels=["push", "sms"])


def code_in(letters: Path) -> str:
    found = re.search(r"\b\d{6}\b", max(letters.iterdir()).read_text())
    assert found
    return found.group()


def me(cast: Cast) -> Membership:
    assert cast.hannah.membership is not None
    return cast.hannah.membership


@pytest.mark.django_db
def test_a_number_counts_once_its_code_came_back(cast: Cast, letters: Path, client: Client) -> None:
    allow(cast.riverside)
    sign_in(client, cast.hannah.membership)
    page = reverse("reminders:phone")
    assert client.post(page, {"do": "ask", "number": "not a number"}).status_code == 422
    assert client.post(page, {"do": "ask", "number": "0151 23456789"}).status_code == 302
    assert "Enter the code" in client.get(page).content.decode()
    assert client.post(page, {"do": "confirm", "code": "000000x"}).status_code == 422
    assert Contact.objects.get(patient=cast.hannah).confirmed_at is None
    assert client.post(page, {"do": "confirm", "code": code_in(letters)}).status_code == 302
    contact = Contact.objects.get(patient=cast.hannah)
    assert (contact.number, contact.code_digest, bool(contact.confirmed_at)) == (NUMBER, "", True)
    assert set(Preference.objects.filter(patient=cast.hannah).values_list("channel", flat=True)) == {Channel.SMS}
    assert NUMBER in client.get(reverse("reminders:mine")).content.decode()
    assert client.post(page, {"do": "forget"}).status_code == 302
    assert not Contact.objects.filter(patient=cast.hannah).exists()
    assert set(Preference.objects.filter(patient=cast.hannah).values_list("channel", flat=True)) == {Channel.EMAIL}


@pytest.mark.django_db
def test_codes_are_few_and_wrong_ones_run_out(cast: Cast, letters: Path) -> None:
    allow(cast.riverside)
    for _code in range(3):
        ask_number(patient=cast.hannah, typed=NUMBER, by=me(cast), now=cast.now)
    with pytest.raises(TooMany):
        ask_number(patient=cast.hannah, typed=NUMBER, by=me(cast), now=cast.now)
    code = code_in(letters)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _try in range(5):
        with pytest.raises(Invalid):
            confirm_number(patient=cast.hannah, code=wrong, by=me(cast), now=cast.now)
    with pytest.raises(TooMany):
        confirm_number(patient=cast.hannah, code=code, by=me(cast), now=cast.now)


@pytest.mark.django_db
def test_a_clinic_that_sends_no_text_messages_takes_no_number(cast: Cast, letters: Path) -> None:
    with pytest.raises(Conflict):
        ask_number(patient=cast.hannah, typed=NUMBER, by=me(cast), now=cast.now)
    forget_number(patient=cast.hannah, by=me(cast), now=cast.now)
    assert not letters.exists()


def text(patient: Patient) -> None:
    """Let a patient with a confirmed number want text messages."""
    Preference.objects.filter(patient=patient).update(channel=Channel.SMS)
    Contact.objects.create(clinic_id=patient.clinic_id, patient=patient, channel=Channel.SMS, number=NUMBER, confirmed_at=DUE)


@pytest.mark.django_db
def test_a_reminder_comes_as_a_text_message_while_the_clinic_allows_it(letters: Path) -> None:
    first, second = due_patients(2, "de")
    for patient in (first, second):
        text(patient)
    ReminderPolicy.objects.create(clinic_id=first.clinic_id, channels=["sms"], shown_as="Training")
    assert send().sent == 2
    (found, _other) = sorted(letters.iterdir())
    assert found.read_text() == f"{NUMBER}\nTraining: Für heute ist etwas geplant. http://127.0.0.1:8000/me/\n"
    assert mail.outbox == []
    assert rows_of(first)[0].channel == Channel.SMS


@pytest.mark.django_db
def test_without_the_clinics_consent_it_comes_by_mail(letters: Path) -> None:
    patient = due_patients()[0]
    text(patient)
    assert send().sent == 1
    assert (len(mail.outbox), rows_of(patient)[0].channel, letters.exists()) == (1, Channel.EMAIL, False)


@pytest.mark.django_db
def test_a_number_that_is_refused_is_closed_told_to_the_clinic_and_replaced_by_mail(twilio: PushService) -> None:
    patient = due_patients()[0]
    text(patient)
    therapist = Membership.objects.create(
        clinic_id=patient.clinic_id, role="therapist", status="active", user=make_user("therapist@here.example"), name="T"
    )
    ReminderPolicy.objects.create(clinic_id=patient.clinic_id, channels=["sms"])
    twilio.answers[PATH], twilio.bodies[PATH] = 400, b'{"code": 21610}'
    assert send().sent == 1
    assert [one.to for one in mail.outbox] == [[patient.email]]
    contact = Contact.objects.get(patient=patient)
    assert (contact.refused_address, contact.error) == (NUMBER, "400 21610")
    notice = StaffNotice.objects.get(patient=patient)
    assert (notice.kind, notice.member_id) == ("unreachable", therapist.pk)
    assert rows_of(patient)[0].kind == Kind.SESSION_TODAY


@pytest.mark.django_db
def test_when_the_provider_lets_nobody_in_mails_come_before_long(twilio: PushService) -> None:
    patients = due_patients(3)
    for patient in patients:
        text(patient)
    ReminderPolicy.objects.create(clinic_id=patients[0].clinic_id, channels=["sms"])
    twilio.answers[PATH] = 401
    now = DUE
    for _attempt in range(3):
        assert send(now).sent == 0
        now = rows_of(patients[0])[0].due_at
    assert len(twilio.taken) == 3
    assert send(now).sent == 3
    assert len(mail.outbox) == 3
    assert now - DUE < dt.timedelta(minutes=10)


def make_user(email: str) -> Any:
    """Create somebody who can sign in."""
    from clinics.models import User

    return User.objects.create_user(email)
