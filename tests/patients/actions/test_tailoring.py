"""Changing a running plan: which version holds on which day, what is refused, and two people at once."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.localtime import local_day
from clinics.models import AuditEvent
from patients.actions.assigning import end_assignment
from patients.actions.planning import move_session, pause_plan
from patients.actions.sessions import Done, log_session
from patients.actions.tailoring import point_sessions, tailor_plan
from patients.models import Assignment, AssignmentVersion, Patient, ScheduledSession
from programs.layout import lay_out, line_of
from programs.models import Exercise, Prescription, Program, ProgramVersion, SessionPlan
from programs.rules.diff import Line, diff
from programs.rules.tailoring import Edit
from tests.cast import Cast

ONE_SET = Edit("home", 0, "wall_sit", dose={"sets": 1})


def running(cast: Cast) -> Assignment:
    """Return Hannah's program, loaded as the page loads it: it runs since 16 days, so this is week 3."""
    found: Assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program", "clinic").get(
        patient=cast.hannah, status="running"
    )
    return found


def today(cast: Cast) -> dt.date:
    """Return the day it is where Hannah lives."""
    return local_day(cast.now, cast.hannah.zone)


def tailor(cast: Cast, *edits: Edit, days: int = 0, **more: Any) -> AssignmentVersion:
    """Change Hannah's plan from `days` days ahead."""
    wishes: dict[str, Any] = {"reason": "Knee was sore", "until": "end", "by": cast.therapist, "now": cast.now} | more
    assignment = wishes.pop("assignment", None) or running(cast)
    return tailor_plan(assignment=assignment, changes=edits or [ONE_SET], from_on=today(cast) + dt.timedelta(days=days), **wishes)


def wall_sets(session: ScheduledSession) -> int:
    """Return how many sets of wall sit the session holds."""
    return int(Prescription.objects.get(session_plan_id=session.session_plan_id, exercise__key="wall_sit", block="main").sets)


def sessions(cast: Cast, **where: Any) -> list[ScheduledSession]:
    """Return Hannah's home sessions in date order."""
    return list(ScheduledSession.objects.filter(patient=cast.hannah, setting="home", **where).order_by("on"))


def line(cast: Cast, key: str) -> Line:
    """Return an exercise of the library as it stands somewhere in the leg program."""
    row = Prescription.objects.select_related("exercise").filter(exercise__key=key, exercise__is_current=True, block="main").first()
    assert row is not None
    return line_of(row, row.exercise)


def test_from_its_day_on_a_changed_plan_is_what_sessions_hold(cast: Cast) -> None:
    done_before = {one.pk: one.session_plan_id for one in sessions(cast, status__in=["done", "missed"], on__lt=today(cast))}
    change = tailor(cast, days=5)
    for one in sessions(cast, status="planned"):
        assert (wall_sets(one) == 1) == (one.on >= change.from_on)
    assert {one.pk: one.session_plan_id for one in sessions(cast, pk__in=done_before)} == done_before
    assignment = running(cast)
    assert (assignment.version_id, assignment.tailored_on) == (change.version_id, change.from_on)
    assert [(one["kind"], one["part"], one["after"]) for one in change.changes] == [("dose", "sets", {"sets": 1})] * len(change.changes)


def test_the_version_it_was_forked_from_stays_as_it_was(cast: Cast) -> None:
    before = running(cast).version
    plain = lay_out(before)
    change = tailor(cast)
    assert lay_out(before) == plain
    fork = change.version
    assert (fork.status, fork.forked_from_id, fork.program.origin, fork.program.clinic_id) == (
        "published",
        before.pk,
        Program.Origin.TAILORED,
        cast.riverside.pk,
    )
    assert (fork.program.code, fork.program.kind, fork.weeks, fork.reason) == ("LL", "strength", 8, "Knee was sore")
    warm_ups = [Prescription.objects.filter(session_plan__version=one, block="warm_up").count() for one in (before, fork)]
    assert warm_ups[0] == warm_ups[1] > 0
    changed = Prescription.objects.filter(session_plan__version=fork, dose_provenance="tailored")
    assert set(changed.values_list("exercise__key", flat=True)) == {"wall_sit"}


