"""Today, and what stands behind More: the clinic, who opened the record."""

import datetime as dt
import uuid
from typing import Any

from django.db.models import Max, Subquery, UUIDField
from django.http import HttpResponse
from django.utils import timezone

from clinics import audit
from clinics.models import AuditEvent, Membership, Role, User
from clinics.prepared import PreparedOwn
from clinics.web import MemberRequest, page
from patients.day import Day, ProgramLine, Stage, read_day
from patients.doses import content_of, last_done_plan
from patients.forms.me import CheckInForm
from patients.models import Assessment, Assignment, Pause, Run, ScheduledSession, SymptomReport
from patients.reached import reached_of
from patients.views.own import own_page, own_patient
from patients.wording import GROUPED_SIGN_TEXT, TRAIL_TEXT
from programs.frozen import frozen_plans
from programs.models import Program

TRAIL_ROWS = 100
SAME_VISIT = dt.timedelta(minutes=1)
ROLE_NAMES = dict(Role.choices)
LONG_TEXTS = tuple(f"assignment__version__{name}" for name in ("summary", "evidence", "assessments", "checklist"))
"""Parts of a program that Today never shows."""
OPEN_STATES = (ScheduledSession.Status.PLANNED, ScheduledSession.Status.MISSED)
coming_sessions = PreparedOwn(
    lambda member, assignment_id, today: (
        ScheduledSession.objects.visible_to(member)
        .filter(assignment_id=assignment_id, on__gte=today)
        .exclude(status=ScheduledSession.Status.CANCELLED)
        .select_related("log")
        .annotate(last_plan_id=Subquery(last_done_plan(), output_field=UUIDField()))
        .order_by("on", "setting")[:4]
    ),
    assignment_id=uuid.UUID,
    today=dt.date,
)


@page("today.view")
def today(request: MemberRequest) -> HttpResponse:
    """Show the day: the check-in, the one session, and whatever stands in the way of it."""
    patient = own_patient(request)
    day = read_day(patient, now=timezone.now())
    audit.record("today.view", row=patient, patient_id=patient.pk)
    context: dict[str, Any] = {"patient": patient, "day": day, "clinic": patient.clinic, "form": CheckInForm(), "signs": GROUPED_SIGN_TEXT}
    if day.stage == Stage.NO_PROGRAM:
        context["is_checked"] = SymptomReport.objects.visible_to(request.member).exists()
    elif day.stage == Stage.OVER and day.program is not None:
        context |= what_was_reached(request.member, day, day.program)
    elif day.program is not None:
        context |= what_comes(request.member, day, day.program)
    return own_page(request, "today", context)


def what_comes(member: Membership, day: Day, program: ProgramLine) -> dict[str, Any]:
    """Return today's session with its exercises, the next one, and a pause that covers today."""
    coming: list[Any] = coming_sessions.own_rows(member, assignment_id=program.assignment_id, today=day.today)
    plans = frozen_plans({one.session_plan_id for one in coming} | {one.last_plan_id for one in coming if one.last_plan_id})
    for one in coming:
        one.session_plan = plans[one.session_plan_id].plan
    session = next((one for one in coming if one.on == day.today), None)
    following = next((one for one in coming if one.on > day.today and one.status in OPEN_STATES), None)
    found: dict[str, Any] = {"session": session, "following": following, "program": None, "pause": None}
    if coming:
        found["program"] = coming[0].session_plan.version.program
    shown = session or (following if day.stage == Stage.BEFORE_START else None)
    if shown is not None and day.stage not in {Stage.ON_HOLD, Stage.WITHDRAWN}:
        found["content"] = content_of(shown.session_plan_id, shown.last_plan_id)
    if session is None and day.stage == Stage.RUNNING:
        pauses = Pause.objects.visible_to(member).filter(cancelled_at=None, from_on__lte=day.today, to_on__gte=day.today)
        found["pause"] = pauses.order_by("-to_on").first()
    if not coming:
        found["program"] = program_of(member, program)
    return found


def what_was_reached(member: Membership, day: Day, program: ProgramLine) -> dict[str, Any]:
    """Return the program that is over and what it has brought; of a run-walk program also the highest stage."""
    rows = Assessment.objects.visible_to(member).filter(assignment_id=program.assignment_id)
    answered = list(
        rows.filter(status=Assessment.Status.DONE).select_related("assignment__version__program").defer(*LONG_TEXTS).order_by("due_on")
    )
    given = answered[0].assignment.version.program if answered else program_of(member, program)
    stage = None
    if given is not None and given.kind == Program.Kind.RUN_WALK:
        stage = Run.objects.visible_to(member).filter(session__assignment_id=program.assignment_id).aggregate(Max("stage"))["stage__max"]
    return {"program": given, "session": None, "reached": reached_of(day, given, answered, stage)}


def program_of(member: Membership, line: ProgramLine) -> Program | None:
    """Return the program by its assignment, for days without a session to tell it."""
    rows = Assignment.objects.visible_to(member).select_related("version__program")
    found = rows.filter(pk=line.assignment_id).first()
    return found.version.program if found else None


@page("own.record")
def more(request: MemberRequest) -> HttpResponse:
    """Show reminders, settings, language, the clinic's address, and the way out."""
    patient = own_patient(request, asks=False)
    audit.record("more.view", row=patient, patient_id=patient.pk)
    return own_page(request, "more", {"patient": patient, "clinic": patient.clinic, "unread": request.unread_messages})


@page("own.record")
def opened(request: MemberRequest) -> HttpResponse:
    """Show who opened or changed the record, newest first, visits of one person and day together."""
    patient = own_patient(request, asks=False)
    audit.record("trail.view", row=patient, patient_id=patient.pk)
    rows = audit.entries_of(patient_id=patient.pk, clinic_id=patient.clinic_id)
    visits = visits_of(list(rows.exclude(actor_id=request.user.pk)[:TRAIL_ROWS]))
    return own_page(request, "opened", {"patient": patient, "visits": visits})


def visits_of(rows: list[AuditEvent]) -> list[dict[str, Any]]:
    """Turn entries into (when, who, role, what); the same person doing the same within a minute is one line."""
    people = {person.pk: person for person in User.objects.filter(pk__in={row.actor_id for row in rows if row.actor_id})}
    visits: list[dict[str, Any]] = []
    for row in rows:
        line: dict[str, Any] = {
            "at": row.at,
            "who": people.get(row.actor_id) if row.actor_id else None,
            "role": ROLE_NAMES.get(row.role, ""),
            "what": TRAIL_TEXT.get(row.action, TRAIL_TEXT[""]),
        }
        before = visits[-1] if visits else None
        if before and all(before[name] == line[name] for name in ("who", "what")) and before["at"] - row.at < SAME_VISIT:
            continue
        visits.append(line)
    return visits
