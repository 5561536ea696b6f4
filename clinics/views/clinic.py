"""What a manager sets for the whole clinic."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics.actions.members import add_closed_day, change_clinic, remove_closed_day
from clinics.branding import logo_with_key
from clinics.emergency import number_in
from clinics.errors import DomainError
from clinics.forms.people import ClinicForm, ClosedDayForm
from clinics.middleware import KEPT
from clinics.models import Clinic, ClosedDay
from clinics.permissions import PUBLIC
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of, today_of


@page("clinic.change", methods=("GET", "POST"))
def change(request: MemberRequest) -> HttpResponse:
    """Show and change the clinic's settings."""
    clinic = Clinic.objects.get(pk=request.member.clinic_id)
    form = ClinicForm(request.POST or None, instance=clinic)
    if form.is_bound and form.is_valid():
        change_clinic(clinic=clinic, changes=form.cleaned_data, by=request.member, now=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("clinics:clinic")
    context = {"form": form, "number": number_in(clinic.country)}
    return render(request, "clinics/clinic.html", context, status=422 if form.is_bound else 200)


@page("clinic.change", methods=("GET", "POST"))
def closed_days(request: MemberRequest) -> HttpResponse:
    """Show the days on which nobody is treated; POST adds one."""
    member, form, status = request.member, ClosedDayForm(request.POST or None), 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                add_closed_day(by=member, now=timezone.now(), **form.cleaned_data)
                return redirect("clinics:closed_days")
            except DomainError as error:
                add_errors(form, error)
                status = status_of(form, error)
    days = ClosedDay.objects.visible_to(member).filter(on__gte=today_of(member.clinic))
    return render(request, "clinics/closed_days.html", {"form": form, "days": days}, status=status)


@page(PUBLIC)
def logo(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Send a clinic's logo to anybody who has its address, a mail program above all; a changed one has another address."""
    found = logo_with_key(pk)
    if found is None:
        raise Http404
    response = HttpResponse(bytes(found.content), content_type="image/png", headers={"X-Content-Type-Options": "nosniff"})
    response["Cache-Control"] = f"{KEPT}, max-age=31536000, immutable"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@page("clinic.change", methods=("POST",))
def closed_day_remove(request: MemberRequest, pk: str) -> HttpResponse:
    """Open the clinic on that day after all."""
    remove_closed_day(day=get_visible(ClosedDay.objects.all(), request.member, pk=pk), by=request.member, now=timezone.now())
    return redirect("clinics:closed_days")
