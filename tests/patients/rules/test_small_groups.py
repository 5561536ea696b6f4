"""No group below five is shown, and none follows from those that are, whatever is added or subtracted."""

from collections import Counter, defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.rules.small_groups import FEWEST, Group, hide_small, joined, spans_of


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([9, 7, 5], [9, 7, 5]),
        ([9, 0, 7], [9, 0, 7]),
        ([9, 7, 3], [9, None, None]),  # a single hidden part would follow from the total
        ([20, 6, 2, 1], [20, None, None, None]),  # 2 and 1 together are three people
        ([20, 3, 4], [20, None, None]),  # seven people in two parts
        ([8, 1], [None, None]),
        ([6, 0, 4], [None, 0, None]),
        ([3, 0], [None, None]),  # fewer than five in all
        ([0, 0], [None, None]),
        ([5], [5]),
    ],
)
def test_small_parts_of_a_total_are_hidden_with_what_would_give_them_away(counts: list[int], expected: list[int | None]) -> None:
    assert hide_small(counts) == expected


def test_what_matters_most_is_hidden_last() -> None:
    assert hide_small([27, 3, 9]) == [27, None, None]
    assert hide_small([27, 3, 9], keep={2}) == [None, None, 9]
    assert hide_small([27, 0, 2], keep={2}) == [None, 0, None]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=6))
def test_what_is_hidden_of_a_total_never_follows(counts: list[int]) -> None:
    shown = hide_small(counts)
    hidden = [count for count, told in zip(counts, shown, strict=True) if told is None]
    assert all(told is None or told == 0 or told >= FEWEST for told in shown)
    if sum(counts) >= FEWEST and hidden:
        assert len(hidden) >= 2
        assert sum(hidden) >= FEWEST


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ({2023: 6, 2024: 12, 2025: 5}, [(2023, 2023), (2024, 2024), (2025, 2025)]),
        ({2023: 3, 2024: 12, 2025: 4}, [(2023, 2025)]),
        ({2022: 3, 2023: 4, 2025: 9}, [(2022, 2023), (2025, 2025)]),
        ({2024: 4}, []),
        ({}, []),
        ({2024: 9, 2025: 0, 2026: 1}, [(2024, 2026)]),
    ],
)
def test_years_are_put_together_until_there_are_five(people: dict[int, int], expected: list[tuple[int, int]]) -> None:
    assert spans_of(people) == expected


@pytest.mark.parametrize(
    ("cells", "chosen", "expected"),
    [
        # enough in all and in each year
        ({(2024, "a"): 6, (2025, "a"): 7}, (2024, 2025, None), 13),
        ({(2024, "a"): 6, (2025, "a"): 7}, (2025, 2025, None), 7),
        # 2025 alone has three, and 2024 alone would tell of them by subtraction
        ({(2024, "a"): 12, (2025, "a"): 3}, (2024, 2025, None), 15),
        ({(2024, "a"): 12, (2025, "a"): 3}, (2025, 2025, None), None),
        ({(2024, "a"): 12, (2025, "a"): 3}, (2024, 2024, None), None),
        # a therapist is shown when the others are enough as well
        ({(2024, "a"): 6, (2024, "b"): 5}, (2024, 2024, "a"), 6),
        ({(2024, "a"): 6, (2024, "b"): 4}, (2024, 2024, "a"), None),
        ({(2024, "a"): 6, (2024, "b"): 7, (2024, "c"): 2}, (2024, 2024, "a"), None),  # the smaller one joins the two left over
        ({(2024, "a"): 6, (2024, "b"): 7, (2024, "c"): 2}, (2024, 2024, "b"), 7),
        ({(2024, "a"): 6, (2024, "b"): 3, (2024, "c"): 2}, (2024, 2024, "a"), 6),
        ({(2024, "a"): 6, (2024, "b"): 3, (2024, "c"): 2}, (2024, 2024, "b"), None),
        ({(2024, "a"): 6}, (2024, 2024, "a"), 6),
        ({(2024, "a"): 6, (2025, "b"): 6}, (2024, 2025, "a"), 6),
        # nobody there
        ({(2024, "a"): 6}, (2025, 2025, None), None),
        ({(2024, "a"): 6}, (2024, 2024, "z"), None),
        ({}, (2024, 2024, None), None),
    ],
)
def test_who_may_be_shown(cells: dict[tuple[int, str], int], chosen: tuple[int, int, str | None], expected: int | None) -> None:
    verdict = Group(cells).select(*chosen)
    assert (verdict.n if verdict.may else None) == expected


def test_a_hidden_choice_says_which_years_could_be_shown() -> None:
    verdict = Group({(2023, "a"): 5, (2024, "a"): 12, (2025, "a"): 3}).select(2024, 2024)
    assert verdict.spans == ((2023, 2023), (2024, 2025))
    assert joined(verdict.spans) == [(2023, 2025)]


@given(st.dictionaries(st.tuples(st.integers(2021, 2025), st.sampled_from("abc")), st.integers(0, 9), max_size=15))
def test_nothing_smaller_than_five_follows_from_all_choices_together(cells: dict[tuple[int, str], int]) -> None:
    """People whom no choice tells apart stay together in every sum and difference; such a bunch must be five or more."""
    group = Group(cells)
    bunches: dict[tuple[bool, ...], int] = defaultdict(int)
    choices = [
        (first, last, who)
        for first, last, who in product(range(2021, 2026), range(2021, 2026), (None, *"abc"))
        if first <= last and group.select(first, last, who).may
    ]
    counted: Counter[tuple[int, int, str | None]] = Counter()
    for (year, treats), count in cells.items():
        inside = tuple(first <= year <= last and who in (None, treats) for first, last, who in choices)
        bunches[inside] += count
        for choice, is_in in zip(choices, inside, strict=True):
            counted[choice] += count if is_in else 0
    assert all(count == 0 or count >= FEWEST for inside, count in bunches.items() if any(inside))
    assert all(group.select(*choice).n == counted[choice] for choice in choices)
