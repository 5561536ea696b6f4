"""Web push as the services and browsers see it: encrypted for one device, signed, neutral, and never sent into our own network."""

import datetime as dt
import socket
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from django.core import mail

from patients.models import Patient
from reminders.actions.devices import add_device
from reminders.actions.outbox import Clock, Tally, drain
from reminders.actions.reach import digest_of
from reminders.channels.line import LineDown, Refused, TryLater
from reminders.channels.outside import Calls, Forbidden
from reminders.channels.webpush import Device, Line, Note, is_device, new_key, public_key, write_note
from reminders.models import Channel, Delivery, Kind, Preference, PushSubscription
from reminders.rules.push_services import is_public, service_of
from tests.reminders.actions.test_outbox import DUE, due_patients
from tests.reminders.push_service import HOST, Browser, PushService, check_signature, push_service
from tests.reminders.scene import rows_of

NOW = dt.datetime(2026, 11, 17, 7, tzinfo=dt.UTC)
FCM = "https://fcm.googleapis.com/fcm/send/abc"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    with push_service(tmp_path, monkeypatch.setattr) as found:
        yield found


@pytest.fixture
def line() -> Iterator[Line]:
    found = Line()
    yield found
    found.close()


def device_at(url: str, browser: Browser) -> Device:
    """Return the device of a browser."""
    return Device(uuid.uuid4(), url, browser.p256dh, browser.auth)


def note_for(*devices: Device, key: uuid.UUID | None = None) -> Note:
    """Return a notification."""
    return write_note(
        devices=devices,
        title="Riverside",
        body="Für heute ist etwas geplant.",
        url="/me/",
        language="de",
        key=key or uuid.uuid4(),
        expires_at=NOW + dt.timedelta(hours=12),
        now=NOW,
    )


# --- the protocol -------------------------------------------------------------------------


def test_only_the_device_can_read_it_and_the_service_knows_who_sent_it(service: PushService, line: Line) -> None:
    browser, key = Browser(), uuid.uuid4()
    line.send(note_for(device_at(service.url(), browser), key=key))
    (taken,) = service.taken
    assert browser.read(taken.body) == {
        "title": "Riverside",
        "body": "Für heute ist etwas geplant.",
        "url": "/me/",
        "lang": "de",
        "tag": key.hex,
    }
    assert b"Riverside" not in taken.body
    claims, signed_by = check_signature(taken.headers["Authorization"])
    assert claims["aud"] == f"https://{HOST}:{service.port}"
    assert claims["sub"] == "mailto:no-reply@physio.example"
    assert time.time() < claims["exp"] <= time.time() + 24 * 3600
    assert signed_by == public_key()
    assert taken.headers["TTL"] == str(12 * 3600)
    assert taken.headers["Content-Encoding"] == "aes128gcm"
    assert taken.headers["Topic"] == key.hex


def test_another_browser_cannot_read_it(service: PushService, line: Line) -> None:
    line.send(note_for(device_at(service.url(), Browser())))
    with pytest.raises(InvalidTag):
        Browser().read(service.taken[0].body)


def test_every_message_has_keys_of_its_own_on_one_connection(service: PushService, line: Line) -> None:
    browser = Browser()
    for _number in range(3):
        line.send(note_for(device_at(service.url(), browser)))
    assert len({taken.body[21:86] for taken in service.taken}) == 3
    assert service.connections == 1


@pytest.mark.parametrize(
    ("status", "outcome", "is_gone"),
    [
        (404, Refused, True),
        (410, Refused, True),
        (403, Refused, False),
        (413, Refused, False),
        (429, TryLater, False),
        (503, TryLater, False),
    ],
)
def test_what_the_answers_of_a_service_mean(service: PushService, line: Line, status: int, outcome: type[Exception], is_gone: bool) -> None:
    service.answers["/push/one"] = status
    device = device_at(service.url(), Browser())
    with pytest.raises(outcome):
        line.send(note_for(device))
    assert line.gone == ([device.pk] if is_gone else [])


