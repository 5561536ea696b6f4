"""What a patient has done, for the clinic: sessions set by set, runs, and check-ins, the latest first."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from clinics.web import MemberRequest, page
from patients.models import CheckIn, ExerciseLog, GroupEntry, Run, ScheduledSession
from patients.views.patient_head import Shown, head_of, open_record
from patients.wording import SIGN_TEXT
from programs.dose import dose_text, seconds_text
from programs.models import Exercise, Prescription

SESSIONS_A_PAGE = 30
RUNS_A_PAGE = 40
CHECK_INS_A_PAGE = 60


@page("patient.view")
def patient_sessions(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show every session set by set, the latest first; what is due can be logged from here."""
    shown = open_record(request, pk, "sessions")
    rows = (
        ScheduledSession.objects.visible_to(request.member)
        .filter(patient=shown.patient)
        .exclude(status=ScheduledSession.Status.CANCELLED)
        .exclude(assignment__status="withdrawn")
        .select_related("log__entered_by__user", "session_plan", "assignment__version__program")
    )
    asked = request.GET.get("before", "")
    before = parse_day(asked) or shown.today + dt.timedelta(days=1)
    past = list(rows.filter(on__lt=before).order_by("-on", "-pk")[: SESSIONS_A_PAGE + 1])
    coming = list(rows.filter(on__gt=shown.today).order_by("on")[:5]) if not asked else []
    more = past[SESSIONS_A_PAGE - 1].on if len(past) > SESSIONS_A_PAGE else None
    past = past[:SESSIONS_A_PAGE]
    done = done_lines(request, past)
    context = {
        **head_of(shown, "patient_sessions"),
        "parts": parts_of(shown, "patient_sessions"),
        "coming": coming,
        "past": [{"session": one, "log": getattr(one, "log", None), "lines": done.get(one.pk, [])} for one in past],
        "more": more.isoformat() if more else "",
        "asked": asked,
    }
    return render(request, "patients/patient_sessions.html", context)


def done_lines(request: MemberRequest, sessions: Sequence[ScheduledSession]) -> dict[UUID, list[dict[str, Any]]]:
    """Return what was done of each exercise of each session logged, beside what was planned, in four queries.

    Of a session logged as prescribed it is the plan; the taps of a group session are told set by set.
    """
    member = request.member
    logged = {one.log.pk: one for one in sessions if hasattr(one, "log")}
    logs = ExerciseLog.objects.visible_to(member).filter(session_log__in=list(logged)).select_related("prescription")
    found: dict[UUID, list[tuple[Prescription, ExerciseLog | None]]] = {}
    for one in logs.order_by("session_log", "position"):
        found.setdefault(logged[one.session_log_id].pk, []).append((one.prescription, one))
    whole = [one for one in logged.values() if one.log.as_prescribed and one.pk not in found]
    planned: dict[UUID, list[Prescription]] = {}
    prescriptions = Prescription.objects.visible_to(member).filter(session_plan__in={one.session_plan_id for one in whole})
    for line in prescriptions.exclude(block=Prescription.Block.WARM_UP).order_by("session_plan", "position"):
        planned.setdefault(line.session_plan_id, []).append(line)
    for session in whole:
        found[session.pk] = [(line, None) for line in planned.get(session.session_plan_id, [])]
    taps = taps_of(request, [session.pk for session in logged.values()])
    keys = {line.exercise_id for lines in found.values() for line, _log in lines}
    exercises = Exercise.objects.visible_to(member).only("names").in_bulk(keys)
    return {
        key: [line_of(exercises[line.exercise_id], line, log, taps.get((key, line.pk), ())) for line, log in lines]
        for key, lines in found.items()
    }


def line_of(exercise: Exercise, line: Prescription, log: ExerciseLog | None, taps: Sequence[tuple[int, bool]]) -> dict[str, Any]:
    """Return one exercise as it was done, with the sets that were tapped; without a log of its own it was done as planned."""
    planned = dose_text(line)
    text = done_text(log) if log is not None else planned
    return {"exercise": exercise, "text": text, "planned": planned if log is not None else "", "sets": taps}


