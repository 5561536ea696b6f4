"""A group in the clinic: taps of several tablets, who came, who walked in, and the log they become."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from clinics.errors import Conflict, DomainError, Invalid
from clinics.localtime import local_day
from patients.actions.group import Overtaken, attend, enter, enter_as_planned, finish_session, state_of
from patients.actions.symptoms import report_symptoms
from patients.actions.tailoring import tailor_plan
from patients.actions.walk_in import walk_in
from patients.models import Assignment, ExerciseLog, GroupEntry, ScheduledSession, SessionLog
from patients.rules.group import Target, What, sets_done, value_of
from programs.models import Prescription
from programs.rules.tailoring import Edit
from tests.cast import Cast, start_program

NOW = timezone.now()
PAIN = Target(What.PAIN)


@pytest.fixture
def session(cast: Cast) -> ScheduledSession:
    return cast.session_today(cast.hannah, "supervised")


@pytest.fixture
def line(session: ScheduledSession) -> Prescription:
    return Prescription.objects.filter(session_plan=session.session_plan, block="main").order_by("position")[0]


def put(session: ScheduledSession, by: Any, target: Target, value: str | None, seen: int = 0, **more: Any) -> GroupEntry:
    row, _new = enter(session=session, target=target, value=None if value is None else Decimal(value), seen=seen, by=by, now=NOW, **more)
    return row


def test_sets_ticked_on_two_tablets_come_together(cast: Cast, session: ScheduledSession, line: Prescription) -> None:
    put(session, cast.therapist, Target(What.SET, line.pk, 1), "1")
    put(session, cast.therapist2, Target(What.SET, line.pk, 2), "1")
    assert sets_done(state_of(session), line.pk) == {1, 2}
    session.refresh_from_db()
    assert session.attendance == "came"


def test_the_same_tap_sent_twice_is_stored_once_even_when_it_was_taken_back_meanwhile(
    cast: Cast, session: ScheduledSession, line: Prescription
) -> None:
    key, target = uuid.uuid4(), Target(What.SET, line.pk, 1)
    first = put(session, cast.therapist, target, "1", client_key=key)
    put(session, cast.therapist2, target, "0", seen=1)
    assert put(session, cast.therapist, target, "1", client_key=key) == first
    assert sets_done(state_of(session), line.pk) == frozenset()
    with pytest.raises(Conflict, match="other content"):
        put(session, cast.therapist, Target(What.SET, line.pk, 2), "1", client_key=key)


def test_a_value_nobody_saw_is_never_overwritten_and_both_are_named(cast: Cast, session: ScheduledSession, line: Prescription) -> None:
    target = Target(What.LOAD, line.pk)
    put(session, cast.therapist2, target, "45")
    with pytest.raises(Overtaken) as refused:
        put(session, cast.therapist, target, "40")
    text = str(refused.value.message)
    assert all(part in text for part in ("Amara Diallo", "45 kg", "40 kg", "Nothing was overwritten"))
    assert value_of(state_of(session), What.LOAD, line.pk) == 45
    put(session, cast.therapist, target, "40", seen=1)
    assert list(GroupEntry.objects.filter(what="load").order_by("revision").values_list("value", "made_by")) == [
        (Decimal("45"), cast.therapist2.pk),
        (Decimal("40"), cast.therapist.pk),
    ]


def test_the_same_value_from_both_is_no_conflict(cast: Cast, session: ScheduledSession, line: Prescription) -> None:
    put(session, cast.therapist2, Target(What.LOAD, line.pk), "45")
    put(session, cast.therapist, Target(What.LOAD, line.pk), "45.0")
    assert GroupEntry.objects.filter(what="load").count() == 1


@pytest.mark.parametrize("value", ["11", "-1", "2.5", "NaN"])
def test_what_cannot_be_right_is_refused(cast: Cast, session: ScheduledSession, value: str) -> None:
    with pytest.raises(Invalid):
        put(session, cast.therapist, PAIN, value)


def test_an_exercise_of_another_plan_and_a_set_too_many_are_refused(cast: Cast, session: ScheduledSession, line: Prescription) -> None:
    other = Prescription.objects.filter(block="main").exclude(session_plan=session.session_plan)[0]
    for target in (Target(What.SET, other.pk, 1), Target(What.SET, line.pk, line.sets + 1)):
        with pytest.raises(Invalid):
            put(session, cast.therapist, target, "1")


def test_nothing_is_entered_on_hold_before_the_day_at_home_or_for_somebody_absent(cast: Cast, session: ScheduledSession) -> None:
    home = cast.loaded(ScheduledSession.objects.planned().filter(patient=cast.hannah, setting="home")[0])
    later = cast.loaded(ScheduledSession.objects.planned().filter(patient=cast.hannah, setting="supervised", on__gt=session.on)[0])
    for one in (home, later):
        with pytest.raises(DomainError):
            enter_as_planned(session=one, by=cast.therapist, now=NOW)
    attend(session=session, attendance="no_show", seen="", by=cast.therapist, now=NOW)
    with pytest.raises(Conflict, match="did not come"):
        enter_as_planned(session=session, by=cast.therapist, now=NOW)
    attend(session=session, attendance="came", seen="no_show", by=cast.therapist, now=NOW)
    report_symptoms(patient=cast.hannah, signs=["bladder_bowel"], context="check_in", by=cast.therapist, now=NOW)
    with pytest.raises(Conflict, match="on hold"):
        enter_as_planned(session=session, by=cast.therapist, now=NOW)


def test_all_as_planned_ticks_what_is_missing_and_finishing_makes_the_log(
    cast: Cast, session: ScheduledSession, line: Prescription
) -> None:
    key = uuid.uuid4()
    put(session, cast.therapist2, Target(What.SET, line.pk, 1), "1")
    planned = sum(Prescription.objects.filter(session_plan=session.session_plan, block="main").values_list("sets", flat=True))
    assert enter_as_planned(session=session, by=cast.therapist, now=NOW, client_key=key) == planned - 1
    assert enter_as_planned(session=session, by=cast.therapist, now=NOW, client_key=key) == 0
    with pytest.raises(Invalid):
        finish_session(session=session, by=cast.therapist, now=NOW)
    put(session, cast.therapist, PAIN, "2")
    put(session, cast.therapist, Target(What.EFFORT), "6")
    log, is_new = finish_session(session=session, by=cast.therapist, now=NOW, client_key=key)
    assert (is_new, log.as_prescribed, log.pain_during_0_10, log.effort_rpe_0_10, log.source) == (True, True, 2, 6, "clinic")
    assert finish_session(session=session, by=cast.therapist, now=NOW, client_key=key) == (log, False)
    session.refresh_from_db()
    assert (session.status, session.attendance) == ("done", "came")
    with pytest.raises(Conflict):
        put(session, cast.therapist, PAIN, "3", seen=1)


def test_what_differed_stands_in_the_log_and_a_load_nobody_changed_is_last_times(
    cast: Cast, session: ScheduledSession, line: Prescription
) -> None:
    second = Prescription.objects.filter(session_plan=session.session_plan, block="main").order_by("position")[1]
    last = SessionLog.objects.filter(patient=cast.hannah).order_by("-on").first()
    assert last is not None
    SessionLog.objects.filter(pk=last.pk).update(as_prescribed=False)
    before = {"clinic": cast.riverside, "patient": cast.hannah, "session_log": last, "sets_done": 3}
    ExerciseLog.objects.create(prescription=second, load_kg=Decimal("32.5"), **before)
    put(session, cast.therapist, Target(What.SET, line.pk, 1), "1")
    put(session, cast.therapist, Target(What.REPS, line.pk), str((line.reps_high or 0) + 2))
    put(session, cast.therapist, Target(What.LOAD, line.pk), "41.5")
    for number in range(1, second.sets + 1):
        put(session, cast.therapist, Target(What.SET, second.pk, number), "1")
    put(session, cast.therapist, PAIN, "4")
    log, _new = finish_session(session=session, by=cast.therapist, now=NOW)
    rows = {row.prescription_id: row for row in log.exercises.all()}
    assert (rows[line.pk].sets_done, rows[line.pk].reps_done, rows[line.pk].load_kg) == (1, (line.reps_high or 0) + 2, Decimal("41.5"))
    assert (rows[second.pk].sets_done, rows[second.pk].load_kg) == (second.sets, Decimal("32.5"))
    session.refresh_from_db()
    assert session.status == "partial"


def test_a_session_stopped_for_pain_needs_neither_sets_nor_pain(cast: Cast, session: ScheduledSession) -> None:
    with pytest.raises(Invalid, match="No set is ticked"):
        finish_session(session=session, by=cast.therapist, now=NOW)
    put(session, cast.therapist, Target(What.STOPPED), "1")
    log, _new = finish_session(session=session, by=cast.therapist, now=NOW)
    assert log.stopped_for_pain


def test_who_did_not_come_is_missed_who_cancelled_late_skipped_and_both_are_taken_back(cast: Cast, session: ScheduledSession) -> None:
    def stands() -> tuple[str, str, str]:
        session.refresh_from_db()
        return session.attendance, session.status, session.reason

    attend(session=session, attendance="no_show", seen="", by=cast.therapist, now=NOW)
    assert stands() == ("no_show", "missed", "")
    with pytest.raises(Conflict):
        attend(session=session, attendance="late", seen="", by=cast.therapist2, now=NOW)
    attend(session=session, attendance="late", seen="no_show", by=cast.therapist2, now=NOW, reason="ill")
    assert stands() == ("late", "skipped", "ill")
    attend(session=session, attendance="late", seen="", by=cast.therapist2, now=NOW)
    attend(session=session, attendance="no_show", seen="late", by=cast.therapist, now=NOW)
    attend(session=session, attendance="", seen="no_show", by=cast.therapist, now=NOW)
    assert stands() == ("", "planned", "")


def test_a_walk_in_brings_the_next_session_of_the_week_to_today(cast: Cast) -> None:
    today = local_day(cast.now, "Europe/Berlin")
    rows = ScheduledSession.objects.filter(patient=cast.hannah, setting="supervised")
    rows.filter(on=today).delete()
    coming = rows.planned().filter(on__gt=today).order_by("on")[0]
    found = walk_in(patient=cast.hannah, by=cast.therapist, now=cast.now, at_time=dt.time(17))
    assert (found.pk, found.on, found.original_on, found.attendance) == (coming.pk, today, coming.on, "came")
    assert walk_in(patient=cast.hannah, by=cast.therapist2, now=cast.now) == found


def test_without_a_session_near_by_one_more_is_made_and_a_missed_one_is_used_first(cast: Cast) -> None:
    today = local_day(cast.now, "Europe/Berlin")
    rows = ScheduledSession.objects.filter(patient=cast.hannah, setting="supervised", status__in=["planned", "missed"])
    rows.filter(on__gte=today - dt.timedelta(days=8), on__lte=today + dt.timedelta(days=8)).delete()
    made = walk_in(patient=cast.hannah, by=cast.therapist, now=cast.now)
    assert (made.on, made.setting, made.week, made.status) == (today, "supervised", 3, "planned")
    taken = set(ScheduledSession.objects.filter(assignment=made.assignment).values_list("on", flat=True))
    free = next(day for back in range(1, 6) if (day := today - dt.timedelta(days=back)) not in taken)
    ScheduledSession.objects.filter(pk=made.pk).update(on=free, status="missed", attendance="no_show")
    assert walk_in(patient=cast.hannah, by=cast.therapist, now=cast.now).pk == made.pk


def test_nobody_walks_in_without_a_running_program_or_on_hold(cast: Cast) -> None:
    with pytest.raises(Invalid, match="No program"):
        walk_in(patient=cast.lena, by=cast.therapist, now=cast.now)
    start_program(cast.marek, "run_walk", cast.therapist2, cast.version("run_walk"), 3, cast.now)
    with pytest.raises(Invalid, match="no session in the clinic"):
        walk_in(patient=cast.marek, by=cast.therapist, now=cast.now)
    Assignment.objects.filter(patient=cast.hannah).update(status="held")
    with pytest.raises(Conflict, match="on hold"):
        walk_in(patient=cast.hannah, by=cast.therapist, now=cast.now)


def test_what_a_group_has_begun_keeps_its_plan_when_the_plan_is_changed(cast: Cast, session: ScheduledSession, line: Prescription) -> None:
    put(session, cast.therapist, Target(What.SET, line.pk, 1), "1")
    assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program", "clinic").get(
        pk=session.assignment_id
    )
    edit = Edit("supervised", 0, line.exercise.key, dose={"sets": 5})
    tailor_plan(assignment=assignment, changes=[edit], reason="More", from_on=session.on, by=cast.therapist, now=NOW, until="end")
    session.refresh_from_db()
    assert Prescription.objects.filter(session_plan=session.session_plan, pk=line.pk).exists()
    later = ScheduledSession.objects.planned().filter(assignment=assignment, setting="supervised", on__gt=session.on)[0]
    assert later.session_plan_id != session.session_plan_id
