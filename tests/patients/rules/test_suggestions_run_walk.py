"""Run-walk suggestions as tables of examples: a stage up, again or back, and gaps; all defaults, one stage a week at the fastest."""

from datetime import date, timedelta
from typing import Any

import pytest

from patients.rules.suggestions import suggest
from patients.rules.suggestions.facts import Coming, ExerciseDone, Facts, SessionDone
from patients.rules.suggestions.moves import apply_move
from programs.rules.diff import Line, Session

MONDAY = date(2026, 3, 2)
STAGES = [Line("run", {"en": "Run-walk"}, sets=10, run_seconds=15 * n, walk_seconds=120, duration_seconds=1800) for n in range(1, 6)]
RISING = (1, 2, 3, 4, 5)
"""A stage a week, as in the library."""


def weeks_at(stages: tuple[int, ...]) -> dict[int, tuple[Session, ...]]:
    """Return a plan with these stages, week by week."""
    return {
        n: (Session("home", (STAGES[one - 1],), times_a_week=3, source=f"w{n}", phase={"en": f"Stage {one}"}),)
        for n, one in enumerate(stages, 1)
    }


def run(offset: int, at: int, **answers: Any) -> SessionDone:
    """Return a good session at a stage, `offset` days after the first Monday, unless said otherwise."""
    rounds = answers.pop("rounds", 10)
    usual = {"pain": 2, "leg_pain": 0, "effort": 4, "settled": True}
    exercises = (ExerciseDone(STAGES[at - 1], sets=rounds),)
    return SessionDone(MONDAY + timedelta(days=offset), offset // 7 + 1, "home", exercises, **{**usual, **answers})


def facts(*done: SessionDone, today: int, coming: tuple[int, ...], stages: tuple[int, ...] = RISING, **more: Any) -> Facts:
    """Return what is known on the day `today` with sessions still to come on the days `coming`."""
    rest = [Coming(MONDAY + timedelta(days=n), n // 7 + 1, "home") for n in coming]
    weeks = weeks_at(stages)
    return Facts(MONDAY + timedelta(days=today), "run_walk", weeks, {n: s[0].phase for n, s in weeks.items()}, done, rest, **more)


def found(known: Facts) -> list[tuple[str, Any, Any]]:
    """Return (rule, stage now, stage then) of what is suggested."""
    return [(one.rule.value, one.evidence["stage"], one.evidence["to_stage"]) for one in suggest(known)]


GOOD_WEEK_2 = (run(7, 2), run(9, 2), run(12, 2))


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        # red pain, or new pain of the legs: one stage back; the plan stands at stage 2 (seven of ASTEROID's nine events were in the legs)
        ({"pain": 5}, []),
        ({"pain": 6}, [("stage_back", 2, 1)]),
        ({"leg_pain": 2}, []),
        ({"leg_pain": 3}, [("stage_back", 2, 1)]),
        ({"leg_pain": 8}, [("stage_back", 2, 1)]),
        ({"pain": None, "stopped": True}, []),
    ],
)
def test_a_stage_back(last: dict[str, Any], expected: list[tuple[str, int, int]]) -> None:
    assert found(facts(run(7, 2), run(9, 2, **last), today=10, coming=(12, 14, 16))) == expected


def test_leg_pain_that_was_there_before_is_no_reason_to_go_back_but_not_good_either() -> None:
    known = facts(run(7, 2, leg_pain=3), run(9, 2, leg_pain=3), today=13, coming=(14, 16))
    assert found(known) == [("stage_repeat", 2, 2)]


def test_the_second_red_session_in_a_row_asks_for_a_call() -> None:
    (one,) = suggest(facts(run(7, 2, pain=7), run(9, 2, pain=7), today=10, coming=(12, 14)))
    assert one.evidence["twice"] is True
    (one,) = suggest(facts(run(7, 2), run(9, 2, pain=7), today=10, coming=(12, 14)))
    assert one.evidence["twice"] is False


def test_at_the_first_stage_there_is_nothing_further_back() -> None:
    assert suggest(facts(run(0, 1, pain=8), today=1, coming=(2, 5, 7))) == []
    assert found(facts(run(0, 1), run(2, 1, pain=8), today=5, coming=(7, 9))) == [("stage_back", 1, 1)]


@pytest.mark.parametrize(
    ("done", "coming", "expected"),
    [
        # otherwise repeat: the plan goes up on day 14, and the last two at stage 2 were not both good
        (GOOD_WEEK_2, (14, 16), []),
        ((run(7, 2), run(9, 2)), (14, 16), []),
        ((run(9, 2),), (14, 16), [("stage_repeat", 2, 2)]),
        ((run(7, 2), run(9, 2), run(12, 2, rounds=7)), (14, 16), [("stage_repeat", 2, 2)]),
        ((run(7, 2), run(9, 2), run(12, 2, effort=7)), (14, 16), [("stage_repeat", 2, 2)]),
        ((run(7, 2), run(9, 2), run(12, 2, settled=False)), (14, 16), [("stage_repeat", 2, 2)]),
        ((run(7, 2), run(9, 2, effort=8), run(12, 2)), (14, 16), [("stage_repeat", 2, 2)]),
        ((run(7, 2, effort=8), run(9, 2), run(12, 2)), (14, 16), []),
        ((run(5, 1), run(9, 2)), (14, 16), [("stage_repeat", 2, 2)]),
        # a session at this stage is still to come: too early to say
        ((run(9, 2, effort=8),), (12, 14), []),
        # an unanswered morning, effort or leg question is nobody's fault
        ((run(9, 2, settled=None, effort=None, leg_pain=None), run(12, 2, settled=None)), (14, 16), []),
    ],
)
def test_a_stage_again(done: tuple[SessionDone, ...], coming: tuple[int, ...], expected: list[tuple[str, int, int]]) -> None:
    assert found(facts(*done, today=13 if coming[0] == 14 else 10, coming=coming)) == expected


@pytest.mark.parametrize(
    ("done", "today", "coming", "expected"),
    [
        # two good sessions in a row, seven days at the stage at least; the plan stays at stage 2 for three weeks
        (GOOD_WEEK_2, 13, (14, 16), [("stage_up", 2, 3)]),
        ((run(7, 2), run(9, 2)), 10, (12, 14), [("stage_up", 2, 3)]),
        ((run(7, 2), run(9, 2)), 10, (11, 12), []),
        ((run(7, 2), run(9, 2, effort=7)), 10, (12, 14), []),
        ((run(9, 2),), 10, (12, 14), []),
        (GOOD_WEEK_2, 12, (14, 16), []),  # the next morning is still to come
        ((run(5, 1), run(9, 2), run(12, 2)), 13, (14, 16), [("stage_up", 2, 3)]),
    ],
)
def test_a_stage_up_where_the_plan_stands_still(
    done: tuple[SessionDone, ...], today: int, coming: tuple[int, ...], expected: list[tuple[str, int, int]]
) -> None:
    known = facts(*done, today=today, coming=coming, stages=(1, 2, 2, 2, 3))
    assert found(known) == expected


def test_a_stage_up_begins_in_the_week_in_which_seven_days_are_over() -> None:
    (one,) = suggest(facts(run(7, 2), run(9, 2), today=10, coming=(12, 14, 16), stages=(1, 2, 2, 2, 3)))
    assert one.first_week == 3
    after = apply_move(one.move, weeks_at((1, 2, 2, 2, 3)), 3, 5)
    assert [after[n][0].lines[0].run_seconds for n in (2, 3, 4, 5)] == [30, 45, 45, 45]


def test_at_the_last_stage_nothing_goes_up() -> None:
    assert suggest(facts(run(28, 5), run(30, 5), today=31, coming=(33, 35), stages=(1, 2, 3, 4, 5, 5))) == []


def test_a_stage_again_moves_the_stages_after_it_and_their_names() -> None:
    (one,) = suggest(facts(run(9, 2), today=13, coming=(14, 16)))
    after = apply_move(one.move, weeks_at(RISING), one.first_week, 5)
    assert [after[n][0].phase["en"] for n in range(1, 6)] == ["Stage 1", "Stage 2", "Stage 2", "Stage 3", "Stage 4"]


def test_after_a_stage_that_was_repeated_each_following_stage_comes_once() -> None:
    (one,) = suggest(facts(run(14, 2), run(16, 2, pain=8), today=17, coming=(19, 21), stages=(1, 2, 2, 3, 4)))
    after = apply_move(one.move, weeks_at((1, 2, 2, 3, 4)), one.first_week, 5)
    assert [after[n][0].lines[0].run_seconds // 15 for n in range(1, 6)] == [1, 2, 1, 2, 3]


@pytest.mark.parametrize(
    ("days", "expected"),
    [(6, []), (7, [("gap", 3, 3)]), (13, [("gap", 3, 3)]), (14, [("gap_long", 3, 2)]), (30, [("gap_long", 3, 2)])],
)
def test_gaps(days: int, expected: list[tuple[str, int, int]]) -> None:
    # gap 7-13 days: the week again; 14 or more: one phase, here a stage, back with the therapist
    assert found(facts(run(14, 3), run(16, 3), today=16 + days, coming=(28, 30))) == expected


def test_what_was_decided_upon_counts_no_more() -> None:
    day = MONDAY + timedelta(days=9)
    assert suggest(facts(run(7, 2), run(9, 2, pain=7), today=10, coming=(12, 14), decided={"": day})) == []
    assert found(facts(run(7, 2), run(9, 2, pain=7), run(12, 2, pain=7), today=13, coming=(14, 16), decided={"": day})) == [
        ("stage_back", 2, 1)
    ]


def test_a_stage_the_plan_does_not_have_says_nothing() -> None:
    other = SessionDone(MONDAY, 1, "home", (ExerciseDone(Line("run", sets=3, run_seconds=999, walk_seconds=1), sets=3),), pain=9)
    assert suggest(facts(other, today=1, coming=(2, 5))) == []
