"""The page about one patient, in five tabs: overview, plan, sessions, assessments, record."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render

from clinics.models import AuditEvent, Invitation, Membership, User
from clinics.permissions import allows
from clinics.web import MemberRequest, page
from patients.actions.assessments import OPENS_BEFORE_DAYS
from patients.actions.assigning import is_clear
from patients.actions.extending import extension_to_take_back
from patients.actions.shifting import shift_to_take_back
from patients.forms.alerts import AcknowledgeForm, ClearanceForm
from patients.history import lines_of
from patients.models import (
    Alert,
    AlertStep,
    Assessment,
    AssignmentVersion,
    CheckIn,
    Consent,
    Correction,
    Patient,
    Pause,
    Run,
    ScheduledSession,
    SessionLog,
    SymptomReport,
)
from patients.plan_changes import ToldChange, told_changes
from patients.reasons import ICONS, reason_text
from patients.rules.alerts import Status, moves
from patients.rules.consents import Purpose
from patients.rules.trajectory import has_model_line
from patients.rules.triage import Rule
from patients.views import course
from patients.views.alerts import steps_of
from patients.views.consents import agreement_of
from patients.views.data import last_request
from patients.views.letters import letters_of
from patients.views.messages import can_be_reached, latest_of, new_form
from patients.views.next_patient import next_patient
from patients.views.patient_head import Shown, head_of, open_record
from patients.views.suggestions import card_of
from patients.views.trail_words import part_text, together, trail_text
from patients.wording import SIGN_TEXT
from programs.evidence import evidence_of
from programs.models import ProgramVersion, SessionPlan
from programs.plan import plan_views

OPEN_SHOWN = 2
CLOSED_SHOWN = 3
TRAIL_SHOWN = 40
LETTERS_SHOWN = 3
LETTERS_LISTED = 100
WAITING = (SymptomReport.Status.OPEN, SymptomReport.Status.WITHDRAWN)
Steps = Mapping[UUID, Sequence[AlertStep]]


def sessions_of(shown: Shown, request: MemberRequest) -> list[ScheduledSession]:
    """Return the sessions of the program shown, cancelled ones left out, in date order."""
    if shown.assignment is None:
        return []
    rows = ScheduledSession.objects.visible_to(request.member).filter(assignment=shown.assignment)
    return list(rows.exclude(status=ScheduledSession.Status.CANCELLED).order_by("on"))


def alert_row(alert: Alert, steps: Steps) -> dict[str, Any]:
    """Return one alert with its sentence, icon, form, history and what can be done with it."""
    return {
        "alert": alert,
        "text": reason_text(alert.rule, alert.evidence),
        "icon": ICONS.get(alert.rule, "info"),
        "form": AcknowledgeForm(alert=alert),
        "steps": steps.get(alert.pk, []),
        "can": [move.value for move in moves(Status(alert.status), is_stop=alert.level == Alert.Level.STOP)],
    }


def alert_rows(alerts: Sequence[Alert], reports: Sequence[SymptomReport], steps: Steps) -> dict[str, list[dict[str, Any]]]:
    """Sort alerts for reading: the latest that are open, open ones of before, those in somebody's hands, and the last that were closed.

    What belongs to a report that still waits stands with that report.
    """
    with_reports = {str(report.pk) for report in reports}
    rows = sorted((one for one in alerts if one.evidence_key not in with_reports), key=lambda one: -one.raised_at.timestamp())
    waiting = [one for one in rows if one.status == Alert.Status.OPEN]
    waiting.sort(key=lambda one: one.level != Alert.Level.STOP)
    held = [one for one in rows if one.status in {Alert.Status.ACKNOWLEDGED, Alert.Status.SNOOZED}]
    closed = [one for one in rows if one.status == Alert.Status.RESOLVED]
    return {
        "alerts": [alert_row(one, steps) for one in waiting[:OPEN_SHOWN]],
        "earlier": [alert_row(one, steps) for one in waiting[OPEN_SHOWN:]],
        "held": [alert_row(one, steps) for one in held],
        "closed": [alert_row(one, steps) for one in closed[:CLOSED_SHOWN]],
    }


def report_rows(reports: Sequence[SymptomReport], alerts: Sequence[Alert] = (), steps: Steps | None = None) -> list[dict[str, Any]]:
    """Return reports with the signs in words, the alert they raised, and the form of the clearance for those that wait."""
    by_report = {one.evidence_key: one for one in alerts}
    return [
        {
            "report": one,
            "signs": [str(SIGN_TEXT.get(sign, sign)) for sign in one.signs],
            "form": ClearanceForm(auto_id=f"clear-{one.pk}-%s") if one.status in WAITING else None,
            "raised": alert_row(by_report[str(one.pk)], steps or {}) if str(one.pk) in by_report else None,
        }
        for one in reports
    ]


@page("patient.view")
def patient(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show how the patient is doing: what waits, the course, the calendar, check-ins, this week's plan and measurements."""
    shown = open_record(request, pk, "overview")
    member, record = request.member, shown.patient
    assignment = shown.assignment
    alerts = list(Alert.objects.visible_to(member).filter(patient=record).select_related("seen_by__user").order_by("-raised_at")[:30])
    steps = steps_of(request, alerts)
    reports = list(SymptomReport.objects.visible_to(member).filter(patient=record, status__in=WAITING).order_by("-reported_at"))
    sessions = sessions_of(shown, request)
    since = assignment.starts_on if assignment else shown.today - dt.timedelta(days=60)
    check_ins = list(
        CheckIn.objects.visible_to(member).filter(patient=record, on__gte=since).select_related("symptoms").order_by("on", "id")
    )
    assessments = list(Assessment.objects.visible_to(member).filter(patient=record, assignment=assignment).order_by("due_on"))
    pauses = list(Pause.objects.visible_to(member).filter(patient=record))
    logs = list(SessionLog.objects.visible_to(member).filter(patient=record).order_by("-on")[:10])
    runs = list(Run.objects.visible_to(member).filter(patient=record, on__gte=since).order_by("on", "id"))
    chosen = course.chosen_series(request.GET.get("show", ""))
    model = request.GET.get("model") == "1"
    # A message that waited says nothing about how the patient was doing.
    marks = [one for one in alerts if one.rule != Rule.MESSAGE_WAITING]
    chart = course.chart_of(
        shown,
        chosen=chosen,
        model=model,
        check_ins=check_ins,
        assessments=assessments,
        events=[*course.events_of(shown, marks, pauses), *course.changes_of(shown, plan_changes(shown, request))],
        trained=course.days_of(shown, sessions, runs),
    )
    next_session = next((one for one in sessions if one.status == ScheduledSession.Status.PLANNED and one.on >= shown.today), None)
    context = {
        **head_of(shown, "patient"),
        **alert_rows(alerts, reports, steps),
        "reports": report_rows(reports, alerts, steps),
        "chart": chart,
        "switches": course.switches(chosen, model=model),
        "model": model,
        "model_query": f"?show={','.join(chosen)}" + ("" if model else "&model=1"),
        "has_model": assignment is not None and has_model_line(assignment.version.program.code),
        "calendar": course.calendar_of(sessions, pauses, runs, shown.today, assignment.starts_on if assignment else None),
        "split": course.split_of(sessions, shown.today),
        "feed": course.feed_of(check_ins, logs, runs, record.clinic.pain_amber_max + 1),
        "plans": week_plans(shown, request),
        "assessments": course.assessment_rows(assessments, shown.today),
        "next_session": next_session,
        "next_patient": next_patient(request, record),
        "documents": letters_of(request, shown, LETTERS_SHOWN),
        "thread": latest_of(request, record),
        "message_form": new_form() if can_be_reached(record) and record.status == Patient.Status.ACTIVE else None,
        "suggested": card_of(shown),
        "screening": screening_of(shown, request) if assignment is None or assignment.status == "held" else None,
    }
    return render(request, "patients/patient.html", context)


