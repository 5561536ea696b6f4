"""What can be seen of the way so far: the course, the sessions, the measurements, and corrections of entries."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import DomainError
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.assessments import OPENS_BEFORE_DAYS, answer_assessment, skip_assessment
from patients.actions.diary import correct_entry
from patients.course import calendar_of, read_course
from patients.day import Look, read_day
from patients.forms.me import NO_RUN, AssessmentForm, CheckInCorrectionForm, SessionCorrectionForm
from patients.models import Assessment, Assignment, CheckIn, Correction, Run, ScheduledSession, SessionLog
from patients.reached import reached_of
from patients.rules.scores import Instrument, change_meaning
from patients.running import RunWeek, weeks_of
from patients.views.own import own_page, own_patient

SHOWN = ("pain", "running", "readiness")
FORMS: dict[str, type[CheckInCorrectionForm] | type[SessionCorrectionForm]] = {
    "check-in": CheckInCorrectionForm,
    "session": SessionCorrectionForm,
}
RECENT_DAYS = 14
MOST_WEEKS = 10


@page("progress.view")
def progress(request: MemberRequest) -> HttpResponse:
    """Show one course at a time, the calendar of sessions, the measurements and the last entries."""
    patient = own_patient(request)
    day = read_day(patient, now=timezone.now())
    audit.record("progress.view", row=patient, patient_id=patient.pk)
    shown = request.GET.get("show", SHOWN[0])
    context: dict[str, Any] = {"patient": patient, "day": day, "shown": shown if shown in SHOWN else SHOWN[0], "program": None}
    if day.program is not None:
        mine = {"assignment_id": day.program.assignment_id}
        assignment = Assignment.objects.visible_to(request.member).select_related("version__program").get(pk=day.program.assignment_id)
        check_ins = list(CheckIn.objects.visible_to(request.member).filter(on__gte=day.program.starts_on).order_by("on"))
        assessments = list(Assessment.objects.visible_to(request.member).filter(**mine).order_by("due_on"))
        sessions = list(
            ScheduledSession.objects.visible_to(request.member)
            .filter(**mine)
            .exclude(status=ScheduledSession.Status.CANCELLED)
            .select_related("log")
            .order_by("on")
        )
        runs = list(
            Run.objects.visible_to(request.member).filter(on__gte=day.program.starts_on).select_related("shoe").order_by("-on", "-id")
        )
        context |= {
            "program": assignment.version.program,
            "course": read_course(context["shown"], assignment, check_ins, assessments, day),
            "reached": reached_of(day, assignment.version.program, assessments, max((run.stage or 0 for run in runs), default=0) or None)
            if day.is_over
            else None,
            "calendar": calendar_of(sessions, day, {one.on for one in runs}),
            "run_weeks": run_weeks(runs, day.today) if runs else (),
            "measurements": measurements_of(assessments, day.today),
            "entries": with_looks(recent_entries(check_ins, sessions, runs, day.today), day.looks),
        }
    return own_page(request, "progress", context)


def measurements_of(assessments: Sequence[Assessment], today: dt.date) -> list[dict[str, Any]]:
    """Return each measurement with its change since the first one and what it means; `is_open` says it can be answered now."""
    done = [one for one in assessments if one.status == Assessment.Status.DONE]
    lines = []
    for one in assessments:
        if one.status == Assessment.Status.CANCELLED:
            continue
        line: dict[str, Any] = {"row": one, "is_open": False, "pain": None, "capability": None}
        if one.status == Assessment.Status.DONE and done and one.pk != done[0].pk:
            line["pain"] = change_meaning(Instrument.NPRS_RUN, done[0].running_pain_0_10, one.running_pain_0_10)
            line["capability"] = change_meaning(Instrument.PSFS_RUN, done[0].running_capability_0_10, one.running_capability_0_10)
        elif one.status in {Assessment.Status.PLANNED, Assessment.Status.SKIPPED}:
            line["is_open"] = today >= one.due_on - dt.timedelta(days=OPENS_BEFORE_DAYS)
        lines.append(line)
    return lines


def run_weeks(runs: Sequence[Run], today: dt.date) -> list[RunWeek]:
    """Return the last weeks, this one first, back to the first with a run."""
    first = min(run.on for run in runs)
    count = (today - first + dt.timedelta(days=first.weekday())).days // 7 + 1
    return weeks_of(runs, last=today, count=min(count, MOST_WEEKS))


def recent_entries(
    check_ins: Sequence[CheckIn], sessions: Sequence[ScheduledSession], runs: Sequence[Run], today: dt.date
) -> list[dict[str, Any]]:
    """Return the entries of the last two weeks that may be corrected, newest first; a run-walk session appears once, as its run."""
    since = today - dt.timedelta(days=RECENT_DAYS)
    found = [{"on": row.on, "kind": "check-in", "row": row} for row in check_ins if row.on >= since]
    found += [{"on": run.on, "kind": "run", "row": run} for run in runs if run.on >= since]
    with_run = {run.session_id for run in runs}
    logs = [one.log for one in sessions if hasattr(one, "log") and one.pk not in with_run]
    found += [{"on": log.on, "kind": "session", "row": log} for log in logs if log.on >= since]
    return sorted(found, key=lambda one: (one["on"], one["kind"]), reverse=True)


def with_looks(entries: list[dict[str, Any]], looks: Sequence[Look]) -> list[dict[str, Any]]:
    """Add to each entry who of the clinic has looked at what followed from that day, if that was after it was made; else None."""
    for one in entries:
        made_at = one["row"].done_at
        one["look"] = next((look for look in looks if look.on == one["on"] and look.at >= made_at and not look.report), None)
    return entries


@page("own.assessment", methods=("GET", "POST"))
def assessment(request: MemberRequest, pk: uuid.UUID | None = None) -> HttpResponse:
    """Ask for both measures; earlier answers stay out of sight until these are saved."""
    row = open_assessment(request, pk)
    if row is None:
        messages.info(request, _("There is no measurement to answer now."))
        return redirect("patients:progress")
    patient = row.patient
    form = AssessmentForm(request.POST if request.method == "POST" else None, is_described=bool(patient.running_described))
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                answer_assessment(assessment=row, by=request.member, now=timezone.now(), **form.answers())
            except DomainError as error:
                add_errors(form, rename(error))
                status = status_of(form, error)
            else:
                messages.success(request, _("Saved. Thank you."))
                return redirect("patients:today" if row.key == Assessment.Key.BASELINE else "patients:progress")
        else:
            status = 422
    else:
        audit.record("assessment.view", row=row)
    step = (3, 3) if row.key == Assessment.Key.BASELINE else None
    context = {"row": row, "patient": patient, "form": form, "no_run": NO_RUN, "step": step}
    return own_page(request, "assessment", context, status=status)


def rename(error: DomainError) -> DomainError:
    """Put what the action says about its own fields beside the field of the form."""
    error.fields = {"running_pain" if name == "running_pain_0_10" else name: texts for name, texts in error.fields.items()}
    return error


def open_assessment(request: MemberRequest, pk: uuid.UUID | None) -> Assessment | None:
    """Return the measurement asked for, or without a key the first one that can be answered; None when there is none."""
    related = ("patient__clinic", "patient__caseload", "assignment")
    if pk is not None:
        row = get_visible(Assessment.objects.select_related(*related), request.member, pk=pk)
        return row if row.status in {Assessment.Status.PLANNED, Assessment.Status.SKIPPED} else None
    day = read_day(own_patient(request), now=timezone.now())
    limit = day.today + dt.timedelta(days=OPENS_BEFORE_DAYS)
    rows = Assessment.objects.visible_to(request.member).select_related(*related)
    found: Assessment | None = rows.filter(status=Assessment.Status.PLANNED, due_on__lte=limit).order_by("due_on").first()
    return found


@page("own.assessment", methods=("POST",))
def assessment_skip(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Leave a measurement out; it can still be answered from Progress."""
    row = get_visible(Assessment.objects.select_related("patient__clinic", "patient__caseload"), request.member, pk=pk)
    skip_assessment(assessment=row, by=request.member, now=timezone.now())
    messages.success(request, _("Left out. You can still answer it under Progress."))
    return redirect("patients:today")


