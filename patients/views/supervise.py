"""What the clinic enters for a patient: a supervised session, one from paper, a no-show, an assessment."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import DomainError
from clinics.fields import parse_uuid
from clinics.localtime import local_day
from clinics.models import Membership
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.assessments import answer_assessment
from patients.actions.planning import skip_session
from patients.actions.sessions import log_session
from patients.actions.tailoring import take_in_hand
from patients.forms.supervise import AssessmentForm, ExerciseForm, NoShowForm, SessionForm, default_day
from patients.models import Assessment, ExerciseLog, Patient, ScheduledSession, SessionLog
from patients.moments import moment_text
from patients.views.patient_done import done_text
from programs.dose import dose_text
from programs.models import Prescription, Setting
from programs.plan import Line, plan_views

LOOK_BACK = 6
OPEN = (ScheduledSession.Status.PLANNED, ScheduledSession.Status.MISSED, ScheduledSession.Status.SKIPPED)


def read_session(request: MemberRequest, pk: UUID) -> ScheduledSession:
    """Return a session with what actions look at; 404 for others'."""
    return get_visible(
        ScheduledSession.objects.select_related("patient__clinic", "patient__caseload", "assignment__version__program", "session_plan"),
        request.member,
        pk=pk,
    )


@page("session.supervise", methods=("GET", "POST"))
def session_supervise(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Log a session for the patient: as prescribed, as entered, or that nobody came."""
    session = read_session(request, pk)
    if request.method == "POST":
        take_in_hand(session, parse_uuid(request.POST.get("plan")))
    view = plan_views([session.session_plan], request.member)[0]
    today = local_day(timezone.now(), session.patient.zone)
    last = last_time(session.patient, view.main, request.member)
    data = request.POST if request.method == "POST" else None
    source = SessionLog.Source.CLINIC if session.setting == Setting.SUPERVISED else SessionLog.Source.PAPER
    form = SessionForm(data, initial={"on": default_day(session, today), "source": source})
    lines = [
        (
            line,
            ExerciseForm(
                data,
                prescription=line.prescription,
                initial=ExerciseForm.start_of(line.prescription, last.get(line.exercise.key, {})),
            ),
            last.get(line.exercise.key, {}).get("text", ""),
        )
        for line in view.main
    ]
    no_show = NoShowForm(data if data and data.get("how") == "missed" else None)
    status = 200
    if data is not None:
        done, error = save(request, session, form, [one for _line, one, _text in lines], no_show)
        if done:
            return redirect("patients:patient", pk=session.patient_id)
        status = status_of(form, error)
    else:
        audit.record("session.view", row=session)
    context = {
        "session": session,
        "patient": session.patient,
        "view": view,
        "form": form,
        "lines": lines,
        "no_show": no_show,
        "is_open": session.status in OPEN,
        "is_past": session.on <= today,
    }
    return render(request, "patients/session_supervise.html", context, status=status)


def save(
    request: MemberRequest, session: ScheduledSession, form: SessionForm, lines: Sequence[ExerciseForm], no_show: NoShowForm
) -> tuple[bool, DomainError | None]:
    """Store what was sent, in the way the pressed button says; return whether it was stored, and the refusal."""
    how = request.POST.get("how", "")
    now = timezone.now()
    try:
        if how == "missed":
            if not no_show.is_valid():
                return False, None
            skip_session(session=session, reason=no_show.cleaned_data["reason"], by=request.member, now=now)
            messages.success(request, _("Marked as not done."))
            return True, None
        prescribed = how == "prescribed"
        # Both are looked at, so that every message shows at once.
        valid = [form.is_valid(), *(prescribed or one.is_valid() for one in lines)]
        if not all(valid):
            return False, None
        given = form.cleaned_data
        log_session(
            session=session,
            by=request.member,
            now=now,
            as_prescribed=prescribed and not given["stopped_for_pain"],
            exercises=[] if prescribed else [one.done() for one in lines],
            pain_during_0_10=given["pain_during_0_10"],
            effort_rpe_0_10=given["effort_rpe_0_10"],
            stopped_for_pain=given["stopped_for_pain"],
            note=given["note"],
            on=given["on"],
            source=given["source"],
            client_key=given["client_key"],
        )
    except DomainError as error:
        add_errors(form, error)
        return False, error
    messages.success(request, _("Session saved."))
    return True, None


def last_time(patient: Patient, lines: Sequence[Line], member: Membership) -> dict[str, dict[str, Any]]:
    """Return by exercise what was done of it the last time, in words, with its load; from the latest logs, in three queries."""
    zone, now = patient.clinic.time_zone, timezone.now()
    logs = list(SessionLog.objects.visible_to(member).filter(patient=patient).select_related("session").order_by("-on", "-id")[:LOOK_BACK])
    keys = {line.exercise.key for line in lines}
    rows = ExerciseLog.objects.visible_to(member).filter(session_log__in=logs, prescription__exercise__key__in=keys)
    done = list(rows.select_related("prescription").order_by("position"))
    plans = [log.session.session_plan_id for log in logs if log.as_prescribed]
    prescribed = list(Prescription.objects.visible_to(member).filter(session_plan__in=plans, exercise__key__in=keys, block="main"))
    names = dict(
        Prescription.objects.visible_to(member)
        .filter(pk__in=[one.prescription_id for one in done] + [one.pk for one in prescribed])
        .values_list("pk", "exercise__key")
    )
    found: dict[str, dict[str, Any]] = {}
    for log in logs:
        when = moment_text(log.done_at, now, zone)
        for one in done:
            if one.session_log_id == log.pk:
                text = _("%(when)s: %(what)s") % {"when": when, "what": done_text(one)}
                found.setdefault(names[one.prescription_id], {"text": text, "load_kg": one.load_kg})
        if log.as_prescribed:
            for row in prescribed:
                if row.session_plan_id == log.session.session_plan_id:
                    text = _("%(when)s: %(what)s, as prescribed") % {"when": when, "what": dose_text(row)}
                    found.setdefault(names[row.pk], {"text": text, "load_kg": None})
    return found


@page("assessment.answer", methods=("GET", "POST"))
def assessment_enter(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Enter an assessment that was asked in the clinic or on paper."""
    assessment = get_visible(
        Assessment.objects.select_related("patient__clinic", "patient__caseload", "assignment__version__program"), request.member, pk=pk
    )
    if request.member.is_patient:
        return redirect("patients:assessment", pk=pk)
    patient = assessment.patient
    form = AssessmentForm(request.POST if request.method == "POST" else None, is_described=bool(patient.running_described))
    error: DomainError | None = None
    if request.method == "POST":
        if form.is_valid():
            given = form.cleaned_data
            no_run = given["running_pain_0_10"] == "no_run"
            try:
                answer_assessment(
                    assessment=assessment,
                    running_capability_0_10=given["running_capability_0_10"],
                    running_pain_0_10=None if no_run else int(given["running_pain_0_10"]),
                    no_run_this_week=no_run,
                    by=request.member,
                    now=timezone.now(),
                    running_described=given.get("running_described", ""),
                )
            except DomainError as refused:
                error = refused
                add_errors(form, refused)
            else:
                messages.success(request, _("Assessment saved."))
                return redirect("patients:patient_assessments", pk=patient.pk)
    else:
        audit.record("assessment.view", row=assessment)
    context = {"assessment": assessment, "patient": patient, "form": form}
    return render(request, "patients/assessment_enter.html", context, status=status_of(form, error) if form.is_bound else 200)
