"""Until when a request is answered, how long a record is kept, and what counts as typing its number."""

import datetime as dt

import pytest

from patients.rules.retention import answer_by, is_proof, keep_until


@pytest.mark.parametrize(
    ("asked", "answer"),
    [("2026-01-15", "2026-02-15"), ("2026-01-31", "2026-02-28"), ("2028-01-31", "2028-02-29"), ("2026-12-31", "2027-01-31")],
)
def test_a_request_is_answered_within_a_calendar_month(asked: str, answer: str) -> None:
    assert answer_by(dt.date.fromisoformat(asked)) == dt.date.fromisoformat(answer)


@pytest.mark.parametrize(
    ("last", "years", "until"),
    [("2026-03-04", 10, "2036-03-04"), ("2028-02-29", 10, "2038-02-28"), ("2028-02-29", 4, "2032-02-29"), ("2026-12-31", 1, "2027-12-31")],
)
def test_a_record_is_kept_for_whole_years(last: str, years: int, until: str) -> None:
    assert keep_until(dt.date.fromisoformat(last), years) == dt.date.fromisoformat(until)


@pytest.mark.parametrize(
    ("typed", "number", "is_right"),
    [
        ("00012", "00012", True),
        (" 00 012 ", "00012", True),
        ("ab-1", "AB-1", True),
        ("12", "00012", False),
        ("", "", False),
        ("x", "", False),
    ],
)
def test_the_number_is_typed_in_full(typed: str, number: str, is_right: bool) -> None:
    assert is_proof(typed, number) is is_right
