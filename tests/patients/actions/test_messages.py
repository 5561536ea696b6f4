"""Messages: once each, read by the other side, bounded, and on the caseload until somebody has answered."""

import datetime as dt
import uuid

import pytest
from django.core import mail
from django.utils import timezone

from clinics.errors import Conflict, Invalid, TooMany
from clinics.models import AuditEvent, Membership
from patients.actions.caseload import refresh_entry
from patients.actions.consents import withdraw_consent
from patients.actions.messages import PER_AUTHOR_AND_HOUR, mark_read, send_message
from patients.models import Alert, Message, Patient
from reminders.actions.clockwork import tick
from reminders.actions.planning import plan_deliveries
from reminders.models import Delivery, Kind
from tests.cast import Cast


def loaded(patient: Patient) -> Patient:
    """Return the patient as actions want it."""
    return Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=patient.pk)


def own(patient: Patient) -> Membership:
    """Return the patient's membership."""
    assert patient.membership is not None
    return patient.membership


def write(
    patient: Patient, by: Membership, text: str = "Hello", *, key: uuid.UUID | None = None, now: dt.datetime | None = None
) -> tuple[Message, bool]:
    return send_message(patient=loaded(patient), body=text, by=by, now=now or timezone.now(), client_key=key)


def rules_of(patient: Patient) -> list[tuple[str, str]]:
    """Return rule and level of each reason on the caseload line."""
    return [(one["rule"], one["level"]) for one in loaded(patient).caseload.reasons]


def test_line_breaks_stay_and_the_trail_holds_no_word_of_it(cast: Cast) -> None:
    row, is_new = write(cast.hannah, own(cast.hannah), "  First line\r\nsecond <b>line</b>\n")
    assert is_new
    assert row.body == "First line\nsecond <b>line</b>"
    assert (row.from_patient, row.author, row.read_at) == (True, own(cast.hannah), None)
    event = AuditEvent.objects.get(action="message.send", patient_id=cast.hannah.pk)
    assert "line" not in str(event.details)


