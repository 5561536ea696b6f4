"""Building a program: weeks of sessions changed one step at a time, each step a new layout and nothing else."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from programs.rules.diff import DOSE_FIELDS, PARTS, Line, Session, Weeks, places
from programs.rules.library import estimate_minutes

Plan = dict[int, tuple[Session, ...]]
Place = tuple[str, int]
"""A kind of session: where it takes place, and its number among those of the week there, from 0."""
Row = tuple[str, str, int]
"""One exercise over the weeks: part of the session, key, and how often the exercise stood before it there, from 0."""
MOST_WEEKS = 52
MOST_LINES = 40
"""Exercises of one session, warm-up included."""
MOST_SESSIONS = 7
"""Kinds of session in a week."""
MEASURES: dict[str, tuple[str, ...]] = {"reps": ("reps_low", "reps_high"), "hold": ("hold_seconds",), "duration": ("duration_seconds",)}
WORK = (*PARTS["reps"], *PARTS["hold"], *PARTS["duration"], *PARTS["intervals"])
"""Fields of a dose that say how much one set is."""
_LINE = {one.name for one in fields(Line)}
_SESSION = {one.name for one in fields(Session)}


# --- as plain data -----------------------------------------------------------------------------


def stored(plan: Weeks) -> list[dict[str, Any]]:
    """Return the plan as plain data: each session once for the weeks in a row in which it is the same."""
    found = []
    for first, last, session in stretches(plan):
        data = {name: value for name, value in asdict(session).items() if name not in {"lines", "source"} and value}
        data["lines"] = [
            {
                name: value
                for name, value in asdict(line).items()
                if name not in {"names", "source"} and value not in (None, "", 0, False, {})
            }
            for line in session.lines
        ]
        found.append({"weeks": [first, last], **data})
    return found


def restored(data: Iterable[Mapping[str, Any]], weeks: int, names: Mapping[str, Mapping[str, str]] | None = None) -> Plan:
    """Return the plan that `stored` wrote; `names` are the names of the exercises by id."""
    found: dict[int, list[Session]] = {week: [] for week in range(1, weeks + 1)}
    for one in data:
        lines = tuple(
            Line(
                **{
                    **{name: value for name, value in line.items() if name in _LINE},
                    "names": (names or {}).get(line.get("exercise", ""), {}),
                }
            )
            for line in one["lines"]
        )
        rest: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in one.items() if name in _SESSION}
        session = Session(**{**rest, "lines": lines})
        for week in range(one["weeks"][0], min(one["weeks"][1], weeks) + 1):
            found[week].append(session)
    return {week: in_order(sessions) for week, sessions in found.items()}


def in_order(sessions: Iterable[Session]) -> tuple[Session, ...]:
    """Return the sessions of a week, those in the clinic first."""
    return tuple(sorted(sessions, key=lambda one: one.setting != "supervised"))


def stretches(plan: Weeks) -> Iterator[tuple[int, int, Session]]:
    """Yield (first week, last week, session) so that each session is told once for the weeks in a row in which it is the same."""
    running: dict[Place, tuple[int, int, Session]] = {}
    for week in sorted(plan):
        for place, session in places(plan[week]).items():
            before = running.get(place)
            if before is not None and before[1] == week - 1 and before[2] == session:
                running[place] = (before[0], week, session)
                continue
            if before is not None:
                yield before
            running[place] = (week, week, session)
    yield from running.values()


# --- reading -----------------------------------------------------------------------------------


def rows_in(session: Session) -> dict[Row, Line]:
    """Return the lines of a session by their row."""
    found: dict[Row, Line] = {}
    for line in session.lines:
        nth = sum(block == line.block and key == line.key for block, key, _nth in found)
        found[line.block, line.key, nth] = line
    return found


def session_at(plan: Weeks, week: int, place: Place) -> Session | None:
    """Return the session of a place in a week; None where there is none."""
    return places(plan.get(week, ())).get(place)


def line_at(plan: Weeks, week: int, place: Place, row: Row) -> Line | None:
    """Return one line; None where the exercise is not done in that week."""
    session = session_at(plan, week, place)
    return rows_in(session).get(row) if session else None


def places_of(plan: Weeks) -> list[Place]:
    """Return every kind of session, those in the clinic first."""
    found = {place for sessions in plan.values() for place in places(sessions)}
    return sorted(found, key=lambda place: (place[0] != "supervised", place[1]))


def rows_of(plan: Weeks, place: Place, block: str) -> list[Row]:
    """Return the exercises of a kind of session over all weeks; what comes later stands behind its neighbour of that week."""
    found: list[Row] = []
    for week in sorted(plan):
        session = session_at(plan, week, place)
        at = 0
        for row in rows_in(session) if session else ():
            if row[0] != block:
                continue
            if row in found:
                at = max(at, found.index(row) + 1)
            else:
                found.insert(at, row)
                at += 1
    return found


def main_part(plan: Weeks) -> Plan:
    """Return the plan without warm-up and cool-down, as differences are told."""
    return {
        week: tuple(replace(one, lines=tuple(line for line in one.lines if line.block == "main")) for one in sessions)
        for week, sessions in plan.items()
    }


def minutes_of(session: Session) -> int:
    """Return about how long a session takes, warm-up included, in minutes."""
    items = [{name: value for name, value in line.dose().items() if value} | {"exercise": line.key} for line in session.lines]
    main = [item for item, line in zip(items, session.lines, strict=True) if line.block == "main"]
    around = [line.key for line in session.lines if line.block != "main"]
    return estimate_minutes({"items": main, "warm_up": around}) if items else 0


def counts_something(line: Line) -> bool:
    """Tell whether a dose says how much one set is."""
    return any(getattr(line, name) for name in WORK)


def problems_of(plan: Weeks) -> Iterator[tuple[str, int, Place, str]]:
    """Yield what keeps a plan from being published: (what, week, place, key of the exercise)."""
    for week, sessions in plan.items():
        if not sessions:
            yield "empty_week", week, ("", 0), ""
        if sum(one.times_a_week for one in sessions) > MOST_SESSIONS:
            yield "too_many_days", week, ("", 0), ""
        for place, session in places(sessions).items():
            if not any(line.block == "main" for line in session.lines):
                yield "empty_session", week, place, ""
            for line in session.lines:
                if not counts_something(line):
                    yield "no_dose", week, place, line.key


# --- changing ----------------------------------------------------------------------------------


def change_sessions(plan: Weeks, place: Place, first: int, last: int, change: Callable[[Session], Session]) -> Plan:
    """Return the plan with a kind of session changed in the weeks `first` to `last`; weeks without it stay."""

    def one(week: int) -> tuple[Session, ...]:
        found = places(plan[week])
        if not first <= week <= last or place not in found:
            return tuple(plan[week])
        return tuple(change(session) if at == place else session for at, session in found.items())

    return {week: one(week) for week in plan}


def add_session(plan: Weeks, session: Session, first: int, last: int) -> Plan:
    """Return the plan with one more kind of session in these weeks."""
    return {week: in_order([*sessions, session]) if first <= week <= last else tuple(sessions) for week, sessions in plan.items()}


def drop_session(plan: Weeks, place: Place, first: int, last: int) -> Plan:
    """Return the plan without a kind of session in these weeks."""
    return {
        week: tuple(one for at, one in places(sessions).items() if at != place) if first <= week <= last else tuple(sessions)
        for week, sessions in plan.items()
    }


def copy_session(plan: Weeks, place: Place, week: int, first: int, last: int) -> Plan:
    """Return the plan with the session of one week in all weeks `first` to `last`; their phases stay, where they had one."""
    source = session_at(plan, week, place)
    if source is None:
        return dict(plan)  # type: ignore[arg-type]
    found: Plan = {}
    for at, sessions in plan.items():
        there = places(sessions)
        if not first <= at <= last or at == week:
            found[at] = tuple(sessions)
        elif place in there:
            phase = there[place].phase or source.phase
            found[at] = tuple(replace(source, phase=phase) if one == place else session for one, session in there.items())
        else:
            found[at] = in_order([*sessions, source])
    return found


def copy_week(plan: Weeks, week: int, first: int, last: int) -> Plan:
    """Return the plan with all sessions of one week in the weeks `first` to `last`; the phase of a week stays, where it has one."""
    phases = {at: next((one.phase for one in sessions if one.phase), {}) for at, sessions in plan.items()}
    return {
        at: tuple(replace(one, phase=phases[at] or one.phase) for one in plan[week])
        if first <= at <= last and at != week
        else tuple(sessions)
        for at, sessions in plan.items()
    }


def set_length(plan: Weeks, weeks: int) -> Plan:
    """Return the plan with this many weeks; new ones repeat the last."""
    last = max(plan, default=0)
    return {week: tuple(plan[week] if week in plan else plan.get(last, ())) for week in range(1, weeks + 1)}


def add_line(plan: Weeks, place: Place, line: Line, first: int, last: int) -> Plan:
    """Return the plan with one more exercise at the end of its part of the session in these weeks."""

    def add(session: Session) -> Session:
        return session if len(session.lines) >= MOST_LINES else replace(session, lines=by_block((*session.lines, line)))

    return change_sessions(plan, place, first, last, add)


def drop_line(plan: Weeks, place: Place, row: Row, first: int, last: int) -> Plan:
    """Return the plan without an exercise in these weeks."""
    return _each_line(plan, place, row, first, last, lambda _line: None)


def swap_line(plan: Weeks, place: Place, row: Row, line: Line, first: int, last: int) -> Plan:
    """Return the plan with another exercise in the place of one; its dose stays where both are counted alike."""

    def swap(old: Line) -> Line:
        alike = all(bool(getattr(old, name)) == bool(getattr(line, name)) for name in WORK)
        if not alike:
            return replace(line, block=old.block, circuit=old.circuit)
        kept = {name: getattr(old, name) for name in DOSE_FIELDS if name not in {"variation", "load", "per_side"}}
        return replace(line, block=old.block, **kept)

    return _each_line(plan, place, row, first, last, swap)


def set_dose(
    plan: Weeks, place: Place, row: Row, dose: Mapping[str, Any], first: int, last: int, *, template: Line | None = None, source: str = ""
) -> Plan:
    """Return the plan with fields of a dose set in these weeks; `source` is where a dose that changes comes from then.

    With a `template` (the line as it stands in another week) the exercise is added to weeks of the session that do not have it.
    """

    def change(line: Line) -> Line:
        new = replace(line, **dose)
        return replace(new, dose_provenance=source, provenance_note={}) if new != line and source else new

    def add(session: Session) -> Session:
        if template is None or row in rows_in(session) or len(session.lines) >= MOST_LINES:
            return session
        return replace(session, lines=by_block((*session.lines, change(template))))

    return _each_line(change_sessions(plan, place, first, last, add), place, row, first, last, change)


def move_line(plan: Weeks, place: Place, row: Row, to: int, first: int, last: int) -> Plan:
    """Return the plan with an exercise at another place of its part, from 0, in these weeks; the other ones keep their order."""
    order = [one for one in rows_of(plan, place, row[0]) if one != row]
    order.insert(min(max(to, 0), len(order)), row)

    def sort(session: Session) -> Session:
        found = rows_in(session)
        if row not in found:
            return session
        keys = {one: at for at, one in enumerate(order)}
        mine = sorted((one for one in found if one[0] == row[0]), key=lambda one: keys[one])
        return replace(session, lines=by_block([found[one] for one in (*mine, *(one for one in found if one[0] != row[0]))]))

    return change_sessions(plan, place, first, last, sort)


def join_lines(plan: Weeks, place: Place, rows: Sequence[Row], first: int, last: int) -> Plan:
    """Return the plan with some exercises done in turns, as one circuit behind the first of them, in these weeks."""

    def join(session: Session) -> Session:
        found = rows_in(session)
        mine = [row for row in found if row in rows]
        if len(mine) < 2:
            return session
        number = 1 + max((line.circuit for row, line in found.items() if row not in mine), default=0)
        lines: list[Line] = []
        for row, line in found.items():
            if row == mine[0]:
                lines += [replace(found[one], circuit=number) for one in mine]
            elif row not in mine:
                lines.append(line)
        return replace(session, lines=numbered_circuits(lines))

    return change_sessions(plan, place, first, last, join)


def part_lines(plan: Weeks, place: Place, rows: Sequence[Row], first: int, last: int) -> Plan:
    """Return the plan with some exercises out of their circuits in these weeks; a circuit of one is none."""

    def part(session: Session) -> Session:
        lines = [replace(line, circuit=0) if row in rows else line for row, line in rows_in(session).items()]
        return replace(session, lines=numbered_circuits(lines))

    return change_sessions(plan, place, first, last, part)


def numbered_circuits(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines with their circuits numbered from 1 in the order they come; a circuit of one line is none."""
    sizes = {number: sum(line.circuit == number for line in lines) for number in {line.circuit for line in lines}}
    kept = list(dict.fromkeys(line.circuit for line in lines if line.circuit and sizes[line.circuit] > 1))
    return tuple(replace(line, circuit=kept.index(line.circuit) + 1 if line.circuit in kept else 0) for line in lines)


def by_block(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Return the lines with the warm-up first and the cool-down last."""
    return tuple(sorted(lines, key=lambda line: ("warm_up", "main", "cool_down").index(line.block)))


def _each_line(plan: Weeks, place: Place, row: Row, first: int, last: int, change: Callable[[Line], Line | None]) -> Plan:
    def edit(session: Session) -> Session:
        lines = [change(line) if at == row else line for at, line in rows_in(session).items()]
        return replace(session, lines=numbered_circuits([line for line in lines if line is not None]))

    return change_sessions(plan, place, first, last, edit)
