"""Which answers are valid, and which changes mean something."""

import pytest

from patients.rules.scores import Answer, Beyond, Direction, Instrument, Meaning, change_meaning, check_answer

PAIN, RUNNING = Instrument.NPRS_RUN, Instrument.PSFS_RUN
NONE, WORTHWHILE, BEYOND = Beyond.NONE, Beyond.LIKELY_WORTHWHILE, Beyond.BEYOND_ERROR
BETTER, SAME, WORSE = Direction.BETTER, Direction.SAME, Direction.WORSE


@pytest.mark.parametrize(
    ("instrument", "before", "after", "expected"),
    [
        pytest.param(PAIN, 6, 6, Meaning(0, 0, SAME, NONE), id="pain unchanged"),
        pytest.param(PAIN, 6, 5, Meaning(-1, -17, BETTER, NONE), id="one point of six"),
        pytest.param(PAIN, 6, 4, Meaning(-2, -33, BETTER, WORTHWHILE), id="two points"),
        pytest.param(PAIN, 8, 6, Meaning(-2, -25, BETTER, WORTHWHILE), id="two points below thirty percent"),
        pytest.param(PAIN, 3, 2, Meaning(-1, -33, BETTER, WORTHWHILE), id="thirty percent below two points"),
        pytest.param(PAIN, 4, 3, Meaning(-1, -25, BETTER, NONE), id="neither"),
        pytest.param(PAIN, 3, 5, Meaning(2, 67, WORSE, WORTHWHILE), id="worse pain"),
        pytest.param(PAIN, 0, 1, Meaning(1, None, WORSE, NONE), id="from no pain"),
        pytest.param(PAIN, 0, 2, Meaning(2, None, WORSE, WORTHWHILE), id="two points from no pain"),
        pytest.param(PAIN, 0, 0, Meaning(0, None, SAME, NONE), id="still no pain"),
        pytest.param(PAIN, 9, 2, Meaning(-7, -78, BETTER, WORTHWHILE), id="much less pain"),
        pytest.param(RUNNING, 4, 5, Meaning(1, 25, BETTER, NONE), id="running one point"),
        pytest.param(RUNNING, 4, 6, Meaning(2, 50, BETTER, WORTHWHILE), id="running two points"),
        pytest.param(RUNNING, 4, 7, Meaning(3, 75, BETTER, BEYOND), id="running three points"),
        pytest.param(RUNNING, 7, 4, Meaning(-3, -43, WORSE, BEYOND), id="running worse"),
        pytest.param(RUNNING, 1, 2, Meaning(1, 100, BETTER, NONE), id="percent does not count for running"),
        pytest.param(PAIN, None, 3, None, id="no start"),
        pytest.param(PAIN, 3, None, None, id="no run this week"),
    ],
)
def test_a_change_has_a_meaning(instrument: Instrument, before: int | None, after: int | None, expected: Meaning | None) -> None:
    assert change_meaning(instrument, before, after) == expected


def test_answers_are_whole_numbers_or_no_run() -> None:
    assert check_answer(PAIN, 0) == Answer(0)
    assert check_answer(RUNNING, 10) == Answer(10)
    assert check_answer(PAIN, None, no_run=True) == Answer(None, no_run=True)


@pytest.mark.parametrize(
    ("instrument", "value", "no_run"),
    [(PAIN, 11, False), (PAIN, -1, False), (PAIN, None, False), (PAIN, 3, True), (RUNNING, None, True), (RUNNING, None, False)],
)
def test_other_answers_are_refused(instrument: Instrument, value: int | None, no_run: bool) -> None:
    with pytest.raises(ValueError, match=r"0 to 10|no run"):
        check_answer(instrument, value, no_run=no_run)
