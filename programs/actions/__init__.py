"""Loading the shared library, approving versions, and forking one for a single patient."""

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid
from clinics.models import Clinic, Membership
from clinics.transitions import advance
from programs.layout import Layout
from programs.models import Exercise, Prescription, Program, ProgramApproval, ProgramVersion, SessionPlan
from programs.rules.building import stretches
from programs.rules.diff import DOSE_FIELDS as LINE_FIELDS
from programs.rules.diff import Line
from programs.rules.library import content_hash, default_dose, validate_exercise, validate_program
from programs.states import VERSION

LIBRARY = Path(__file__).resolve().parent.parent / "library"
DOSE_FIELDS = (
    "sets",
    "reps_low",
    "reps_high",
    "hold_seconds",
    "duration_seconds",
    "run_seconds",
    "walk_seconds",
    "stage",
    "rest_seconds",
    "per_side",
    "tempo",
    "load",
    "variation",
    "circuit",
    "pose_variant",
    "effort_low",
    "effort_high",
    "exercise_provenance",
    "dose_provenance",
    "provenance_note",
)
COPIED = ("weeks", "supervised_per_week", "home_per_week", "summary", "evidence", "assessments", "checklist", "digest")
COPIED_PLAN = ("position", "setting", "times_a_week", "minutes", "weekdays", "days", "phase", "note", "provenance")
TAILORED = "tailored"
"""Where a dose comes from that a therapist set for one patient."""


class LibraryError(Exception):
    """The library's files contradict themselves; nothing was changed."""


@cache
def read_yaml(path: Path) -> Any:
    """Read one file of the library."""
    with path.open(encoding="utf-8") as file:
        return yaml.load(file, Loader=yaml.CSafeLoader)


def read_exercises() -> dict[str, dict[str, Any]]:
    """Return every exercise of the files by key."""
    files = sorted((LIBRARY / "exercises").glob("*.yaml"))
    return {item["key"]: item for path in files for item in read_yaml(path)}


def read_programs() -> list[dict[str, Any]]:
    """Return every program of the files."""
    return [read_yaml(path) for path in sorted((LIBRARY / "programs").glob("*.yaml"))]


def load_library(*, now: dt.datetime) -> dict[str, int]:
    """Bring the shared library up to its files: what is new or changed becomes a new revision or version, the rest is left alone.

    Running assignments keep the version they have. Returns how many exercises and programs were added or changed; raises LibraryError.
    """
    exercises = read_exercises()
    programs = read_programs()
    complaints = [text for item in exercises.values() for text in validate_exercise(item)]
    complaints += [text for item in programs for text in validate_program(item, set(exercises))]
    if complaints:
        raise LibraryError("; ".join(complaints[:20]))
    with transaction.atomic():
        current, changed = load_exercises(exercises, now=now)
        versions = sum(load_program(data, place, current, exercises, now=now) for place, data in enumerate(programs))
    return {"exercises": changed, "programs": versions}


def load_exercises(items: dict[str, dict[str, Any]], *, now: dt.datetime) -> tuple[dict[str, Exercise], int]:
    """Add new and changed exercises; return the current ones by key and how many were added."""
    current = {row.key: row for row in Exercise.objects.filter(clinic=None, is_current=True)}
    changed = 0
    for key, data in items.items():
        digest = content_hash(data)
        row = current.get(key)
        if row is not None and row.digest == digest:
            continue
        if row is not None:
            Exercise.objects.filter(pk=row.pk).update(is_current=False)
        content = {name: value for name, value in data.items() if name not in {"key", "group", "measure", "name"}}
        current[key] = Exercise.objects.create(
            key=key,
            revision=row.revision + 1 if row else 1,
            group=data["group"],
            measure=data["measure"],
            names=data["name"],
            content=content,
            digest=digest,
            created_at=now,
        )
        changed += 1
    return current, changed


