"""The builder's one screen, for a clinic's own program and for the plan of one patient: what is shown, and one step at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from clinics.errors import Conflict, DomainError
from clinics.web import MemberRequest, add_errors, get_visible
from programs.actions.building import change_draft, meanwhile, undo_draft
from programs.forms.building import STEPS, FrameForm
from programs.forms.doses import exercise_choices, known_phrases, languages
from programs.forms.sessions import NewSessionStep
from programs.forms.steps import Scene, Step, read_row, row_text
from programs.grid import facts_of, grid_of, words_of
from programs.layout import whole_plan
from programs.models import DraftStep, Exercise, Prescription, ProgramVersion, Setting
from programs.rules import building
from programs.rules.building import Place, Plan, main_part
from programs.rules.diff import diff, places
from programs.wording import change_text, group_keys, group_name, provenance_mark

Parts = Prescription.Block


@dataclass(frozen=True, slots=True)
class Bench:
    """Where one builds: which draft, at which address, and from which week on."""

    version: ProgramVersion
    address: str
    template: str
    source: str
    first_week: int = 1
    extra: Mapping[str, Any] = field(default_factory=dict)


def work(request: MemberRequest, bench: Bench) -> HttpResponse:
    """Show the draft, or make one step and show it again."""
    data = request.POST if request.method == "POST" else request.GET
    scene = scene_of(request, bench, data)
    if request.method != "POST":
        return show(request, bench, scene)
    if bench.version.status != ProgramVersion.Status.DRAFT:
        raise Conflict(_("This version is published and cannot be changed. Open a new version of the program."))
    if data.get("op") == "frame" and bench.extra.get("has_frame"):
        return save_frame(request, bench, scene)
    if data.get("op") == "undo":
        return undo(request, bench, scene)
    step = step_of(data, scene)
    if step is None:
        return redirect(address_of(bench, scene))
    if not step.is_valid():
        return show(request, bench, scene, step, status=422)
    if step.op == "progress" and data.get("do") != "save":
        return show(request, bench, scene, step, preview=preview_of(scene, step))
    return make(request, bench, scene, step)


def make(request: MemberRequest, bench: Bench, scene: Scene, step: Step) -> HttpResponse:
    """Make a step; somebody else's change in between is shown beside it."""
    now = timezone.now()
    try:
        change_draft(version=bench.version, change=step.change, revision=revision_of(request.POST), by=request.member, now=now)
    except Conflict as error:
        return both(request, bench, scene, error, step)
    except DomainError as error:
        add_errors(step, error)
        return show(request, bench, scene, step, status=422)
    place = step.place_after() if isinstance(step, NewSessionStep) else scene.place
    return redirect(address_of(bench, scene, place=place, row=step.row_after(), tool=request.POST.get("tool", "")))


def undo(request: MemberRequest, bench: Bench, scene: Scene) -> HttpResponse:
    """Take the last step back."""
    try:
        undo_draft(version=bench.version, revision=revision_of(request.POST), by=request.member, now=timezone.now())
    except Conflict as error:
        return both(request, bench, scene, error, None)
    return redirect(address_of(bench, scene))


def save_frame(request: MemberRequest, bench: Bench, scene: Scene) -> HttpResponse:
    """Save names, length, summary and what the sheets ask."""
    form, version = FrameForm(request.POST, version=bench.version), bench.version
    if not form.is_valid():
        return show(request, bench, scene, frame=form, status=422)
    try:
        given: dict[str, Any] = {"revision": revision_of(request.POST), "by": request.member, "now": timezone.now()}
        change_draft(version=version, change=lambda plan: plan, names=form.names(), **given, **form.columns())
    except Conflict as error:
        return both(request, bench, scene, error, None)
    messages.success(request, _("Saved."))
    return redirect(address_of(bench, scene))


def both(request: MemberRequest, bench: Bench, scene: Scene, error: Conflict, step: Step | None) -> HttpResponse:
    """Show what somebody else changed and what one wanted oneself; nothing typed is lost, and one press does it again on top."""
    version: ProgramVersion = get_visible(ProgramVersion.objects.select_related("program"), request.member, pk=bench.version.pk)
    now = whole_plan(version) if version.status == ProgramVersion.Status.DRAFT else {}
    names = {pk: row.names for pk, row in scene.exercises.items()}
    base = meanwhile(version, revision_of(request.POST), names)
    mine: Plan | None = step.change(now) if step is not None and now else None
    context = {
        "bench": bench,
        "version": version,
        "error": error.message,
        "is_draft": version.status == ProgramVersion.Status.DRAFT,
        "theirs": [change_text(one) for one in diff(main_part(base), main_part(now))] if base else [],
        "who": version.changed_by,
        "mine": [change_text(one) for one in diff(main_part(now), main_part(mine))] if mine else [],
        "again": [
            (name, value) for name, values in request.POST.lists() if name not in {"revision", "csrfmiddlewaretoken"} for value in values
        ],
        "back": address_of(bench, scene),
        **bench.extra,
    }
    return render(request, "programs/conflict.html", context, status=409)


