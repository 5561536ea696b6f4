"""Changing some weeks of a version: exercises left out, swapped or added, single parts of a dose, and weeks done again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from programs.rules.diff import Line, Session, Weeks, numbered, places


@dataclass(frozen=True, slots=True)
class Edit:
    """One wish about one line: the session by `setting` and `place` (from 0), the line by exercise `key` and `nth` (from 0).

    `drop` leaves it out, `line` takes its place (with an empty `key` it is added at the end), `dose` changes single fields and leaves
    the others to the progression of the weeks.
    """

    setting: str
    place: int
    key: str = ""
    nth: int = 0
    drop: bool = False
    line: Line | None = None
    dose: Mapping[str, Any] = field(default_factory=dict)


def apply_edits(weeks: Weeks, edits: Sequence[Edit], first: int, last: int) -> dict[int, tuple[Session, ...]]:
    """Return the version with the edits made in the weeks `first` to `last`; a week without the exercise in question stays as it is."""
    return {
        week: tuple(_session(session, [edit for edit in edits if (edit.setting, edit.place) == place]) for place, session in found.items())
        if first <= week <= last
        else tuple(found.values())
        for week, found in ((week, places(sessions)) for week, sessions in weeks.items())
    }


def phase_end(phases: Mapping[int, Any], week: int) -> int:
    """Return the last of the weeks after `week` that follow each other with the same phase."""
    last = week
    while last + 1 in phases and phases[last + 1] == phases.get(week):
        last += 1
    return last


def change_lines(weeks: Weeks, change: Callable[[Line, str], Line], first: int, last: int) -> dict[int, tuple[Session, ...]]:
    """Return the version with every line of the weeks `first` to `last` as `change` makes it from the line and its setting."""
    return {
        week: tuple(replace(one, lines=tuple(change(line, one.setting) for line in one.lines)) for one in sessions)
        if first <= week <= last
        else tuple(sessions)
        for week, sessions in weeks.items()
    }


def follow_weeks(weeks: Weeks, first: int, sources: Sequence[int]) -> dict[int, tuple[Session, ...]]:
    """Return the version whose weeks from `first` on are done as the weeks `sources`, one after the other; the last one stays to the end.

    How many sessions a week has stays as it is.
    """
    found: dict[int, tuple[Session, ...]] = {}
    for week, sessions in weeks.items():
        source = sources[min(week - first, len(sources) - 1)] if week >= first else week
        like = places(weeks[source])
        found[week] = tuple(_as_in(session, like.get(place)) for place, session in places(sessions).items())
    return found


def _as_in(session: Session, other: Session | None) -> Session:
    if other is None:
        return session
    return other if session.times_a_week == other.times_a_week else replace(session, lines=other.lines)


def _session(session: Session, edits: Sequence[Edit]) -> Session:
    wishes = {(edit.key, edit.nth): edit for edit in edits if edit.key}
    lines: list[Line] = []
    for place, line in numbered(session.lines).items():
        edit = wishes.get(place)
        if edit is None:
            lines.append(line)
        elif edit.line is not None:
            lines.append(edit.line)
        elif not edit.drop:
            lines.append(replace(line, **edit.dose) if edit.dose else line)
    known = {line.key for line in lines}
    lines += [edit.line for edit in edits if not edit.key and edit.line is not None and edit.line.key not in known]
    return replace(session, lines=tuple(lines))