def test_other_weeks_and_the_progression_stay(cast: Cast) -> None:
    before = lay_out(running(cast).version)
    after = lay_out(tailor(cast, until="week").version)
    assert diff({week: before[week] for week in range(4, 9)}, {week: after[week] for week in range(4, 9)}) == []
    holds = [[line.hold_seconds for session in layout[week] for line in session.lines] for layout in (before, after) for week in (3, 6)]
    assert holds[:2] == holds[2:]


def test_exercises_are_swapped_added_and_left_out(cast: Cast) -> None:
    new = Exercise.objects.get(key="back_extension", is_current=True) if Exercise.objects.filter(key="back_extension").exists() else None
    other = line(cast, "bird_dog") if new is None else line(cast, "back_extension")
    tailor(cast, Edit("home", 0, "wall_sit", line=other), Edit("home", 0, "glute_bridge", drop=True), until="phase")
    session = sessions(cast, status="planned", week=3)[0]
    keys = list(Prescription.objects.filter(session_plan=session.session_plan_id, block="main").values_list("exercise__key", flat=True))
    assert other.key in keys
    assert {"wall_sit", "glute_bridge"} & set(keys) == set()
    assert list(range(len(keys))) == list(
        Prescription.objects.filter(session_plan=session.session_plan_id, block="main").values_list("position", flat=True)
    )


def test_a_second_change_is_forked_from_the_first(cast: Cast) -> None:
    first = tailor(cast)
    second = tailor(cast, Edit("home", 0, "wall_sit", dose={"rest_seconds": 120}), days=2)
    assert (second.version.forked_from_id, second.version.program_id, second.version.number) == (
        first.version_id,
        first.version.program_id,
        2,
    )
    late = sessions(cast, status="planned", on__gte=second.from_on)[-1]
    assert wall_sets(late) == 1
    with pytest.raises(Invalid) as refused:
        tailor(cast, Edit("home", 0, "wall_sit", dose={"rest_seconds": 30}), days=1)
    assert "from_on" in refused.value.fields


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"days": -1}, "from_on"),
        ({"days": 200}, "from_on"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"until": "forever"}, "until"),
        ({"edits": [Edit("home", 0, "wall_sit", dose={"sets": 1}), Edit("home", 7, "wall_sit", drop=True)], "until": "no"}, "until"),
        ({"edits": [Edit("home", 0, "no_such_exercise", drop=True)]}, ""),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(cast: Cast, more: dict[str, Any], field: str) -> None:
    edits = more.pop("edits", [ONE_SET])
    with pytest.raises(Invalid) as refused:
        tailor(cast, *edits, **more)
    assert list(refused.value.fields) == ([field] if field else [])
    assert not AssignmentVersion.objects.exists()
    assert not Program.objects.filter(origin=Program.Origin.TAILORED).exists()


def test_a_session_keeps_at_least_one_exercise(cast: Cast) -> None:
    session = sessions(cast, status="planned", week=3)[0]
    keys = Prescription.objects.filter(session_plan=session.session_plan_id, block="main").values_list("exercise__key", flat=True)
    with pytest.raises(Invalid):
        tailor(cast, *[Edit("home", 0, key, drop=True) for key in keys])


def test_strangers_patients_and_ended_programs_are_refused(cast: Cast) -> None:
    for by in (cast.harbour_therapist, cast.hannah.membership):
        with pytest.raises(NotAllowed):
            tailor(cast, by=by)
    end_assignment(assignment=running(cast), reason="moved", outcome="moved", by=cast.therapist, now=cast.now)
    ended = Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program", "clinic").get(patient=cast.hannah)
    with pytest.raises(Conflict):
        tailor(cast, assignment=ended)


