"""Doses in one short line."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation

from programs.dose import dose_text, effort_text, seconds_text

EMPTY = {
    "sets": 1,
    "reps_low": None,
    "reps_high": None,
    "hold_seconds": None,
    "duration_seconds": None,
    "run_seconds": None,
    "walk_seconds": None,
    "per_side": False,
}


@pytest.mark.parametrize(
    ("dose", "text"),
    [
        ({"sets": 3, "reps_low": 10, "reps_high": 12}, "3 × 10–12"),
        ({"sets": 3, "reps_low": 12, "reps_high": 12, "per_side": True}, "3 × 12 per side"),
        ({"sets": 3, "hold_seconds": 45}, "3 × 45 s"),
        ({"sets": 3, "reps_low": 8, "reps_high": 8, "hold_seconds": 5, "per_side": True}, "3 × 8 × 5 s per side"),
        ({"sets": 10, "run_seconds": 60, "walk_seconds": 120, "duration_seconds": 1800}, "10 × 1:00 run / 2:00 walk"),
        ({"sets": 1, "run_seconds": 1800}, "30:00 run"),
        ({"sets": 1, "duration_seconds": 300}, "5 min"),
        ({"sets": 2, "duration_seconds": 90}, "2 × 90 s"),
        ({"sets": 1, "duration_seconds": 150}, "2.5 min"),
        ({"sets": 1, "reps_low": 8, "reps_high": 8}, "8 repetitions"),
        ({"sets": 2}, "2 sets"),
    ],
)
def test_a_dose_is_one_short_line(dose: dict[str, Any], text: str) -> None:
    with translation.override("en"):
        assert dose_text(SimpleNamespace(**{**EMPTY, **dose})) == text


@pytest.mark.parametrize(("low", "high", "text"), [(6, 7, "6–7"), (7, 7, "7"), (None, 8, "8"), (None, None, "")])
def test_effort_is_a_range_or_a_number(low: int | None, high: int | None, text: str) -> None:
    assert effort_text(low, high) == text


@pytest.mark.parametrize(("seconds", "text"), [(20, "20 s"), (90, "90 s"), (120, "2 min"), (125, "2:05 min")])
def test_short_times_are_seconds(seconds: int, text: str) -> None:
    with translation.override("en"):
        assert seconds_text(seconds) == text
