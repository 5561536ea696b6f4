"""Letting a running plan go on for more weeks: what it would mean, doing it, and taking it back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinics import audit
from clinics.errors import DomainError
from clinics.fields import parse_uuid
from clinics.web import MemberRequest, add_errors, page, status_of
from patients.actions.extending import Extension, extend_plan, propose_extension, take_extension_back
from patients.forms.planning import ExtendForm
from patients.models.assignment import RUNNING
from patients.views.assign import read_assignment


@page("assignment.change", methods=("GET", "POST"))
def assignment_extend(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show what more weeks would mean, and let the program go on."""
    assignment = read_assignment(request, pk)
    assignment.clinic = assignment.patient.clinic
    form = ExtendForm(request.POST if request.method == "POST" else None, initial={"weeks": 2})
    extension: Extension | None = None
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            weeks = form.cleaned_data["weeks"]
            try:
                if request.POST.get("step") == "save":
                    base = parse_uuid(request.POST.get("base"))
                    given = {"reason": form.cleaned_data["reason"], "by": request.member, "now": timezone.now(), "base_id": base}
                    extend_plan(assignment=assignment, weeks=weeks, **given)
                    text = ngettext("The program goes on for %(n)s week more.", "The program goes on for %(n)s weeks more.", weeks)
                    messages.success(request, text % {"n": weeks})
                    return redirect("patients:patient_plan", pk=assignment.patient_id)
                extension, status = propose_extension(assignment=assignment, weeks=weeks), 200
            except DomainError as error:
                add_errors(form, error)
                status = status_of(form, error)
    else:
        audit.record("patient.view", row=assignment.patient, patient_id=assignment.patient_id, part="plan")
    context = {
        "form": form,
        "assignment": assignment,
        "patient": assignment.patient,
        "extension": extension,
        "is_running": assignment.status in RUNNING,
    }
    return render(request, "patients/assignment_extend.html", context, status=status)


@page("assignment.change", methods=("POST",))
def extension_undo(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take the added weeks back."""
    assignment = read_assignment(request, pk)
    assignment.clinic = assignment.patient.clinic
    take_extension_back(assignment=assignment, by=request.member, now=timezone.now())
    messages.success(request, _("The added weeks were taken back."))
    return redirect("patients:patient_plan", pk=assignment.patient_id)
