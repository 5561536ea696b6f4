"""Giving a program in one page: its evidence, its days, every date before it is given, and how it ends."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import DomainError
from clinics.models import Membership
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of, today_of
from patients.actions.assigning import (
    Preview,
    assign_program,
    end_assignment,
    is_clear,
    preview_assignment,
    show_model_line,
    withdraw_assignment,
)
from patients.actions.drafts import discard_draft, keep_draft
from patients.forms.assign import AssignForm, choices_of, preset
from patients.forms.people import EndForm
from patients.models import Assignment, AssignmentDraft, Patient, SymptomReport
from patients.reasons import ASSESSMENT_NAMES
from patients.rules.schedule import Placement, Setting
from patients.views.people import read_patient
from programs.evidence import evidence_of
from programs.layout import lay_out
from programs.models import Program, ProgramVersion, SessionPlan
from programs.plan import pictures_of
from programs.rules.diff import diff
from programs.wording import change_text, reading_order

PICTURES = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of the preview: what is on it, in a class and in words."""

    on: dt.date
    kind: str
    words: str


@dataclass(slots=True)
class Draft:
    """One assignment that is being put together; `preview` is None until everything fits."""

    patient: Patient
    versions: list[ProgramVersion]
    form: AssignForm
    version: ProgramVersion | None = None
    plans: list[SessionPlan] = field(default_factory=list)
    preview: Preview | None = None
    error: DomainError | None = None
    kept: AssignmentDraft | None = None
    """What was chosen earlier and shown again."""
    newer: list[str] = field(default_factory=list)
    """What a version released since the draft does differently."""


def offered(member: Membership) -> list[ProgramVersion]:
    """Return the published versions the clinic has released, in the order of the programs."""
    rows = ProgramVersion.objects.visible_to(member).published().filter(approvals__clinic=member.clinic)
    rows = rows.exclude(program__origin=Program.Origin.TAILORED).select_related("program")
    return sorted(rows, key=reading_order)


def draft_of(request: MemberRequest, patient: Patient, data: QueryDict) -> Draft:
    """Read the choices made so far; another program brings its own usual days."""
    member = request.member
    versions = offered(member)
    version = next((one for one in versions if str(one.pk) == data.get("version")), None)
    today = today_of(member.clinic)
    if version is None:
        form = AssignForm(data if "version" in data else None, versions=versions, initial={"starts_on": today + dt.timedelta(days=1)})
        return Draft(patient, versions, form)
    plans = list(SessionPlan.objects.visible_to(member).filter(version=version).order_by("week_from", "position"))
    if data.get("days_for") != str(version.pk):
        data = with_preset(data, version, plans, today)
    form = AssignForm(data, versions=versions, needs_time=any(plan.setting == Setting.SUPERVISED for plan in plans))
    draft = Draft(patient, versions, form, version, plans)
    if form.is_valid():
        chosen = form.cleaned_data
        try:
            draft.preview = preview_assignment(
                clinic=patient.clinic,
                version=version,
                starts_on=chosen["starts_on"],
                supervised_weekdays=chosen["supervised_weekdays"],
                home_weekdays=chosen["home_weekdays"],
                today=today,
                plans=plans,
                supervised_time=chosen["supervised_time"],
            )
        except DomainError as error:
            draft.error = error
            add_errors(form, error)
    return draft


def with_preset(data: Mapping[str, Any], version: ProgramVersion, plans: Sequence[SessionPlan], today: dt.date) -> QueryDict:
    """Return the choices with the usual days of the version; a start that was chosen and lies ahead stays."""
    try:
        starts_on = max(dt.date.fromisoformat(str(data.get("starts_on", ""))), today)
    except ValueError:
        starts_on = today + dt.timedelta(days=1)
    filled = QueryDict(mutable=True)
    filled["version"] = filled["days_for"] = str(version.pk)
    for name, value in preset(plans, starts_on).items():
        if isinstance(value, list):
            filled.setlist(name, value)
        else:
            filled[name] = value
    return filled


