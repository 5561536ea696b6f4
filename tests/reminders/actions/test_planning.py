"""From sessions and assessments to rows: one for each patient, kind and local day, whatever happens in between."""

import datetime as dt
import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import Assignment, Patient, ScheduledSession
from reminders.actions.inserting import as_array
from reminders.actions.planning import plan_deliveries
from reminders.models import Delivery, Kind
from tests.reminders.scene import assessment_due, at, clinic_in, day, leave, patients_of, program_of, rows_of, session_on, wish

pytestmark = pytest.mark.django_db

NOW = at("2026-11-17T05:00")  # a Tuesday, 06:00 in Berlin
TUESDAY, WEDNESDAY, THURSDAY = day("2026-11-17"), day("2026-11-18"), day("2026-11-19")


@pytest.fixture
def patient() -> Patient:
    return patients_of(clinic_in())[0]


def test_today_and_tomorrow_are_planned_at_the_wish_of_the_patient(patient: Patient) -> None:
    for on in (TUESDAY, WEDNESDAY, THURSDAY):
        session_on(patient, on)
    plan_deliveries(now=NOW)
    rows = rows_of(patient)
    assert [(row.slot_on, row.due_at, row.expires_at) for row in rows] == [
        (TUESDAY, at("2026-11-17T07:00"), at("2026-11-17T19:00")),
        (WEDNESDAY, at("2026-11-18T07:00"), at("2026-11-18T19:00")),
    ]


def test_planning_again_changes_nothing(patient: Patient) -> None:
    session_on(patient, TUESDAY)
    assessment_due(patient, WEDNESDAY)
    assert plan_deliveries(now=NOW, patients=[patient.pk]).created == 2
    again = plan_deliveries(now=NOW + dt.timedelta(minutes=1), patients=[patient.pk])
    assert (again.created, again.changed) == (0, 0)
    assert len(rows_of(patient)) == 2


@pytest.mark.parametrize(
    ("zone", "due"), [("Asia/Singapore", "2026-11-18T00:00"), ("America/New_York", "2026-11-18T13:00"), ("", "2026-11-18T07:00")]
)
def test_the_patients_own_zone_counts_before_the_clinics(patient: Patient, zone: str, due: str) -> None:
    Patient.objects.filter(pk=patient.pk).update(time_zone=zone)
    session_on(patient, WEDNESDAY)
    plan_deliveries(now=NOW)
    assert rows_of(patient)[0].due_at == at(due)


def test_an_early_appointment_is_announced_an_hour_before_and_never_after_it_began(patient: Patient) -> None:
    session_on(patient, WEDNESDAY, starts_at=at("2026-11-18T06:30"))
    plan_deliveries(now=NOW)
    row = rows_of(patient)[0]
    assert (row.due_at, row.expires_at) == (at("2026-11-18T05:30"), at("2026-11-18T06:30"))


def test_two_sessions_on_one_day_are_one_reminder_and_the_appointment_comes_first(patient: Patient) -> None:
    session_on(patient, WEDNESDAY)
    appointment = session_on(patient, WEDNESDAY, starts_at=at("2026-11-18T16:00"))
    plan_deliveries(now=NOW)
    assert [row.subject_id for row in rows_of(patient)] == [appointment.pk]


@pytest.mark.parametrize("status", [Assignment.Status.RUNNING, Assignment.Status.COMPLETED, Assignment.Status.ENDED])
def test_an_assessment_is_asked_for_on_its_day_and_once_more_three_days_later_also_after_the_program(patient: Patient, status: str) -> None:
    row = assessment_due(patient, TUESDAY)
    Assignment.objects.filter(patient=patient).update(status=status)
    for days in range(6):
        plan_deliveries(now=NOW + dt.timedelta(days=days))
    assert [(one.slot_on, one.subject_id) for one in rows_of(patient)] == [(TUESDAY, row.pk), (day("2026-11-20"), row.pk)]


def unwanted(patient: Patient) -> None:
    wish(patient, is_on=False)


def paused(patient: Patient) -> None:
    wish(patient, paused_to=WEDNESDAY)


def held(patient: Patient) -> None:
    Assignment.objects.filter(patient=patient).update(status=Assignment.Status.HELD)


def archived(patient: Patient) -> None:
    Patient.objects.filter(pk=patient.pk).update(status=Patient.Status.ARCHIVED)


def done(patient: Patient) -> None:
    ScheduledSession.objects.filter(patient=patient).update(status=ScheduledSession.Status.DONE)


@pytest.mark.parametrize("change", [unwanted, paused, held, archived, done, leave])
def test_nothing_is_planned_where_nothing_is_to_be_said(patient: Patient, change: Callable[[Patient], None]) -> None:
    session_on(patient, WEDNESDAY)
    change(patient)
    plan_deliveries(now=NOW)
    assert rows_of(patient) == []


