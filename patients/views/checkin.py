"""The daily check-in, the lists of signs, and what is shown when one of them is reported."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics import audit
from clinics.emergency import number_for
from clinics.errors import DomainError
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.diary import check_in as store_check_in
from patients.actions.symptoms import report_symptoms, withdraw_report
from patients.day import Day, Stage, first_steps, read_day
from patients.forms.me import CheckInForm, SignsForm
from patients.models import Assessment, Patient, SymptomReport
from patients.rules.symptoms import find_sign
from patients.views.own import own_page, own_patient
from patients.wording import GROUPED_SIGN_TEXT, SIGN_TEXT

LIST = "list"
"""The answer of the list page: what is ticked counts."""
Context = SymptomReport.Context


@page("checkin.log", methods=("GET", "POST"))
def check_in(request: MemberRequest) -> HttpResponse:
    """Ask for pain, readiness and anything new; every answer of the day may be changed on the same page."""
    patient = own_patient(request)
    day = read_day(patient, now=timezone.now())
    if request.method != "POST":
        audit.record("checkin.view", row=patient, patient_id=patient.pk)
        now = dict(zip(("pain_0_10", "readiness_0_10"), day.check_in, strict=True)) if day.check_in else None
        return check_in_page(request, patient, day, CheckInForm(initial=now))
    form = CheckInForm(request.POST)
    answer = request.POST.get("answer", "")
    if form.is_valid() and answer not in {CheckInForm.NONE, CheckInForm.YES, LIST}:
        form.add_error(None, _("Please answer the last question too: none of these, or yes."))
    if not form.is_valid():
        return check_in_page(request, patient, day, form, status=422)
    signs = SignsForm(request.POST if answer == LIST else None, context=Context.CHECK_IN)
    if answer == CheckInForm.YES:
        return signs_page(request, patient, signs, back="patients:check_in", carried=form.cleaned_data)
    if answer == LIST and not chosen(signs):
        return signs_page(request, patient, signs, back="patients:check_in", carried=form.cleaned_data, status=422)
    return save_check_in(request, patient, day, form, signs if answer == LIST else None)


def save_check_in(request: MemberRequest, patient: Patient, day: Day, form: CheckInForm, signs: SignsForm | None) -> HttpResponse:
    """Store the answers; a reported sign leads to what it demands, everything else back to Today."""
    data, now = form.cleaned_data, timezone.now()
    try:
        _row, report = store_check_in(
            patient=patient,
            pain_0_10=data["pain_0_10"],
            readiness_0_10=data["readiness_0_10"],
            signs=signs.cleaned_data["signs"] if signs else (),
            by=request.member,
            now=now,
            done_at=data["done_at"] or now,
            client_key=data["client_key"],
        )
    except DomainError as error:
        add_errors(form, error)
        return check_in_page(request, patient, day, form, status=status_of(form, error))
    if report is not None and signs is not None:
        return redirect("patients:stop", report.pk)
    messages.success(request, _("Saved. Thank you."))
    return redirect("patients:today")


def check_in_page(request: HttpRequest, patient: Patient, day: Day, form: CheckInForm, *, status: int = 200) -> HttpResponse:
    """Render the check-in of its own page."""
    context = {"patient": patient, "day": day, "form": form, "signs": GROUPED_SIGN_TEXT}
    return own_page(request, "check_in", context, status=status)


def chosen(form: SignsForm) -> bool:
    """Tell whether at least one sign of the list was ticked; say so beside the list when not."""
    if form.is_valid() and not form.cleaned_data["signs"]:
        form.add_error("signs", _("Tick what applies, or choose “None of these”."))
    return form.is_valid()


def signs_page(
    request: HttpRequest, patient: Patient, form: SignsForm, *, back: str, carried: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """Render a list of signs; `carried` are the answers given before it."""
    context: dict[str, Any] = {"patient": patient, "form": form, "back": back, "carried": carried}
    if form.context.value == Context.ONBOARDING:
        context["step"] = first_steps(read_day(patient, now=timezone.now()), 2)
    return own_page(request, "signs", context, status=status)


@page("symptoms.answer", methods=("GET", "POST"))
def symptoms(request: MemberRequest) -> HttpResponse:
    """Ask for every sign before the first session; later the same page takes whatever is new."""
    patient = own_patient(request)
    now = timezone.now()
    day = read_day(patient, now=now)
    before_start = day.stage in {Stage.CHECK_MISSING, Stage.NO_PROGRAM}
    context = Context.ONBOARDING if before_start else Context.CHECK_IN
    form = SignsForm(request.POST or None, context=context)
    if request.method != "POST":
        audit.record("symptoms.view", row=patient, patient_id=patient.pk)
        return signs_page(request, patient, form, back="patients:today")
    none = request.POST.get("answer") == CheckInForm.NONE
    if none and form.is_valid() and form.cleaned_data["signs"]:
        form.add_error("signs", _("You ticked something and chose “None of these”. Please untick it, or continue with what is ticked."))
    if not form.is_valid() or not none and not chosen(form):
        return signs_page(request, patient, form, back="patients:today", status=422)
    if none and not before_start:
        return redirect("patients:today")
    try:
        report, _new = report_symptoms(
            patient=patient,
            signs=form.cleaned_data["signs"],
            context=context,
            by=request.member,
            now=now,
            client_key=form.cleaned_data["client_key"],
        )
    except DomainError as error:
        add_errors(form, error)
        return signs_page(request, patient, form, back="patients:today", status=status_of(form, error))
    if report.status != SymptomReport.Status.CLEAR:
        return redirect("patients:stop", report.pk)
    return after_clear_check(request, day)


def after_clear_check(request: MemberRequest, day: Day) -> HttpResponse:
    """Go on to the start measurement if it can be answered now, else to Today."""
    messages.success(request, _("Thank you. Nothing in your answers speaks against the training."))
    if day.assessment is not None and day.assessment[0] == Assessment.Key.BASELINE:
        return redirect("patients:assessment")
    return redirect("patients:today")


@page("symptoms.answer")
def stop(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what a reported sign demands; nothing here leads on with the training."""
    report = own_report(request, pk)
    audit.record("symptoms.view", row=report)
    if report.status not in {SymptomReport.Status.OPEN, SymptomReport.Status.WITHDRAWN}:
        messages.info(request, _("This was cleared. Training goes on as planned."))
        return redirect("patients:today")
    day = read_day(report.patient, now=timezone.now())
    goes_on = day.assessment is not None and day.assessment[0] == Assessment.Key.BASELINE and report.context == Context.ONBOARDING
    name = {SymptomReport.Level.EMERGENCY: "stop", SymptomReport.Level.URGENT: "stop_doctor"}.get(
        SymptomReport.Level(report.level), "stop_hold"
    )
    return own_page(request, name, {**stop_context(report), "goes_on": goes_on and report.level == SymptomReport.Level.CLEARANCE})


