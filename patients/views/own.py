"""What the patient's own pages share: the record, and where their templates are."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from clinics.web import MemberRequest
from patients.models import Patient
from patients.record import find_own_record


def own_patient(request: MemberRequest) -> Patient:
    """Return the record of the person who is signed in, with clinic and caseload line; 404 without one."""
    patient = find_own_record(request.member)
    if patient is None:
        raise Http404
    return patient


def own_page(request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Render a patient's page below templates/patients/me/."""
    return render(request, f"patients/me/{name}.html", context, status=status)
