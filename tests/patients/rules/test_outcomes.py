"""Means, shares and their intervals against scipy and statsmodels, and against the trial's line."""

import random

import pytest

from patients.rules.outcomes import (
    Side,
    against_line,
    change_of,
    mean_of,
    model_change,
    normal_quantile,
    share_of,
    t_quantile,
    t_tail,
)
from patients.rules.scores import Instrument

pytestmark = pytest.mark.xdist_group("stats")
"""What imports statsmodels stays in one process: that takes seconds."""
PSFS, NPRS = Instrument.PSFS_RUN, Instrument.NPRS_RUN


@pytest.mark.parametrize(
    ("degrees", "expected"), [(1, 12.706), (2, 4.303), (4, 2.776), (9, 2.262), (27, 2.052), (120, 1.980), (10_000, 1.960)]
)
def test_the_quantile_of_t_is_that_of_the_printed_tables(degrees: int, expected: float) -> None:
    assert t_quantile(degrees) == pytest.approx(expected, abs=0.0006)


def test_without_degrees_of_freedom_there_is_no_quantile() -> None:
    with pytest.raises(ValueError, match="degree"):
        t_quantile(0)


def test_quantiles_and_tails_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    for degrees in (*range(1, 260, 7), 199, 200, 201, 1_000, 50_000):
        assert t_quantile(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), abs=1e-8)
    for degrees, t in ((1, 0.3), (2, 1.0), (5, 2.5), (30, 1.7)):
        assert t_tail(t, degrees) == pytest.approx(1 - 2 * stats.t.sf(t, degrees), abs=1e-12)
    assert normal_quantile() == pytest.approx(stats.norm.ppf(0.975))


@pytest.mark.parametrize(
    ("values", "mean", "low", "high"),
    [
        ([1.0, 3.0], 2.0, -10.706, 14.706),
        ([2.0] * 5, 2.0, 2.0, 2.0),
        ([0.0, 1.0, 2.0, 3.0, 4.0], 2.0, 0.037, 3.963),
        ([-3.0, -1.0, -2.0, 0.0, -4.0, -2.0], -2.0, -3.484, -0.516),
    ],
)
def test_a_mean_has_its_interval_by_t(values: list[float], mean: float, low: float, high: float) -> None:
    found = mean_of(values)
    assert found is not None
    assert [found.mean, found.low, found.high] == pytest.approx([mean, low, high], abs=0.001)


def test_one_value_has_no_interval() -> None:
    assert mean_of([3.0]) is None
    assert mean_of([]) is None


def test_intervals_of_means_are_those_of_statsmodels() -> None:
    weights = pytest.importorskip("statsmodels.stats.weightstats")
    chance = random.Random(7)
    for n in (2, 5, 24, 400):
        values = [chance.gauss(-2, 1.5) for _ in range(n)]
        found = mean_of(values)
        assert found is not None
        assert (found.low, found.high) == pytest.approx(weights.DescrStatsW(values).tconfint_mean(), abs=1e-7)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(0, 5, 0.0, 0.434), (5, 5, 0.566, 1.0), (3, 6, 0.188, 0.812), (44, 71, 0.503, 0.724), (7, 17, 0.216, 0.640)]
)
def test_a_share_has_its_interval_by_wilson(k: int, n: int, low: float, high: float) -> None:
    found = share_of(k, n)
    assert found is not None
    assert [found.low, found.high] == pytest.approx([low, high], abs=0.001)


def test_nobody_has_no_share() -> None:
    assert share_of(0, 0) is None


def test_intervals_of_shares_are_those_of_statsmodels() -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    for n in (5, 6, 23, 78):
        for k in range(n + 1):
            found = share_of(k, n)
            assert found is not None
            assert (found.low, found.high) == pytest.approx(proportion.proportion_confint(k, n, method="wilson"), abs=1e-12)


@pytest.mark.parametrize(
    ("instrument", "pairs", "worthwhile", "beyond"),
    [
        # capability: 2 points are likely worthwhile, 3 beyond measurement error; falling never counts
        (PSFS, [(4, 6), (4, 7), (4, 5), (4, 4), (7, 3)], 2, 1),
        # pain: 2 points or 30 % of the start, downwards only
        (NPRS, [(6, 4), (3, 2), (4, 3), (2, 5), (0, 0)], 2, None),
        (NPRS, [(10, 7), (10, 8), (1, 0), (5, 4), (0, 2)], 3, None),
    ],
)
def test_changes_for_the_better_are_counted(
    instrument: Instrument, pairs: list[tuple[int, int]], worthwhile: int, beyond: int | None
) -> None:
    found = change_of(instrument, pairs)
    assert found is not None
    assert found.worthwhile.k == worthwhile
    assert (found.beyond_error.k if found.beyond_error else None) == beyond
    assert found.mean.mean == pytest.approx(sum(after - before for before, after in pairs) / len(pairs))


@pytest.mark.parametrize(
    ("instrument", "arm", "key", "expected"),
    [
        (PSFS, "LL", "baseline", 0.0),
        (PSFS, "LL", "end", 1.898),
        (PSFS, "LL", "month_6", 3.796),
        (PSFS, "LE", "month_6", 3.004),
        (PSFS, "LS", "middle", 0.686),
        (NPRS, "LS", "month_6", -2.984),
        (PSFS, "RW", "end", None),
        (PSFS, "", "end", None),
        (PSFS, "LL", "week_12", None),
    ],
)
def test_the_model_line_is_slope_times_assessment(instrument: Instrument, arm: str, key: str, expected: float | None) -> None:
    found = model_change(instrument, arm, key)
    assert found is None if expected is None else found == pytest.approx(expected)


@pytest.mark.parametrize(("line", "side"), [(0.9, Side.ABOVE), (2.0, Side.UNCLEAR), (3.2, Side.BELOW)])
def test_a_mean_lies_above_below_or_around_the_line(line: float, side: Side) -> None:
    mean = mean_of([1.0, 2.0, 3.0, 2.0, 2.0, 2.0])
    assert mean is not None
    found = against_line(mean, line)
    assert found.side == side
    assert found.difference == pytest.approx(2.0 - line)
    assert found.low < found.difference < found.high
