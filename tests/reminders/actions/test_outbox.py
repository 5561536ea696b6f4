"""Claiming, looking again, sending, and what becomes of a row when something breaks."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.db.models import OuterRef, Subquery
from django.test.utils import CaptureQueriesContext

from clinics.branding import words_of
from clinics.models import Clinic
from patients.actions.consents import withdraw_consent
from patients.models import Assessment, Assignment, Message, Patient, Pause, ScheduledSession
from programs.models import SessionPlan, Setting
from reminders.actions import journal, outbox
from reminders.actions.outbox import Clock, claim_batch, drain
from reminders.actions.planning import plan_deliveries
from reminders.actions.recheck import read_claimed
from reminders.actions.rehearsal import give_session
from reminders.channels import email
from reminders.models import Delivery, Kind, Preference
from reminders.rules.timing import message_id
from tests.reminders.post_office import PostOffice, now_and_then
from tests.reminders.scene import assessment_due, at, clinic_in, day, leave, patients_of, program_of, rows_of, wish

pytestmark = pytest.mark.django_db

TUESDAY = day("2026-11-17")
DUE = at("2026-11-17T07:00")
Status = Delivery.Status


def due_patients(count: int = 1, language: str = "en") -> list[Patient]:
    """Create patients whose reminder of a session at home is due at 08:00 in Berlin."""
    patients = patients_of(clinic_in(), count, language)
    plan = SessionPlan.objects.filter(setting=Setting.HOME).order_by("id").first()
    assert plan is not None
    give_session(patients, plan, TUESDAY, dt.time(8), DUE)
    plan_deliveries(now=DUE - dt.timedelta(hours=2), patients=[patient.pk for patient in patients])
    return patients


def send(now: dt.datetime = DUE) -> outbox.Tally:
    """Send what is due."""
    return drain(clock=Clock(now), seconds=30)


def statuses(patients: list[Patient]) -> Counter[str]:
    """Count rows by status."""
    return Counter(Delivery.objects.filter(patient__in=patients).values_list("status", flat=True))


@pytest.fixture
def post_office(settings: Any) -> Iterator[PostOffice]:
    with PostOffice() as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", office.port, 5
        yield office


def test_a_due_reminder_is_sent_once() -> None:
    patients = due_patients()
    assert send().sent == 1
    assert send(DUE + dt.timedelta(minutes=1)).sent == 0
    row = rows_of(patients[0])[0]
    assert (row.status, row.attempts, row.claim) == (Status.SENT, 1, None)
    assert len(mail.outbox) == 1


def test_nothing_goes_out_before_its_time() -> None:
    due_patients()
    assert not send(DUE - dt.timedelta(minutes=1))
    assert mail.outbox == []


def opt_out(patient: Patient) -> None:
    wish(patient, is_on=False)


def take_consent_back(patient: Patient) -> None:
    assert patient.membership is not None
    withdraw_consent(patient=patient, purpose="reminders", by=patient.membership, now=DUE)


def stop_for_a_while(patient: Patient) -> None:
    wish(patient, paused_to=TUESDAY)


def go_on_holiday(patient: Patient) -> None:
    Pause.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        assignment=program_of(patient),
        from_on=TUESDAY,
        to_on=TUESDAY,
        reason=Pause.Reason.HOLIDAY,
        made_at=DUE,
    )


def become(status: str) -> Callable[[Patient], None]:
    """Return a change of the session's status."""

    def change(patient: Patient) -> None:
        ScheduledSession.objects.filter(patient=patient).update(status=status)

    return change


def move_away(patient: Patient) -> None:
    ScheduledSession.objects.filter(patient=patient).update(on=TUESDAY + dt.timedelta(days=1))


def turn(status: str) -> Callable[[Patient], None]:
    """Return a change of the program's status."""

    def change(patient: Patient) -> None:
        Assignment.objects.filter(patient=patient).update(status=status)

    return change


def lose_address(patient: Patient) -> None:
    assert patient.membership is not None
    assert patient.membership.user is not None
    user = patient.membership.user
    user.email = f"bro ken{user.email}"
    user.save(update_fields=["email"])


