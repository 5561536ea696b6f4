"""Identifiers: their form, and their order in time."""

import pytest
import time_machine

from clinics.ids import many_uuid7, uuid7

EARLY, LATE = "2026-03-01T08:00:00Z", "2026-03-01T08:00:01Z"


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_many_are_as_one_and_none_comes_twice(count: int) -> None:
    found = many_uuid7(count)
    assert len(set(found)) == count
    assert all((one.version, one.variant) == (7, uuid7().variant) for one in found)


def test_what_was_made_earlier_sorts_first() -> None:
    with time_machine.travel(EARLY, tick=False):
        before = [*many_uuid7(5), uuid7()]
    with time_machine.travel(LATE, tick=False):
        assert max(before) < min([*many_uuid7(5), uuid7()])


def test_what_was_made_within_a_millisecond_is_in_order_too() -> None:
    with time_machine.travel(EARLY, tick=False) as clock:
        made = []
        for _time in range(1000):
            made.append(uuid7())
            clock.shift(0.000001)
    assert made == sorted(made)
