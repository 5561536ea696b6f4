"""Mails to staff: a stop sign goes from one person to the next until somebody acknowledges it; the digest has only what is new."""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinics.models import Clinic, ClosedDay, Membership, Role
from patients.models import Alert, Patient
from reminders.actions import journal, notices, outbox
from reminders.actions.clockwork import tick
from reminders.actions.wishes import keep_digest_wish
from reminders.models import StaffNotice
from tests.cast import person
from tests.reminders.post_office import PostOffice
from tests.reminders.scene import at, clinic_in, day, patients_of

pytestmark = pytest.mark.django_db

NIGHT = at("2027-11-16T02:00")  # a Tuesday, 03:00 in Berlin
MINUTE = dt.timedelta(minutes=1)
Status = StaffNotice.Status


@pytest.fixture
def clinic() -> Clinic:
    return clinic_in(open_weekdays=[1, 2, 3, 4, 5])


@pytest.fixture
def anna(clinic: Clinic) -> Membership:
    return person(clinic, Role.THERAPIST, "anna@physio.example", "Anna", "Berg")


@pytest.fixture
def ben(clinic: Clinic) -> Membership:
    return person(clinic, Role.THERAPIST, "ben@physio.example", "Ben", "Cole")


@pytest.fixture
def carla(clinic: Clinic) -> Membership:
    return person(clinic, Role.MANAGER, "carla@physio.example", "Carla", "Dorn")


@pytest.fixture
def patient(clinic: Clinic, anna: Membership) -> Patient:
    found = patients_of(clinic)[0]
    Patient.objects.filter(pk=found.pk).update(therapist=anna, first_name="Jule", last_name="Winter", number="R-0042")
    found.refresh_from_db()
    return found


def raise_alert(patient: Patient, now: dt.datetime, level: str = Alert.Level.STOP, key: str = "one") -> Alert:
    """Raise an alert about a patient."""
    row: Alert = Alert.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        rule="symptom",
        rules_version="1",
        level=level,
        evidence={"signs": ["numb_saddle"]},
        evidence_key=key,
        since_on=now.date(),
        raised_at=now,
    )
    return row


def tick_at(now: dt.datetime) -> Any:
    """Tick as if it were that moment."""
    with time_machine.travel(now, tick=False):
        return tick(now=now)


def minutes_of(start: dt.datetime, count: int) -> None:
    """Tick once a minute."""
    for step in range(count):
        tick_at(start + step * MINUTE)


OURS = {"anna@physio.example", "ben@physio.example", "carla@physio.example", "other@physio.example"}


def told() -> list[Any]:
    """Return the mails to the people of these tests, in order."""
    return [one for one in mail.outbox if one.to[0] in OURS]


def names() -> list[str]:
    """Return who was mailed, in order."""
    return [one.to[0].split("@")[0] for one in told()]


@pytest.fixture
def post_office(settings: Any) -> Iterator[PostOffice]:
    with PostOffice() as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", office.port, 5
        yield office


# --- stop signs -----------------------------------------------------------------------------


def test_a_stop_sign_goes_to_the_therapist_with_the_next_tick_even_at_night(patient: Patient, ben: Membership, carla: Membership) -> None:
    raise_alert(patient, NIGHT)
    tick_at(NIGHT + MINUTE)
    tick_at(NIGHT + 2 * MINUTE)
    assert names() == ["anna"]


def test_nobody_acknowledging_it_brings_the_second_person_and_then_the_managers(
    patient: Patient, ben: Membership, carla: Membership
) -> None:
    raise_alert(patient, NIGHT)
    seen = []
    for minute in range(60):
        before = len(names())
        tick_at(NIGHT + minute * MINUTE)
        seen += [(minute, name) for name in names()[before:]]
    assert seen == [(0, "anna"), (15, "ben"), (45, "carla")]


def test_the_clinic_chooses_the_minutes(patient: Patient, ben: Membership, carla: Membership) -> None:
    Clinic.objects.filter(pk=patient.clinic_id).update(escalate_minutes=5)
    raise_alert(patient, NIGHT)
    minutes_of(NIGHT, 6)
    assert names() == ["anna", "ben"]


@pytest.mark.parametrize("status", [Alert.Status.ACKNOWLEDGED, Alert.Status.RESOLVED])
def test_it_ends_when_somebody_looked(patient: Patient, ben: Membership, carla: Membership, status: str) -> None:
    alert = raise_alert(patient, NIGHT)
    tick_at(NIGHT)
    Alert.objects.filter(pk=alert.pk).update(status=status)
    minutes_of(NIGHT + MINUTE, 60)
    assert names() == ["anna"]