def test_of_two_therapists_the_second_is_told(cast: Cast) -> None:
    seen = running(cast)
    tailor(cast, by=cast.therapist2)
    with pytest.raises(Conflict):
        tailor(cast, Edit("home", 0, "wall_sit", dose={"sets": 5}), assignment=seen)
    with pytest.raises(Conflict):
        tailor(cast, Edit("home", 0, "wall_sit", dose={"sets": 5}), base_id=seen.version_id)
    assert AssignmentVersion.objects.count() == 1
    assert ProgramVersion.objects.filter(program__origin=Program.Origin.TAILORED).count() == 1


def test_a_session_that_moves_over_the_day_of_the_change_follows_its_new_day(cast: Cast) -> None:
    change = tailor(cast, days=6)
    early = next(one for one in sessions(cast, status="planned") if today(cast) <= one.on < change.from_on)
    taken = set(ScheduledSession.objects.filter(patient=cast.hannah).values_list("on", flat=True))
    later = next(day for n in range(30) if (day := change.from_on + dt.timedelta(days=n)) not in taken)
    assert wall_sets(early) > 1
    move_session(session=cast.loaded(early), to_on=later, by=cast.therapist, now=cast.now)
    assert wall_sets(ScheduledSession.objects.get(pk=early.pk)) == 1


def test_a_pause_that_shifts_sessions_over_the_change_brings_them_under_it(cast: Cast) -> None:
    change = tailor(cast, days=6)
    before = [one.pk for one in sessions(cast, status="planned", week__gte=3) if one.on < change.from_on]
    pause_plan(
        assignment=running(cast),
        from_on=today(cast),
        to_on=today(cast) + dt.timedelta(days=13),
        reason="holiday",
        by=cast.therapist,
        now=cast.now,
    )
    moved = sessions(cast, pk__in=before)
    assert moved
    assert {(one.on >= change.from_on, wall_sets(one)) for one in moved} == {(True, 1)}


def test_what_was_done_from_the_screen_before_is_logged_under_the_plan_before(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    had = list(Prescription.objects.filter(session_plan=session.session_plan_id, block="main").order_by("position"))
    tailor(cast, Edit("home", 0, had[0].exercise.key, drop=True))
    fresh = cast.loaded(session)
    assert fresh.session_plan_id != session.session_plan_id
    done = [Done(one.pk, sets_done=one.sets) for one in had]
    log_session(session=fresh, by=cast.hannah.membership, now=cast.now, as_prescribed=False, exercises=done, pain_during_0_10=2)
    stored = ScheduledSession.objects.get(pk=session.pk)
    assert (stored.status, stored.done_share, stored.session_plan_id) == ("done", 1.0, session.session_plan_id)


def test_an_exercise_of_nobodys_plan_is_still_refused(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    tailor(cast)
    strange = Prescription.objects.filter(session_plan__version__program__key="stabiliser", block="main").first()
    assert strange is not None
    with pytest.raises(Invalid):
        log_session(
            session=cast.loaded(session),
            by=cast.hannah.membership,
            now=cast.now,
            as_prescribed=False,
            exercises=[Done(strange.pk, sets_done=1)],
            pain_during_0_10=2,
        )


def test_the_line_of_the_caseload_knows_the_day_and_the_trail_names_no_text(cast: Cast) -> None:
    change = tailor(cast)
    facts = Patient.objects.select_related("caseload").get(pk=cast.hannah.pk).caseload.facts
    assert facts["program"]["tailored_on"] == change.from_on.isoformat()
    event = AuditEvent.objects.get(action="plan.tailor")
    assert (event.patient_id, event.object_id) == (cast.hannah.pk, change.pk)
    assert "Knee" not in str(event.details)


def test_pointing_sessions_costs_one_question_without_a_change_and_few_with_some(cast: Cast) -> None:
    def questions(what: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as context:
            what()
        return len(context.captured_queries)

    assert questions(lambda: point_sessions(running(cast), now=cast.now)) == 2  # one of them reads the assignment
    tailor(cast)
    tailor(cast, Edit("home", 0, "wall_sit", dose={"rest_seconds": 120}), days=2)
    assert questions(lambda: point_sessions(running(cast), now=cast.now)) == 4
    assert SessionPlan.objects.filter(version__program__origin=Program.Origin.TAILORED).count() == 32
