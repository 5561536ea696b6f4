"""What the clinic changes in a running plan: the day of a session, and a pause."""

import datetime as dt
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinics import audit
from clinics.errors import DomainError
from clinics.localtime import local_day, to_local
from clinics.web import MemberRequest, add_errors, page, status_of
from patients.actions.planning import move_session, pause_plan
from patients.forms.planning import MoveForm, PauseForm
from patients.models import ScheduledSession
from patients.views.assign import read_assignment
from patients.views.supervise import read_session
from programs.models import Setting

MOVABLE = (ScheduledSession.Status.PLANNED, ScheduledSession.Status.MISSED, ScheduledSession.Status.SKIPPED)


@page("session.supervise", methods=("GET", "POST"))
def session_shift(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Move a session to another day of the program, in the clinic with its time."""
    session = read_session(request, pk)
    patient = session.patient
    supervised = session.setting == Setting.SUPERVISED
    initial: dict[str, object] = {"to_on": max(session.on, local_day(timezone.now(), patient.zone))}
    if session.starts_at is not None:
        initial["at_time"] = to_local(session.starts_at, patient.clinic.time_zone).time()
    form = MoveForm(request.POST if request.method == "POST" else None, needs_time=supervised, initial=initial)
    error: DomainError | None = None
    if request.method == "POST":
        if form.is_valid():
            given = form.cleaned_data
            try:
                move_session(session=session, to_on=given["to_on"], at_time=given.get("at_time"), by=request.member, now=timezone.now())
            except DomainError as refused:
                error = refused
                add_errors(form, refused)
            else:
                messages.success(request, _("Moved."))
                return redirect("patients:patient_sessions", pk=patient.pk)
    else:
        audit.record("session.view", row=session)
    context = {"form": form, "session": session, "patient": patient, "is_open": session.status in MOVABLE}
    return render(request, "patients/session_shift.html", context, status=status_of(form, error) if form.is_bound else 200)


@page("assignment.change", methods=("GET", "POST"))
def assignment_pause(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Pause a program for some days; what was planned from then on moves by whole weeks."""
    assignment = read_assignment(request, pk)
    assignment.clinic = assignment.patient.clinic
    today = local_day(timezone.now(), assignment.patient.zone)
    initial = {"from_on": today, "to_on": today + dt.timedelta(days=6)}
    form = PauseForm(request.POST if request.method == "POST" else None, initial=initial)
    error: DomainError | None = None
    if request.method == "POST":
        if form.is_valid():
            try:
                pause = pause_plan(assignment=assignment, by=request.member, now=timezone.now(), **form.cleaned_data)
            except DomainError as refused:
                error = refused
                add_errors(form, refused)
            else:
                weeks = pause.shifted_days // 7
                text = ngettext("Paused. The rest moves by %(n)s week.", "Paused. The rest moves by %(n)s weeks.", weeks) % {"n": weeks}
                messages.success(request, text)
                return redirect("patients:patient_plan", pk=assignment.patient_id)
    else:
        audit.record("patient.view", row=assignment.patient, patient_id=assignment.patient_id, part="pause")
    context = {"form": form, "assignment": assignment, "patient": assignment.patient}
    return render(request, "patients/assignment_pause.html", context, status=status_of(form, error) if form.is_bound else 200)
