"""The moment of a reminder, and the reasons that hold it back."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.rules.holding import Hold, Program, Situation, Subject, hold_reason
from reminders.rules.moments import Moment, assessment_slots, message_moment, moment, summary_days
from reminders.rules.timing import Kind, QuietHours

DAY = date(2026, 3, 18)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-18T{text}")


@pytest.mark.parametrize(
    ("wish", "starts", "expected"),
    [
        pytest.param(time(8), None, Moment(at("08:00"), at("20:00")), id="at home"),
        pytest.param(time(8), at("17:30"), Moment(at("08:00"), at("17:30")), id="an appointment ends it"),
        pytest.param(time(8), at("07:30"), Moment(at("06:30"), at("07:30")), id="an hour before an early one"),
        pytest.param(time(8), at("00:20"), Moment(at("00:00"), at("00:20")), id="not before midnight"),
        pytest.param(time(8), at("00:00"), None, id="no moment left"),
        pytest.param(time(8), datetime.fromisoformat("2026-03-19T07:00"), Moment(at("08:00"), at("20:00")), id="another local day"),
    ],
)
def test_the_moment(wish: time, starts: datetime | None, expected: Moment | None) -> None:
    assert moment(Kind.SESSION_TODAY, DAY, wish, starts) == expected


def test_assessments_are_asked_for_twice() -> None:
    assert assessment_slots(DAY) == [DAY, date(2026, 3, 21)]


FREE = Situation(
    slot_on=DAY,
    is_patient=True,
    has_address=True,
    has_agreed=True,
    is_wanted=True,
    is_paused=False,
    program=Program.RUNNING,
    subject=Subject.OPEN,
    subject_on=DAY,
    is_follow_up=False,
)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"is_patient": False, "subject": Subject.DONE}, Hold.NO_ACCESS),
        ({"subject": Subject.DONE, "program": Program.HELD}, Hold.ALREADY_DONE),
        ({"subject": Subject.SKIPPED}, Hold.SKIPPED),
        ({"subject": Subject.GONE, "subject_on": None}, Hold.ENDED),
        ({"subject_on": date(2026, 3, 19)}, Hold.MOVED),
        ({"program": Program.HELD}, Hold.ON_HOLD),
        ({"program": Program.OVER}, Hold.ENDED),
        ({"program": Program.OVER, "is_follow_up": True}, None),
        ({"program": Program.WITHDRAWN, "is_follow_up": True}, Hold.ENDED),
        ({"has_agreed": False, "is_wanted": False, "subject": Subject.DONE}, Hold.NO_CONSENT),
        ({"is_paused": True, "is_wanted": False}, Hold.PAUSED),
        ({"is_wanted": False, "has_address": False}, Hold.OPTED_OUT),
        ({"has_address": False}, Hold.NO_ADDRESS),
    ],
)
def test_the_strongest_reason_is_given(change: dict[str, Any], reason: Hold | None) -> None:
    assert hold_reason(replace(FREE, **change)) == reason


@pytest.mark.parametrize(
    ("sent", "due"),
    [
        ("2026-11-17T10:00", "2026-11-17T10:15"),
        ("2026-11-17T20:44", "2026-11-17T20:59"),
        ("2026-11-17T20:45", "2026-11-18T08:00"),
        ("2026-11-17T23:50", "2026-11-18T08:00"),
        ("2026-11-18T03:00", "2026-11-18T08:00"),
        ("2026-11-18T07:50", "2026-11-18T08:05"),
    ],
)
def test_a_message_is_spoken_of_after_a_quarter_of_an_hour_but_not_at_night(sent: str, due: str) -> None:
    found = message_moment(datetime.fromisoformat(sent))
    assert found.due == datetime.fromisoformat(due)
    assert found.due < found.expires


EVENING = QuietHours(time(21), time(8))
NOON = QuietHours(time(12), time(14))


@pytest.mark.parametrize(
    ("wish", "starts", "quiet", "expected"),
    [
        pytest.param(time(9), None, EVENING, Moment(at("09:00"), at("21:00")), id="nothing is tried again in the quiet hours"),
        pytest.param(time(7), None, EVENING, Moment(at("08:00"), at("20:00")), id="after the night"),
        pytest.param(time(22), None, EVENING, Moment(at("20:45"), at("21:00")), id="before the night"),
        pytest.param(time(20, 59), None, EVENING, Moment(at("20:45"), at("21:00")), id="a quarter of an hour before the night"),
        pytest.param(time(20, 45), None, EVENING, Moment(at("20:45"), at("21:00")), id="just in time"),
        pytest.param(time(0, 5), None, QuietHours(time(0, 10), time(8)), Moment(at("00:00"), at("00:10")), id="not the day before"),
        pytest.param(time(13), None, NOON, Moment(at("14:00"), at("23:00")), id="after the nap"),
        pytest.param(time(9), at("08:45"), EVENING, Moment(at("08:00"), at("08:45")), id="less than an hour before an early appointment"),
        pytest.param(time(9), at("07:30"), EVENING, None, id="an appointment in the quiet hours is not announced"),
        pytest.param(time(9), None, QuietHours(time(8), time(8)), Moment(at("09:00"), at("21:00")), id="the same times are no quiet hours"),
    ],
)
def test_quiet_hours_move_the_moment(wish: time, starts: datetime | None, quiet: QuietHours, expected: Moment | None) -> None:
    assert moment(Kind.SESSION_TODAY, DAY, wish, starts, quiet) == expected


@pytest.mark.parametrize(
    ("sent", "quiet", "due"),
    [
        ("10:00", EVENING, "2026-03-18T10:15"),
        ("20:50", EVENING, "2026-03-19T08:00"),
        ("20:44", EVENING, "2026-03-19T08:00"),
        ("20:29", EVENING, "2026-03-18T20:44"),
        ("03:00", EVENING, "2026-03-18T08:00"),
        ("12:30", NOON, "2026-03-18T14:00"),
        ("22:00", NOON, "2026-03-18T22:15"),
    ],
)
def test_a_message_waits_for_the_end_of_the_patients_own_quiet_hours(sent: str, quiet: QuietHours, due: str) -> None:
    assert message_moment(at(sent), quiet).due == datetime.fromisoformat(due)


@pytest.mark.parametrize(
    ("slot", "first", "last"),
    [("2026-03-22", "2026-03-16", "2026-03-22"), ("2026-03-23", "2026-03-16", "2026-03-22")],
)
def test_the_summary_looks_back_on_the_week_up_to_sunday(slot: str, first: str, last: str) -> None:
    assert summary_days(date.fromisoformat(slot)) == (date.fromisoformat(first), date.fromisoformat(last))


TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@given(TIMES, TIMES, TIMES, st.none() | TIMES)
def test_no_reminder_is_ever_due_or_useful_in_the_quiet_hours(wish: time, begin: time, end: time, starts: time | None) -> None:
    quiet = QuietHours(begin, end)
    found = moment(Kind.SESSION_TODAY, DAY, wish, datetime.combine(DAY, starts) if starts else None, quiet)
    if found is None:
        return
    assert found.due.date() == DAY
    assert not quiet.covers(found.due.time())
    minute = found.due
    while minute < found.expires:
        assert not quiet.covers(minute.time())
        minute += timedelta(minutes=1)
