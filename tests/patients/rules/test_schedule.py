"""Dates of a program: weekdays, closed days, pauses, assessments."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from patients.rules.schedule import (
    PausePeriod,
    Placement,
    PlanSlot,
    ProblemCode,
    ScheduleProblem,
    Setting,
    assessment_days,
    current_week,
    merge_pauses,
    pause_shift_days,
    plan_sessions,
    shift_for_pause,
    times_needed,
    validate_days,
    week_of,
)

MONDAY = date(2026, 3, 2)
CLINIC = PlanSlot("clinic", 1, 8, Setting.SUPERVISED, 2, 1)
HOME = PlanSlot("home", 1, 8, Setting.HOME, 3, 2)
TRIAL = (CLINIC, HOME)
CLINIC_DAYS = (1, 4)
HOME_DAYS = (2, 5, 7)


def march(*days: int) -> list[date]:
    return [date(2026, 3, 1) + timedelta(days=day - 1) for day in days]


def days_of(
    *,
    starts_on: date = MONDAY,
    slots: Sequence[PlanSlot] = TRIAL,
    weeks: int = 1,
    closed: Sequence[date] = (),
    pauses: Sequence[PausePeriod] = (),
) -> list[tuple[str, date]]:
    sessions = plan_sessions(starts_on, slots, CLINIC_DAYS, HOME_DAYS, weeks, frozenset(closed), pauses)
    return [(session.plan_id, session.on) for session in sessions]


def test_eight_weeks_of_the_trial_frame_are_forty_sessions_on_forty_days() -> None:
    sessions = plan_sessions(MONDAY, TRIAL, CLINIC_DAYS, HOME_DAYS, 8)
    assert len(sessions) == 40
    assert len({session.on for session in sessions}) == 40
    assert [session.on for session in sessions] == sorted(session.on for session in sessions)
    assert {session.week for session in sessions} == set(range(1, 9))
    assert {session.reason for session in sessions} == {Placement.AS_PLANNED}
    assert all(week_of(MONDAY, session.on) == session.week for session in sessions)


def test_a_week_holds_its_sessions_on_the_chosen_days() -> None:
    assert days_of() == list(zip(["clinic", "home", "clinic", "home", "home"], march(2, 3, 5, 6, 8), strict=True))


def test_a_program_may_start_on_any_weekday() -> None:
    wednesday = date(2026, 3, 4)
    assert days_of(starts_on=wednesday) == list(zip(["clinic", "home", "home", "clinic", "home"], march(5, 6, 8, 9, 10), strict=True))


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        pytest.param([PlanSlot("a", 1, 1, Setting.HOME, 2, 1)], [("a", 3), ("a", 6)], id="first days of more than needed"),
        pytest.param(
            [PlanSlot("b", 1, 1, Setting.HOME, 1, 2), PlanSlot("a", 1, 1, Setting.HOME, 2, 1)],
            [("a", 3), ("a", 6), ("b", 8)],
            id="two plans share the days in their order",
        ),
        pytest.param([PlanSlot("a", 1, 1, Setting.HOME, 5, 1)], [("a", 3), ("a", 6), ("a", 8)], id="too few days give fewer sessions"),
        pytest.param([PlanSlot("a", 2, 3, Setting.HOME, 1, 1)], [], id="not in force this week"),
        pytest.param([], [], id="nothing planned"),
    ],
)
def test_slots_take_the_first_matching_days(slots: list[PlanSlot], expected: list[tuple[str, int]]) -> None:
    assert days_of(slots=slots) == [(plan, march(day)[0]) for plan, day in expected]


def test_session_plans_change_with_the_weeks() -> None:
    slots = [PlanSlot("easy", 1, 1, Setting.HOME, 1, 1), PlanSlot("hard", 2, 2, Setting.HOME, 2, 1)]
    assert days_of(slots=slots, weeks=2) == [("easy", march(3)[0]), ("hard", march(10)[0]), ("hard", march(13)[0])]


def test_a_day_chosen_for_both_settings_is_used_once() -> None:
    sessions = plan_sessions(MONDAY, TRIAL, (1, 2), (2, 5, 7), 1)
    assert [(session.setting, session.on) for session in sessions] == [
        (Setting.SUPERVISED, march(2)[0]),
        (Setting.SUPERVISED, march(3)[0]),
        (Setting.HOME, march(6)[0]),
        (Setting.HOME, march(8)[0]),
    ]


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        pytest.param([2], [(2, 4, Placement.MOVED_CLOSED_DAY), (None, 5, Placement.AS_PLANNED)], id="next free day"),
        pytest.param([2, 4], [(None, 5, Placement.AS_PLANNED), (2, 7, Placement.MOVED_CLOSED_DAY)], id="skips used and closed days"),
        pytest.param([2, 5], [(2, 4, Placement.MOVED_CLOSED_DAY), (5, 7, Placement.MOVED_CLOSED_DAY)], id="both move"),
        pytest.param([5, 7], [(None, 2, Placement.AS_PLANNED), (5, 4, Placement.MOVED_CLOSED_DAY)], id="else the day before"),
        pytest.param([4, 5, 7], [(None, 2, Placement.AS_PLANNED), (None, 5, Placement.UNPLACED)], id="else it stays and is named"),
        pytest.param([3, 6, 8], [(None, 2, Placement.AS_PLANNED), (None, 5, Placement.AS_PLANNED)], id="home days do not matter"),
    ],
)
def test_a_supervised_session_leaves_a_closed_day(closed: list[int], expected: list[tuple[int | None, int, Placement]]) -> None:
    sessions = plan_sessions(MONDAY, TRIAL, CLINIC_DAYS, HOME_DAYS, 1, frozenset(march(*closed)))
    found = [(session.original_on, session.on, session.reason) for session in sessions if session.setting == Setting.SUPERVISED]
    assert found == [(march(was)[0] if was else None, march(on)[0], why) for was, on, why in expected]
    assert [session.on for session in sessions if session.setting == Setting.HOME] == march(3, 6, 8)
    assert len({session.on for session in sessions}) == 5


def test_a_session_never_moves_into_another_week_or_before_the_start() -> None:
    friday = date(2026, 3, 6)
    slot = PlanSlot("clinic", 1, 2, Setting.SUPERVISED, 1, 1)
    closed = frozenset(friday + timedelta(days=offset) for offset in range(7))
    sessions = plan_sessions(friday, [slot], [5], [], 2, closed)
    assert [(session.on, session.reason) for session in sessions] == [
        (friday, Placement.UNPLACED),
        (friday + timedelta(days=7), Placement.AS_PLANNED),
    ]


def test_moved_sessions_keep_to_the_weekdays_on_which_the_clinic_opens() -> None:
    slot = PlanSlot("clinic", 1, 1, Setting.SUPERVISED, 1, 1)
    sessions = plan_sessions(MONDAY, [slot], [5], [], 1, frozenset(march(6)), open_weekdays=range(1, 6))
    assert [session.on for session in sessions] == march(5)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        pytest.param(9, 15, [2, 3, 5, 6, 8, 16, 17, 19, 20, 22], id="one week"),
        pytest.param(9, 16, [2, 3, 5, 6, 8, 23, 24, 26, 27, 29], id="eight days are two weeks"),
        pytest.param(5, 6, [2, 3, 12, 13, 15, 16, 17, 19, 20, 22], id="from the middle of a week"),
        pytest.param(4, 4, [2, 3, 5, 6, 8, 9, 10, 12, 13, 15], id="a pause between sessions moves nothing"),
        pytest.param(50, 60, [2, 3, 5, 6, 8, 9, 10, 12, 13, 15], id="after the end"),
    ],
)
def test_a_pause_moves_the_rest_by_whole_weeks(first: int, last: int, expected: list[int]) -> None:
    pause = PausePeriod(*march(first, last))
    assert [on for _, on in days_of(weeks=2, pauses=[pause])] == march(*expected)


@pytest.mark.parametrize("pauses", [[(9, 12), (13, 15)], [(9, 15), (10, 11)], [(12, 15), (9, 12)]])
def test_pauses_that_touch_or_overlap_count_once(pauses: list[tuple[int, int]]) -> None:
    periods = [PausePeriod(*march(first, last)) for first, last in pauses]
    assert merge_pauses(periods) == [PausePeriod(*march(9, 15))]
    assert [on for _, on in days_of(weeks=2, pauses=periods)] == march(2, 3, 5, 6, 8, 16, 17, 19, 20, 22)


def test_two_pauses_add_up_and_no_session_lies_in_either() -> None:
    pauses = [PausePeriod(*march(9, 15)), PausePeriod(*march(30, 33))]
    sessions = plan_sessions(MONDAY, TRIAL, CLINIC_DAYS, HOME_DAYS, 8, pauses=pauses)
    assert len(sessions) == 40
    assert not [session for session in sessions if any(pause.covers(session.on) for pause in pauses)]
    assert {session.on.isoweekday() for session in sessions if session.setting == Setting.SUPERVISED} == {1, 4}
    assert sessions[-1].on == MONDAY + timedelta(days=55 + 14)


def test_a_closed_day_after_a_pause_moves_within_the_moved_week_and_not_into_the_pause() -> None:
    pause = PausePeriod(*march(5, 9))
    sessions = plan_sessions(MONDAY, [CLINIC], CLINIC_DAYS, [], 2, frozenset(march(12)), [pause])
    assert [(session.week, session.on, session.original_on) for session in sessions] == [
        (1, march(2)[0], None),
        (1, march(13)[0], march(12)[0]),
        (2, march(16)[0], None),
        (2, march(19)[0], None),
    ]


@pytest.mark.parametrize(
    ("pause", "today", "shift", "expected"),
    [
        pytest.param((9, 15), None, 7, [2, 5, 16, 19, 23], id="planned ahead"),
        pytest.param((9, 15), 12, 7, [2, 5, 9, 19, 23], id="past sessions stay"),
        pytest.param((5, 17), 12, 7, [2, 5, 9, 19, 23], id="only what is left of the pause counts"),
        pytest.param((5, 9), 12, 0, [2, 5, 9, 12, 16], id="a pause that is over moves nothing"),
        pytest.param((3, 4), None, 0, [2, 5, 9, 12, 16], id="no session in it"),
    ],
)
def test_a_pause_in_a_running_program(pause: tuple[int, int], today: int | None, shift: int, expected: list[int]) -> None:
    period = PausePeriod(*march(*pause))
    now = march(today)[0] if today else None
    sessions = march(2, 5, 9, 12, 16)
    assert pause_shift_days(sessions, period, now) == shift
    assert shift_for_pause(sessions, period, now) == march(*expected)


def test_a_pause_needs_its_days_in_order() -> None:
    with pytest.raises(ValueError, match="cannot end before it starts"):
        PausePeriod(*march(5, 4))


@pytest.mark.parametrize(
    ("starts_on", "supervised", "home", "expected"),
    [
        pytest.param(MONDAY, [1, 4], [2, 5, 7], [], id="fits"),
        pytest.param(MONDAY - timedelta(days=1), [1, 4], [2, 5, 7], [ScheduleProblem(ProblemCode.START_IN_PAST)], id="yesterday"),
        pytest.param(MONDAY, [1], [2, 5, 7], [ScheduleProblem(ProblemCode.NOT_ENOUGH_SUPERVISED_DAYS, 2, 1, (1,))], id="one clinic day"),
        pytest.param(MONDAY, [1, 1], [2, 5, 7], [ScheduleProblem(ProblemCode.NOT_ENOUGH_SUPERVISED_DAYS, 2, 1, (1,))], id="twice the same"),
        pytest.param(
            MONDAY, [1, 3, 4], [2, 5, 7], [ScheduleProblem(ProblemCode.TOO_MANY_SUPERVISED_DAYS, 2, 3, (1, 3, 4))], id="three clinic days"
        ),
        pytest.param(MONDAY, [1, 4], [], [ScheduleProblem(ProblemCode.NOT_ENOUGH_HOME_DAYS, 3, 0)], id="no home days"),
        pytest.param(
            MONDAY, [1, 4], [2, 3, 5, 7], [ScheduleProblem(ProblemCode.TOO_MANY_HOME_DAYS, 3, 4, (2, 3, 5, 7))], id="four home days"
        ),
        pytest.param(MONDAY, [1, 4], [1, 4, 7], [ScheduleProblem(ProblemCode.OVERLAP, weekdays=(1, 4))], id="same day twice"),
        pytest.param(
            MONDAY,
            [0, 1],
            [2, 5, 8],
            [
                ScheduleProblem(ProblemCode.INVALID_WEEKDAY, weekdays=(0, 8)),
                ScheduleProblem(ProblemCode.NOT_ENOUGH_SUPERVISED_DAYS, 2, 1, (0, 1)),
                ScheduleProblem(ProblemCode.NOT_ENOUGH_HOME_DAYS, 3, 2, (2, 5, 8)),
            ],
            id="not weekdays",
        ),
    ],
)
def test_chosen_days_are_checked(starts_on: date, supervised: list[int], home: list[int], expected: list[ScheduleProblem]) -> None:
    found = validate_days(starts_on=starts_on, today=MONDAY, slots=TRIAL, supervised_weekdays=supervised, home_weekdays=home)
    assert found == expected


def test_the_busiest_week_says_how_many_days_are_needed() -> None:
    slots = [
        PlanSlot("a", 1, 4, Setting.HOME, 2, 1),
        PlanSlot("b", 3, 8, Setting.HOME, 2, 2),
        PlanSlot("c", 5, 8, Setting.HOME, 1, 3),
    ]
    assert times_needed(slots, Setting.HOME) == 4
    assert times_needed(slots, Setting.SUPERVISED) == 0


def test_assessments_of_the_trial_fall_due_at_the_end_of_their_week() -> None:
    plan = [("fu6", 34), ("pre", 0), ("mid", 4), ("end", 8), ("fu3", 21)]
    assert assessment_days(MONDAY, 8, plan) == [
        ("pre", MONDAY),
        ("mid", MONDAY + timedelta(days=28)),
        ("end", MONDAY + timedelta(days=56)),
        ("fu3", MONDAY + timedelta(days=147)),
        ("fu6", MONDAY + timedelta(days=238)),
    ]


@pytest.mark.parametrize(("weeks", "week"), [(0, 4), (8, -1)])
def test_assessments_before_the_start_are_refused(weeks: int, week: int) -> None:
    with pytest.raises(ValueError, match="no assessment before its start"):
        assessment_days(MONDAY, weeks, [("x", week)])


@pytest.mark.parametrize(("day", "week"), [(1, 0), (2, 1), (8, 1), (9, 2), (57, 8), (58, 9)])
def test_weeks_are_counted_from_the_start_day(day: int, week: int) -> None:
    assert week_of(MONDAY, march(day)[0]) == week


@pytest.mark.parametrize(
    ("pauses", "today", "expected"),
    [
        ([], 1, None),
        ([], 2, 1),
        ([], 8, 1),
        ([], 9, 2),
        ([], 22, 3),
        ([], 23, None),
        ([(9, 15)], 12, 1),
        ([(9, 15)], 16, 2),
        ([(9, 15)], 23, 3),
        ([(9, 15)], 29, 3),
        ([(9, 15)], 30, None),
        ([(5, 6)], 9, 1),
        ([(5, 6)], 16, 2),
    ],
)
def test_the_current_week_follows_the_pauses(pauses: list[tuple[int, int]], today: int, expected: int | None) -> None:
    periods = [PausePeriod(*march(first, last)) for first, last in pauses]
    planned = plan_sessions(MONDAY, TRIAL, CLINIC_DAYS, HOME_DAYS, 3, pauses=periods)
    sessions = [(session.week, session.on) for session in planned]
    assert current_week(MONDAY, 3, sessions, march(today)[0]) == expected


@pytest.mark.parametrize(
    ("moved", "today", "expected"),
    [
        pytest.param({16: 15}, 12, 2, id="a session of week 3 moved into week 2"),
        pytest.param({8: 11}, 10, 2, id="a session of week 1 moved into week 2"),
        pytest.param({8: 11}, 17, 3, id="and it does not hold up later weeks"),
        pytest.param({22: 24}, 23, 3, id="a last session still to do"),
        pytest.param({22: 24}, 30, None, id="after it"),
    ],
)
def test_a_session_moved_by_hand_does_not_move_the_week(moved: dict[int, int], today: int, expected: int | None) -> None:
    by_hand = {march(was)[0]: march(now)[0] for was, now in moved.items()}
    planned = plan_sessions(MONDAY, TRIAL, CLINIC_DAYS, HOME_DAYS, 3)
    sessions = [(session.week, by_hand.get(session.on, session.on)) for session in planned]
    assert current_week(MONDAY, 3, sessions, march(today)[0]) == expected


def test_a_plan_by_day_number_needs_no_weekdays() -> None:
    slots = [
        PlanSlot("rest", 1, 1, Setting.HOME, 3, 0, fixed_days=(1, 2, 3)),
        PlanSlot("light", 1, 1, Setting.HOME, 2, 1, fixed_days=(4, 6)),
        PlanSlot("walk", 1, 1, Setting.HOME, 2, 2, fixed_days=(5, 7)),
    ]
    thursday = date(2026, 3, 19)
    assert validate_days(starts_on=thursday, today=thursday, slots=slots, supervised_weekdays=[], home_weekdays=[]) == []
    sessions = plan_sessions(thursday, slots, [], [], weeks=1)
    assert [(session.on.day, session.plan_id) for session in sessions] == [
        (19, "rest"),
        (20, "rest"),
        (21, "rest"),
        (22, "light"),
        (23, "walk"),
        (24, "light"),
        (25, "walk"),
    ]
