"""What moves with the end of a program that goes on."""

from datetime import date

import pytest

from patients.rules.extension import Planned, last_day, moved_with_the_end

END, LATER = Planned("end", 8, date(2026, 12, 14)), Planned("month_3", 21, date(2027, 3, 15))
MIDDLE = Planned("middle", 4, date(2026, 11, 16))


@pytest.mark.parametrize(
    ("planned", "more", "moved"),
    [
        ([MIDDLE, END, LATER], 2, [("end", 10, date(2026, 12, 28)), ("month_3", 23, date(2027, 3, 29))]),
        ([LATER], 1, [("month_3", 22, date(2027, 3, 22))]),
        ([MIDDLE], 4, []),
        ([], 4, []),
    ],
)
def test_the_end_and_what_comes_after_it_move_by_whole_weeks(planned: list[Planned], more: int, moved: list[tuple[str, int, date]]) -> None:
    found = moved_with_the_end(planned, 8, more)
    assert [(one.key, one.week, one.due_on) for one in found] == moved
    assert [one for one in planned if one.week >= 8] == moved_with_the_end(found, 8 + more, -more), "and back again"


def test_the_last_day_is_the_end_of_the_last_week() -> None:
    assert last_day({1: date(2026, 3, 23), 2: date(2026, 4, 6)}, 2) == date(2026, 4, 12)
