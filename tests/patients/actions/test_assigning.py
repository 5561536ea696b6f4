"""Giving a program: forty dates on the right days, refusals beside the field, and what may be taken back."""

import datetime as dt
from collections import Counter

import pytest

from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.localtime import to_local, to_utc
from clinics.models import ClosedDay
from patients.actions.assigning import assign_program, end_assignment, preview_assignment, withdraw_assignment
from patients.actions.symptoms import clear_report, report_symptoms
from patients.models import Assessment, Assignment, Patient, ScheduledSession, SymptomReport
from programs.models import ProgramApproval
from tests.cast import Cast

LEG_DAYS = {"supervised_weekdays": [1, 4], "home_weekdays": [2, 5, 7], "supervised_time": dt.time(17, 0)}


def give(
    cast: Cast, patient: Patient, key: str = "leg", starts_on: dt.date | None = None, now: dt.datetime | None = None, **days: object
) -> Assignment:
    """Assign with the usual days."""
    now = now or cast.now
    return assign_program(
        patient=patient,
        version=cast.version(key),
        starts_on=starts_on or now.date() + dt.timedelta(days=3),
        by=cast.therapist,
        now=now,
        **{**LEG_DAYS, **days},  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("zone", "starts_on", "change_on"),
    [
        ("Europe/Berlin", dt.date(2026, 3, 2), dt.date(2026, 3, 29)),
        ("Europe/Berlin", dt.date(2026, 10, 5), dt.date(2026, 10, 25)),
        ("America/New_York", dt.date(2026, 2, 23), dt.date(2026, 3, 8)),
        ("Australia/Lord_Howe", dt.date(2026, 9, 14), dt.date(2026, 10, 4)),
        ("Asia/Singapore", dt.date(2026, 3, 2), None),
    ],
)
def test_the_forty_sessions_keep_their_local_days_and_times_across_a_clock_change(
    cast: Cast, zone: str, starts_on: dt.date, change_on: dt.date | None
) -> None:
    cast.riverside.time_zone = zone
    cast.riverside.save()
    lena = Patient.objects.select_related("clinic", "caseload").get(pk=cast.lena.pk)
    assignment = give(cast, lena, starts_on=starts_on, now=to_utc(starts_on, dt.time(8), zone) - dt.timedelta(days=2))
    sessions = list(ScheduledSession.objects.filter(assignment=assignment))
    supervised = [session for session in sessions if session.setting == "supervised"]
    home = [session for session in sessions if session.setting == "home"]
    assert (len(supervised), len(home)) == (16, 24)
    assert {to_local(session.starts_at, zone).timetz().replace(tzinfo=None) for session in supervised if session.starts_at} == {
        dt.time(17, 0)
    }
    assert all(session.starts_at and to_local(session.starts_at, zone).date() == session.on for session in supervised)
    assert {session.on.isoweekday() for session in supervised} == {1, 4}
    assert {session.on.isoweekday() for session in home} == {2, 5, 7}
    assert all(session.starts_at is None for session in home)
    assert Counter(session.week for session in sessions) == dict.fromkeys(range(1, 9), 5)
    assert min(session.on for session in sessions) >= starts_on
    assert max(session.on for session in sessions) <= assignment.ends_on == starts_on + dt.timedelta(days=55)
    offsets = {to_local(session.starts_at, zone).utcoffset() for session in supervised if session.starts_at}
    assert len(offsets) == (2 if change_on else 1)


