"""One tick: cheap when nothing is to do, alert to what the trail tells, safe to lose, double or kill."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinics import audit
from patients.models import Patient, ScheduledSession
from reminders.actions import clockwork
from reminders.actions.clockwork import BEAT, PLANNED, tick
from reminders.models import Delivery, Heartbeat
from tests.reminders.scene import at, clinic_in, day, patients_of, rows_of, session_on

pytestmark = pytest.mark.django_db

TUESDAY = day("2027-11-16")
DUE = at("2027-11-16T07:00")
MINUTE = dt.timedelta(minutes=1)


def tick_at(now: dt.datetime) -> clockwork.Report:
    """Tick as if it were that moment."""
    with time_machine.travel(now, tick=False):
        return tick(now=now)


@pytest.fixture
def patient() -> Patient:
    patient = patients_of(clinic_in())[0]
    session_on(patient, TUESDAY)
    return patient


def test_ticks_from_the_evening_before_send_the_reminder_in_its_minute(patient: Patient) -> None:
    now = DUE - dt.timedelta(hours=2)
    while not tick_at(now).tally.sent:
        assert now < DUE
        now += 5 * MINUTE
    row = rows_of(patient)[0]
    assert now == DUE
    assert row.sent_at is not None
    assert abs(row.sent_at - DUE) < MINUTE


def test_an_idle_tick_costs_two_statements(patient: Patient) -> None:
    for minutes in (20, 19):
        tick_at(DUE - minutes * MINUTE)
    with CaptureQueriesContext(connection) as queries:
        tick_at(DUE - 18 * MINUTE)
    assert len(queries) == 2, [one["sql"] for one in queries]


def test_every_tick_shows_a_sign_of_life() -> None:
    for now in (DUE, DUE + MINUTE):
        tick_at(now)
        assert Heartbeat.objects.get(name=BEAT).at == now


def test_what_the_trail_tells_is_planned_with_the_next_tick(patient: Patient) -> None:
    now = DUE - dt.timedelta(hours=3)
    tick_at(now)
    session = ScheduledSession.objects.get(patient=patient)
    later = TUESDAY + dt.timedelta(days=1)
    with time_machine.travel(now + MINUTE, tick=False):
        ScheduledSession.objects.filter(pk=session.pk).update(on=later)
        audit.record("session.move", row=session)
    tick_at(now + 2 * MINUTE)
    assert [row.slot_on for row in rows_of(patient)] == [TUESDAY, later]


@pytest.mark.parametrize("action", ["patient.view", "caseload.list", "reminder.send", "refused"])
def test_reading_gives_nothing_to_plan(patient: Patient, action: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tick_at(DUE - 30 * MINUTE)
    tick_at(DUE - 29 * MINUTE)
    with time_machine.travel(DUE - 28 * MINUTE, tick=False):
        audit.record(action, row=patient, patient_id=patient.pk)
    monkeypatch.setattr(clockwork, "plan_deliveries", lambda **_kwargs: pytest.fail("planned"))
    tick_at(DUE - 27 * MINUTE)


def test_an_accepted_invitation_and_a_changed_clinic_are_news(patient: Patient) -> None:
    assert patient.membership is not None
    assert patient.membership.user is not None
    now = DUE - 60 * MINUTE
    with time_machine.travel(now, tick=False):
        audit.record("invitation.accept", row=patient.membership)
        audit.record("patient.change", row=patient)
    assert clockwork.patients_with_news(now) == {patient.pk}
    with time_machine.travel(now, tick=False):
        audit.record("clinic.change", row=patient.clinic)
    assert clockwork.patients_with_news(now) is None


def test_a_tick_that_dies_while_planning_leaves_the_next_one_to_look_from_there(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = DUE - 61 * MINUTE
    tick_at(earlier - 30 * MINUTE)
    Delivery.objects.filter(patient=patient).delete()

    def die(**_kwargs: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(clockwork, "plan_deliveries", die)
        with pytest.raises(RuntimeError):
            tick_at(DUE + MINUTE)
    assert Heartbeat.objects.get(name=BEAT).at == earlier - 30 * MINUTE
    tick_at(DUE + 2 * MINUTE)
    assert [row.status for row in rows_of(patient)] == [Delivery.Status.SENT]


def test_the_first_tick_ever_sends_nothing_of_this_morning(patient: Patient) -> None:
    assert tick_at(DUE + dt.timedelta(hours=2)).tally.sent == 0
    assert rows_of(patient) == []
    assert Heartbeat.objects.filter(name=PLANNED).exists()


def test_two_days_without_a_worker_are_no_storm(patient: Patient) -> None:
    for days in (1, 2):
        session_on(patient, TUESDAY + dt.timedelta(days=days))
    tick_at(DUE - 60 * MINUTE)
    report = tick_at(DUE + dt.timedelta(days=2, hours=2))
    missed, sent = Delivery.Status.MISSED, Delivery.Status.SENT
    assert [row.status for row in rows_of(patient)] == [missed, missed, sent]
    assert report.tally.sent == 1


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_jumps_doubles_nothing(patient: Patient, hours: int) -> None:
    tick_at(DUE - 5 * MINUTE)
    sent = sum(tick_at(DUE + minutes * MINUTE).tally.sent for minutes in (0, hours * 60, hours * 60 + 1, 120))
    assert sent == 1


def test_two_ticks_of_one_minute_send_once(patient: Patient) -> None:
    tick_at(DUE - 5 * MINUTE)
    assert [tick_at(DUE).tally.sent, tick_at(DUE).tally.sent] == [1, 0]
