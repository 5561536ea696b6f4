"""Moving the rest of a running plan to other days: what it would mean, doing it, and taking it back."""

import datetime as dt
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import Conflict, DomainError
from clinics.fields import parse_uuid
from clinics.localtime import local_day
from clinics.web import MemberRequest, add_errors, page, status_of
from patients.actions.shifting import Shift, propose_shift, shift_plan, take_shift_back
from patients.dates import long_day
from patients.forms.planning import ShiftForm
from patients.models import Assignment, ScheduledSession
from patients.models.assignment import RUNNING
from patients.views.assign import read_assignment

SHOWN_AT_FIRST = 8


@page("assignment.change", methods=("GET", "POST"))
def assignment_shift(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show where every session would land, and move the rest of the plan."""
    assignment = read_assignment(request, pk)
    assignment.clinic = assignment.patient.clinic
    now = timezone.now()
    today = local_day(now, assignment.patient.zone)
    planned = ScheduledSession.objects.visible_to(request.member).planned().filter(assignment=assignment, on__gte=today)
    first_on = planned.order_by("on").values_list("on", flat=True).first()
    form = ShiftForm(request.POST if request.method == "POST" else None, initial={"from_on": first_on or today, "days": 7})
    shift: Shift | None = None
    status = 200
    if request.method != "POST":
        audit.record("patient.view", row=assignment.patient, patient_id=assignment.patient_id, part="plan")
    elif not form.is_valid():
        status = 422
    else:
        given = form.given()
        try:
            if request.POST.get("step") == "save":
                looked_at: dict[str, Any] = {"base_id": parse_uuid(request.POST.get("base")), "seen": request.POST.get("seen", "")}
                reason = form.cleaned_data["reason"]
                shift_plan(assignment=assignment, reason=reason, by=request.member, now=now, **looked_at, **given)
                messages.success(request, _("The rest of the plan has moved. The patient sees the new days, and why."))
                return redirect("patients:patient_plan", pk=assignment.patient_id)
            shift = propose_shift(assignment=assignment, today=today, **given)
        except DomainError as error:
            add_errors(form, error)
            status = status_of(form, error)
            shift = look_again(assignment, given, today, error)
    context = context_of(assignment, form, shift, has_rest=first_on is not None)
    return render(request, "patients/assignment_shift.html", context, status=status)


def look_again(assignment: Assignment, given: dict[str, Any], today: dt.date, error: DomainError) -> Shift | None:
    """Return what it means by now, when something changed since it was looked at or a group is full; None where it cannot be."""
    with suppress(DomainError):
        shift = propose_shift(assignment=assignment, today=today, **given)
        return shift if isinstance(error, Conflict) or shift.full else None
    return None


def context_of(assignment: Assignment, form: ShiftForm, shift: Shift | None, *, has_rest: bool) -> dict[str, Any]:
    """Return what the page shows."""
    moves = list(shift.moves) if shift else []
    return {
        "form": form,
        "assignment": assignment,
        "patient": assignment.patient,
        "is_running": assignment.status in RUNNING,
        "has_rest": has_rest,
        "shift": shift,
        "weeks": abs(shift.days) // 7 if shift and shift.days % 7 == 0 else 0,
        "days": abs(shift.days) if shift else 0,
        "goes_on_on": min(one.on for one in moves) if moves else None,
        "moves": moves[:SHOWN_AT_FIRST],
        "more": moves[SHOWN_AT_FIRST:],
        "collisions": [one for one in moves if one.closed_on or one.is_unplaced or one.is_full],
    }


@page("assignment.change", methods=("POST",))
def shift_undo(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Put everything back on the days it had."""
    assignment = read_assignment(request, pk)
    assignment.clinic = assignment.patient.clinic
    take_shift_back(assignment=assignment, by=request.member, now=timezone.now())
    messages.success(request, _("Everything is back on its days, until %(day)s.") % {"day": long_day(assignment.ends_on)})
    return redirect("patients:patient_plan", pk=assignment.patient_id)
