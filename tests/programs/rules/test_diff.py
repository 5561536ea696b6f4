"""What two versions differ in, as a table of small examples."""

from dataclasses import replace
from typing import Any

import pytest

from programs.rules.diff import Change, Kind, Line, Session, diff, restore
from programs.rules.tailoring import Edit, apply_edits, phase_end

WALL = Line("wall_sit", {"en": "Wall sit"}, sets=2, hold_seconds=20, rest_seconds=60, effort_low=6, effort_high=7)
PRESS = Line("leg_press", {"en": "Leg press"}, sets=3, reps_low=10, reps_high=12, rest_seconds=60, tempo="2-1-3")
BRIDGE = Line("glute_bridge", {"en": "Glute bridge"}, sets=2, reps_low=8, reps_high=8)
RUN = Line("run_walk_interval", {"en": "Run and walk"}, sets=10, run_seconds=60, walk_seconds=120)


def weeks(*sessions: Session, length: int = 4) -> dict[int, tuple[Session, ...]]:
    return dict.fromkeys(range(1, length + 1), sessions)


def home(*lines: Line, **more: Any) -> Session:
    return Session("home", lines, **more)


def clinic(*lines: Line, **more: Any) -> Session:
    return Session("supervised", lines, **more)


def told(changes: list[Change]) -> list[tuple[Any, ...]]:
    return [(one.kind.value, one.part, one.names.get("en", ""), one.week_from, one.week_to) for one in changes]


@pytest.mark.parametrize(
    ("change", "part", "before", "after"),
    [
        ({"sets": 3}, "sets", {"sets": 2}, {"sets": 3}),
        ({"hold_seconds": 30}, "hold", {"hold_seconds": 20}, {"hold_seconds": 30}),
        ({"rest_seconds": 90}, "rest", {"rest_seconds": 60}, {"rest_seconds": 90}),
        ({"per_side": True}, "side", {"per_side": False}, {"per_side": True}),
        ({"tempo": "3-1-3"}, "tempo", {"tempo": ""}, {"tempo": "3-1-3"}),
        ({"load": {"en": "10 kg"}}, "load", {"load": {}}, {"load": {"en": "10 kg"}}),
        ({"variation": {"en": "Knees 60"}}, "form", {"variation": {}}, {"variation": {"en": "Knees 60"}}),
        ({"effort_high": 8}, "effort", {"effort_low": 6, "effort_high": 7}, {"effort_low": 6, "effort_high": 8}),
        ({"reps_low": 5, "reps_high": 6}, "reps", {"reps_low": None, "reps_high": None}, {"reps_low": 5, "reps_high": 6}),
        ({"run_seconds": 15}, "intervals", {"run_seconds": None, "walk_seconds": None}, {"run_seconds": 15, "walk_seconds": None}),
        ({"duration_seconds": 300}, "duration", {"duration_seconds": None}, {"duration_seconds": 300}),
    ],
)
def test_each_part_of_a_dose_is_one_change(change: dict[str, Any], part: str, before: Any, after: Any) -> None:
    found = diff(weeks(home(WALL)), weeks(home(replace(WALL, **change))))
    assert found == [Change(Kind.DOSE, 1, 4, to_end=True, names=WALL.names, part=part, before=before, after=after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((WALL, PRESS), (WALL, PRESS), []),
        ((WALL,), (WALL, PRESS), [("added", "", "Leg press", 1, 4)]),
        ((WALL, PRESS), (WALL,), [("removed", "", "Leg press", 1, 4)]),
        ((WALL, PRESS), (WALL, BRIDGE), [("swapped", "", "Glute bridge", 1, 4)]),
        ((WALL, PRESS), (PRESS, WALL), [("order", "", "", 1, 4)]),
        ((WALL, PRESS, BRIDGE), (PRESS, BRIDGE), [("removed", "", "Wall sit", 1, 4)]),
        ((RUN, RUN), (RUN, replace(RUN, sets=8)), [("dose", "sets", "Run and walk", 1, 4)]),
        ((WALL,), (replace(WALL, exercise="other revision", source="other row"),), [("dose", "", "", 0, 0)][:0]),
    ],
)
def test_exercises_come_go_and_change_places(before: Any, after: Any, expected: Any) -> None:
    assert told(diff(weeks(home(*before)), weeks(home(*after)))) == expected


def test_a_swap_names_both_and_carries_the_new_dose() -> None:
    (found,) = diff(weeks(home(PRESS)), weeks(home(BRIDGE)))
    assert (found.names["en"], found.other["en"]) == ("Glute bridge", "Leg press")
    assert found.after is not None
    assert (found.after["sets"], found.after["reps_high"]) == (2, 8)


