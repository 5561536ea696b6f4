"""Today in every state a patient can be in, how much it asks of the database, and who may not see it."""

import datetime as dt
import gzip
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinics.localtime import local_day
from clinics.models import AuditEvent, Membership
from patients.actions.assessments import answer_assessment
from patients.actions.assigning import assign_program, end_assignment
from patients.actions.caseload import refresh_entry
from patients.actions.planning import pause_plan, skip_session
from patients.actions.runs import log_run
from patients.actions.symptoms import report_symptoms
from patients.models import Assessment, Assignment, Patient, ScheduledSession
from tests.cast import Cast, sign_in, start_program

NO_READ = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


def loaded(patient: Patient) -> Patient:
    """Return the patient as actions want it."""
    return Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=patient.pk)


def account(patient: Patient) -> Membership:
    """Return the membership a patient signs in with."""
    assert patient.membership is not None
    return patient.membership


def with_session_today(cast: Cast, patient: Patient, setting: str = "home") -> ScheduledSession:
    """Put one planned session on today, and let the caseload line know."""
    session = cast.session_today(patient, setting)
    refresh_entry(loaded(patient), now=timezone.now())
    return cast.loaded(session)


def queries(client: Client, path: str, data: dict[str, Any] | None = None) -> int:
    """Return how many statements one request needs, transactions not counted."""
    with CaptureQueriesContext(connection) as context:
        response = client.get(path) if data is None else client.post(path, data)
    assert response.status_code < 400
    return sum(not one["sql"].startswith(NO_READ) for one in context.captured_queries)


@pytest.fixture
def hannah(client: Client, cast: Cast) -> Client:
    """Hannah's browser."""
    return sign_in(client, cast.hannah.membership)


@pytest.fixture
def marek(client: Client, cast: Cast) -> Client:
    """Marek's browser; he has no program yet."""
    return sign_in(client, cast.marek.membership)


def test_today_shows_the_first_question_and_the_session(cast: Cast, hannah: Client) -> None:
    session = with_session_today(cast, cast.hannah)
    page = hannah.get("/me/").content.decode()
    assert "Hannah" in page
    assert "Week 3 of 8" in page
    assert "How much back pain right now?" in page
    assert "the dot is yesterday" in page
    assert "checked" not in page
    assert f"/me/sessions/{session.pk}/" in page
    assert "Start session" in page


def test_today_asks_at_most_six_questions_of_the_database_and_is_light(cast: Cast, hannah: Client) -> None:
    with_session_today(cast, cast.hannah)
    hannah.get("/me/")
    assert queries(hannah, "/me/") <= 6
    assert len(hannah.get("/me/").content) <= 25_000


def test_today_travels_compressed_to_a_phone_and_pages_of_the_clinic_do_not(cast: Cast, hannah: Client) -> None:
    with_session_today(cast, cast.hannah)
    phone = hannah.get("/me/", headers={"accept-encoding": "gzip"})
    assert phone["Content-Encoding"] == "gzip"
    assert len(phone.content) <= 15_000
    assert "Accept-Encoding" in phone["Vary"]
    assert gzip.decompress(phone.content).decode().startswith("<!doctype html>")
    clinic = sign_in(Client(), cast.therapist).get("/patients/", headers={"accept-encoding": "gzip"})
    assert "Content-Encoding" not in clinic


def test_a_check_in_is_stored_with_at_most_seven_statements(cast: Cast, hannah: Client) -> None:
    hannah.get("/me/")
    assert queries(hannah, "/me/check-in/", {"pain_0_10": 2, "readiness_0_10": 7, "answer": "none"}) <= 7


def test_looking_at_today_is_written_down(cast: Cast, hannah: Client) -> None:
    hannah.get("/me/")
    entry = AuditEvent.objects.filter(action="today.view").latest("at")
    assert entry.patient_id == cast.hannah.pk
    assert entry.actor_id == account(cast.hannah).user_id


def test_strangers_sign_in_first_and_staff_have_no_own_day(client: Client, cast: Cast) -> None:
    assert client.get("/me/").status_code == 302
    assert sign_in(client, cast.therapist).get("/me/").status_code == 403


def test_without_a_program_the_check_may_be_done_already(cast: Cast, marek: Client) -> None:
    assert "Your program is being prepared" in marek.get("/me/").content.decode()
    assert marek.post("/me/symptoms/", {"answer": "none"}).status_code == 302
    assert "Your symptom check is done." in marek.get("/me/").content.decode()


