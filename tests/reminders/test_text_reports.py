"""Reports of the provider of text messages: signed or not there, a dead number is closed and told, and a mail comes instead."""

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from clinics.models import Membership, User
from patients.models import Patient
from reminders.links import report_url
from reminders.models import Channel, Contact, Delivery, ReminderPolicy, StaffNotice
from reminders.rules.reports import error_code, is_signed, sign_report
from tests.reminders.actions.test_outbox import DUE, due_patients
from tests.reminders.channels.test_sms import NUMBER, text
from tests.reminders.channels.test_webpush import send
from tests.reminders.scene import rows_of

VARIES = re.compile(r'/reminders/text/[^/]+/|nonce-\S+|nonce="[^"]+"|[0-9a-f]{32}|[A-Za-z0-9]{64}')
SECRET = "12345"


CALL = {
    "CallSid": ["CA1234567890ABCDE"],
    "Caller": ["+14158675310"],
    "Digits": ["1234"],
    "From": ["+14158675310"],
    "To": ["+18005551212"],
}
HERE = "https://training.example.org/a/"


@pytest.mark.parametrize(
    ("address", "fields", "signature"),
    [
        # The examples of the provider's documentation and of its own libraries.
        pytest.param("https://example.com/myapp.php?foo=1&bar=2", CALL, "L/OH5YylLD5NRKLltdqwSvS0BnU=", id="documentation"),
        pytest.param("https://mycompany.com/myapp.php?foo=1&bar=2", CALL, "GvWf1cFY/Q7PnoempGyD5oXAezc=", id="libraries"),
        # Worked out with: printf %s "<address><name><value>..." | openssl dgst -sha1 -hmac 12345 -binary | base64
        pytest.param(HERE, {}, "exsPOTjAFAY8ZG6L1kXpTaLup1o=", id="no fields"),
        pytest.param(HERE, {"B": ["2"], "A": ["ü 1"]}, "bTcq+HUyvqFN/qFQY9Xcp9xeQho=", id="in the order of the names"),
        pytest.param(HERE, {"A": ["2", "1", "2"]}, "FWHF0vCk7nN1eDnmdyg+yRc+H6g=", id="a name with several values"),
    ],
)
def test_a_report_is_signed_as_the_provider_does(address: str, fields: dict[str, list[str]], signature: str) -> None:
    assert sign_report(address, fields, SECRET) == signature
    assert is_signed(address, fields, SECRET, signature)
    assert not is_signed(address, fields, "", sign_report(address, fields, ""))
    assert not is_signed(f"{address}x", fields, SECRET, signature)
    assert not is_signed(address, {**fields, "More": ["1"]}, SECRET, signature)


@pytest.mark.parametrize(("texts", "code"), [(["30005"], 30005), ([], 0), ([""], 0), (["³"], 0), (["99999999"], 0), (["-1"], 0)])
def test_the_number_of_an_error_is_read_or_none(texts: list[str], code: int) -> None:
    assert error_code(texts) == code


