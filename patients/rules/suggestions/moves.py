"""What a suggestion would do to a plan: the next load, repetitions more, one step back, a week's dose once more, weeks done again."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from math import floor
from typing import Any

from programs.rules.diff import Line, Weeks, diff
from programs.rules.tailoring import change_lines, follow_weeks

SMALLEST_STEP, LARGEST_STEP = 0.02, 0.10
"""A load is raised by 2-10 % (ACSM 2009)."""
LESS = 0.8
"""One step back is about -20 % (default)."""
LOAD_STEPS_KG: dict[str, float] = {
    "leg_press_machine": 2.5,
    "multi_hip_machine": 2.5,
    "roman_chair": 1.0,
    "cable_or_dumbbell": 1.0,
    "barbell_or_kettlebell": 2.5,
    "dumbbells": 1.0,
    "weight_plate": 2.5,
}
"""The smallest step of a load by equipment, kg (default; whoever confirms may write another load)."""
ALWAYS_LOADED = frozenset({"leg_press_machine", "multi_hip_machine", "cable_or_dumbbell", "barbell_or_kettlebell"})
"""Equipment that is never used without a load: without a known one nothing is suggested."""


class Op(StrEnum):
    """What a suggestion would do to a plan."""

    LOAD = "load"
    REPS = "reps"
    LESS = "less"
    HOLD = "hold"
    WEEKS = "weeks"


@dataclass(frozen=True, slots=True)
class Move:
    """A change of a plan, not made yet. `key` is the exercise, empty for all of them; `settings` are the places, empty for all.

    `kg` is the new load of LOAD, `by` the repetitions more of REPS, `loads` the lower loads of LESS (kg by exercise), `week` the week
    whose dose HOLD keeps, `sources` the weeks that are done instead, one after the other.
    """

    op: Op
    key: str = ""
    settings: tuple[str, ...] = ()
    old_kg: float | None = None
    kg: float | None = None
    by: int = 0
    loads: Mapping[str, float] = field(default_factory=dict)
    old_loads: Mapping[str, float] = field(default_factory=dict)
    week: int = 0
    sources: tuple[int, ...] = ()

    def stored(self) -> dict[str, Any]:
        """Return the move as plain data; `restore_move` reads it back."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def restore_move(data: Mapping[str, Any]) -> Move:
    """Return the move that `stored` wrote."""
    lists = {name: tuple(data[name]) for name in ("settings", "sources")}
    return Move(**{**data, **lists, "op": Op(data["op"])})


def load_step(equipment: Iterable[str]) -> float | None:
    """Return the smallest step of a load in kg with this equipment; None where it takes none."""
    return min((LOAD_STEPS_KG[one] for one in equipment if one in LOAD_STEPS_KG), default=None)


def next_load(load_kg: float, step_kg: float) -> float | None:
    """Return the next load that can be set and lies 2-10 % above (ACSM 2009); None when the step is too coarse for that."""
    place = floor(load_kg / step_kg) + 1
    while place * step_kg < load_kg * (1 + SMALLEST_STEP) - 1e-9:
        place += 1
    new = place * step_kg
    return round(new, 2) if new <= load_kg * (1 + LARGEST_STEP) + 1e-9 else None


def lower_load(load_kg: float, step_kg: float | None) -> float | None:
    """Return the load about 20 % below that can be set; None when nothing is left below it."""
    step = step_kg or 0.5
    new = floor(load_kg * LESS / step + 1e-9) * step
    return round(new, 2) if 0 < new < load_kg else None


def load_text(kg: float) -> dict[str, str]:
    """Return a load as a plan says it, in every language."""
    text = f"{kg:.2f}".rstrip("0").rstrip(".")
    return {"en": f"{text} kg", "de": f"{text.replace('.', ',')} kg"}


def lighter(line: Line, load_kg: float | None = None) -> Line:
    """Return the dose one step back, about -20 % (default): the load where it is given, else repetitions, time, or a set."""
    if load_kg is not None:
        return replace(line, load=load_text(load_kg))
    if (line.reps_high or 0) > 1:
        low = None if line.reps_low is None else max(1, round(line.reps_low * LESS))
        return replace(line, reps_low=low, reps_high=max(1, min(round((line.reps_high or 0) * LESS), (line.reps_high or 0) - 1)))
    for name in ("hold_seconds", "duration_seconds"):
        seconds = getattr(line, name)
        if seconds and not line.run_seconds:
            step = 30 if seconds > 120 else 5 if seconds > 10 else 1
            return replace(line, **{name: max(step, min(round(seconds * LESS / step) * step, seconds - step))})
    return replace(line, sets=max(1, line.sets - 1))


def apply_move(move: Move, weeks: Weeks, first: int, last: int) -> dict[int, tuple[Any, ...]]:
    """Return the plan with the move made in the weeks `first` to `last`; weeks that follow others do so to the end."""
    if move.op == Op.WEEKS:
        return follow_weeks(weeks, first, move.sources)
    kept = {(one.setting, line.key): line for one in weeks.get(move.week, ()) for line in one.lines} if move.op == Op.HOLD else {}

    def change(line: Line, setting: str) -> Line:
        if (move.key and line.key != move.key) or (move.settings and setting not in move.settings) or line.run_seconds:
            return line
        if move.op == Op.LOAD and move.kg is not None:
            return replace(line, load=load_text(move.kg))
        if move.op == Op.REPS and line.reps_high is not None:
            low = None if line.reps_low is None else line.reps_low + move.by
            return replace(line, reps_low=low, reps_high=line.reps_high + move.by)
        if move.op == Op.LESS:
            return lighter(line, move.loads.get(line.key))
        before = kept.get((setting, line.key))
        return replace(line, **before.dose()) if before is not None else line

    return change_lines(weeks, change, first, last)


def doses(move: Move, weeks: Weeks, first: int) -> list[tuple[str, Line, Line]]:
    """Return (setting, old, new) of every line of the week `first` that the move would change."""
    after = apply_move(move, weeks, first, first)
    return [
        (old.setting, was, now)
        for old, new in zip(weeks.get(first, ()), after.get(first, ()), strict=True)
        for was, now in zip(old.lines, new.lines, strict=False)
        if was.key == now.key and was.dose() != now.dose()
    ]


def changes_nothing(move: Move, weeks: Weeks, first: int) -> bool:
    """Tell whether the week a move begins in would be the same afterwards; where weeks follow others, every week from there on."""
    after = apply_move(move, weeks, first, first)
    coming = {week: sessions for week, sessions in weeks.items() if week >= first}
    return not diff(coming, {week: after[week] for week in coming})
