"""What a program that is over has brought: sessions done, both measures from first to last, the run-walk stage, and what comes next."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from patients.day import Day
from patients.models import Assessment
from patients.rules.adherence import adherence_by_setting
from patients.rules.scores import Instrument, Meaning, change_meaning
from programs.models import Program


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure (0–10) from its first answer to its last, with the days of both and what the change means."""

    kind: str
    first: int
    first_on: dt.date
    last: int
    last_on: dt.date
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Reached:
    """The card after the last week; `places` holds (setting, done, due) where there are two of them,
    a measure with fewer than two answers is missing, `stage` is None without run-walk runs."""

    program: Program | None
    done: str
    due: int
    places: Sequence[tuple[str, str, int]]
    measures: Sequence[Measure]
    stage: int | None
    stages: int
    coming: Sequence[tuple[str, dt.date]]


def reached_of(day: Day, program: Program | None, assessments: Sequence[Assessment], stage: int | None = None) -> Reached:
    """Return what was reached, from the day and the program's assessments in date order; without a query."""
    by_setting = adherence_by_setting(day.sessions, day.today)
    counted = day.counted
    places = [(setting.value, str(round(one.done)), one.due) for setting, one in by_setting.items() if one.due]
    found = [
        measure_of("capability", Instrument.PSFS_RUN, "running_capability_0_10", assessments),
        measure_of("pain", Instrument.NPRS_RUN, "running_pain_0_10", assessments),
    ]
    is_run_walk = program is not None and program.kind == Program.Kind.RUN_WALK
    return Reached(
        program=program,
        done=str(round(counted.done)),
        due=counted.due,
        places=places if len(places) > 1 else [],
        measures=[one for one in found if one is not None],
        stage=stage if is_run_walk else None,
        stages=day.program.weeks if day.program else 0,
        coming=[(str(Assessment.Key(key).label), on) for key, on in day.assessments if on > day.today],
    )


def measure_of(kind: str, instrument: Instrument, field: str, assessments: Sequence[Assessment]) -> Measure | None:
    """Return one measure from its first to its last answer; None with fewer than two ("no run this week" is no number)."""
    answered = [one for one in assessments if one.status == Assessment.Status.DONE and getattr(one, field) is not None]
    if len(answered) < 2:
        return None
    first, last = answered[0], answered[-1]
    before, after = getattr(first, field), getattr(last, field)
    meaning = change_meaning(instrument, before, after)
    return Measure(kind, before, first.due_on, after, last.due_on, meaning) if meaning is not None else None