def deactivate(patient: Patient) -> None:
    assert patient.membership is not None
    assert patient.membership.user is not None
    patient.membership.user.is_active = False
    patient.membership.user.save(update_fields=["is_active"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(opt_out, "opted_out", id="switched off"),
        pytest.param(take_consent_back, "no_consent", id="consent taken back"),
        pytest.param(stop_for_a_while, "paused", id="reminders paused"),
        pytest.param(go_on_holiday, "paused", id="program paused"),
        pytest.param(become("done"), "already_done", id="logged"),
        pytest.param(become("partial"), "already_done", id="partly done"),
        pytest.param(become("skipped"), "skipped", id="skipped"),
        pytest.param(become("cancelled"), "ended", id="cancelled"),
        pytest.param(move_away, "moved", id="moved"),
        pytest.param(turn("held"), "on_hold", id="on hold"),
        pytest.param(turn("ended"), "ended", id="ended"),
        pytest.param(turn("withdrawn"), "ended", id="withdrawn"),
        pytest.param(leave, "no_access", id="left"),
        pytest.param(deactivate, "no_access", id="account closed"),
        pytest.param(lose_address, "no_address", id="no usable address"),
    ],
)
def test_what_changed_after_planning_is_seen_before_sending(change: Callable[[Patient], None], reason: str) -> None:
    patient = due_patients()[0]
    change(patient)
    tally = send()
    row = rows_of(patient)[0]
    assert (tally.sent, tally.held, row.status, row.hold_reason) == (0, 1, Status.HELD, reason)
    assert mail.outbox == []


@pytest.mark.parametrize(("status", "sent"), [("planned", 1), ("done", 0), ("skipped", 0), ("cancelled", 0)])
def test_an_assessment_is_asked_for_while_it_is_open_also_after_the_program(status: str, sent: int) -> None:
    patient = patients_of(clinic_in())[0]
    row = assessment_due(patient, TUESDAY)
    Assignment.objects.filter(patient=patient).update(status=Assignment.Status.COMPLETED)
    plan_deliveries(now=DUE, patients=[patient.pk])
    change: dict[str, Any] = {"status": status}
    if status == "done":
        change |= {"running_capability_0_10": 5, "running_pain_0_10": 3}
    Assessment.objects.filter(pk=row.pk).update(**change)
    assert send(DUE + dt.timedelta(hours=1)).sent == sent


def test_what_is_too_late_is_missed_and_never_sent() -> None:
    patients = due_patients()
    late = at("2026-11-17T19:00")
    assert outbox.expire(now=late) == 1
    assert not send(late)
    assert statuses(patients) == {Status.MISSED: 1}
    assert mail.outbox == []


def test_what_is_due_in_quiet_hours_named_since_waits_for_their_end_and_counts_no_attempt() -> None:
    patient = due_patients()[0]
    Preference.objects.filter(patient=patient).update(quiet_from=dt.time(7, 30), quiet_until=dt.time(9))
    tally = send()
    row = rows_of(patient)[0]
    assert (tally.sent, tally.later) == (0, 1)
    assert (row.status, row.due_at, row.attempts) == (Status.QUEUED, DUE + dt.timedelta(hours=1), 0)
    assert send(row.due_at).sent == 1


def test_quiet_hours_that_outlast_its_use_make_a_reminder_missed() -> None:
    patient = due_patients()[0]
    Preference.objects.filter(patient=patient).update(quiet_from=dt.time(7, 30), quiet_until=dt.time(22))
    assert send().missed == 1
    assert rows_of(patient)[0].status == Status.MISSED
    assert mail.outbox == []


def test_what_runs_out_of_time_while_others_are_sent_is_not_sent_late(monkeypatch: pytest.MonkeyPatch) -> None:
    patients = due_patients(2)
    Delivery.objects.filter(patient__in=patients).update(expires_at=DUE + dt.timedelta(minutes=5))
    clock = Clock(DUE)
    handed = email.Line.send

    def slowly(line: email.Line, one: email.Mail) -> None:
        handed(line, one)
        clock.start += dt.timedelta(minutes=10)

    monkeypatch.setattr(email.Line, "send", slowly)
    assert drain(clock=clock, seconds=30).sent == 1
    assert outbox.expire(now=clock.now()) == 1
    assert statuses(patients) == {Status.SENT: 1, Status.MISSED: 1}


