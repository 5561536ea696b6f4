"""Access that looks unusual, for the managers of a clinic, with a note by whoever looked at it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import DomainError
from clinics.web import MemberRequest, add_errors, page, status_of
from patients.access import DAYS, Judged, find_unusual, judged, names_of
from patients.actions.access import review_access
from patients.forms.access import ReviewForm
from patients.models import Patient
from patients.rules.access import WEAK

SHOWN = 100
NAMED = 5
"""So many patients of a flag are named; the trail has them all."""


@page("access.list", methods=("GET", "POST"))
def unusual_access(request: MemberRequest) -> HttpResponse:
    """Show what is unusual in the last 30 days; POST notes what was found about one of them."""
    form = ReviewForm(request.POST or None)
    status = 200
    if form.is_bound:
        error: DomainError | None = None
        if form.is_valid():
            given = form.cleaned_data
            try:
                review_access(
                    kind=given["kind"],
                    actor_id=given["actor"],
                    day=given["day"],
                    upto=given["upto"],
                    note=given["note"],
                    by=request.member,
                    now=timezone.now(),
                )
            except DomainError as refused:
                error = refused
                add_errors(form, refused)
            else:
                messages.success(request, _("Noted."))
                return redirect("patients:access")
        status = status_of(form, error)
    return render(request, "patients/access.html", shown(request, form), status=status)


def shown(request: MemberRequest, form: ReviewForm) -> dict[str, Any]:
    """Return what the page shows, and note that it was read."""
    member = request.member
    found = judged(member, find_unusual(member, timezone.now()))
    new, seen = [one for one in found if one.is_new], [one for one in found if not one.is_new]
    listed = [*new[:SHOWN], *seen[:SHOWN]]
    names = names_of(member, {one.flag.actor for one in listed})
    patients = Patient.objects.visible_to(member).in_bulk({key for one in listed for key in one.flag.patients[:NAMED]})

    def entry(one: Judged) -> dict[str, Any]:
        sent = form.data if form.is_bound else {}
        is_asked = (sent.get("kind"), sent.get("actor"), sent.get("day")) == (one.flag.kind, str(one.flag.actor), str(one.flag.on))
        return {
            "flag": one.flag,
            "review": one.review,
            "who": names.get(one.flag.actor, _("an administrator")),
            "patients": [patients[key] for key in one.flag.patients[:NAMED] if key in patients],
            "more": max(len(one.flag.patients) - NAMED, 0),
            "is_weak": one.flag.kind in WEAK,
            "upto": one.flag.last_at.isoformat(),
            "form": form if is_asked else None,
        }

    audit.record("access.list", count=len(found))
    return {
        "new": [entry(one) for one in new[:SHOWN]],
        "seen": [entry(one) for one in seen[:SHOWN]],
        "new_count": len(new),
        "days": DAYS,
        "limit": member.clinic.access_records_per_hour,
        "zone": member.clinic.time_zone,
        "form": form,
    }
