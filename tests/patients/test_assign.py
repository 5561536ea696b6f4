"""Giving a program: evidence without advice, usual days, every date before it is given, and the way back."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinics.localtime import local_day
from clinics.models import ClosedDay
from patients.actions.symptoms import report_symptoms
from patients.models import Assignment, Patient, ScheduledSession
from programs.models import ProgramApproval
from tests.cast import Cast, sign_in


def url(name: str, patient: Patient) -> str:
    return reverse(f"patients:{name}", args=[patient.pk])


def next_monday(cast: Cast) -> dt.date:
    today = local_day(cast.now, "Europe/Berlin")
    return today + dt.timedelta(days=8 - today.isoweekday())


def choices(cast: Cast, key: str = "leg", **changed: Any) -> dict[str, Any]:
    version = str(cast.version(key).pk)
    return {
        "version": version,
        "days_for": version,
        "starts_on": next_monday(cast).isoformat(),
        "supervised_weekdays": ["1", "4"],
        "supervised_time": "17:00",
        "home_weekdays": ["2", "5", "7"],
        **changed,
    }


def test_every_released_program_is_offered_with_its_evidence_and_none_is_chosen(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    text = client.get(url("assign", cast.lena)).content.decode()
    for piece in ("Leg program", "Stabiliser program", "Run-walk program", "Running capability +0.95 per assessment", "alike in all three"):
        assert piece in text
    assert " checked" not in text
    assert "recommend" not in text.lower()


def test_a_program_that_was_not_released_is_not_offered(client: Client, cast: Cast) -> None:
    ProgramApproval.objects.filter(clinic=cast.riverside, version=cast.version("leg")).delete()
    sign_in(client, cast.therapist)
    assert "Leg program" not in client.get(url("assign", cast.lena)).content.decode()
    response = client.post(url("assign_confirm", cast.lena), choices(cast))
    assert response.status_code == 422
    assert not Assignment.objects.filter(patient=cast.lena).exists()


def test_choosing_a_program_fills_in_its_usual_days_and_shows_every_date(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    text = client.get(url("assign", cast.lena), {"version": str(cast.version("leg").pk)}).content.decode()
    assert "40 sessions" in text
    assert "5 assessments" in text
    run_walk = client.get(url("assign", cast.lena), {**choices(cast), "version": str(cast.version("run_walk").pk)}).content.decode()
    assert "36 sessions" in run_walk
    assert "Time in the clinic" not in run_walk


def test_a_change_gets_only_the_part_that_changes(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    text = client.get(url("assign", cast.lena), choices(cast), headers={"HX-Request": "true"}).content.decode()
    assert text.lstrip().startswith('<div id="assign"')
    assert "<html" not in text


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"supervised_weekdays": ["1"]}, "Choose 2 days in the clinic."),
        ({"supervised_weekdays": ["1", "2", "4"]}, "Choose only 2 days in the clinic."),
        ({"home_weekdays": ["2", "5"]}, "Choose 3 days at home."),
        ({"home_weekdays": ["1", "5", "7"]}, "A day is either in the clinic or at home, not both."),
        ({"starts_on": "2020-01-06"}, "The start cannot be in the past."),
        ({"starts_on": ""}, "This field is required."),
        ({"supervised_time": ""}, "Choose the time in the clinic."),
        ({"home_weekdays": ["2", "5", "9"]}, "Select a valid choice"),
    ],
)
def test_what_does_not_fit_is_said_beside_the_field_and_nothing_is_given(
    client: Client, cast: Cast, changed: dict[str, Any], message: str
) -> None:
    sign_in(client, cast.therapist)
    data = choices(cast, **changed)
    assert message in client.get(url("assign", cast.lena), data).content.decode()
    assert client.get(url("assign_confirm", cast.lena), data).status_code == 422
    refused = client.post(url("assign_confirm", cast.lena), data)
    assert refused.status_code == 422
    assert message in refused.content.decode()
    assert not Assignment.objects.filter(patient=cast.lena).exists()


def test_closed_days_move_sessions_and_are_named(client: Client, cast: Cast) -> None:
    monday = next_monday(cast)
    ClosedDay.objects.create(clinic=cast.riverside, on=monday, name="Spring holiday")
    sign_in(client, cast.therapist)
    text = client.get(url("assign", cast.lena), choices(cast)).content.decode()
    assert "The clinic is closed; these sessions move:" in text
    assert "(Spring holiday)" in text


def test_confirming_gives_the_program_which_waits_for_the_symptom_check(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    shown = client.get(url("assign_confirm", cast.lena), choices(cast))
    assert shown.status_code == 200
    assert not Assignment.objects.filter(patient=cast.lena).exists()
    response = client.post(url("assign_confirm", cast.lena), choices(cast), follow=True)
    assert "waits until the symptom check is clear" in response.content.decode()
    assignment = Assignment.objects.get(patient=cast.lena)
    assert assignment.status == Assignment.Status.HELD
    assert assignment.supervised_weekdays == [1, 4]
    assert ScheduledSession.objects.filter(assignment=assignment).count() == 40


def test_with_a_clear_check_the_program_runs_at_once(client: Client, cast: Cast) -> None:
    report_symptoms(patient=cast.marek, signs=(), context="onboarding", by=cast.marek.membership, now=cast.now)
    sign_in(client, cast.therapist2)
    assert "The symptom check is clear" in client.get(url("assign", cast.marek)).content.decode()
    client.post(url("assign_confirm", cast.marek), choices(cast))
    assert Assignment.objects.get(patient=cast.marek).status == Assignment.Status.RUNNING


def test_an_open_report_is_shown_before_anything_is_given(client: Client, cast: Cast) -> None:
    report_symptoms(patient=cast.marek, signs=["chest_pain"], context="onboarding", by=None, now=cast.now)
    sign_in(client, cast.therapist2)
    assert "is not cleared yet" in client.get(url("assign", cast.marek)).content.decode()


def test_a_second_program_is_refused_while_one_runs(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    assert "is still running" in client.get(url("assign", cast.hannah)).content.decode()
    response = client.post(url("assign_confirm", cast.hannah), choices(cast))
    assert response.status_code == 409
    assert "A program is already running" in response.content.decode()
    assert Assignment.objects.filter(patient=cast.hannah).count() == 1


@pytest.mark.parametrize("name", ["assign", "assign_confirm"])
def test_another_clinic_finds_nobody_to_give_a_program_to(client: Client, cast: Cast, name: str) -> None:
    sign_in(client, cast.harbour_therapist)
    assert client.get(url(name, cast.lena), choices(cast)).status_code == 404
    if name == "assign_confirm":
        assert client.post(url(name, cast.lena), choices(cast)).status_code == 404


def test_it_can_be_taken_back_until_something_is_logged(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    client.post(url("assign_confirm", cast.lena), choices(cast))
    fresh, used = Assignment.objects.get(patient=cast.lena), Assignment.objects.get(patient=cast.hannah)
    for assignment, status in ((fresh, 302), (used, 409)):
        address = reverse("patients:assignment_withdraw", args=[assignment.pk])
        assert client.get(address).status_code == 200
        assert client.post(address).status_code == status
    fresh.refresh_from_db()
    used.refresh_from_db()
    assert (fresh.status, used.status) == ("withdrawn", "running")


def test_ending_early_needs_the_reason_and_keeps_what_was_done(client: Client, cast: Cast) -> None:
    assignment = Assignment.objects.get(patient=cast.hannah)
    address = reverse("patients:assignment_end", args=[assignment.pk])
    sign_in(client, cast.therapist)
    assert client.get(address).status_code == 200
    for wrong in ({"reason": " ", "outcome": "better"}, {"reason": "free of pain"}, {"reason": "free of pain", "outcome": "bored"}):
        assert client.post(address, wrong).status_code == 422
    ending = {"reason": "free of pain", "outcome": "better"}
    assert client.post(address, ending).status_code == 302
    assignment.refresh_from_db()
    assert (assignment.status, assignment.end_outcome, assignment.end_reason) == ("ended", "better", "free of pain")
    assert assignment.sessions.filter(status="done").exists()
    assert not assignment.sessions.filter(status="planned").exists()
    assert client.post(address, ending).status_code == 409
    sign_in(client, cast.harbour_manager)
    assert client.get(address).status_code == 404
