"""The pages about programs and exercises: what could be done, where it comes from, and who released it."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics.errors import DomainError
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from programs.actions import approve_version
from programs.actions.exercises import may_approve
from programs.evidence import evidence_of
from programs.forms import ApprovalForm, ExerciseFilter
from programs.models import Exercise, Program, ProgramApproval, ProgramVersion
from programs.plan import matrices, pictures_of, read_plans
from programs.wording import equipment_name, group_keys, group_name, provenance_mark, reading_order

PICTURES = 4


def published_versions(request: MemberRequest) -> list[ProgramVersion]:
    """Return the versions that can be assigned, in the order of the programs; tailored ones belong to one patient and stay out."""
    rows = ProgramVersion.objects.visible_to(request.member).published().exclude(program__origin=Program.Origin.TAILORED)
    return sorted(rows.select_related("program"), key=reading_order)


def approvals_of(request: MemberRequest, versions: Sequence[ProgramVersion]) -> dict[UUID, ProgramApproval]:
    """Return the clinic's approval by version, in one query."""
    rows = ProgramApproval.objects.visible_to(request.member).filter(version__in=versions).select_related("approved_by__user")
    return {row.version_id: row for row in rows}


@page("program.list")
def program_list(request: MemberRequest) -> HttpResponse:
    """Show every program with its evidence in short and whether the clinic released it."""
    versions = published_versions(request)
    approvals, pictures = approvals_of(request, versions), pictures_of(versions, request.member, PICTURES)
    cards = [
        {
            "version": version,
            "program": version.program,
            "evidence": evidence_of(version),
            "approval": approvals.get(version.pk),
            "exercises": pictures.get(version.pk, []),
        }
        for version in versions
    ]
    waiting = sum(card["approval"] is None for card in cards)
    drafts = ProgramVersion.objects.visible_to(request.member).filter(
        status=ProgramVersion.Status.DRAFT, program__origin=Program.Origin.CLINIC
    )
    newest = drafts.select_related("program", "changed_by").order_by("-changed_at")
    return render(request, "programs/list.html", {"cards": cards, "waiting": waiting, "drafts": list(newest)})


