"""In clinic today: the group on one sheet, a tap a set, for as many tablets as there are."""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinics import audit
from clinics.errors import Conflict, DomainError
from clinics.models import Membership
from clinics.web import MemberRequest, get_visible, page, today_of
from patients.actions.diary import check_in
from patients.actions.group import Overtaken, attend, enter, enter_as_planned, finish_session
from patients.actions.walk_in import walk_in
from patients.forms.group import Press, WalkInForm, Wish, changed_values, pressed, wish_of_press
from patients.forms.me import CheckInForm, SignsForm
from patients.lanes import Lane, chosen_slot, context_of, expected_on, read_lanes, sessions_of, slots_of
from patients.models import Patient, ScheduledSession, SessionLog, SymptomReport
from programs.models import Setting

FOUND_AT_MOST = 20
ATTENDANCES: dict[str, str] = {
    "came": ScheduledSession.Attendance.CAME,
    "late": ScheduledSession.Attendance.LATE_CANCEL,
    "no_show": ScheduledSession.Attendance.NO_SHOW,
    "expected": ScheduledSession.Attendance.EXPECTED,
}


@dataclass(slots=True)
class Problems:
    """What was refused while a sheet was stored; everything else on it is stored."""

    overtaken: list[Overtaken] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    answer: int = 200

    def attempt(self, name: str, work: Callable[[], Any]) -> bool:
        """Do something for one person; a refusal is kept with the name."""
        try:
            work()
        except Overtaken as error:
            self.overtaken.append(error)
            self.answer = 409
        except DomainError as error:
            said = [str(error.message), *(str(one) for found in error.fields.values() for one in found)]
            self.sentences.append(_("%(name)s: %(what)s") % {"name": name, "what": " ".join(filter(None, said))})
            self.answer = max(self.answer, 409 if isinstance(error, Conflict) else 422)
        else:
            return True
        return False


def read_on(request: MemberRequest) -> dt.date:
    """Return the day that is asked for; today for none and for anything that is no day."""
    try:
        return dt.date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        return today_of(request.member.clinic)


@page("group.view", methods=("GET", "POST"))
def group(request: MemberRequest) -> HttpResponse:
    """Show everyone of a day by group; POST stores what changed on the sheet and does what the pressed button says."""
    on, now = read_on(request), timezone.now()
    problems = Problems()
    if request.method == "POST":
        sessions = {session.pk: session for session in sessions_of(request.member, on)}
        press = pressed(request.POST.get("do", ""))
        store_sheet(request, sessions, press, problems, now=now)
        if problems.answer == 200:
            anchor = f"#lane-{press.session}" if press.session in sessions else ""
            return redirect(f"{address(on, request.GET.get('slot', ''))}{anchor}")
    sessions_now = sessions_of(request.member, on)
    if request.method != "POST" and "X-Refresh" not in request.headers:
        audit.record_many([audit.event("session.view", row=one, at=now, part="group") for one in sessions_now])
    lanes = read_lanes(request.member, sessions_now, now=now)
    return render(request, "patients/group.html", group_context(request, on, lanes, problems, now=now), status=problems.answer)


def address(on: dt.date, slot: str) -> str:
    """Return the address of a day's sheet."""
    return f"{reverse('patients:group')}?{urlencode({'on': on.isoformat(), 'slot': slot})}"


def group_context(request: MemberRequest, on: dt.date, lanes: Sequence[Lane], problems: Problems, *, now: dt.datetime) -> dict[str, Any]:
    """Return what the sheet shows."""
    member, zone = request.member, request.member.clinic.time_zone
    today = today_of(member.clinic, now)
    slots = slots_of(lanes, zone)
    slot = chosen_slot(slots, request.GET.get("slot", ""), now=now, zone=zone, is_today=on == today)
    shown = [one for one in slots if not slot or one.key == slot]
    asked = [lane for one in shown for lane in one.lanes]
    return {
        "on": on,
        "today": today,
        "is_today": on == today,
        "before": address(on - dt.timedelta(days=1), ""),
        "after": address(on + dt.timedelta(days=1), ""),
        "slots": [{"slot": one, "url": address(on, one.key or "all"), "current": one.key == slot} for one in slots],
        "all_url": address(on, "all"),
        "slot": slot,
        "shown": shown,
        "problems": problems,
        "places": member.clinic.group_places,
        "zone": zone,
        "now": now,
        "scores": range(11),
        "url": address(on, slot or "all"),
        "next_on": (coming := next_day(member, on) if not lanes else None),
        "next_iso": coming.isoformat() if coming else "",
        **context_of(asked),
    }


def next_day(member: Membership, on: dt.date) -> dt.date | None:
    """Return the next day with a session in the clinic, None when nothing is planned."""
    rows = ScheduledSession.objects.visible_to(member).planned().filter(clinic=member.clinic_id, setting=Setting.SUPERVISED, on__gt=on)
    found: dt.date | None = rows.order_by("on").values_list("on", flat=True).first()
    return found


def store_sheet(
    request: MemberRequest, sessions: dict[uuid.UUID, ScheduledSession], press: Press, problems: Problems, *, now: dt.datetime
) -> None:
    """Store every number that changed, then do what the button says; what is refused stands in `problems`."""
    for wish in changed_values(request.POST):
        store_wish(request, sessions, wish, problems, now=now)
    if press.kind == "finish" and press.session is None:
        finish_all(request, sessions, press, problems, now=now)
        return
    session = sessions.get(press.session) if press.session else None
    if session is None:
        return
    name = session.patient.full_name
    if press.kind == "enter":
        wish_pressed = wish_of_press(press)
        if wish_pressed is not None:
            store_wish(request, sessions, wish_pressed, problems, now=now)
    elif press.kind == "all":
        problems.attempt(name, lambda: enter_as_planned(session=session, by=request.member, now=now))
    elif press.kind == "ask":
        store_check_in(request, session, problems, now=now)
    elif press.kind == "attend" and len(press.rest) == 2 and press.rest[0] in ATTENDANCES:
        wanted, seen = ATTENDANCES[press.rest[0]], ATTENDANCES.get(press.rest[1], "")
        problems.attempt(name, lambda: attend(session=session, attendance=wanted, seen=seen, by=request.member, now=now))
    elif press.kind == "finish" and problems.attempt(name, lambda: finish_session(session=session, by=request.member, now=now)):
        messages.success(request, _("Session of %(name)s saved.") % {"name": name})


