"""Files in which data leave the product: copies patients take along, letters and handouts as PDF, the table behind the outcomes."""

import re
from collections.abc import Callable, Iterator
from typing import Any, cast
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from clinics import audit, throttle
from clinics.accounts import is_confirmed
from clinics.errors import Conflict, TooMany
from clinics.localtime import local_day
from clinics.views.own import confirmed
from clinics.web import MemberRequest, get_visible, page, today_of
from exports.handout import handout_pdf
from exports.letter import letter_pdf
from exports.outcomes import COLUMNS, people_of, write_csv
from exports.record import Copy, open_copy, write_json, write_zip
from patients.handout_words import read_week
from patients.models import Letter, Patient
from patients.outcomes import read_population
from patients.views.own import own_patient

COPIES = 6
COPIES_SECONDS = 3600
LETTERS = HANDOUTS = 120
"""Papers of a kind one person may have made into a file within an hour."""
WEEK = re.compile(r"[0-9]{1,3}")
KINDS: dict[str, tuple[str, str, Callable[[Copy], Iterator[bytes]]]] = {
    "json": ("json", "application/json", write_json),
    "csv": ("zip", "application/zip", write_zip),
}


def own_record(request: MemberRequest) -> Patient:
    """Return the record of the person who is signed in, with clinic and account; 404 without one."""
    return get_visible(Patient.objects.select_related("clinic", "membership__user"), request.member)


@page("record.export")
@confirmed
def own(request: MemberRequest) -> HttpResponse:
    """Say what is in the copy and offer it, to somebody who has just shown that it is them."""
    patient = own_record(request)
    audit.record("data.view", row=patient, patient_id=patient.pk, part="download")
    return render(request, "exports/own.html", {"patient": patient})


@page("record.export", methods=("POST",))
def own_copy(request: MemberRequest, kind: str) -> HttpResponse:
    """Send the copy as JSON or as tables; a person who has not just shown that it is them is asked first."""
    if not is_confirmed(request):
        return redirect("exports:own")
    patient, now = own_record(request), timezone.now()
    if not throttle.take(f"export:{patient.pk}", amount=COPIES, seconds=COPIES_SECONDS, now=now):
        raise TooMany(_("You have downloaded your data several times within an hour. Please try again in an hour."))
    ending, content_type, write = KINDS[kind]
    audit.record("record.exported", row=patient, patient_id=patient.pk, at=now, kind=kind)
    response: Any = StreamingHttpResponse(write(open_copy(patient, now=now)), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="physio-record-{now:%Y-%m-%d}.{ending}"'
    response["Cache-Control"] = "no-store"
    return cast(HttpResponse, response)


@page("record.letter")
def letter(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Send a letter as PDF, made anew from the words that were kept."""
    row = get_visible(Letter.objects.select_related("patient"), request.member, pk=pk)
    if not row.content:
        raise Conflict(_("The words of this letter were erased together with the person they were about."))
    now = timezone.now()
    if not throttle.take(f"letter.pdf:{request.member.pk}", amount=LETTERS, seconds=3600, now=now):
        raise TooMany(_("These are many letters in a short time. Please wait a little."))
    audit.record("record.letter", row=row, at=now)
    response = HttpResponse(letter_pdf(row), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="letter-{slugify(row.patient.number)}-{row.written_at:%Y-%m-%d}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


@page("record.handout")
def handout(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Send a week of a patient's plan as PDF, in the language of the patient."""
    patient: Patient = get_visible(Patient.objects.active().select_related("clinic", "membership__user"), request.member, pk=pk)
    person = patient.membership.user if patient.membership else None
    return send_handout(request, patient, language=(person.language if person else "") or patient.clinic.language)


@page("own.handout")
def own_handout(request: MemberRequest) -> HttpResponse:
    """Send a week of one's own plan as PDF."""
    return send_handout(request, own_patient(request), language=request.LANGUAGE_CODE)


def send_handout(request: MemberRequest, patient: Patient, *, language: str) -> HttpResponse:
    """Set the week that was asked for (`?week=`, by default the coming one; `?size=large` for large print), and note it."""
    now = timezone.now()
    today = local_day(now, patient.zone)
    number = request.GET.get("week", "")
    week = read_week(patient, number=int(number) if WEEK.fullmatch(number) else None, member=request.member, today=today)
    if not throttle.take(f"handout.pdf:{request.member.pk}", amount=HANDOUTS, seconds=3600, now=now):
        raise TooMany(_("These are many handouts in a short time. Please wait a little."))
    audit.record("record.handout", row=patient, patient_id=patient.pk, at=now, week=week.number)
    large = request.GET.get("size") == "large"
    made = handout_pdf(week, language=language, large=large, member=request.member, now=now, today=today)
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="week-{week.number}-{slugify(patient.number)}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


@page("outcomes.export")
@confirmed
def outcomes(request: MemberRequest) -> HttpResponse:
    """Say what is in the table behind the outcomes and offer it, to a manager who has just shown that it is them."""
    audit.record("outcomes.view", clinic_id=request.member.clinic_id, part="download")
    return render(request, "exports/outcomes.html", {"columns": COLUMNS})


@page("outcomes.export", methods=("POST",))
def outcomes_csv(request: MemberRequest) -> HttpResponse:
    """Send the table as CSV and note it for everybody in it; a manager who has not just shown that it is them is asked first."""
    if not is_confirmed(request):
        return redirect("exports:outcomes")
    member, now = request.member, timezone.now()
    if not throttle.take(f"export-outcomes:{member.clinic_id}", amount=COPIES, seconds=COPIES_SECONDS, now=now):
        raise TooMany(_("This table was downloaded several times within an hour. Please try again in an hour."))
    population = read_population(member, today=today_of(member.clinic, now))
    people = sorted({course.patient for course in people_of(population)})
    audit.record_many(
        [
            audit.event("outcomes.export", clinic_id=member.clinic_id, at=now, count=len(people)),
            *(audit.event("outcomes.export", clinic_id=member.clinic_id, patient_id=patient, at=now) for patient in people),
        ]
    )
    content = b"".join(write_csv(population, member.clinic_id, request.LANGUAGE_CODE))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="physio-outcomes-{now:%Y-%m-%d}.csv"'
    response["Cache-Control"] = "no-store"
    return response
