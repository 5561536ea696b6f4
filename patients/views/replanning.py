"""Rebuilding the plan of one patient on the builder's screen: open the draft, change it, look at the difference, put it in force."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import DomainError
from clinics.localtime import local_day
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.replanning import SOURCE, changes_of, draft_of_plan, drop_plan, open_plan, put_plan_in_force
from patients.actions.tailoring import first_week, week_on
from patients.forms.replanning import InForceForm
from patients.models import Assignment, ScheduledSession
from programs.layout import told_plan
from programs.models import ProgramVersion
from programs.rules.diff import diff
from programs.views.workbench import Bench, revision_of, work
from programs.wording import change_text


def read_assignment(request: MemberRequest, pk: UUID) -> Assignment:
    """Return the program of a patient with all that pages and actions look at."""
    found: Assignment = get_visible(
        Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program", "clinic"), request.member, pk=pk
    )
    return found


def read_both(request: MemberRequest, pk: UUID) -> tuple[Assignment, ProgramVersion]:
    """Return the program and the draft of its plan; without a draft there is nothing here."""
    assignment = read_assignment(request, pk)
    draft = draft_of_plan(assignment)
    if draft is None:
        raise Http404
    return assignment, draft


def week_now(request: MemberRequest, assignment: Assignment) -> int:
    """Return the first week that can still be changed."""
    rows = ScheduledSession.objects.visible_to(request.member).filter(assignment=assignment)
    pairs = list(rows.exclude(status=ScheduledSession.Status.CANCELLED).values_list("week", "on"))
    today = local_day(timezone.now(), assignment.patient.zone)
    return week_on(assignment, pairs, max(today, assignment.tailored_on or today))


@page("assignment.change", methods=("POST",))
def plan_open(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Open the draft of the plan, or go on with the one there is."""
    assignment = read_assignment(request, pk)
    open_plan(assignment=assignment, by=request.member, now=timezone.now())
    return redirect("patients:plan_build", pk=assignment.pk)


@page("assignment.change", methods=("GET", "POST"))
def plan_build(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Change the draft on the builder's screen; weeks that are over stand still."""
    request.nav_key = "caseload"
    assignment, draft = read_both(request, pk)
    patient = assignment.patient
    if request.method == "POST":
        audit.record("plan.draft", row=draft, patient_id=patient.pk)
    else:
        audit.record("patient.view", row=patient, patient_id=patient.pk, part="tailor")
    extra = {"assignment": assignment, "patient": patient, "is_behind": draft.forked_from_id != assignment.version_id}
    address = reverse("patients:plan_build", args=[assignment.pk])
    first = week_now(request, assignment)
    return work(request, Bench(draft, address, "patients/plan_build.html", SOURCE, first, extra))


@page("assignment.change", methods=("GET", "POST"))
def plan_in_force(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show what becomes different, ask from which day and why, and put the draft in force."""
    request.nav_key = "caseload"
    assignment, draft = read_both(request, pk)
    today = max(local_day(timezone.now(), assignment.patient.zone), assignment.tailored_on or assignment.starts_on)
    form = InForceForm(request.POST if request.method == "POST" else None, initial={"from_on": today})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                given = {"revision": revision_of(request.POST), "by": request.member, "now": timezone.now(), **form.given()}
                put_plan_in_force(assignment=assignment, draft=draft, **given)
            except DomainError as refused:
                add_errors(form, refused)
                status = status_of(form, refused)
            else:
                messages.success(request, _("The plan is changed. The patient sees what is different, and why."))
                return redirect("patients:patient_plan", pk=assignment.patient_id)
        draft = draft_of_plan(assignment) or draft
    return render(request, "patients/plan_in_force.html", in_force_context(request, assignment, draft, form), status=status)


def in_force_context(request: MemberRequest, assignment: Assignment, draft: ProgramVersion, form: InForceForm) -> dict[str, Any]:
    """Collect what is looked at: the difference from the day on, and what somebody else changed since the draft was opened."""
    week = week_now(request, assignment)
    if form.is_bound and form.cleaned_data.get("from_on"):
        with suppress(DomainError):  # the form says what is wrong with the day
            week = first_week(assignment, form.cleaned_data["from_on"], local_day(timezone.now(), assignment.patient.zone))
    base = draft.forked_from
    is_behind = base is not None and base.pk != assignment.version_id
    return {
        "assignment": assignment,
        "patient": assignment.patient,
        "version": draft,
        "form": form,
        "sentences": [change_text(one) for one in changes_of(assignment, draft, week)],
        "is_behind": is_behind,
        "meanwhile": [change_text(one) for one in diff(told_plan(base), told_plan(assignment.version))] if base and is_behind else [],
    }


@page("assignment.change", methods=("POST",))
def plan_drop(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Throw the draft away; the plan stays as it is. With `again` a new one is opened from the plan as it is now."""
    assignment = read_assignment(request, pk)
    drop_plan(assignment=assignment, by=request.member, now=timezone.now())
    if request.POST.get("again"):
        return plan_open(request, pk)
    messages.success(request, _("The draft is gone. The plan is as it was."))
    return redirect("patients:patient_plan", pk=assignment.patient_id)
