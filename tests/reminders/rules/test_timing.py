"""Due, late, and tried again."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinics.localtime import day_bounds, local_day, to_utc
from reminders.rules.timing import (
    BACK_OFF_SECONDS,
    BOUND_TO_DAY,
    GRACE_MINUTES,
    Kind,
    QuietHours,
    due_at,
    expires_at,
    is_expired,
    message_id,
    next_attempt,
)

DAY = date(2026, 3, 18)
NIGHT = QuietHours(time(21), time(7))
NOON = QuietHours(time(12), time(14))


def at(text: str) -> datetime:
    """Return a wall-clock reading on the day, or on another one when the text names it."""
    return datetime.fromisoformat(text if "T" in text else f"2026-03-18T{text}")


@pytest.mark.parametrize(
    ("wish", "quiet", "expected"),
    [
        pytest.param(time(9), None, "09:00", id="no quiet hours"),
        pytest.param(time(9), NIGHT, "09:00", id="outside"),
        pytest.param(time(6), NIGHT, "07:00", id="morning: their end"),
        pytest.param(time(0), NIGHT, "07:00", id="midnight: their end on the same day"),
        pytest.param(time(7), NIGHT, "07:00", id="the end itself is free"),
        pytest.param(time(20, 59), NIGHT, "20:59", id="last free minute"),
        pytest.param(time(21), NIGHT, "20:59", id="the beginning is quiet"),
        pytest.param(time(22, 30), NIGHT, "20:59", id="evening: before they begin, not tomorrow"),
        pytest.param(time(13), NOON, "14:00", id="within the day"),
        pytest.param(time(11, 59), NOON, "11:59", id="before those within the day"),
        pytest.param(time(23), QuietHours(time(22), time(0)), "21:59", id="ending at midnight"),
        pytest.param(time(9), QuietHours(time(9), time(9)), "09:00", id="empty"),
        pytest.param(time(23), QuietHours(time(0, 1), time(0)), "00:00", id="almost the whole day"),
    ],
)
def test_a_reminder_is_due_at_the_wish_or_next_to_the_quiet_hours(wish: time, quiet: QuietHours | None, expected: str) -> None:
    assert due_at(DAY, wish, quiet) == at(expected)


@pytest.mark.parametrize(
    ("kind", "due", "grace", "expected"),
    [
        pytest.param(Kind.SESSION_TODAY, "09:00", None, "21:00", id="half a day"),
        pytest.param(Kind.SESSION_TODAY, "18:00", None, "23:00", id="an hour before midnight"),
        pytest.param(Kind.SESSION_TODAY, "22:50", None, "23:05", id="a quarter of an hour at least"),
        pytest.param(Kind.SESSION_TODAY, "23:50", None, "2026-03-19T00:00", id="never after its day"),
        pytest.param(Kind.SESSION_TODAY, "09:00", 30, "09:30", id="the clinic's own grace"),
        pytest.param(Kind.CHECK_IN, "07:00", 0, "07:00", id="no grace at all"),
        pytest.param(Kind.ASSESSMENT_DUE, "09:00", None, "2026-03-20T09:00", id="two days"),
        pytest.param(Kind.ALERT, "23:50", None, "2026-03-21T23:50", id="an alert is worth knowing for days"),
        pytest.param(Kind.WEEKLY_SUMMARY, "18:00", None, "2026-03-19T18:00", id="not bound to its day"),
    ],
)
def test_a_reminder_expires(kind: Kind, due: str, grace: int | None, expected: str) -> None:
    assert expires_at(kind, at(due), DAY, grace) == at(expected)


def test_every_kind_has_a_grace_time_and_none_is_negative() -> None:
    assert set(GRACE_MINUTES) == set(Kind)
    with pytest.raises(ValueError, match="not negative"):
        expires_at(Kind.CHECK_IN, at("09:00"), DAY, -1)


@pytest.mark.parametrize("kind", sorted(Kind))
def test_after_two_days_without_a_worker_only_alerts_are_still_sent(kind: Kind) -> None:
    later = at("09:00") + timedelta(days=2)
    assert is_expired(expires_at(kind, at("09:00"), DAY), later) == (kind != Kind.ALERT)


def test_the_last_instant_is_too_late() -> None:
    assert is_expired(at("09:00"), at("09:00"))
    assert not is_expired(at("09:00"), at("08:59"))
    with pytest.raises(TypeError):
        is_expired(at("09:00"), datetime(2026, 3, 18, 9, tzinfo=UTC))


@pytest.mark.parametrize(("attempt", "minutes"), [(1, 0.5), (2, 0.5), (3, 1), (4, 5), (5, 15), (6, 60), (500, 60)])
def test_failures_are_tried_again_ever_more_slowly(attempt: int, minutes: float) -> None:
    now = datetime(2026, 3, 18, 9, tzinfo=UTC)
    assert next_attempt(attempt, now) == now + timedelta(minutes=minutes)


def test_attempts_are_counted_from_one_and_slow_down() -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        next_attempt(0, datetime(2026, 3, 18, 9, tzinfo=UTC))
    assert all(before <= after for before, after in pairwise(BACK_OFF_SECONDS))


def test_a_delivery_keeps_its_message_id() -> None:
    delivery = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
    assert message_id(delivery, "physio.example.org") == "<delivery.01890a5d-ac96-774b-bcce-b302099a8057@physio.example.org>"
    assert message_id(delivery, "localhost") == message_id(str(delivery), "localhost")


@pytest.mark.parametrize(
    ("name", "domain"), [("a", "x\r\nBcc: y"), ("a", ""), ("a", "x>"), ("a b", "x"), ("", "x"), ("a", ".x"), ("a", "x y")]
)
def test_a_message_id_cannot_break_out_of_its_header(name: str, domain: str) -> None:
    with pytest.raises(ValueError, match="plain id"):
        message_id(name, domain)


days = st.dates(min_value=date(2024, 1, 1), max_value=date(2030, 12, 31))
clocks = st.times().map(lambda wall: wall.replace(second=0, microsecond=0))
quiets = st.none() | st.builds(QuietHours, clocks, clocks)
zones = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "Antarctica/Troll", "Asia/Singapore"])


@given(day=days, wish=clocks, quiet=quiets)
def test_a_reminder_never_leaves_its_day_and_never_comes_in_quiet_hours(day: date, wish: time, quiet: QuietHours | None) -> None:
    due = due_at(day, wish, quiet)
    assert due.date() == day
    if quiet is not None:
        assert not quiet.covers(due.time())


@given(day=days, wish=clocks, quiet=quiets, kind=st.sampled_from(sorted(BOUND_TO_DAY)))
def test_what_speaks_of_today_has_a_chance_and_ends_with_the_day(day: date, wish: time, quiet: QuietHours | None, kind: Kind) -> None:
    due = due_at(day, wish, quiet)
    assert due < expires_at(kind, due, day) <= datetime.combine(day, time.min) + timedelta(days=1)


@given(day=days, wish=clocks, quiet=quiets, zone_name=zones)
def test_a_daily_reminder_comes_once_on_each_local_day_even_when_the_clock_jumps(
    day: date, wish: time, quiet: QuietHours | None, zone_name: str
) -> None:
    due = due_at(day, wish, quiet)
    instant = to_utc(due.date(), due.time(), zone_name)
    start, end = day_bounds(day, zone_name)
    assert start <= instant < end
    assert local_day(instant, zone_name) == day
