"""What the patient's own pages share: the record, and where their templates are."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from clinics.errors import DoFirst
from clinics.web import MemberRequest
from patients.actions.consents import ASKED_AT, standings_of
from patients.actions.messages import unread_for_patient
from patients.models import Patient
from patients.record import find_own_record
from patients.rules.consents import is_first_visit


def own_patient(request: MemberRequest, *, asks: bool = True) -> Patient:
    """Return the record of the person who is signed in, with clinic and caseload line; 404 without one.

    Whoever was never asked what they agree to is sent there first (DoFirst), but for the pages that say `asks=False`.
    """
    patient = find_own_record(request.member)
    if patient is None:
        raise Http404
    if asks and is_first_visit(standings_of(patient)):
        raise DoFirst(page=ASKED_AT)
    request.unread_messages = unread_for_patient(patient.caseload)
    return patient


def own_page(request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Render a patient's page below templates/patients/me/."""
    return render(request, f"patients/me/{name}.html", context, status=status)
