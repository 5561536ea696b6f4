"""The check-in for those who asked for it, and the changed plan: each once, and not beside another message of the day."""

import datetime as dt
from typing import Any

import pytest
from django.core import mail

from patients.models import Assignment, AssignmentVersion, CheckIn, Consent, Patient, Pause, ScheduledSession
from programs.models import ProgramVersion
from reminders.actions.ledger import coming
from reminders.actions.outbox import Clock, Tally, drain
from reminders.actions.planning import plan_deliveries
from reminders.models import Delivery, Kind, Preference, ReminderPolicy
from tests.reminders.scene import assessment_due, at, clinic_in, day, patients_of, program_of, session_on, wish

pytestmark = pytest.mark.django_db

TUESDAY, WEDNESDAY = day("2026-11-17"), day("2026-11-18")
DAWN = at("2026-11-17T04:00")
EIGHT, SIX_PM = at("2026-11-17T07:00"), at("2026-11-17T17:00")  # 08:00 and 18:00 in Berlin
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def patient() -> Patient:
    found = patients_of(clinic_in())[0]
    program_of(found)
    return found


def run(patient: Patient, planned: dt.datetime, now: dt.datetime) -> Tally:
    """Plan at one time and send at another."""
    plan_deliveries(now=planned, patients=[patient.pk])
    return drain(clock=Clock(now), seconds=30)


def row_of(patient: Patient, kind: str, on: dt.date = TUESDAY) -> Delivery | None:
    """Return the patient's row of a kind for a day."""
    found: Delivery | None = Delivery.objects.filter(patient=patient, kind=kind, slot_on=on).first()
    return found


def held(patient: Patient, kind: str, on: dt.date = TUESDAY) -> str:
    """Return why a row was held back."""
    row = row_of(patient, kind, on)
    assert row is not None
    assert row.status == Delivery.Status.HELD
    return str(row.hold_reason)


def change_plan(patient: Patient, from_on: dt.date, made_at: dt.datetime) -> AssignmentVersion:
    """Let a changed plan come into force."""
    used = AssignmentVersion.objects.filter(patient=patient).values("version")
    version = ProgramVersion.objects.exclude(pk__in=used)[0]
    row: AssignmentVersion = AssignmentVersion.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        assignment=program_of(patient),
        version=version,
        from_on=from_on,
        reason="as agreed",
        made_at=made_at,
    )
    return row


# --- check-in -------------------------------------------------------------------------------


def test_nobody_is_asked_for_a_check_in_unasked(patient: Patient) -> None:
    run(patient, DAWN, SIX_PM)
    assert row_of(patient, Kind.CHECK_IN) is None


def test_who_asked_is_reminded_at_the_wished_hour_on_days_without_a_session(patient: Patient) -> None:
    wish(patient, Kind.CHECK_IN, time="18:00")
    session_on(patient, WEDNESDAY)
    run(patient, DAWN, SIX_PM)
    row = row_of(patient, Kind.CHECK_IN)
    assert row is not None
    assert (row.due_at, row.status) == (SIX_PM, Delivery.Status.SENT)
    assert row_of(patient, Kind.CHECK_IN, WEDNESDAY) is None
    (sent,) = mail.outbox
    assert sent.subject == "A reminder from Riverside Physiotherapy"
    assert "/me/check-in/" in str(sent.body)


def test_a_day_with_a_session_counts_when_reminders_of_sessions_are_off(patient: Patient) -> None:
    wish(patient, Kind.CHECK_IN, time="18:00")
    wish(patient, Kind.SESSION_TODAY, is_on=False)
    session_on(patient, TUESDAY)
    assert run(patient, DAWN, SIX_PM).sent == 1


def test_a_check_in_that_is_done_is_not_asked_for(patient: Patient) -> None:
    wish(patient, Kind.CHECK_IN, time="18:00")
    plan_deliveries(now=DAWN, patients=[patient.pk])
    CheckIn.objects.create(
        clinic_id=patient.clinic_id, patient=patient, on=TUESDAY, pain_0_10=2, readiness_0_10=7, done_at=DAWN, entered_by=patient.membership
    )
    drain(clock=Clock(SIX_PM), seconds=30)
    assert held(patient, Kind.CHECK_IN) == "already_done"
    assert mail.outbox == []


