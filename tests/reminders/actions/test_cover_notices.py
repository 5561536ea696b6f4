"""Mails to staff while somebody is away, and after patients were handed over: whoever looks after the patients is told."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core import mail

from clinics.models import Clinic, Membership, Role
from patients.actions.handover import hand_over
from patients.models import Alert, Cover, Patient
from reminders.actions.clockwork import tick
from reminders.actions.telling import tell
from reminders.models import StaffNotice
from tests.cast import person
from tests.reminders.scene import at, clinic_in, day, patients_of

pytestmark = pytest.mark.django_db

NIGHT = at("2027-11-16T02:00")  # a Tuesday, 03:00 in Berlin
MORNING = at("2027-11-16T06:29")  # one minute before the digest
MINUTE = dt.timedelta(minutes=1)


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
def patient(clinic: Clinic, anna: Membership, ben: Membership, carla: Membership) -> Patient:
    found = patients_of(clinic)[0]
    Patient.objects.filter(pk=found.pk).update(therapist=anna, first_name="Jule", last_name="Winter", number="R-0042")
    found.refresh_from_db()
    return found


def away(covered: Membership, by: Membership, first: str, last: str) -> Cover:
    return Cover.objects.create(
        clinic_id=covered.clinic_id, covered=covered, by=by, from_on=day(first), to_on=day(last), created_by=covered
    )


def raise_alert(patient: Patient, now: dt.datetime, level: str = Alert.Level.STOP, **more: Any) -> Alert:
    row: Alert = Alert.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        rule="symptom",
        rules_version="1",
        level=level,
        evidence={},
        evidence_key=f"{now}",
        since_on=now.date(),
        raised_at=now,
        **more,
    )
    return row


def tick_at(now: dt.datetime) -> None:
    with time_machine.travel(now, tick=False):
        tick(now=now)


def names() -> list[str]:
    """Return who was mailed, in order."""
    return [one.to[0].split("@")[0] for one in mail.outbox]


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        pytest.param("2027-11-16", "2027-11-16", "ben", id="today"),
        pytest.param("2027-11-01", "2027-11-16", "ben", id="its last day"),
        pytest.param("2027-11-01", "2027-11-15", "anna", id="over since yesterday"),
        pytest.param("2027-11-17", "2027-11-30", "anna", id="from tomorrow on"),
    ],
)
def test_a_stop_sign_goes_to_whoever_stands_in_on_that_day(
    patient: Patient, anna: Membership, ben: Membership, first: str, last: str, told: str
) -> None:
    away(anna, ben, first, last)
    raise_alert(patient, NIGHT)
    tick_at(NIGHT + MINUTE)
    assert names() == [told]


def test_a_cover_that_was_called_off_or_by_somebody_who_left_changes_nothing(
    clinic: Clinic, patient: Patient, anna: Membership, ben: Membership
) -> None:
    cover = away(anna, ben, "2027-11-01", "2027-11-30")
    Membership.objects.filter(pk=ben.pk).update(status=Membership.Status.ENDED)
    raise_alert(patient, NIGHT)
    tick_at(NIGHT + MINUTE)
    assert names() == ["anna"]
    Membership.objects.filter(pk=ben.pk).update(status=Membership.Status.ACTIVE)
    Cover.objects.filter(pk=cover.pk).update(ended_at=NIGHT)
    raise_alert(patient, NIGHT + 2 * MINUTE)
    tick_at(NIGHT + 3 * MINUTE)
    assert names() == ["anna", "anna"]


def test_the_second_person_is_one_who_is_there(patient: Patient, anna: Membership, ben: Membership, clinic: Clinic) -> None:
    dora = person(clinic, Role.THERAPIST, "dora@physio.example", "Dora", "Ek")
    away(ben, dora, "2027-11-01", "2027-11-30")
    raise_alert(patient, NIGHT)
    tick_at(NIGHT + MINUTE)
    tick_at(NIGHT + 17 * MINUTE)
    assert names() == ["anna", "dora"], "Ben would be next, but is away"


def test_a_handover_tells_the_new_person_at_once_and_gives_them_the_same_time(
    patient: Patient, anna: Membership, ben: Membership, carla: Membership
) -> None:
    raise_alert(patient, NIGHT)
    tick_at(NIGHT + MINUTE)
    hand_over(source=anna, target=ben, patients=None, by=carla, now=NIGHT + 5 * MINUTE)
    for minute in (6, 7, 17, 20):
        tick_at(NIGHT + minute * MINUTE)
    assert names() == ["anna", "ben"], "fifteen minutes count from the later mail"
    tick_at(NIGHT + 22 * MINUTE)
    assert names() == ["anna", "ben", "carla"]


def test_a_stop_sign_somebody_had_taken_is_mailed_to_the_new_person(
    patient: Patient, anna: Membership, ben: Membership, carla: Membership
) -> None:
    raise_alert(patient, NIGHT, status=Alert.Status.ACKNOWLEDGED, seen_by=anna, seen_at=NIGHT)
    tick_at(NIGHT + MINUTE)
    assert names() == []
    hand_over(source=anna, target=ben, patients=None, by=carla, now=NIGHT + 2 * MINUTE)
    tick_at(NIGHT + 3 * MINUTE)
    assert names() == ["ben"]


def digest_at(morning: dt.datetime) -> list[str]:
    """Run the minutes around the digest and return who got one."""
    for minute in range(4):
        tick_at(morning + minute * MINUTE)
    rows = StaffNotice.objects.filter(kind=StaffNotice.Kind.DIGEST, status=StaffNotice.Status.SENT, sent_at__gte=morning)
    return sorted(one.member.name.split()[0] for one in rows.select_related("member"))


def test_the_digest_of_whoever_stands_in_has_what_was_open_and_what_comes(patient: Patient, anna: Membership, ben: Membership) -> None:
    raise_alert(patient, MORNING - dt.timedelta(days=3), Alert.Level.ATTENTION)
    assert digest_at(MORNING - dt.timedelta(days=1)) == ["Anna"]
    away(anna, ben, "2027-11-16", "2027-11-17")
    assert digest_at(MORNING) == ["Ben"], "open already, new for Ben"
    raise_alert(patient, MORNING + dt.timedelta(hours=2), Alert.Level.ATTENTION)
    assert digest_at(MORNING + dt.timedelta(days=1)) == ["Ben"]
    assert digest_at(MORNING + dt.timedelta(days=2)) == ["Anna"], "back, and told what came meanwhile and is still open"


def test_the_digest_after_a_handover_has_all_that_is_open_stop_signs_too(
    patient: Patient, anna: Membership, ben: Membership, carla: Membership
) -> None:
    raise_alert(patient, MORNING - dt.timedelta(days=60), Alert.Level.STOP)
    hand_over(source=anna, target=ben, patients=None, by=carla, now=MORNING - dt.timedelta(days=40))
    assert "Ben" not in digest_at(MORNING - dt.timedelta(days=1))
    hand_over(source=ben, target=anna, patients=None, by=carla, now=MORNING - dt.timedelta(hours=2))
    assert "Anna" in digest_at(MORNING)


def test_an_address_that_was_refused_is_told_to_whoever_stands_in(patient: Patient, anna: Membership, ben: Membership) -> None:
    away(anna, ben, "2027-11-16", "2027-11-16")
    tell(StaffNotice.Kind.UNREACHABLE, [patient.pk], now=NIGHT)
    assert [one.member_id for one in StaffNotice.objects.all()] == [ben.pk]
