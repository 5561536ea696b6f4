"""One session: overview, all as prescribed, what differed, stopping, and everything that is refused with a sentence."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clinics.localtime import local_day
from patients.actions.caseload import refresh_entry
from patients.actions.symptoms import report_symptoms
from patients.models import Patient, ScheduledSession, SessionLog, SymptomReport
from programs.models import Prescription
from tests.cast import Cast, sign_in

FELT: dict[str, Any] = {"pain_during_0_10": "3", "effort_rpe_0_10": "7"}


@pytest.fixture
def hannah(client: Client, cast: Cast) -> Client:
    """Hannah's browser."""
    return sign_in(client, cast.hannah.membership)


@pytest.fixture
def session(cast: Cast) -> ScheduledSession:
    """Hannah's home session of today."""
    found = cast.session_today(cast.hannah)
    refresh_entry(Patient.objects.select_related("clinic").get(pk=cast.hannah.pk), now=timezone.now())
    return cast.loaded(found)


def main_of(session: ScheduledSession) -> list[Prescription]:
    """Return the session's main exercises."""
    return list(session.session_plan.prescriptions.filter(block="main").order_by("position"))


def played(session: ScheduledSession, **changes: str) -> dict[str, str]:
    """Return what the player sends when everything was done, with changes such as `x0_sets_done`."""
    data = {f"x{one.position}-sets_done": str(one.sets) for one in main_of(session)}
    return {**data, **FELT, **{name.replace("_", "-", 1): value for name, value in changes.items()}}


def log_of(session: ScheduledSession) -> SessionLog | None:
    """Return the stored log, if any."""
    return SessionLog.objects.filter(session=session).first()


def test_the_overview_shows_every_exercise_with_its_dose_and_steps(session: ScheduledSession, hannah: Client) -> None:
    page = hannah.get(f"/me/sessions/{session.pk}/").content.decode()
    for one in main_of(session):
        assert one.exercise.name in page
        assert one.exercise.text("steps")[0] in page
    assert "Warm-up" in page
    assert "Take care" in page
    assert f"/me/sessions/{session.pk}/play/" in page


def test_all_as_prescribed_is_stored_and_leads_back_to_today(session: ScheduledSession, hannah: Client) -> None:
    assert hannah.post(f"/me/sessions/{session.pk}/", FELT)["Location"] == "/me/"
    log = log_of(session)
    assert log is not None
    assert (log.as_prescribed, log.pain_during_0_10, log.effort_rpe_0_10) == (True, 3, 7)
    assert ScheduledSession.objects.get(pk=session.pk).status == "done"
    page = hannah.get("/me/").content.decode()
    assert "Today&#x27;s session is done" in page or "Today's session is done" in page
    assert f'data-player-done="{session.pk}"' in page


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("pain_during_0_10", "", "Choose a number from 0 to 10."),
        ("pain_during_0_10", "11", "Choose a number from 0 to 10."),
        ("pain_during_0_10", "NaN", "Choose a number from 0 to 10."),
        ("effort_rpe_0_10", "-1", "Choose a number from 0 to 10."),
        ("soreness_0_10", "1e400", "Choose a number from 0 to 10."),
        ("note", "x" * 1_000_000, "Please shorten this"),
    ],
)
def test_what_cannot_be_right_is_refused_and_kept_on_the_page(
    session: ScheduledSession, hannah: Client, name: str, value: str, words: str
) -> None:
    response = hannah.post(f"/me/sessions/{session.pk}/", {**FELT, "note": "felt good", name: value})
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert name == "note" or "felt good" in page
    assert log_of(session) is None


def test_a_second_press_ends_on_the_same_page_and_a_second_log_is_refused(session: ScheduledSession, hannah: Client) -> None:
    key = str(uuid.uuid4())
    for _ in range(2):
        assert hannah.post(f"/me/sessions/{session.pk}/", {**FELT, "client_key": key})["Location"] == "/me/"
    again = hannah.post(f"/me/sessions/{session.pk}/", {**FELT, "client_key": str(uuid.uuid4())})
    assert again.status_code == 409
    assert "already logged" in again.content.decode()
    assert SessionLog.objects.filter(session=session).count() == 1