def test_one_device_that_takes_it_is_enough(service: PushService, line: Line) -> None:
    service.answers["/push/old"] = 410
    old, new = device_at(service.url("/push/old"), Browser()), device_at(service.url("/push/new"), Browser())
    line.send(note_for(old, new))
    assert line.gone == [old.pk]


def test_a_redirect_is_not_followed(service: PushService, line: Line) -> None:
    service.answers["/push/one"] = 307
    with pytest.raises(TryLater, match="307"):
        line.send(note_for(device_at(service.url(), Browser())))
    assert [taken.path for taken in service.taken] == ["/push/one"]


def test_a_service_that_is_away_is_not_waited_for_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def away(self: Calls, url: str, *args: Any, **kwargs: Any) -> Any:
        tries.append(url)
        raise TimeoutError

    monkeypatch.setattr(Calls, "post", away)
    line = Line()
    for _number in range(6):
        with pytest.raises(TryLater):
            line.send(note_for(device_at(FCM, Browser())))
    assert len(tries) == 3


def test_without_a_key_there_are_no_notifications(settings: Any) -> None:
    settings.SECURE = True
    assert public_key() == ""
    with pytest.raises(LineDown):
        Line().open()
    settings.VAPID_PRIVATE_KEY = new_key()
    Line().open()
    assert len(public_key()) == 87


# --- where we never call --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "service"),
    [
        (FCM, "google"),
        ("https://updates.push.services.mozilla.com/wpush/v2/x", "mozilla"),
        ("https://web.push.apple.com/QLx", "apple"),
        ("https://wns2-db5p.notify.windows.com/w/?token=B", "microsoft"),
        ("http://fcm.googleapis.com/x", None),
        ("https://fcm.googleapis.com:8443/x", None),
        ("https://fcm.googleapis.com@10.0.0.1/x", None),
        ("https://user:word@fcm.googleapis.com/x", None),
        ("https://fcm.googleapis.com.example.org/x", None),
        ("https://notify.windows.com.evil.example/x", None),
        ("https://notify.windows.com/x", None),
        ("https://127.0.0.1/x", None),
        ("https://[::1]/x", None),
        ("https://fcm.googleapis.com/", None),
        ("https://fcm.googleapis.com/x\r\nHost: y", None),
        ("https://fcm.googleapis.com/" + "x" * 700, None),
        ("file:///etc/passwd", None),
        ("", None),
    ],
)
def test_only_the_known_services_are_called(endpoint: str, service: str | None) -> None:
    assert service_of(endpoint) == service


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("142.250.185.74", True),
        ("2a00:1450:4001:80b::200a", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:0a00:0001::", False),
        ("not an address", False),
    ],
)
def test_only_the_open_internet_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_known_name_that_leads_into_our_own_network_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def inside(host: str, port: int, **_kwargs: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("142.250.185.74", "192.168.1.7")]

    def never(*_args: Any, **_kwargs: Any) -> Any:
        raise AssertionError("connected")

    monkeypatch.setattr(socket, "getaddrinfo", inside)
    monkeypatch.setattr(socket, "create_connection", never)
    with pytest.raises(Forbidden):
        Calls().post(FCM, b"x", {}, twice=True)
    line, device = Line(), device_at(FCM, Browser())
    with pytest.raises(Refused):
        line.send(note_for(device))
    assert line.gone == [device.pk]


def test_the_address_that_was_checked_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []

    def connect(place: tuple[str, int], _timeout: Any) -> Any:
        called.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, port, **_kwargs: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("142.250.185.74", port))]
    )
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(OSError):  # noqa: PT011, any error of a connection
        Calls().post(FCM, b"x", {}, twice=True)
    assert called == [("142.250.185.74", 443)]


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "https://example.org/x"},
        {"p256dh": "AAAA"},
        {"p256dh": Browser().p256dh[:-2]},
        {"auth": "AA"},
        {"auth": "!"},
        {"p256dh": ""},
    ],
)
def test_what_no_browser_hands_out_is_no_device(change: dict[str, str]) -> None:
    browser = Browser()
    good = {"endpoint": FCM, "p256dh": browser.p256dh, "auth": browser.auth}
    assert is_device(**good)
    assert not is_device(**(good | change))


