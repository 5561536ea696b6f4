"""Logging, moving, skipping and pausing sessions."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest

from clinics.errors import Conflict, Invalid
from clinics.localtime import local_day, to_local
from patients.actions.caseload import close_past_days, refresh_entry
from patients.actions.diary import check_in
from patients.actions.planning import move_session, pause_plan, skip_session
from patients.actions.sessions import Done, log_session, prescriptions_of
from patients.models import Assessment, Assignment, CaseloadEntry, CheckIn, ExerciseLog, Pause, ScheduledSession, SessionLog
from tests.cast import Cast, member_of


def today_of(cast: Cast) -> dt.date:
    return local_day(cast.now, "Europe/Berlin")


def log(cast: Cast, session: ScheduledSession, **more: object) -> tuple[SessionLog, bool]:
    values: dict[str, object] = {"as_prescribed": True, "pain_during_0_10": 2, "effort_rpe_0_10": 6, "now": cast.now}
    return log_session(session=session, by=member_of(cast.hannah), **{**values, **more})  # type: ignore[arg-type]


def test_all_as_prescribed_is_one_row_and_a_done_session(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    row, new = log(cast, session)
    assert new
    session.refresh_from_db()
    assert (session.status, session.done_share) == ("done", 1.0)
    assert not ExerciseLog.objects.filter(session_log=row).exists()


def test_what_differed_is_kept_exercise_by_exercise_and_counts_partly(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    doses = prescriptions_of(session)
    done = [Done(doses[0].pk, sets_done=doses[0].sets, load_kg=Decimal("2.5")), Done(doses[1].pk, sets_done=1, pain_0_10=4)]
    row, _new = log(cast, session, as_prescribed=False, exercises=done)
    session.refresh_from_db()
    assert session.status == "partial"
    assert ExerciseLog.objects.filter(session_log=row).count() == len(doses) == 4
    expected = (1 + 1 / doses[1].sets) / 4
    assert session.done_share == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"pain_during_0_10": 11}, "pain_during_0_10"),
        ({"pain_during_0_10": None}, "pain_during_0_10"),
        ({"effort_rpe_0_10": -1}, "effort_rpe_0_10"),
        ({"soreness_0_10": 12}, "soreness_0_10"),
        ({"as_prescribed": False}, None),
    ],
)
def test_a_log_that_cannot_be_is_refused(cast: Cast, wrong: dict[str, object], field: str | None) -> None:
    session = cast.session_today(cast.hannah)
    with pytest.raises(Invalid) as refused:
        log(cast, session, **wrong)
    assert list(refused.value.fields) == ([field] if field else [])
    assert not SessionLog.objects.filter(session=session).exists()


@pytest.mark.parametrize(
    "done",
    [
        {"sets_done": 31},
        {"sets_done": -1},
        {"sets_done": 1, "load_kg": Decimal("NaN")},
        {"sets_done": 1, "load_kg": Decimal(501)},
        {"sets_done": 1, "reps_done": 9999},
    ],
)
def test_numbers_of_sets_and_loads_have_limits(cast: Cast, done: dict[str, object]) -> None:
    session = cast.session_today(cast.hannah)
    with pytest.raises(Invalid) as refused:
        log(cast, session, as_prescribed=False, exercises=[Done(prescriptions_of(session)[0].pk, **done)])  # type: ignore[arg-type]
    assert "exercises" in refused.value.fields


def test_an_exercise_of_another_session_is_refused(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    foreign = prescriptions_of(ScheduledSession.objects.filter(patient=cast.wei).latest("on"))[0]
    with pytest.raises(Invalid):
        log(cast, session, as_prescribed=False, exercises=[Done(foreign.pk, sets_done=1)])


def test_a_double_click_stores_one_log_and_another_key_is_a_conflict(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    key = uuid.uuid4()
    first, new = log(cast, session, client_key=key)
    again, second_new = log(cast, cast.loaded(session), client_key=key)
    assert (first.pk, new, second_new) == (again.pk, True, False)
    with pytest.raises(Conflict):
        log(cast, cast.loaded(session), client_key=uuid.uuid4())
    assert SessionLog.objects.filter(session=session).count() == 1


def test_while_training_is_on_hold_nothing_of_today_is_logged(cast: Cast) -> None:
    check_in(patient=cast.hannah, pain_0_10=2, readiness_0_10=5, signs=["chest_pain"], by=member_of(cast.hannah), now=cast.now)
    session = cast.session_today(cast.hannah)
    with pytest.raises(Conflict):
        log(cast, session)


def test_the_next_morning_says_whether_it_settled(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    refresh_entry(cast.hannah, now=cast.now)
    log(cast, cast.loaded(session))
    cast.hannah.caseload.refresh_from_db()
    morning = cast.now + dt.timedelta(days=1)
    row, _report = check_in(patient=cast.hannah, pain_0_10=6, readiness_0_10=4, by=member_of(cast.hannah), now=morning)
    assert CheckIn.objects.get(pk=row.pk).is_settled is False


def test_a_home_session_moves_to_a_free_day_and_nowhere_else(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    taken = ScheduledSession.objects.planned().filter(patient=cast.hannah, on__gt=today_of(cast)).order_by("on").first()
    assert taken is not None
    free = next(
        day
        for day in (today_of(cast) + dt.timedelta(days=n) for n in range(1, 20))
        if not ScheduledSession.objects.filter(patient=cast.hannah, on=day).exists()
    )
    with pytest.raises(Conflict):
        move_session(session=session, to_on=taken.on, by=member_of(cast.hannah), now=cast.now)
    with pytest.raises(Invalid):
        move_session(session=session, to_on=today_of(cast) - dt.timedelta(days=1), by=member_of(cast.hannah), now=cast.now)
    move_session(session=session, to_on=free, by=member_of(cast.hannah), now=cast.now)
    session.refresh_from_db()
    assert (session.on, session.original_on) == (free, today_of(cast))


def test_an_appointment_in_the_clinic_is_not_moved_by_the_patient(cast: Cast) -> None:
    session = cast.session_today(cast.hannah, "supervised")
    with pytest.raises(Invalid):
        move_session(session=session, to_on=today_of(cast) + dt.timedelta(days=1), by=member_of(cast.hannah), now=cast.now)


def test_an_hour_of_its_own_stays_when_a_session_is_moved_or_the_plan_pauses(cast: Cast) -> None:
    zone = cast.riverside.time_zone

    def hour_of(row: ScheduledSession) -> dt.time:
        row.refresh_from_db()
        assert row.starts_at is not None
        return to_local(row.starts_at, zone).time()

    planned = ScheduledSession.objects.planned().filter(patient=cast.hannah, setting="supervised", on__gt=today_of(cast)).order_by("on")
    session, next_one = (cast.loaded(row) for row in planned[:2])
    agreed = session.assignment.supervised_time
    move_session(session=session, to_on=session.on, at_time=dt.time(9, 30), by=cast.therapist, now=cast.now)
    free = next(
        day
        for day in (session.on + dt.timedelta(days=n) for n in range(1, 20))
        if not ScheduledSession.objects.filter(patient=cast.hannah, on=day).exists()
    )
    move_session(session=cast.loaded(session), to_on=free, by=cast.therapist, now=cast.now)
    assert (hour_of(session), session.on) == (dt.time(9, 30), free)
    pause_plan(assignment=session.assignment, from_on=free, to_on=free, reason="ill", by=cast.therapist, now=cast.now)
    assert (hour_of(session), session.on) == (dt.time(9, 30), free + dt.timedelta(days=7))
    assert hour_of(next_one) == agreed


def test_not_today_needs_a_reason_from_the_list(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    with pytest.raises(Invalid):
        skip_session(session=session, reason="lazy", by=member_of(cast.hannah), now=cast.now)
    skip_session(session=session, reason="time", by=member_of(cast.hannah), now=cast.now)
    session.refresh_from_db()
    assert (session.status, session.reason) == ("skipped", "time")


def test_a_holiday_moves_the_rest_by_whole_weeks_and_counts_against_nobody(cast: Cast) -> None:
    assignment = Assignment.objects.select_related("patient__clinic", "clinic").get(patient=cast.hannah)
    before = {row.pk: row.on for row in ScheduledSession.objects.planned().filter(assignment=assignment)}
    end, assessments = (
        assignment.ends_on,
        list(Assessment.objects.filter(assignment=assignment, status="planned").values_list("due_on", flat=True)),
    )
    first = today_of(cast) + dt.timedelta(days=2)
    pause = pause_plan(
        assignment=assignment, from_on=first, to_on=first + dt.timedelta(days=9), reason="holiday", by=member_of(cast.hannah), now=cast.now
    )
    assert pause.shifted_days == 14
    assignment.refresh_from_db()
    assert assignment.ends_on == end + dt.timedelta(days=14)
    for row in ScheduledSession.objects.filter(pk__in=before):
        moved = 14 if before[row.pk] >= first else 0
        assert row.on == before[row.pk] + dt.timedelta(days=moved)
    assert sorted(Assessment.objects.filter(assignment=assignment, status="planned").values_list("due_on", flat=True)) == [
        on + dt.timedelta(days=14) for on in sorted(assessments)
    ]
    with pytest.raises(Conflict):
        pause_plan(assignment=assignment, from_on=first, to_on=first, reason="ill", by=member_of(cast.hannah), now=cast.now)
    assert Pause.objects.filter(assignment=assignment).count() == 1


def test_the_night_turns_yesterdays_open_sessions_into_missed_ones(cast: Cast) -> None:
    later = cast.now + dt.timedelta(days=1)
    session = cast.session_today(cast.hannah)
    refresh_entry(cast.hannah, now=cast.now)
    before = CaseloadEntry.objects.get(patient=cast.hannah)
    refreshed = close_past_days(now=later)
    session.refresh_from_db()
    assert session.status == "missed"
    assert refreshed >= 1
    assert CaseloadEntry.objects.get(patient=cast.hannah).due_sessions == before.due_sessions + 1
    assert close_past_days(now=later) == 0


def test_a_finished_program_is_completed_and_its_follow_up_stays(cast: Cast) -> None:
    close_past_days(now=cast.now + dt.timedelta(days=60))
    assert Assignment.objects.get(patient=cast.hannah).status == Assignment.Status.COMPLETED
    assert Assessment.objects.filter(patient=cast.hannah, status="planned", key="month_6").exists()
