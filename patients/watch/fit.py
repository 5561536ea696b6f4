"""FIT files, the binary format most watches record in, read with fitdecode."""

import datetime as dt
import struct
from typing import Any

from patients.watch.recording import Reason, Recording, Unreadable, make_recording

MOST_WORK = 600_000
"""Values decoded before giving up, a message counting as eight more: six hours at a record a second with twenty values each."""
MESSAGE_WORK = 8
EPOCH = dt.datetime(1989, 12, 31, tzinfo=dt.UTC)
"""FIT counts seconds from here (FIT protocol, date_time)."""
SESSION, RECORD = "session", "record"
SPORT_GENERIC = "generic"
SPORTS_ON_FOOT = frozenset({"running", "walking", "hiking"})
"""Names of the FIT profile."""
WANTED = frozenset({"start_time", "timestamp", "total_timer_time", "total_distance", "avg_heart_rate", "distance", "heart_rate"})
BROKEN = (struct.error, ValueError, TypeError, KeyError, IndexError, OverflowError, AssertionError, AttributeError)
"""What damaged content makes the decoder raise, besides errors of its own."""


def read_fit(content: bytes) -> Recording:
    """Read the session of an activity on foot, or the first one; from the single records where a watch wrote no session."""
    import fitdecode  # loaded when the first file comes: it knows every field of every watch

    sessions: list[dict[str, Any]] = []
    records: list[dict[str, Any]] = []
    work = 0
    try:
        with fitdecode.FitReader(
            content, processor=None, check_crc=fitdecode.CrcCheck.RAISE, error_handling=fitdecode.ErrorHandling.IGNORE
        ) as frames:
            for frame in frames:
                work += MESSAGE_WORK
                if frame.frame_type == fitdecode.FIT_FRAME_DEFINITION:
                    work += len(frame.field_defs) + len(frame.dev_field_defs)
                elif frame.frame_type == fitdecode.FIT_FRAME_DATA:
                    work += len(frame.fields)
                    if frame.name == SESSION:
                        sessions.append(numbers_of(frame))
                    elif frame.name == RECORD:
                        records.append(numbers_of(frame))
                if work > MOST_WORK:
                    raise Unreadable(Reason.TOO_LONG)
    except (fitdecode.FitError, *BROKEN) as error:
        raise Unreadable(Reason.DAMAGED) from error
    return from_sessions(sessions) if sessions else from_records(records)


def numbers_of(frame: Any) -> dict[str, Any]:
    """Return the few numbers of a message that are wanted, and the name of its sport."""
    found = {field.name: field.value for field in frame.fields if field.name in WANTED and isinstance(field.value, int | float)}
    sport = next((field.value for field in frame.fields if field.name == "sport" and field.value is not None), SPORT_GENERIC)
    return {**found, "sport": str(sport)}


def moment(seconds: float | None) -> dt.datetime | None:
    """Return the moment of a FIT timestamp; None when there is none."""
    return None if seconds is None or not 0 < seconds < 2**32 else EPOCH + dt.timedelta(seconds=seconds)


def from_sessions(sessions: list[dict[str, Any]]) -> Recording:
    """Take the first session on foot; a file may hold several, as after a triathlon."""
    one = next((session for session in sessions if session["sport"] in SPORTS_ON_FOOT), sessions[0])
    sport = one["sport"]
    return make_recording(
        "fit",
        started_at=moment(one.get("start_time")),
        seconds=one.get("total_timer_time"),
        metres=one.get("total_distance"),
        heart_rate=one.get("avg_heart_rate"),
        is_run=None if sport == SPORT_GENERIC else sport in SPORTS_ON_FOOT,
    )


def from_records(records: list[dict[str, Any]]) -> Recording:
    """Add up the single records, as when the battery died before the watch could write a session."""
    times = [one["timestamp"] for one in records if "timestamp" in one]
    metres = [one["distance"] for one in records if "distance" in one]
    pulses = [one["heart_rate"] for one in records if "heart_rate" in one]
    return make_recording(
        "fit",
        started_at=moment(times[0]) if times else None,
        seconds=times[-1] - times[0] if times else None,
        metres=metres[-1] - metres[0] if metres else None,
        heart_rate=sum(pulses) / len(pulses) if pulses else None,
        is_run=None,
    )