# --- through the outbox ---------------------------------------------------------------------


def send(now: dt.datetime = DUE) -> Tally:
    return drain(clock=Clock(now), seconds=30)


def subscribe(patient: Patient, url: str, browser: Browser) -> PushSubscription:
    """Let a patient want notifications on a device."""
    Preference.objects.filter(patient=patient).update(channel=Channel.PUSH)
    row: PushSubscription = PushSubscription.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        endpoint=url,
        digest=digest_of(url),
        p256dh=browser.p256dh,
        auth=browser.auth,
        service="here",
    )
    return row


@pytest.mark.django_db
def test_a_reminder_comes_as_a_notification_and_not_as_a_mail(service: PushService) -> None:
    patient = due_patients(language="de")[0]
    browser = Browser()
    subscribe(patient, service.url(), browser)
    assert send().sent == 1
    row = rows_of(patient)[0]
    assert (row.status, row.channel, row.attempts) == ("sent", "push", 1)
    shown = browser.read(service.taken[0].body)
    assert shown["title"] == "Riverside Physiotherapy"
    assert shown["body"] == "Für heute ist etwas geplant."
    assert shown["url"] == f"/me/sessions/{row.subject_id}/"
    assert mail.outbox == []
    assert not send(DUE + dt.timedelta(minutes=1))


@pytest.mark.django_db
def test_when_the_last_device_is_gone_the_same_reminder_comes_by_mail(service: PushService) -> None:
    patient = due_patients()[0]
    row = subscribe(patient, service.url(), Browser())
    service.answers["/push/one"] = 410
    assert send().sent == 1
    delivery = rows_of(patient)[0]
    assert (delivery.status, delivery.channel) == ("sent", "email")
    assert [one.to for one in mail.outbox] == [[patient.email]]
    assert not PushSubscription.objects.filter(pk=row.pk).exists()


@pytest.mark.django_db
def test_a_refusal_without_end_falls_back_to_mail_and_keeps_the_device(service: PushService) -> None:
    patient = due_patients()[0]
    row = subscribe(patient, service.url(), Browser())
    service.answers["/push/one"] = 403
    assert send().sent == 1
    assert len(mail.outbox) == 1
    assert PushSubscription.objects.filter(pk=row.pk).exists()


@pytest.mark.django_db
def test_a_busy_service_is_tried_three_times_and_then_comes_a_mail(service: PushService) -> None:
    patient = due_patients()[0]
    subscribe(patient, service.url(), Browser())
    service.answers["/push/one"] = 503
    now = DUE
    for _attempt in range(3):
        assert send(now).sent == 0
        now = rows_of(patient)[0].due_at
    assert len(service.taken) == 3
    assert send(now).sent == 1
    assert rows_of(patient)[0].channel == "email"


@pytest.mark.django_db
def test_a_mail_server_that_is_away_keeps_no_notification_waiting(service: PushService, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 2
    first, second = due_patients(2)
    subscribe(second, service.url(), Browser())
    tally = send()
    assert (tally.sent, rows_of(first)[0].status, rows_of(second)[0].status) == (1, "queued", "sent")
    assert rows_of(first)[0].attempts == 0


@pytest.mark.django_db
def test_a_device_belongs_to_who_signed_in_last_and_the_first_one_turns_mails_into_notifications() -> None:
    first, second = due_patients(2)
    browser = Browser()
    keys = {"endpoint": FCM, "p256dh": browser.p256dh, "auth": browser.auth}
    for patient in (first, second):
        assert patient.membership is not None
        add_device(patient=patient, by=patient.membership, now=DUE, **keys)
    assert list(PushSubscription.objects.values_list("patient_id", "service")) == [(second.pk, "google")]
    found = Counter(Preference.objects.filter(patient=second).values_list("channel", flat=True))
    assert found == {Channel.PUSH: len(Kind)}
    assert Delivery.objects.filter(patient=second).count() == 1
