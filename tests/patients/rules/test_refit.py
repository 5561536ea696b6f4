"""More or fewer sessions in a running plan: which go, and on which days new ones come."""

from datetime import date, timedelta

import pytest

from patients.rules.refit import Refit, Slot, Standing, refit, week_starts

MONDAY = date(2026, 3, 2)
HOME: Slot = ("home", 0)
CLINIC: Slot = ("supervised", 0)
WEEKDAYS = {"home": [2, 5, 7], "supervised": [1, 4]}


def day(offset: int) -> date:
    return MONDAY + timedelta(days=offset)


def at(offset: int, slot: Slot | None = HOME, *, is_open: bool = True) -> Standing:
    return Standing(offset, 1, slot[0] if slot else "home", slot, day(offset), is_open)


USUAL = [at(0, CLINIC), at(1), at(3, CLINIC), at(4), at(6)]


def fit(wanted: dict[Slot, int], standing: list[Standing] | None = None, from_offset: int = 0, **more: object) -> Refit:
    return refit(USUAL if standing is None else standing, {1: wanted}, {1: MONDAY}, day(from_offset), WEEKDAYS, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "from_offset", "cancelled", "added"),
    [
        ({HOME: 3, CLINIC: 2}, 0, [], []),
        ({HOME: 2, CLINIC: 2}, 0, [6], []),
        ({HOME: 1, CLINIC: 2}, 5, [6], []),
        ({HOME: 3}, 0, [], []),
        ({HOME: 4, CLINIC: 2}, 0, [], [(HOME, 2)]),
        ({HOME: 3, CLINIC: 2, ("home", 1): 1}, 0, [], [(("home", 1), 2)]),
        ({HOME: 3, CLINIC: 3}, 3, [], [(CLINIC, 5)]),
    ],
)
def test_what_is_too_much_goes_from_behind_and_what_is_new_finds_a_free_day(
    wanted: dict[Slot, int], from_offset: int, cancelled: list[int], added: list[tuple[Slot, int]]
) -> None:
    standing = [one if one.slot in wanted else at(one.on.day - MONDAY.day, None) for one in USUAL]
    expected = cancelled + [one.key for one in standing if one.slot is None]
    found = fit(wanted, standing, from_offset)
    assert sorted(found.cancel, key=str) == sorted(expected, key=str)
    assert found.add == [(1, slot, day(offset)) for slot, offset in added]
    assert found.full == []


def test_what_was_done_stays_and_counts() -> None:
    standing = [at(1, is_open=False), at(4), at(6)]
    found = fit({HOME: 1}, standing, 2)
    assert found.cancel == [6, 4]


def test_sessions_in_the_clinic_come_on_open_days_only() -> None:
    found = fit({CLINIC: 1}, [], closed=[day(0)], open_weekdays=[1, 2, 3])
    assert found.add == [(1, CLINIC, day(1))]
    assert fit({CLINIC: 1}, [], closed=[day(0)], open_weekdays=[1]).full == [1]


def test_a_week_that_is_nearly_over_may_end_with_fewer() -> None:
    found = fit({HOME: 5}, [at(1), at(4), at(6)], 6)
    assert (found.add, found.full) == ([], [])


def test_weeks_begin_where_pauses_have_moved_them() -> None:
    sessions = [(1, day(1)), (2, day(8)), (3, day(22)), (3, day(25)), (4, day(29))]
    assert list(week_starts(MONDAY, 5, sessions).values()) == [day(0), day(7), day(21), day(28), day(35)]
