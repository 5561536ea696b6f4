"""The plan: weeks and states, moving, leaving out, and pausing with a preview."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinics.localtime import local_day
from patients.actions.caseload import refresh_entry
from patients.actions.tailoring import tailor_plan
from patients.models import Assignment, Patient, Pause, ScheduledSession
from programs.rules.tailoring import Edit
from tests.cast import Cast, sign_in


@pytest.fixture
def hannah(client: Client, cast: Cast) -> Client:
    """Hannah's browser."""
    return sign_in(client, cast.hannah.membership)


def today() -> dt.date:
    """Return the day it is at Riverside."""
    return local_day(timezone.now(), "Europe/Berlin")


def coming_home_session(cast: Cast) -> ScheduledSession:
    """Return Hannah's next home session after today."""
    found = ScheduledSession.objects.filter(patient=cast.hannah, setting="home", status="planned", on__gt=today()).order_by("on").first()
    assert found is not None
    return cast.loaded(found)


def free_day(session: ScheduledSession) -> dt.date:
    """Return the first day from tomorrow on without a session."""
    taken = set(ScheduledSession.objects.filter(assignment=session.assignment).values_list("on", flat=True))
    return next(day for n in range(1, 14) if (day := today() + dt.timedelta(days=n)) not in taken)


def test_the_plan_shows_every_week_and_what_is_in_it(cast: Cast, hannah: Client) -> None:
    page = hannah.get("/me/plan/").content.decode()
    for week in range(1, 9):
        assert f"Week {week}<" in page
    assert "Wall sit" in page
    assert "not entered" in page
    assert "Measurements" in page


def test_the_plan_needs_the_same_few_questions_whatever_its_length(cast: Cast, hannah: Client) -> None:
    hannah.get("/me/plan/")
    with CaptureQueriesContext(connection) as context:
        hannah.get("/me/plan/")
    assert len(context.captured_queries) <= 9


def test_without_a_program_the_plan_says_so(client: Client, cast: Cast) -> None:
    assert "No program yet" in sign_in(client, cast.marek.membership).get("/me/plan/").content.decode()


def test_a_home_session_moves_to_a_free_day(cast: Cast, hannah: Client) -> None:
    session = coming_home_session(cast)
    to_on = free_day(session)
    assert to_on.isoformat() in hannah.get(f"/me/sessions/{session.pk}/move/").content.decode()
    assert hannah.post(f"/me/sessions/{session.pk}/move/", {"to_on": to_on.isoformat()})["Location"] == "/me/plan/"
    moved = ScheduledSession.objects.get(pk=session.pk)
    assert (moved.on, moved.original_on) == (to_on, session.on)
    assert "moved from" in hannah.get("/me/plan/").content.decode()


@pytest.mark.parametrize("value", ["", "yesterday", "2020-01-01", "2999-01-01", "x" * 5000])
def test_only_the_days_offered_can_be_chosen(cast: Cast, hannah: Client, value: str) -> None:
    session = coming_home_session(cast)
    response = hannah.post(f"/me/sessions/{session.pk}/move/", {"to_on": value})
    assert response.status_code == 422
    assert "lease choose" in response.content.decode()
    assert ScheduledSession.objects.get(pk=session.pk).on == session.on


def test_an_appointment_is_moved_by_calling(cast: Cast, hannah: Client) -> None:
    session = ScheduledSession.objects.filter(patient=cast.hannah, setting="supervised", status="planned").first()
    assert session is not None
    page = hannah.get(f"/me/sessions/{session.pk}/move/").content.decode()
    assert "Please call your clinic" in page
    assert "+49 30 5550100" in page
    assert hannah.post(f"/me/sessions/{session.pk}/move/", {"to_on": today().isoformat()}).status_code == 422
    assert ScheduledSession.objects.get(pk=session.pk).on == session.on


def test_leaving_a_session_out_asks_for_a_reason(cast: Cast, hannah: Client) -> None:
    session = cast.session_today(cast.hannah)
    path = f"/me/sessions/{session.pk}/skip/"
    assert hannah.post(path, {}).status_code == 422
    assert hannah.post(path, {"reason": "lazy"}).status_code == 422
    assert hannah.post(path, {"reason": "ill"})["Location"] == "/me/"
    stored = ScheduledSession.objects.get(pk=session.pk)
    assert (stored.status, stored.reason) == ("skipped", "ill")


