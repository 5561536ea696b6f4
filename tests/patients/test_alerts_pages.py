"""The pages of an alert: who may do what, what a person reads, and nothing typed is lost."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinics.localtime import local_day
from clinics.models import AuditEvent, Membership
from patients.actions.alerts import acknowledge_alert, snooze_alert
from patients.actions.diary import check_in
from patients.actions.symptoms import report_symptoms
from patients.models import Alert, AlertStep, Patient
from tests.cast import Cast, member_of, sign_in

PAGES = ("alert_acknowledge", "alert_snooze", "alert_resolve")


def loaded(patient: Patient) -> Patient:
    return Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=patient.pk)


@pytest.fixture
def alert(cast: Cast) -> Alert:
    """Marek's red pain of today."""
    check_in(patient=loaded(cast.marek), pain_0_10=8, readiness_0_10=2, by=cast.marek.membership, now=timezone.now())
    return Alert.objects.select_related("patient__clinic", "patient__caseload", "seen_by").get(patient=cast.marek, rule="pain_level")


@pytest.fixture
def stop(cast: Cast) -> Alert:
    """A stop sign of Marek."""
    report_symptoms(patient=loaded(cast.marek), signs=["fainting"], context="check_in", by=None, now=timezone.now())
    return Alert.objects.select_related("patient__clinic").get(patient=cast.marek, level="stop")


def day(cast: Cast, days: int) -> str:
    return str(local_day(timezone.now(), cast.riverside.time_zone) + dt.timedelta(days=days))


def url(name: str, alert: Alert) -> str:
    return reverse(f"patients:{name}", args=[alert.pk])


def open_page(client: Client, name: str, alert: Alert) -> str:
    response = client.get(url(name, alert))
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_the_clinic_opens_the_page_others_find_nothing_and_patients_are_refused(
    client: Client, cast: Cast, alert: Alert, name: str
) -> None:
    answers: dict[Membership, int] = {
        cast.therapist: 200,
        cast.manager: 200,
        cast.harbour_therapist: 404,
        cast.both_harbour: 404,
        member_of(cast.marek): 403,
    }
    for member, expected in answers.items():
        sign_in(client, member)
        assert client.get(url(name, alert)).status_code == expected
        if expected != 200:
            assert client.post(url(name, alert), {"saw": "open", "until": day(cast, 2), "reason": "away"}).status_code == expected
    alert.refresh_from_db()
    assert alert.status == Alert.Status.OPEN


def test_an_alert_is_put_off_with_a_reason_and_leads_back_to_the_list_it_came_from(client: Client, cast: Cast, alert: Alert) -> None:
    sign_in(client, cast.therapist)
    assert "comes back by itself" in open_page(client, "alert_snooze", alert)
    sent = {"until": day(cast, 3), "reason": "not_reached", "note": "", "saw": "open", "back": "caseload"}
    response = client.post(url("alert_snooze", alert), sent)
    assert (response.status_code, response["Location"]) == (302, reverse("patients:caseload"))
    again = client.post(url("alert_snooze", alert), {**sent, "list": "who=clinic&q=a%20b\nhttps://other.example"})
    assert again["Location"] == reverse("patients:caseload") + "?who=clinic&q=a+b%0Ahttps%3A%2F%2Fother.example"
    assert again.status_code == 302, "a double click is one"
    assert AlertStep.objects.filter(alert=alert).count() == 1
    text = client.get(reverse("patients:patient", args=[cast.marek.pk])).content.decode()
    assert "1 alert in hand" in text
    assert "Jonas Keller put it off until" in text
    assert "not reached, trying again" in text
    assert AuditEvent.objects.get(action="alert.snooze").details == {"reason": "not_reached", "until": day(cast, 3)}


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"days": 0, "reason": "away"}, "Choose a day from tomorrow on."),
        ({"days": 15, "reason": "away"}, "at most 14 days"),
        ({"days": 3}, "Please choose a reason."),
        ({"days": 3, "reason": "other"}, "Write the other reason."),
        ({"reason": "away"}, "Choose the day it should come back."),
    ],
)
def test_what_is_missing_is_said_and_nothing_typed_is_lost(
    client: Client, cast: Cast, alert: Alert, sent: dict[str, object], words: str
) -> None:
    sign_in(client, cast.therapist)
    data = {"saw": "open", "note": "" if sent.get("reason") == "other" else "typed with care", **{k: str(v) for k, v in sent.items()}}
    if "days" in sent:
        data["until"] = day(cast, int(str(sent["days"])))
    response = client.post(url("alert_snooze", alert), data)
    assert response.status_code == 422
    text = response.content.decode()
    assert words in text
    assert str(data["note"]) in text
    alert.refresh_from_db()
    assert alert.status == Alert.Status.OPEN


def test_a_stop_sign_cannot_be_put_off_and_the_page_says_what_to_do(client: Client, cast: Cast, stop: Alert) -> None:
    sign_in(client, cast.therapist)
    text = open_page(client, "alert_snooze", stop)
    assert "A stop sign cannot be put off." in text
    assert "To the alert" in text
    assert 'name="until"' not in text
    response = client.post(url("alert_snooze", stop), {"until": day(cast, 2), "reason": "away", "note": "x", "saw": "open"})
    assert response.status_code == 422
    stop.refresh_from_db()
    assert stop.status == Alert.Status.OPEN


