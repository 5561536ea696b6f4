"""Runs and shoes: stored once, checked everywhere, felt in the caseload at once, corrected without losing anything."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clinics.errors import Conflict, Invalid
from clinics.models import Membership
from patients.actions.assigning import assign_program, end_assignment
from patients.actions.caseload import refresh_entry
from patients.actions.diary import check_in, correct_entry
from patients.actions.runs import LoggedRun, add_shoe, correct_run, log_run, retire_shoe, take_up_shoe
from patients.actions.symptoms import report_symptoms
from patients.models import (
    Alert,
    Assignment,
    CaseloadEntry,
    Correction,
    ExerciseLog,
    Patient,
    Run,
    ScheduledSession,
    SessionLog,
    Shoe,
    SymptomReport,
)
from patients.running import shoe_lines
from tests.cast import Cast

DAY = dt.timedelta(days=1)


def loaded(patient: Patient) -> Patient:
    found: Patient = Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=patient.pk)
    return found


def me(patient: Patient) -> Membership:
    assert patient.membership is not None
    return patient.membership


def go(cast: Cast, **more: Any) -> LoggedRun:
    values: dict[str, Any] = {"pain_worst_0_10": 2, "distance_km": Decimal("5.2"), "duration_seconds": 1900, "now": cast.now} | more
    return log_run(patient=loaded(cast.hannah), by=me(cast.hannah), **values)


def shoe_of(cast: Cast, **more: Any) -> Shoe:
    return add_shoe(patient=loaded(cast.hannah), by=me(cast.hannah), now=cast.now - 5 * DAY, **{"name": "Blue ones"} | more)[0]


@pytest.fixture
def runner(cast: Cast) -> Cast:
    """Hannah gets the run-walk program instead."""
    now = cast.now
    for assignment in Assignment.objects.running().filter(patient=cast.hannah).select_related("patient__clinic", "patient__caseload"):
        end_assignment(assignment=assignment, reason="changes to run-walk", by=cast.therapist, now=now)
    assign_program(
        patient=loaded(cast.hannah),
        version=cast.version("run_walk"),
        starts_on=now.date(),
        supervised_weekdays=[],
        home_weekdays=[1, 3, 6],
        supervised_time=None,
        by=cast.therapist,
        now=now,
    )
    report_symptoms(patient=loaded(cast.hannah), signs=(), context=SymptomReport.Context.ONBOARDING, by=me(cast.hannah), now=now)
    return cast


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"pain_worst_0_10": None}, "pain_worst_0_10"),
        ({"pain_worst_0_10": 11}, "pain_worst_0_10"),
        ({"pain_worst_0_10": True}, "pain_worst_0_10"),
        ({"pain_before_0_10": -1}, "pain_before_0_10"),
        ({"pain_after_0_10": 11}, "pain_after_0_10"),
        ({"leg_pain_0_10": 11}, "leg_pain_0_10"),
        ({"effort_rpe_0_10": 11}, "effort_rpe_0_10"),
        ({"distance_km": None, "duration_seconds": None}, "distance_km"),
        ({"distance_km": Decimal(0)}, "distance_km"),
        ({"distance_km": Decimal("0.001")}, "distance_km"),
        ({"distance_km": Decimal("300.01"), "duration_seconds": None}, "distance_km"),
        ({"distance_km": Decimal("NaN")}, "distance_km"),
        ({"distance_km": Decimal("Infinity")}, "distance_km"),
        ({"distance_km": Decimal(20)}, "distance_km"),
        ({"duration_seconds": 0}, "duration_seconds"),
        ({"duration_seconds": 10**9}, "duration_seconds"),
        ({"average_heart_rate": 29}, "average_heart_rate"),
        ({"average_heart_rate": 251}, "average_heart_rate"),
        ({"source": "guess"}, "source"),
    ],
)
def test_a_number_that_cannot_be_is_refused_beside_its_question(cast: Cast, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        go(cast, **wrong)
    assert list(refused.value.fields) == [field]
    assert not Run.objects.exists()


@pytest.mark.parametrize("days", [-1, 15])
def test_a_day_to_come_or_long_ago_is_refused(cast: Cast, days: int) -> None:
    with pytest.raises(Invalid):
        go(cast, on=(cast.now - days * DAY).date())


@pytest.mark.parametrize("column", ["pain_worst_0_10", "leg_pain_0_10", "effort_rpe_0_10", "average_heart_rate", "rounds_done"])
def test_the_database_refuses_it_as_well(cast: Cast, column: str) -> None:
    run = go(cast).run
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(**{column: 999})


def test_the_same_run_sent_twice_is_stored_once_and_other_content_is_refused(cast: Cast) -> None:
    key = uuid.uuid4()
    first = go(cast, client_key=key, distance_km=Decimal("5.2"))
    again = go(cast, client_key=key, distance_km=Decimal("5.20"), now=cast.now + DAY)
    assert (first.is_new, again.is_new, again.run.pk) == (True, False, first.run.pk)
    with pytest.raises(Conflict):
        go(cast, client_key=key, distance_km=Decimal(6))
    assert Run.objects.count() == 1


def test_a_recording_is_taken_once(cast: Cast) -> None:
    when = cast.now - dt.timedelta(hours=3)
    go(cast, source="fit", done_at=when)
    with pytest.raises(Conflict):
        go(cast, source="fit", done_at=when)


def test_a_run_reaches_the_caseload_line_and_the_line_built_anew_is_the_same(cast: Cast) -> None:
    go(cast, pain_worst_0_10=3, leg_pain_0_10=1)
    go(cast, pain_worst_0_10=7, leg_pain_0_10=4)
    small = CaseloadEntry.objects.get(patient=cast.hannah)
    levels = {reason["rule"]: reason["level"] for reason in small.reasons}
    assert (levels["pain_level"], levels["leg_pain"]) == ("attention", "info")
    assert small.last_entry_at is not None
    refresh_entry(loaded(cast.hannah), now=cast.now)
    whole = CaseloadEntry.objects.get(patient=cast.hannah)
    for name in ("runs", "run_pain", "leg_pain", "log_at"):
        assert small.facts[name] == whole.facts[name], name
    assert small.reasons == whole.reasons
    assert small.facts["runs"][-1][1] == 2
    assert Alert.objects.filter(patient=cast.hannah, rule="pain_level").count() == 1


def test_the_morning_after_a_run_answers_whether_it_settled(cast: Cast) -> None:
    ScheduledSession.objects.filter(patient=cast.hannah).update(status="planned", done_share=0)
    refresh_entry(loaded(cast.hannah), now=cast.now)
    row, _report = check_in(patient=loaded(cast.hannah), pain_0_10=2, readiness_0_10=6, by=me(cast.hannah), now=cast.now)
    assert row.is_settled is None
    go(cast)
    later = cast.now + DAY
    row, _report = check_in(patient=loaded(cast.hannah), pain_0_10=2, readiness_0_10=6, by=me(cast.hannah), now=later)
    assert row.is_settled is True


def test_a_shoe_of_somebody_else_cannot_be_named(cast: Cast) -> None:
    foreign, _new = add_shoe(patient=loaded(cast.marek), name="Marek's", by=me(cast.marek), now=cast.now)
    with pytest.raises(Invalid) as refused:
        go(cast, shoe=foreign)
    assert list(refused.value.fields) == ["shoe"]
    run = go(cast).run
    with pytest.raises(Invalid):
        correct_run(run=run, changes={"shoe": foreign}, by=me(cast.hannah), now=cast.now)


def test_passing_the_limit_is_noted_by_the_run_that_passes_it_and_no_other(cast: Cast) -> None:
    shoe = shoe_of(cast, limit_km=100)
    worn = [go(cast, shoe=shoe, distance_km=Decimal(km), duration_seconds=None).worn_km for km in (60, 39, 1, 5)]
    assert worn == [None, None, Decimal(100), None]


def test_the_kilometres_of_all_shoes_are_one_query(cast: Cast, django_assert_num_queries: Any) -> None:
    one, other = shoe_of(cast), shoe_of(cast, name="Other")
    go(cast, shoe=one, distance_km=Decimal("5.2"))
    go(cast, shoe=one, distance_km=None)
    go(cast, distance_km=Decimal(3))
    with django_assert_num_queries(1):
        lines = {line.shoe.name: (line.km, line.is_worn) for line in shoe_lines(Shoe.objects.filter(patient=cast.hannah))}
    assert lines == {one.name: (Decimal("5.2"), False), other.name: (Decimal(0), False)}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"limit_km": 99}, "limit_km"),
        ({"limit_km": 3001}, "limit_km"),
        ({"started_on": dt.date(2999, 1, 1)}, "started_on"),
    ],
)
def test_a_pair_that_cannot_be_is_refused(cast: Cast, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        shoe_of(cast, **wrong)
    assert list(refused.value.fields) == [field]


def test_a_pair_is_put_aside_once_and_taken_up_again(cast: Cast) -> None:
    shoe = Shoe.objects.select_related("patient__clinic").get(pk=shoe_of(cast).pk)
    retire_shoe(shoe=shoe, by=me(cast.hannah), now=cast.now - 2 * DAY)
    with pytest.raises(Conflict):
        retire_shoe(shoe=shoe, by=me(cast.hannah), now=cast.now)
    with pytest.raises(Invalid):
        go(cast, shoe=shoe)
    assert go(cast, shoe=shoe, on=(cast.now - 3 * DAY).date()).is_new
    take_up_shoe(shoe=shoe, by=me(cast.hannah), now=cast.now)
    with pytest.raises(Conflict):
        take_up_shoe(shoe=shoe, by=me(cast.hannah), now=cast.now)
    assert go(cast, shoe=shoe).is_new


def test_a_correction_keeps_what_stood_there_and_changes_the_line(cast: Cast) -> None:
    shoe = shoe_of(cast)
    run = Run.objects.select_related("patient__clinic", "patient__caseload").get(pk=go(cast, pain_worst_0_10=7).run.pk)
    changes = {"pain_worst_0_10": 2, "distance_km": Decimal("4.8"), "shoe": shoe, "note": "shorter"}
    correct_run(run=run, changes=changes, by=me(cast.hannah), now=cast.now)
    kept = Correction.objects.get(object_id=run.pk)
    assert kept.before == {"pain_worst_0_10": 7, "distance_km": "5.20", "shoe": None, "note": ""}
    assert kept.after == {"pain_worst_0_10": 2, "distance_km": "4.8", "shoe": "Blue ones", "note": "shorter"}
    assert CaseloadEntry.objects.get(patient=cast.hannah).facts["run_pain"][-1][1] == 2
    for wrong in ({"pain_worst_0_10": None}, {"distance_km": None, "duration_seconds": None}, {"average_heart_rate": 20}):
        with pytest.raises(Invalid):
            correct_run(run=run, changes=wrong, by=me(cast.hannah), now=cast.now)
    with pytest.raises(Invalid):
        correct_run(run=run, changes={"pain_worst_0_10": 3}, by=cast.therapist, now=cast.now)


def session_of(cast: Cast) -> ScheduledSession:
    return cast.session_today(cast.hannah)


def go_session(cast: Cast, session: ScheduledSession, **more: Any) -> LoggedRun:
    values: dict[str, Any] = {"pain_worst_0_10": 2, "duration_seconds": 1800, "now": cast.now} | more
    return log_run(patient=session.patient, session=session, by=me(cast.hannah), **values)


@pytest.mark.parametrize(("rounds", "state"), [(None, "done"), (14, "done"), (5, "partial"), (0, "partial")])
def test_a_run_walk_session_logs_its_run_and_its_session_together(runner: Cast, rounds: int | None, state: str) -> None:
    session = session_of(runner)
    run = go_session(runner, session, rounds_done=rounds, effort_rpe_0_10=4).run
    session.refresh_from_db()
    log = SessionLog.objects.get(session=session)
    assert session.status == state
    assert (run.stage, run.run_seconds, run.walk_seconds, run.rounds_done) == (1, 15, 120, 13 if rounds is None else rounds)
    assert (log.pain_during_0_10, log.effort_rpe_0_10) == (2, 4)
    assert [row.sets_done for row in ExerciseLog.objects.filter(session_log=log)] == ([] if state == "done" else [rounds])


def test_a_session_has_one_run_and_its_repetition_changes_nothing(runner: Cast) -> None:
    session, key = session_of(runner), uuid.uuid4()
    first = go_session(runner, session, client_key=key)
    again = go_session(runner, runner.loaded(session), client_key=key)
    assert (again.is_new, again.run.pk) == (False, first.run.pk)
    with pytest.raises(Conflict):
        go_session(runner, runner.loaded(session), client_key=uuid.uuid4())
    assert (Run.objects.count(), SessionLog.objects.filter(session=session).count()) == (1, 1)


def test_a_strength_session_is_no_run(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    with pytest.raises(Invalid):
        go_session(cast, session)
    assert not Run.objects.exists()
    assert not SessionLog.objects.filter(session=session).exists()


@pytest.mark.parametrize("from_run", [True, False])
def test_a_run_and_the_log_of_its_session_say_the_same_after_a_correction(runner: Cast, from_run: bool) -> None:
    session = session_of(runner)
    key = go_session(runner, session, pain_worst_0_10=7).run.pk
    run = Run.objects.select_related("patient__clinic", "patient__caseload").get(pk=key)
    log = SessionLog.objects.select_related("patient__clinic", "patient__caseload").get(session=session)
    if from_run:
        correct_run(run=run, changes={"pain_worst_0_10": 3, "note": "n"}, by=me(runner.hannah), now=runner.now)
    else:
        correct_entry(row=log, changes={"pain_during_0_10": 3, "note": "n"}, by=me(runner.hannah), now=runner.now)
    run.refresh_from_db()
    log.refresh_from_db()
    assert (run.pain_worst_0_10, run.note, log.pain_during_0_10, log.note) == (3, "n", 3, "n")
    assert Correction.objects.filter(object_id__in=[run.pk, log.pk]).count() == 2
    assert "pain_level" not in [reason["rule"] for reason in CaseloadEntry.objects.get(patient=runner.hannah).reasons]
