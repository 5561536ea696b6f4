"""The pages: what a patient and the clinic see, changing wishes, and the link in a mail."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinics.models import AuditEvent, Membership
from patients.models import Patient
from reminders.actions.planning import plan_deliveries
from reminders.links import stop_token
from reminders.models import Delivery, Kind, Preference
from tests.cast import Cast, sign_in

pytestmark = pytest.mark.django_db

FORM = {
    "session_today_on": "on",
    "session_today_at": "18:30",
    "assessment_due_on": "on",
    "assessment_due_at": "10:00",
    "message_waiting_on": "on",
    "paused_to_on": "",
}


def member_of(patient: Patient) -> Membership:
    """Return the patient's membership."""
    assert patient.membership is not None
    return patient.membership


@pytest.fixture
def hannah(client: Client, cast: Cast) -> Client:
    return sign_in(client, member_of(cast.hannah))


@pytest.fixture
def therapist(cast: Cast) -> Client:
    return sign_in(Client(), cast.therapist)


def ledger_of(patient: Patient) -> str:
    """Return the address of the clinic's page."""
    return reverse("reminders:ledger", args=[patient.pk])


def test_patient_and_clinic_see_the_same(cast: Cast, hannah: Client, therapist: Client) -> None:
    now = timezone.now()
    plan_deliveries(now=now, patients=[cast.hannah.pk])
    Delivery.objects.create(
        clinic=cast.riverside,
        patient=cast.hannah,
        kind=Kind.SESSION_TODAY,
        slot_on=now.date() - dt.timedelta(days=3),
        due_at=now - dt.timedelta(days=3),
        expires_at=now - dt.timedelta(days=2),
        status=Delivery.Status.HELD,
        hold_reason=Delivery.HoldReason.MOVED,
    )
    for client, url in ((hannah, reverse("reminders:mine")), (therapist, ledger_of(cast.hannah))):
        page = client.get(url).content.decode()
        assert "Session: moved to another day" in page
        assert "08:00" in page
        assert "hannah@patients.example" in page
    assert AuditEvent.objects.filter(action="delivery.list", patient_id=cast.hannah.pk).count() == 2


def test_the_ledger_is_read_in_a_constant_number_of_queries(cast: Cast, therapist: Client) -> None:
    therapist.get(ledger_of(cast.hannah))
    counts = []
    for size in (1, 30):
        Delivery.objects.bulk_create(
            Delivery(
                clinic=cast.riverside,
                patient=cast.hannah,
                kind=Kind.SESSION_TODAY,
                slot_on=dt.date(2020, 1, 1) + dt.timedelta(days=size * 50 + place),
                due_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
                expires_at=dt.datetime(2020, 1, 2, tzinfo=dt.UTC),
                status=Delivery.Status.SENT,
            )
            for place in range(size)
        )
        with CaptureQueriesContext(connection) as queries:
            therapist.get(ledger_of(cast.hannah))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_another_clinics_patient_answers_like_a_missing_one(cast: Cast, therapist: Client) -> None:
    assert therapist.get(ledger_of(cast.wei)).status_code == 404
    assert therapist.post(reverse("reminders:patient_preferences", args=[cast.wei.pk]), FORM).status_code == 404


def test_a_patient_changes_the_times_and_the_plan_follows(cast: Cast, hannah: Client) -> None:
    response = hannah.post(reverse("reminders:preferences"), FORM)
    assert response.status_code == 302
    wishes = {row.kind: row.at_local_time for row in Preference.objects.filter(patient=cast.hannah)}
    assert wishes == {
        Kind.SESSION_TODAY: dt.time(18, 30),
        Kind.SESSION_MISSED: dt.time(10),
        Kind.CHECK_IN: dt.time(18),
        Kind.ASSESSMENT_DUE: dt.time(10),
        Kind.PLAN_CHANGED: dt.time(8),
        Kind.MESSAGE_WAITING: dt.time(8),
        Kind.WEEKLY_SUMMARY: dt.time(18),
    }
    assert "18:30" in hannah.get(reverse("reminders:mine")).content.decode()
    assert AuditEvent.objects.filter(action="reminder.change", patient_id=cast.hannah.pk).count() == 1


