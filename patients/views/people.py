"""Opening a record, changing master data, inviting, and putting a record into the archive."""

from typing import Any
from uuid import UUID

import segno
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from clinics import audit
from clinics.actions.invitations import invite_to, join_url
from clinics.errors import DomainError, Invalid
from clinics.models import Invitation, Membership
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.people import EDITABLE, archive_patient, change_patient, create_patient
from patients.forms.people import InviteForm, PatientForm
from patients.models import Patient


@page("patient.create", methods=("GET", "POST"))
def patient_new(request: MemberRequest) -> HttpResponse:
    """Open a record; with an address the person can be invited in the same step."""
    member = request.member
    initial = {"language": member.clinic.language, "therapist": member.pk}
    form = PatientForm(request.POST if request.method == "POST" else None, by=member, is_new=True, initial=initial)
    error: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        invite = data.pop("invite_now")
        try:
            with transaction.atomic():
                patient = create_patient(clinic=member.clinic, by=member, now=timezone.now(), **data)
                if invite and patient.membership is not None:
                    invite_to(membership=patient.membership, email=patient.email, by=member, now=timezone.now(), language=patient.language)
        except DomainError as refused:
            error = refused
            add_errors(form, refused)
        else:
            text = _("%(name)s was added and invited.") if invite else _("%(name)s was added.")
            messages.success(request, text % {"name": patient.full_name})
            return redirect("patients:patient", pk=patient.pk)
    return render(request, "patients/patient_form.html", {"form": form, "is_new": True}, status=status_if(form, error))


@page("patient.change", methods=("GET", "POST"))
def patient_edit(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Change master data."""
    patient = read_patient(request, pk)
    initial = {name: getattr(patient, name) for name in EDITABLE} | {"therapist": patient.therapist_id}
    form = PatientForm(request.POST if request.method == "POST" else None, by=request.member, is_new=False, initial=initial)
    error: DomainError | None = None
    if request.method == "POST":
        if form.is_valid():
            try:
                change_patient(patient=patient, by=request.member, now=timezone.now(), **form.cleaned_data)
            except DomainError as refused:
                error = refused
                add_errors(form, refused)
            else:
                messages.success(request, _("Saved."))
                return redirect("patients:patient_record", pk=patient.pk)
    else:
        audit.record("patient.view", row=patient, patient_id=patient.pk, part="edit")
    return render(request, "patients/patient_form.html", {"form": form, "patient": patient, "is_new": False}, status=status_if(form, error))


@page("patient.invite", methods=("GET", "POST"))
def patient_invite(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Send an invitation, or a new one; the earlier link stops working."""
    patient = read_patient(request, pk)
    form = InviteForm(request.POST if request.method == "POST" else None, initial={"email": patient.email})
    error: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            link = send_invitation(patient, form.cleaned_data["email"], request.member)
        except DomainError as refused:
            error = refused
            add_errors(form, refused)
        else:
            # The link is known only now and is shown once, for somebody who stands at the desk.
            code = mark_safe(segno.make(link).svg_inline(scale=4, border=0))  # noqa: S308 - drawn from our own address
            return render(request, "patients/patient_invited.html", {"patient": patient, "email": form.cleaned_data["email"], "code": code})
    elif request.method == "GET":
        audit.record("patient.view", row=patient, patient_id=patient.pk, part="invitation")
    context: dict[str, Any] = {
        "form": form,
        "patient": patient,
        "joined": patient.membership is not None and patient.membership.status == Membership.Status.ACTIVE,
        "last": Invitation.objects.visible_to(request.member).filter(membership=patient.membership_id).order_by("-created_at").first(),
        "now": timezone.now(),
    }
    return render(request, "patients/patient_invite.html", context, status=status_if(form, error))


@transaction.atomic
def send_invitation(patient: Patient, email: str, by: Membership) -> str:
    """Keep the address in the record and mail the key, both or nothing; return the link."""
    now = timezone.now()
    change_patient(patient=patient, by=by, now=now, email=email.strip().lower(), therapist=patient.therapist)
    if patient.membership is None:
        raise Invalid(fields={"email": [_("An invitation needs an e-mail address.")]})
    _invitation, key = invite_to(membership=patient.membership, email=patient.email, by=by, now=now, language=patient.language)
    return join_url(key)


@page("patient.change", methods=("GET", "POST"))
def patient_archive(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take a record out of the caseload, after asking once."""
    patient = read_patient(request, pk)
    if request.method == "POST":
        archive_patient(patient=patient, by=request.member, now=timezone.now())
        messages.success(request, _("%(name)s is in the archive now. Nothing was deleted.") % {"name": patient.full_name})
        return redirect("patients:caseload")
    audit.record("patient.view", row=patient, patient_id=patient.pk, part="archive")
    return render(request, "patients/patient_archive.html", {"patient": patient})


def read_patient(request: MemberRequest, pk: UUID) -> Patient:
    """Return the patient with what actions look at; 404 for others'."""
    return get_visible(Patient.objects.select_related("clinic", "caseload", "membership__clinic", "therapist__user"), request.member, pk=pk)


def status_if(form: Any, error: DomainError | None) -> int:
    """Return 200 for a form that was not sent, otherwise the status of its refusal."""
    return status_of(form, error) if form.is_bound else 200