@page("assignment.create", methods=("GET", "POST"))
def assign(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Choose program, start and days; every date is shown before anything is given. POST keeps the choices as a draft."""
    patient = read_patient(request, pk)
    is_fragment = request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers
    if request.method == "POST":
        if request.POST.get("draft") == "discard":
            discard_draft(patient=patient, by=request.member, now=timezone.now())
            return redirect("patients:assign", pk=pk)
        draft = draft_of(request, patient, request.POST)
        keep(request, draft)
        if not is_fragment:
            return leave(request, draft)
    else:
        draft = draft_of(request, patient, request.GET) if "version" in request.GET else drafted(request, patient)
    if not is_fragment:
        audit.record("patient.view", row=patient, patient_id=patient.pk, part="assign")
    template = "patients/_assign_body.html" if is_fragment else "patients/assign.html"
    return render(request, template, assign_context(request, draft))


def keep(request: MemberRequest, draft: Draft) -> None:
    """Keep what is chosen so far; without a program nothing is chosen yet."""
    if draft.version is not None:
        keep_draft(patient=draft.patient, version=draft.version, by=request.member, now=timezone.now(), **choices_of(draft.form.data))


def leave(request: MemberRequest, draft: Draft) -> HttpResponse:
    """Go where the pressed button leads: on to the last look, away from the draft, or back to the page with what is chosen."""
    pk, pressed = draft.patient.pk, request.POST.get("draft", "")
    if pressed == "next":
        if draft.preview is None:
            return render(request, "patients/assign.html", assign_context(request, draft), status=status_of(draft.form, draft.error))
        return redirect(f"{reverse('patients:assign_confirm', args=[pk])}?{urlencode(hidden_fields(draft.form))}")
    if pressed == "keep" and draft.version is not None:
        messages.success(request, _("Kept as a draft."))
        return redirect("patients:patient", pk=pk)
    return redirect("patients:assign", pk=pk)


def drafted(request: MemberRequest, patient: Patient) -> Draft:
    """Return the draft that is kept, as it was left; its program in the version that is offered by now, with what is different in it."""
    rows = AssignmentDraft.objects.visible_to(request.member).filter(patient=patient)
    kept = rows.select_related("version__program", "made_by__user").first()
    if kept is None:
        return draft_of(request, patient, request.GET)
    current = next((one for one in offered(request.member) if one.program_id == kept.version.program_id), None)
    data = QueryDict(mutable=True)
    data["version"] = data["days_for"] = str(current.pk if current else kept.version_id)
    data["starts_on"] = kept.starts_on.isoformat() if kept.starts_on else ""
    data["supervised_time"] = kept.supervised_time.strftime("%H:%M") if kept.supervised_time else ""
    data.setlist("supervised_weekdays", [str(day) for day in kept.supervised_weekdays])
    data.setlist("home_weekdays", [str(day) for day in kept.home_weekdays])
    draft = draft_of(request, patient, data)
    draft.kept = kept
    if current is not None and current != kept.version:
        draft.newer = [change_text(one) for one in diff(lay_out(kept.version), lay_out(current))]
    return draft


@page("assignment.create", methods=("GET", "POST"))
def assign_confirm(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show what will be given, and give it when it is sent."""
    patient = read_patient(request, pk)
    draft = draft_of(request, patient, request.POST if request.method == "POST" else request.GET)
    if draft.preview is None or draft.version is None:
        return render(request, "patients/assign.html", assign_context(request, draft), status=status_of(draft.form, draft.error))
    chosen = draft.form.cleaned_data
    if request.method == "POST":
        try:
            assignment = assign_program(
                patient=patient,
                version=draft.version,
                starts_on=chosen["starts_on"],
                supervised_weekdays=chosen["supervised_weekdays"],
                home_weekdays=chosen["home_weekdays"],
                supervised_time=chosen["supervised_time"],
                by=request.member,
                now=timezone.now(),
            )
        except DomainError as error:
            add_errors(draft.form, error)
            return render(request, "patients/assign.html", assign_context(request, draft), status=status_of(draft.form, error))
        messages.success(request, done_text(assignment))
        return redirect("patients:patient_plan", pk=patient.pk)
    audit.record("patient.view", row=patient, patient_id=patient.pk, part="assign")
    context = assign_context(request, draft) | {"hidden": list(hidden_fields(draft.form))}
    return render(request, "patients/assign_confirm.html", context)


def done_text(assignment: Assignment) -> str:
    """Say what was given; a program that waits for the symptom check says so."""
    if assignment.status == Assignment.Status.HELD:
        return _("Assigned. The program waits until the symptom check is clear.")
    return _("Assigned. It can be taken back until something is logged.")


def hidden_fields(form: AssignForm) -> list[tuple[str, str]]:
    """Return every choice of a valid form as name and value, to be sent once more."""
    data: Any = form.data
    return [(name, value) for name in form.fields for value in data.getlist(name)]


def assign_context(request: MemberRequest, draft: Draft) -> dict[str, Any]:
    """Return what the page of an assignment shows."""
    member, patient = request.member, draft.patient
    pictures = pictures_of(draft.versions, member, PICTURES)
    running = Assignment.objects.visible_to(member).filter(patient=patient).running().select_related("version__program").first()
    last = SymptomReport.objects.visible_to(member).filter(patient=patient).order_by("-reported_at").first()
    plans = draft.plans
    return {
        "patient": patient,
        "form": draft.form,
        "cards": [
            {
                "version": one,
                "program": one.program,
                "evidence": evidence_of(one),
                "exercises": pictures.get(one.pk, []),
                "on": one == draft.version,
            }
            for one in draft.versions
        ],
        "version": draft.version,
        "evidence": evidence_of(draft.version) if draft.version else None,
        "needs_clinic": any(plan.setting == Setting.SUPERVISED for plan in plans),
        "needs_home": any(plan.setting == Setting.HOME for plan in plans),
        "clinic_days": day_boxes(draft, "supervised_weekdays", member.clinic.open_weekdays),
        "home_days": day_boxes(draft, "home_weekdays", []),
        "preview": draft.preview,
        "calendar": calendar_of(draft.preview) if draft.preview else [],
        "facts": facts_of(draft) if draft.preview else {},
        "running": running,
        "is_clear": is_clear(patient),
        "last_report": last,
        "open_weekdays": member.clinic.open_weekdays,
        "kept": draft.kept,
        "newer": draft.newer,
        "zone": member.clinic.time_zone,
    }


def day_boxes(draft: Draft, name: str, open_weekdays: Sequence[int]) -> list[dict[str, Any]]:
    """Return the seven boxes of a weekday field; days the clinic is closed, or that are taken by the clinic, cannot be chosen."""
    data: Any = draft.form.data if draft.form.is_bound else {}
    picked = set(data.getlist(name)) if hasattr(data, "getlist") else set()
    other = set(data.getlist("supervised_weekdays")) if name == "home_weekdays" and hasattr(data, "getlist") else set()
    bound = draft.form[name]
    choices: Any = bound.field
    return [
        {
            "value": value,
            "name": str(label),
            "short": str(label)[:2],
            "id": f"{bound.auto_id}_{value}",
            "checked": str(value) in picked,
            "disabled": str(value) not in picked and (str(value) in other or bool(open_weekdays and value not in open_weekdays)),
        }
        for value, label in choices.choices
    ]


def calendar_of(preview: Preview) -> list[tuple[str, list[Cell]]]:
    """Return the weeks from the first to the last session, Monday first, each day with its class and words."""
    by_day = {one.on: one for one in preview.sessions}
    tests = {on: str(ASSESSMENT_NAMES.get(key, key)) for key, _week, on in preview.assessments}
    first, last = min(by_day), max(by_day)
    monday = first - dt.timedelta(days=first.weekday())
    weeks: list[tuple[str, list[Cell]]] = []
    while monday <= last:
        days = [monday + dt.timedelta(days=offset) for offset in range(7)]
        weeks.append((_("W%(week)s") % {"week": len(weeks) + 1}, [cell_of(on, by_day.get(on), tests.get(on, ""), preview) for on in days]))
        monday += dt.timedelta(days=7)
    return weeks


def cell_of(on: dt.date, session: Any, test: str, preview: Preview) -> Cell:
    """Return one day: closed, free, clinic or home, with an assessment or without."""
    if session is None:
        if on in preview.closed_days:
            return Cell(on, "x", _("closed, %(name)s") % {"name": preview.closed_days[on]} if preview.closed_days[on] else _("closed"))
        return Cell(on, "a" if test else "o", test or _("free"))
    in_clinic = session.setting == Setting.SUPERVISED
    words = _("in the clinic") if in_clinic else _("at home")
    if session.reason == Placement.MOVED_CLOSED_DAY:
        words = _("%(where)s, moved") % {"where": words}
    if test:
        return Cell(on, "a", f"{words}, {test}")
    return Cell(on, "c" if in_clinic else "h", words)


def facts_of(draft: Draft) -> dict[str, Any]:
    """Return first and last session, numbers and later assessments of a preview."""
    preview, version = draft.preview, draft.version
    if preview is None or version is None:
        return {}
    sessions = sorted(preview.sessions, key=lambda one: one.on)
    in_clinic = sum(one.setting == Setting.SUPERVISED for one in sessions)
    return {
        "first": sessions[0],
        "last": sessions[-1],
        "count": len(sessions),
        "in_clinic": in_clinic,
        "at_home": len(sessions) - in_clinic,
        "time": draft.form.cleaned_data.get("supervised_time"),
        "tests": [(str(ASSESSMENT_NAMES.get(key, key)), on) for key, _week, on in preview.assessments],
        "later": [on for _key, week, on in preview.assessments if week > version.weeks],
        "moved": [(one, preview.closed_days.get(one.original_on, "") if one.original_on else "") for one in preview.moved],
        "unplaced": preview.unplaced,
        "places": places_text(preview.taken, draft.patient.clinic.group_places),
    }


def places_text(taken: Mapping[dt.date, int], places: int | None) -> str:
    """Return how full the group is at most on each weekday: "Places taken: Mon 3 of 6, Thu 5 of 6"; empty without a time."""
    most: dict[int, int] = {}
    for on, count in taken.items():
        most[on.isoweekday()] = max(most.get(on.isoweekday(), 0), count)
    if not most:
        return ""
    days = [(WEEKDAYS_ABBR[day - 1], count) for day, count in sorted(most.items())]
    if places is None:
        return _("Others at this time: %(days)s") % {"days": ", ".join(f"{name} {count}" for name, count in days)}
    told = [_("%(day)s %(count)s of %(places)s") % {"day": name, "count": count, "places": places} for name, count in days]
    return _("Places taken: %(days)s") % {"days": ", ".join(told)}


def read_assignment(request: MemberRequest, pk: UUID) -> Assignment:
    """Return an assignment with what actions look at; 404 for others'."""
    return get_visible(Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program"), request.member, pk=pk)


@page("assignment.change", methods=("GET", "POST"))
def assignment_end(request: MemberRequest, pk: UUID) -> HttpResponse:
    """End a program before its last day, with outcome and reason; what was done stays, later assessments go on."""
    assignment = read_assignment(request, pk)
    form = EndForm(request.POST if request.method == "POST" else None)
    error: DomainError | None = None
    if request.method == "POST":
        if form.is_valid():
            try:
                end_assignment(assignment=assignment, by=request.member, now=timezone.now(), **form.cleaned_data)
            except DomainError as refused:
                error = refused
                add_errors(form, refused)
            else:
                messages.success(request, _("The program has ended. Assessments after it go on."))
                return redirect("patients:patient_plan", pk=assignment.patient_id)
    else:
        audit.record("patient.view", row=assignment.patient, patient_id=assignment.patient_id, part="end")
    context = {"form": form, "assignment": assignment, "patient": assignment.patient}
    return render(request, "patients/assignment_end.html", context, status=status_of(form, error) if form.is_bound else 200)


@page("assignment.change", methods=("GET", "POST"))
def assignment_withdraw(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take an assignment back as if it had not been given, as long as nothing was logged."""
    assignment = read_assignment(request, pk)
    if request.method == "POST":
        withdraw_assignment(assignment=assignment, by=request.member, now=timezone.now())
        messages.success(request, _("The assignment was taken back."))
        return redirect("patients:patient_plan", pk=assignment.patient_id)
    audit.record("patient.view", row=assignment.patient, patient_id=assignment.patient_id, part="withdraw")
    return render(request, "patients/assignment_withdraw.html", {"assignment": assignment, "patient": assignment.patient})


@page("assignment.change", methods=("POST",))
def assignment_model_line(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show the patient the study's model line on Progress, or hide it again."""
    assignment = read_assignment(request, pk)
    is_shown = request.POST.get("show") == "yes"
    show_model_line(assignment=assignment, is_shown=is_shown, by=request.member, now=timezone.now())
    messages.success(
        request, _("The patient sees the model line now.") if is_shown else _("The patient does not see the model line any more.")
    )
    return redirect("patients:patient", pk=assignment.patient_id)
