"""Taking alerts, putting them off and closing them, and clearing what a patient reported."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinics import audit
from clinics.errors import Conflict, DomainError
from clinics.models import Membership
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of, today_of
from patients.actions.alerts import acknowledge_alert, resolve_alert, snooze_alert
from patients.actions.symptoms import clear_report
from patients.forms.alerts import AcknowledgeForm, AlertForm, ClearanceForm, ResolveForm, SnoozeForm
from patients.models import Alert, AlertStep, SymptomReport
from patients.moments import full_day, moment_text
from patients.reasons import ICONS, reason_text
from patients.rules.alerts import Move, Status, moves
from patients.wording import SIGN_TEXT

FILTERS_LENGTH = 300
DONE_TEXTS = {
    Move.ACKNOWLEDGE: gettext_lazy("Acknowledged: %(what)s"),
    Move.SNOOZE: gettext_lazy("Put off: %(what)s"),
    Move.RESOLVE: gettext_lazy("Resolved: %(what)s"),
}


@page("alert.acknowledge", methods=("GET", "POST"))
def alert_acknowledge(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show an alert with its history and take it, with a note where one is needed; whoever comes second reads who was first."""
    return alert_page(request, pk, Move.ACKNOWLEDGE)


@page("alert.snooze", methods=("GET", "POST"))
def alert_snooze(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Put an alert off until a day, with the reason."""
    return alert_page(request, pk, Move.SNOOZE)


@page("alert.resolve", methods=("GET", "POST"))
def alert_resolve(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Close an alert, with a note where one is needed."""
    return alert_page(request, pk, Move.RESOLVE)


def alert_page(request: MemberRequest, pk: UUID, move: Move) -> HttpResponse:
    """Show one alert with the form of one move, or carry the move out and go back to where the person came from."""
    alert = load_alert(request, pk)
    now = timezone.now()
    form = form_of(alert, move, now, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                carry_out(alert, move, form.cleaned_data, request.member, now)
            except Conflict as error:
                alert = load_alert(request, pk)
                # What was typed stays; sent once more it counts for what the alert is now.
                form = form_of(alert, move, now, {**request.POST.dict(), "saw": alert.status})
                form.add_error(None, taken_text(alert, steps_of(request, [alert])[alert.pk], now))
                status = status_of(form, error)
            except DomainError as error:
                add_errors(form, error)
            else:
                messages.success(request, DONE_TEXTS[move] % {"what": reason_text(alert.rule, alert.evidence)})
                return redirect(way_back(request, alert) if back_of(request) else done_page(alert.patient_id))
    else:
        audit.record("alert.view", row=alert)
    steps = steps_of(request, [alert])[alert.pk]
    possible = moves(Status(alert.status), is_stop=alert.level == Alert.Level.STOP)
    context = {
        "alert": alert,
        "patient": alert.patient,
        "text": reason_text(alert.rule, alert.evidence),
        "icon": ICONS.get(alert.rule, "info"),
        "form": form,
        "move": move.value,
        "can": [one.value for one in possible],
        "is_possible": move in possible,
        "never": move == Move.SNOOZE and alert.level == Alert.Level.STOP,
        "back": back_of(request),
        "filters": filters_of(request),
        "way_back": way_back(request, alert),
        "origin": f"?{urlencode({'back': 'caseload', 'list': filters_of(request)})}" if back_of(request) else "",
        "steps": steps,
        "taken": taken_text(alert, steps, now) if alert.status != Alert.Status.OPEN else "",
    }
    return render(request, "patients/alert.html", context, status=status)


def back_of(request: MemberRequest) -> str:
    """Return "caseload" when the person came from the list, else nothing."""
    return "caseload" if request.POST.get("back", request.GET.get("back")) == "caseload" else ""


def filters_of(request: MemberRequest) -> str:
    """Return the filters of the list the person came from, as they stand in its address."""
    return QueryDict(request.POST.get("list", request.GET.get("list", ""))[:FILTERS_LENGTH]).urlencode()


def way_back(request: MemberRequest, alert: Alert) -> str:
    """Return where the person came from: the list with its filters, or the patient."""
    if not back_of(request):
        return reverse("patients:patient", args=[alert.patient_id])
    filters = filters_of(request)
    return reverse("patients:caseload") + (f"?{filters}" if filters else "")


def done_page(patient_id: UUID) -> str:
    """Return the page of a patient about whom something was just done: it names who is next."""
    return f"{reverse('patients:patient', args=[patient_id])}?after=1"


def load_alert(request: MemberRequest, pk: UUID) -> Alert:
    """Return an alert of the own clinic with everything its actions look at; 404 otherwise."""
    return get_visible(
        Alert.objects.select_related("patient__clinic", "patient__caseload", "seen_by__user", "rule_set"), request.member, pk=pk
    )


def form_of(alert: Alert, move: Move, now: dt.datetime, data: Any) -> AlertForm:
    """Return the form of a move."""
    if move == Move.SNOOZE:
        return SnoozeForm(data, alert=alert, today=today_of(alert.patient.clinic, now))
    return (AcknowledgeForm if move == Move.ACKNOWLEDGE else ResolveForm)(data, alert=alert)


def carry_out(alert: Alert, move: Move, data: dict[str, Any], by: Membership, now: dt.datetime) -> None:
    """Carry a move out with what the form holds; without the status that was seen it is taken to have been open."""
    saw = data["saw"] or Alert.Status.OPEN
    if move == Move.ACKNOWLEDGE:
        acknowledge_alert(alert=alert, by=by, now=now, note=data["note"], saw=saw)
    elif move == Move.SNOOZE:
        snooze_alert(alert=alert, until=data["until"], reason=data["reason"], by=by, now=now, note=data["note"], saw=saw)
    else:
        resolve_alert(alert=alert, by=by, now=now, note=data["note"], saw=data["saw"] or None)


def steps_of(request: MemberRequest, alerts: Iterable[Alert]) -> dict[UUID, list[AlertStep]]:
    """Return the history of alerts, the first step first, in one query."""
    found: dict[UUID, list[AlertStep]] = {alert.pk: [] for alert in alerts}
    for step in AlertStep.objects.visible_to(request.member).filter(alert__in=list(found)).select_related("by__user"):
        found[step.alert_id].append(step)
    return found


def taken_text(alert: Alert, steps: Sequence[AlertStep], now: dt.datetime) -> str:
    """Return who did the last thing with an alert, and when: "J. Keller took this, today 08:06"."""
    last = steps[-1] if steps else None
    who, at = (last.by, last.at) if last else (alert.seen_by, alert.seen_at)
    words = {"who": who or _("Somebody"), "when": moment_text(at, now, alert.patient.clinic.time_zone) if at else ""}
    if alert.status == Alert.Status.SNOOZED and alert.snoozed_until_on:
        return _("%(who)s put this off until %(day)s, %(when)s.") % {**words, "day": full_day(alert.snoozed_until_on)}
    if alert.status == Alert.Status.RESOLVED:
        return _("%(who)s resolved this, %(when)s.") % words
    return _("%(who)s took this, %(when)s.") % words


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
                return redirect(done_page(report.patient_id))
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
