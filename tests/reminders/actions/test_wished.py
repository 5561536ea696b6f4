"""What comes only to those who asked for it: the day after a missed session, and the summary of the week."""

import datetime as dt
from typing import Any

import pytest
from django.core import mail

from patients.models import Patient, ScheduledSession
from reminders.actions.outbox import Clock, Tally, drain
from reminders.actions.planning import plan_deliveries
from reminders.models import Delivery, Kind, Preference
from tests.reminders.scene import at, clinic_in, day, patients_of, session_on, wish

pytestmark = pytest.mark.django_db

MONDAY, TUESDAY = day("2026-11-16"), day("2026-11-17")
MORNING = at("2026-11-17T05:00")
TEN = at("2026-11-17T09:00")  # 10:00 in Berlin
MISSED = ScheduledSession.Status.MISSED


@pytest.fixture
def patient() -> Patient:
    return patients_of(clinic_in())[0]


def missed_on(patient: Patient, on: dt.date, status: str = MISSED) -> ScheduledSession:
    """Let a session be missed."""
    session = session_on(patient, on)
    ScheduledSession.objects.filter(pk=session.pk).update(status=status)
    return session


def run(patient: Patient, planned: dt.datetime, now: dt.datetime) -> Tally:
    """Plan at one time and send at another."""
    plan_deliveries(now=planned, patients=[patient.pk])
    return drain(clock=Clock(now), seconds=30)


def rows(patient: Patient, kind: str) -> list[Delivery]:
    """Return the patient's rows of a kind."""
    return list(Delivery.objects.filter(patient=patient, kind=kind).order_by("slot_on"))


def test_nobody_is_told_of_a_missed_session_unasked(patient: Patient) -> None:
    missed_on(patient, MONDAY)
    run(patient, MORNING, TEN)
    assert rows(patient, Kind.SESSION_MISSED) == []
    assert mail.outbox == []


def test_who_asked_is_told_once_the_next_day_at_the_wished_time(patient: Patient) -> None:
    wish(patient, Kind.SESSION_MISSED, time="10:00")
    missed_on(patient, MONDAY)
    run(patient, MORNING, TEN)
    run(patient, TEN + dt.timedelta(minutes=1), TEN + dt.timedelta(hours=20))
    (row,) = rows(patient, Kind.SESSION_MISSED)
    assert (row.slot_on, row.due_at, row.status) == (TUESDAY, TEN, Delivery.Status.SENT)
    (sent,) = mail.outbox
    assert sent.subject == "A reminder from Riverside Physiotherapy"
    assert "Monday" in str(sent.body)


@pytest.mark.parametrize(("status", "reason"), [("done", "already_done"), ("partial", "already_done"), ("skipped", "skipped")])
def test_what_was_entered_meanwhile_is_not_spoken_of(patient: Patient, status: str, reason: str) -> None:
    wish(patient, Kind.SESSION_MISSED, time="10:00")
    session = missed_on(patient, MONDAY)
    plan_deliveries(now=MORNING, patients=[patient.pk])
    ScheduledSession.objects.filter(pk=session.pk).update(status=status)
    drain(clock=Clock(TEN), seconds=30)
    assert rows(patient, Kind.SESSION_MISSED)[0].hold_reason == reason
    assert mail.outbox == []


def test_a_day_with_a_session_of_its_own_brings_one_mail_only(patient: Patient) -> None:
    wish(patient, Kind.SESSION_MISSED, time="10:00")
    missed_on(patient, MONDAY)
    session_on(patient, TUESDAY)
    run(patient, MORNING, TEN)
    assert rows(patient, Kind.SESSION_MISSED)[0].hold_reason == "other_mail"
    assert len(mail.outbox) == 1


# --- the summary of the week ----------------------------------------------------------------


def wish_for_summary(patient: Patient, weekday: int) -> None:
    """Wish for the summary on a weekday at six in the evening."""
    wish(patient, Kind.WEEKLY_SUMMARY, time="18:00")
    Preference.objects.filter(patient=patient, kind=Kind.WEEKLY_SUMMARY).update(weekday=weekday)


def week_of(patient: Patient) -> None:
    """Three sessions in the week up to Sunday the 22nd, two of them done, and one in the week after."""
    missed_on(patient, day("2026-11-16"), "done")
    missed_on(patient, day("2026-11-18"), "partial")
    missed_on(patient, day("2026-11-20"))
    session_on(patient, day("2026-11-24"))


@pytest.mark.parametrize(("weekday", "on"), [(7, "2026-11-22"), (1, "2026-11-23")])
def test_the_summary_comes_on_the_chosen_day_with_the_weeks_numbers(patient: Patient, weekday: int, on: str) -> None:
    week_of(patient)
    wish_for_summary(patient, weekday)
    run(patient, at(f"{on}T05:00"), at(f"{on}T17:00"))
    (row,) = rows(patient, Kind.WEEKLY_SUMMARY)
    assert (row.slot_on, row.due_at, row.status) == (day(on), at(f"{on}T17:00"), Delivery.Status.SENT)
    sent: Any = mail.outbox[-1]
    assert sent.subject == "A reminder from Riverside Physiotherapy"
    for text in (sent.body, str(sent.alternatives[0][0])):
        assert "2 of 3 planned sessions" in text
        assert "In the next seven days 1 is planned." in text
        for word in ("pain", "back", "exercise", "injur"):
            assert word not in text.lower().replace("font-family:-apple-system", "").replace("background", "")


def test_nobody_gets_a_summary_unasked(patient: Patient) -> None:
    week_of(patient)
    run(patient, at("2026-11-22T05:00"), at("2026-11-22T17:00"))
    assert rows(patient, Kind.WEEKLY_SUMMARY) == []


def test_a_week_without_any_session_brings_no_summary(patient: Patient) -> None:
    session_on(patient, day("2026-12-20"))
    wish_for_summary(patient, 7)
    run(patient, at("2026-11-22T05:00"), at("2026-11-22T17:00"))
    assert rows(patient, Kind.WEEKLY_SUMMARY)[0].hold_reason == "nothing"