@pytest.mark.parametrize("text", ["", "  \r\n ", "x" * 2001])
def test_nothing_and_too_much_is_refused(cast: Cast, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        write(cast.hannah, own(cast.hannah), text)
    assert list(refused.value.fields) == ["body"]


def test_a_double_click_is_one_message_and_the_same_key_with_other_words_a_conflict(cast: Cast) -> None:
    key = uuid.uuid4()
    first, _new = write(cast.hannah, own(cast.hannah), "Once", key=key)
    assert write(cast.hannah, own(cast.hannah), "Once", key=key) == (first, False)
    with pytest.raises(Conflict):
        write(cast.hannah, own(cast.hannah), "Twice", key=key)
    with pytest.raises(Conflict):
        write(cast.hannah, cast.therapist, "Once", key=key)
    assert Message.objects.filter(patient=cast.hannah).count() == 1


def test_so_many_in_an_hour_and_no_more(cast: Cast) -> None:
    now = timezone.now()
    for _turn in range(PER_AUTHOR_AND_HOUR[True]):
        write(cast.hannah, own(cast.hannah), now=now)
    with pytest.raises(TooMany):
        write(cast.hannah, own(cast.hannah), now=now)
    write(cast.marek, own(cast.marek), now=now)
    write(cast.hannah, own(cast.hannah), now=now + dt.timedelta(hours=1, minutes=1))


def test_a_message_waits_on_the_caseload_until_it_is_answered(cast: Cast) -> None:
    write(cast.hannah, own(cast.hannah))
    write(cast.hannah, own(cast.hannah), "And one more thing")
    assert ("message_waiting", "info") in rules_of(cast.hannah)
    assert loaded(cast.hannah).caseload.facts["to_clinic"][0] == 2
    write(cast.hannah, cast.therapist, "Here is the answer")
    assert "message_waiting" not in dict(rules_of(cast.hannah))
    assert set(Message.objects.filter(from_patient=True).values_list("read_by", flat=True)) == {cast.therapist.pk}
    assert loaded(cast.hannah).caseload.facts["to_patient"][0] == 1
    assert mark_read(patient=loaded(cast.hannah), by=own(cast.hannah), now=timezone.now()) == 1
    assert mark_read(patient=loaded(cast.hannah), by=own(cast.hannah), now=timezone.now()) == 0
    assert "to_patient" not in loaded(cast.hannah).caseload.facts


def test_after_two_days_it_raises_an_alert_that_the_answer_closes(cast: Cast) -> None:
    write(cast.hannah, own(cast.hannah), now=timezone.now() - dt.timedelta(days=2))
    refresh_entry(loaded(cast.hannah), now=timezone.now())
    assert ("message_waiting", "attention") in rules_of(cast.hannah)
    alert = Alert.objects.get(patient=cast.hannah, rule="message_waiting")
    write(cast.hannah, cast.therapist2, "Sorry for the wait")
    alert.refresh_from_db()
    assert (alert.status, alert.seen_by) == ("resolved", cast.therapist2)


def test_the_line_built_anew_says_the_same(cast: Cast) -> None:
    write(cast.hannah, own(cast.hannah))
    write(cast.marek, cast.therapist)
    for patient in (cast.hannah, cast.marek):
        before = loaded(patient).caseload.facts
        refresh_entry(loaded(patient), now=timezone.now())
        after = loaded(patient).caseload.facts
        assert {name: after.get(name) for name in ("to_clinic", "to_patient")} == {
            name: before.get(name) for name in ("to_clinic", "to_patient")
        }


# --- the mail ------------------------------------------------------------------------------


@pytest.fixture
def noon(cast: Cast) -> dt.datetime:
    """Now, with Marek living where it is about noon: at night nothing is sent."""
    now = timezone.now()
    ahead = 12 - now.hour
    Patient.objects.filter(pk=cast.marek.pk).update(time_zone=f"Etc/GMT{-ahead:+d}" if ahead else "UTC")
    return now


def at(noon: dt.datetime, minutes: int) -> dt.datetime:
    """Let the clockwork tick so many minutes after noon, having looked at everybody; returns the time."""
    now = noon + dt.timedelta(minutes=minutes)
    plan_deliveries(now=now, looked_at=now - dt.timedelta(minutes=2))
    tick(now=now)
    return now


def mails_to(patient: Patient) -> list[str]:
    """Return subject and text of what was sent to a patient about a message."""
    return [f"{one.subject} {one.body}" for one in mail.outbox if one.to == [patient.email] and "written to you" in str(one.body)]


def test_a_neutral_mail_comes_when_it_is_still_unread_after_a_quarter_of_an_hour(cast: Cast, noon: dt.datetime) -> None:
    write(cast.marek, cast.therapist, "Your knee looked better today", now=at(noon, 0))
    at(noon, 1)
    at(noon, 14)
    assert mails_to(cast.marek) == []
    at(noon, 16)
    (text,) = mails_to(cast.marek)
    assert "knee" not in text
    assert "/me/messages/" in text
    write(cast.marek, cast.therapist, "One more", now=at(noon, 30))
    at(noon, 31)
    at(noon, 50)
    assert len(mails_to(cast.marek)) == 1


def test_whoever_has_opened_it_gets_no_mail_but_the_next_message_does(cast: Cast, noon: dt.datetime) -> None:
    write(cast.marek, cast.therapist, now=at(noon, 0))
    now = at(noon, 2)
    mark_read(patient=loaded(cast.marek), by=own(cast.marek), now=now)
    at(noon, 16)
    assert mails_to(cast.marek) == []
    assert Delivery.objects.get(patient=cast.marek, kind=Kind.MESSAGE_WAITING).hold_reason == "already_done"
    write(cast.marek, cast.therapist, now=at(noon, 40))
    at(noon, 41)
    at(noon, 56)
    assert len(mails_to(cast.marek)) == 1


def test_no_mail_without_the_agreement_to_reminders(cast: Cast, noon: dt.datetime) -> None:
    write(cast.marek, cast.therapist, now=at(noon, 0))
    at(noon, 1)
    withdraw_consent(patient=loaded(cast.marek), purpose="reminders", by=own(cast.marek), now=noon)
    at(noon, 16)
    assert mails_to(cast.marek) == []
    assert Delivery.objects.get(patient=cast.marek, kind=Kind.MESSAGE_WAITING).hold_reason == "no_consent"
