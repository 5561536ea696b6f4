"""The weeks ahead: what comes when, moving a session, not doing one, and pausing."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import DomainError
from clinics.web import MemberRequest, add_errors, page, status_of
from patients.actions.planning import move_session, pause_plan, skip_session
from patients.dates import long_day
from patients.day import Day, read_day
from patients.doses import Growth, compare, main_lines, names_of
from patients.forms.me import MoveForm, PauseForm, SkipForm
from patients.models import Assessment, Assignment, AssignmentVersion, Pause, ScheduledSession
from patients.plan_changes import told_changes
from patients.rules.schedule import PausePeriod, pause_shift_days
from patients.views.own import own_page, own_patient
from patients.views.sessions import log_of, own_session
from programs.models import Prescription, Setting, in_language
from programs.wording import provenance_mark

Status = ScheduledSession.Status
MOVE_DAYS = 14
"""How many days ahead a session may be moved in one step."""
PREVIEW_ROWS = 6


@page("plan.view")
def plan(request: MemberRequest) -> HttpResponse:
    """Show the weeks of the program with every session, its state, and what it holds in short."""
    patient = own_patient(request)
    day = read_day(patient, now=timezone.now())
    audit.record("plan.view", row=patient, patient_id=patient.pk)
    context: dict[str, Any] = {"patient": patient, "day": day, "weeks": [], "program": None}
    assignment = own_assignment(request, day)
    if assignment is not None and day.program is not None:
        sessions = list(
            ScheduledSession.objects.visible_to(request.member)
            .filter(assignment=assignment)
            .exclude(status=Status.CANCELLED)
            .select_related("session_plan", "log")
            .order_by("on", "setting")
        )
        pauses = list(Pause.objects.visible_to(request.member).filter(assignment=assignment, cancelled_at=None).order_by("from_on"))
        changes = AssignmentVersion.objects.visible_to(request.member).filter(assignment=assignment).select_related("made_by__user")
        assessments = list(Assessment.objects.visible_to(request.member).filter(assignment=assignment).order_by("due_on"))
        context |= {
            "assignment": assignment,
            "program": assignment.version.program,
            "weeks": weeks_of(sessions, day, main_lines({one.session_plan_id for one in sessions})),
            "changes": told_changes(changes) if assignment.tailored_on else (),
            "assessments": assessments,
            "pauses": [pause for pause in pauses if pause.to_on >= day.today],
            "may_pause": assignment.status in {Assignment.Status.RUNNING, Assignment.Status.HELD} and day.today <= assignment.ends_on,
        }
    return own_page(request, "plan", context)


def own_assignment(request: MemberRequest, day: Day) -> Assignment | None:
    """Return the assignment the day speaks of."""
    if day.program is None:
        return None
    rows = Assignment.objects.visible_to(request.member).select_related("patient__clinic", "patient__caseload", "version__program")
    found: Assignment | None = rows.filter(pk=day.program.assignment_id).first()
    return found


Lines = dict[uuid.UUID, list[Prescription]]


def weeks_of(sessions: Iterable[ScheduledSession], day: Day, contents: Lines) -> list[dict[str, Any]]:
    """Group the sessions by program week, each with its days, its phase, how many are done, and what is more than the week before."""
    by_week: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in sessions:
        by_week[one.week].append(line_of(one, day, contents))
    weeks: list[dict[str, Any]] = []
    for number in sorted(by_week):
        lines = by_week[number]
        first, last = lines[0]["session"].on, lines[-1]["session"].on
        weeks.append(
            {
                "number": number,
                "lines": lines,
                "first": first,
                "last": last,
                "done": sum(line["state"] in {"done", "partial"} for line in lines),
                "is_now": day.week == number,
                "has_home": any(line["is_home"] for line in lines),
                "phase": lines[0]["session"].session_plan.phase,
                "notes": list(dict.fromkeys(note for line in lines if (note := in_language(line["session"].session_plan.note)))),
                **growth_of(by_week.get(number - 1, []), lines, contents),
            }
        )
    return weeks


def growth_of(before: Iterable[dict[str, Any]], lines: Iterable[dict[str, Any]], contents: Lines) -> dict[str, Any]:
    """Return what a week asks for that the week before did not, and where those doses come from ("trial", "article", "default", …).

    Sessions of the same place are held against each other; each difference is told once.
    """
    last = {line["session"].setting: line["session"].session_plan_id for line in before}
    now = {line["session"].setting: line["session"].session_plan_id for line in lines}
    found: dict[Growth, None] = {}
    kinds: set[str] = set()
    for setting, plan in now.items():
        if setting in last and last[setting] != plan:
            growth = compare(contents.get(last[setting], []), contents.get(plan, []))
            found |= dict.fromkeys(growth)
            names = {one.name for one in growth}
            kinds |= {provenance_mark(row.dose_provenance).kind for row in contents.get(plan, []) if row.exercise.name in names}
    return {"growth": list(found), "sources": kinds}


def line_of(session: ScheduledSession, day: Day, contents: Lines) -> dict[str, Any]:
    """Return one line of the plan; a planned session of a past day reads as missed."""
    is_past = session.on < day.today
    state = Status.MISSED.value if is_past and session.status == Status.PLANNED else session.status
    is_home = session.setting == Setting.HOME
    is_open = state in {Status.PLANNED, Status.MISSED, Status.SKIPPED}
    return {
        "session": session,
        "state": state,
        "is_today": session.on == day.today,
        "is_home": is_home,
        "names": names_of(contents.get(session.session_plan_id, [])),
        "log": log_of(session),
        "may_move": is_home and is_open and day.program is not None and day.today <= day.program.ends_on,
    }


@page("own.plan.change", methods=("GET", "POST"))
def session_move(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Offer the free days of the next two weeks, and move the session to one of them."""
    row = own_session(request, pk)
    day = read_day(row.patient, now=timezone.now())
    form = MoveForm(request.POST if request.method == "POST" else None, days=free_days(row, day))
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                move_session(session=row, to_on=form.cleaned_data["to_on"], by=request.member, now=timezone.now())
            except DomainError as error:
                add_errors(form, error)
                status = status_of(form, error)
            else:
                messages.success(request, _("Moved to %(day)s.") % {"day": long_day(row.on)})
                return redirect("patients:plan")
        else:
            status = 422
    else:
        audit.record("session.view", row=row)
    return own_page(request, "session_move", {"session": row, "patient": row.patient, "form": form}, status=status)


