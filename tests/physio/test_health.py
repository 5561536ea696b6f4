"""What `/healthz` and `/readyz` say, and to whom."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from clinics.models import Clinic, Membership, Role, User
from patients.models import Patient
from physio import health
from physio.celery import make_broker_folders
from reminders.models import Delivery, Heartbeat, Kind

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _now() -> Any:
    make_broker_folders()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def beating(db: None) -> Heartbeat:
    return Heartbeat.objects.create(name=health.HEARTBEAT, at=NOW - dt.timedelta(seconds=30))


@pytest.fixture
def delivery(db: None) -> Delivery:
    clinic = Clinic.objects.create(name="Quay Practice", slug="quay")
    membership = Membership.objects.create(clinic=clinic, role=Role.PATIENT, name="P. Waiting")
    patient = Patient.objects.create(clinic=clinic, membership=membership)
    return Delivery(
        clinic=clinic,
        patient=patient,
        kind=Kind.SESSION_TODAY,
        slot_on=NOW.date(),
        due_at=NOW - dt.timedelta(seconds=60),
        expires_at=NOW + dt.timedelta(hours=8),
    )


def test_healthz_asks_the_database_nothing_even_with_a_session(client: Client) -> None:
    client.cookies[settings.SESSION_COOKIE_NAME] = "a-session-nobody-looks-up"

    response = client.get("/healthz", HTTP_HOST="10.0.0.9:8000")

    assert (response.status_code, response.content) == (200, b"ok")
    assert response["Cache-Control"] == "no-store"


def test_readyz_is_green_while_the_clockwork_beats(client: Client, beating: Heartbeat) -> None:
    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_readyz_is_red_before_the_first_tick(client: Client, db: None) -> None:
    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (503, {"status": "unavailable"})


@pytest.mark.parametrize(("age_seconds", "status"), [(180, 200), (181, 503)])
def test_a_stopped_beat_turns_readyz_red_after_three_minutes(client: Client, beating: Heartbeat, age_seconds: int, status: int) -> None:
    Heartbeat.objects.update(at=NOW - dt.timedelta(seconds=age_seconds))

    assert client.get("/readyz").status_code == status


@pytest.mark.parametrize(("late_seconds", "status"), [(300, 200), (301, 503)])
def test_a_reminder_that_waits_too_long_turns_readyz_red(
    client: Client, beating: Heartbeat, delivery: Delivery, late_seconds: int, status: int
) -> None:
    delivery.due_at = NOW - dt.timedelta(seconds=late_seconds)
    delivery.save()

    assert client.get("/readyz").status_code == status


def test_a_reminder_taken_by_a_worker_that_died_counts_as_waiting(client: Client, beating: Heartbeat, delivery: Delivery) -> None:
    delivery.status = Delivery.Status.CLAIMED
    delivery.due_at = NOW - dt.timedelta(seconds=600)
    delivery.leased_until = NOW - dt.timedelta(seconds=1)
    delivery.save()

    assert client.get("/readyz").status_code == 503


def test_readyz_is_red_without_a_broker(client: Client, beating: Heartbeat, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(now: dt.datetime) -> dict[str, Any]:
        raise ConnectionRefusedError

    monkeypatch.setattr(health, "_broker", away)

    assert client.get("/readyz").status_code == 503


def test_readyz_is_red_and_clean_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(now: dt.datetime) -> dict[str, Any]:
        raise DatabaseError("server closed the connection unexpectedly")

    for name in ("_database", "_heartbeat", "_oldest_due"):
        monkeypatch.setattr(health, name, away)

    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (503, {"status": "unavailable"})


def test_only_an_administrator_sees_the_details(client: Client, beating: Heartbeat) -> None:
    person = User.objects.create_user("desk@quay.example", "a-long-enough-word")
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert client.get("/readyz").json() == {"status": "ok"}

    person.is_staff = person.is_superuser = True
    person.save()

    checks = client.get("/readyz").json()["checks"]
    assert checks == {
        "database": {"ok": True},
        "broker": {"ok": True},
        "heartbeat": {"ok": True, "age_seconds": 30},
        "oldest_due_reminder": {"ok": True, "age_seconds": 0},
    }


def test_no_other_method_gets_an_answer(client: Client, db: None) -> None:
    assert client.post("/healthz").status_code == 405
    assert client.post("/readyz").status_code == 405


def test_the_age_of_the_heartbeat_is_measured_in_real_time(beating: Heartbeat) -> None:
    later = timezone.now() + dt.timedelta(seconds=15)

    assert health.examine(later)["heartbeat"] == {"ok": True, "age_seconds": 45}