def test_a_mail_that_waited_is_held_when_somebody_looked_meanwhile(patient: Patient, carla: Membership, post_office: PostOffice) -> None:
    alert = raise_alert(patient, NIGHT)
    post_office.answer = lambda _address: "451 later"
    tick_at(NIGHT)
    Alert.objects.filter(pk=alert.pk).update(status=Alert.Status.ACKNOWLEDGED)
    post_office.answer = lambda _address: ""
    tick_at(NIGHT + 2 * MINUTE)
    row = StaffNotice.objects.get(alert=alert)
    assert (row.status, row.hold_reason) == (Status.HELD, "seen")
    assert post_office.mails == []


@pytest.mark.parametrize("how", ["none", "ended", "inactive"])
def test_without_a_therapist_the_managers_are_told(patient: Patient, anna: Membership, carla: Membership, how: str) -> None:
    if how == "none":
        Patient.objects.filter(pk=patient.pk).update(therapist=None)
    elif how == "ended":
        Membership.objects.filter(pk=anna.pk).update(status=Membership.Status.ENDED)
    else:
        assert anna.user is not None
        type(anna.user).objects.filter(pk=anna.user.pk).update(is_active=False)
    raise_alert(patient, NIGHT)
    tick_at(NIGHT)
    assert names() == ["carla"]


def test_a_therapist_whose_address_is_refused_is_followed_by_the_next_person_at_once(
    patient: Patient, ben: Membership, carla: Membership, post_office: PostOffice
) -> None:
    raise_alert(patient, NIGHT)
    post_office.answer = lambda address: "550 5.1.1 unknown" if address.startswith("anna") else ""
    minutes_of(NIGHT, 2)
    assert [address.split("@")[0] for address, _data in post_office.mails] == ["ben"]


def test_a_mail_server_that_was_away_loses_no_stop_sign(patient: Patient, carla: Membership, post_office: PostOffice) -> None:
    raise_alert(patient, NIGHT)
    post_office.shut()
    minutes_of(NIGHT, 3)
    post_office.open()
    tick_at(NIGHT + 4 * MINUTE)
    assert [address.split("@")[0] for address, _data in post_office.mails] == ["anna"]


def test_a_stop_sign_raised_while_no_worker_ran_for_days_is_still_told(patient: Patient, carla: Membership) -> None:
    tick_at(NIGHT - 10 * MINUTE)
    raise_alert(patient, NIGHT)
    tick_at(NIGHT + dt.timedelta(days=5))
    assert names() == ["anna"]


def test_what_a_killed_sender_handed_over_is_known_from_its_journal(patient: Patient, carla: Membership) -> None:
    alert = raise_alert(patient, NIGHT)
    notices.plan_stop_signs(now=NIGHT)
    claim = uuid.uuid4()
    notes = journal.Journal(claim)
    outbox.claim_batch(claim=claim, now=NIGHT, model=StaffNotice)
    row = StaffNotice.objects.get(alert=alert)
    assert row.status == Status.CLAIMED
    notes.note(row.pk)
    notes.close()
    tick_at(NIGHT + MINUTE)
    row.refresh_from_db()
    assert (row.status, names()) == (Status.SENT, [])


def test_a_sender_on_another_machine_that_died_keeps_nobody_waiting(patient: Patient, carla: Membership) -> None:
    tick_at(NIGHT - MINUTE)
    raise_alert(patient, NIGHT)
    notices.plan_stop_signs(now=NIGHT)
    outbox.claim_batch(claim=uuid.uuid4(), now=NIGHT, model=StaffNotice)
    tick_at(NIGHT + MINUTE)
    assert names() == []
    tick_at(NIGHT + 2 * MINUTE)
    assert names() == ["anna"]


def test_two_ticks_of_one_minute_tell_once(patient: Patient, carla: Membership) -> None:
    raise_alert(patient, NIGHT)
    tick_at(NIGHT)
    tick_at(NIGHT)
    assert notices.plan_stop_signs(now=NIGHT) == 0
    assert names() == ["anna"]


def test_nobody_of_another_clinic_is_told(patient: Patient) -> None:
    person(clinic_in(), Role.MANAGER, "other@physio.example", "Otto", "Other")
    raise_alert(patient, NIGHT)
    minutes_of(NIGHT, 60)
    assert set(names()) == {"anna"}


def test_the_mail_has_a_neutral_subject_initials_and_number_and_a_link(patient: Patient, carla: Membership) -> None:
    alert = raise_alert(patient, NIGHT)
    tick_at(NIGHT)
    sent = told()[0]
    assert sent.subject == "Please look now: a notice from Riverside Physiotherapy"
    html = str(sent.alternatives[0][0])
    for text in (sent.body, html):
        assert "J.W." in text
        assert "R-0042" in text
        assert f"/patients/alerts/{alert.pk}/" in text
        for secret in ("Jule", "Winter", "pain", "symptom", "saddle", "stop sign"):
            assert secret not in text


def test_the_mail_speaks_the_language_of_its_reader(patient: Patient, anna: Membership) -> None:
    assert anna.user is not None
    type(anna.user).objects.filter(pk=anna.user.pk).update(language="de")
    raise_alert(patient, NIGHT)
    tick_at(NIGHT)
    assert told()[0].subject == "Bitte jetzt ansehen: ein Hinweis von Riverside Physiotherapy"


