"""A patient's runs: entering one by hand or from a watch file, the run-walk timer, the list, and the shoes."""

import datetime as dt
import json
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import DomainError
from clinics.localtime import local_day, to_local, to_utc
from clinics.models import Membership
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.runs import LoggedRun, add_shoe, correct_run, delete_run, log_run, retire_shoe, take_up_shoe
from patients.day import Day, read_day
from patients.doses import read_content
from patients.forms.runs import (
    MINUTE,
    IntervalForm,
    RunCorrectionForm,
    RunForm,
    ShoeForm,
    WatchFileForm,
    filled_in,
    rename_duration,
)
from patients.models import Correction, DeletedRun, Patient, Run, ScheduledSession, Shoe
from patients.running import WEEK, rounds_of, shoe_lines, weeks_of
from patients.views.own import own_page, own_patient
from patients.views.progress import corrections_of
from patients.views.sessions import obstacle, sent_session
from programs.models import Prescription

WEEKS_SHOWN = 12
MOST_PAGES = 100
READ_FILE = "file"


@page("run.log")
def runs(request: MemberRequest) -> HttpResponse:
    """Show the runs of twelve weeks with the kilometres of each week."""
    patient = own_patient(request)
    today = local_day(timezone.now(), patient.zone)
    text = request.GET.get("page", "1")
    number = min(max(int(text), 1), MOST_PAGES) if text.isascii() and text.isdigit() and len(text) < 5 else 1
    last = today - WEEK * WEEKS_SHOWN * (number - 1)
    sunday = last + dt.timedelta(days=6 - last.weekday())
    since = sunday + dt.timedelta(days=1) - WEEK * WEEKS_SHOWN
    visible = Run.objects.visible_to(request.member)
    rows = list(visible.filter(on__gte=since, on__lte=sunday).select_related("shoe").order_by("-on", "-id"))
    audit.record("run.list", patient_id=patient.pk, ids=[str(row.pk) for row in rows])
    weeks = weeks_of(rows, last=last, count=WEEKS_SHOWN)
    context = {
        "patient": patient,
        "weeks": weeks,
        "shown": [week for week in weeks if week.runs],
        "bars": weeks[: next((place for place, week in reversed(list(enumerate(weeks))) if week.runs), -1) + 1],
        "number": number,
        "has_older": number < MOST_PAGES and visible.filter(on__lt=since).exists(),
    }
    return own_page(request, "runs", context)


@page("run.log", methods=("GET", "POST"))
def run_new(request: MemberRequest) -> HttpResponse:
    """Ask for a run; a watch file fills in its numbers, and only the button below it saves."""
    patient = own_patient(request)
    now = timezone.now()
    if request.method != "POST":
        audit.record("run.new", row=patient, patient_id=patient.pk)
        initial = {"on": local_day(now, patient.zone), "shoe": usual_shoe(request.member)}
        return run_page(request, patient, RunForm(initial=initial, member=request.member))
    if request.FILES or request.POST.get("answer") == READ_FILE:
        return from_watch(request, patient)
    form = RunForm(request.POST, member=request.member)
    if not form.is_valid():
        return run_page(request, patient, form, status=422)
    try:
        logged = log_run(patient=patient, by=request.member, now=now, **moment_of(form, patient, now))
    except DomainError as error:
        add_errors(form, rename_duration(error))
        return run_page(request, patient, form, status=status_of(form, error))
    say_saved(request, patient, logged)
    return redirect("patients:runs")


def from_watch(request: MemberRequest, patient: Patient) -> HttpResponse:
    """Fill in what the file says beside what was typed; nothing is saved."""
    watch = WatchFileForm(request.POST, request.FILES)
    typed = {name: value for name, value in request.POST.items() if name in RunForm.base_fields and value}
    if not watch.is_valid() or watch.recording is None:
        return run_page(request, patient, RunForm(initial=typed, member=request.member), watch=watch, status=422)
    recording = watch.recording
    began = to_local(recording.started_at, patient.zone) if recording.started_at else None
    form = RunForm(initial=typed | filled_in(recording, began), member=request.member)
    return run_page(request, patient, form, recording=recording)


