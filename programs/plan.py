"""A version laid out for reading: what it looks like week by week, and where its parts come from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from clinics.models import Membership
from programs.dose import dose_text, effort_text, seconds_text
from programs.layout import rows_of_plan, whole_plan
from programs.models import Exercise, Prescription, ProgramVersion, SessionPlan, Setting, in_language
from programs.wording import Mark, provenance_mark

WIDEST_MATRIX = 8
"""Weeks that fit beside each other; longer programs are listed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One exercise of one session, ready to be shown."""

    prescription: Prescription
    exercise: Exercise
    dose: str
    effort: str
    rest: str
    load: str
    variation: str
    exercise_mark: Mark
    dose_mark: Mark


@dataclass(frozen=True, slots=True)
class PlanView:
    """One session plan with its lines."""

    plan: SessionPlan
    phase: str
    note: str
    warm_up: list[Line]
    main: list[Line]
    times_mark: Mark | None
    minutes_mark: Mark | None


@dataclass(slots=True)
class MatrixRow:
    """One exercise over the weeks; a cell is the dose of that week, empty where it is not done."""

    line: Line
    cells: list[str] = field(default_factory=list)
    changed: list[bool] = field(default_factory=list)

    @property
    def pairs(self) -> list[tuple[str, bool]]:
        """Cells, each with whether it differs from the week before."""
        return list(zip(self.cells, self.changed, strict=True))


@dataclass(frozen=True, slots=True)
class Matrix:
    """All sessions of one place: weeks as columns, exercises as rows."""

    setting: str
    weeks: list[int]
    phases: list[tuple[str, int]]
    rows: list[MatrixRow]
    minutes: list[int]

    @property
    def dose_mark(self) -> Mark | None:
        """Where all doses come from; None when they come from several places."""
        marks = {row.line.dose_mark for row in self.rows}
        return marks.pop() if len(marks) == 1 else None

    @property
    def setting_name(self) -> str:
        """Where these sessions take place, in words."""
        return str(Setting(self.setting).label)


def read_plans(version: ProgramVersion, member: Membership) -> list[PlanView]:
    """Read a whole version in three queries, whatever its length; a draft as it stands now."""
    if version.status == ProgramVersion.Status.DRAFT:
        drafted, rows = rows_of_plan(version, whole_plan(version))
        used = Exercise.objects.visible_to(member).in_bulk({row.exercise_id for row in rows})
        return [view_of(plan, [row for row in rows if row.session_plan is plan and row.exercise_id in used], used) for plan in drafted]
    plans = list(SessionPlan.objects.visible_to(member).filter(version=version).order_by("week_from", "position"))
    return plan_views(plans, member)


def plan_views(plans: Sequence[SessionPlan], member: Membership) -> list[PlanView]:
    """Read the lines of some session plans in two queries; each exercise is loaded once."""
    rows = list(Prescription.objects.visible_to(member).filter(session_plan__in=plans).order_by("position"))
    exercises = Exercise.objects.visible_to(member).in_bulk({row.exercise_id for row in rows})
    return [view_of(plan, [row for row in rows if row.session_plan_id == plan.pk], exercises) for plan in plans]


def view_of(plan: SessionPlan, rows: Iterable[Prescription], exercises: dict[UUID, Exercise]) -> PlanView:
    """Lay out one plan."""
    lines = [line_of(row, exercises[row.exercise_id]) for row in rows]
    provenance: dict[str, Any] = plan.provenance or {}
    return PlanView(
        plan=plan,
        phase=str(in_language(plan.phase)),
        note=str(in_language(plan.note)),
        warm_up=[line for line in lines if line.prescription.block == Prescription.Block.WARM_UP],
        main=[line for line in lines if line.prescription.block != Prescription.Block.WARM_UP],
        times_mark=provenance_mark(provenance["times"]) if "times" in provenance else None,
        minutes_mark=provenance_mark(provenance["minutes"]) if "minutes" in provenance else None,
    )


def line_of(row: Prescription, exercise: Exercise) -> Line:
    """Lay out one prescription."""
    return Line(
        prescription=row,
        exercise=exercise,
        dose=dose_text(row),
        effort=effort_text(row.effort_low, row.effort_high),
        rest=seconds_text(row.rest_seconds) if row.rest_seconds else "",
        load=str(in_language(row.load)),
        variation=str(in_language(row.variation)),
        exercise_mark=provenance_mark(row.exercise_provenance),
        dose_mark=provenance_mark(row.dose_provenance),
    )


def matrices(views: Sequence[PlanView], weeks: int) -> list[Matrix]:
    """Set the sessions of each place beside each other, weeks as columns and exercises as rows.

    Empty for what does not fit into columns: more than eight weeks, or two kinds of session of one place in one week.
    """
    if not 2 <= weeks <= WIDEST_MATRIX:
        return []
    found = []
    for setting in Setting.values:
        by_week: dict[int, PlanView] = {}
        for view in views:
            if view.plan.setting != setting:
                continue
            for week in range(view.plan.week_from, view.plan.week_to + 1):
                if week in by_week:
                    return []
                by_week[week] = view
        if len(by_week) > 1:
            found.append(_matrix(setting, by_week))
    return found


def _matrix(setting: str, by_week: dict[int, PlanView]) -> Matrix:
    weeks = sorted(by_week)
    rows: dict[Any, MatrixRow] = {}
    for column, week in enumerate(weeks):
        for line in by_week[week].main:
            row = rows.setdefault((line.exercise.key, line.prescription.stage), MatrixRow(line))
            row.cells += [""] * (column - len(row.cells)) + [line.dose]
    for row in rows.values():
        row.cells += [""] * (len(weeks) - len(row.cells))
        row.changed = [bool(before) and bool(now) and now != before for before, now in zip(["", *row.cells], row.cells, strict=False)]
    phases: list[tuple[str, int]] = []
    for week in weeks:
        phase = by_week[week].phase
        if phases and phases[-1][0] == phase:
            phases[-1] = (phase, phases[-1][1] + 1)
        else:
            phases.append((phase, 1))
    return Matrix(setting, weeks, phases, list(rows.values()), [by_week[week].plan.minutes for week in weeks])


def pictures_of(versions: Sequence[ProgramVersion], member: Membership, count: int) -> dict[UUID, list[Exercise]]:
    """Return the first `count` main exercises of each version, in two queries."""
    rows = (
        Prescription.objects.visible_to(member)
        .filter(session_plan__version__in=versions, session_plan__week_from=1, block=Prescription.Block.MAIN)
        .order_by("session_plan__position", "position")
        .values_list("session_plan__version_id", "exercise_id")
    )
    chosen: dict[UUID, list[UUID]] = {}
    for version_id, exercise_id in rows:
        keys = chosen.setdefault(version_id, [])
        if len(keys) < count and exercise_id not in keys:
            keys.append(exercise_id)
    exercises = Exercise.objects.visible_to(member).in_bulk({key for keys in chosen.values() for key in keys})
    return {version_id: [exercises[key] for key in keys] for version_id, keys in chosen.items()}
