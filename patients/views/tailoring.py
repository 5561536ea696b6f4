"""Changing a running plan for one patient: the exercises of a week as lines to edit, what it changes, and saving it."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
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
from clinics.models import Membership
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.tailoring import Proposal, coming_weeks, propose_plan, tailor_plan, week_on
from patients.forms.tailoring import LineForm, PlanForm, Slot, slots_of
from patients.models import Assignment, ScheduledSession
from patients.models.assignment import RUNNING
from programs.forms.doses import exercise_choices
from programs.layout import lay_out
from programs.models import Exercise, ProgramVersion, SessionPlan, in_language
from programs.rules.diff import Session, diff
from programs.rules.tailoring import Edit
from programs.wording import change_text


@dataclass(slots=True)
class Draft:
    """What is on the screen: the week it starts from, the form, and its lines by session."""

    assignment: Assignment
    week: int
    today: dt.date
    form: PlanForm
    parts: list[tuple[Session, list[LineForm]]]
    proposal: Proposal | None = None
    meanwhile: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[LineForm]:
        """Every line of every session."""
        return [line for _session, lines in self.parts for line in lines]

    def edits(self) -> list[Edit]:
        """Return what the lines ask for; they must be valid."""
        return [edit for edit in (line.edit() for line in self.lines) if edit is not None]

    def is_valid(self) -> bool:
        """Look at all of it, so that every message shows at once."""
        return all([self.form.is_valid(), *(line.is_valid() for line in self.lines)])


@page("assignment.change", methods=("GET", "POST"))
def assignment_tailor(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Change the plan of one patient: edit the lines, look at what becomes different, save."""
    assignment = get_visible(
        Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program", "clinic"), request.member, pk=pk
    )
    draft = draft_of(request, assignment)
    error: DomainError | None = None
    status = 200
    if request.method != "POST":
        audit.record("patient.view", row=assignment.patient, patient_id=assignment.patient_id, part="tailor")
    elif not draft.is_valid():
        status = 422
    else:
        try:
            check_base(request, draft)
            if save_or_propose(request, draft):
                messages.success(request, _("The plan is changed. The patient sees what is different, and why."))
                return redirect("patients:patient_plan", pk=assignment.patient_id)
        except DomainError as refused:
            error = refused
            add_errors(draft.form, refused)
            status = status_of(draft.form, refused)
    return render(request, "patients/assignment_tailor.html", context_of(draft, request.member, error), status=status)


def draft_of(request: MemberRequest, assignment: Assignment) -> Draft:
    """Read what is asked or typed; without anything it is the week of today, from today on."""
    data = request.POST if request.method == "POST" else None
    today = local_day(timezone.now(), assignment.patient.zone)
    sessions = list(
        ScheduledSession.objects.visible_to(request.member)
        .filter(assignment=assignment)
        .exclude(status=ScheduledSession.Status.CANCELLED)
        .order_by("on")
    )
    pairs = [(one.week, one.on) for one in sessions]
    asked = (data or request.GET).get("week", "")
    now = week_on(assignment, pairs, max(today, assignment.tailored_on or today))
    week = int(asked) if asked.isascii() and asked.isdigit() and now <= int(asked[:3]) <= assignment.version.weeks else now
    planned = [one.on for one in sessions if one.week == week and one.on >= today and one.status == ScheduledSession.Status.PLANNED]
    begins = max(min(planned, default=today) if week > now else today, assignment.tailored_on or today)
    layout = lay_out(assignment.version)
    parts = list(slots_of(layout[week]))
    exercises = exercises_for(request, [slot for _session, slots in parts for slot in slots])
    choices = exercise_choices(list(exercises.values()))
    return Draft(
        assignment,
        week,
        today,
        PlanForm(data, initial={"from_on": begins, "until": "phase"}),
        [(session, [LineForm(data, slot=slot, exercises=exercises, choices=choices) for slot in slots]) for session, slots in parts],
    )


def exercises_for(request: MemberRequest, slots: Sequence[Slot]) -> dict[str, Exercise]:
    """Return the exercises that can be chosen: the current ones, and those of the plan in the revision it has."""
    rows = Exercise.objects.visible_to(request.member)
    used = {row.key: row for row in rows.filter(pk__in={slot.line.exercise for slot in slots if slot.line})}
    current = {row.key: row for row in rows.filter(is_current=True)}
    return {str(row.pk): row for row in {**current, **used}.values()}


def check_base(request: MemberRequest, draft: Draft) -> None:
    """Refuse what was typed over another version, and say what became different since; the next try is made over the new one."""
    assignment = draft.assignment
    base = parse_uuid(request.POST.get("base"))
    if base == assignment.version_id:
        return
    known = {key for pair in assignment.versions.values_list("version_id", "version__forked_from_id") for key in pair}
    if base is not None and base in known:
        rows = ProgramVersion.objects.visible_to(request.member)
        before, after = (coming_weeks(lay_out(one), draft.week) for one in (rows.get(pk=base), assignment.version))
        draft.meanwhile = [change_text(one) for one in diff(before, after)]
    raise Conflict(_("Somebody else has changed this plan in the meantime. Nothing of yours is saved yet: look at it again, then save."))


def save_or_propose(request: MemberRequest, draft: Draft) -> bool:
    """Save what was looked at; show first what was not. Returns whether it was saved. Raises what the actions raise."""
    given = draft.form.cleaned_data
    edits = draft.edits()
    proposal = propose_plan(assignment=draft.assignment, changes=edits, from_on=given["from_on"], until=given["until"], today=draft.today)
    draft.proposal = proposal
    if request.POST.get("step") != "save" or request.POST.get("seen") != digest_of(proposal):
        return False
    tailor_plan(
        assignment=draft.assignment,
        changes=edits,
        base_id=draft.assignment.version_id,
        by=request.member,
        now=timezone.now(),
        **given,
    )
    return True


def digest_of(proposal: Proposal) -> str:
    """Return a digest of what was shown, so that nothing else is saved."""
    shown = json.dumps([one.stored() for one in proposal.changes], sort_keys=True, default=str)
    return hashlib.sha256(shown.encode()).hexdigest()


def context_of(draft: Draft, member: Membership, error: DomainError | None) -> dict[str, Any]:
    """Return what the page shows."""
    assignment, proposal = draft.assignment, draft.proposal if error is None else None
    plans = SessionPlan.objects.visible_to(member).filter(
        version_id=assignment.version_id, week_from__lte=draft.week, week_to__gte=draft.week
    )
    phase = next((in_language(plan.phase) for plan in plans.order_by("-setting")), "")
    return {
        "assignment": assignment,
        "patient": assignment.patient,
        "is_running": assignment.status in RUNNING,
        "form": draft.form,
        "problems": problems_of(draft),
        "parts": draft.parts,
        "week": draft.week,
        "weeks": range(draft.week, assignment.version.weeks + 1),
        "phase": phase,
        "today": draft.today,
        "meanwhile": draft.meanwhile,
        "sentences": [change_text(one) for one in proposal.changes] if proposal else [],
        "seen": digest_of(proposal) if proposal else "",
    }


def problems_of(draft: Draft) -> list[tuple[str, str, str]]:
    """Return (id of the field, its name, the sentence) of everything that has to be put right, lines included."""
    if not draft.form.is_bound:
        return []
    found = [(bound.id_for_label, str(bound.label), str(error)) for bound in draft.form for error in bound.errors]
    for line in draft.lines:
        name = line.shown.name if line.shown else _("New exercise")
        found += [(bound.id_for_label, f"{name}, {bound.label}", str(error)) for bound in line for error in bound.errors]
    return found
