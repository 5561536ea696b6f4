"""The group sheet as tables: what can be entered, what stands, and who overwrites whom."""

from decimal import Decimal

import pytest

from patients.rules.group import Entry, Target, Verdict, What, is_possible, judge, pick_slot, sets_done, standing, value_of

SQUAT = "squat"


def number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@pytest.mark.parametrize(
    ("what", "exercise", "place", "value", "fits"),
    [
        (What.SET, SQUAT, 1, "1", True),
        (What.SET, SQUAT, 30, "0", True),
        (What.SET, SQUAT, 0, "1", False),
        (What.SET, SQUAT, 31, "1", False),
        (What.SET, SQUAT, 1, "2", False),
        (What.SET, SQUAT, 1, None, False),
        (What.SET, None, 1, "1", False),
        (What.LOAD, SQUAT, 0, "40.5", True),
        (What.LOAD, SQUAT, 0, "40.25", False),
        (What.LOAD, SQUAT, 0, "500.1", False),
        (What.LOAD, SQUAT, 0, None, True),
        (What.LOAD, SQUAT, 1, "40", False),
        (What.REPS, SQUAT, 0, "8.5", False),
        (What.REPS, SQUAT, 0, "-1", False),
        (What.HOLD, SQUAT, 0, "NaN", False),
        (What.PAIN, None, 0, "10", True),
        (What.PAIN, None, 0, "11", False),
        (What.PAIN, SQUAT, 0, "3", False),
        (What.STOPPED, None, 0, "1", True),
    ],
)
def test_what_can_stand_where(what: What, exercise: str | None, place: int, value: str | None, fits: bool) -> None:
    assert is_possible(Target(what, exercise, place), number(value)) is fits


LOAD = Target(What.LOAD, SQUAT)


@pytest.mark.parametrize(
    ("now", "wanted", "seen", "verdict"),
    [
        (None, "40", 0, Verdict.STORE),
        (("40", 1), "40", 0, Verdict.SAME),
        (("40", 1), "45", 1, Verdict.STORE),
        (("40", 1), "45", 0, Verdict.STALE),
        (("40", 3), "45", 2, Verdict.STALE),
        (("40", 3), "45", 4, Verdict.STALE),
        (("40", 2), None, 2, Verdict.STORE),
        ((None, 2), None, 1, Verdict.SAME),
        (None, None, 0, Verdict.SAME),
        (None, "40", 2, Verdict.STALE),
    ],
)
def test_a_late_entry_never_wipes_out_another(now: tuple[str | None, int] | None, wanted: str | None, seen: int, verdict: Verdict) -> None:
    entry = Entry(LOAD, number(now[0]), now[1]) if now else None
    assert judge(entry, number(wanted), seen) is verdict


def test_the_highest_revision_stands_in_whatever_order_entries_come() -> None:
    one, two = Target(What.SET, SQUAT, 1), Target(What.SET, SQUAT, 2)
    entries = [Entry(one, Decimal(0), 2), Entry(two, Decimal(1), 1), Entry(one, Decimal(1), 1), Entry(LOAD, Decimal(40), 1)]
    for rows in (entries, entries[::-1]):
        state = standing(rows)
        assert sets_done(state, SQUAT) == {2}
        assert value_of(state, What.LOAD, SQUAT) == 40
        assert value_of(state, What.PAIN) is None


@pytest.mark.parametrize(
    ("starts", "now", "chosen"),
    [
        ([], 600, None),
        ([540, 1020], 400, 540),
        ([540, 1020], 515, 540),
        ([540, 1020], 900, 540),
        ([540, 1020], 990, 1020),
        ([540, 1020], 1300, 1020),
    ],
)
def test_the_group_is_chosen_by_the_clock(starts: list[int], now: int, chosen: int | None) -> None:
    assert pick_slot(starts, now) == chosen