def test_a_session_moved_onto_the_day_leaves_one_message(patient: Patient) -> None:
    wish(patient, Kind.CHECK_IN, time="18:00")
    plan_deliveries(now=DAWN, patients=[patient.pk])
    session_on(patient, TUESDAY)
    run(patient, DAWN + MINUTE, SIX_PM)
    assert held(patient, Kind.CHECK_IN) == "other_mail"
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(("status", "reason"), [("held", "on_hold"), ("ended", "ended"), ("withdrawn", "ended")])
def test_no_check_in_is_asked_for_without_a_running_program(patient: Patient, status: str, reason: str) -> None:
    wish(patient, Kind.CHECK_IN, time="18:00")
    plan_deliveries(now=DAWN, patients=[patient.pk])
    Assignment.objects.filter(patient=patient).update(status=status)
    drain(clock=Clock(SIX_PM), seconds=30)
    assert held(patient, Kind.CHECK_IN) == reason


# --- plan changed ---------------------------------------------------------------------------


def test_a_changed_plan_is_told_in_the_morning_of_its_first_day(patient: Patient) -> None:
    change_plan(patient, TUESDAY, at("2026-11-15T10:00"))
    run(patient, at("2026-11-16T10:00"), EIGHT)
    row = row_of(patient, Kind.PLAN_CHANGED)
    assert row is not None
    assert (row.due_at, row.status) == (EIGHT, Delivery.Status.SENT)
    (sent,) = mail.outbox
    assert sent.subject == "A reminder from Riverside Physiotherapy"
    sent_as: Any = sent
    for text in (str(sent.body), str(sent_as.alternatives[0][0])):
        assert "/me/plan/" in text
        assert "as agreed" not in text


@pytest.mark.parametrize(
    ("made", "due", "on"),
    [
        pytest.param("2026-11-17T12:00", "2026-11-17T12:15", "2026-11-17", id="a little later"),
        pytest.param("2026-11-17T21:30", "2026-11-18T07:00", "2026-11-18", id="not at night"),
        pytest.param("2026-11-17T05:00", "2026-11-17T07:00", "2026-11-17", id="not before the morning"),
    ],
)
def test_one_that_is_made_on_its_first_day_comes_a_little_later(patient: Patient, made: str, due: str, on: str) -> None:
    change_plan(patient, TUESDAY, at(made))
    plan_deliveries(now=at(made) + MINUTE, patients=[patient.pk])
    row = row_of(patient, Kind.PLAN_CHANGED, day(on))
    assert row is not None
    assert row.due_at == at(due)


@pytest.mark.parametrize("kind", ["session_today", "assessment_due"])
def test_another_message_of_the_day_tells_it_and_it_does_not_come_itself(patient: Patient, kind: str) -> None:
    change_plan(patient, TUESDAY, at("2026-11-15T10:00"))
    if kind == "session_today":
        session_on(patient, TUESDAY)
    else:
        assessment_due(patient, TUESDAY)
    wish(patient, kind, time="17:00")
    run(patient, at("2026-11-16T10:00"), EIGHT)
    waiting = row_of(patient, Kind.PLAN_CHANGED)
    assert waiting is not None
    assert (waiting.status, waiting.due_at, waiting.attempts) == ("queued", at("2026-11-17T16:01"), 0)
    run(patient, at("2026-11-17T15:59"), at("2026-11-17T16:00"))
    (sent,) = mail.outbox
    assert "There is something new in your plan." in str(sent.body)
    assert "/me/plan/" in str(sent.body)
    run(patient, at("2026-11-17T16:01"), at("2026-11-17T16:03"))
    assert held(patient, Kind.PLAN_CHANGED) == "other_mail"
    assert len(mail.outbox) == 1


def test_when_the_other_message_is_not_needed_any_more_it_comes_itself(patient: Patient) -> None:
    change_plan(patient, TUESDAY, at("2026-11-15T10:00"))
    session = session_on(patient, TUESDAY)
    wish(patient, time="17:00")
    run(patient, at("2026-11-16T10:00"), EIGHT)
    ScheduledSession.objects.filter(pk=session.pk).update(status=ScheduledSession.Status.DONE)
    run(patient, at("2026-11-17T15:59"), at("2026-11-17T16:03"))
    assert len(mail.outbox) == 1 or run(patient, at("2026-11-17T16:04"), at("2026-11-17T16:05")).sent == 1
    assert held(patient, Kind.SESSION_TODAY) == "already_done"
    assert ["new in your plan" in str(one.body) for one in mail.outbox] == [True]


