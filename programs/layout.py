"""A version laid out week by week, as the rules read it."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from programs.models import Exercise, Prescription, ProgramVersion, SessionPlan
from programs.rules.building import Plan, by_block, in_order, main_part, restored, stretches
from programs.rules.diff import DOSE_FIELDS, Line, Session

Layout = dict[int, tuple[Session, ...]]
CLINIC = "clinic"
"""Where an exercise or a dose comes from that a clinic chose for its own program."""


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


EXTRAS = ("block", "stage", "pose_variant", "exercise_provenance", "dose_provenance", "provenance_note")
"""Fields of a prescription beside its dose that a copy keeps."""
PLAN_EXTRAS = ("weekdays", "days", "phase", "note", "provenance")


def whole_plan(version: ProgramVersion) -> Layout:
    """Return everything a version holds, warm-up included, as the builder changes it: a draft from its draft, others from their rows."""
    if version.status == ProgramVersion.Status.DRAFT:
        used = {line.get("exercise") for one in version.draft for line in one["lines"]}
        names = {str(row.pk): row.names for row in Exercise.objects.only("names").filter(pk__in=used - {None})}
        return restored(version.draft, version.weeks, names)
    plans = list(SessionPlan.objects.filter(version=version).order_by("position", "week_from"))
    rows = list(Prescription.objects.filter(session_plan__in=plans).order_by("position"))
    exercises = Exercise.objects.only("key", "names").in_bulk({row.exercise_id for row in rows})
    lines: dict[UUID, list[Line]] = defaultdict(list)
    for row in rows:
        exercise = exercises[row.exercise_id]
        fields = {name: getattr(row, name) for name in (*DOSE_FIELDS, *EXTRAS)}
        lines[row.session_plan_id].append(Line(exercise.key, exercise.names, **fields, exercise=str(exercise.pk)))
    sessions = [(plan, whole_session(plan, lines[plan.pk])) for plan in plans]
    return {
        week: in_order(session for plan, session in sessions if plan.week_from <= week <= plan.week_to)
        for week in range(1, version.weeks + 1)
    }


def whole_session(plan: SessionPlan, lines: Iterable[Line]) -> Session:
    """Return a session plan with all it says."""
    return Session(
        plan.setting,
        by_block(lines),
        plan.times_a_week,
        plan.minutes,
        weekdays=tuple(plan.weekdays),
        days=tuple(plan.days),
        phase=plan.phase,
        note=plan.note,
        provenance=plan.provenance,
    )


def told_plan(version: ProgramVersion) -> Layout:
    """Return a version as differences are told: without warm-up and cool-down, drafts as they stand now."""
    return main_part(whole_plan(version))


def rows_of_plan(version: ProgramVersion, plan: Plan) -> tuple[list[SessionPlan], list[Prescription]]:
    """Return the rows a plan consists of, not stored yet: one session plan for the weeks in a row in which a session is the same."""
    plans: list[SessionPlan] = []
    rows: list[Prescription] = []
    for position, (first, last, session) in enumerate(sorted(stretches(plan), key=lambda one: (one[0], one[2].setting != "supervised"))):
        row = SessionPlan(
            version=version,
            clinic_id=version.clinic_id,
            position=position,
            week_from=first,
            week_to=last,
            setting=session.setting,
            times_a_week=session.times_a_week,
            minutes=session.minutes,
            **{name: list(value) if isinstance(value := getattr(session, name), tuple) else value for name in PLAN_EXTRAS},
        )
        plans.append(row)
        rows += prescriptions_of(row, session.lines)
    return plans, rows


def prescriptions_of(plan: SessionPlan, lines: Iterable[Line]) -> list[Prescription]:
    """Return the lines of a session as rows, in order within each part; what has no source was chosen by the clinic."""
    rows, places = [], dict.fromkeys(Prescription.Block.values, 0)
    for line in lines:
        fields = {name: getattr(line, name) for name in (*DOSE_FIELDS, *EXTRAS)}
        marks = {name: fields[name] or CLINIC for name in ("exercise_provenance", "dose_provenance")}
        own = {"clinic_id": plan.clinic_id, "exercise_id": UUID(line.exercise), "position": places[line.block]}
        rows.append(Prescription(session_plan=plan, **own, **{**fields, **marks}))
        places[line.block] += 1
    return rows