def free_days(session: ScheduledSession, day: Day) -> list[tuple[str, str]]:
    """Return (ISO day, text) of the days without a session in the next two weeks of the program."""
    if session.setting == Setting.SUPERVISED or log_of(session) is not None:
        return []
    taken = {one.on for one in day.sessions if one.on != session.on}
    days = [day.today + dt.timedelta(days=offset) for offset in range(MOVE_DAYS)]
    last = session.assignment.ends_on
    free = [on for on in days if on <= last and on >= session.assignment.starts_on and on not in taken and on != session.on]
    return [(on.isoformat(), day_label(on, day.today)) for on in free]


def day_label(on: dt.date, today: dt.date) -> str:
    """Write a day, today and tomorrow by name."""
    if on == today:
        return _("Today, %(day)s") % {"day": long_day(on)}
    if on == today + dt.timedelta(days=1):
        return _("Tomorrow, %(day)s") % {"day": long_day(on)}
    return long_day(on)


@page("own.plan.change", methods=("GET", "POST"))
def session_skip(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask why a session is not done; moving it is offered beside."""
    row = own_session(request, pk)
    day = read_day(row.patient, now=timezone.now())
    form = SkipForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                skip_session(session=row, reason=form.cleaned_data["reason"], by=request.member, now=timezone.now())
            except DomainError as error:
                add_errors(form, error)
                status = status_of(form, error)
            else:
                messages.success(request, _("Noted. The next session stands as planned."))
                return redirect("patients:today")
        else:
            status = 422
    else:
        audit.record("session.view", row=row)
    context = {"session": row, "patient": row.patient, "form": form, "may_move": bool(free_days(row, day)), "clinic": row.patient.clinic}
    return own_page(request, "session_skip", context, status=status)


@page("own.plan.change", methods=("GET", "POST"))
def pause(request: MemberRequest) -> HttpResponse:
    """Show what a pause would move, then enter it; the first post only previews."""
    patient = own_patient(request)
    day = read_day(patient, now=timezone.now())
    assignment = own_assignment(request, day)
    if assignment is None or assignment.status not in {Assignment.Status.RUNNING, Assignment.Status.HELD}:
        messages.info(request, _("There is no running program to pause."))
        return redirect("patients:plan")
    form = PauseForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"patient": patient, "day": day, "form": form, "preview": None}
    status = 200
    if request.method == "POST":
        if not form.is_valid():
            status = 422
        elif request.POST.get("step") != "confirm":
            context["preview"] = preview_pause(request, assignment, day, form)
            status = 200 if context["preview"] is not None else 422
        else:
            try:
                row = pause_plan(assignment=assignment, by=request.member, now=timezone.now(), **form.cleaned_data)
            except DomainError as error:
                add_errors(form, error)
                status = status_of(form, error)
            else:
                messages.success(request, _("Pause entered, until %(day)s.") % {"day": long_day(row.to_on)})
                return redirect("patients:plan")
    else:
        audit.record("plan.view", row=patient, patient_id=patient.pk)
    return own_page(request, "pause", context, status=status)


def preview_pause(request: MemberRequest, assignment: Assignment, day: Day, form: PauseForm) -> dict[str, Any] | None:
    """Return which sessions would move and by how many days; None, with a sentence at the field, for days that cannot be."""
    first, last = form.cleaned_data["from_on"], form.cleaned_data["to_on"]
    if first < day.today:
        form.add_error("from_on", _("A pause cannot begin in the past."))
    if last < first:
        form.add_error("to_on", _("The last day lies before the first."))
    if form.errors:
        return None
    planned = ScheduledSession.objects.visible_to(request.member).planned().filter(assignment=assignment, on__gte=first).order_by("on")
    rest = list(planned)
    shift = pause_shift_days([one.on for one in rest], PausePeriod(first, last), day.today)
    moved = [(one, one.on + dt.timedelta(days=shift)) for one in rest] if shift else []
    return {
        "moved": moved[:PREVIEW_ROWS],
        "more": max(len(moved) - PREVIEW_ROWS, 0),
        "weeks": shift // 7,
        "ends_on": assignment.ends_on + dt.timedelta(days=shift),
        "appointments": sum(one.setting == Setting.SUPERVISED for one in rest if first <= one.on <= last),
    }