def test_the_clinic_changes_them_for_a_patient(cast: Cast, therapist: Client) -> None:
    response = therapist.post(reverse("reminders:patient_preferences", args=[cast.hannah.pk]), FORM)
    assert response.status_code == 302
    assert Preference.objects.filter(patient=cast.hannah, at_local_time=dt.time(18, 30)).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"session_today_at": "25:00"},
        {"session_today_at": ""},
        {"paused_to_on": "2001-01-01"},
        {"paused_to_on": "9999-12-31"},
        {"paused_to_on": "x"},
        {"session_missed_on": "on", "session_missed_at": ""},
        {"check_in_on": "on", "check_in_at": ""},
        {"weekly_summary_on": "on", "weekly_summary_at": "18:00", "weekday": "3"},
        {"quiet_from": "21:00"},
        {"quiet_until": "08:00"},
        {"quiet_from": "21:00", "quiet_until": "21:00"},
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(cast: Cast, hannah: Client, wrong: dict[str, str]) -> None:
    response = hannah.post(reverse("reminders:preferences"), FORM | wrong)
    assert response.status_code == 422
    assert not Preference.objects.filter(patient=cast.hannah).exists()


def test_quiet_hours_across_midnight_move_what_would_come_in_them(cast: Cast, hannah: Client) -> None:
    assert hannah.post(reverse("reminders:preferences"), FORM | {"quiet_from": "18:00", "quiet_until": "07:30"}).status_code == 302
    page = hannah.get(reverse("reminders:mine")).content.decode()
    assert "17:45" in page
    form = hannah.get(reverse("reminders:preferences")).content.decode()
    assert 'value="18:00"' in form
    assert 'value="07:30"' in form


def test_the_weekly_summary_is_wished_for_with_its_day(cast: Cast, hannah: Client) -> None:
    wish = {"weekly_summary_on": "on", "weekly_summary_at": "19:15", "weekday": "1"}
    assert hannah.post(reverse("reminders:preferences"), FORM | wish).status_code == 302
    row = Preference.objects.get(patient=cast.hannah, kind=Kind.WEEKLY_SUMMARY)
    assert (row.is_on, row.at_local_time, row.weekday) == (True, dt.time(19, 15), 1)
    assert "Summary of the week" in hannah.get(reverse("reminders:mine")).content.decode()


def test_a_pause_shows_in_the_coming_days(cast: Cast, hannah: Client) -> None:
    until = timezone.now().date() + dt.timedelta(days=13)
    hannah.post(reverse("reminders:preferences"), FORM | {"paused_to_on": until.isoformat()})
    page = hannah.get(reverse("reminders:mine")).content.decode()
    assert "paused" in page
    assert "18:30" not in page


# --- the link in a mail -----------------------------------------------------------------


def test_the_link_works_without_signing_in_and_shows_no_name(cast: Cast) -> None:
    page = Client().get(reverse("reminders:stop", args=[stop_token(cast.hannah.pk)]))
    text = page.content.decode()
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store, private"
    for secret in ("Hannah", "Brandt", "hannah@", "Riverside", str(cast.hannah.pk)):
        assert secret not in text


def test_looking_changes_nothing_and_one_button_stops_everything(cast: Cast) -> None:
    url = reverse("reminders:stop", args=[stop_token(cast.hannah.pk)])
    client = Client()
    client.get(url)
    assert not Preference.objects.filter(patient=cast.hannah).exists()
    response = client.post(url, {"stop": "1"}, follow=True)
    assert "You get no more reminder mails." in response.content.decode()
    assert list(Preference.objects.filter(patient=cast.hannah).values_list("is_on", flat=True)) == [False] * len(Kind)


def test_the_form_behind_the_link_wants_its_token(cast: Cast) -> None:
    url = reverse("reminders:stop", args=[stop_token(cast.hannah.pk)])
    assert Client(enforce_csrf_checks=True).post(url, {"stop": "1"}).status_code == 403
    assert not Preference.objects.filter(patient=cast.hannah).exists()


def test_a_mail_program_stops_with_one_post(cast: Cast) -> None:
    url = reverse("reminders:one_click", args=[stop_token(cast.hannah.pk)])
    client = Client(enforce_csrf_checks=True)
    assert client.get(url).status_code == 302
    assert client.post(url, {"other": "1"}).status_code == 400
    assert not Preference.objects.filter(patient=cast.hannah, is_on=False).exists()
    assert client.post(url, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Preference.objects.filter(patient=cast.hannah, is_on=False).count() == len(Kind)


def keep(token: str) -> str:
    return token


@pytest.mark.parametrize(
    "change", [lambda token: token[:-1], lambda token: "x" + token, lambda token: token.split(":")[0], lambda _token: "x"]
)
@pytest.mark.parametrize("name", ["reminders:stop", "reminders:one_click"])
def test_a_key_of_somebody_elses_making_finds_nothing(cast: Cast, name: str, change: Callable[[str], str]) -> None:
    url = reverse(name, args=[change(stop_token(cast.hannah.pk))])
    assert Client().get(url).status_code == 404
    assert Client().post(url, {"List-Unsubscribe": "One-Click"}).status_code == 404
