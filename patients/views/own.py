"""What the patient's own pages share: the record, and where their templates are."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clinics.web import MemberRequest, get_visible
from patients.models import Patient


def own_patient(request: MemberRequest) -> Patient:
    """Return the record of the person who is signed in, with clinic and caseload line; 404 without one."""
    patient = get_visible(Patient.objects.select_related("caseload"), request.member)
    patient.clinic = request.member.clinic
    return patient


def own_page(request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Render a patient's page below templates/patients/me/."""
    return render(request, f"patients/me/{name}.html", context, status=status)
