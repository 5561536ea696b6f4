"""What is different between two versions of a program: week by week, then gathered into as few changes as tell all of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

Texts = Mapping[str, str]

PARTS: dict[str, tuple[str, ...]] = {
    "sets": ("sets",),
    "reps": ("reps_low", "reps_high"),
    "hold": ("hold_seconds",),
    "duration": ("duration_seconds",),
    "intervals": ("run_seconds", "walk_seconds"),
    "side": ("per_side",),
    "load": ("load",),
    "effort": ("effort_low", "effort_high"),
    "rest": ("rest_seconds",),
    "tempo": ("tempo",),
    "form": ("variation",),
    "circuit": ("circuit",),
}
"""Parts of a dose in the order they are told, each with the fields it consists of."""
DOSE_FIELDS = tuple(name for names in PARTS.values() for name in names)


class Kind(StrEnum):
    """What became different."""

    SESSION_ADDED = "session_added"
    SESSION_REMOVED = "session_removed"
    TIMES = "times"
    SWAPPED = "swapped"
    ADDED = "added"
    REMOVED = "removed"
    DOSE = "dose"
    ORDER = "order"
    LENGTH = "length"
    FOLLOWS = "follows"
    SHIFTED = "shifted"


@dataclass(frozen=True, slots=True)
class Line:
    """One exercise of a session with its dose; seconds, repetitions, effort 0–10. None means: not counted.

    Lines of one `circuit` (from 1; 0 is none) are done in turns. What stands from `exercise` on says where the line came from and where
    it is shown; it makes no difference to what is to be done.
    """

    key: str
    names: Texts = field(default_factory=dict)
    sets: int = 1
    reps_low: int | None = None
    reps_high: int | None = None
    hold_seconds: int | None = None
    duration_seconds: int | None = None
    run_seconds: int | None = None
    walk_seconds: int | None = None
    rest_seconds: int = 0
    per_side: bool = False
    tempo: str = ""
    load: Texts = field(default_factory=dict)
    variation: Texts = field(default_factory=dict)
    effort_low: int | None = None
    effort_high: int | None = None
    circuit: int = 0
    exercise: str = ""
    source: str = ""
    block: str = "main"
    stage: int | None = None
    pose_variant: str = ""
    exercise_provenance: str = ""
    dose_provenance: str = ""
    provenance_note: Texts = field(default_factory=dict)

    def dose(self) -> dict[str, Any]:
        """Return the fields of the dose."""
        return {name: getattr(self, name) for name in DOSE_FIELDS}


@dataclass(frozen=True, slots=True)
class Session:
    """A kind of session of one week: where, how often, how long, and its exercises in order."""

    setting: str
    lines: tuple[Line, ...]
    times_a_week: int = 1
    minutes: int = 30
    source: str = ""
    weekdays: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    phase: Texts = field(default_factory=dict)
    note: Texts = field(default_factory=dict)
    provenance: Texts = field(default_factory=dict)


Weeks = Mapping[int, Sequence[Session]]
"""A version laid out: the sessions of each week, in the order of the plan."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference over a stretch of weeks.

    `setting` is empty when it holds in every place, `to_end` says that the stretch reaches the last week. `before` is None where the
    earlier value differed from week to week. `other` names the exercise that was there before a swap.
    """

    kind: Kind
    week_from: int
    week_to: int
    to_end: bool = False
    setting: str = ""
    names: Texts = field(default_factory=dict)
    other: Texts = field(default_factory=dict)
    part: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None

    def stored(self) -> dict[str, Any]:
        """Return the change as plain data; `restore` reads it back."""
        return asdict(self)


def restore(data: Mapping[str, Any]) -> Change:
    """Return the change that `stored` wrote."""
    return Change(**{**data, "kind": Kind(data["kind"])})


def diff(version_a: Weeks, version_b: Weeks) -> list[Change]:
    """Return what version_b does differently, in the order it is told: sessions, exercises, doses, order.

    Sessions are held against those of the same week, place and position; exercises against the same exercise, the second of two equal
    ones against the second. Equal differences of neighbouring weeks become one, and so do equal ones of both places.
    """
    last = max([*version_a, *version_b], default=0)
    found: list[Change] = []
    for week in sorted({*version_a, *version_b}):
        found += _week(week, version_a.get(week, ()), version_b.get(week, ()))
    merged = [replace(one, to_end=one.week_to == last) for one in _in_a_row(found)]
    settings = {session.setting for version in (version_a, version_b) for sessions in version.values() for session in sessions}
    shown = [replace(one, setting="") for one in merged] if len(settings) < 2 else _in_both_places(merged, settings)
    return sorted(shown, key=lambda one: (list(Kind).index(one.kind), one.week_from))


def places(sessions: Sequence[Session]) -> dict[tuple[str, int], Session]:
    """Return the sessions of a week by their setting and their number within it, from 0."""
    found: dict[tuple[str, int], Session] = {}
    for session in sessions:
        number = sum(setting == session.setting for setting, _number in found)
        found[session.setting, number] = session
    return found


def numbered(lines: Sequence[Line]) -> dict[tuple[str, int], Line]:
    """Return the lines by exercise and how often it came before in the session, from 0."""
    found: dict[tuple[str, int], Line] = {}
    for line in lines:
        nth = sum(key == line.key for key, _nth in found)
        found[line.key, nth] = line
    return found


def _week(week: int, before: Sequence[Session], after: Sequence[Session]) -> Iterator[Change]:
    old, new = places(before), places(after)
    for place in [*new, *(place for place in old if place not in new)]:
        a, b = old.get(place), new.get(place)
        if a is None or b is None:
            kind = Kind.SESSION_ADDED if a is None else Kind.SESSION_REMOVED
            shown = b or a
            times = {"times_a_week": shown.times_a_week, "minutes": shown.minutes} if shown else None
            yield Change(kind, week, week, setting=place[0], after=times)
            continue
        for name in ("times_a_week", "minutes"):
            now, then = getattr(b, name), getattr(a, name)
            if now != then:
                yield Change(Kind.TIMES, week, week, setting=place[0], part=name, before={name: then}, after={name: now})
        yield from _lines(week, place[0], a.lines, b.lines)


def _lines(week: int, setting: str, before: Sequence[Line], after: Sequence[Line]) -> Iterator[Change]:
    old, new = numbered(before), numbered(after)
    gone = [(place, key) for place, key in enumerate(old) if key not in new]
    come = [(place, key) for place, key in enumerate(new) if key not in old]
    # What stands where something else stood took its place.
    swaps = {key: other for place, key in come for at, other in gone if at == place}
    for _place, key in come:
        line, was = new[key], old[swaps[key]] if key in swaps else None
        kind = Kind.ADDED if was is None else Kind.SWAPPED
        yield Change(kind, week, week, setting=setting, names=line.names, other=was.names if was else {}, after=line.dose())
    for _place, key in gone:
        if key not in swaps.values():
            yield Change(Kind.REMOVED, week, week, setting=setting, names=old[key].names)
    for key, line in new.items():
        if key in old:
            yield from _dose(week, setting, old[key], line)
    # A swap keeps the place: the new exercise stands for the old one when the order is compared.
    order_before = [key for key in old if key in new or key in swaps.values()]
    order_after = [swaps.get(key, key) for key in new if key in old or key in swaps]
    if order_before != order_after:
        yield Change(Kind.ORDER, week, week, setting=setting)


def _dose(week: int, setting: str, before: Line, after: Line) -> Iterator[Change]:
    for part, names in PARTS.items():
        then, now = ({name: getattr(line, name) for name in names} for line in (before, after))
        if then != now:
            yield Change(Kind.DOSE, week, week, setting=setting, names=after.names, part=part, before=then, after=now)


def _gather(changes: Sequence[Change], same: Callable[[Change, Change], bool], join: Callable[[Change, Change], Change]) -> list[Change]:
    """Return the changes with each joined to the first earlier one it goes with."""
    found: list[Change] = []
    for one in changes:
        at = next((place for place, other in enumerate(found) if same(other, one)), None)
        if at is None:
            found.append(one)
        else:
            found[at] = join(found[at], one)
    return found


def _in_a_row(changes: Sequence[Change]) -> list[Change]:
    """Join equal changes of neighbouring weeks; an earlier value that differs from week to week is forgotten."""

    def same(one: Change, other: Change) -> bool:
        plain = replace(other, week_from=one.week_from, week_to=one.week_to, before=one.before)
        return one.week_to + 1 == other.week_from and plain == one

    def join(one: Change, other: Change) -> Change:
        return replace(one, week_to=other.week_to, before=one.before if one.before == other.before else None)

    return _gather(changes, same, join)


def _in_both_places(changes: Sequence[Change], settings: set[str]) -> list[Change]:
    """Say a change of an exercise once when it is the same in every place."""

    def same(one: Change, other: Change) -> bool:
        return bool(one.names) and one.setting != other.setting and replace(one, setting=other.setting, before=other.before) == other

    def join(one: Change, other: Change) -> Change:
        return replace(one, setting="", before=one.before if one.before == other.before else None)

    return _gather(changes, same, join) if len(settings) == 2 else list(changes)
