"""A prescribed dose in one short line, the same on every page."""

from typing import Protocol

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MINUTE = 60
SECONDS_UP_TO = 90
"""Durations up to this many seconds are said in seconds, longer ones in minutes."""


class Dose(Protocol):
    """What a dose consists of; a Prescription has all of it."""

    @property
    def sets(self) -> int:
        """How often."""

    @property
    def reps_low(self) -> int | None:
        """Repetitions of a set, from."""

    @property
    def reps_high(self) -> int | None:
        """Repetitions of a set, to."""

    @property
    def hold_seconds(self) -> int | None:
        """How long one repetition is held."""

    @property
    def duration_seconds(self) -> int | None:
        """How long a set or the whole lasts."""

    @property
    def run_seconds(self) -> int | None:
        """Running in one round."""

    @property
    def walk_seconds(self) -> int | None:
        """Walking in one round."""

    @property
    def per_side(self) -> bool:
        """Whether each side does all of it."""


def dose_text(prescription: Dose) -> str:
    """Return sets × repetitions, hold, time or run-walk rounds: "3 × 10–12", "3 × 45 s per side", "10 × 1:00 run / 2:00 walk"."""
    one = prescription
    if one.run_seconds:
        if not one.walk_seconds:
            work = _("%(run)s run") % {"run": clock_text(one.run_seconds)}
        else:
            work = _("%(run)s run / %(walk)s walk") % {"run": clock_text(one.run_seconds), "walk": clock_text(one.walk_seconds)}
        return _times(one.sets, work)
    if one.hold_seconds:
        work = seconds_text(one.hold_seconds)
        if one.reps_high and one.reps_high > 1:
            work = f"{reps_text(one)} × {work}"
    elif one.reps_high or one.reps_low:
        work = reps_text(one)
        if one.sets == 1:
            work = ngettext("%(reps)s repetition", "%(reps)s repetitions", one.reps_high or one.reps_low or 0) % {"reps": work}
    elif one.duration_seconds:
        work = seconds_text(one.duration_seconds)
    else:
        work = ngettext("%(sets)s set", "%(sets)s sets", one.sets) % {"sets": one.sets}
        return _("%(dose)s per side") % {"dose": work} if one.per_side else work
    text = _times(one.sets, work)
    return _("%(dose)s per side") % {"dose": text} if one.per_side else text


def reps_text(prescription: Dose) -> str:
    """Return the repetitions of one set: "10" or "10–12"; empty when they are not counted."""
    low, high = prescription.reps_low, prescription.reps_high
    if low is None or high is None or low == high:
        value = high if high is not None else low
        return "" if value is None else str(value)
    return f"{low}–{high}"


def seconds_text(seconds: int) -> str:
    """Return a length in seconds (up to 90), otherwise in minutes, half minutes included."""
    if seconds <= SECONDS_UP_TO:
        return _("%(seconds)s s") % {"seconds": seconds}
    if seconds % MINUTE == 0:
        return _("%(minutes)s min") % {"minutes": seconds // MINUTE}
    if seconds % (MINUTE // 2) == 0:
        return _("%(minutes)s min") % {"minutes": number_format(seconds / MINUTE, decimal_pos=1)}
    return _("%(clock)s min") % {"clock": clock_text(seconds)}


def clock_text(seconds: int) -> str:
    """Return minutes and seconds as on a watch: 90 is "1:30"."""
    return f"{seconds // MINUTE}:{seconds % MINUTE:02d}"


def effort_text(low: int | None, high: int | None) -> str:
    """Return the intended effort on the scale 0–10 ("6–7"); empty when none is given."""
    if low is None and high is None:
        return ""
    if low is None or high is None or low == high:
        return str(high if high is not None else low)
    return f"{low}–{high}"


def _times(sets: int, work: str) -> str:
    return work if sets == 1 else f"{sets} × {work}"


def cell_text(prescription: Dose) -> str:
    """Return a dose as short as a cell of a table is wide: "3×12", "3×45s", "10×1:00/2:00"; the side is left to the long form."""
    one = prescription
    if one.run_seconds:
        work = clock_text(one.run_seconds) + (f"/{clock_text(one.walk_seconds)}" if one.walk_seconds else "")
    elif one.hold_seconds:
        work = seconds_text(one.hold_seconds).replace(" ", "")
        if one.reps_high and one.reps_high > 1:
            work = f"{reps_text(one)}×{work}"
    elif one.reps_high or one.reps_low:
        work = reps_text(one)
    else:
        work = seconds_text(one.duration_seconds).replace(" ", "") if one.duration_seconds else "?"
    return f"{one.sets}×{work}"
