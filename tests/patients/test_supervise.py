"""What the clinic enters for a patient: sessions, no-shows and assessments."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from patients.models import Assessment, ExerciseLog, ScheduledSession, SessionLog
from programs.models import Prescription
from tests.cast import Cast, sign_in


def address(session: ScheduledSession) -> str:
    return reverse("patients:session_supervise", args=[session.pk])


def entries(session: ScheduledSession, **changed: Any) -> dict[str, Any]:
    """Return the form as a browser sends it when nothing was changed but pain."""
    data: dict[str, Any] = {
        "how": "entered",
        "pain_during_0_10": "3",
        "effort_rpe_0_10": "6",
        "on": session.on.isoformat(),
        "source": "clinic",
    }
    for row in Prescription.objects.filter(session_plan=session.session_plan, block="main"):
        data[f"{row.pk}-sets_done"] = row.sets
        data[f"{row.pk}-reps_done"] = row.reps_high or ""
        data[f"{row.pk}-hold_seconds_done"] = row.hold_seconds or ""
        data[f"{row.pk}-load_kg"] = "40.5"
    return {**data, **changed}


@pytest.fixture
def session(cast: Cast) -> ScheduledSession:
    return cast.session_today(cast.hannah, "supervised")


def test_the_form_shows_every_exercise_with_what_was_done_last_time(client: Client, cast: Cast, session: ScheduledSession) -> None:
    sign_in(client, cast.therapist2)
    text = client.get(address(session)).content.decode()
    assert text.count("stepper stepper--s") >= 5
    assert "as prescribed" in text
    assert "first time" in text or "history" in text


def test_what_was_entered_is_stored_set_by_set(client: Client, cast: Cast, session: ScheduledSession) -> None:
    first = Prescription.objects.filter(session_plan=session.session_plan, block="main").order_by("position")[0]
    sign_in(client, cast.therapist)
    assert client.post(address(session), entries(session, **{f"{first.pk}-sets_done": "1"})).status_code == 302
    log = SessionLog.objects.get(session=session)
    assert (log.source, log.entered_by_id, log.pain_during_0_10, log.effort_rpe_0_10) == ("clinic", cast.therapist.pk, 3, 6)
    row = ExerciseLog.objects.get(session_log=log, prescription=first)
    assert (row.sets_done, row.load_kg) == (1, Decimal("40.5"))
    session.refresh_from_db()
    assert session.status == "partial"


def test_all_as_prescribed_is_one_press(client: Client, cast: Cast, session: ScheduledSession) -> None:
    sign_in(client, cast.therapist)
    data = {"how": "prescribed", "pain_during_0_10": "2", "on": session.on.isoformat(), "source": "paper"}
    assert client.post(address(session), data).status_code == 302
    log = SessionLog.objects.get(session=session)
    assert (log.as_prescribed, log.source) == (True, "paper")
    session.refresh_from_db()
    assert session.status == "done"
    assert "already logged" in client.get(address(session)).content.decode()
    assert client.post(address(session), data).status_code == 409


@pytest.mark.parametrize(
    "changed",
    [
        {"pain_during_0_10": ""},
        {"pain_during_0_10": "11"},
        {"effort_rpe_0_10": "-1"},
        {"on": "2999-01-01"},
        {"source": "app"},
        {"note": "x" * 3000},
        {"how": "nonsense", "pain_during_0_10": "NaN"},
    ],
)
def test_what_cannot_be_right_is_refused_and_nothing_is_stored(
    client: Client, cast: Cast, session: ScheduledSession, changed: dict[str, str]
) -> None:
    sign_in(client, cast.therapist)
    assert client.post(address(session), entries(session, **changed)).status_code == 422
    assert not SessionLog.objects.filter(session=session).exists()


@pytest.mark.parametrize("value", ["-1", "31", "1.5", "NaN", "9" * 400])
def test_numbers_of_sets_are_kept_in_range(client: Client, cast: Cast, session: ScheduledSession, value: str) -> None:
    first = Prescription.objects.filter(session_plan=session.session_plan, block="main")[0]
    sign_in(client, cast.therapist)
    assert client.post(address(session), entries(session, **{f"{first.pk}-sets_done": value})).status_code == 422
    assert not SessionLog.objects.filter(session=session).exists()


def test_a_no_show_is_marked_with_its_reason(client: Client, cast: Cast, session: ScheduledSession) -> None:
    sign_in(client, cast.therapist)
    assert client.post(address(session), {"how": "missed", "reason": "nonsense"}).status_code == 422
    assert client.post(address(session), {"how": "missed", "reason": "ill"}).status_code == 302
    session.refresh_from_db()
    assert (session.status, session.reason) == ("skipped", "ill")


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_clinic_finds_no_session(client: Client, cast: Cast, session: ScheduledSession, method: str) -> None:
    sign_in(client, cast.harbour_therapist)
    assert getattr(client, method)(address(session), {"how": "prescribed", "pain_during_0_10": "1"}).status_code == 404
    assert not SessionLog.objects.filter(session=session).exists()


def test_a_patient_does_not_use_the_clinics_form(client: Client, cast: Cast, session: ScheduledSession) -> None:
    assert cast.hannah.membership is not None
    sign_in(client, cast.hannah.membership)
    assert client.get(address(session)).status_code == 403


def test_an_assessment_can_be_entered_once_it_is_due(client: Client, cast: Cast) -> None:
    row = Assessment.objects.get(patient=cast.hannah, key="middle")
    Assessment.objects.filter(pk=row.pk).update(due_on=cast.now.date())
    url = reverse("patients:assessment_enter", args=[row.pk])
    sign_in(client, cast.therapist)
    assert client.get(url).status_code == 200
    assert client.post(url, {"running_pain_0_10": "4"}).status_code == 422
    assert client.post(url, {"running_pain_0_10": "no_run", "running_capability_0_10": "6"}).status_code == 302
    row.refresh_from_db()
    assert (row.no_run_this_week, row.running_pain_0_10, row.running_capability_0_10) == (True, None, 6)
    assert client.post(url, {"running_pain_0_10": "1", "running_capability_0_10": "9"}).status_code == 409
    later = Assessment.objects.get(patient=cast.hannah, key="month_6")
    early = client.post(reverse("patients:assessment_enter", args=[later.pk]), {"running_pain_0_10": "4", "running_capability_0_10": "6"})
    assert early.status_code == 422
    sign_in(client, cast.harbour_therapist)
    assert client.get(url).status_code == 404