@page("symptoms.answer", methods=("GET", "POST"))
def stop_mistake(request: MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask once more, then note that the report was a mistake; the plan stays held."""
    report = own_report(request, pk)
    if report.status != SymptomReport.Status.OPEN:
        return redirect("patients:stop", report.pk)
    if request.method != "POST":
        return own_page(request, "stop_mistake", stop_context(report))
    withdraw_report(report=report, by=request.member, now=timezone.now())
    messages.success(request, _("Noted. Your therapist sees both, and lets the training start again."))
    return redirect("patients:today")


def own_report(request: MemberRequest, pk: uuid.UUID) -> SymptomReport:
    """Return a report of the person who is signed in; 404 otherwise."""
    return get_visible(
        SymptomReport.objects.select_related("patient__clinic", "patient__caseload", "patient__therapist__user"), request.member, pk=pk
    )


def stop_context(report: SymptomReport) -> dict[str, Any]:
    """Return what the stop pages say: the signs in today's language, whom to call, who was told."""
    patient = report.patient
    return {
        "report": report,
        "patient": patient,
        "clinic": patient.clinic,
        "number": number_for(patient.clinic),
        "reported": [SIGN_TEXT.get(key, key) for key in report.signs],
        "worst": [SIGN_TEXT.get(key, key) for key in report.signs if is_of_level(key, report.level)],
        "is_heart": any(key in HEART for key in report.signs),
    }


HEART = frozenset({"chest_pain", "fainting", "breathlessness", "palpitations"})
"""Signs with which one waits for help lying or sitting instead of going anywhere."""


def is_of_level(key: str, level: str) -> bool:
    """Tell whether a sign demands this level; keys of an older list count."""
    try:
        return find_sign(key).level.value == level
    except ValueError:
        return True