def test_assessments_are_due_at_start_week_four_and_eight_and_three_and_six_months_after(cast: Cast) -> None:
    start = cast.now.date() + dt.timedelta(days=3)
    assignment = give(cast, cast.lena, starts_on=start)
    due = {row.key: (row.due_on - start).days // 7 for row in Assessment.objects.filter(assignment=assignment)}
    assert due == {"baseline": 0, "middle": 4, "end": 8, "month_3": 21, "month_6": 34}


def test_a_program_waits_until_the_symptom_check_is_clear(cast: Cast) -> None:
    held = give(cast, cast.lena)
    assert held.status == Assignment.Status.HELD
    report_symptoms(patient=cast.lena, signs=(), context=SymptomReport.Context.ONBOARDING, by=None, now=cast.now)
    held.refresh_from_db()
    assert held.status == Assignment.Status.RUNNING


def test_any_yes_holds_it_until_a_therapist_writes_a_clearance(cast: Cast) -> None:
    held = give(cast, cast.lena)
    report, _new = report_symptoms(
        patient=cast.lena, signs=["pregnancy_or_birth"], context=SymptomReport.Context.ONBOARDING, by=None, now=cast.now
    )
    held.refresh_from_db()
    assert held.status == Assignment.Status.HELD
    with pytest.raises(Invalid) as refused:
        clear_report(report=report, note="  ", by=cast.therapist, now=cast.now)
    assert "note" in refused.value.fields
    clear_report(report=report, note="Talked it through, second trimester, walking only.", by=cast.therapist, now=cast.now)
    held.refresh_from_db()
    assert held.status == Assignment.Status.RUNNING


@pytest.mark.parametrize(
    ("days", "field"),
    [
        ({"supervised_weekdays": [1]}, "supervised_weekdays"),
        ({"supervised_weekdays": [1, 3, 4]}, "supervised_weekdays"),
        ({"home_weekdays": [2, 5]}, "home_weekdays"),
        ({"home_weekdays": [1, 2, 5]}, "home_weekdays"),
        ({"home_weekdays": [2, 5, 9]}, "home_weekdays"),
        ({"supervised_time": None}, "supervised_time"),
        ({"starts_on": dt.date(2020, 1, 1)}, "starts_on"),
        ({"starts_on": dt.date(2199, 1, 1)}, "starts_on"),
    ],
)
def test_days_that_cannot_be_are_refused_beside_their_field(cast: Cast, days: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        give(cast, cast.lena, **days)  # type: ignore[arg-type]
    assert list(refused.value.fields) == [field]
    assert not Assignment.objects.filter(patient=cast.lena).exists()


def test_a_second_program_at_once_is_refused(cast: Cast) -> None:
    with pytest.raises(Conflict):
        give(cast, cast.hannah)


def test_a_version_nobody_approved_cannot_be_assigned(cast: Cast) -> None:
    ProgramApproval.objects.filter(clinic=cast.riverside, version=cast.version("leg")).delete()
    with pytest.raises(Invalid) as refused:
        give(cast, cast.lena)
    assert "version" in refused.value.fields


def test_a_therapist_of_another_clinic_cannot_assign(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        assign_program(
            patient=cast.lena,
            version=cast.version("leg"),
            starts_on=cast.now.date() + dt.timedelta(days=3),
            by=cast.harbour_therapist,
            now=cast.now,
            **LEG_DAYS,  # type: ignore[arg-type]
        )


def test_sessions_in_the_clinic_move_off_closed_days_and_home_ones_stay(cast: Cast) -> None:
    start = cast.now.date() + dt.timedelta(days=7)
    monday = start + dt.timedelta(days=(8 - start.isoweekday()) % 7)
    tuesday = monday + dt.timedelta(days=1)
    for on in (monday, tuesday):
        ClosedDay.objects.create(clinic=cast.riverside, on=on, name="Holiday")
    preview = preview_assignment(
        clinic=cast.riverside,
        version=cast.version("leg"),
        starts_on=monday,
        supervised_weekdays=[1, 4],
        home_weekdays=[2, 5, 7],
        today=cast.now.date(),
    )
    assert [(one.original_on, one.on) for one in preview.moved] == [(monday, monday + dt.timedelta(days=2))]
    assert tuesday in [one.on for one in preview.sessions if one.setting == "home"]


def test_an_assignment_can_be_taken_back_until_something_was_logged(cast: Cast) -> None:
    fresh = give(cast, cast.lena)
    withdraw_assignment(assignment=fresh, by=cast.therapist, now=cast.now)
    assert set(ScheduledSession.objects.filter(assignment=fresh).values_list("status", flat=True)) == {"cancelled"}
    begun = Assignment.objects.select_related("patient__clinic").get(patient=cast.hannah)
    with pytest.raises(Conflict):
        withdraw_assignment(assignment=begun, by=cast.therapist, now=cast.now)


def test_ending_early_needs_a_reason_and_keeps_what_was_done(cast: Cast) -> None:
    running = Assignment.objects.select_related("patient__clinic").get(patient=cast.hannah)
    with pytest.raises(Invalid):
        end_assignment(assignment=running, reason=" ", by=cast.therapist, now=cast.now)
    end_assignment(assignment=running, reason="Better, runs again", by=cast.therapist, now=cast.now)
    states = Counter(ScheduledSession.objects.filter(assignment=running).values_list("status", flat=True))
    assert states["done"] > 5
    assert states["planned"] == 0
    assert Assessment.objects.filter(assignment=running, status="planned").count() == 4