def test_what_went_out_before_the_change_was_made_told_nothing(patient: Patient) -> None:
    session_on(patient, TUESDAY)
    run(patient, DAWN, EIGHT)
    change_plan(patient, TUESDAY, at("2026-11-17T12:00"))
    run(patient, at("2026-11-17T12:01"), at("2026-11-17T12:15"))
    assert [one.subject for one in mail.outbox] == ["A reminder from Riverside Physiotherapy"] * 2
    assert "new in your plan" not in str(mail.outbox[0].body)
    assert "new in your plan" in str(mail.outbox[1].body)


def test_two_changes_on_one_day_are_one_message(patient: Patient) -> None:
    change_plan(patient, TUESDAY, at("2026-11-15T10:00"))
    last = change_plan(patient, TUESDAY, at("2026-11-15T11:00"))
    run(patient, at("2026-11-16T10:00"), EIGHT)
    row = row_of(patient, Kind.PLAN_CHANGED)
    assert row is not None
    assert row.subject_id == last.pk
    assert len(mail.outbox) == 1


def test_a_pause_of_the_training_does_not_keep_it_back(patient: Patient) -> None:
    change_plan(patient, TUESDAY, at("2026-11-15T10:00"))
    Pause.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        assignment=program_of(patient),
        from_on=TUESDAY,
        to_on=WEDNESDAY,
        reason="holiday",
        made_at=DAWN,
    )
    assert run(patient, at("2026-11-16T10:00"), EIGHT).sent == 1


def test_it_is_never_sent_to_who_agreed_to_words_that_do_not_speak_of_it(patient: Patient) -> None:
    Consent.objects.filter(patient=patient, purpose="reminders").update(version="1")
    change_plan(patient, TUESDAY, at("2026-11-15T10:00"))
    session_on(patient, TUESDAY)
    run(patient, at("2026-11-16T10:00"), EIGHT)
    assert row_of(patient, Kind.PLAN_CHANGED) is None
    assert ["new in your plan" in str(one.body) for one in mail.outbox] == [False]


@pytest.mark.parametrize("kind", [Kind.CHECK_IN, Kind.PLAN_CHANGED])
def test_the_clinic_and_the_patient_may_switch_it_off(patient: Patient, kind: Kind) -> None:
    wish(patient, Kind.CHECK_IN, time="08:00")
    if kind == Kind.PLAN_CHANGED:
        change_plan(patient, TUESDAY, at("2026-11-15T10:00"))
    plan_deliveries(now=at("2026-11-16T10:00"), patients=[patient.pk])
    ReminderPolicy.objects.create(clinic_id=patient.clinic_id, kinds_off=[kind.value])
    drain(clock=Clock(EIGHT), seconds=30)
    assert held(patient, kind) == "clinic_off"
    ReminderPolicy.objects.all().delete()
    Preference.objects.update_or_create(
        clinic_id=patient.clinic_id, patient=patient, kind=kind, defaults={"is_on": False, "at_local_time": dt.time(8)}
    )
    Delivery.objects.filter(patient=patient, kind=kind).update(status="queued", hold_reason="")
    drain(clock=Clock(EIGHT), seconds=30)
    assert held(patient, kind) == "opted_out"


# --- the preview ----------------------------------------------------------------------------


def test_the_next_days_show_both_and_what_is_left_out_beside_a_session(patient: Patient) -> None:
    assert patient.membership is not None
    wish(patient, Kind.CHECK_IN, time="18:00")
    session_on(patient, WEDNESDAY)
    change_plan(patient, WEDNESDAY, at("2026-11-15T10:00"))
    days = {one.on: one.items for one in coming(patient, patient.membership, now=DAWN)}
    assert [(item.kind, item.at and item.at.hour, item.hold_reason) for item in days[TUESDAY]] == [(Kind.CHECK_IN, 18, "")]
    assert {(item.kind, item.hold_reason) for item in days[WEDNESDAY]} == {(Kind.SESSION_TODAY, ""), (Kind.PLAN_CHANGED, "other_mail")}
    assert {item.kind for on, items in days.items() if on > WEDNESDAY for item in items} == {Kind.CHECK_IN}
