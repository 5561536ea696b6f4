"""A plan as the builder shows it: one kind of session, weeks as columns and exercises as rows, each cell an address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from programs.dose import cell_text, dose_text, effort_text
from programs.forms.steps import Scene, row_text
from programs.models import Exercise, in_language
from programs.rules import building
from programs.rules.building import Row
from programs.rules.diff import Line

Address = Callable[..., str]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Cell:
    """One exercise in one week; without a line it is not done then."""

    week: int
    line: Line | None
    href: str
    short: str
    effort: str
    label: str
    is_changed: bool
    is_chosen: bool
    is_over: bool


@dataclass(frozen=True, slots=True)
class GridRow:
    """One exercise over the weeks, with the letter of its circuit."""

    key: str
    name: str
    exercise: Exercise | None
    variant: str
    position: int
    circuit: str
    cells: list[Cell]
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """The table."""

    weeks: list[int]
    phases: list[tuple[str, int]]
    rows: list[GridRow]


def grid_of(scene: Scene, address: Address) -> Grid:
    """Lay out the session and part looked at; no query."""
    rows = scene.rows
    found = [row_of(scene, row, position, address) for position, row in enumerate(rows, start=1)]
    return Grid(sorted(scene.plan), phases_of(scene), found)


def row_of(scene: Scene, row: Row, position: int, address: Address) -> GridRow:
    """Lay out one exercise."""
    lines = {week: building.line_at(scene.plan, week, scene.place, row) for week in scene.plan}
    some = next((line for line in lines.values() if line is not None), None)
    exercise = scene.exercises.get(some.exercise) if some else None
    name = exercise.name if exercise else row[1]
    circuit = max((line.circuit for line in lines.values() if line is not None), default=0)
    return GridRow(
        row_text(row),
        name,
        exercise,
        some.pose_variant if some else "",
        position,
        LETTERS[(circuit - 1) % 26] if circuit else "",
        [cell_of(scene, row, week, lines, name, address) for week in sorted(scene.plan)],
        row == scene.row,
    )


def cell_of(scene: Scene, row: Row, week: int, lines: Mapping[int, Line | None], name: str, address: Address) -> Cell:
    """Lay out one week of an exercise."""
    line, before = lines[week], lines.get(week - 1)
    is_changed = line is not None and before is not None and line.dose() != before.dose()
    what = words_of(line) if line else _("not done")
    values = {"name": name, "week": week, "what": what}
    label = _("%(name)s, week %(week)s: %(what)s, changed from the week before") if is_changed else _("%(name)s, week %(week)s: %(what)s")
    return Cell(
        week,
        line,
        address(row=row, week=week),
        cell_text(line) if line else "–",
        effort_text(line.effort_low, line.effort_high) if line else "",
        label % values,
        is_changed,
        row == scene.row and week == scene.week,
        week < scene.first_week,
    )


def words_of(line: Line) -> str:
    """Return a dose with its effort in words."""
    effort = effort_text(line.effort_low, line.effort_high)
    return _("%(dose)s, effort %(effort)s") % {"dose": dose_text(line), "effort": effort} if effort else dose_text(line)


def phases_of(scene: Scene) -> list[tuple[str, int]]:
    """Return the phases in a row with how many weeks each has."""
    found: list[tuple[str, int]] = []
    for week in sorted(scene.plan):
        session = building.session_at(scene.plan, week, scene.place)
        phase = str(in_language(session.phase)) if session else ""
        if found and found[-1][0] == phase:
            found[-1] = (phase, found[-1][1] + 1)
        else:
            found.append((phase, 1))
    return found


def facts_of(scene: Scene) -> dict[str, Any] | None:
    """Return what the session of the week looked at amounts to; None where there is none."""
    session = scene.session
    if session is None:
        return None
    main = [line for line in session.lines if line.block == "main"]
    return {
        "exercises": len({line.key for line in main}),
        "sets": sum(line.sets for line in main),
        "minutes": building.minutes_of(session),
        "planned": session.minutes,
        "is_over": building.minutes_of(session) > session.minutes,
        "times": session.times_a_week,
    }