def test_many_stop_signs_are_planned_in_a_constant_number_of_queries(clinic: Clinic, anna: Membership, carla: Membership) -> None:
    counts = []
    for size in (1, 30):
        for patient in patients_of(clinic, size):
            raise_alert(patient, NIGHT, key=str(size))
        with CaptureQueriesContext(connection) as queries:
            assert notices.plan_stop_signs(now=NIGHT) == size
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- digest ---------------------------------------------------------------------------------

BEFORE = at("2027-11-16T06:00")
DIGEST = at("2027-11-16T06:30")  # 07:30 in Berlin


def digest_morning(before: dt.datetime = BEFORE) -> None:
    """Let the clock run over half past seven."""
    tick_at(before)
    for minute in range(29, 35):
        tick_at(before + minute * MINUTE)


def digests() -> list[Any]:
    """Return the digests that were sent."""
    return [one for one in told() if one.subject.startswith("Your overview")]


def test_the_digest_comes_at_half_past_seven_with_counts_and_without_names(patient: Patient, carla: Membership) -> None:
    for key in ("a", "b"):
        raise_alert(patient, BEFORE - dt.timedelta(hours=5), Alert.Level.ATTENTION, key)
    digest_morning()
    (sent,) = digests()
    assert sent.to == ["anna@physio.example"]
    assert "2 new alerts" in sent.body
    assert "R-0042 J.W.: 2" in sent.body
    assert "Winter" not in sent.body
    assert sent.subject == "Your overview from Riverside Physiotherapy"
    row = StaffNotice.objects.get(clinic_id=patient.clinic_id, kind=StaffNotice.Kind.DIGEST, status=Status.SENT)
    assert row.sent_at is not None
    assert abs(row.sent_at - DIGEST) < MINUTE


def test_a_morning_without_news_brings_no_mail(patient: Patient) -> None:
    digest_morning()
    assert told() == []
    assert StaffNotice.objects.get(clinic_id=patient.clinic_id, slot_on=day("2027-11-16")).hold_reason == "nothing_new"


def test_what_was_told_yesterday_or_acknowledged_is_not_told_again(patient: Patient) -> None:
    raise_alert(patient, BEFORE - dt.timedelta(hours=5), Alert.Level.ATTENTION, "a")
    digest_morning()
    seen = raise_alert(patient, BEFORE + dt.timedelta(hours=5), Alert.Level.ATTENTION, "b")
    Alert.objects.filter(pk=seen.pk).update(status=Alert.Status.ACKNOWLEDGED)
    digest_morning(BEFORE + dt.timedelta(days=1))
    assert len(digests()) == 1


def test_a_stop_sign_is_not_in_the_digest(patient: Patient) -> None:
    raise_alert(patient, BEFORE - dt.timedelta(hours=5))
    digest_morning()
    assert digests() == []


def test_patients_without_a_therapist_are_in_the_digest_of_the_managers(patient: Patient, carla: Membership) -> None:
    Patient.objects.filter(pk=patient.pk).update(therapist=None)
    raise_alert(patient, BEFORE - dt.timedelta(hours=5), Alert.Level.ATTENTION)
    digest_morning()
    assert [one.to for one in digests()] == [["carla@physio.example"]]


@pytest.mark.parametrize("why", ["weekend", "closed"])
def test_a_closed_clinic_gets_no_digest(patient: Patient, why: str) -> None:
    before = BEFORE
    if why == "weekend":
        before += dt.timedelta(days=4)
    else:
        ClosedDay.objects.create(clinic_id=patient.clinic_id, on=day("2027-11-16"))
    raise_alert(patient, before - dt.timedelta(hours=5), Alert.Level.ATTENTION)
    digest_morning(before)
    assert digests() == []


def test_the_digest_can_be_switched_off_and_stop_signs_come_all_the_same(patient: Patient, anna: Membership) -> None:
    keep_digest_wish(by=anna, is_wanted=False, now=BEFORE - dt.timedelta(days=1))
    raise_alert(patient, BEFORE - dt.timedelta(hours=5), Alert.Level.ATTENTION)
    raise_alert(patient, BEFORE - dt.timedelta(hours=1), key="stop")
    digest_morning()
    assert digests() == []
    assert set(names()) == {"anna"}


def test_switching_it_off_after_it_was_planned_holds_it(patient: Patient, anna: Membership) -> None:
    raise_alert(patient, BEFORE - dt.timedelta(hours=5), Alert.Level.ATTENTION)
    tick_at(BEFORE)
    keep_digest_wish(by=anna, is_wanted=False, now=BEFORE)
    tick_at(DIGEST)
    assert StaffNotice.objects.get(slot_on=day("2027-11-16"), member=anna).hold_reason == "opted_out"
