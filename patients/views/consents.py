"""What a patient agrees to: asked once at the beginning, readable and revocable ever after."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics import audit
from clinics.web import MemberRequest, page
from patients.actions.consents import give_consents, standings_of, withdraw_consent
from patients.day import Stage, first_steps, read_day
from patients.forms.words import ConsentForm
from patients.models import Consent, Patient
from patients.rules.consents import NEEDED, VERSIONS, Purpose, is_first_visit, to_ask
from patients.views.own import own_page, own_patient


def text_of(purpose: Purpose, version: str) -> str:
    """Return the template that holds the words of a version."""
    return f"patients/consents/{purpose}_{version}.html"


@page("own.consent", methods=("GET", "POST"))
def consent(request: MemberRequest) -> HttpResponse:
    """Ask once, each purpose on its own; then go on to the symptom check."""
    patient = own_patient(request, asks=False)
    standings = standings_of(patient)
    if not is_first_visit(standings):
        return redirect("patients:consents")
    asked = to_ask(standings)
    form = ConsentForm(request.POST if request.method == "POST" else None, purposes=asked)
    day = read_day(patient, now=timezone.now())
    if request.method == "POST" and form.is_valid():
        give_consents(patient=patient, purposes=form.chosen(), by=request.member, now=timezone.now())
        messages.success(request, _("Saved. You find it again under “More”, “My agreements”."))
        return redirect("patients:symptoms" if day.stage in {Stage.CHECK_MISSING, Stage.NO_PROGRAM} else "patients:today")
    audit.record("consent.view", row=patient, patient_id=patient.pk)
    rows = [
        {
            "purpose": purpose.value,
            "label": Consent.Purpose(purpose).label,
            "is_needed": purpose in NEEDED,
            "text": text_of(purpose, VERSIONS[purpose]),
            "field": form[purpose.value],
        }
        for purpose in asked
    ]
    context = {"patient": patient, "clinic": patient.clinic, "form": form, "asked": rows, "step": first_steps(day, 1)}
    return own_page(request, "consent", context, status=422 if form.errors else 200)


@page("own.consent", methods=("GET", "POST"))
def consents(request: MemberRequest) -> HttpResponse:
    """Show every purpose with its words, version and days; POST gives one again or takes one of the free ones back."""
    patient = own_patient(request, asks=False)
    now = timezone.now()
    if request.method == "POST":
        given, withdrawn = request.POST.get("give", ""), request.POST.get("withdraw", "")
        if given in set(Purpose) and not is_first_visit(standings_of(patient)):
            give_consents(patient=patient, purposes=[given], by=request.member, now=now)
            messages.success(request, _("Agreed. Thank you."))
        elif withdrawn in set(Purpose) - NEEDED:
            withdraw_consent(patient=patient, purpose=withdrawn, by=request.member, now=now)
            messages.success(request, _("Taken back."))
        return redirect("patients:consents")
    audit.record("consent.view", row=patient, patient_id=patient.pk)
    rows = list(Consent.objects.visible_to(request.member).filter(patient=patient))
    context = {
        "patient": patient,
        "clinic": patient.clinic,
        "is_first": is_first_visit(standings_of(patient)),
        "agreements": [agreement_of(purpose, rows) for purpose in Purpose],
    }
    return own_page(request, "consents", context)


def agreement_of(purpose: Purpose, rows: Sequence[Consent]) -> dict[str, Any]:
    """Return one purpose: the row in force (None: none), the last row there was, and the ones before."""
    mine = [row for row in rows if row.purpose == purpose]
    row = next((one for one in mine if one.withdrawn_at is None and one.replaced_at is None), None)
    last = mine[0] if mine else None
    return {
        "purpose": purpose.value,
        "label": Consent.Purpose(purpose).label,
        "is_needed": purpose in NEEDED,
        "row": row,
        "last": last,
        "is_outdated": row is not None and row.version != VERSIONS[purpose],
        "text": text_of(purpose, VERSIONS[purpose]),
        "old_text": text_of(purpose, row.version) if row else "",
        "history": [one for one in mine if one is not (row or last)],
    }


@page("own.consent", methods=("GET", "POST"))
def consent_stop(request: MemberRequest) -> HttpResponse:
    """Say what follows when the agreement to the record is taken back; POST takes it back."""
    patient: Patient = own_patient(request, asks=False)
    if request.method != "POST":
        return own_page(request, "consent_stop", {"patient": patient, "clinic": patient.clinic})
    withdraw_consent(patient=patient, purpose=Purpose.RECORD.value, by=request.member, now=timezone.now())
    messages.success(request, _("Taken back. Your training is on hold, and your clinic was told."))
    return redirect("patients:consents")