def test_two_claims_never_share_a_row() -> None:
    patients = due_patients(7)
    first, second = uuid.uuid4(), uuid.uuid4()
    assert claim_batch(claim=first, now=DUE, limit=5) == 5
    assert claim_batch(claim=second, now=DUE, limit=5) == 2
    assert statuses(patients) == {Status.CLAIMED: 7}


def test_a_lease_that_ended_returns_its_rows_and_one_that_runs_keeps_them() -> None:
    patients = due_patients(3)
    claim_batch(claim=uuid.uuid4(), now=DUE)
    assert outbox.release_expired(now=DUE + outbox.LEASE) == 0
    assert outbox.release_expired(now=DUE + outbox.LEASE + dt.timedelta(seconds=1)) == 3
    assert send(DUE + dt.timedelta(minutes=3)).sent == 3
    assert statuses(patients) == {Status.SENT: 3}


def test_a_sender_that_lost_its_lease_sends_nothing_more() -> None:
    due_patients(2)
    claim = uuid.uuid4()
    claim_batch(claim=claim, now=DUE)
    sender = outbox.Sender(Clock(DUE), seconds=30)
    batch = outbox.Batch(sender, claim, journal.Journal(claim), read_claimed(claim))
    batch.renewed = -outbox.RENEW_AFTER_SECONDS
    Delivery.objects.filter(claim=claim).update(claim=uuid.uuid4())
    batch.send()
    batch.notes.finish()
    assert mail.outbox == []


def test_what_a_killed_sender_delivered_is_known_from_its_journal_and_the_rest_is_sent() -> None:
    patients = due_patients(5)
    claim = uuid.uuid4()
    notes = journal.Journal(claim)
    claim_batch(claim=claim, now=DUE)
    delivered = [row.pk for row in Delivery.objects.filter(claim=claim)[:2]]
    for key in delivered:
        notes.note(key)
    assert outbox.recover(now=DUE) == 0, "its owner lives"
    notes.close()
    assert outbox.recover(now=DUE) == 5
    assert set(Delivery.objects.filter(status=Status.SENT, patient__in=patients).values_list("pk", flat=True)) == set(delivered)
    assert send().sent == 3
    assert not list(journal.folder().glob("*.sent"))


def test_a_mail_refused_for_good_is_failed_with_the_code_only(post_office: PostOffice) -> None:
    patients = due_patients(2)
    bad = patients[0].email
    post_office.answer = lambda address: f"550 5.1.1 <{bad}> unknown" if address == bad else ""
    tally = send()
    row = rows_of(patients[0])[0]
    assert (tally.sent, tally.failed) == (1, 1)
    assert (row.status, row.hold_reason, row.error) == (Status.FAILED, "refused", "550 5.1.1")


def test_a_temporary_refusal_is_tried_again_ever_more_slowly(post_office: PostOffice) -> None:
    patient = due_patients()[0]
    post_office.answer = lambda address: "451 4.7.1 later"
    seen = []
    now = DUE
    for _attempt in range(4):
        send(now)
        row = rows_of(patient)[0]
        assert row.status == Status.QUEUED
        seen.append(round((row.due_at - now).total_seconds()))
        assert not send(row.due_at - dt.timedelta(seconds=1))
        now = row.due_at
    assert (seen, row.error, row.attempts) == ([30, 30, 60, 300], "451 4.7.1", 4)
    post_office.answer = lambda address: ""
    assert send(now).sent == 1


def test_what_would_be_tried_too_late_is_missed(post_office: PostOffice) -> None:
    patient = due_patients()[0]
    Delivery.objects.filter(patient=patient).update(expires_at=DUE + dt.timedelta(seconds=20))
    post_office.answer = lambda address: "451 later"
    send()
    assert rows_of(patient)[0].status == Status.MISSED


def test_while_the_server_is_away_rows_wait_untouched(post_office: PostOffice) -> None:
    patients = due_patients(3)
    post_office.shut()
    tally = send()
    assert (tally.sent, tally.later) == (0, 3)
    assert {(row.status, row.attempts, row.due_at) for patient in patients for row in rows_of(patient)} == {(Status.QUEUED, 0, DUE)}
    post_office.open()
    assert send(DUE + dt.timedelta(minutes=1)).sent == 3


