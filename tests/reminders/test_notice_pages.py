"""The pages on which staff read what they were told, and switch their digest off."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinics.models import AuditEvent
from patients.models import Alert
from reminders.actions.notices import plan_stop_signs
from reminders.models import StaffNotice, StaffWish
from tests.cast import Cast, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def therapist(client: Client, cast: Cast) -> Client:
    return sign_in(client, cast.therapist)


@pytest.fixture
def stop_sign(cast: Cast) -> Alert:
    now = timezone.now()
    row: Alert = Alert.objects.create(
        clinic=cast.riverside,
        patient=cast.hannah,
        rule="symptom",
        rules_version="1",
        level=Alert.Level.STOP,
        evidence_key="test",
        since_on=now.date(),
        raised_at=now,
    )
    plan_stop_signs(now=now)
    return row


PAGE = reverse("reminders:notices")


def test_the_clinics_page_and_the_patients_page_show_who_was_told(cast: Cast, therapist: Client, stop_sign: Alert) -> None:
    for url in (PAGE, reverse("reminders:ledger", args=[cast.hannah.pk])):
        text = therapist.get(url).content.decode()
        assert str(cast.therapist) in text
        assert "first mail" in text
    assert AuditEvent.objects.filter(action="notice.list", clinic_id=cast.riverside.pk).count() == 1


def test_the_patient_does_not_see_mails_to_staff(cast: Cast, stop_sign: Alert) -> None:
    assert cast.hannah.membership is not None
    client = sign_in(Client(), cast.hannah.membership)
    assert "first mail" not in client.get(reverse("reminders:mine")).content.decode()
    assert client.get(PAGE).status_code == 403


def test_another_clinic_sees_nothing_of_it(cast: Cast, stop_sign: Alert) -> None:
    text = sign_in(Client(), cast.harbour_therapist).get(PAGE).content.decode()
    assert "Hannah" not in text
    assert "first mail" not in text


def test_the_digest_is_switched_off_and_on_again(cast: Cast, therapist: Client) -> None:
    assert "The digest is on." in therapist.get(PAGE).content.decode()
    assert "The digest is off." in therapist.post(PAGE, {"digest": "off"}, follow=True).content.decode()
    assert StaffWish.objects.get(member=cast.therapist).wants_digest is False
    assert "The digest is on." in therapist.post(PAGE, {"digest": "on"}, follow=True).content.decode()
    assert StaffWish.objects.filter(member=cast.therapist2).count() == 0


def test_the_page_is_read_in_a_constant_number_of_queries(cast: Cast, therapist: Client, stop_sign: Alert) -> None:
    therapist.get(PAGE)
    counts = []
    for size in (1, 30):
        StaffNotice.objects.bulk_create(
            StaffNotice(
                clinic=cast.riverside,
                member=cast.therapist,
                kind=StaffNotice.Kind.DIGEST,
                slot_on=dt.date(2020, 1, 1) + dt.timedelta(days=size * 50 + place),
                due_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
                expires_at=dt.datetime(2020, 1, 2, tzinfo=dt.UTC),
                status=StaffNotice.Status.SENT,
            )
            for place in range(size)
        )
        with CaptureQueriesContext(connection) as queries:
            therapist.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("minutes", "status"), [("4", 422), ("5", 302), ("120", 302), ("121", 422)])
def test_the_minutes_before_the_second_person_have_limits(cast: Cast, minutes: str, status: int) -> None:
    client = sign_in(Client(), cast.manager)
    url = reverse("clinics:clinic")
    form = client.get(url).context["form"]
    data = {name: "" if form[name].value() is None else form[name].value() for name in form.fields}
    assert client.post(url, data | {"escalate_minutes": minutes}).status_code == status