def run_page(request: MemberRequest, patient: Patient, form: RunForm, *, status: int = 200, **more: Any) -> HttpResponse:
    """Render the form of a run."""
    context = {
        "patient": patient,
        "clinic": patient.clinic,
        "day": read_day(patient, now=timezone.now()),
        "form": form,
        "watch": WatchFileForm(),
        "recording": None,
        **more,
    }
    return own_page(request, "run_new", context, status=status)


def usual_shoe(member: Membership) -> Shoe | None:
    """Return the pair of the last run that named one that is still in use."""
    named = Run.objects.visible_to(member).filter(shoe__isnull=False, shoe__retired_on=None).select_related("shoe")
    last = named.order_by("-on", "-id").first()
    return last.shoe if last else None


def moment_of(form: RunForm, patient: Patient, now: dt.datetime) -> dict[str, Any]:
    """Return the answers with the moment the run ended where its beginning was entered, else the moment it was entered."""
    values = form.values()
    started, on = values.pop("started"), values["on"]
    values["done_at"] = values["done_at"] or now
    if started is not None and on is not None:
        values["done_at"] = to_utc(on, started, patient.zone) + dt.timedelta(seconds=values["duration_seconds"] or 0)
    return values


def say_saved(request: MemberRequest, patient: Patient, logged: LoggedRun) -> None:
    """Say that the run is stored, what the therapist sees, and when the shoes have run their distance."""
    amber = patient.clinic.pain_amber_max
    worst = max(logged.run.pain_worst_0_10, logged.run.leg_pain_0_10 or 0)
    if worst > amber:
        messages.success(request, _("Saved. Your therapist sees that it hurt more than %(limit)s.") % {"limit": amber})
    else:
        messages.success(request, _("Run saved."))
    if logged.worn_km is not None and logged.run.shoe is not None:
        words = _("“%(name)s” has now run %(km)s km. Shoes lose their cushioning about here: think of a new pair.")
        messages.warning(request, words % {"name": logged.run.shoe.name, "km": round(logged.worn_km)})


