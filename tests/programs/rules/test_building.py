"""Building a plan step by step: what each step does, and that nothing else changes."""

from dataclasses import replace
from typing import Any

import pytest

from programs.rules import building
from programs.rules.building import Place, Plan, Row
from programs.rules.diff import Line, Session, diff

HOME: Place = ("home", 0)
SQUAT, PRESS, HOLD = Line("squat", reps_low=8, reps_high=8), Line("press", reps_low=10, reps_high=12), Line("hold", hold_seconds=20)
WARM = Line("cat", sets=1, reps_low=8, reps_high=8, block="warm_up")


def plan_of(weeks: int = 4) -> Plan:
    return {week: (Session("home", (WARM, SQUAT, PRESS)),) for week in range(1, weeks + 1)}


def keys(plan: Plan, week: int, place: Place = HOME) -> list[str]:
    session = building.session_at(plan, week, place)
    return [line.key for line in session.lines] if session else []


def row(key: str, block: str = "main", nth: int = 0) -> Row:
    return (block, key, nth)


def test_what_is_stored_comes_back_the_same() -> None:
    plan = building.add_session(plan_of(), Session("supervised", (HOLD,), 2, 45, weekdays=(1, 4), phase={"en": "Build"}), 2, 3)
    data = building.stored(plan)
    assert [one["weeks"] for one in data] == [[1, 4], [2, 3]]
    assert building.restored(data, 4) == plan
    assert set(building.restored(data, 2)) == {1, 2}


@pytest.mark.parametrize(
    ("change", "first", "third"),
    [
        (lambda plan: building.add_line(plan, HOME, HOLD, 3, 4), ["cat", "squat", "press"], ["cat", "squat", "press", "hold"]),
        (lambda plan: building.drop_line(plan, HOME, row("squat"), 3, 4), ["cat", "squat", "press"], ["cat", "press"]),
        (lambda plan: building.swap_line(plan, HOME, row("squat"), HOLD, 2, 3), ["cat", "squat", "press"], ["cat", "hold", "press"]),
        (lambda plan: building.move_line(plan, HOME, row("press"), 0, 2, 4), ["cat", "squat", "press"], ["cat", "press", "squat"]),
        (lambda plan: building.drop_session(plan, HOME, 3, 3), ["cat", "squat", "press"], []),
        (lambda plan: building.set_length(plan, 2), ["cat", "squat", "press"], []),
    ],
)
def test_a_step_changes_its_weeks_and_no_other(change: Any, first: list[str], third: list[str]) -> None:
    after = change(plan_of())
    assert keys(after, 1) == first
    assert keys(after, 3) == third


def test_a_dose_is_set_for_many_weeks_and_added_where_the_exercise_is_missing() -> None:
    plan = building.drop_line(plan_of(), HOME, row("squat"), 3, 4)
    after = building.set_dose(plan, HOME, row("squat"), {"sets": 3}, 2, 3, template=SQUAT, source="clinic")
    found = [building.line_at(after, week, HOME, row("squat")) for week in range(1, 5)]
    assert [(one.sets, one.dose_provenance) if one else None for one in found] == [(1, ""), (3, "clinic"), (3, "clinic"), None]
    same = building.set_dose(plan, HOME, row("press"), {"sets": 1}, 1, 4, source="clinic")
    assert same == plan


def test_another_exercise_keeps_the_dose_only_where_both_are_counted_alike() -> None:
    plan = building.set_dose(plan_of(), HOME, row("squat"), {"sets": 4, "reps_low": 6, "reps_high": 6}, 1, 4)
    alike = building.line_at(
        building.swap_line(plan, HOME, row("squat"), Line("lunge", reps_low=12, reps_high=12), 1, 4), 1, HOME, row("lunge")
    )
    other = building.line_at(building.swap_line(plan, HOME, row("squat"), HOLD, 1, 4), 1, HOME, row("hold"))
    assert (alike and (alike.sets, alike.reps_high), other and (other.sets, other.hold_seconds)) == ((4, 6), (1, 20))


def test_weeks_and_sessions_are_copied_and_keep_the_phase_they_have() -> None:
    plan = building.change_sessions(plan_of(), HOME, 3, 4, lambda one: replace(one, phase={"en": "Build"}))
    plan = building.add_line(plan, HOME, HOLD, 1, 1)
    for copied in (building.copy_week(plan, 1, 2, 3), building.copy_session(plan, HOME, 1, 2, 3)):
        assert [keys(copied, week)[-1] for week in range(1, 5)] == ["hold", "hold", "hold", "press"]
        session = building.session_at(copied, 3, HOME)
        assert session is not None
        assert session.phase == {"en": "Build"}
    new = building.copy_session(building.drop_session(plan, HOME, 2, 2), HOME, 1, 2, 2)
    assert keys(new, 2) == keys(plan, 1)


def test_lengthening_repeats_the_last_week() -> None:
    plan = building.add_line(plan_of(2), HOME, HOLD, 2, 2)
    longer = building.set_length(plan, 4)
    assert keys(longer, 4) == keys(plan, 2)
    assert building.set_length({}, 2) == {1: (), 2: ()}


def test_exercises_in_turns_stand_together_and_a_circuit_of_one_is_none() -> None:
    plan = building.add_line(plan_of(), HOME, HOLD, 1, 4)
    joined = building.join_lines(plan, HOME, [row("squat"), row("hold")], 1, 4)
    assert keys(joined, 1) == ["cat", "squat", "hold", "press"]
    circuits = [line.circuit for line in joined[1][0].lines]
    assert circuits == [0, 1, 1, 0]
    assert [one.part for one in diff(plan, joined) if one.part] == ["circuit", "circuit"]
    parted = building.part_lines(joined, HOME, [row("hold")], 1, 4)
    dropped = building.drop_line(joined, HOME, row("hold"), 1, 4)
    assert {line.circuit for after in (parted, dropped) for line in after[1][0].lines} == {0}


def test_rows_stand_where_their_week_has_them() -> None:
    plan = building.add_line(plan_of(), HOME, HOLD, 3, 4)
    plan = building.move_line(plan, HOME, row("hold"), 1, 3, 4)
    assert [key for _block, key, _nth in building.rows_of(plan, HOME, "main")] == ["squat", "hold", "press"]
    assert building.rows_of(plan, HOME, "warm_up") == [row("cat", "warm_up")]
    twice = building.add_line(plan_of(1), HOME, SQUAT, 1, 1)
    assert building.rows_of(twice, HOME, "main") == [row("squat"), row("press"), row("squat", nth=1)]


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        ({1: ()}, ["empty_week"]),
        ({1: (Session("home", (WARM,)),)}, ["empty_session"]),
        ({1: (Session("home", (Line("squat"),)),)}, ["no_dose"]),
        ({1: (Session("home", (SQUAT,), times_a_week=7), Session("supervised", (SQUAT,)))}, ["too_many_days"]),
        (plan_of(), []),
    ],
)
def test_what_is_missing_before_publishing_is_named(plan: Plan, found: list[str]) -> None:
    assert [what for what, *_where in building.problems_of(plan)] == found


def test_the_length_of_a_session_counts_the_warm_up() -> None:
    session = Session("home", (WARM, WARM, WARM, WARM, SQUAT, PRESS))
    assert building.minutes_of(session) > building.minutes_of(replace(session, lines=session.lines[4:]))
    assert building.minutes_of(Session("home", ())) == 0