def exercises_of(data: dict[str, Any]) -> set[str]:
    """Return the keys of all exercises a program uses."""
    return {key for plan in data["weeks_plan"] for key in [*plan.get("warm_up", []), *(item["exercise"] for item in plan["items"])]}


def load_program(
    data: dict[str, Any], place: int, current: dict[str, Exercise], texts: dict[str, dict[str, Any]], *, now: dt.datetime
) -> int:
    """Publish a new version when the program's file or one of its exercises changed; return 1 then, else 0."""
    digest = content_hash({"program": data, "exercises": {key: content_hash(texts[key]) for key in sorted(exercises_of(data))}})
    program, _created = Program.objects.update_or_create(
        clinic=None,
        key=data["key"],
        defaults={"code": data["code"], "kind": data["kind"], "names": data["name"], "position": data.get("position", place)},
    )
    latest = program.versions.order_by("-number").first()
    if latest is not None and latest.digest == digest:
        return 0
    version = ProgramVersion.objects.create(
        program=program,
        number=latest.number + 1 if latest else 1,
        weeks=data["weeks"],
        supervised_per_week=data.get("supervised_per_week", 0),
        home_per_week=data.get("home_per_week", 0),
        summary=data.get("summary", {}),
        evidence={
            **data.get("evidence", {}),
            "advice": data.get("advice", []),
            "provenance": {name: value for name, value in data.items() if name.endswith("_provenance")},
        },
        assessments=data.get("assessments", []),
        checklist=data.get("entry_checklist", []),
        digest=digest,
        created_at=now,
    )
    plans, doses = [], []
    for position, plan in enumerate(data["weeks_plan"]):
        row = SessionPlan(
            version=version,
            position=position,
            week_from=plan["weeks"]["from"],
            week_to=plan["weeks"]["to"],
            setting=plan["setting"],
            times_a_week=plan["times_a_week"],
            minutes=plan["minutes"],
            weekdays=plan.get("weekdays", []),
            days=plan.get("days", []),
            phase=plan.get("phase", {}),
            note=plan.get("note", {}),
            provenance={name.removesuffix("_provenance"): value for name, value in plan.items() if name.endswith("_provenance")},
        )
        plans.append(row)
        doses += prescriptions_of(row, plan, current, texts)
    SessionPlan.objects.bulk_create(plans)
    Prescription.objects.bulk_create(doses)
    advance(version, ProgramVersion.Status.PUBLISHED, table=VERSION, now=now, published_at=now)
    if latest is not None and latest.status == ProgramVersion.Status.PUBLISHED:
        advance(latest, ProgramVersion.Status.RETIRED, table=VERSION, now=now)
    return 1


def prescriptions_of(
    row: SessionPlan, plan: dict[str, Any], current: dict[str, Exercise], texts: dict[str, dict[str, Any]]
) -> list[Prescription]:
    """Turn one plan's exercises and doses into rows; a warm-up takes the default dose of its exercise's range."""
    rows = []
    for position, key in enumerate(plan.get("warm_up", [])):
        dose = {name: value for name, value in default_dose(texts[key]).items() if name in DOSE_FIELDS and value is not None}
        dose |= {"exercise_provenance": plan.get("warm_up_provenance", "default"), "dose_provenance": "default"}
        rows.append(Prescription(session_plan=row, exercise=current[key], block=Prescription.Block.WARM_UP, position=position, **dose))
    for position, item in enumerate(plan["items"]):
        dose = {name: item[name] for name in DOSE_FIELDS if item.get(name) is not None}
        rows.append(Prescription(session_plan=row, exercise=current[item["exercise"]], position=position, **dose))
    return rows


@transaction.atomic
def approve_version(*, version: ProgramVersion, clinic: Clinic, by: Membership, now: dt.datetime) -> ProgramApproval:
    """Note that a physiotherapist of the clinic looked through a published version; approving twice is the same approval."""
    if version.status != ProgramVersion.Status.PUBLISHED:
        raise Invalid(_("This version is not published."))
    try:
        with transaction.atomic():
            approval = ProgramApproval.objects.create(clinic=clinic, version=version, approved_by=by, approved_at=now)
    except IntegrityError:
        return ProgramApproval.objects.get(clinic=clinic, version=version)
    audit.record("program.approve", row=approval, by=by, at=now, version=str(version.pk))
    return approval