def screening_of(shown: Shown, request: MemberRequest) -> dict[str, Any]:
    """Return how the symptom check before a program stands: clear, or the last report there is."""
    last = SymptomReport.objects.visible_to(request.member).filter(patient=shown.patient).order_by("-reported_at").first()
    return {"is_clear": is_clear(shown.patient), "last": last}


def plan_changes(shown: Shown, request: MemberRequest) -> list[AssignmentVersion]:
    """Return the changes of the plan shown; no query where there was none."""
    if shown.assignment is None or shown.assignment.tailored_on is None:
        return []
    return list(AssignmentVersion.objects.visible_to(request.member).filter(assignment=shown.assignment).order_by("from_on", "made_at"))


def plan_week(shown: Shown) -> int:
    """Return the week whose plan is shown: the running one, the first before the start, the last afterwards."""
    assignment = shown.assignment
    if assignment is None:
        return 1
    if shown.week:
        return shown.week
    return 1 if shown.today < assignment.starts_on else assignment.version.weeks


def week_plans(shown: Shown, request: MemberRequest, week: int | None = None) -> list[Any]:
    """Return the kinds of session of one week with exercises and doses, in three queries; none without a program.

    Where the plan was changed it is the version in force on the last session day of that week.
    """
    if shown.assignment is None:
        return []
    number = week or plan_week(shown)
    version: Any = shown.assignment.version_id
    if shown.assignment.tailored_on is not None:
        sessions = ScheduledSession.objects.visible_to(request.member).filter(assignment=shown.assignment, week=number)
        latest = sessions.exclude(status=ScheduledSession.Status.CANCELLED).order_by("-on").values("session_plan__version_id")[:1]
        version = Coalesce(Subquery(latest), Value(version))
    rows = SessionPlan.objects.visible_to(request.member).filter(version_id=version)
    plans = list(rows.filter(week_from__lte=number, week_to__gte=number).order_by("position"))
    return plan_views(plans, request.member)


def given_version(shown: Shown, told: Sequence[ToldChange]) -> ProgramVersion | None:
    """Return the version that was given before any change for this patient; None without a program."""
    first = told[-1].row.version.forked_from if told else None
    return first or (shown.assignment.version if shown.assignment else None)


