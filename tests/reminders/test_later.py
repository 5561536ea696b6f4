"""Putting a reminder off from the mail: a signed page, changed by POST only, and one mail again at the chosen time."""

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from patients.models import Patient, ScheduledSession
from reminders.actions.outbox import Clock, Tally, drain
from reminders.actions.planning import plan_deliveries
from reminders.links import later_token, stop_token
from reminders.models import Delivery
from tests.reminders.scene import at, clinic_in, day, patients_of, session_on, wish

pytestmark = pytest.mark.django_db

TUESDAY = day("2026-11-17")
DUE = at("2026-11-17T07:00")
READ = DUE + dt.timedelta(minutes=10)


def send(now: dt.datetime) -> Tally:
    """Send what is due."""
    return drain(clock=Clock(now), seconds=30)


@pytest.fixture
def row() -> Delivery:
    """A reminder of a session at home that was sent at eight in Berlin."""
    patient = patients_of(clinic_in())[0]
    session_on(patient, TUESDAY)
    plan_deliveries(now=DUE - dt.timedelta(hours=2), patients=[patient.pk])
    send(DUE)
    found: Delivery = Delivery.objects.get(patient=patient)
    return found


def page_of(row: Delivery) -> str:
    """Return the address behind the link of a mail."""
    return reverse("reminders:later", args=[later_token(row.pk)])


def ask(row: Delivery, choice: str, now: dt.datetime = READ) -> Any:
    """Press a button."""
    with time_machine.travel(now, tick=False):
        return Client().post(page_of(row), {"for": choice})


def test_the_mail_leads_to_the_page_in_three_ways(row: Delivery) -> None:
    sent: Any = mail.outbox[-1]
    html = str(sent.alternatives[0][0])
    links = re.findall(r'href="https?://[^/]+(/reminders/later/[^"?]+)\?for=(\w+)"', html)
    assert [choice for _path, choice in links] == ["hour", "tonight", "tomorrow"]
    assert {path for path, _choice in links} == {page_of(row)}
    assert page_of(row) in sent.body


@pytest.mark.parametrize(
    ("choice", "due"), [("hour", "2026-11-17T08:10"), ("tonight", "2026-11-17T18:00"), ("tomorrow", "2026-11-18T07:00")]
)
def test_it_comes_once_more_at_the_chosen_time(row: Delivery, choice: str, due: str) -> None:
    assert ask(row, choice).status_code == 302
    row.refresh_from_db()
    assert (row.status, row.due_at, row.snoozes) == (Delivery.Status.QUEUED, at(due), 1)
    plan_deliveries(now=READ, patients=[row.patient_id])
    assert send(at(due) - dt.timedelta(minutes=1)).sent == 0
    assert send(at(due)).sent == 1
    assert send(at(due) + dt.timedelta(minutes=1)).sent == 0
    first, second = (one.message()["Message-ID"] for one in mail.outbox[-2:])
    assert first != second
    said = "It was planned for Tuesday" if choice == "tomorrow" else "You planned it for today, Tuesday"
    assert said in mail.outbox[-1].body


def test_looking_changes_nothing_and_a_wrong_choice_is_refused(row: Delivery) -> None:
    with time_machine.travel(READ, tick=False):
        response = Client().get(page_of(row) + "?for=hour")
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store, private"
        text = response.content.decode()
        assert Client().post(page_of(row), {"for": "never"}).status_code == 422
        assert Client(enforce_csrf_checks=True).post(page_of(row), {"for": "hour"}).status_code == 403
    for secret in ("Trial", "Riverside", "ession", str(row.patient_id), str(row.pk)):
        assert secret not in text
    row.refresh_from_db()
    assert (row.status, row.snoozes) == (Delivery.Status.SENT, 0)


def test_pressing_twice_is_one_mail_at_the_last_chosen_time(row: Delivery) -> None:
    for choice in ("hour", "hour", "tonight"):
        assert ask(row, choice).status_code == 302
    row.refresh_from_db()
    assert (row.due_at, row.snoozes) == (at("2026-11-17T18:00"), 1)


def test_what_was_done_meanwhile_is_not_spoken_of_again(row: Delivery) -> None:
    ask(row, "hour")
    ScheduledSession.objects.filter(patient_id=row.patient_id).update(status=ScheduledSession.Status.DONE)
    send(at("2026-11-17T08:10"))
    row.refresh_from_db()
    assert (row.status, row.hold_reason) == (Delivery.Status.HELD, "already_done")


def test_three_times_are_enough(row: Delivery) -> None:
    now = READ
    for _time in range(3):
        assert ask(row, "hour", now).status_code == 302
        now += dt.timedelta(hours=1)
        assert send(now).sent == 1
    assert ask(row, "hour", now).status_code == 409


def test_after_two_days_it_is_over(row: Delivery) -> None:
    assert ask(row, "hour", READ + dt.timedelta(days=3)).status_code == 409


def test_the_patients_quiet_hours_count(row: Delivery) -> None:
    patient = Patient.objects.get(pk=row.patient_id)
    wish(patient)
    patient.reminder_preferences.update(quiet_from=dt.time(9), quiet_until=dt.time(12))
    ask(row, "hour")
    row.refresh_from_db()
    assert row.due_at == at("2026-11-17T11:00")


def test_a_key_for_something_else_finds_nothing(row: Delivery) -> None:
    for token in (stop_token(row.patient_id), stop_token(row.pk), later_token(row.patient_id), "x"):
        url = reverse("reminders:later", args=[token])
        assert Client().get(url).status_code == 404
        assert Client().post(url, {"for": "hour"}).status_code == 404
