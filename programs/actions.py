"""Loading the shared library, and approving versions."""

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Invalid
from clinics.models import Clinic, Membership
from clinics.transitions import advance
from programs.models import Exercise, Prescription, Program, ProgramApproval, ProgramVersion, SessionPlan
from programs.rules.library import content_hash, default_dose, validate_exercise, validate_program
from programs.states import VERSION

LIBRARY = Path(__file__).parent / "library"
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
    "pose_variant",
    "effort_low",
    "effort_high",
    "exercise_provenance",
    "dose_provenance",
    "provenance_note",
)


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