@transaction.atomic
def fork_version(
    *, version: ProgramVersion, layout: Layout, clinic: Clinic, key: str, reason: str, now: dt.datetime, weeks: int | None = None
) -> ProgramVersion:
    """Publish a version tailored to one patient: `version` with the main exercises of `layout`, everything else as it was.

    `key` names the line of versions that belongs to the patient's assignment; the first fork opens it. Lines that differ from their
    source are marked as tailored. `weeks` is the length of the fork, None that of `version`.
    Raises Conflict when another fork of the same line was faster.
    """
    source = version.program
    program, _created = Program.objects.get_or_create(
        clinic=clinic,
        key=key,
        defaults={"code": source.code, "kind": source.kind, "names": source.names, "origin": Program.Origin.TAILORED},
    )
    latest = program.versions.order_by("-number").values_list("number", flat=True).first()
    try:
        with transaction.atomic():
            fork = ProgramVersion.objects.create(
                program=program,
                clinic=clinic,
                number=(latest or 0) + 1,
                forked_from=version,
                reason=reason,
                created_at=now,
                **{**{name: getattr(version, name) for name in COPIED}, "weeks": weeks or version.weeks},
            )
    except IntegrityError as error:
        raise Conflict(_("This was changed in the meantime. Please look at it again.")) from error
    write_layout(fork, version, layout)
    advance(fork, ProgramVersion.Status.PUBLISHED, table=VERSION, now=now, published_at=now)
    return fork


def write_layout(fork: ProgramVersion, version: ProgramVersion, layout: Layout) -> None:
    """Write the sessions of a layout as rows of the fork; neighbouring weeks with equal sessions share a plan."""
    plans = {str(plan.pk): plan for plan in SessionPlan.objects.filter(version=version)}
    sources = {str(row.pk): row for row in Prescription.objects.filter(session_plan__version=version)}
    new_plans, rows = [], []
    for first, last, session in stretches(layout):
        source = plans[session.source]
        plan = SessionPlan(
            version=fork, clinic=fork.clinic, week_from=first, week_to=last, **{name: getattr(source, name) for name in COPIED_PLAN}
        )
        new_plans.append(plan)
        rows += [tailored_line(plan, place, line, sources) for place, line in enumerate(session.lines)]
        around = [row for row in sources.values() if row.session_plan_id == source.pk and row.block != Prescription.Block.MAIN]
        rows += [copied_line(plan, row) for row in around]
    SessionPlan.objects.bulk_create(new_plans)
    Prescription.objects.bulk_create(rows)


def copied_line(plan: SessionPlan, row: Prescription) -> Prescription:
    """Return a copy of a prescription in another plan."""
    fields = {name: getattr(row, name) for name in ("exercise_id", "block", "position", *DOSE_FIELDS)}
    return Prescription(session_plan=plan, clinic=plan.clinic, **fields)


def tailored_line(plan: SessionPlan, place: int, line: Line, sources: dict[str, Prescription]) -> Prescription:
    """Return a line of a layout as a row; it keeps source, stage and picture of the row it came from, as far as it is still the same."""
    source = sources.get(line.source)
    if source is None or str(source.exercise_id) != line.exercise:
        fields: dict[str, Any] = {**line.dose(), "exercise_provenance": TAILORED, "dose_provenance": TAILORED}
        return Prescription(session_plan=plan, clinic=plan.clinic, exercise_id=line.exercise, position=place, **fields)
    row = copied_line(plan, source)
    row.position = place
    for name in LINE_FIELDS:
        if getattr(row, name) != getattr(line, name):
            setattr(row, name, getattr(line, name))
            row.dose_provenance, row.provenance_note = TAILORED, {}
    return row
