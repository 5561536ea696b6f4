"""The page and the files with which patients take their record along."""

from collections.abc import Callable, Iterator
from typing import Any, cast

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics import audit, throttle
from clinics.accounts import is_confirmed
from clinics.errors import TooMany
from clinics.views.own import confirmed
from clinics.web import MemberRequest, get_visible, page
from exports.record import Copy, open_copy, write_json, write_zip
from patients.models import Patient

COPIES = 6
COPIES_SECONDS = 3600
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
