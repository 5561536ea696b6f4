"""Suggestions as rows: worked out on a look, used as a tailored version, left aside with a reason, overtaken by what comes after."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinics.errors import Conflict, Invalid, NotAllowed, NotFound
from clinics.localtime import local_day
from clinics.models import AuditEvent
from patients.actions.planning import pause_plan
from patients.actions.shifting import shift_plan
from patients.actions.suggesting import decline_suggestion, propose_use, use_suggestion
from patients.actions.suggestion_switch import is_on, turn_off, turn_on
from patients.actions.tailoring import tailor_plan
from patients.models import Assignment, AssignmentVersion, Suggestion, SuggestionSwitch
from programs.models import Prescription
from programs.rules.diff import restore
from programs.rules.tailoring import Edit
from programs.wording import change_text
from tests.cast import Cast
from tests.patients.suggesting import BASIS, Scene, open_scene, switch_on


@pytest.fixture
def scene(cast: Cast) -> Scene:
    """Marek has done two for two on the leg press, and the clinic has suggestions."""
    switch_on(cast)
    found = open_scene(cast)
    found.two_for_two()
    return found


def use(scene: Scene, row: Suggestion, **given: Any) -> AssignmentVersion:
    """Use a suggestion from tomorrow on, to the end of the phase."""
    tomorrow = local_day(scene.cast.now, "Europe/Berlin") + dt.timedelta(days=1)
    usual = {"from_on": tomorrow, "until": "phase", "reason": "It went well", "by": scene.cast.therapist, "now": scene.cast.now}
    return use_suggestion(row=row, **{**usual, **given})


def test_a_look_makes_one_row_for_the_evidence_and_the_next_look_none(scene: Scene) -> None:
    (row,) = scene.look().rows
    assert (row.rule, row.exercise, row.status, row.rules_version) == ("raise_load", "leg_press", "open", "1")
    assert (row.move["old_kg"], row.move["kg"], row.first_week) == (40.0, 42.5, 2)
    assert [one["reps"] - one["of_reps"] for one in row.evidence["sessions"]] == [2, 2]
    assert [one.pk for one in scene.look().rows] == [row.pk]
    assert Suggestion.objects.count() == 1
    assert AuditEvent.objects.filter(action="suggestion.make", object_id=row.pk, patient_id=scene.cast.marek.pk).count() == 1


def test_a_look_takes_as_many_queries_with_many_sessions_as_with_two(scene: Scene) -> None:
    scene.look()
    with CaptureQueriesContext(connection) as few:
        scene.look()
    for days in (-7, -6, -5):
        scene.log(1 if days < -5 else 2, days, "home", extra=0)
    scene.look()
    with CaptureQueriesContext(connection) as many:
        scene.look()
    assert len(many) == len(few) <= 16


def test_using_one_goes_the_way_of_every_change_of_a_plan(scene: Scene) -> None:
    (row,) = scene.look().rows
    change = use(scene, row)
    row.refresh_from_db()
    assert (row.status, row.decided_by_id, row.plan_change_id, row.used["kg"]) == ("used", scene.cast.therapist.pk, change.pk, 42.5)
    assert (change.reason, change.made_by_id) == ("It went well", scene.cast.therapist.pk)
    assignment = Assignment.objects.get(pk=scene.assignment.pk)
    assert assignment.version_id == change.version_id
    lines = Prescription.objects.filter(session_plan__version=change.version_id, exercise__key="leg_press")
    loads = {line.session_plan.week_from: line.load["en"] for line in lines.select_related("session_plan")}
    assert loads[2] == "42.5 kg"
    assert loads[3].startswith("Weight on the machine")
    assert {row.dose_provenance for row in lines if row.load["en"] == "42.5 kg"} == {"tailored"}
    assert AuditEvent.objects.filter(action="suggestion.use", object_id=row.pk).count() == 1
    assert AuditEvent.objects.filter(action="plan.tailor", object_id=change.pk).count() == 1
    assert scene.look().rows == []


def test_another_load_can_be_confirmed_and_both_are_kept(scene: Scene) -> None:
    (row,) = scene.look().rows
    change = use(scene, row, kg=Decimal(41))
    row.refresh_from_db()
    assert (row.move["kg"], row.used["kg"]) == (42.5, 41.0)
    load = Prescription.objects.get(session_plan__version=change.version_id, session_plan__week_from=2, exercise__key="leg_press").load
    assert load == {"en": "41 kg", "de": "41 kg"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"until": "ever"}, "until"),
        ({"kg": Decimal(0)}, "kg"),
        ({"kg": Decimal("NaN")}, "kg"),
        ({"kg": Decimal("41.25")}, "kg"),
        ({"from_on": dt.date(2020, 1, 1)}, "from_on"),
    ],
)
def test_bad_input_changes_nothing(scene: Scene, given: dict[str, Any], field: str) -> None:
    (row,) = scene.look().rows
    with pytest.raises(Invalid) as refused:
        use(scene, row, **given)
    assert field in refused.value.fields
    row.refresh_from_db()
    assert row.status == "open"
    assert not AssignmentVersion.objects.exists()


def test_only_staff_of_the_clinic_decide(scene: Scene) -> None:
    (row,) = scene.look().rows
    assert scene.cast.marek.membership is not None
    for person in (scene.cast.marek.membership, scene.cast.harbour_therapist):
        with pytest.raises(NotAllowed):
            use(scene, row, by=person)
        with pytest.raises(NotAllowed):
            decline_suggestion(row=row, reason="early", by=person, now=scene.cast.now)
    turn_off(switch=SuggestionSwitch.objects.get(), by=scene.cast.admin, now=scene.cast.now)
    with pytest.raises(NotFound):
        use(scene, row)
    with pytest.raises(NotFound):
        decline_suggestion(row=row, reason="early", by=scene.cast.therapist, now=scene.cast.now)


def test_a_second_decision_comes_too_late(scene: Scene) -> None:
    (row,) = scene.look().rows
    stale = Suggestion.objects.select_related("patient").get(pk=row.pk)
    decline_suggestion(row=row, reason="early", by=scene.cast.therapist2, now=scene.cast.now)
    with pytest.raises(Conflict):
        use(scene, stale)
    with pytest.raises(Conflict):
        decline_suggestion(row=stale, reason="wish", by=scene.cast.therapist, now=scene.cast.now)
    row.refresh_from_db()
    assert (row.reason, row.decided_by_id) == ("early", scene.cast.therapist2.pk)


def test_what_was_left_aside_comes_back_only_with_new_evidence(scene: Scene) -> None:
    (row,) = scene.look().rows
    decline_suggestion(row=row, reason="other", note=" Wants to wait ", by=scene.cast.therapist, now=scene.cast.now)
    assert (row.status, row.note) == ("declined", "Wants to wait")
    later = scene.cast.now + dt.timedelta(days=3)
    assert scene.look().rows == scene.look(now=later).rows == []
    scene.log(2, 1, extra=2)
    assert scene.look(now=later).rows == []
    scene.log(2, 3, extra=2)
    scene.session(3, 6)
    (new,) = scene.look(now=scene.cast.now + dt.timedelta(days=4)).rows
    assert (new.pk != row.pk, new.rule) == (True, "raise_load")


@pytest.mark.parametrize(("given", "field"), [({"reason": "x"}, "reason"), ({"reason": "other"}, "note"), ({"note": "a" * 501}, "note")])
def test_leaving_one_aside_asks_for_a_reason(scene: Scene, given: dict[str, Any], field: str) -> None:
    (row,) = scene.look().rows
    with pytest.raises(Invalid) as refused:
        decline_suggestion(row=row, **{"reason": "early", "by": scene.cast.therapist, "now": scene.cast.now, **given})
    assert field in refused.value.fields


def test_new_entries_overtake_a_suggestion_that_nobody_used(scene: Scene) -> None:
    (row,) = scene.look().rows
    scene.log(1, 0, "home", pain_during_0_10=7)
    found = scene.look().rows
    row.refresh_from_db()
    assert row.status == "overtaken"
    assert [one.rule for one in found] == ["regress"]
    with pytest.raises(Conflict):
        use(scene, row)
    assert not AssignmentVersion.objects.exists()


def test_evidence_is_looked_at_again_at_the_moment_of_use(scene: Scene) -> None:
    (row,) = scene.look().rows
    scene.log(1, 0, "home", pain_during_0_10=7)
    with pytest.raises(Conflict):
        use(scene, row)
    assert not AssignmentVersion.objects.exists()


def test_a_change_by_hand_is_a_decision_upon_what_was_seen_before_it(scene: Scene) -> None:
    (row,) = scene.look().rows
    today = local_day(scene.cast.now, "Europe/Berlin")
    assignment = Assignment.objects.select_related("patient__clinic", "version__program", "clinic").get(pk=scene.assignment.pk)
    shift_plan(assignment=assignment, days=7, reason="A cold", from_on=today, by=scene.cast.therapist, now=scene.cast.now)
    assert [one.pk for one in scene.look().rows] == [row.pk], "other days decide nothing"
    tailor_plan(
        assignment=assignment,
        changes=[Edit("supervised", 0, "wall_sit", dose={"sets": 1})],
        reason="The knee",
        from_on=today,
        by=scene.cast.therapist,
        now=scene.cast.now,
        until="end",
    )
    assert scene.look().rows == []
    row.refresh_from_db()
    assert row.status == "overtaken"


def test_a_held_or_paused_program_has_no_suggestions(scene: Scene) -> None:
    (row,) = scene.look().rows
    today = local_day(scene.cast.now, "Europe/Berlin")
    assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload", "clinic").get(pk=scene.assignment.pk)
    pause_plan(assignment=assignment, from_on=today, to_on=today, reason="ill", by=scene.cast.therapist, now=scene.cast.now)
    assert scene.look().rows == []
    row.refresh_from_db()
    assert row.status == "overtaken"
    assert [one.pk for one in scene.look(now=scene.cast.now + dt.timedelta(days=1)).rows] == [row.pk]
    Assignment.objects.filter(pk=assignment.pk).update(status="held")
    assert scene.look(now=scene.cast.now + dt.timedelta(days=1)).rows == []


def test_red_pain_takes_the_whole_plan_one_step_back_for_two_sessions_at_least(scene: Scene) -> None:
    scene.log(2, 0, pain_during_0_10=8)
    (row,) = scene.look().rows
    assert (row.rule, row.exercise, row.move["op"]) == ("regress", "", "less")
    assert row.move["loads"] == {"leg_press": 30.0}
    change = use(scene, row, until="week")
    told = [change_text_of(one) for one in change.changes]
    assert any("Leg press" in text and "30 kg" in text for text in told)
    lines = {
        (line.session_plan.setting, line.exercise.key): line
        for line in Prescription.objects.filter(session_plan__version=change.version_id, session_plan__week_from=2, block="main")
    }
    assert lines["supervised", "wall_sit"].hold_seconds == 15
    assert lines["home", "glute_bridge"].reps_high == 8


def change_text_of(data: dict[str, Any]) -> str:
    """Return a stored difference as the patient reads it."""
    return change_text(restore(data))


def test_after_two_weeks_without_a_session_the_plan_goes_one_phase_back(cast: Cast) -> None:
    switch_on(cast)
    scene = open_scene(cast, days_ago=40)
    scene.log(3, -20)
    scene.log(3, -16)
    scene.session(6, 1)
    (row,) = scene.look().rows
    assert (row.rule, row.evidence["days"], row.evidence["trained_week"], row.evidence["source_week"]) == ("gap_long", 16, 3, 1)
    assert row.first_week == 6
    change = use(scene, row, until="end")
    assert change_text_of(change.changes[0]) == "As in week 1 and the weeks after it, from week 6"
    assert Prescription.objects.filter(session_plan__version=change.version_id, session_plan__week_from=6).exists()
    first = Prescription.objects.get(session_plan__version=change.version_id, session_plan__week_from=6, exercise__key="leg_press")
    assert (first.sets, first.reps_low, first.reps_high, first.dose_provenance) == (2, 12, 15, "default")
    assert scene.look().rows == []


def test_a_proposal_stores_nothing(scene: Scene) -> None:
    (row,) = scene.look().rows
    today = local_day(scene.cast.now, "Europe/Berlin")
    assignment = Assignment.objects.select_related("patient__clinic", "version").get(pk=scene.assignment.pk)
    found = propose_use(row=row, assignment=assignment, from_on=today, until="phase", kg=None, today=today)
    assert [change_text(one) for one in found.changes] == [
        "Leg press: “42.5 kg” instead of “Weight on the machine that matches the effort given”, in week 2 (in the clinic)"
    ]
    assert not AssignmentVersion.objects.exists()


# --- the switch -------------------------------------------------------------------------------


def test_only_an_administrator_turns_suggestions_on_and_off_and_both_are_kept(cast: Cast) -> None:
    assert not is_on(cast.riverside.pk)
    given: dict[str, Any] = {"clinic": cast.riverside, "basis": BASIS, "confirmed": True, "now": cast.now}
    assert cast.manager.user is not None
    with pytest.raises(NotAllowed):
        turn_on(by=cast.manager.user, **given)
    for wrong, field in (({"confirmed": False}, "confirmed"), ({"basis": "  "}, "basis"), ({"basis": "a" * 501}, "basis")):
        with pytest.raises(Invalid) as refused:
            turn_on(by=cast.admin, **{**given, **wrong})
        assert field in refused.value.fields
    row = turn_on(by=cast.admin, **given)
    assert is_on(cast.riverside.pk)
    assert not is_on(cast.harbour.pk)
    with pytest.raises(Conflict):
        turn_on(by=cast.admin, **given)
    with pytest.raises(NotAllowed):
        turn_off(switch=row, by=cast.manager.user, now=cast.now)
    assert turn_off(switch=row, by=cast.admin, now=cast.now)
    assert not turn_off(switch=row, by=cast.admin, now=cast.now)
    assert not is_on(cast.riverside.pk)
    turn_on(by=cast.admin, **given)
    assert list(SuggestionSwitch.objects.order_by("id").values_list("notice_version", "confirmed_by", "ended_by")) == [
        ("1", cast.admin.pk, cast.admin.pk),
        ("1", cast.admin.pk, None),
    ]
    seen = AuditEvent.objects.filter(action__startswith="suggestions.", clinic_id=cast.riverside.pk).order_by("id")
    assert list(seen.values_list("action", flat=True)) == ["suggestions.on", "suggestions.off", "suggestions.on"]