@page("run.log", methods=("GET", "POST"))
def run(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one run and let its answers be corrected; what it said before stays readable below."""
    row = get_visible(
        Run.objects.select_related("patient__clinic", "patient__caseload", "entered_by", "shoe", "session"), request.member, pk=pk
    )
    names = [name for name in RunCorrectionForm.base_fields if name not in {"minutes", "seconds"}]
    initial = {name: getattr(row, name) for name in names}
    if row.duration_seconds is not None:
        initial["minutes"], initial["seconds"] = divmod(row.duration_seconds, MINUTE)
    form = RunCorrectionForm(request.POST if request.method == "POST" else None, initial=initial, member=request.member, keep=row.shoe)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                correct_run(run=row, changes=form.values(), by=request.member, now=timezone.now())
            except DomainError as error:
                add_errors(form, rename_duration(error))
                status = status_of(form, error)
            else:
                messages.success(request, _("Corrected. The earlier answers stay in the history."))
                return redirect("patients:runs")
        else:
            status = 422
    else:
        audit.record("run.view", row=row)
    history = Correction.objects.visible_to(request.member).filter(object_id=row.pk).select_related("corrected_by__user")
    context = {"row": row, "patient": row.patient, "form": form, "history": corrections_of(history.order_by("-corrected_at"), form)}
    return own_page(request, "run", context, status=status)


@page("run.delete", methods=("GET", "POST"))
def run_delete(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask once, then delete a run; a second click on the button ends where the first did."""
    if DeletedRun.objects.visible_to(request.member).filter(pk=pk).exists():
        return redirect("patients:runs")
    row = get_visible(Run.objects.select_related("patient__clinic", "patient__caseload", "shoe"), request.member, pk=pk)
    if request.method == "POST":
        delete_run(run=row, by=request.member, now=timezone.now())
        messages.success(request, _("Run deleted."))
        return redirect("patients:runs")
    audit.record("run.view", row=row)
    return own_page(request, "run_delete", {"row": row, "patient": row.patient})


# --- run-walk sessions ---------------------------------------------------------------------


@page("run.log", methods=("GET", "POST"))
def session_run(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Carry through a run-walk session with a timer; below it stands what was really done."""
    row = sent_session(request, pk)
    now = timezone.now()
    day = read_day(row.patient, now=now)
    plan = intervals_in(row)
    hindered = obstacle(row, day)
    if plan is None or hindered and not (request.method == "POST" and hindered == "logged"):
        return redirect("patients:session", row.pk)
    if request.method != "POST":
        audit.record("session.view", row=row)
        initial = {"minutes": row.session_plan.minutes, "rounds_done": plan.sets, "on": row.on, "shoe": usual_shoe(request.member)}
        return timer_page(request, row, day, plan, IntervalForm(initial=initial, member=request.member))
    form = IntervalForm(request.POST, member=request.member)
    if not form.is_valid():
        return timer_page(request, row, day, plan, form, status=422)
    values = moment_of(form, row.patient, now)
    if row.on >= day.today:
        values["on"] = None
    elif values["on"] is None:
        values["on"] = row.on
    try:
        logged = log_run(patient=row.patient, session=row, by=request.member, now=now, **values)
    except DomainError as error:
        add_errors(form, rename_duration(error))
        return timer_page(request, row, day, plan, form, status=status_of(form, error))
    say_saved(request, row.patient, logged)
    return redirect("patients:today")


def intervals_in(row: ScheduledSession) -> Prescription | None:
    """Return the run-walk rounds of a session; None when it holds anything else."""
    main = read_content(row).main
    return main[0] if len(main) == 1 and main[0].run_seconds else None


def timer_page(
    request: MemberRequest, row: ScheduledSession, day: Day, plan: Prescription, form: IntervalForm, *, status: int = 200
) -> HttpResponse:
    """Render the timer with the form below it."""
    rounds = rounds_of(plan)
    context = {
        "session": row,
        "patient": row.patient,
        "clinic": row.patient.clinic,
        "day": day,
        "plan": plan,
        "rounds": rounds,
        "parts": json.dumps(rounds.parts),
        "form": form,
    }
    return own_page(request, "run_session", context, status=status)


# --- shoes ---------------------------------------------------------------------------------


@page("run.log", methods=("GET", "POST"))
def shoes(request: MemberRequest) -> HttpResponse:
    """Show the pairs with their kilometres, and add one."""
    patient = own_patient(request)
    form = ShoeForm(request.POST if request.method == "POST" else None, initial={"client_key": uuid.uuid4()})
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                add_shoe(patient=patient, by=request.member, now=timezone.now(), **form.cleaned_data)
            except DomainError as error:
                add_errors(form, error)
                status = status_of(form, error)
            else:
                messages.success(request, _("Shoes added."))
                return redirect("patients:shoes")
        else:
            status = 422
    lines = shoe_lines(Shoe.objects.visible_to(request.member))
    if request.method != "POST":
        audit.record("shoe.list", patient_id=patient.pk, ids=[str(line.shoe.pk) for line in lines])
    context = {
        "patient": patient,
        "in_use": [line for line in lines if line.shoe.retired_on is None],
        "put_aside": [line for line in lines if line.shoe.retired_on is not None],
        "form": form,
    }
    return own_page(request, "shoes", context, status=status)


@page("run.log", methods=("POST",))
def shoe_retire(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Put a pair aside."""
    shoe = get_visible(Shoe.objects.select_related("patient__clinic"), request.member, pk=pk)
    retire_shoe(shoe=shoe, by=request.member, now=timezone.now())
    messages.success(request, _("Put aside. Its runs keep their kilometres."))
    return redirect("patients:shoes")


@page("run.log", methods=("POST",))
def shoe_take_up(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Use a pair again."""
    shoe = get_visible(Shoe.objects.select_related("patient__clinic"), request.member, pk=pk)
    take_up_shoe(shoe=shoe, by=request.member, now=timezone.now())
    return redirect("patients:shoes")
