"""My data: the download, who looked, what was corrected, the wish to be erased, and the clinic's answer to it."""

import uuid
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import DomainError
from clinics.models import Membership
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.erasing import ask_for_erasure, erase_patient, refuse_erasure, withdraw_erasure
from patients.forms.erasure import AskForm, EraseForm, RefuseForm
from patients.history import lines_of
from patients.models import Assignment, Correction, ErasureRequest, Patient
from patients.views.own import own_page, own_patient

A_PAGE = 50
MOST_PAGES = 200
LISTED = 200


def last_request(member: Membership, patient: Patient) -> ErasureRequest | None:
    """Return the latest request of a patient, with who answered it."""
    rows = ErasureRequest.objects.visible_to(member).filter(patient=patient).select_related("answered_by__user", "patient__clinic")
    found: ErasureRequest | None = rows.order_by("-asked_at").first()
    return found


# --- the patient's side -------------------------------------------------------------------


@page("own.record")
def my_data(request: MemberRequest) -> HttpResponse:
    """Show what a patient can do with the own data, and how the wish to be erased stands."""
    patient = own_patient(request)
    audit.record("data.view", row=patient, patient_id=patient.pk)
    context = {"patient": patient, "clinic": patient.clinic, "wish": last_request(request.member, patient)}
    return own_page(request, "my_data", context)


@page("own.record")
def corrections(request: MemberRequest) -> HttpResponse:
    """Show every correction of an own entry, newest first, with what it said before."""
    patient = own_patient(request)
    rows = Correction.objects.visible_to(request.member).exclude(before={}).select_related("corrected_by__user")
    found = Paginator(rows.order_by("-corrected_at", "-id"), A_PAGE).get_page(request.GET.get("page", "1")[:5])
    audit.record("entry.list", patient_id=patient.pk, ids=[str(one.object_id) for one in found])
    context = {"patient": patient, "page": found, "lines": lines_of(found, request.member)}
    return own_page(request, "corrections", context)


@page("erasure.ask", methods=("GET", "POST"))
def erasure_ask(request: MemberRequest) -> HttpResponse:
    """Explain what erasing means and take the wish; a second click on the button ends where the first did."""
    patient = own_patient(request)
    form, status = AskForm(request.POST if request.method == "POST" else None, initial={"client_key": uuid.uuid4()}), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                ask_for_erasure(patient=patient, by=request.member, now=timezone.now(), **form.cleaned_data)
            except DomainError as error:
                add_errors(form, error)
                status = status_of(form, error)
            else:
                messages.success(request, _("Your clinic has your request."))
                return redirect("patients:my_data")
    else:
        audit.record("data.view", row=patient, patient_id=patient.pk, part="erasure")
        wish = last_request(request.member, patient)
        if wish is not None and wish.status == ErasureRequest.Status.OPEN:
            return redirect("patients:my_data")
    return own_page(request, "erasure_ask", {"patient": patient, "clinic": patient.clinic, "form": form}, status=status)


@page("erasure.ask", methods=("POST",))
def erasure_withdraw(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take the wish back; a second click ends where the first did."""
    wish = get_visible(ErasureRequest.objects.all(), request.member, pk=pk)
    if wish.status != ErasureRequest.Status.WITHDRAWN:
        withdraw_erasure(request=wish, by=request.member, now=timezone.now())
    messages.success(request, _("You have taken your request back. Your data stays as it is."))
    return redirect("patients:my_data")


# --- the clinic's side --------------------------------------------------------------------


@page("erasure.list")
def erasure_requests(request: MemberRequest) -> HttpResponse:
    """Show the requests for erasure, those that wait first, and what was answered."""
    member = request.member
    rows = ErasureRequest.objects.visible_to(member).select_related("patient", "answered_by__user")
    waiting = list(rows.filter(status=ErasureRequest.Status.OPEN).order_by("asked_at")[:LISTED])
    answered = list(rows.exclude(status=ErasureRequest.Status.OPEN).order_by("-asked_at")[:LISTED])
    audit.record("erasure.list", clinic_id=member.clinic_id, ids=[str(row.pk) for row in (*waiting, *answered)])
    context = {"waiting": waiting, "answered": answered, "zone": member.clinic.time_zone}
    return render(request, "patients/erasure_requests.html", context)


@page("erasure.answer", methods=("GET", "POST"))
def erasure(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show one patient's request and let a manager refuse it with a reason, or carry the erasure out after two confirmations."""
    patient = get_visible(Patient.objects.select_related("clinic", "caseload", "membership"), request.member, pk=pk)
    wish = last_request(request.member, patient)
    refuse, erase = RefuseForm(), EraseForm()
    status, now = 200, timezone.now()
    if request.method == "POST" and "refuse" in request.POST:
        refuse, status = RefuseForm(request.POST), 422
        if refuse.is_valid() and wish is not None:
            try:
                refuse_erasure(request=wish, reason=refuse.cleaned_data["reason"], by=request.member, now=now)
            except DomainError as error:
                add_errors(refuse, error)
                status = status_of(refuse, error)
            else:
                messages.success(request, _("Refused. The patient sees the reason."))
                return redirect("patients:erasure_requests")
    elif request.method == "POST":
        erase, status = EraseForm(request.POST), 422
        if erase.is_valid():
            years = patient.clinic.keep_records_years
            try:
                erase_patient(patient=patient, typed=erase.cleaned_data["number"], by=request.member, now=now, years=years)
            except DomainError as error:
                add_errors(erase, error)
                status = status_of(erase, error)
            else:
                messages.success(request, _("Carried out. Nothing names this person any more."))
                return redirect("patients:erasure", pk=patient.pk)
    else:
        audit.record("patient.view", row=patient, patient_id=patient.pk, part="erasure")
    running: Any = Assignment.objects.visible_to(request.member).running().filter(patient=patient).exists()
    context = {"patient": patient, "wish": wish, "refuse": refuse, "erase": erase, "is_running": running}
    return render(request, "patients/erasure.html", context, status=status)
