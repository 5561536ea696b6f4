"""A version laid out week by week, as the rules read it."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from programs.models import Exercise, Prescription, ProgramVersion, SessionPlan
from programs.rules.diff import DOSE_FIELDS, Line, Session

Layout = dict[int, tuple[Session, ...]]


def lay_out(version: ProgramVersion) -> Layout:
    """Return the sessions of each week with their main exercises, in three queries; warm-up and cool-down are not part of it."""
    plans = list(SessionPlan.objects.filter(version=version).order_by("position", "week_from"))
    rows = list(Prescription.objects.filter(session_plan__in=plans, block=Prescription.Block.MAIN).order_by("position"))
    exercises = Exercise.objects.only("key", "names").in_bulk({row.exercise_id for row in rows})
    lines: dict[UUID, list[Line]] = defaultdict(list)
    for row in rows:
        lines[row.session_plan_id].append(line_of(row, exercises[row.exercise_id]))
    sessions = [
        (plan, Session(plan.setting, tuple(lines[plan.pk]), plan.times_a_week, plan.minutes, source=str(plan.pk))) for plan in plans
    ]
    return {
        week: tuple(session for plan, session in sessions if plan.week_from <= week <= plan.week_to) for week in range(1, version.weeks + 1)
    }


def line_of(row: Prescription, exercise: Exercise) -> Line:
    """Return one prescription as a line."""
    dose = {name: getattr(row, name) for name in DOSE_FIELDS}
    return Line(exercise.key, exercise.names, **dose, exercise=str(exercise.pk), source=str(row.pk))


def phases_of(plans: Iterable[SessionPlan]) -> dict[int, object]:
    """Return the phase of each week; weeks without a plan are missing."""
    return {week: plan.phase for plan in plans for week in range(plan.week_from, plan.week_to + 1)}