def store_wish(
    request: MemberRequest, sessions: dict[uuid.UUID, ScheduledSession], wish: Wish, problems: Problems, *, now: dt.datetime
) -> None:
    """Store one value of the sheet."""
    session = sessions.get(wish.session)
    if session is not None:
        problems.attempt(
            session.patient.full_name,
            lambda: enter(session=session, target=wish.target, value=wish.value, seen=wish.seen, by=request.member, now=now),
        )


def store_check_in(request: MemberRequest, session: ScheduledSession, problems: Problems, *, now: dt.datetime) -> None:
    """Store the check-in that was asked in the clinic, without any sign."""
    form = CheckInForm(request.POST, prefix=f"ask-{session.pk}")
    name = session.patient.full_name
    if not form.is_valid():
        problems.sentences.append(_("%(name)s: %(what)s") % {"name": name, "what": _("Choose pain and readiness first.")})
        problems.answer = max(problems.answer, 422)
        return
    given = form.cleaned_data
    problems.attempt(
        name,
        lambda: check_in(
            patient=session.patient,
            pain_0_10=given["pain_0_10"],
            readiness_0_10=given["readiness_0_10"],
            by=request.member,
            now=now,
            on=session.on,
            source=SessionLog.Source.CLINIC,
        ),
    )


def finish_all(
    request: MemberRequest, sessions: dict[uuid.UUID, ScheduledSession], press: Press, problems: Problems, *, now: dt.datetime
) -> None:
    """Make the logs of everybody of the group for whom something is entered; who lacks something is named, the others are stored."""
    asked = {found for text in request.POST.getlist("lane") if (found := pressed(f"lane/{text}").session)}
    stored = 0
    for pk in [pk for pk in sessions if pk in asked]:
        work = partial(finish_session, session=sessions[pk], by=request.member, now=now)
        stored += problems.attempt(sessions[pk].patient.full_name, work)
    if stored:
        messages.success(request, ngettext("%(n)s session saved.", "%(n)s sessions saved.", stored) % {"n": stored})


@page("session.walk_in", methods=("GET", "POST"))
def walk_in_page(request: MemberRequest) -> HttpResponse:
    """Find somebody who came without being expected and put them on today's sheet."""
    member, words = request.member, request.GET.get("q", "").strip()[:80]
    slot = request.GET.get("slot", "")
    error = ""
    if request.method == "POST":
        form = WalkInForm(request.POST)
        if form.is_valid():
            patient = get_visible(Patient.objects.select_related("clinic", "caseload"), member, pk=form.cleaned_data["patient"])
            try:
                session = walk_in(patient=patient, by=member, now=timezone.now(), at_time=form.cleaned_data["at_time"])
            except DomainError as refused:
                error = _("%(name)s: %(what)s") % {"name": patient.full_name, "what": refused.message}
            else:
                messages.success(request, _("%(name)s is on the sheet.") % {"name": patient.full_name})
                return redirect(f"{address(session.on, slot)}#lane-{session.pk}")
        else:
            error = _("Please choose from the list.")
    found = Patient.objects.visible_to(member).active().filter(caseload__program_status__in=["running", "held"], clinic=member.clinic_id)
    people = (
        list(found.matching(words, clinic=member.clinic_id).select_related("caseload").order_by("last_name", "first_name")[:FOUND_AT_MOST])
        if words
        else []
    )
    today = today_of(member.clinic)
    here = set(expected_on(member, today).values_list("patient_id", flat=True)) if people else set()
    audit.record("caseload.list", part="walk_in", ids=[str(one.pk) for one in people])
    context = {"words": words, "people": people, "here": here, "slot": slot, "error": error, "back": address(today, slot)}
    return render(request, "patients/walk_in.html", context, status=409 if error else 200)


@page("symptoms.create", methods=("GET", "POST"))
def group_signs(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask which warning sign is new before somebody trains; what is ticked is judged like the patient's own answer."""
    request.nav_key = "group"
    session = get_visible(
        ScheduledSession.objects.select_related("patient__clinic", "patient__caseload", "assignment"), request.member, pk=pk
    )
    back = f"{address(session.on, '')}#lane-{session.pk}"
    scores = CheckInForm(request.POST if request.method == "POST" else None)
    form = SignsForm(request.POST if request.method == "POST" else None, context=SymptomReport.Context.CHECK_IN)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and scores.is_valid():
            if not form.cleaned_data["signs"]:
                form.add_error("signs", _("Tick what applies, or choose “None of these”."))
            else:
                given = scores.cleaned_data
                check_in(
                    patient=session.patient,
                    pain_0_10=given["pain_0_10"],
                    readiness_0_10=given["readiness_0_10"],
                    signs=form.cleaned_data["signs"],
                    by=request.member,
                    now=timezone.now(),
                    source=SessionLog.Source.CLINIC,
                )
                return redirect(back)
    else:
        audit.record("symptoms.view", row=session, patient_id=session.patient_id)
    context = {"session": session, "patient": session.patient, "form": form, "scores": scores, "back": back}
    return render(request, "patients/group_signs.html", context, status=status)
