"""Progression by rule: tables of weeks and what the dose is then."""

import pytest

from programs.rules.building import line_at
from programs.rules.diff import Line, Session
from programs.rules.progression import Rule, progress, progressed

REPS = Line("squat", sets=2, reps_low=8, reps_high=10, effort_low=5, effort_high=6)
HOLD = Line("wall_sit", sets=3, hold_seconds=20, rest_seconds=90)


@pytest.mark.parametrize(
    ("line", "rule", "field", "weeks"),
    [
        (REPS, Rule("reps", 1), "reps_high", [10, 11, 12, 13]),
        (REPS, Rule("reps", 1), "reps_low", [8, 9, 10, 11]),
        (REPS, Rule("reps", 2, every=2), "reps_high", [10, 10, 12, 12, 14]),
        (REPS, Rule("reps", 1, limit=12), "reps_high", [10, 11, 12, 12, 12]),
        (REPS, Rule("sets", 1, every=2, limit=3), "sets", [2, 2, 3, 3, 3]),
        (REPS, Rule("reps", 1, limit=12, then_set=True), "reps_high", [10, 11, 12, 10, 11, 12, 10]),
        (REPS, Rule("reps", 1, limit=12, then_set=True), "sets", [2, 2, 2, 3, 3, 3, 4]),
        (REPS, Rule("effort", 1), "effort_high", [6, 7, 8, 9, 10, 10]),
        (HOLD, Rule("hold", 10, limit=45), "hold_seconds", [20, 30, 40, 45, 45]),
        (HOLD, Rule("rest", -30), "rest_seconds", [90, 60, 30, 0, 0]),
        (HOLD, Rule("reps", 1), "hold_seconds", [20, 20, 20]),
        (HOLD, Rule("hold", 0), "hold_seconds", [20, 20]),
    ],
)
def test_a_rule_moves_one_part_of_the_dose_and_stops_at_its_limit(line: Line, rule: Rule, field: str, weeks: list[int]) -> None:
    assert [getattr(progressed(line, rule, on), field) for on in range(len(weeks))] == weeks


def test_a_plan_is_carried_on_from_its_first_week_and_nothing_else_moves() -> None:
    place, row = ("home", 0), ("main", "wall_sit", 0)
    plan = {week: (Session("home", (HOLD, REPS)),) for week in range(1, 6)}
    after = progress(plan, place, row, Rule("hold", 5), 2, 4, source="clinic")
    holds = [(line_at(after, week, place, row) or HOLD).hold_seconds for week in after]
    assert holds == [20, 20, 25, 30, 20]
    marks = [(line_at(after, week, place, row) or HOLD).dose_provenance for week in after]
    assert marks == ["", "", "clinic", "clinic", ""]
    assert progress(plan, place, ("main", "nothing", 0), Rule("hold", 5), 2, 4) == plan