@page("patient.view")
def patient_plan(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show the program given, week by week with doses and their sources, and what can be done with it."""
    shown = open_record(request, pk, "plan")
    asked = request.GET.get("week", "")
    weeks = shown.assignment.version.weeks if shown.assignment else 0
    week = int(asked) if asked.isascii() and asked.isdigit() and 1 <= int(asked[:3]) <= weeks else plan_week(shown)
    logged = shown.assignment is not None and (
        SessionLog.objects.visible_to(request.member).filter(session__assignment=shown.assignment).exists()
    )
    told: list[ToldChange] = []
    if shown.assignment is not None and shown.assignment.tailored_on is not None:
        changes = AssignmentVersion.objects.visible_to(request.member).filter(assignment=shown.assignment)
        told = told_changes(changes.select_related("made_by__user", "version__forked_from"))
    context = {
        **head_of(shown, "patient_plan"),
        "changes": told,
        "extended": extension_to_take_back(shown.assignment) if told and shown.assignment is not None else None,
        "shifted": told and shown.assignment is not None and shift_to_take_back(shown.assignment, shown.today) is not None,
        "given": given_version(shown, told),
        "shown_week": week,
        "weeks": range(1, weeks + 1),
        "plans": week_plans(shown, request, week),
        "evidence": evidence_of(shown.assignment.version) if shown.assignment else None,
        "pauses": list(Pause.objects.visible_to(request.member).filter(patient=shown.patient, cancelled_at=None)),
        "is_running": shown.assignment is not None and shown.assignment.status in {"running", "held"},
        "logged": logged,
        "former": shown.assignments[1:],
        "suggested": card_of(shown),
    }
    return render(request, "patients/patient_plan.html", context)


@page("patient.view")
def patient_assessments(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show every measurement of every program with its change and what that means for one person."""
    shown = open_record(request, pk, "assessments")
    rows = list(Assessment.objects.visible_to(request.member).filter(patient=shown.patient).exclude(status="cancelled").order_by("due_on"))
    found = [(one, course.assessment_rows([row for row in rows if row.assignment_id == one.pk], shown.today)) for one in shown.assignments]
    opens_on = shown.today + dt.timedelta(days=OPENS_BEFORE_DAYS)
    context = {**head_of(shown, "patient_assessments"), "programs": found, "opens_on": opens_on}
    return render(request, "patients/patient_assessments.html", context)


def reads_trail(member: Membership, patient: Patient) -> bool:
    """Tell whether somebody may see who opened this record: a manager, and the therapist who treats the patient."""
    return allows(member, "audit.list") or patient.therapist_id == member.pk


@page("patient.view")
def patient_record(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show master data, invitation, symptom reports, alerts, corrections, and who opened or changed the record."""
    shown = open_record(request, pk, "record")
    member, record = request.member, shown.patient
    entries = AuditEvent.objects.visible_to(member).filter(patient_id=record.pk).order_by("-at", "-id")
    trail = list(entries[:TRAIL_SHOWN]) if reads_trail(member, record) else []
    people = User.objects.in_bulk({one.actor_id for one in trail if one.actor_id})
    invitation = Invitation.objects.visible_to(member).filter(membership=record.membership_id).order_by("-created_at").first()
    alerts = list(
        Alert.objects.visible_to(member).filter(patient=record).select_related("seen_by__user", "rule_set").order_by("-raised_at")[:50]
    )
    steps = steps_of(request, alerts)
    reports = SymptomReport.objects.visible_to(member).filter(patient=record).select_related("cleared_by__user").order_by("-reported_at")
    consents = list(Consent.objects.visible_to(member).filter(patient=record))
    corrections = Correction.objects.visible_to(member).filter(patient=record).select_related("corrected_by__user")[:50]
    context = {
        **head_of(shown, "patient_record"),
        "invitation": invitation,
        "invitation_open": invitation is not None and invitation.is_open(shown.now),
        "invitable": record.membership is not None and record.membership.status == Membership.Status.INVITED,
        "can_archive": record.status == Patient.Status.ACTIVE and not any(one.status in {"running", "held"} for one in shown.assignments),
        "erasure_is_mine": allows(member, "erasure.answer"),
        "wish": last_request(member, record) if allows(member, "erasure.answer") else None,
        "reports": report_rows(list(reports[:20])),
        "alerts": [{"alert": one, "text": reason_text(one.rule, one.evidence), "steps": steps[one.pk]} for one in alerts],
        "corrections": lines_of(corrections, member),
        "documents": letters_of(request, shown, LETTERS_LISTED),
        "agreements": [agreement_of(purpose, consents) for purpose in Purpose],
        "reads_trail": reads_trail(member, record),
        "has_whole_trail": allows(member, "audit.list"),
        "trail": [
            {
                "event": group[0],
                "who": people.get(group[0].actor_id),
                "text": trail_text(group[0].action),
                "parts": ", ".join(dict.fromkeys(text for one in group if (text := part_text(one.details)))),
                "times": len(group),
            }
            for group in together(trail)
        ],
    }
    return render(request, "patients/patient_record.html", context)
