"""The pages of building a clinic's own program: begin, build, look at it as a patient, publish, retire."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics.errors import DomainError
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from programs.actions.building import (
    complaints,
    discard_draft,
    publish_version,
    retire_version,
    revise_program,
    start_program,
)
from programs.forms.building import ProgramForm, PublishForm
from programs.grid import words_of
from programs.layout import CLINIC, told_plan, whole_plan
from programs.models import Exercise, Program, ProgramVersion, in_language
from programs.rules.diff import diff
from programs.views import published_versions
from programs.views.workbench import Bench, revision_of, work
from programs.wording import change_text, reading_order


def read_draft(request: MemberRequest, pk: UUID) -> ProgramVersion:
    """Return a version of one of the clinic's own programs; tailored ones are built at their patient's address."""
    found: ProgramVersion = get_visible(
        ProgramVersion.objects.filter(program__origin=Program.Origin.CLINIC).select_related(
            "program", "changed_by", "clinic", "forked_from__program"
        ),
        request.member,
        pk=pk,
    )
    return found


def copied_from(version: ProgramVersion) -> str:
    """Return the name of the program a draft began as a copy of; empty for none."""
    return str(in_language((version.evidence or {}).get("after", {}).get("names")) or "")


@page("program.create", methods=("GET", "POST"))
def program_new(request: MemberRequest) -> HttpResponse:
    """Begin a program of the clinic's own: empty, or a copy."""
    versions = sorted(published_versions(request), key=reading_order)
    asked = next((one for one in versions if str(one.pk) == request.GET.get("base")), None)
    initial = {"base": str(asked.pk), "kind": asked.program.kind, "weeks": asked.weeks} if asked else {}
    form = ProgramForm(request.POST if request.method == "POST" else None, versions=versions, initial=initial)
    error: DomainError | None = None
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                version = start_program(clinic=request.member.clinic, by=request.member, now=timezone.now(), **form.given())
            except DomainError as refused:
                error = refused
                add_errors(form, refused)
                status = status_of(form, error)
            else:
                return redirect("programs:build", pk=version.pk)
    return render(request, "programs/new.html", {"form": form}, status=status)


@page("program.create", methods=("POST",))
def program_revise(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Open the draft of the next version; running assignments stay as they are."""
    program = get_visible(Program.objects.select_related("clinic"), request.member, pk=pk)
    version = revise_program(program=program, by=request.member, now=timezone.now())
    return redirect("programs:build", pk=version.pk)


@page("program.change", methods=("GET", "POST"))
def build(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Build: program, weeks, sessions and doses on one screen."""
    version = read_draft(request, pk)
    if version.status != ProgramVersion.Status.DRAFT and request.method != "POST":
        return redirect(f"{reverse('programs:program', args=[version.program_id])}?version={version.number}")
    address = reverse("programs:build", args=[version.pk])
    return work(request, Bench(version, address, "programs/build.html", CLINIC, extra={"has_frame": True, "after": copied_from(version)}))


@page("program.view")
def preview(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show the sessions of one week as the patient reads them."""
    version = read_draft(request, pk)
    plan = whole_plan(version)
    text = request.GET.get("week", "")
    week = int(text) if text.isascii() and text.isdigit() and len(text) < 4 and int(text) in plan else 1
    used = {line.exercise for session in plan.get(week, ()) for line in session.lines}
    exercises = {str(row.pk): row for row in Exercise.objects.visible_to(request.member).filter(pk__in=used)}
    sessions = [
        (one, [(line, exercises.get(line.exercise), words_of(line)) for line in one.lines], in_language(one.note))
        for one in plan.get(week, ())
    ]
    context = {"version": version, "program": version.program, "week": week, "weeks": sorted(plan), "sessions": sessions}
    return render(request, "programs/preview.html", context)


@page("program.publish", methods=("GET", "POST"))
def publish(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show what is still missing and what is different from before, and publish."""
    version = read_draft(request, pk)
    form = PublishForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            publish_version(
                version=version, revision=revision_of(request.POST), by=request.member, now=now, release=form.cleaned_data["release"]
            )
        except DomainError as refused:
            add_errors(form, refused)
            status = status_of(form, refused)
        else:
            messages.success(request, _("Published. This version never changes any more; who has an earlier one keeps it."))
            return redirect("programs:program", pk=version.program_id)
    elif version.status != ProgramVersion.Status.DRAFT:
        return redirect("programs:program", pk=version.program_id)
    return render(request, "programs/publish.html", publish_context(request, version, form), status=status)


def publish_context(request: MemberRequest, version: ProgramVersion, form: PublishForm) -> dict[str, Any]:
    """Collect what is looked at before publishing: what is missing, and the difference to what it came from."""
    plan = whole_plan(version)
    before = version.forked_from
    return {
        "version": version,
        "program": version.program,
        "form": form,
        "missing": complaints(version, plan),
        "before": before,
        "is_copy": before is not None and before.program_id != version.program_id,
        "sentences": [change_text(one) for one in diff(told_plan(before), told_plan(version))] if before else [],
    }


@page("program.change", methods=("GET", "POST"))
def discard(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Throw a draft away, after asking."""
    version = read_draft(request, pk)
    if request.method == "POST":
        discard_draft(version=version, by=request.member, now=timezone.now())
        messages.success(request, _("The draft is gone."))
        return redirect("programs:list")
    if version.status != ProgramVersion.Status.DRAFT:
        return redirect("programs:program", pk=version.program_id)
    return render(request, "programs/discard.html", {"version": version, "program": version.program})


@page("program.publish", methods=("GET", "POST"))
def retire(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take a published version out of use, after asking; who has it keeps it."""
    version = read_draft(request, pk)
    if request.method == "POST":
        retire_version(version=version, by=request.member, now=timezone.now())
        messages.success(request, _("Retired. Nobody gets this version any more; who has it keeps it."))
        return redirect("programs:program", pk=version.program_id)
    if version.status != ProgramVersion.Status.PUBLISHED:
        return redirect("programs:program", pk=version.program_id)
    return render(request, "programs/retire.html", {"version": version, "program": version.program})