def given_leg_program(cast: Cast, patient: Patient, days_ahead: int = 0) -> Assignment:
    """Assign the leg program, as the therapist would."""
    return assign_program(
        patient=loaded(patient),
        version=cast.version("leg"),
        starts_on=local_day(timezone.now(), patient.zone) + dt.timedelta(days=days_ahead),
        supervised_weekdays=[1, 4],
        home_weekdays=[2, 5, 7],
        supervised_time=dt.time(17, 0),
        by=cast.therapist,
        now=timezone.now(),
    )


def test_the_first_visit_leads_through_check_and_measurement(cast: Cast, marek: Client) -> None:
    given_leg_program(cast, cast.marek)
    assert "Begin the symptom check" in marek.get("/me/").content.decode()
    assert marek.post("/me/symptoms/", {"answer": "none"})["Location"] == "/me/assessment/"
    answers = {"running_described": "10 km easy", "running_capability_0_10": 4, "running_pain": "6"}
    form = marek.get("/me/assessment/").content.decode()
    assert "Which run is this about?" in form
    pk = Assessment.objects.get(patient=cast.marek, key="baseline").pk
    assert marek.post(f"/me/assessment/{pk}/", answers)["Location"] == "/me/"
    page = marek.get("/me/").content.decode()
    assert "How much back pain right now?" in page
    assert loaded(cast.marek).running_described == "10 km easy"


def test_before_the_start_today_says_when(cast: Cast, marek: Client) -> None:
    given_leg_program(cast, cast.marek, days_ahead=5)
    marek.post("/me/symptoms/", {"answer": "none"})
    page = marek.get("/me/").content.decode()
    assert "You start on" in page
    assert "Start session" not in page


@pytest.mark.parametrize(("sign", "words"), [("saddle_numbness", "a doctor has to look at now"), ("sharp_pain", "during training")])
def test_an_open_report_holds_the_day(cast: Cast, hannah: Client, sign: str, words: str) -> None:
    with_session_today(cast, cast.hannah)
    report, _ = report_symptoms(
        patient=loaded(cast.hannah), signs=[sign], context="check_in", by=cast.hannah.membership, now=timezone.now()
    )
    page = hannah.get("/me/").content.decode()
    assert "Training is on hold" in page
    assert words in page
    assert f"/me/stop/{report.pk}/" in page
    assert "Start session" not in page
    assert queries(hannah, "/me/") <= 6


def test_a_report_before_any_program_holds_the_day_too(cast: Cast, marek: Client) -> None:
    marek.post("/me/symptoms/", {"answer": "list", "signs": ["heart_condition"]})
    page = marek.get("/me/").content.decode()
    assert "Training is on hold" in page
    assert "one of the first questions" in page
    assert queries(marek, "/me/") <= 6


def test_a_session_in_the_clinic_shows_time_and_place(cast: Cast, hannah: Client) -> None:
    with_session_today(cast, cast.hannah, "supervised")
    page = hannah.get("/me/").content.decode()
    assert "In the clinic today" in page
    assert "Riverside Physiotherapy" in page
    assert "Start session" not in page


def test_a_day_without_a_session_shows_the_next_one(cast: Cast, hannah: Client) -> None:
    today = local_day(timezone.now(), "Europe/Berlin")
    ScheduledSession.objects.filter(patient=cast.hannah, on=today).delete()
    refresh_entry(loaded(cast.hannah), now=timezone.now())
    page = hannah.get("/me/").content.decode()
    assert "No session today" in page
    assert "Next session" in page
    assert queries(hannah, "/me/") <= 6


def test_a_paused_program_says_until_when(cast: Cast, hannah: Client) -> None:
    today = local_day(timezone.now(), "Europe/Berlin")
    assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload").get(patient=cast.hannah)
    pause_plan(
        assignment=assignment,
        from_on=today,
        to_on=today + dt.timedelta(days=6),
        reason="holiday",
        by=account(cast.hannah),
        now=timezone.now(),
    )
    page = hannah.get("/me/").content.decode()
    assert "The program is paused" in page
    assert "Start session" not in page


def test_a_session_left_out_is_noted_without_reproach(cast: Cast, hannah: Client) -> None:
    session = with_session_today(cast, cast.hannah)
    skip_session(session=session, reason="time", by=account(cast.hannah), now=timezone.now())
    page = hannah.get("/me/").content.decode()
    assert "nothing more is needed" in page
    assert "Do it after all" in page