@page("program.view")
def program_detail(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show one version in full: evidence, checklist, weeks with doses, and where each part comes from."""
    return render(request, "programs/program.html", program_context(request, pk, ApprovalForm()))


@page("program.approve", methods=("POST",))
def approve(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Note that a physiotherapist of the clinic looked through the version that is shown."""
    form = ApprovalForm(request.POST)
    context = program_context(request, pk, form)
    error: DomainError | None = None
    if form.is_valid():
        try:
            approve_version(version=context["version"], clinic=request.member.clinic, by=request.member, now=timezone.now())
        except DomainError as refused:
            error = refused
            add_errors(form, refused)
        else:
            messages.success(request, _("Released. The program can be assigned now."))
            return redirect("programs:program", pk=pk)
    return render(request, "programs/program.html", context, status=status_of(form, error))


def program_context(request: MemberRequest, pk: UUID, form: ApprovalForm) -> dict[str, Any]:
    """Collect what the page of a program shows; without `version` in the address it is the published one."""
    program = get_visible(Program.objects.exclude(origin=Program.Origin.TAILORED), request.member, pk=pk)
    versions = list(ProgramVersion.objects.visible_to(request.member).filter(program=program).order_by("-number"))
    asked = (request.POST if request.method == "POST" else request.GET).get("version", "")
    version = next((row for row in versions if str(row.number) == asked), None)
    if version is None:
        version = next((row for row in versions if row.status == ProgramVersion.Status.PUBLISHED), versions[0] if versions else None)
    if version is None:
        raise Http404
    version.program = program
    views = read_plans(version, request.member)
    return {
        "program": program,
        "version": version,
        "versions": versions,
        "is_own": program.origin == Program.Origin.CLINIC,
        "draft": next((row for row in versions if row.status == ProgramVersion.Status.DRAFT), None),
        "approval": approvals_of(request, [version]).get(version.pk),
        "form": form,
        "evidence": evidence_of(version),
        "views": views,
        "matrices": matrices(views, version.weeks),
        "stages": views if len(views) > 1 and all(len(view.main) == 1 for view in views) else [],
    }


@page("exercise.list")
def exercise_list(request: MemberRequest) -> HttpResponse:
    """Show the exercises by group, as a wall of pictograms."""
    request.nav_key = "programs"
    form = ExerciseFilter(request.GET)
    group, words = form.chosen()
    rows = list(Exercise.objects.visible_to(request.member).filter(Q(is_current=True) | Q(clinic__isnull=False, approved_at=None)))
    found = [row for row in rows if row.is_current and matches(row, group, words)]
    waiting = newest_waiting(rows)
    context = {"form": form, "groups": by_group(found), "count": len(found), "words": words, "waiting": waiting}
    return render(request, "programs/exercises.html", context)


def newest_waiting(rows: Iterable[Exercise]) -> list[Exercise]:
    """Return the clinic's exercises that wait for an approval, each in its newest revision."""
    newest: dict[str, Exercise] = {}
    for row in sorted(rows, key=lambda row: row.revision):
        newest[row.key] = row
    return sorted((row for row in newest.values() if row.clinic_id and row.approved_at is None), key=lambda row: row.name.lower())


def matches(exercise: Exercise, group: str, words: str) -> bool:
    """Tell whether an exercise is in the group and every word stands in one of its names."""
    if group and exercise.group != group:
        return False
    names = " ".join(str(name) for name in exercise.names.values()).lower()
    return all(word in names for word in words.lower().split())


def by_group(exercises: Iterable[Exercise]) -> list[tuple[str, list[Exercise]]]:
    """Sort exercises under the names of their groups; groups the library does not know come last."""
    rows = sorted(exercises, key=lambda row: row.name.lower())
    keys = [*group_keys(), *sorted({row.group for row in rows} - set(group_keys()))]
    found = [(group_name(key), [row for row in rows if row.group == key]) for key in keys]
    return [(name, members) for name, members in found if members]


@page("exercise.view")
def exercise_detail(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show one exercise: moving picture, steps, usual dose, easier and harder, faults, equipment, sources."""
    request.nav_key = "programs"
    exercise = get_visible(Exercise.objects.select_related("made_by", "approved_by"), request.member, pk=pk)
    content = exercise.content
    used = (
        ProgramVersion.objects.visible_to(request.member)
        .published()
        .exclude(program__origin=Program.Origin.TAILORED)
        .filter(session_plans__prescriptions__exercise=exercise)
        .select_related("program")
        .distinct()
        .order_by("program__position")
    )
    context = {
        "exercise": exercise,
        "group": group_name(exercise.group),
        "ranges": dose_ranges(content.get("dose_range") or {}),
        "equipment": [equipment_name(key) for key in content.get("equipment", [])],
        "equipment_optional": [equipment_name(key) for key in content.get("equipment_optional", [])],
        "variants": sorted(content.get("pose_variants") or {}),
        "marks": [provenance_mark(mark_key(mark)) for mark in content.get("provenance", [])],
        "dose_mark": provenance_mark(content.get("dose_provenance", "default")),
        "is_own": exercise.clinic_id is not None,
        "has_video": bool(content.get("video")),
        "can_approve": may_approve(exercise, request.member),
        "used": list(used),
        **{part: exercise.text(part) for part in ("steps", "cue", "easier", "harder", "faults", "region")},
    }
    return render(request, "programs/exercise.html", context)


def mark_key(mark: dict[str, Any]) -> str:
    """Write a mark of an exercise the way prescriptions write it."""
    return f"seed:{mark.get('seed')}" if mark.get("mark") == "seed" else str(mark.get("mark"))


def dose_ranges(given: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the usual range of each part of a dose as (name, "2–3")."""
    names = {
        "sets": _("Sets"),
        "reps": _("Repetitions"),
        "hold_seconds": _("Hold, seconds"),
        "duration_seconds": _("Duration, seconds"),
        "minutes": _("Minutes"),
        "times_a_week": _("Times a week"),
    }
    found = []
    for key, name in names.items():
        if key in given:
            low, high = given[key]
            found.append((name, str(low) if low == high else f"{low}–{high}"))
    if given.get("per_side"):
        found.append((_("Counted"), _("per side")))
    return found


@page("exercise.list")
def contact_sheet(request: MemberRequest) -> HttpResponse:
    """Show every pictogram, variants included, on one sheet for looking through and printing."""
    request.nav_key = "programs"
    rows = Exercise.objects.visible_to(request.member).filter(is_current=True)
    groups = [(name, [(row, ["", *sorted(row.content.get("pose_variants") or {})]) for row in members]) for name, members in by_group(rows)]
    count = sum(len(variants) for _name, members in groups for _row, variants in members)
    return render(request, "programs/contact_sheet.html", {"groups": groups, "count": count})
