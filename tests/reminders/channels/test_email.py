"""The mail itself: neutral, in the person's language, and safe whatever stands in a name."""

import datetime as dt
import re
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import override_settings

from reminders import links
from reminders.channels.email import Line, Mail, Occasion, Recipient, compose, mailbox, sender_of
from tests.reminders.post_office import parse

SESSION = Occasion(
    kind="session_today",
    language="en",
    slot_on=dt.date(2026, 11, 17),
    clinic_name="Riverside Physiotherapy",
    clinic_address="12 Mill Lane",
    clinic_phone="+49 30 5550100",
    emergency_number="112",
    minutes=25,
)
HANNAH = Recipient(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), "hannah@patients.example", "Hannah")
CLINICAL = re.compile(r"exercise|pain|squat|back|program\b|run", re.IGNORECASE)
MARKUP = re.compile(r"https?://\S+|<style.*?</style>|style=\"[^\"]*\"", re.DOTALL)
SENT_ON = "Tue, 17 Nov 2026 07:00:00 +0000"


def written(occasion: Occasion = SESSION, recipient: Recipient = HANNAH) -> Mail:
    """Return the mail of an occasion to somebody."""
    return compose(occasion).fill(recipient, SENT_ON)


def body(mail: Mail, kind: str) -> str:
    """Return the text or HTML as a mail program shows it."""
    part = parse(mail.as_bytes()).get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_it_says_when_and_how_long_and_nothing_about_health() -> None:
    mail = written()
    message = parse(mail.as_bytes())
    assert message["Subject"] == "A reminder from Riverside Physiotherapy"
    assert message["From"].addresses[0].display_name == "Riverside Physiotherapy"
    assert message["To"].addresses[0].addr_spec == HANNAH.address
    assert message["Date"] == SENT_ON
    for kind in ("plain", "html"):
        text = body(mail, kind)
        assert "Hannah" in text
        assert "Tuesday" in text
        assert "about 25 minutes" in text
        assert str(HANNAH.subject_id) in text
        assert not CLINICAL.search(MARKUP.sub("", text))


def test_an_appointment_names_its_time_and_offers_no_move() -> None:
    text = body(written(replace(SESSION, starts_at=dt.time(17, 30))), "plain")
    assert "at 17:30" in text
    assert "Skip it" not in text
    assert "+49 30 5550100" in text


def test_an_assessment_asks_for_answers() -> None:
    assert "a few questions" in body(written(replace(SESSION, kind="assessment_due")), "html")


def test_the_style_stands_in_the_elements_and_only_the_dark_in_the_head() -> None:
    html = body(written(), "html")
    assert 'class="button"' in html
    assert "background: #13605A" in html or "background:#13605A" in html
    assert html.count("<style") == 1
    assert "prefers-color-scheme" in html
    assert "<table" not in html
    assert max(len(line) for line in written().as_bytes().split(b"\r\n")) < 998


def test_both_ways_of_writing_it_say_the_same() -> None:
    mail = written()
    ours, django = parse(mail.as_bytes()), parse(_bytes(mail.as_django()))
    for name in ("Subject", "From", "To", "Message-ID", "Date", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted"):
        assert str(ours[name]).strip() == str(django[name]).strip()
    for kind in ("plain", "html"):
        first, second = ours.get_body((kind,)), django.get_body((kind,))
        assert first is not None
        assert second is not None
        assert first.get_content() == second.get_content()


def _bytes(mail: EmailMultiAlternatives) -> bytes:
    built: Any = mail.message()
    return bytes(built.as_bytes(linesep="\r\n"))


def test_the_stop_link_is_signed_for_one_person_and_offered_to_mail_programs() -> None:
    message = parse(written().as_bytes())
    address = str(message["List-Unsubscribe"]).strip("<>")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address.startswith("http://127.0.0.1:8000/reminders/one-click/")
    assert links.read_stop_token(address.rstrip("/").rsplit("/", 1)[1]) == HANNAH.patient_id


@pytest.mark.parametrize(
    "token", ["", "x", "AAAA:BBBB", links.stop_token(uuid.UUID(int=7))[:-1]], ids=["empty", "short", "unsigned", "cut"]
)
def test_a_key_that_was_not_signed_here_opens_nothing(token: str) -> None:
    assert links.read_stop_token(token) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Zoë", "Zoë"),
        ("<b>Bob</b>", "&lt;b&gt;Bob&lt;/b&gt;"),
        ("100 % %(name)s", "100 % %(name)s"),
        ("Eve\r\nBcc: all@example.org", "Eve Bcc: all@example.org"),
        ("名前 🙂", "名前 🙂"),
    ],
)
def test_names_are_shown_and_never_obeyed(name: str, shown: str) -> None:
    mail = written(recipient=replace(HANNAH, first_name=name))
    message = parse(mail.as_bytes())
    assert message["Bcc"] is None
    assert shown in body(mail, "html")
    assert " ".join(name.split()) in body(mail, "plain")


@pytest.mark.parametrize("name", ["Praxis\r\nBcc: all@example.org", 'Dr. "Müller" & Söhne, <x@y>', "Klinik\x00 am\x0b Fluss", "名前"])
def test_a_clinics_name_cannot_break_out_of_the_headers(name: str) -> None:
    message = parse(written(replace(SESSION, clinic_name=name)).as_bytes())
    assert message["Bcc"] is None
    assert len(message["From"].addresses) == 1
    assert message["From"].addresses[0].addr_spec == "no-reply@physio.example"
    assert "\n" not in str(message["Subject"])


def test_the_sender_shows_the_clinic() -> None:
    assert sender_of("Riverside") == "Riverside <no-reply@physio.example>"


@pytest.mark.parametrize(
    ("address", "wired"),
    [
        ("a.b+c@example.org", "a.b+c@example.org"),
        ("anna@müller.example", "anna@xn--mller-kva.example"),
        ("", ""),
        ("no-at", ""),
        ("two words@example.org", ""),
        ("a@b.c\r\nBcc: x@y.z", ""),
        ("<a@example.org>", ""),
    ],
)
def test_only_addresses_a_server_can_deliver_to_are_used(address: str, wired: str) -> None:
    assert mailbox(address) == wired


def test_mails_lie_in_files_that_no_two_senders_share(tmp_path: Path, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    lines = [Line() for _number in range(8)]
    for line in lines:
        line.open()
        line.send(written())
    for line in lines:
        line.close()
    files = list(tmp_path.iterdir())
    assert len(files) == 8
    assert all(f"Message-ID: <delivery.{HANNAH.delivery_id}@physio.example>" in file.read_text() for file in files)


def test_links_come_from_the_settings() -> None:
    compose.cache_clear()
    with override_settings(BASE_URL="https://training.example"):
        assert "https://training.example/" in body(written(), "plain")
    compose.cache_clear()