def test_a_stop_sign_is_resolved_only_with_words(client: Client, cast: Cast, stop: Alert) -> None:
    sign_in(client, cast.therapist)
    refused = client.post(url("alert_resolve", stop), {"saw": "open", "note": " "})
    assert refused.status_code == 422
    assert "Write what was done about this stop sign." in refused.content.decode()
    assert client.post(url("alert_resolve", stop), {"saw": "open", "note": "Examined by the family doctor"}).status_code == 302
    stop.refresh_from_db()
    assert (stop.status, stop.seen_by) == ("resolved", cast.therapist)


@pytest.mark.parametrize("name", PAGES)
def test_of_two_people_at_once_the_second_reads_who_took_it_and_keeps_what_was_typed(
    client: Client, cast: Cast, alert: Alert, name: str
) -> None:
    acknowledge_alert(alert=alert, by=cast.therapist, now=timezone.now(), note="Called")
    sign_in(client, cast.therapist2)
    sent = {"saw": "open", "note": "My own words", "until": day(cast, 2), "reason": "away"}
    response = client.post(url(name, alert), sent)
    assert response.status_code == 409
    text = response.content.decode()
    assert re.search(r"Jonas Keller took this, today \d\d:\d\d\.", text)
    assert "My own words" in text
    assert "Called" in text, "the history stands beside it"
    alert.refresh_from_db()
    assert (alert.status, alert.seen_by, alert.note) == ("acknowledged", cast.therapist, "Called")


def test_having_read_that_the_second_may_still_resolve_it(client: Client, cast: Cast, alert: Alert) -> None:
    acknowledge_alert(alert=alert, by=cast.therapist, now=timezone.now())
    sign_in(client, cast.therapist2)
    refused = client.post(url("alert_resolve", alert), {"saw": "open", "note": "Seen today"})
    [saw] = re.findall(r'name="saw" value="(\w+)"', refused.content.decode())
    assert saw == "acknowledged"
    assert client.post(url("alert_resolve", alert), {"saw": saw, "note": "Seen today"}).status_code == 302
    alert.refresh_from_db()
    assert (alert.status, alert.seen_by) == ("resolved", cast.therapist)
    text = client.get(reverse("patients:patient_record", args=[cast.marek.pk])).content.decode()
    assert "Jonas Keller took it" in text
    assert f"{cast.therapist2} resolved it" in text


def test_what_was_put_off_can_be_taken_earlier(client: Client, cast: Cast, alert: Alert) -> None:
    until = local_day(timezone.now(), cast.riverside.time_zone) + dt.timedelta(days=5)
    snooze_alert(alert=alert, until=until, reason="away", by=cast.therapist, now=timezone.now())
    sign_in(client, cast.therapist2)
    assert "Jonas Keller put this off until" in open_page(client, "alert_acknowledge", alert)
    assert client.post(url("alert_acknowledge", alert), {"saw": "open"}).status_code == 409
    assert client.post(url("alert_acknowledge", alert), {"saw": "snoozed"}).status_code == 302
    alert.refresh_from_db()
    assert (alert.status, alert.seen_by, alert.snoozed_until_on) == ("acknowledged", cast.therapist2, None)


def test_a_resolved_alert_offers_nothing_but_the_way_back(client: Client, cast: Cast, alert: Alert) -> None:
    sign_in(client, cast.therapist)
    client.post(url("alert_resolve", alert), {"saw": "open", "note": "Better"})
    for name in PAGES:
        text = open_page(client, name, alert)
        assert "Jonas Keller resolved this" in text
        assert "Back to the patient" in text
        assert 'name="note"' not in text


# --- what the patient reads -------------------------------------------------------------------


def test_the_patient_reads_that_somebody_has_seen_the_entry(client: Client, cast: Cast) -> None:
    now = timezone.now()
    check_in(patient=loaded(cast.hannah), pain_0_10=8, readiness_0_10=2, by=cast.hannah.membership, now=now)
    today, progress = reverse("patients:today"), reverse("patients:progress")
    mine = sign_in(client, member_of(cast.hannah))
    for page in (today, progress):
        assert "has seen" not in mine.get(page).content.decode()
    alert = Alert.objects.select_related("patient__clinic").get(patient=cast.hannah, rule="pain_level")
    acknowledge_alert(alert=alert, by=cast.therapist, now=now + dt.timedelta(seconds=1), note="secret words")
    text = mine.get(today).content.decode()
    assert "Jonas Keller has seen your entry of" in text
    assert "secret words" not in text
    assert re.search(r"Jonas Keller has seen this, today \d\d:\d\d", mine.get(progress).content.decode())
    assert "has seen" not in sign_in(Client(), member_of(cast.wei)).get(today).content.decode()


def test_a_report_counts_as_seen_only_when_somebody_saw_that_report(client: Client, cast: Cast) -> None:
    now = timezone.now()
    check_in(patient=loaded(cast.hannah), pain_0_10=8, readiness_0_10=2, by=cast.hannah.membership, now=now)
    pain = Alert.objects.select_related("patient__clinic").get(patient=cast.hannah, rule="pain_level")
    acknowledge_alert(alert=pain, by=cast.therapist, now=now)
    report_symptoms(patient=loaded(cast.hannah), signs=["fainting"], context="check_in", by=cast.hannah.membership, now=now)
    mine = sign_in(client, member_of(cast.hannah))
    assert "has seen" not in mine.get(reverse("patients:today")).content.decode()
    stop = Alert.objects.select_related("patient__clinic").get(patient=cast.hannah, level="stop")
    acknowledge_alert(alert=stop, by=cast.therapist, now=now, note="Called")
    assert "Jonas Keller has seen your report" in mine.get(reverse("patients:today")).content.decode()
