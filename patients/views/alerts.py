"""Acknowledging alerts, and clearing what a patient reported."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import Conflict, DomainError
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.caseload import acknowledge_alert
from patients.actions.symptoms import clear_report
from patients.forms.alerts import AcknowledgeForm, ClearanceForm
from patients.models import Alert, SymptomReport
from patients.moments import moment_text
from patients.reasons import ICONS, reason_text
from patients.wording import SIGN_TEXT


@page("alert.acknowledge", methods=("GET", "POST"))
def alert_acknowledge(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Say that somebody looked, with a note where one is needed; whoever comes second reads who was first."""
    alert = get_visible(Alert.objects.select_related("patient__clinic", "patient__caseload", "seen_by__user"), request.member, pk=pk)
    form = AcknowledgeForm(request.POST if request.method == "POST" else None, alert=alert)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                acknowledge_alert(alert=alert, by=request.member, now=timezone.now(), note=form.cleaned_data["note"])
            except Conflict as error:
                alert = get_visible(Alert.objects.select_related("patient__clinic", "seen_by__user"), request.member, pk=pk)
                form.add_error(None, taken_text(alert))
                status = status_of(form, error)
            except DomainError as error:
                add_errors(form, error)
            else:
                messages.success(request, _("Acknowledged: %(what)s") % {"what": reason_text(alert.rule, alert.evidence)})
                return redirect("patients:patient", pk=alert.patient_id)
    else:
        audit.record("alert.view", row=alert)
    context = {
        "alert": alert,
        "patient": alert.patient,
        "text": reason_text(alert.rule, alert.evidence),
        "icon": ICONS.get(alert.rule, "info"),
        "form": form,
        "taken": taken_text(alert) if alert.status != Alert.Status.OPEN else "",
    }
    return render(request, "patients/alert.html", context, status=status)


def taken_text(alert: Alert) -> str:
    """Return who looked first, and when: "J. Keller took this, today 08:06"."""
    at = moment_text(alert.seen_at, timezone.now(), alert.patient.clinic.time_zone) if alert.seen_at else ""
    return _("%(who)s took this, %(when)s.") % {"who": alert.seen_by or _("Somebody"), "when": at}


@page("clearance.write", methods=("GET", "POST"))
def report_clear(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Write a clearance for a reported sign; the program goes on when nothing else is open."""
    report = get_visible(
        SymptomReport.objects.select_related("patient__clinic", "patient__caseload", "cleared_by__user"), request.member, pk=pk
    )
    form = ClearanceForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                clear_report(report=report, note=form.cleaned_data["note"], by=request.member, now=timezone.now())
            except Conflict as error:
                report = get_visible(
                    SymptomReport.objects.select_related("patient__clinic", "patient__caseload", "cleared_by__user"), request.member, pk=pk
                )
                form.add_error(None, cleared_text(report) or str(error.message))
                status = status_of(form, error)
            except DomainError as error:
                add_errors(form, error)
            else:
                messages.success(request, _("Clearance written. The program goes on unless something else is open."))
                return redirect("patients:patient", pk=report.patient_id)
    else:
        audit.record("symptoms.view", row=report)
    context = {
        "report": report,
        "patient": report.patient,
        "signs": [str(SIGN_TEXT.get(sign, sign)) for sign in report.signs],
        "form": form,
        "taken": cleared_text(report),
    }
    return render(request, "patients/clearance.html", context, status=status)


def cleared_text(report: SymptomReport) -> str:
    """Return who cleared a report, and when; empty while it waits."""
    if report.cleared_at is None:
        return ""
    at = moment_text(report.cleared_at, timezone.now(), report.patient.clinic.time_zone)
    return _("%(who)s cleared this, %(when)s.") % {"who": report.cleared_by or _("Somebody"), "when": at}