# --- reading where somebody is ---------------------------------------------------------------


def scene_of(request: MemberRequest, bench: Bench, data: QueryDict) -> Scene:
    """Return what is in front of somebody; what the address names and does not exist is the first there is."""
    exercises = exercises_for(request, bench.version)
    names = {pk: row.names for pk, row in exercises.items()}
    plan = building.restored(bench.version.draft, bench.version.weeks, names)
    found = building.places_of(plan)
    asked = read_place(data.get("place", ""))
    place = asked if asked in found else (found[0] if found else (Setting.SUPERVISED.value, 0))
    part = data.get("part", "") if data.get("part", "") in Parts.values else Parts.MAIN.value
    text = data.get("week", "")
    week = int(text) if text.isascii() and text.isdigit() and len(text) < 4 and int(text) in plan else bench.first_week
    rows = building.rows_of(plan, place, part)
    row = read_row(data.get("row", ""))
    if row not in rows:
        # A step without its exercise is refused; a page that opens shows the first one's dose.
        row = rows[0] if rows and request.method == "GET" and "row" not in data else None
    return Scene(plan, place, part, max(week, bench.first_week), row, bench.first_week, exercises, bench.source)


def exercises_for(request: MemberRequest, version: ProgramVersion) -> dict[str, Exercise]:
    """Return what can be chosen, current and approved, and what the draft uses in the revision it has; one query."""
    used = {line.get("exercise") for one in version.draft for line in one["lines"]} - {None}
    offered = Q(is_current=True) & (Q(clinic=None) | Q(approved_at__isnull=False))
    rows = Exercise.objects.visible_to(request.member).filter(offered | Q(pk__in=used))
    return {str(row.pk): row for row in rows}


def read_place(text: str) -> Place:
    """Read a kind of session from an address: "home-0"."""
    setting, _dash, number = text.rpartition("-")
    return (setting, int(number) if number.isascii() and number.isdigit() and len(number) < 3 else -1)


