"""Where the rest of a plan lands: whole weeks, one session a day, around pauses and closed days, never two program weeks in one."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from patients.rules.extension import Planned
from patients.rules.schedule import PausePeriod, Setting
from patients.rules.shifting import Kept, Landing, Moving, land, least_shift, round_up, shifted_measurements, step_days

START = date(2026, 9, 21)
"""A Monday; weeks 5 and 6 lie around the last Sunday of October."""
CLINIC, HOME = Setting.SUPERVISED, Setting.HOME
PATTERN = ((0, CLINIC), (1, HOME), (3, CLINIC), (4, HOME), (6, HOME))


def day(week: int, weekday: int) -> date:
    """Return the day of a program week, weekday 0 being its first."""
    return START + timedelta(days=7 * (week - 1) + weekday)


def plan(first: int, last: int, *, later: int = 0) -> list[Moving]:
    """Return the sessions of some weeks on their usual days, or some days later."""
    return [
        Moving(f"{week}{weekday}", week, setting, day(week, weekday) + timedelta(days=later))
        for week in range(first, last + 1)
        for weekday, setting in PATTERN
    ]


@pytest.mark.parametrize(
    ("by_fixed_days", "weeks", "is_whole", "step"),
    [(False, 8, False, 7), (False, 8, True, 7), (True, 8, False, 7), (True, 8, True, 1), (True, 1, False, 1), (False, 1, False, 7)],
)
def test_only_fixed_days_that_meet_no_other_week_move_by_single_days(by_fixed_days: bool, weeks: int, is_whole: bool, step: int) -> None:
    assert step_days(by_fixed_days=by_fixed_days, weeks=weeks, is_whole=is_whole) == step


@pytest.mark.parametrize(
    ("days", "step", "moved"), [(7, 7, 7), (1, 7, 7), (8, 7, 14), (0, 7, 0), (-3, 7, 0), (-7, 7, -7), (-10, 7, -7), (3, 1, 3), (-3, 1, -3)]
)
def test_days_are_rounded_up_never_to_an_earlier_day_than_asked_for(days: int, step: int, moved: int) -> None:
    assert round_up(days, step) == moved


@pytest.mark.parametrize("days", [7, 14, 56, -14])
def test_whole_weeks_keep_order_weekdays_and_one_session_a_day(days: int) -> None:
    found = land(plan(3, 8), days, starts_on=START)
    assert [(one.key, one.on, one.days) for one in found] == [
        (one.key, one.on + timedelta(days=days), days) for one in sorted(plan(3, 8), key=lambda one: one.on)
    ]
    assert len({one.on for one in found}) == len(found)


def test_a_day_chosen_by_hand_is_kept_as_it_is() -> None:
    by_hand = Moving("x", 3, CLINIC, day(3, 2))
    assert [one.on for one in land([by_hand, *plan(4, 4)], 7, starts_on=START)][0] == day(4, 2)


@pytest.mark.parametrize(
    ("pause", "expected"),
    [
        # A week's pause that lies ahead: week 4 would fall into it and goes behind it, and so does what follows.
        (PausePeriod(day(5, 0), day(5, 6)), {3: 7, 4: 14, 5: 14}),
        # From Thursday on: the first sessions of the week go on before it.
        (PausePeriod(day(4, 3), day(4, 6)), {3: 14, 4: 14, 5: 14}),
        (PausePeriod(day(9, 0), day(9, 6)), {3: 7, 4: 7, 5: 7}),
    ],
)
def test_a_pause_stays_free_and_what_meets_it_goes_on_behind_it(pause: PausePeriod, expected: dict[int, int]) -> None:
    found = land(plan(3, 5), 7, starts_on=START, pauses=[pause])
    assert not any(pause.covers(one.on) for one in found)
    assert {week: max(one.days for one in found if one.week == week) for week in expected} == expected
    assert [one.on for one in found] == sorted({one.on for one in found}), "in order, one a day"


def test_what_stood_behind_a_pause_moves_no_further_than_it_must() -> None:
    pause = PausePeriod(day(5, 0), day(5, 6))
    found = land([*plan(4, 4), *plan(5, 6, later=7)], 7, starts_on=START, pauses=[pause])
    assert {(one.week, one.days) for one in found} == {(4, 14), (5, 7), (6, 7)}


def test_a_day_that_is_taken_is_left_alone() -> None:
    found = land(plan(3, 3), 7, starts_on=START, taken={day(4, 1)})
    assert day(4, 1) not in {one.on for one in found}
    assert [one.on for one in found] == [day(4, 0), *(day(5, weekday) for weekday in (1, 3, 4, 6))]


@pytest.mark.parametrize(
    ("closed", "open_weekdays", "landed", "is_unplaced"),
    [
        ({day(4, 0)}, range(1, 8), day(4, 2), False),
        ({day(4, 0), day(4, 2)}, range(1, 8), day(4, 5), False),
        ({day(4, 0)}, (1, 4), day(4, 0), True),
        ({day(4, 1)}, range(1, 8), day(4, 0), False),
    ],
)
def test_in_the_clinic_a_closed_day_gives_way_as_when_a_program_is_given(
    closed: set[date], open_weekdays: Sequence[int], landed: date, is_unplaced: bool
) -> None:
    first = land(plan(3, 4), 7, starts_on=START, closed_days=closed, open_weekdays=open_weekdays)[0]
    assert (first.on, first.is_unplaced) == (landed, is_unplaced)
    assert first.closed_on == (day(4, 0) if landed != day(4, 0) else None)


def test_who_gave_way_to_a_closed_day_returns_to_the_agreed_one_unless_it_is_taken() -> None:
    away = Moving("x", 3, CLINIC, day(3, 2), closed_on=day(3, 0))
    assert land([away], 7, starts_on=START)[0].on == day(4, 0)
    there = Moving("y", 3, HOME, day(3, 0))
    assert {one.key: one.on for one in land([away, there], 7, starts_on=START)} == {"x": day(4, 2), "y": day(4, 0)}


def test_fixed_days_keep_their_distances_and_all_of_it_gives_way() -> None:
    flare_up = [Moving(str(number), 1, HOME, day(1, number)) for number in range(7)]
    assert [one.days for one in land(flare_up, 3, starts_on=START, step=1)] == [3] * 7
    found = land(flare_up, 3, starts_on=START, step=1, taken={day(1, 4)})
    assert [one.days for one in found] == [3, *[4] * 6]


@pytest.mark.parametrize(
    ("moving", "kept", "today", "least"),
    [
        # Nothing stays: only today counts.
        (plan(1, 8), [], START - timedelta(days=15), -14),
        (plan(1, 8), [], START, 0),
        # A pause had moved week 4 on by two weeks: it may return to where it was, not further.
        (plan(4, 8, later=14), [Kept(3, day(3, 6))], day(3, 6), -14),
        (plan(4, 8, later=14), [Kept(3, day(3, 6))], day(4, 2), -7),
        (plan(4, 8), [Kept(3, day(3, 6))], day(3, 0), 0),
        # Half of week 4 is done: the other half may not return into the week before.
        (plan(4, 4, later=7)[2:], [Kept(4, day(4, 0)), Kept(4, day(4, 1))], day(4, 2), -7),
        ([], [], START, 0),
    ],
)
def test_earlier_goes_as_far_as_the_weeks_are_free(moving: list[Moving], kept: list[Kept], today: date, least: int) -> None:
    assert least_shift(moving, kept, starts_on=START, weeks=8, today=today) == least


ASSESSMENTS = [
    Planned("baseline", 0, START),
    Planned("middle", 4, day(5, 0)),
    Planned("end", 8, day(9, 0)),
    Planned("month_3", 21, day(22, 0)),
    Planned("month_6", 34, day(35, 0)),
]


@pytest.mark.parametrize(
    ("first", "is_whole", "moved"),
    [
        (1, True, ["baseline", "middle", "end", "month_3", "month_6"]),
        (3, False, ["middle", "end", "month_3", "month_6"]),
        (5, False, ["end", "month_3", "month_6"]),
    ],
)
def test_measurements_go_with_the_sessions_before_them(first: int, is_whole: bool, moved: list[str]) -> None:
    landings = land(plan(first, 8), 14, starts_on=START)
    found = shifted_measurements(ASSESSMENTS, landings, is_whole=is_whole)
    assert [one.key for one in found] == moved
    due = {one.key: one.due_on for one in ASSESSMENTS}
    assert all(one.due_on == due[one.key] + timedelta(days=14) for one in found)


def test_a_measurement_before_a_pause_moves_by_less_than_one_behind_it() -> None:
    landings = [Landing("a", 4, day(4, 0), day(5, 0), 7), Landing("b", 5, day(5, 0), day(7, 0), 14)]
    found = {one.key: one.due_on for one in shifted_measurements(ASSESSMENTS, landings, is_whole=False)}
    assert (found["middle"], found["end"]) == (day(6, 0), day(11, 0))