@pytest.fixture
def texted(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Delivery:
    """A reminder that went out as a text message a minute ago."""
    settings.BASE_URL, settings.SMS_URL = "https://training.example.org", f"twilio://AC1:{SECRET}@api?from=%2B49"
    monkeypatch.setattr("reminders.channels.sms.TwilioLine.send", lambda line, message: sent_texts.append(message))
    sent_texts.clear()
    patient = due_patients()[0]
    text(patient)
    ReminderPolicy.objects.create(clinic_id=patient.clinic_id, channels=["sms"])
    Membership.objects.create(
        clinic_id=patient.clinic_id, role="therapist", status="active", user=User.objects.create_user("t@here.example"), name="T"
    )
    assert send().sent == 1
    return rows_of(patient)[0]


sent_texts: list[Any] = []


def report(row: Delivery, *, signature: str | None = None, address: str | None = None, **fields: str) -> Any:
    """Post a report as the provider does."""
    data = {"MessageSid": "SM1", "To": NUMBER, "MessageStatus": "undelivered", "ErrorCode": "30005", **fields}
    target = address or report_url(row.pk)
    signed = sign_report(target, {name: [value] for name, value in data.items()}, SECRET) if signature is None else signature
    client = Client(enforce_csrf_checks=True, headers={"X-Twilio-Signature": signed})
    with time_machine.travel(DUE + dt.timedelta(minutes=1), tick=False):
        return client.post(target.removeprefix("https://training.example.org"), data)


@pytest.mark.django_db
def test_the_provider_is_told_where_to_report(texted: Delivery) -> None:
    assert [one.report_to for one in sent_texts] == [report_url(texted.pk)]
    assert report_url(texted.pk).startswith("https://training.example.org/reminders/text/")
    assert str(texted.patient_id) not in report_url(texted.pk)


@pytest.mark.django_db
def test_a_number_that_is_gone_is_closed_told_once_and_a_mail_comes_instead(texted: Delivery) -> None:
    for _time in range(2):
        assert report(texted).status_code == 204
    contact = Contact.objects.get(patient=texted.patient_id)
    assert (contact.refused_address, contact.error) == (NUMBER, "30005")
    assert StaffNotice.objects.filter(kind="unreachable", patient=texted.patient_id).count() == 1
    texted.refresh_from_db()
    assert (texted.status, texted.error) == ("queued", "sms 30005")
    assert send(DUE + dt.timedelta(minutes=2)).sent == 1
    assert len(mail.outbox) == 1
    texted.refresh_from_db()
    assert (texted.status, texted.channel) == ("sent", Channel.EMAIL)
    assert report(texted).status_code == 204
    texted.refresh_from_db()
    assert texted.status == "sent"


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["30003", "30008", "", "rubbish"])
def test_a_telephone_that_was_off_costs_only_this_message(texted: Delivery, code: str) -> None:
    assert report(texted, ErrorCode=code, MessageStatus="failed").status_code == 204
    assert Contact.objects.get(patient=texted.patient_id).refused_address == ""
    assert Delivery.objects.get(pk=texted.pk).status == "queued"


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["queued", "sent", "delivered", "read", ""])
def test_steps_on_the_way_change_nothing(texted: Delivery, status: str) -> None:
    assert report(texted, MessageStatus=status).status_code == 204
    assert Delivery.objects.get(pk=texted.pk).status == "sent"


@pytest.mark.django_db
def test_a_number_that_was_changed_meanwhile_is_not_to_blame(texted: Delivery) -> None:
    Contact.objects.filter(patient=texted.patient_id).update(number="+4915199999999")
    assert report(texted).status_code == 204
    assert Contact.objects.get(patient=texted.patient_id).refused_address == ""


@pytest.mark.django_db
def test_what_is_too_late_for_a_mail_is_noted(texted: Delivery) -> None:
    Delivery.objects.filter(pk=texted.pk).update(expires_at=DUE + dt.timedelta(seconds=30), due_at=DUE - dt.timedelta(hours=1))
    report(texted)
    texted.refresh_from_db()
    assert (texted.status, texted.error) == ("sent", "sms 30005")


@pytest.mark.django_db
def test_strangers_learn_nothing_and_are_few(texted: Delivery, settings: Any) -> None:
    wrong = report(texted, signature="AAAA")
    here = report_url(texted.pk)
    nowhere = f"{here[:-5]}xxxx/"
    missing = report(texted, address=nowhere)
    assert (wrong.status_code, missing.status_code) == (404, 404)
    assert VARIES.sub("", wrong.content.decode()) == VARIES.sub("", missing.content.decode())
    assert Client().get(report_url(texted.pk).removeprefix("https://training.example.org")).status_code == 405
    assert Delivery.objects.get(pk=texted.pk).status == "sent"
    statuses = [report(texted, signature="ü" * number).status_code for number in range(1, 30)]
    assert statuses[0] == 404
    assert statuses[-1] == 429
    # The provider itself is not counted with them.
    assert report(texted).status_code == 204
    settings.SMS_URL = ""
    assert report(texted, signature=sign_report(report_url(texted.pk), {}, "")).status_code == 429


def test_no_report_is_asked_for_where_nobody_could_bring_it(settings: Any) -> None:
    settings.BASE_URL = "http://127.0.0.1:8000"
    assert report_url(Patient().pk) == ""
