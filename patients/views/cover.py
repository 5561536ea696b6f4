"""Holidays: who stands in for whom, from which day to which."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics.errors import DomainError
from clinics.models import Role
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of, today_of
from patients.actions.cover import arrange_cover, end_cover
from patients.forms.care import CoverForm
from patients.models import Cover

PAST = 50
"""So many covers that are over are listed."""


@page("cover.list", methods=("GET", "POST"))
def covers(request: MemberRequest) -> HttpResponse:
    """Show who stands in for whom now, later and before; POST arranges another cover."""
    member = request.member
    form = CoverForm(request.POST or None, member=member)
    error: DomainError | None = None
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            row = arrange_cover(
                covered=given.get("covered", member),
                by_whom=given["by"],
                from_on=given["from_on"],
                to_on=given["to_on"],
                by=member,
                now=timezone.now(),
            )
        except DomainError as refused:
            error = refused
            add_errors(form, refused)
        else:
            messages.success(request, _("%(who)s stands in for %(covered)s.") % {"who": row.by, "covered": row.covered})
            return redirect("patients:covers")
    today = today_of(member.clinic)
    rows = Cover.objects.visible_to(member).select_related("covered__user", "by__user", "ended_by__user")
    coming = list(rows.not_over(today).order_by("from_on", "to_on", "pk"))
    context = {
        "form": form,
        "now": [row for row in coming if row.from_on <= today],
        "later": [row for row in coming if row.from_on > today],
        "past": rows.exclude(pk__in=[row.pk for row in coming]).order_by("-to_on", "-pk")[:PAST],
        "today": today,
        "is_manager": member.role == Role.MANAGER,
        "zone": member.clinic.time_zone,
    }
    return render(request, "patients/covers.html", context, status=status_of(form, error) if form.is_bound else 200)


@page("cover.change", methods=("POST",))
def cover_end(request: MemberRequest, pk: UUID) -> HttpResponse:
    """End a cover early, or call one off."""
    row = get_visible(Cover.objects.select_related("covered"), request.member, pk=pk)
    try:
        end_cover(cover=row, by=request.member, now=timezone.now())
        messages.success(request, _("The cover has ended."))
    except DomainError as error:
        messages.error(request, str(error.message))
    return redirect("patients:covers")
