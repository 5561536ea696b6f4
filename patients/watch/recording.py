"""What is taken from a watch file, and why one may not be read."""

import datetime as dt
import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeGuard

LONGEST_SECONDS = 172_800
LONGEST_METRES = 300_000.0
HEART_RATES = (30, 250)
YEARS = (1990, 2100)


class Reason(StrEnum):
    """Why a file was refused."""

    TOO_LARGE = "too_large"
    ZIPPED = "zipped"
    OTHER_KIND = "other_kind"
    DAMAGED = "damaged"
    TOO_LONG = "too_long"
    NO_RUN = "no_run"


class Unreadable(Exception):
    """A file that is refused, with its reason; the words for it stand in the form."""

    def __init__(self, reason: Reason) -> None:
        """Keep the reason."""
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded activity; None stands for what the file does not say. `is_run` is None when the file names no sport."""

    kind: str
    started_at: dt.datetime | None
    duration_seconds: int | None
    distance_km: Decimal | None
    average_heart_rate: int | None
    is_run: bool | None


def make_recording(
    kind: str,
    *,
    started_at: dt.datetime | None,
    seconds: float | None,
    metres: float | None,
    heart_rate: float | None,
    is_run: bool | None,
) -> Recording:
    """Take over what can be true; numbers out of any human range are left out. Raises Unreadable when neither time nor distance is left."""
    duration = round(seconds) if is_between(seconds, 1, LONGEST_SECONDS) else None
    distance = Decimal(str(metres)) / 1000 if is_between(metres, 10, LONGEST_METRES) else None
    if duration is None and distance is None:
        raise Unreadable(Reason.NO_RUN)
    return Recording(
        kind=kind,
        started_at=started_at,
        duration_seconds=duration,
        distance_km=None if distance is None else distance.quantize(Decimal("0.01")),
        average_heart_rate=round(heart_rate) if is_between(heart_rate, *HEART_RATES) else None,
        is_run=is_run,
    )


def is_between(value: float | None, low: float, high: float) -> TypeGuard[float]:
    """Tell whether there is a finite number in the range."""
    return value is not None and math.isfinite(value) and low <= value <= high


def read_moment(text: str) -> dt.datetime | None:
    """Return an ISO 8601 moment in UTC; without an offset it is taken as UTC, as both XML formats demand. None when it is none."""
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if not YEARS[0] <= moment.year < YEARS[1]:
        return None
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def read_number(text: str | None) -> float | None:
    """Return a finite number; None when the text is none."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
