"""What counts as done, and what counts at all."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest

from patients.rules.adherence import (
    Adherence,
    SessionFact,
    SessionState,
    TickState,
    WeekTick,
    adherence,
    adherence_by_setting,
    adherence_by_week,
    week_ticks,
)
from patients.rules.schedule import Setting

START = date(2026, 3, 2)
TODAY = date(2026, 3, 18)
LETTERS = {
    "p": SessionState.PLANNED,
    "d": SessionState.DONE,
    "h": SessionState.PARTIAL,
    "m": SessionState.MISSED,
    "s": SessionState.SKIPPED,
    "P": SessionState.PAUSED,
    "c": SessionState.CANCELLED,
    "e": SessionState.EXCUSED,
}


def session(offset: int, letter: str, *, setting: Setting = Setting.HOME, week: int = 1) -> SessionFact:
    """Return a session `offset` days from today; a partial one is half done."""
    return SessionFact(TODAY + timedelta(days=offset), LETTERS[letter], setting, week, 0.5 if letter == "h" else 0.0)


@pytest.mark.parametrize(
    ("past", "today", "future", "expected"),
    [
        pytest.param("", "", "", Adherence(0, 0, None), id="nothing yet"),
        pytest.param("dddd", "", "", Adherence(4, 4, 100), id="all done"),
        pytest.param("dm", "", "", Adherence(1, 2, 50), id="one missed"),
        pytest.param("dh", "", "", Adherence(1.5, 2, 75), id="a partial one counts its share"),
        pytest.param("ds", "", "", Adherence(1, 2, 50), id="not today is not done"),
        pytest.param("dp", "", "", Adherence(1, 2, 50), id="a past day without an entry is due"),
        pytest.param("dPce", "", "", Adherence(1, 1, 100), id="paused, cancelled and excused do not count"),
        pytest.param("PPP", "", "", Adherence(0, 0, None), id="only a pause"),
        pytest.param("d", "p", "ppp", Adherence(1, 1, 100), id="today and later are not due"),
        pytest.param("d", "s", "", Adherence(1, 1, 100), id="today counts only once done"),
        pytest.param("m", "d", "", Adherence(1, 2, 50), id="today done"),
        pytest.param("m", "h", "", Adherence(0.5, 2, 25), id="today half done"),
        pytest.param("m", "", "d", Adherence(1, 2, 50), id="done ahead of its day"),
        pytest.param("ddm", "", "", Adherence(2, 3, 67), id="whole percent, rounded"),
        pytest.param("dmmmmmmm", "", "", Adherence(1, 8, 13), id="half a percent rounds up"),
    ],
)
def test_adherence_is_done_of_due(past: str, today: str, future: str, expected: Adherence) -> None:
    sessions = [session(-1 - place, letter) for place, letter in enumerate(past)]
    sessions += [session(0, letter) for letter in today] + [session(1 + place, letter) for place, letter in enumerate(future)]
    assert adherence(sessions, TODAY) == expected


def test_settings_and_weeks_are_counted_apart() -> None:
    sessions = [
        session(-9, "d", setting=Setting.SUPERVISED, week=1),
        session(-8, "m", setting=Setting.HOME, week=1),
        session(-2, "d", setting=Setting.HOME, week=2),
    ]
    assert adherence_by_setting(sessions, TODAY) == {Setting.SUPERVISED: Adherence(1, 1, 100), Setting.HOME: Adherence(1, 2, 50)}
    assert adherence_by_week(sessions, TODAY) == {1: Adherence(1, 2, 50), 2: Adherence(1, 1, 100)}


@pytest.mark.parametrize("share", [-0.1, 1.01])
def test_a_share_lies_between_0_and_1(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        SessionFact(TODAY, SessionState.PARTIAL, Setting.HOME, 1, share)


def facts(weeks: Iterable[str]) -> list[SessionFact]:
    """Return sessions on Monday, Wednesday and Friday of each week from the start; a dot leaves a day out."""
    return [
        SessionFact(START + timedelta(days=7 * week + 2 * place), LETTERS[letter], Setting.HOME, week + 1, 0.5 if letter == "h" else 0.0)
        for week, letters in enumerate(weeks)
        for place, letter in enumerate(letters)
        if letter != "."
    ]


@pytest.mark.parametrize(
    ("weeks", "today", "expected"),
    [
        pytest.param(
            ["ddd", "dhm", "dpp", "ppp"],
            18,
            [
                WeekTick(1, TickState.FULL, 1.0, 3, 3),
                WeekTick(2, TickState.PART, 0.5, 1.5, 3),
                WeekTick(3, TickState.NOW, 0.33, 1, 3),
                WeekTick(4, TickState.TO_COME, 0, 0, 3),
            ],
            id="in the third week",
        ),
        pytest.param(["mmp", "ppp"], 9, [WeekTick(1, TickState.NONE, 0, 0, 3), WeekTick(2, TickState.NOW, 0, 0, 3)], id="nothing done"),
        pytest.param(["dPP", "PPP"], 9, [WeekTick(1, TickState.FULL, 1, 1, 1), WeekTick(2, TickState.PAUSED, 0, 0, 0)], id="paused"),
        pytest.param(["ppp", "ppp"], 1, [WeekTick(1, TickState.TO_COME, 0, 0, 3), WeekTick(2, TickState.TO_COME, 0, 0, 3)], id="before"),
        pytest.param(["ddd", "ddm"], 60, [WeekTick(1, TickState.FULL, 1, 3, 3), WeekTick(2, TickState.PART, 0.67, 2, 3)], id="after"),
        pytest.param(["ddd", "dpp"], 9, [WeekTick(1, TickState.FULL, 1, 3, 3), WeekTick(2, TickState.NOW, 0.33, 1, 3)], id="done today"),
        pytest.param(["ddd", "..."], 9, [WeekTick(1, TickState.FULL, 1, 3, 3), WeekTick(2, TickState.PAUSED, 0, 0, 0)], id="empty week"),
    ],
)
def test_week_ticks_tell_each_week(weeks: list[str], today: int, expected: list[WeekTick]) -> None:
    assert week_ticks(facts(weeks), START, len(weeks), date(2026, 3, 1) + timedelta(days=today - 1)) == expected


def test_a_session_moved_out_of_a_past_week_does_not_spoil_its_tick() -> None:
    sessions = [*facts(["dd", "p"]), SessionFact(date(2026, 3, 12), SessionState.PLANNED, Setting.HOME, 1)]
    assert week_ticks(sessions, START, 2, date(2026, 3, 10))[0] == WeekTick(1, TickState.FULL, 1.0, 2, 2)
