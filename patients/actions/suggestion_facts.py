"""The facts that the rules of suggestions look at, read for one running plan in a constant number of queries."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from clinics.localtime import local_day
from patients.models import Assignment, AssignmentVersion, CheckIn, ExerciseLog, Pause, ScheduledSession, SessionLog, Suggestion
from patients.rules.suggestions.facts import Coming, ExerciseDone, Facts, SessionDone
from patients.rules.suggestions.moves import ALWAYS_LOADED, load_step
from patients.rules.triage import Bands
from programs.frozen import frozen_plans
from programs.layout import lay_out, line_of, phases_of
from programs.models import Exercise, Prescription, SessionPlan
from programs.rules.diff import Kind

DECIDED = (Suggestion.Status.USED, Suggestion.Status.DECLINED)


def read_facts(assignment: Assignment, rows: Iterable[Suggestion], *, now: dt.datetime) -> Facts | None:
    """Return the facts of a plan on the patient's day; None while it is paused. `rows` are the suggestions there were for it."""
    patient = assignment.patient
    today = local_day(now, patient.zone)
    pauses = Pause.objects.filter(assignment=assignment, clinic_id=assignment.clinic_id, cancelled_at=None)
    if pauses.filter(from_on__lte=today, to_on__gte=today).exists():
        return None
    sessions = list(
        ScheduledSession.objects.filter(assignment=assignment, clinic_id=assignment.clinic_id)
        .exclude(status=ScheduledSession.Status.CANCELLED)
        .select_related("log", "run")
        .order_by("on", "starts_at", "id")
    )
    logged = sorted((one for one in sessions if hasattr(one, "log")), key=lambda one: (one.log.on, one.log.done_at))
    weeks = lay_out(assignment.version)
    lines = {line.exercise: line.key for found in weeks.values() for session in found for line in session.lines}
    contents = dict(Exercise.objects.filter(pk__in=lines).values_list("key", "content"))
    equipment = {key: content.get("equipment") or [] for key, content in contents.items()}
    steps = {key: step for key, found in equipment.items() if (step := load_step(found)) is not None}
    ranges = {key: (content.get("dose_range") or {}).get("reps") for key, content in contents.items()}
    plans = SessionPlan.objects.filter(version_id=assignment.version_id).order_by("-setting", "week_from")
    clinic = patient.clinic
    return Facts(
        today=today,
        kind=assignment.version.program.kind,
        weeks=weeks,
        phases=phases_of(plans),
        done=sessions_done(logged),
        coming=[
            Coming(one.on, one.week, one.setting) for one in sessions if one.on >= today and one.status == ScheduledSession.Status.PLANNED
        ],
        bands=Bands(clinic.pain_green_max, clinic.pain_amber_max),
        steps=steps,
        loaded=frozenset(key for key, found in equipment.items() if ALWAYS_LOADED.intersection(found)),
        most_reps={key: int(found[1]) for key, found in ranges.items() if found},
        decided=decided_until(assignment, rows, [one.log for one in logged]),
    )


def sessions_done(logged: Sequence[ScheduledSession]) -> list[SessionDone]:
    """Return logged sessions with what was done of each exercise; one logged as prescribed counts with its doses."""
    logs = {one.log.pk: one.log for one in logged}
    settled = dict(CheckIn.objects.filter(morning_after__in=list(logs)).values_list("morning_after_id", "is_settled"))
    rows: dict[uuid.UUID, list[ExerciseLog]] = defaultdict(list)
    partial = [pk for pk, log in logs.items() if not log.as_prescribed]
    for row in ExerciseLog.objects.filter(session_log__in=partial).select_related("prescription__exercise").order_by("position"):
        rows[row.session_log_id].append(row)
    plans = frozen_plans({one.session_plan_id for one in logged if one.log.as_prescribed})
    found = []
    for one in logged:
        log, run = one.log, getattr(one, "run", None)
        planned = plans[one.session_plan_id].lines if log.as_prescribed and one.session_plan_id in plans else ()
        exercises = [as_planned(line) for line in planned if line.block == Prescription.Block.MAIN]
        found.append(
            SessionDone(
                on=log.on,
                week=one.week,
                setting=one.setting,
                exercises=tuple(exercises or [as_logged(row) for row in rows[log.pk]]),
                pain=log.pain_during_0_10,
                leg_pain=run.leg_pain_0_10 if run is not None else None,
                effort=log.effort_rpe_0_10,
                settled=settled.get(log.pk),
                stopped=log.stopped_for_pain,
            )
        )
    return found


def as_planned(row: Prescription) -> ExerciseDone:
    """Return an exercise done just as it stood in the plan; the upper end of its repetitions counts as reached."""
    return ExerciseDone(
        target=line_of(row, row.exercise),
        sets=row.sets,
        reps=row.reps_high or row.reps_low,
        seconds=row.hold_seconds or row.duration_seconds,
    )


def as_logged(row: ExerciseLog) -> ExerciseDone:
    """Return an exercise as it was entered."""
    return ExerciseDone(
        target=line_of(row.prescription, row.prescription.exercise),
        sets=row.sets_done,
        reps=row.reps_done,
        seconds=row.hold_seconds_done,
        load_kg=float(row.load_kg) if row.load_kg is not None else None,
        pain=row.pain_0_10,
        skipped=row.skip_reason,
    )


def decided_until(assignment: Assignment, rows: Iterable[Suggestion], logs: Sequence[SessionLog]) -> Mapping[str, dt.date]:
    """Return the last day whose evidence somebody has decided upon, by exercise; "" is the whole plan.

    A change of the plan by hand is a decision upon all that was entered before it; a move to other days is none.
    """
    found: dict[str, dt.date] = {}
    for row in rows:
        if row.status in DECIDED:
            day = dt.date.fromisoformat(row.evidence["last_on"])
            found[row.exercise] = max(found.get(row.exercise, day), day)
    changes = AssignmentVersion.objects.filter(assignment=assignment, clinic_id=assignment.clinic_id, suggestion=None)
    # Moving the rest of a plan to other days says nothing about what was done.
    changes = changes.exclude(changes__0__kind=Kind.SHIFTED)
    changed_at = changes.order_by("-made_at").values_list("made_at", flat=True).first() if assignment.tailored_on else None
    seen = [log.on for log in logs if changed_at is not None and log.entered_at <= changed_at]
    if seen:
        found[""] = max([found.get("", seen[-1]), *seen])
    return found
