"""Weekly means, the model line, and the geometry of the charts."""

from datetime import date, timedelta

import pytest

from patients.rules.scores import Instrument
from patients.rules.trajectory import (
    Scale,
    WeekMean,
    band_points,
    has_model_line,
    line_points,
    model_line,
    path_data,
    spark_points,
    weekly_means,
)

START = date(2026, 3, 4)
CHART = Scale(left=28, right=716, top=26, bottom=232)
RUN_WALK = Scale(left=0, right=120, top=0, bottom=10, end_week=12, follow_up_weeks=())


def test_weeks_are_averaged_over_the_days_with_an_answer() -> None:
    values = [(-1, 9), (0, 5), (2, 4), (6, 4), (7, 3), (21, 2)]
    assert weekly_means([(START + timedelta(days=day), value) for day, value in values], START) == [
        WeekMean(1, 4.33, 3),
        WeekMean(2, 3, 1),
        WeekMean(4, 2, 1),
    ]


@pytest.mark.parametrize(
    ("instrument", "arm", "start", "expected"),
    [
        (Instrument.PSFS_RUN, "LL", 4, [(0, 4), (4, 4.95), (8, 5.9), (21, 6.85), (34, 7.8)]),
        (Instrument.PSFS_RUN, "LE", 4, [(0, 4), (4, 4.75), (8, 5.5), (21, 6.25), (34, 7.0)]),
        (Instrument.PSFS_RUN, "LS", 4, [(0, 4), (4, 4.69), (8, 5.37), (21, 6.06), (34, 6.74)]),
        (Instrument.PSFS_RUN, "LL", 8, [(0, 8), (4, 8.95), (8, 9.9), (21, 10), (34, 10)]),
        (Instrument.NPRS_RUN, "LE", 6, [(0, 6), (4, 5.25), (8, 4.51), (21, 3.76), (34, 3.02)]),
        (Instrument.NPRS_RUN, "LS", 2, [(0, 2), (4, 1.25), (8, 0.51), (21, 0), (34, 0)]),
        (Instrument.NPRS_RUN, "RW", 6, []),
    ],
)
def test_the_model_line_starts_at_the_persons_own_value(
    instrument: Instrument, arm: str, start: float, expected: list[tuple[int, float]]
) -> None:
    assert model_line(instrument, arm, start) == pytest.approx(expected)
    assert has_model_line(arm) == bool(expected)


def test_no_arm_is_drawn_better_for_pain() -> None:
    assert model_line(Instrument.NPRS_RUN, "LL", 6) == model_line(Instrument.NPRS_RUN, "LE", 6) == model_line(Instrument.NPRS_RUN, "LS", 6)


@pytest.mark.parametrize(
    ("week", "x"),
    [(-1, 28), (0, 28), (1, 88.2), (4, 268.8), (8, 509.6), (14.5, 561.2), (21, 612.8), (34, 716), (50, 716)],
)
def test_the_program_takes_seventy_percent_and_the_follow_ups_the_rest(week: float, x: float) -> None:
    assert CHART.x(week) == x


def test_the_axis_breaks_between_the_end_and_the_first_follow_up() -> None:
    assert CHART.break_x == 535.4
    assert RUN_WALK.break_x is None
    assert RUN_WALK.x(6) == 60
    assert RUN_WALK.x(12) == 120


@pytest.mark.parametrize(("value", "y"), [(0, 232), (2, 190.8), (10, 26), (11, 26), (-1, 232)])
def test_scores_use_the_full_axis(value: float, y: float) -> None:
    assert CHART.y(value) == y


@pytest.mark.parametrize(("end", "later"), [(0, ()), (8, (8,)), (8, (34, 21))])
def test_weeks_of_a_scale_come_in_order(end: int, later: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="in order"):
        Scale(0, 100, 0, 100, end, later)


def test_lines_break_where_a_value_is_missing() -> None:
    series = [(0, None), (1, 6), (2, 5), (4, None), (8, 4), (21, None)]
    assert line_points(series, CHART) == [[(88.2, 108.4), (148.4, 129)], [(509.6, 149.6)]]
    assert line_points([], CHART) == []
    assert line_points([(0, None)], CHART) == []


def test_the_ribbon_goes_out_above_and_comes_back_below() -> None:
    assert band_points([(0, 6), (8, 10)], CHART) == [(28, 98.1), (509.6, 26), (509.6, 36.3), (28, 118.7)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([None], []),
        ([0], [[(76, 22)]]),
        ([6, 6, 5, 5, 4, 3], [[(4, 11.2), (18.4, 11.2), (32.8, 13), (47.2, 13), (61.6, 14.8), (76, 16.6)]]),
        ([10, None, 0], [[(4, 4)], [(76, 22)]]),
        ([None, 3, 3, None], [[(28, 16.6), (52, 16.6)]]),
    ],
)
def test_sparklines_have_gaps_and_the_full_range(values: list[int | None], expected: list[list[tuple[float, float]]]) -> None:
    assert spark_points(values, 84, 26) == expected


def test_paths_are_written_short() -> None:
    assert path_data([[(4, 11.2), (18.4, 13.0)], [(76, 22)]]) == "M4 11.2L18.4 13M76 22"
    assert path_data([[(0, 0), (1, 1)]], closed=True) == "M0 0L1 1Z"
    assert path_data([]) == ""
