"""The two measures of the trial, and which change in one person means something."""

from dataclasses import dataclass
from enum import StrEnum


class Instrument(StrEnum):
    """NPRS_RUN: worst low back pain of the last run, 0-10, less is better. PSFS_RUN: item "running", 0 unable to 10 as before."""

    NPRS_RUN = "nprs_run"
    PSFS_RUN = "psfs_run"


class Beyond(StrEnum):
    """How far a change goes: not enough, likely worthwhile to the person, or beyond the measurement error as well."""

    NONE = "none"
    LIKELY_WORTHWHILE = "likely_worthwhile"
    BEYOND_ERROR = "beyond_error"


class Direction(StrEnum):
    """Which way a change goes for the person."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: a whole number 0-10, or None with `no_run` for "no run this week", which is an answer and not a zero."""

    value: int | None
    no_run: bool = False


@dataclass(frozen=True, slots=True)
class Meaning:
    """A change in points (after minus before), in percent of the start (None from a start of 0), its direction and how far it goes."""

    delta: int
    percent: int | None
    direction: Direction
    beyond: Beyond


NPRS_WORTHWHILE_POINTS = 2
NPRS_WORTHWHILE_PERCENT = 30
PSFS_WORTHWHILE_POINTS = 2
PSFS_BEYOND_ERROR_POINTS = 3


def check_answer(instrument: Instrument, value: int | None, *, no_run: bool = False) -> Answer:
    """Return the answer; raise ValueError unless it is 0-10, or for running-induced pain "no run this week" without a number."""
    if no_run:
        if instrument != Instrument.NPRS_RUN or value is not None:
            raise ValueError("only running-induced pain can be answered with no run, and then without a number")
        return Answer(None, no_run=True)
    if value is None or not 0 <= value <= 10:
        raise ValueError("a score is a whole number from 0 to 10")
    return Answer(value)


def change_meaning(instrument: Instrument, before: int | None, after: int | None) -> Meaning | None:
    """Return what the change from one score (0-10) to a later one of the same person means; None when either is missing.

    Pain: 2 points or 30 % of the start (minimal important change, Ostelo 2008). Running capability, single PSFS item: 2 points likely
    worthwhile (default between the sources), 3 points beyond the measurement error (MDC90 of a single activity, Stratford 1995 as listed
    by RehabMeasures).
    """
    if before is None or after is None:
        return None
    delta = after - before
    percent = _percent(delta, before)
    return Meaning(delta, percent, _direction(instrument, delta), _beyond(instrument, delta, before))


def _percent(delta: int, before: int) -> int | None:
    """Return the change in whole percent of the start, halves away from zero."""
    if before == 0:
        return None
    size = int(100 * abs(delta) / before + 0.5)
    return size if delta >= 0 else -size


def _direction(instrument: Instrument, delta: int) -> Direction:
    if delta == 0:
        return Direction.SAME
    return Direction.BETTER if (delta < 0) == (instrument == Instrument.NPRS_RUN) else Direction.WORSE


def _beyond(instrument: Instrument, delta: int, before: int) -> Beyond:
    size = abs(delta)
    if instrument == Instrument.PSFS_RUN:
        if size >= PSFS_BEYOND_ERROR_POINTS:
            return Beyond.BEYOND_ERROR
        return Beyond.LIKELY_WORTHWHILE if size >= PSFS_WORTHWHILE_POINTS else Beyond.NONE
    enough = size >= NPRS_WORTHWHILE_POINTS or (before > 0 and 100 * size >= NPRS_WORTHWHILE_PERCENT * before and size > 0)
    return Beyond.LIKELY_WORTHWHILE if enough else Beyond.NONE