def test_a_session_still_to_come_cannot_be_left_out(cast: Cast, hannah: Client) -> None:
    session = coming_home_session(cast)
    response = hannah.post(f"/me/sessions/{session.pk}/skip/", {"reason": "time"})
    assert response.status_code == 422
    assert "You can move it instead." in response.content.decode()


def test_a_pause_is_previewed_before_it_is_entered(cast: Cast, hannah: Client) -> None:
    session = coming_home_session(cast)
    days = {"from_on": today().isoformat(), "to_on": (today() + dt.timedelta(days=9)).isoformat(), "reason": "holiday"}
    page = hannah.post("/me/plan/pause/", {**days, "step": "preview"}).content.decode()
    assert "Everything moves by 2 weeks" in page
    assert not Pause.objects.exists()
    assert hannah.post("/me/plan/pause/", {**days, "step": "confirm"})["Location"] == "/me/plan/"
    assert ScheduledSession.objects.get(pk=session.pk).on == session.on + dt.timedelta(days=14)
    again = hannah.post("/me/plan/pause/", {**days, "step": "confirm"})
    assert again.status_code == 409
    assert "already a pause" in again.content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"from_on": "2020-01-01"}, "cannot begin in the past"),
        ({"to_on": "2020-01-01"}, "lies before the first"),
        ({"reason": ""}, "Please choose a reason."),
        ({"from_on": "31.31.2026"}, "Please choose a day."),
        ({"to_on": ""}, "Please choose a day."),
    ],
)
@pytest.mark.parametrize("step", ["preview", "confirm"])
def test_a_pause_that_cannot_be_is_refused_at_its_field(cast: Cast, hannah: Client, step: str, change: dict[str, str], words: str) -> None:
    good = {"from_on": today().isoformat(), "to_on": (today() + dt.timedelta(days=3)).isoformat(), "reason": "ill"}
    response = hannah.post("/me/plan/pause/", {**good, **change, "step": step})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Pause.objects.exists()


def test_a_pause_of_nine_weeks_needs_the_therapist(cast: Cast, hannah: Client) -> None:
    days = {"from_on": today().isoformat(), "to_on": (today() + dt.timedelta(days=63)).isoformat(), "reason": "other"}
    response = hannah.post("/me/plan/pause/", {**days, "step": "confirm"})
    assert response.status_code == 422
    assert "speak with your therapist" in response.content.decode()


def test_without_a_running_program_there_is_nothing_to_pause(client: Client, cast: Cast) -> None:
    assert sign_in(client, cast.marek.membership).get("/me/plan/pause/")["Location"] == "/me/plan/"


def test_a_patient_sees_only_the_own_plan(client: Client, cast: Cast) -> None:
    refresh_entry(Patient.objects.select_related("clinic").get(pk=cast.wei.pk), now=timezone.now())
    page = sign_in(client, cast.wei.membership).get("/me/plan/").content.decode()
    own = set(map(str, ScheduledSession.objects.filter(patient=cast.wei).values_list("pk", flat=True)))
    others = set(map(str, ScheduledSession.objects.filter(patient=cast.hannah).values_list("pk", flat=True)))
    assert any(pk in page for pk in own)
    assert not any(pk in page for pk in others)
    assert Assignment.objects.filter(patient=cast.wei).exists()


def test_a_week_says_what_grew_and_where_the_step_comes_from(cast: Cast, hannah: Client) -> None:
    page = hannah.get("/me/plan/").content.decode()
    assert "Different from the week before" in page
    assert "This step is our default, not from a study." in page
    assert "This step is the one of the study." not in page


def test_a_changed_plan_costs_one_question_more_however_often_it_was_changed(cast: Cast, hannah: Client) -> None:
    assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program", "clinic").get(
        patient=cast.hannah
    )
    for sets in (1, 2, 4):
        edits = [Edit("home", 0, "wall_sit", dose={"sets": sets})]
        tailor_plan(assignment=assignment, changes=edits, reason=f"{sets} sets", from_on=today(), by=cast.therapist, now=timezone.now())
    hannah.get("/me/plan/")
    with CaptureQueriesContext(connection) as context:
        page = hannah.get("/me/plan/").content.decode()
    assert len(context.captured_queries) <= 10
    assert page.index("4 sets") < page.index("Earlier changes") < page.index("1 sets")