def test_a_changed_wish_moves_what_waits_and_leaves_what_was_sent(patient: Patient) -> None:
    for on in (TUESDAY, WEDNESDAY):
        session_on(patient, on)
    plan_deliveries(now=NOW)
    Delivery.objects.filter(patient=patient, slot_on=TUESDAY).update(status=Delivery.Status.SENT)
    wish(patient, time="18:00")
    assert plan_deliveries(now=NOW, patients=[patient.pk]).changed == 1
    assert [row.due_at for row in rows_of(patient)] == [at("2026-11-17T07:00"), at("2026-11-18T17:00")]


def test_a_wish_for_a_time_that_is_over_keeps_what_was_promised_for_today(patient: Patient) -> None:
    session_on(patient, TUESDAY)
    wish(patient, time="18:00")
    plan_deliveries(now=NOW)
    wish(patient, time="05:00")
    plan_deliveries(now=NOW, patients=[patient.pk])
    assert rows_of(patient)[0].due_at == at("2026-11-17T17:00")


def test_a_row_that_was_held_comes_back_when_its_time_is_still_to_come(patient: Patient) -> None:
    session_on(patient, TUESDAY)
    plan_deliveries(now=NOW)
    Delivery.objects.filter(patient=patient).update(status=Delivery.Status.HELD, hold_reason=Delivery.HoldReason.OPTED_OUT)
    wish(patient, time="18:00")
    plan_deliveries(now=NOW, patients=[patient.pk])
    row = rows_of(patient)[0]
    assert (row.status, row.hold_reason, row.due_at) == (Delivery.Status.QUEUED, "", at("2026-11-17T17:00"))


def test_what_came_up_after_its_time_is_not_sent_afterwards(patient: Patient) -> None:
    session_on(patient, TUESDAY)
    plan_deliveries(now=at("2026-11-17T10:00"), looked_at=at("2026-11-17T09:59"))
    assert rows_of(patient) == []


def test_what_became_due_while_nobody_looked_is_sent_as_long_as_it_is_useful(patient: Patient) -> None:
    session_on(patient, TUESDAY)
    plan_deliveries(now=at("2026-11-17T10:00"), looked_at=at("2026-11-17T06:00"))
    assert [row.status for row in rows_of(patient)] == [Delivery.Status.QUEUED]


def test_after_days_without_a_worker_the_old_ones_are_written_down_as_missed(patient: Patient) -> None:
    for on in (TUESDAY, WEDNESDAY, THURSDAY):
        session_on(patient, on)
    ScheduledSession.objects.filter(on__lt=THURSDAY).update(status=ScheduledSession.Status.MISSED)
    plan = plan_deliveries(now=at("2026-11-19T10:00"), looked_at=at("2026-11-17T06:00"), patients=[patient.pk])
    missed, queued = Delivery.Status.MISSED, Delivery.Status.QUEUED
    assert plan.missed == 2
    assert [(row.slot_on, row.status) for row in rows_of(patient)] == [(TUESDAY, missed), (WEDNESDAY, missed), (THURSDAY, queued)]


def test_a_moved_session_is_planned_for_its_new_day_and_the_row_knows_what_it_is_about(patient: Patient) -> None:
    session = session_on(patient, WEDNESDAY)
    plan_deliveries(now=NOW)
    ScheduledSession.objects.filter(pk=session.pk).update(on=TUESDAY)
    other = session_on(patient, WEDNESDAY)
    plan_deliveries(now=NOW)
    assert [(row.slot_on, row.subject_id) for row in rows_of(patient)] == [(TUESDAY, session.pk), (WEDNESDAY, other.pk)]


def test_the_number_of_queries_does_not_grow_with_the_patients() -> None:
    counts = []
    for size in (1, 60):
        patients = patients_of(clinic_in(), size)
        for patient in patients:
            session_on(patient, WEDNESDAY)
        with CaptureQueriesContext(connection) as queries:
            plan_deliveries(now=NOW, patients=[patient.pk for patient in patients])
        counts.append(len([one for one in queries if not one["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "INSERT"))]))
    assert counts[0] == counts[1] <= 12


def test_a_program_that_was_given_back_asks_for_nothing(patient: Patient) -> None:
    assessment_due(patient, WEDNESDAY)
    Assignment.objects.filter(pk=program_of(patient).pk).update(status=Assignment.Status.WITHDRAWN)
    plan_deliveries(now=NOW)
    assert not Delivery.objects.filter(patient=patient, kind=Kind.ASSESSMENT_DUE).exists()


def test_values_travel_in_an_array_as_they_are() -> None:
    key = uuid.UUID(int=5)
    words = ["plain", "with, comma", 'a "quoted" word', "back\\slash", "{braces}", "NULL", "", None]
    assert as_array([key, None]) == f"{{{key.hex},NULL}}"
    assert as_array([TUESDAY, NOW]) == '{"2026-11-17","2026-11-17T05:00:00+00:00"}'
    assert as_array(["done", None]) == '{"done",NULL}'
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::text[], %s::uuid[], %s::timestamptz[]", [as_array(words), as_array([None, key]), as_array([NOW])])
            assert cursor.fetchone() == (words, [None, key], [NOW])
