"""What the rules of suggestions know about a running plan, and what a suggestion consists of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from patients.rules.suggestions.moves import Move, changes_nothing
from patients.rules.triage import Bands
from programs.rules.diff import Line, Weeks

Plain = str | int | float | bool | None | list[dict[str, Any]]


class Rule(StrEnum):
    """The rules, the most careful first; of those that hold the first one speaks."""

    GAP_LONG = "gap_long"
    REGRESS = "regress"
    STAGE_BACK = "stage_back"
    GAP = "gap"
    STAGE_REPEAT = "stage_repeat"
    HOLD = "hold"
    RAISE_LOAD = "raise_load"
    ADD_REPS = "add_reps"
    STAGE_UP = "stage_up"


@dataclass(frozen=True, slots=True)
class ExerciseDone:
    """One exercise as it was done, beside its dose that day; None means not counted or not stated. Loads in kg, pain 0-10."""

    target: Line
    sets: int
    reps: int | None = None
    seconds: int | None = None
    load_kg: float | None = None
    pain: int | None = None
    skipped: str = ""

    @property
    def key(self) -> str:
        """Which exercise it is."""
        return self.target.key

    @property
    def counts(self) -> bool:
        """Whether it says something about the dose; left out it does so only because of pain."""
        return self.sets > 0 or self.skipped == "pain"


@dataclass(frozen=True, slots=True)
class SessionDone:
    """One session as it was done: worst pain and effort 0-10, whether the back had settled next morning; None means not stated."""

    on: date
    week: int
    setting: str
    exercises: tuple[ExerciseDone, ...] = ()
    pain: int | None = None
    leg_pain: int | None = None
    effort: int | None = None
    settled: bool | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Coming:
    """A session that is planned."""

    on: date
    week: int
    setting: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules may know about one running plan on one day.

    `weeks` is the plan in force, `phases` the phase of each week (empty: not named). `done` and `coming` are in order of their days;
    `steps` holds the smallest step of a load (kg), `loaded` the exercises never done without one, `most_reps` the end of the usual range,
    each by exercise. `decided` is the last day whose evidence somebody has decided upon, by exercise; "" is the whole plan.
    """

    today: date
    kind: str
    weeks: Weeks
    phases: Mapping[int, object]
    done: Sequence[SessionDone]
    coming: Sequence[Coming]
    bands: Bands = Bands()
    steps: Mapping[str, float] = field(default_factory=dict)
    loaded: frozenset[str] = frozenset()
    most_reps: Mapping[str, int] = field(default_factory=dict)
    decided: Mapping[str, date] = field(default_factory=dict)

    @property
    def gap_days(self) -> int:
        """Days since the last session."""
        return (self.today - self.done[-1].on).days

    def is_new(self, one: SessionDone, key: str = "") -> bool:
        """Tell whether nobody has decided upon this session yet."""
        known = [self.decided[name] for name in {"", key} if name in self.decided]
        return all(one.on > day for day in known)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a rule suggests: for which exercise ("" is the plan), what it saw in plain values, and the move it would make.

    `evidence_key` stays the same while the evidence does.
    """

    rule: Rule
    exercise: str
    evidence_key: str
    evidence: Mapping[str, Plain]
    move: Move
    first_week: int


def make(facts: Facts, rule: Rule, key: str, seen: Sequence[SessionDone], move: Move, first: int, **more: Plain) -> Suggestion | None:
    """Return the suggestion with its evidence; None when the week it begins in would stay as it is."""
    if changes_nothing(move, facts.weeks, first):
        return None
    evidence: dict[str, Plain] = {"sessions": [told_session(day, key) for day in seen], "last_on": seen[-1].on.isoformat(), **more}
    marks = [f"{day.on}{day.setting[:1]}" for day in seen]
    return Suggestion(rule, key, ":".join([rule.value, key, *marks]), evidence, move, first)


def told_session(day: SessionDone, key: str = "") -> dict[str, Any]:
    """Return what was seen of one session as plain values; those of the exercise where the suggestion is about one."""
    found: dict[str, Any] = {
        "on": day.on.isoformat(),
        "setting": day.setting,
        "pain": day.pain,
        "leg_pain": day.leg_pain,
        "effort": day.effort,
        "settled": day.settled,
        "stopped": day.stopped,
    }
    one = next((one for one in day.exercises if one.key == key), None) if key else None
    if one is not None:
        found |= {
            "sets": one.sets,
            "of_sets": one.target.sets,
            "reps": one.reps,
            "of_reps": one.target.reps_high or one.target.reps_low,
            "seconds": one.seconds,
            "load_kg": one.load_kg,
            "exercise_pain": one.pain,
            "skipped": one.skipped or None,
        }
    return {name: value for name, value in found.items() if value is not None and value is not False or name == "settled"}


def is_red(pain: int | None, bands: Bands) -> bool:
    """Tell whether a pain 0-10 lies in the red band; an unknown one does not."""
    return pain is not None and pain > bands.amber_max
