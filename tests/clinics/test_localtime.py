"""Wall clock and UTC, on ordinary days and on the days when the clock jumps."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinics.localtime import InvalidZone, day_bounds, is_valid_zone, local_day, time_zone_choices, to_local, to_utc, zone

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "America/Nuuk",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Singapore",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Pacific/Apia",
    "UTC",
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "day", "wall", "expected"),
    [
        pytest.param("Asia/Singapore", date(2026, 6, 1), time(9), "2026-06-01T01:00", id="no daylight saving"),
        pytest.param("Europe/Berlin", date(2026, 1, 10), time(9), "2026-01-10T08:00", id="winter"),
        pytest.param("Europe/Berlin", date(2026, 7, 10), time(9), "2026-07-10T07:00", id="summer"),
        pytest.param("Europe/Berlin", date(2026, 3, 29), time(9), "2026-03-29T07:00", id="nine o'clock on the day the clock goes forward"),
        pytest.param("Europe/Berlin", date(2026, 10, 25), time(9), "2026-10-25T08:00", id="nine o'clock on the day it goes back"),
        pytest.param("Europe/Berlin", date(2026, 3, 29), time(1, 59), "2026-03-29T00:59", id="last minute before the gap"),
        pytest.param("Europe/Berlin", date(2026, 3, 29), time(2, 0), "2026-03-29T01:00", id="first skipped minute"),
        pytest.param("Europe/Berlin", date(2026, 3, 29), time(2, 30), "2026-03-29T01:00", id="middle of the gap"),
        pytest.param("Europe/Berlin", date(2026, 3, 29), time(2, 59, 59, 900000), "2026-03-29T01:00", id="last instant of the gap"),
        pytest.param("Europe/Berlin", date(2026, 3, 29), time(3, 0), "2026-03-29T01:00", id="first minute after the gap"),
        pytest.param("Europe/Berlin", date(2026, 10, 25), time(2, 30), "2026-10-25T00:30", id="twice: the first"),
        pytest.param(
            "Europe/Berlin", date(2026, 10, 25), time(2, 30, fold=1), "2026-10-25T00:30", id="twice: the first, whatever fold says"
        ),
        pytest.param("America/New_York", date(2026, 3, 8), time(2, 30), "2026-03-08T07:00", id="gap west of Greenwich"),
        pytest.param("America/New_York", date(2026, 11, 1), time(1, 30), "2026-11-01T05:30", id="twice west of Greenwich"),
        pytest.param("Australia/Lord_Howe", date(2026, 10, 4), time(2, 10), "2026-10-03T15:30", id="gap of half an hour"),
        pytest.param("Australia/Lord_Howe", date(2026, 10, 4), time(2, 30), "2026-10-03T15:30", id="after the gap of half an hour"),
        pytest.param("Australia/Lord_Howe", date(2026, 4, 5), time(1, 45), "2026-04-04T14:45", id="half an hour twice"),
        pytest.param("America/Havana", date(2026, 3, 8), time(0, 30), "2026-03-08T05:00", id="gap at midnight, Havana"),
        pytest.param("Asia/Beirut", date(2026, 3, 29), time(0), "2026-03-28T22:00", id="gap at midnight, Beirut"),
        pytest.param("America/Asuncion", date(2023, 10, 1), time(0, 1), "2023-10-01T04:00", id="gap at midnight, Asuncion"),
        pytest.param("Antarctica/Troll", date(2026, 3, 29), time(2, 30), "2026-03-29T01:00", id="gap of two hours"),
        pytest.param("Antarctica/Troll", date(2026, 10, 25), time(2, 0), "2026-10-25T00:00", id="two hours twice"),
        pytest.param("Pacific/Apia", date(2011, 12, 30), time(9), "2011-12-30T10:00", id="a whole day left out"),
    ],
)
def test_a_wall_clock_time_becomes_one_instant(name: str, day: date, wall: time, expected: str) -> None:
    assert to_utc(day, wall, name) == utc(expected)
    assert to_utc(day, wall, name).tzinfo is UTC


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("Asia/Singapore", date(2026, 3, 29), 24),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Havana", date(2026, 3, 8), 23),
        ("America/Havana", date(2026, 11, 1), 25),
        ("Asia/Beirut", date(2026, 3, 29), 23),
        ("America/Asuncion", date(2023, 3, 25), 25),
        ("Antarctica/Troll", date(2026, 3, 29), 22),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_a_local_day_is_as_long_as_its_clock_says(name: str, day: date, hours: float) -> None:
    start, end = day_bounds(day, name)
    assert end - start == timedelta(hours=hours)


def test_a_midnight_that_does_not_exist_starts_the_day_with_its_first_minute() -> None:
    start, _ = day_bounds(date(2026, 3, 29), "Asia/Beirut")
    assert to_local(start, "Asia/Beirut").replace(tzinfo=None) == datetime.fromisoformat("2026-03-29T01:00")


@pytest.mark.parametrize(
    ("instant", "name", "expected"),
    [
        ("2026-06-01T16:30", "Asia/Singapore", date(2026, 6, 2)),
        ("2026-06-01T21:59", "Europe/Berlin", date(2026, 6, 1)),
        ("2026-06-01T22:00", "Europe/Berlin", date(2026, 6, 2)),
        ("2026-06-01T03:59", "America/New_York", date(2026, 5, 31)),
        ("2011-12-30T09:59", "Pacific/Apia", date(2011, 12, 29)),
        ("2011-12-30T10:00", "Pacific/Apia", date(2011, 12, 31)),
    ],
)
def test_today_is_the_day_where_the_patient_is(instant: str, name: str, expected: date) -> None:
    assert local_day(utc(instant), name) == expected


@pytest.mark.parametrize(
    "name", ["", "Berlin", "Europe/Atlantis", "../etc/passwd", "/etc/localtime", "localtime", "Factory", "europe/berlin"]
)
def test_other_text_is_not_a_zone(name: str) -> None:
    assert not is_valid_zone(name)
    with pytest.raises(InvalidZone):
        zone(name)
    with pytest.raises(InvalidZone):
        to_utc(date(2026, 1, 1), time(9), name)


def test_old_spellings_that_browsers_send_are_zones() -> None:
    assert is_valid_zone("Asia/Calcutta")
    assert is_valid_zone("Europe/Kiev")


def test_instants_need_a_zone_and_wall_clocks_have_none() -> None:
    naive = datetime.fromisoformat("2026-01-01T09:00")
    with pytest.raises(ValueError, match="an instant needs a time zone"):
        local_day(naive, "UTC")
    with pytest.raises(ValueError, match="no zone of its own"):
        to_utc(date(2026, 1, 1), time(9, tzinfo=UTC), "UTC")


def test_the_choices_are_valid_sorted_and_readable() -> None:
    choices = time_zone_choices()
    names = [name for name, _ in choices]
    assert all(is_valid_zone(name) for name in names)
    assert len(names) == len(set(names))
    assert names[:-1] == sorted(names[:-1])
    assert names[-1] == "UTC"
    assert ("America/New_York", "America / New York") in choices
    assert not [name for name in names if name.startswith(("Etc/", "US/", "posix/", "right/"))]


days = st.dates(min_value=date(2020, 1, 1), max_value=date(2035, 12, 31))
clocks = st.times().map(lambda wall: wall.replace(second=0, microsecond=0))


@given(name=st.sampled_from(ZONES), day=days, wall=clocks)
def test_every_wall_clock_time_is_kept_or_moved_to_the_minute_after_its_gap(name: str, day: date, wall: time) -> None:
    wanted = datetime.combine(day, wall)
    instant = to_utc(day, wall, name)
    got = to_local(instant, name).replace(tzinfo=None)
    assert got >= wanted
    if got > wanted:
        assert got - wanted <= timedelta(hours=2)
        minute_before = to_local(instant - timedelta(minutes=1), name).replace(tzinfo=None)
        assert minute_before < wanted
    else:
        assert to_local(instant, name).fold == 0


@given(name=st.sampled_from(ZONES), day=days)
def test_days_follow_each_other_without_hole_or_overlap(name: str, day: date) -> None:
    start, end = day_bounds(day, name)
    assert day_bounds(day + timedelta(days=1), name)[0] == end
    assert local_day(start, name) == day
    assert local_day(end - timedelta(seconds=1), name) == day
    assert local_day(start - timedelta(seconds=1), name) == day - timedelta(days=1)


@given(name=st.sampled_from(ZONES), day=days, wall=clocks)
def test_a_daily_time_comes_exactly_once_on_each_local_day(name: str, day: date, wall: time) -> None:
    instant = to_utc(day, wall, name)
    start, end = day_bounds(day, name)
    assert start <= instant < end
    assert instant < to_utc(day + timedelta(days=1), wall, name)