def test_weeks_in_a_row_are_one_change_and_a_gap_makes_two() -> None:
    three = replace(WALL, sets=3)
    before = weeks(home(WALL), length=6)
    row = diff(before, {**before, 3: (home(three),), 4: (home(three),)})
    assert [(one.week_from, one.week_to, one.to_end) for one in row] == [(3, 4, False)]
    gap = diff(before, {**before, 2: (home(three),), 6: (home(three),)})
    assert [(one.week_from, one.week_to, one.to_end) for one in gap] == [(2, 2, False), (6, 6, True)]


def test_an_earlier_value_that_grew_over_the_weeks_is_not_told() -> None:
    before = {1: (home(WALL),), 2: (home(replace(WALL, hold_seconds=30)),)}
    (found,) = diff(before, weeks(home(replace(WALL, hold_seconds=15)), length=2))
    assert (found.week_from, found.week_to, found.before, found.after) == (1, 2, None, {"hold_seconds": 15})


def test_the_same_change_in_both_places_is_said_once() -> None:
    three = replace(WALL, sets=3)
    both = diff(weeks(clinic(WALL), home(WALL)), weeks(clinic(three), home(three)))
    assert [(one.setting, one.before) for one in both] == [("", {"sets": 2})]
    one_place = diff(weeks(clinic(WALL), home(WALL)), weeks(clinic(three), home(WALL)))
    assert [one.setting for one in one_place] == ["supervised"]


def test_sessions_come_and_go_and_change_their_length() -> None:
    added = diff(weeks(clinic(WALL)), weeks(clinic(WALL), home(WALL)))
    removed = diff(weeks(clinic(WALL), home(WALL)), weeks(clinic(WALL)))
    longer = diff(weeks(home(WALL)), weeks(home(WALL, minutes=45, times_a_week=2)))
    assert [(one.kind, one.setting) for one in (*added, *removed)] == [(Kind.SESSION_ADDED, "home"), (Kind.SESSION_REMOVED, "home")]
    assert [(one.part, one.before, one.after) for one in longer] == [
        ("times_a_week", {"times_a_week": 1}, {"times_a_week": 2}),
        ("minutes", {"minutes": 30}, {"minutes": 45}),
    ]


def test_changes_come_in_the_order_they_are_told() -> None:
    before = weeks(home(WALL, PRESS, BRIDGE), length=1)
    after = weeks(home(replace(BRIDGE, sets=4), RUN, replace(WALL, sets=1)), length=1)
    assert [one.kind.value for one in diff(before, after)] == ["swapped", "dose", "dose", "order"]


def test_a_change_survives_being_stored() -> None:
    for one in diff(weeks(clinic(WALL, PRESS)), weeks(clinic(replace(WALL, sets=5), BRIDGE))):
        assert restore(one.stored()) == one


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (Edit("home", 0, "wall_sit", dose={"sets": 1}), [("dose", "sets", "Wall sit", 2, 3)]),
        (Edit("home", 0, "wall_sit", drop=True), [("removed", "", "Wall sit", 2, 3)]),
        (Edit("home", 0, "wall_sit", line=BRIDGE), [("swapped", "", "Glute bridge", 2, 3)]),
        (Edit("home", 0, line=BRIDGE), [("added", "", "Glute bridge", 2, 3)]),
        (Edit("home", 0, line=PRESS), []),
        (Edit("home", 0, "wall_sit", nth=1, drop=True), []),
        (Edit("home", 1, "wall_sit", drop=True), []),
        (Edit("supervised", 0, "wall_sit", drop=True), []),
    ],
)
def test_an_edit_changes_its_line_in_its_weeks_only(edit: Edit, expected: Any) -> None:
    before = weeks(home(WALL, PRESS))
    assert told(diff(before, apply_edits(before, [edit], 2, 3))) == expected


def test_what_is_not_edited_keeps_growing() -> None:
    before = {1: (home(WALL),), 2: (home(replace(WALL, hold_seconds=30)),)}
    after = apply_edits(before, [Edit("home", 0, "wall_sit", dose={"sets": 1})], 1, 2)
    assert [(one.lines[0].sets, one.lines[0].hold_seconds) for one in (after[1][0], after[2][0])] == [(1, 20), (1, 30)]


@pytest.mark.parametrize(("week", "expected"), [(1, 2), (2, 2), (3, 5), (5, 5), (6, 6)])
def test_a_phase_ends_where_another_begins(week: int, expected: int) -> None:
    assert phase_end({1: "a", 2: "a", 3: "b", 4: "b", 5: "b", 6: "a"}, week) == expected
