"""Settled or not, the morning after."""

from datetime import date, timedelta

import pytest

from patients.rules.readiness import ComparedWith, Settling, settling, usual_morning_pain

TODAY = date(2026, 3, 18)


@pytest.mark.parametrize(
    ("mornings", "expected"),
    [
        pytest.param([], None, id="none known"),
        pytest.param([(1, 3), (2, 3)], None, id="two are too few"),
        pytest.param([(1, 3), (2, 5), (3, 4)], 4, id="three"),
        pytest.param([(1, 3), (2, 4), (3, 4), (4, 3)], 3.5, id="between two"),
        pytest.param([(day, 2) for day in range(1, 8)] + [(8, 9), (9, 9)], 2, id="only the last seven days"),
        pytest.param([(0, 9), (1, 2), (2, 2), (3, 2)], 2, id="today is not usual"),
        pytest.param([(1, 2), (3, 2), (8, 2)], None, id="gaps are not filled"),
    ],
)
def test_the_usual_morning_is_the_median_of_a_week(mornings: list[tuple[int, int]], expected: float | None) -> None:
    assert usual_morning_pain([(TODAY - timedelta(days=ago), pain) for ago, pain in mornings], TODAY) == expected


@pytest.mark.parametrize(
    ("morning", "usual", "before", "expected"),
    [
        pytest.param(3, 3.0, None, Settling(True, 0, ComparedWith.USUAL), id="as usual"),
        pytest.param(4, 3.0, None, Settling(True, 1, ComparedWith.USUAL), id="one point is settled"),
        pytest.param(4, 2.5, None, Settling(False, 1.5, ComparedWith.USUAL), id="one and a half is not"),
        pytest.param(5, 3.0, 9, Settling(False, 2, ComparedWith.USUAL), id="the usual morning goes before the pain before"),
        pytest.param(1, 3.0, None, Settling(True, -2, ComparedWith.USUAL), id="less pain"),
        pytest.param(4, None, 3, Settling(True, 1, ComparedWith.BEFORE), id="compared with before"),
        pytest.param(5, None, 3, Settling(False, 2, ComparedWith.BEFORE), id="more than before"),
        pytest.param(5, None, None, Settling(None, None, None), id="nothing to compare with"),
        pytest.param(None, 3.0, 3, Settling(None, None, None), id="no answer is not settled and not unsettled"),
        pytest.param(0, 0.0, None, Settling(True, 0, ComparedWith.USUAL), id="a usual of zero is known"),
    ],
)
def test_settled_is_at_most_one_point_more(morning: int | None, usual: float | None, before: int | None, expected: Settling) -> None:
    assert settling(morning, usual, before) == expected