def taps_of(request: MemberRequest, sessions: Iterable[UUID]) -> dict[tuple[UUID, UUID], list[tuple[int, bool]]]:
    """Return each set tapped at a group session with whether it was done, by session and exercise; the last tap of a set stands."""
    rows = GroupEntry.objects.visible_to(request.member).filter(session__in=list(sessions), what=GroupEntry.What.SET)
    found: dict[tuple[UUID, UUID], dict[int, bool]] = {}
    for one in rows.order_by("revision"):
        if one.prescription_id is not None:
            found.setdefault((one.session_id, one.prescription_id), {})[one.number] = bool(one.value)
    return {key: sorted(sets.items()) for key, sets in found.items()}


def parse_day(text: str) -> dt.date | None:
    """Return the day written as 2026-03-23, or None for anything else."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def done_text(one: ExerciseLog) -> str:
    """Return what was done of one exercise: "3 × 10, 40 kg, pain 2", or why it was left out."""
    if not one.sets_done:
        return _("not done, %(why)s") % {"why": one.get_skip_reason_display()} if one.skip_reason else _("not done")
    if one.reps_done is not None:
        parts = [f"{one.sets_done} × {one.reps_done}"]
    elif one.hold_seconds_done is not None:
        parts = [f"{one.sets_done} × {seconds_text(one.hold_seconds_done)}"]
    else:
        parts = [_("%(sets)s of %(all)s sets") % {"sets": one.sets_done, "all": one.prescription.sets}]
    if one.load_kg is not None:
        parts.append(_("%(load)s kg") % {"load": number_format(one.load_kg.normalize())})
    if one.pain_0_10 is not None:
        parts.append(_("pain %(pain)s") % {"pain": one.pain_0_10})
    return ", ".join(parts)


def parts_of(shown: Shown, now: str) -> list[dict[str, Any]]:
    """Return the links between the three lists."""
    names = {"patient_sessions": _("Sessions"), "patient_runs": _("Runs"), "patient_check_ins": _("Check-ins")}
    return [
        {"label": label, "url": reverse(f"patients:{name}", args=[shown.patient.pk]), "current": name == now}
        for name, label in names.items()
    ]


@page("patient.view")
def patient_runs(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show every run, the latest first, with kilometres, pain before, worst and after, legs, effort, shoes and note."""
    shown = open_record(request, pk, "runs")
    rows = Run.objects.visible_to(request.member).filter(patient=shown.patient).select_related("shoe", "entered_by__user")
    runs, more, asked = a_page(request, rows, RUNS_A_PAGE)
    context = {
        **head_of(shown, "patient_sessions"),
        "parts": parts_of(shown, "patient_runs"),
        "runs": runs,
        "more": more,
        "asked": asked,
        "red_from": shown.patient.clinic.pain_amber_max + 1,
    }
    return render(request, "patients/patient_runs.html", context)


@page("patient.view")
def patient_check_ins(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show every check-in, the latest first: pain, readiness, the morning after, signs and note."""
    shown = open_record(request, pk, "check_ins")
    rows = CheckIn.objects.visible_to(request.member).filter(patient=shown.patient).select_related("symptoms", "entered_by__user")
    found, more, asked = a_page(request, rows, CHECK_INS_A_PAGE)
    context = {
        **head_of(shown, "patient_sessions"),
        "parts": parts_of(shown, "patient_check_ins"),
        "rows": [{"row": one, "signs": signs_of(one)} for one in found],
        "more": more,
        "asked": asked,
    }
    return render(request, "patients/patient_check_ins.html", context)


def signs_of(one: CheckIn) -> list[str]:
    """Return the signs a check-in reported, in words."""
    return [str(SIGN_TEXT.get(sign, sign)) for sign in one.symptoms.signs] if one.symptoms is not None else []


def a_page(request: MemberRequest, rows: Any, size: int) -> tuple[list[Any], str, str]:
    """Return one page of rows by day, newest first, where the next one begins, and what was asked for; rows of one day stay together."""
    asked = request.GET.get("before", "")
    before = parse_day(asked)
    found = list((rows.filter(on__lt=before) if before else rows).order_by("-on", "-id")[: size + 1])
    if len(found) <= size:
        return found, "", asked
    last = found[size].on
    kept = [one for one in found if one.on > last] or found[:size]
    return kept, kept[-1].on.isoformat(), asked