def test_the_player_shows_one_form_for_every_exercise(session: ScheduledSession, hannah: Client) -> None:
    page = hannah.get(f"/me/sessions/{session.pk}/play/").content.decode()
    for one in main_of(session):
        assert f'name="x{one.position}-sets_done"' in page
    assert f'data-player="{session.pk}"' in page
    assert 'class="pg pg-anim"' in page
    assert 'class="pg pg-still"' in page
    assert "data-pause" in page


def test_everything_played_counts_as_prescribed(session: ScheduledSession, hannah: Client) -> None:
    assert hannah.post(f"/me/sessions/{session.pk}/play/", played(session)).status_code == 302
    log = log_of(session)
    assert log is not None
    assert log.as_prescribed
    assert log.exercises.count() == 0


def test_what_differed_is_kept_by_exercise(session: ScheduledSession, hannah: Client) -> None:
    data = played(session, x0_sets_done="1", x0_pain_0_10="4", x1_sets_done="0", x1_skip_reason="pain", x2_load_kg="12.5")
    assert hannah.post(f"/me/sessions/{session.pk}/play/", data).status_code == 302
    log = log_of(session)
    assert log is not None
    assert not log.as_prescribed
    first, second, third, *_ = log.exercises.order_by("position")
    assert (first.sets_done, first.pain_0_10) == (1, 4)
    assert (second.sets_done, second.skip_reason) == (0, "pain")
    assert third.load_kg is not None
    assert float(third.load_kg) == 12.5
    stored = ScheduledSession.objects.get(pk=session.pk)
    assert stored.status == "partial"
    assert 0 < stored.done_share < 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x0-sets_done", "31"),
        ("x0-sets_done", "-1"),
        ("x0-sets_done", "many"),
        ("x0-reps_done", "501"),
        ("x0-pain_0_10", "11"),
        ("x0-skip_reason", "bored"),
        ("x2-load_kg", "NaN"),
        ("x2-load_kg", "1e400"),
        ("x2-load_kg", "501"),
    ],
)
def test_numbers_of_an_exercise_stay_in_their_range(session: ScheduledSession, hannah: Client, name: str, value: str) -> None:
    response = hannah.post(f"/me/sessions/{session.pk}/play/", {**played(session), name: value})
    assert response.status_code == 422
    assert 'class="err"' in response.content.decode()
    assert log_of(session) is None


def test_a_session_of_last_week_counts_for_its_own_day(cast: Cast, hannah: Client) -> None:
    today = local_day(timezone.now(), "Europe/Berlin")
    row = ScheduledSession.objects.filter(patient=cast.hannah, status="planned", on__lt=today).first()
    row = row or ScheduledSession.objects.filter(patient=cast.hannah, status="planned", setting="home", on__gt=today).first()
    assert row is not None
    taken = set(ScheduledSession.objects.filter(patient=cast.hannah).exclude(pk=row.pk).values_list("on", flat=True))
    day = next(on for back in range(6, 1, -1) if (on := today - dt.timedelta(days=back)) not in taken)
    ScheduledSession.objects.filter(pk=row.pk).update(on=day, setting="home")
    assert hannah.post(f"/me/sessions/{row.pk}/", FELT).status_code == 302
    log = log_of(row)
    assert log is not None
    assert log.on == day
    late = hannah.post(f"/me/sessions/{row.pk}/", {**FELT, "on": "2999-01-01"})
    assert late.status_code == 422


