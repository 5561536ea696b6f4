"""When a reminder that was put off comes again: a table of examples."""

from datetime import datetime, time

import pytest

from reminders.rules.snoozing import Later, put_off
from reminders.rules.timing import Kind, QuietHours

NIGHT = QuietHours(time(21), time(8))


@pytest.mark.parametrize(
    ("later", "now", "quiet", "due"),
    [
        (Later.HOUR, "2026-03-18T08:05:30", None, "2026-03-18T09:05"),
        (Later.HOUR, "2026-03-18T20:30", NIGHT, "2026-03-19T08:00"),
        (Later.HOUR, "2026-03-18T02:00", NIGHT, "2026-03-18T08:00"),
        (Later.HOUR, "2026-03-18T23:30", None, "2026-03-19T00:30"),
        (Later.TONIGHT, "2026-03-18T08:05", None, "2026-03-18T19:00"),
        (Later.TONIGHT, "2026-03-18T17:59", None, "2026-03-18T19:00"),
        (Later.TONIGHT, "2026-03-18T18:00", None, None),
        (Later.TONIGHT, "2026-03-18T08:05", QuietHours(time(18), time(7)), "2026-03-18T17:45"),
        (Later.TOMORROW, "2026-03-18T08:05", None, "2026-03-19T08:15"),
        (Later.TOMORROW, "2026-03-18T08:05", QuietHours(time(21), time(9)), "2026-03-19T09:00"),
    ],
)
def test_it_comes_when_it_was_asked_for_and_never_in_the_quiet_hours(
    later: Later, now: str, quiet: QuietHours | None, due: str | None
) -> None:
    found = put_off(Kind.SESSION_TODAY, later, datetime.fromisoformat(now), time(8, 15), quiet)
    assert (found.due if found else None) == (datetime.fromisoformat(due) if due else None)
    assert found is None or found.due < found.expires
