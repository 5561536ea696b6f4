"""Alerts by API: the same rules as on the pages."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from clinics.localtime import local_day
from clinics.models import AuditEvent
from patients.actions.diary import check_in
from patients.actions.symptoms import report_symptoms
from patients.models import Alert, AlertStep, Patient
from tests.caller import Caller
from tests.cast import Cast


def loaded(patient: Patient) -> Patient:
    return Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=patient.pk)


@pytest.fixture
def alert(cast: Cast) -> Alert:
    """Marek's red pain."""
    check_in(patient=loaded(cast.marek), pain_0_10=8, readiness_0_10=2, by=cast.marek.membership, now=cast.now)
    found: Alert = Alert.objects.get(patient=cast.marek, rule="pain_level")
    return found


def day(cast: Cast, days: int) -> str:
    return str(local_day(timezone.now(), cast.riverside.time_zone) + dt.timedelta(days=days))


def test_an_alert_is_put_off_taken_up_again_and_resolved(cast: Cast, alert: Alert) -> None:
    staff, path = Caller(cast.therapist), f"alerts/{alert.pk}/"
    off = staff.post(f"{path}snooze/", {"until_on": day(cast, 3), "reason": "agreed", "note": "on Thursday"})
    assert (off.status_code, off.json()["status"], off.json()["snoozed_until_on"]) == (200, "snoozed", day(cast, 3))
    assert staff.post(f"{path}snooze/", {"until_on": day(cast, 3), "reason": "agreed"}).status_code == 200, "the same again"
    assert [one["id"] for one in staff.every("alerts/", status="snoozed")] == [str(alert.pk)]
    taken = staff.post(f"{path}acknowledge/", {"saw": "snoozed"})
    assert (taken.status_code, taken.json()["seen_by"], taken.json()["snoozed_until_on"]) == (200, str(cast.therapist.pk), None)
    done = Caller(cast.manager).post(f"{path}resolve/", {"note": "Better"})
    assert (done.status_code, done.json()["status"], done.json()["seen_by"]) == (200, "resolved", str(cast.therapist.pk))
    assert [step.kind for step in AlertStep.objects.filter(alert=alert)] == ["snoozed", "acknowledged", "resolved"]
    trail = AuditEvent.objects.filter(object_id=alert.pk, action__in=["alert.snooze", "alert.acknowledge", "alert.resolve"])
    assert trail.count() == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"days": 0, "reason": "away"}, "until_on"),
        ({"days": 15, "reason": "away"}, "until_on"),
        ({"reason": "away"}, "until_on"),
        ({"days": 2}, "reason"),
        ({"days": 2, "reason": "no"}, "reason"),
        ({"days": 2, "reason": "other"}, "note"),
        ({"days": 2, "reason": "away", "status": "resolved"}, "status"),
    ],
)
def test_what_cannot_be_is_named_by_its_field(cast: Cast, alert: Alert, body: dict[str, Any], field: str) -> None:
    sent = {name: value for name, value in body.items() if name != "days"}
    if "days" in body:
        sent["until_on"] = day(cast, body["days"])
    answer = Caller(cast.therapist).post(f"alerts/{alert.pk}/snooze/", sent)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]


def test_the_second_is_refused_unless_they_say_what_they_saw(cast: Cast, alert: Alert) -> None:
    path = f"alerts/{alert.pk}/"
    assert Caller(cast.therapist).post(f"{path}acknowledge/", {}).status_code == 200
    other = Caller(cast.therapist2)
    assert other.post(f"{path}acknowledge/", {}).status_code == 409
    assert other.post(f"{path}snooze/", {"until_on": day(cast, 2), "reason": "away"}).status_code == 409
    assert other.post(f"{path}resolve/", {"saw": "open"}).status_code == 409
    assert other.post(f"{path}resolve/", {"saw": "acknowledged"}).status_code == 200


def test_a_stop_sign_is_not_put_off_and_not_resolved_without_a_note(cast: Cast) -> None:
    report_symptoms(patient=loaded(cast.marek), signs=["fainting"], context="check_in", by=None, now=cast.now)
    stop = Alert.objects.get(patient=cast.marek, level="stop")
    staff = Caller(cast.therapist)
    assert staff.post(f"alerts/{stop.pk}/snooze/", {"until_on": day(cast, 2), "reason": "away"}).status_code == 400
    refused = staff.post(f"alerts/{stop.pk}/resolve/", {})
    assert (refused.status_code, list(refused.json()["fields"])) == (400, ["note"])
    assert staff.post(f"alerts/{stop.pk}/resolve/", {"note": "Examined"}).status_code == 200


@pytest.mark.parametrize("act", ["acknowledge", "snooze", "resolve"])
def test_other_clinics_find_nothing_and_patients_are_refused(cast: Cast, alert: Alert, act: str) -> None:
    body = {"until_on": day(cast, 2), "reason": "away"} if act == "snooze" else {}
    for member, status in ((cast.harbour_therapist, 404), (cast.both_harbour, 404), (cast.marek.membership, 403)):
        assert Caller(member).post(f"alerts/{alert.pk}/{act}/", body).status_code == status
    alert.refresh_from_db()
    assert alert.status == Alert.Status.OPEN