def test_while_held_a_session_can_be_looked_at_only(cast: Cast, session: ScheduledSession, hannah: Client) -> None:
    patient = Patient.objects.select_related("clinic", "caseload").get(pk=cast.hannah.pk)
    report_symptoms(patient=patient, signs=["fainting"], context="check_in", by=cast.hannah.membership, now=timezone.now())
    page = hannah.get(f"/me/sessions/{session.pk}/").content.decode()
    assert "do not train yet" in page
    assert "Start session" not in page
    assert hannah.get(f"/me/sessions/{session.pk}/play/").status_code == 302
    assert hannah.post(f"/me/sessions/{session.pk}/", FELT).status_code == 409
    assert log_of(session) is None


def test_a_session_in_the_clinic_is_entered_by_the_clinic(cast: Cast, hannah: Client) -> None:
    row = cast.session_today(cast.hannah, "supervised")
    page = hannah.get(f"/me/sessions/{row.pk}/").content.decode()
    assert "Your therapist trains with you" in page
    assert "All as prescribed" not in page
    assert hannah.get(f"/me/sessions/{row.pk}/play/").status_code == 302
    assert hannah.post(f"/me/sessions/{row.pk}/", FELT).status_code == 409
    assert log_of(row) is None


def test_stopping_keeps_what_was_done_and_reports_the_sign(session: ScheduledSession, hannah: Client) -> None:
    path = f"/me/sessions/{session.pk}/stop/"
    first = hannah.post(path, {"player": "1", "x0-sets_done": "2", "x0-pain_0_10": "8"}).content.decode()
    assert "Stop the exercise now" in first
    assert 'name="x0-pain_0_10" value="8"' in first
    assert log_of(session) is None
    response = hannah.post(path, {"player": "1", "answer": "list", "signs": ["new_numbness"], "x0-sets_done": "2", "x0-pain_0_10": "8"})
    report = SymptomReport.objects.get(patient=session.patient, status="open")
    assert response["Location"] == f"/me/stop/{report.pk}/"
    log = log_of(session)
    assert log is not None
    assert log.stopped_for_pain
    assert log.pain_during_0_10 is None
    assert log.exercises.get(sets_done=2).pain_0_10 == 8
    assert report.context == "session"


def test_stopping_without_a_sign_ends_the_session_too(session: ScheduledSession, hannah: Client) -> None:
    path = f"/me/sessions/{session.pk}/stop/"
    assert hannah.post(path, {"answer": "none", "pain_during_0_10": "7"})["Location"] == "/me/"
    log = log_of(session)
    assert log is not None
    assert (log.stopped_for_pain, log.pain_during_0_10) == (True, 7)
    assert ScheduledSession.objects.get(pk=session.pk).status == "partial"


def test_a_sign_is_reported_even_where_the_session_was_logged_before(session: ScheduledSession, hannah: Client) -> None:
    hannah.post(f"/me/sessions/{session.pk}/", FELT)
    response = hannah.post(f"/me/sessions/{session.pk}/stop/", {"answer": "list", "signs": ["saddle_numbness"]})
    assert "/me/stop/" in response["Location"]
    assert SymptomReport.objects.filter(patient=session.patient, status="open", level="emergency").exists()


def test_nothing_ticked_asks_again(session: ScheduledSession, hannah: Client) -> None:
    response = hannah.post(f"/me/sessions/{session.pk}/stop/", {"answer": "list"})
    assert response.status_code == 422
    assert log_of(session) is None


@pytest.mark.parametrize("page", ["", "play/", "stop/", "move/", "skip/"])
def test_another_patients_session_does_not_exist(client: Client, cast: Cast, page: str) -> None:
    other = ScheduledSession.objects.filter(patient=cast.wei, setting="home").first()
    assert other is not None
    browser = sign_in(client, cast.hannah.membership)
    assert browser.get(f"/me/sessions/{other.pk}/{page}").status_code == 404
    assert browser.post(f"/me/sessions/{other.pk}/{page}", FELT).status_code == 404
    assert browser.get(f"/me/sessions/{uuid.uuid4()}/{page}").status_code == 404
    assert sign_in(Client(), cast.wei.membership).get(f"/me/sessions/{other.pk}/").status_code == 200
