"""Letters to the doctor who sent a patient: the form with its preview, and the letter as it was written."""

import uuid
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import DomainError
from clinics.fields import parse_uuid
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.letters import check_patient, write_letter
from patients.charts import trajectory_key, trajectory_svg
from patients.forms.letters import PREVIEW, WRITE, LetterForm
from patients.letter_words import Content, letter_content, read_facts, trajectory_from
from patients.models import Letter, Patient
from patients.rules.letters import FROM_THE_RECORD
from patients.views.patient_head import Shown


def letters_of(request: MemberRequest, shown: Shown, most: int) -> list[Letter]:
    """Return the latest letters about a patient, in one query."""
    rows = Letter.objects.visible_to(request.member).filter(patient=shown.patient).select_related("written_by__user")
    return list(rows.defer("content", "findings", "outlook").order_by("-written_at", "-id")[:most])


@page("letter.write", methods=("GET", "POST"))
def letter_new(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask what the letter should tell, show it before it is written, and write it."""
    patient = get_visible(Patient.objects.select_related("clinic", "caseload", "therapist__user"), request.member, pk=pk)
    preview: Content | None = None
    status = 200
    if request.method == "POST":
        form = LetterForm(request.POST, step=WRITE if request.POST.get("step") == WRITE else PREVIEW)
        status = 422
        if form.is_valid():
            try:
                check_patient(patient)
                if form.step == WRITE:
                    return written(request, patient, form)
                preview, status = preview_of(request, patient, form), 200
            except DomainError as error:
                add_errors(form, error)
                status = error.status_code if error.status_code == 429 else status_of(form, error)
    else:
        form = LetterForm(initial=first_words(request, patient))
    audit.record("patient.view", row=patient, patient_id=patient.pk, part="letter")
    context = {"patient": patient, "form": form, **layout(preview, form.data.get("language", ""))}
    return render(request, "patients/letter_new.html", context, status=status)


def preview_of(request: MemberRequest, patient: Patient, form: LetterForm) -> Content:
    """Return the letter as it would be written now."""
    facts = read_facts(patient, by=request.member, now=timezone.now())
    with translation.override(form.cleaned_data["language"]):
        return letter_content(facts, **form.words())


def written(request: MemberRequest, patient: Patient, form: LetterForm) -> HttpResponse:
    """Write the letter and show it."""
    data = form.cleaned_data
    row, _is_new = write_letter(
        patient=patient,
        by=request.member,
        now=timezone.now(),
        language=data["language"],
        keeps_doctor=data["keeps_doctor"],
        client_key=data["client_key"],
        **form.words(),
    )
    messages.success(request, _("The letter is written and kept in the record."))
    return redirect("patients:letter", row.pk)


def first_words(request: MemberRequest, patient: Patient) -> dict[str, Any]:
    """Return what the empty form begins with: the doctor of the record, or the words of an earlier letter (`again`)."""
    key = {"client_key": uuid.uuid4()}
    asked = parse_uuid(request.GET.get("again", ""))
    earlier = Letter.objects.visible_to(request.member).filter(patient=patient, pk=asked).first() if asked else None
    if earlier is not None:
        names = ("recipient_name", "recipient_address", "language", "parts", "findings", "outlook")
        return {**key, **{name: getattr(earlier, name) for name in names}}
    return {
        **key,
        "recipient_name": patient.doctor_name,
        "recipient_address": patient.doctor_address,
        "keeps_doctor": not patient.doctor_name,
        "language": patient.clinic.language,
        "parts": [part.value for part in FROM_THE_RECORD],
    }


def layout(content: Content | None, language: str) -> dict[str, Any]:
    """Return a letter with its figure as the page draws it; nothing for None and for a letter that was erased."""
    if not content:
        return {"letter": None}
    with translation.override(language):
        sections = [{**one, **drawing_of(one.get("figure"))} for one in content["sections"]]
    return {"letter": {**content, "sections": sections}, "letter_language": language}


def drawing_of(figure: Content | None) -> dict[str, Any]:
    """Return the figure drawn, with its key; nothing where a part has none."""
    if figure is None:
        return {}
    chart = trajectory_from(figure)
    return {"svg": trajectory_svg(chart), "key": trajectory_key(chart)}


@page("letter.view")
def letter(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show a letter as it was written, with its PDF."""
    row = get_visible(Letter.objects.select_related("patient__clinic", "written_by__user"), request.member, pk=pk)
    audit.record("letter.view", row=row)
    context = {"row": row, "patient": row.patient, "zone": row.patient.clinic.time_zone, **layout(row.content, row.language)}
    return render(request, "patients/letter.html", context)
