"""Who is told of a stop sign and when, and on which days the digest comes: tables of examples."""

import datetime as dt
from uuid import UUID

import pytest

from reminders.rules.escalation import Colleague, Step, Told, due_step, is_open_day, whom_to_tell

NOW = dt.datetime(2026, 11, 17, 12, 0, tzinfo=dt.UTC)
ANNA, BEN, CARLA, DORA = (UUID(int=number) for number in range(1, 5))
STAFF = [Colleague(CARLA, True), Colleague(ANNA, False), Colleague(BEN, False), Colleague(DORA, True)]


def ago(minutes: int, reaches: bool = True) -> Told:
    """Return a step taken so many minutes before now."""
    return Told(NOW - dt.timedelta(minutes=minutes), reaches)


@pytest.mark.parametrize(
    ("told", "step"),
    [
        ({}, Step.FIRST),
        ({0: ago(0)}, None),
        ({0: ago(14)}, None),
        ({0: ago(15)}, Step.SECOND),
        ({0: ago(0, reaches=False)}, Step.SECOND),
        ({0: ago(44), 1: ago(29)}, None),
        ({0: ago(45), 1: ago(30)}, Step.MANAGERS),
        ({0: ago(15), 1: ago(0, reaches=False)}, Step.MANAGERS),
        ({0: ago(600), 1: ago(585), 2: ago(555)}, None),
    ],
)
def test_the_next_step_is_due_when_the_last_one_had_its_time_or_reached_nobody(told: dict[int, Told], step: Step | None) -> None:
    assert due_step(told, 15, NOW) == step


@pytest.mark.parametrize(("minutes", "step"), [(5, Step.SECOND), (10, Step.SECOND), (11, None), (120, None)])
def test_the_clinic_says_how_long_the_first_person_has(minutes: int, step: Step | None) -> None:
    assert due_step({0: ago(10)}, minutes, NOW) == step


@pytest.mark.parametrize(
    ("step", "therapist", "staff", "told", "people"),
    [
        (Step.FIRST, ANNA, STAFF, set(), [ANNA]),
        (Step.FIRST, None, STAFF, set(), [CARLA, DORA]),
        (Step.FIRST, UUID(int=9), STAFF, set(), [CARLA, DORA]),
        (Step.FIRST, None, [Colleague(BEN, False)], set(), [BEN]),
        (Step.FIRST, None, [], set(), []),
        (Step.SECOND, ANNA, STAFF, {ANNA}, [BEN]),
        (Step.SECOND, ANNA, [Colleague(ANNA, False), Colleague(DORA, True)], {ANNA}, [DORA]),
        (Step.SECOND, CARLA, [Colleague(CARLA, True)], {CARLA}, []),
        (Step.MANAGERS, ANNA, STAFF, {ANNA, BEN}, [CARLA, DORA]),
        (Step.MANAGERS, CARLA, [Colleague(CARLA, True)], {CARLA}, [CARLA]),
    ],
)
def test_each_step_has_its_people(step: Step, therapist: UUID | None, staff: list[Colleague], told: set[UUID], people: list[UUID]) -> None:
    assert whom_to_tell(step, therapist, staff, told) == people


@pytest.mark.parametrize(
    ("on", "weekdays", "closed", "is_open"),
    [
        ("2026-11-17", [1, 2, 3, 4, 5], (), True),
        ("2026-11-21", [1, 2, 3, 4, 5], (), False),
        ("2026-11-21", [], (), True),
        ("2026-11-17", [1, 2, 3, 4, 5], ("2026-11-17",), False),
    ],
)
def test_the_digest_comes_on_open_days(on: str, weekdays: list[int], closed: tuple[str, ...], is_open: bool) -> None:
    days = {dt.date.fromisoformat(one) for one in closed}
    assert is_open_day(dt.date.fromisoformat(on), weekdays, days) is is_open
