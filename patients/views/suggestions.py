"""Suggestions of a rule: the card about one patient, confirming one or leaving it aside, and looking back."""

import hashlib
import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import DomainError
from clinics.localtime import local_day
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.suggesting import (
    OVERTAKEN,
    Standing,
    decline_suggestion,
    propose_use,
    refresh_suggestions,
    use_suggestion,
    usual_until,
)
from patients.actions.suggestion_switch import need_switch
from patients.actions.tailoring import Proposal
from patients.forms.suggestions import DeclineForm, UseForm
from patients.models import Suggestion
from patients.suggestion_words import outcome_text, proposed_reason, told
from patients.views.patient_head import Shown
from programs.wording import change_text

SHOWN = 50


def card_of(shown: Shown) -> dict[str, Any] | None:
    """Return what is suggested for the patient's plan now and what was decided before; None where the clinic has no suggestions."""
    if shown.assignment is None or not shown.has_suggestions:
        return None
    standing = refresh_suggestions(assignment=shown.assignment, now=shown.now)
    return {
        "rows": [told(row, standing.facts) for row in standing.rows],
        "past": [{"told": told(row), "outcome": outcome_text(row)} for row in standing.past],
    }


def read_suggestion(request: MemberRequest, pk: UUID) -> Suggestion:
    """Return a suggestion with all that pages and actions look at; nothing is there where the clinic has none."""
    need_switch(request.member.clinic_id)
    names = ("patient__clinic", "patient__caseload", "assignment__version__program", "assignment__clinic", "decided_by__user")
    row: Suggestion = get_visible(Suggestion.objects.select_related(*names), request.member, pk=pk)
    row.assignment.patient = row.patient
    return row


@page("suggestion.decide", methods=("GET", "POST"))
def suggestion_use(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show old and new dose, from which day and what the patient will read; put it in force when that was looked at."""
    request.nav_key = "caseload"
    row = read_suggestion(request, pk)
    standing = refresh_suggestions(assignment=row.assignment, now=timezone.now())
    current = next((one for one in standing.rows if one.pk == row.pk), None)
    if current is None:
        row.refresh_from_db(fields=["status", "reason", "note", "used"])
        status = 409 if request.method == "POST" else 200
        return render(request, "patients/suggestion_use.html", context_of(row, standing, None), status=status)
    row.move, row.evidence, row.first_week = current.move, current.evidence, current.first_week
    form = form_of(request, row, standing)
    proposal, status = None, 200
    try:
        proposal = proposal_of(row, form)
        if request.method == "POST" and proposal is not None and request.POST.get("seen") == digest_of(proposal, form):
            use_suggestion(row=row, by=request.member, now=timezone.now(), reason=form.cleaned_data["reason"], **form.given())
            messages.success(request, _("The plan is changed. The patient sees what is different, and why."))
            return redirect("patients:patient_plan", pk=row.patient_id)
    except DomainError as refused:
        if form.is_bound:
            add_errors(form, refused)
        status = status_of(form, refused) if form.is_bound else 200
        proposal = None
    if request.method == "POST" and form.errors and status == 200:
        status = 422
    if request.method == "GET":
        audit.record("suggestion.view", row=row)
    return render(request, "patients/suggestion_use.html", context_of(row, standing, form, proposal), status=status)


def form_of(request: MemberRequest, row: Suggestion, standing: Standing) -> UseForm:
    """Return the form, filled in with the first session of the suggested week and what could be told to the patient."""
    assignment = row.assignment
    today = local_day(timezone.now(), row.patient.zone)
    coming = standing.facts.coming if standing.facts is not None else ()
    first = next((one.on for one in coming if one.week >= row.first_week), today)
    return UseForm(
        request.POST if request.method == "POST" else None,
        row=row,
        from_on=max(first, assignment.tailored_on or first),
        until=usual_until(row, standing.facts) if standing.facts is not None else "phase",
        reason=proposed_reason(row, row.patient),
    )


def proposal_of(row: Suggestion, form: UseForm) -> Proposal | None:
    """Return what the plan would become with what is in the form; None where the form has errors. Raises what the action raises."""
    if form.is_bound and not form.is_valid():
        return None
    today = local_day(timezone.now(), row.patient.zone)
    given = form.given() if form.is_bound else {"from_on": form.initial["from_on"], "until": form.initial["until"], "kg": None}
    return propose_use(row=row, assignment=row.assignment, today=today, **given)


def digest_of(proposal: Proposal, form: UseForm) -> str:
    """Return a digest of what was shown with its day, so that nothing else is put in force."""
    day = form.cleaned_data["from_on"] if form.is_bound else form.initial["from_on"]
    shown = json.dumps([str(day), *(one.stored() for one in proposal.changes)], sort_keys=True, default=str)
    return hashlib.sha256(shown.encode()).hexdigest()


def gone_text(row: Suggestion) -> str:
    """Return why a suggestion cannot be used any more: somebody decided, or it holds no longer."""
    decided = row.status in {Suggestion.Status.USED, Suggestion.Status.DECLINED}
    return _("Already decided. %(outcome)s.") % {"outcome": capfirst(outcome_text(row))} if decided else str(OVERTAKEN)


def context_of(row: Suggestion, standing: Standing, form: UseForm | None, proposal: Proposal | None = None) -> dict[str, Any]:
    """Return what the page shows; without a form the suggestion stands no longer."""
    return {
        "row": row,
        "patient": row.patient,
        "assignment": row.assignment,
        "told": told(row, standing.facts if form is not None else None),
        "form": form,
        "gone": None if form is not None else gone_text(row),
        "sentences": [change_text(one) for one in proposal.changes] if proposal else [],
        "from_on": (form.cleaned_data.get("from_on") if form.is_bound else form.initial["from_on"]) if form is not None else None,
        "seen": digest_of(proposal, form) if proposal and form is not None else "",
        "looked": form is not None and form.is_bound and not form.errors,
    }


@page("suggestion.decide", methods=("GET", "POST"))
def suggestion_decline(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask why a suggestion is left aside."""
    request.nav_key = "caseload"
    row = read_suggestion(request, pk)
    form = DeclineForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                decline_suggestion(row=row, by=request.member, now=timezone.now(), **form.cleaned_data)
            except DomainError as refused:
                add_errors(form, refused)
                status = status_of(form, refused)
            else:
                messages.success(request, _("Left aside. It comes back only with new evidence."))
                return redirect("patients:patient_plan", pk=row.patient_id)
    else:
        audit.record("suggestion.view", row=row)
    is_open = row.status == Suggestion.Status.OPEN
    context = {"row": row, "patient": row.patient, "told": told(row), "form": form, "is_open": is_open, "outcome": outcome_text(row)}
    return render(request, "patients/suggestion_decline.html", context, status=status)


@page("suggestion.list")
def suggestions(request: MemberRequest) -> HttpResponse:
    """Show what was suggested in the clinic and what became of it, the latest first."""
    request.nav_key = "caseload"
    need_switch(request.member.clinic_id)
    rows = Suggestion.objects.visible_to(request.member).select_related("patient", "decided_by__user").order_by("-suggested_at", "-id")
    found = list(rows[:SHOWN])
    audit.record("suggestion.list", ids=[str(row.pk) for row in found])
    context = {
        "rows": [{"told": told(row), "outcome": outcome_text(row), "patient": row.patient} for row in found],
        "shown": SHOWN,
        "clinic_zone": request.member.clinic.time_zone,
    }
    return render(request, "patients/suggestions.html", context)