def test_with_a_tenth_failing_and_connections_dropped_everybody_gets_it_and_doubles_bear_one_id(post_office: PostOffice) -> None:
    patients = due_patients(120)
    post_office.pipelines = True
    odd = [now_and_then(0.10, "451 4.3.0 busy", 1), now_and_then(0.05, "drop", 2), now_and_then(0.05, "drop after", 3)]
    post_office.answer = lambda address: next((said for said in (one(address) for one in odd) if said), "")
    now = DUE
    for _tick in range(30):
        send(now)
        now += dt.timedelta(minutes=1)
    assert statuses(patients) == {Status.SENT: 120}
    expected = {message_id(row.pk, "physio.example") for patient in patients for row in rows_of(patient)}
    assert set(post_office.ids) == expected


def test_one_connection_serves_many_mails(post_office: PostOffice) -> None:
    due_patients(40)
    assert send().sent == 40
    assert post_office.connections == 1


def statements_of_a_batch(count: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Send so many reminders and return what was asked of the database, but for the one line in the trail."""
    monkeypatch.setattr(outbox, "FLUSH_SECONDS", 60.0)  # a busy machine writes down what was taken more often
    words_of(Clinic.objects.values_list("pk", flat=True))  # asked once a minute, not for each batch
    with CaptureQueriesContext(connection) as queries:
        assert send().sent == count
    return [one["sql"] for one in queries if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))][:-1]


def test_a_batch_of_session_reminders_costs_a_fiftieth_of_a_statement_each(monkeypatch: pytest.MonkeyPatch) -> None:
    due_patients(500)
    statements = statements_of_a_batch(500, monkeypatch)
    assert len(statements) <= 0.02 * 500, statements


def test_a_batch_of_many_kinds_asks_once_for_what_each_kind_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    patients = due_patients(50)
    _today, missed, check_in, weekly, message = (patients[place::5] for place in range(5))
    clinic, kinds = patients[0].clinic_id, {Kind.SESSION_MISSED: missed, Kind.CHECK_IN: check_in, Kind.WEEKLY_SUMMARY: weekly}
    for kind, some in kinds.items():
        Delivery.objects.filter(patient__in=some).update(kind=kind)
        wishes = [Preference(clinic_id=clinic, patient=one, kind=kind, at_local_time=dt.time(8)) for one in some]
        Preference.objects.bulk_create(wishes)
    program = Assignment.objects.filter(patient=OuterRef("patient")).values("pk")
    Delivery.objects.filter(patient__in=[*check_in, *weekly]).update(subject_id=Subquery(program))
    ScheduledSession.objects.filter(patient__in=missed).update(on=TUESDAY - dt.timedelta(days=1), status="missed")
    Delivery.objects.filter(patient__in=message).update(kind=Kind.MESSAGE_WAITING)
    about = {"clinic_id": clinic, "author_id": patients[0].membership_id, "from_patient": False, "body": "Hello", "sent_at": DUE}
    Message.objects.bulk_create([Message(patient=one, **about) for one in message])
    statements = statements_of_a_batch(50, monkeypatch)
    assert len(statements) <= 0.028 * outbox.BATCH, statements


def test_a_mail_error_of_another_backend_is_tried_again(settings: Any) -> None:
    patient = due_patients()[0]
    settings.EMAIL_BACKEND = "tests.reminders.post_office.BrokenBackend"
    send()
    assert rows_of(patient)[0].status == Status.QUEUED


def test_a_mail_that_cannot_be_written_keeps_nobody_else_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    patients = due_patients(3)
    odd = patients[1]
    fill = email.Letter.fill

    def stumble(letter: email.Letter, recipient: email.Recipient, sent_on: str) -> email.Mail:
        if recipient.patient_id == odd.pk:
            raise KeyError("broken")
        return fill(letter, recipient, sent_on)

    monkeypatch.setattr(email.Letter, "fill", stumble)
    assert send().sent == 2
    assert (rows_of(odd)[0].status, rows_of(odd)[0].error) == (Status.QUEUED, "KeyError")


@pytest.mark.django_db(transaction=True)
def test_many_senders_at_once_send_each_row_once(post_office: PostOffice) -> None:
    patients = due_patients(60)

    def work(_number: int) -> int:
        try:
            return send().sent
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 60
    assert statuses(patients) == {Status.SENT: 60}
    assert len(set(post_office.ids)) == len(post_office.ids) == 60
    assert Delivery.objects.filter(kind=Kind.SESSION_TODAY, status=Status.CLAIMED).count() == 0
