"""The secret calendar address: made, shown once, replaced, ended; and the file behind it, for whoever has it."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinics.models import AuditEvent, Membership
from patients.models import Patient
from reminders.actions.calendars import digest_of
from reminders.models import CalendarKey
from reminders.views import CALENDAR_FETCHES
from tests.cast import Cast, sign_in

pytestmark = pytest.mark.django_db
PAGE = reverse("reminders:calendar")


@pytest.fixture
def hannah(client: Client, cast: Cast) -> Client:
    assert cast.hannah.membership is not None
    return sign_in(client, cast.hannah.membership)


def make(client: Client) -> str:
    """Make an address and return its path, as the page shows it."""
    response = client.post(PAGE, {"do": "make"})
    assert response.status_code == 201
    assert "no-store" in response["Cache-Control"]
    found = re.search(r'id="calendar-address">https?://[^/]+(/[^<]+)<', response.content.decode())
    assert found is not None
    return found[1]


def test_the_address_is_shown_once_and_stored_as_a_digest(cast: Cast, hannah: Client) -> None:
    path = make(hannah)
    key = path.removeprefix("/calendar/").removesuffix(".ics")
    assert len(key) >= 22, "128 bits"
    row = CalendarKey.objects.get(patient=cast.hannah)
    assert row.digest == digest_of(key)
    assert key not in hannah.get(PAGE).content.decode()
    assert AuditEvent.objects.filter(action="calendar.make", patient_id=cast.hannah.pk).count() == 1


def test_whoever_has_it_fetches_the_sessions_without_signing_in(cast: Cast, hannah: Client) -> None:
    path = make(hannah)
    response = Client().get(path)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert "private" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    text = response.content.decode()
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert "SUMMARY:Training" in text
    assert "Hannah" not in text
    assert "Riverside" not in text
    assert CalendarKey.objects.get(patient=cast.hannah).last_used_at is not None
    assert AuditEvent.objects.filter(action="calendar.view", patient_id=cast.hannah.pk).count() == 1
    assert "Last fetched" in hannah.get(PAGE).content.decode()


def test_fetches_do_not_fill_the_page_of_who_opened_the_record(cast: Cast, hannah: Client) -> None:
    before = hannah.get(reverse("patients:opened")).context["visits"]
    path = make(hannah)
    for _fetch in range(5):
        Client().get(path)
    assert hannah.get(reverse("patients:opened")).context["visits"] == before


def test_a_new_address_ends_the_old_one(cast: Cast, hannah: Client) -> None:
    old = make(hannah)
    new = make(hannah)
    assert (Client().get(old).status_code, Client().get(new).status_code) == (404, 200)
    assert CalendarKey.objects.filter(patient=cast.hannah, revoked_at=None).count() == 1


def test_an_ended_address_is_not_there_any_more(cast: Cast, hannah: Client) -> None:
    path = make(hannah)
    assert hannah.post(PAGE, {"do": "end"}).status_code == 302
    assert hannah.post(PAGE, {"do": "end"}).status_code == 302
    assert Client().get(path).status_code == 404
    assert AuditEvent.objects.filter(action="calendar.end", patient_id=cast.hannah.pk).count() == 1


@pytest.mark.parametrize("how", ["ended", "archived"])
def test_a_person_who_left_has_no_calendar(cast: Cast, hannah: Client, how: str) -> None:
    path = make(hannah)
    if how == "ended":
        Membership.objects.filter(patient=cast.hannah).update(status=Membership.Status.ENDED)
    else:
        Patient.objects.filter(pk=cast.hannah.pk).update(status=Patient.Status.ARCHIVED)
    assert Client().get(path).status_code == 404


@pytest.mark.parametrize("key", ["x", "A" * 32, "%F0%9F%8F%83"])
def test_an_unknown_address_answers_like_any_missing_page(cast: Cast, key: str) -> None:
    assert Client().get(f"/calendar/{key}.ics").status_code == 404
    assert Client().post(f"/calendar/{key}.ics").status_code == 405


def test_fetching_and_guessing_have_limits_of_their_own(cast: Cast, hannah: Client) -> None:
    path = make(hannah)
    client = Client()
    answers = [client.get("/calendar/wrong.ics").status_code for _try in range(CALENDAR_FETCHES + 1)]
    assert (answers[0], answers[-1]) == (404, 429)
    answers = [client.get(path).status_code for _try in range(CALENDAR_FETCHES + 1)]
    assert (answers[0], answers[-2], answers[-1]) == (200, 200, 429)


def test_the_last_use_is_not_written_with_every_fetch(cast: Cast, hannah: Client) -> None:
    path = make(hannah)
    Client().get(path)
    earlier = timezone.now() - dt.timedelta(minutes=1)
    CalendarKey.objects.filter(patient=cast.hannah).update(last_used_at=earlier)
    Client().get(path)
    assert CalendarKey.objects.get(patient=cast.hannah).last_used_at == earlier


def test_staff_have_no_page_of_a_patients_calendar(cast: Cast) -> None:
    assert sign_in(Client(), cast.therapist).get(PAGE).status_code == 403