@page("own.entry.correct", methods=("GET", "POST"))
def entry_correct(request: MemberRequest, kind: str, pk: uuid.UUID) -> HttpResponse:
    """Correct a check-in or a session log; what it said before stays readable below."""
    if kind not in FORMS:
        raise Http404
    form_class = FORMS[kind]
    row = own_entry(request, kind, pk)
    names = list(form_class.base_fields)
    form = form_class(request.POST if request.method == "POST" else None, initial={name: getattr(row, name) for name in names})
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                correct_entry(row=row, changes={name: form.cleaned_data[name] for name in names}, by=request.member, now=timezone.now())
            except DomainError as error:
                add_errors(form, error)
                status = status_of(form, error)
            else:
                messages.success(request, _("Corrected. The earlier answers stay in the history."))
                return redirect("patients:progress")
        else:
            status = 422
    else:
        audit.record("entry.view", row=row)
    history = (
        Correction.objects.visible_to(request.member)
        .filter(object_id=row.pk)
        .select_related("corrected_by__user")
        .order_by("-corrected_at")
    )
    context = {"row": row, "patient": row.patient, "kind": kind, "form": form, "history": corrections_of(history, form)}
    return own_page(request, "entry_correct", context, status=status)


def own_entry(request: MemberRequest, kind: str, pk: uuid.UUID) -> CheckIn | SessionLog:
    """Return one's own check-in or session log; 404 otherwise."""
    if kind == "session":
        return get_visible(SessionLog.objects.select_related("patient__clinic", "patient__caseload"), request.member, pk=pk)
    return get_visible(CheckIn.objects.select_related("patient__clinic", "patient__caseload"), request.member, pk=pk)


def corrections_of(history: Any, form: Any) -> list[dict[str, Any]]:
    """Return each correction with its changes in words: (label, before, after)."""
    labels = {name: field.label for name, field in form.fields.items()}
    return [
        {
            "at": one.corrected_at,
            "by": one.corrected_by,
            "changes": [(labels.get(name, name), one.before.get(name), one.after.get(name)) for name in one.before],
        }
        for one in history
    ]
