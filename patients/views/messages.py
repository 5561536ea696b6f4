"""The thread between a patient and the clinic: the patient's page, and the tab on the clinic's page about the patient."""

import datetime as dt
import uuid
from typing import Any
from uuid import UUID

from django.contrib import messages as notices
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from clinics import audit
from clinics.emergency import number_for
from clinics.errors import DomainError
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.messages import mark_read, send_message, unread_for_clinic, unread_for_patient
from patients.forms.words import MessageForm
from patients.models import Message, Patient
from patients.views.own import own_page, own_patient
from patients.views.patient_head import head_of, open_record

A_PAGE = 40
LATEST = 2


def thread_of(request: MemberRequest, patient: Patient) -> dict[str, Any]:
    """Return one page of the thread, the newest at the bottom, and where the earlier ones begin."""
    rows = Message.objects.visible_to(request.member).filter(patient=patient).select_related("author__user")
    before = moment_of(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(sent_at__lt=before)
    found = list(rows.order_by("-sent_at", "-id")[: A_PAGE + 1])
    shown = found[:A_PAGE]
    earlier = shown[-1].sent_at.isoformat().replace("+00:00", "Z") if len(found) > A_PAGE else ""
    return {"thread": shown[::-1], "earlier": earlier, "is_past": before is not None}


def moment_of(text: str) -> dt.datetime | None:
    """Return the instant written as 2026-03-23T10:00:00Z, or None for anything else."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def latest_of(request: MemberRequest, patient: Patient) -> list[Message]:
    """Return the last messages of a thread, the newest at the bottom, in one query."""
    rows = Message.objects.visible_to(request.member).filter(patient=patient).select_related("author__user")
    return list(rows.order_by("-sent_at", "-id")[:LATEST])[::-1]


def can_be_reached(patient: Patient) -> bool:
    """Tell whether the patient (membership loaded) has an account to read messages with."""
    account = patient.membership
    return account is not None and account.is_current and account.user_id is not None


def new_form() -> MessageForm:
    """Return an empty form with the key of the next message."""
    return MessageForm(initial={"client_key": uuid.uuid4()})


def send(request: MemberRequest, patient: Patient) -> tuple[MessageForm, int]:
    """Store what was written; 0 as status means that it was sent."""
    form = MessageForm(request.POST)
    error: DomainError | None = None
    if form.is_valid():
        try:
            send_message(
                patient=patient,
                body=form.cleaned_data["body"],
                by=request.member,
                now=timezone.now(),
                client_key=form.cleaned_data["client_key"],
            )
        except DomainError as refused:
            error = refused
            add_errors(form, refused)
        else:
            return form, 0
    return form, error.status_code if error is not None and error.status_code == 429 else status_of(form, error)


@page("message.own", methods=("GET", "POST"))
def messages(request: MemberRequest) -> HttpResponse:
    """Show a patient the thread, and take a message; opening the page marks what the clinic wrote as read."""
    patient = own_patient(request)
    form, status = new_form(), 200
    if request.method == "POST":
        form, status = send(request, patient)
        if not status:
            notices.success(request, _("Sent. Your clinic reads it when somebody is there."))
            return redirect("patients:messages")
    context: dict[str, Any] = {"patient": patient, "clinic": patient.clinic, "form": form, "number": number_for(patient.clinic)}
    context |= thread_of(request, patient)
    audit.record("message.list", row=patient, patient_id=patient.pk, ids=[str(one.pk) for one in context["thread"]])
    # A browser that fetches ahead has shown nothing to anybody.
    is_seen = request.method == "GET" and "prefetch" not in request.headers.get("Sec-Purpose", "")
    if is_seen and unread_for_patient(patient.caseload):
        mark_read(patient=patient, by=request.member, now=timezone.now())
        request.unread_messages = 0
    return own_page(request, "messages", context, status=status)


@page("message.list", methods=("GET", "POST"))
def patient_messages(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show the clinic the thread with one patient, and take an answer; looking alone leaves a message waiting."""
    shown = open_record(request, pk, "messages")
    patient = shown.patient
    form, status = new_form(), 200
    if request.method == "POST":
        form, status = send(request, patient)
        if not status:
            notices.success(request, _("Sent."))
            return redirect("patients:patient_messages", patient.pk)
    context = {
        **head_of(shown, "patient_messages"),
        **thread_of(request, patient),
        "form": form,
        "unread": unread_for_clinic(patient.caseload),
        "has_account": can_be_reached(patient),
    }
    return render(request, "patients/patient_messages.html", context, status=status)


@page("message.list", methods=("POST",))
def patient_messages_read(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Mark what the patient wrote as read without an answer."""
    patient = get_visible(Patient.objects.select_related("clinic", "caseload"), request.member, pk=pk)
    mark_read(patient=patient, by=request.member, now=timezone.now())
    notices.success(request, _("Marked as read."))
    return redirect("patients:patient_messages", patient.pk)