def test_after_the_end_today_says_what_was_reached(cast: Cast, hannah: Client) -> None:
    assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload").get(patient=cast.hannah)
    end_assignment(assignment=assignment, reason="moved away", by=cast.therapist, now=timezone.now())
    page = hannah.get("/me/").content.decode()
    assert "Your program has ended" in page
    assert "Sessions done" in page
    assert "Start session" not in page


def test_settings_are_reached_through_more_and_marked_as_belonging_there(client: Client, cast: Cast) -> None:
    browser = sign_in(client, cast.hannah.membership)
    assert 'href="/settings/"' in browser.get("/me/more/").content.decode()
    assert '<a href="/me/more/" aria-current="page">' in browser.get("/settings/").content.decode()
    staff = sign_in(Client(), cast.therapist).get("/settings/").content.decode()
    assert 'aria-current="page"' not in staff


def test_after_the_end_both_measures_are_told_in_words_and_what_comes_next(cast: Cast, hannah: Client) -> None:
    assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload").get(patient=cast.hannah)
    now = timezone.now()
    Assessment.objects.filter(assignment=assignment, key="middle").update(due_on=local_day(now, "Europe/Berlin"))
    end = Assessment.objects.select_related("patient__clinic", "patient__caseload").get(assignment=assignment, key="middle")
    answer_assessment(
        assessment=end, running_capability_0_10=7, running_pain_0_10=5, no_run_this_week=False, by=account(cast.hannah), now=now
    )
    end_assignment(assignment=assignment, reason="better", outcome="better", by=cast.therapist, now=now)
    for path in ("/me/", "/me/progress/"):
        page = hannah.get(path).content.decode()
        assert "from 4 to 7" in page, path
        assert "more than chance answers explain (3 points)" in page
        assert "from 6 to 5" in page
        assert "Pain when running: no change that clearly means something." in page
    assert queries(hannah, "/me/") <= 6
    page = hannah.get("/me/").content.decode()
    for words in ("3 months after", "6 months after", "was not studied", "pain up to 5", "+49 30 5550100"):
        assert words in page


def test_after_a_run_walk_program_the_highest_stage_is_told(cast: Cast, hannah: Client) -> None:
    end_assignment(
        assignment=Assignment.objects.select_related("patient__clinic", "patient__caseload").get(patient=cast.hannah),
        reason="other program",
        by=cast.therapist,
        now=timezone.now(),
    )
    run_walk = start_program(cast.hannah, "run_walk", cast.therapist, cast.version("run_walk"), 10, timezone.now())
    session = ScheduledSession.objects.filter(assignment=run_walk, week=2).order_by("on").first()
    assert session is not None
    log_run(
        patient=cast.loaded(session).patient,
        session=cast.loaded(session),
        by=cast.hannah.membership,
        now=timezone.now(),
        on=session.on,
        duration_seconds=1800,
        rounds_done=12,
        pain_before_0_10=1,
        pain_worst_0_10=2,
        effort_rpe_0_10=4,
    )
    end_assignment(assignment=cast.loaded(session).assignment, reason="enough", outcome="finished", by=cast.therapist, now=timezone.now())
    page = hannah.get("/me/").content.decode()
    assert queries(hannah, "/me/") <= 6
    assert "Highest stage" in page
    assert "2 of 12" in page
    assert "No further measurement is planned." not in page


@pytest.mark.parametrize(("days_ago", "text"), [(0, "Your plan has changed"), (6, "Your plan has changed"), (7, "")])
def test_a_change_of_the_plan_is_news_for_a_week_and_costs_no_question(cast: Cast, hannah: Client, days_ago: int, text: str) -> None:
    with_session_today(cast, cast.hannah)
    hannah.get("/me/")  # the first visit of a session writes when it began
    before = queries(hannah, "/me/")
    on = local_day(timezone.now(), "Europe/Berlin") - dt.timedelta(days=days_ago)
    Assignment.objects.filter(patient=cast.hannah).update(tailored_on=on)
    refresh_entry(loaded(cast.hannah), now=timezone.now())
    page = hannah.get("/me/").content.decode()
    assert ("What is different, and why" in page) == bool(text)
    assert text in page
    assert queries(hannah, "/me/") == before


def test_a_change_still_to_come_is_announced(cast: Cast, hannah: Client) -> None:
    on = local_day(timezone.now(), "Europe/Berlin") + dt.timedelta(days=3)
    Assignment.objects.filter(patient=cast.hannah).update(tailored_on=on)
    refresh_entry(loaded(cast.hannah), now=timezone.now())
    assert "Your plan changes on" in hannah.get("/me/").content.decode()