def revision_of(data: Mapping[str, Any]) -> int:
    """Return the revision a form was made for; -1 for none."""
    text = str(data.get("revision", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def step_of(data: QueryDict, scene: Scene) -> Step | None:
    """Return the step that was sent; None for one that does not exist."""
    kind = STEPS.get(data.get("op", ""))
    return None if kind is None else new_step(kind, data, scene)


def new_step(kind: type[Step], data: QueryDict | None, scene: Scene) -> Step:
    """Make the form of a step."""
    if kind.op == "swap":
        offered = [row for row in scene.exercises.values() if scene.line is None or str(row.pk) != scene.line.exercise]
        return kind(data, scene=scene, choices=exercise_choices(offered))
    return kind(data, scene=scene)


def address_of(bench: Bench, scene: Scene, **changes: Any) -> str:
    """Return the address of a scene, with some of it changed."""
    where = {"place": scene.place, "part": scene.part, "week": scene.week, "row": scene.row, "tool": "", **changes}
    texts = {
        "place": f"{where['place'][0]}-{where['place'][1]}",
        "part": where["part"],
        "week": str(where["week"]),
        "row": row_text(where["row"]),
        "tool": where["tool"],
    }
    return f"{bench.address}?{urlencode({name: text for name, text in texts.items() if text})}"


# --- showing ---------------------------------------------------------------------------------


def show(
    request: MemberRequest,
    bench: Bench,
    scene: Scene,
    step: Step | None = None,
    *,
    frame: FrameForm | None = None,
    preview: list[dict[str, Any]] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the screen; a refused step stands in its place with everything that was typed."""
    steps = {op: step if step is not None and step.op == op else new_step(kind, None, scene) for op, kind in STEPS.items()}
    version = bench.version
    chosen = scene.line
    context = {
        "bench": bench,
        "version": version,
        "program": version.program,
        "scene": scene,
        "place": f"{scene.place[0]}-{scene.place[1]}",
        "row": row_text(scene.row),
        "tabs": tabs_of(bench, scene),
        "part_tabs": [
            {"name": label, "href": address_of(bench, scene, part=part, row=None), "is_on": part == scene.part}
            for part, label in Parts.choices
        ],
        "grid": grid_of(scene, lambda **where: address_of(bench, scene, **where)),
        "facts": facts_of(scene),
        "setting_name": Setting(scene.place[0]).label,
        "steps": steps,
        "tool": step.op if step is not None else (request.GET.get("tool") or ""),
        "errors": errors_of(step or frame),
        "preview": preview,
        "frame": frame or (FrameForm(None, version=version) if bench.extra.get("has_frame") else None),
        "can_undo": DraftStep.objects.visible_to(request.member).filter(version=version).exists(),
        "chosen": chosen,
        "exercise": scene.exercises.get(chosen.exercise) if chosen else None,
        "cue": scene.exercises[chosen.exercise].text("cue") if chosen and chosen.exercise in scene.exercises else "",
        "is_there": scene.row is not None and building.line_at(scene.plan, scene.week, scene.place, scene.row) is not None,
        "marks": [provenance_mark(chosen.exercise_provenance), provenance_mark(chosen.dose_provenance)] if chosen else [],
        "groups": groups_of(scene),
        "phrases": {part: phrases_of(part, scene) for part in ("load", "variation", "phase")},
        **bench.extra,
    }
    return render(request, bench.template, context, status=status)


def tabs_of(bench: Bench, scene: Scene) -> list[dict[str, Any]]:
    """Return the kinds of session as tabs, each with its usual days."""
    found = []
    for place in building.places_of(scene.plan):
        session = next(one for sessions in scene.plan.values() if (one := places(sessions).get(place)))
        days = " ".join(str(WEEKDAYS_ABBR[day - 1]) for day in session.weekdays)
        name = str(Setting(place[0]).label)
        label = f"{name} {place[1] + 1}" if place[1] else name
        found.append({"label": label, "days": days, "href": address_of(bench, scene, place=place, row=None), "is_on": place == scene.place})
    return found


def groups_of(scene: Scene) -> list[dict[str, Any]]:
    """Return the exercises that can be added, by group, and whether a group is the one of the exercise looked at."""
    offered = [row for row in scene.exercises.values() if row.is_current]
    chosen = scene.exercises.get(scene.line.exercise) if scene.line else None
    used = {row.group for row in offered}
    keys = [key for key in group_keys() if key in used] + sorted(used - set(group_keys()))
    found: list[dict[str, Any]] = [
        {
            "key": key,
            "name": group_name(key),
            "rows": sorted((row for row in offered if row.group == key), key=name_of),
        }
        for key in keys
    ]
    first = chosen.group if chosen else (found[0]["key"] if found else "")
    return [{**group, "is_open": group["key"] == first} for group in found]


def name_of(exercise: Exercise) -> str:
    """Return what exercises are sorted by."""
    return exercise.name.lower()


def phrases_of(part: str, scene: Scene) -> list[str]:
    """Return phrases to choose from: the library's, and for a special form the easier and harder one of the exercise."""
    mine = languages()[0]
    found = [one[mine] for one in known_phrases(part) if one.get(mine)]
    exercise = scene.exercises.get(scene.line.exercise) if scene.line and part == "variation" else None
    own = [str(exercise.text(name)) for name in ("easier", "harder") if exercise.text(name)] if exercise else []
    return own + found


def preview_of(scene: Scene, step: Step) -> list[dict[str, Any]]:
    """Return what a step makes of the exercise looked at, week by week."""
    after = step.change(scene.plan)
    found = []
    for week in range(step.between[0], step.between[1] + 1):
        old, new = (building.line_at(plan, week, scene.place, scene.row or ("", "", 0)) for plan in (scene.plan, after))
        if old is not None and new is not None:
            found.append({"week": week, "old": words_of(old), "new": words_of(new), "is_new": old != new})
    return found


def errors_of(form: Any) -> dict[str, Any]:
    """Return (id of the field, its name, the sentence) of everything to be put right, and what belongs to no field."""
    if form is None or not form.is_bound:
        return {}
    items = [(bound.id_for_label or bound.auto_id, bound.label, error) for bound in form for error in bound.errors]
    return {"items": items, "general": form.non_field_errors()}
