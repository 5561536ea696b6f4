"""Handing patients over to a colleague, with a look before, and what happens to them when somebody leaves."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinics import audit
from clinics.errors import DomainError
from clinics.models import Membership
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.handover import Handed, end_staff, hand_over
from patients.forms.care import ConfirmHandOverForm, EndStaffForm, HandOverForm
from patients.handing import Line, Source, lines_of, sources_of

LISTED = 300
"""So many patients are offered to choose from; more are handed over all at once or from their own pages."""
ADDRESS = "patients:hand_over"


def chosen_source(request: MemberRequest, sources: list[Source]) -> Source:
    """Return whose patients are handed over: the one named, otherwise the only or first one; 404 for anybody else."""
    asked = request.POST.get("from") or request.GET.get("from") or ""
    if not asked:
        return next((one for one in sources if one.member == request.member), sources[0] if sources else Source(request.member, 0))
    found = next((one for one in sources if one.key == asked), None)
    if found is None:
        # Somebody of the clinic whose last patient has just been handed over has an empty page, not a missing one.
        key = as_key(asked)
        colleague = Membership.objects.visible_to(request.member).staff().filter(pk=key).first() if key else None
        if colleague is None or request.member.role != "manager":
            raise Http404
        return Source(colleague, 0, is_former=not colleague.is_current)
    return found


def as_key(text: str) -> UUID | None:
    """Return the id a text holds, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


@page("patient.hand_over", methods=("GET", "POST"))
def hand_over_page(request: MemberRequest) -> HttpResponse:
    """Choose patients and a colleague, look at who and what is open, then hand over."""
    member = request.member
    sources = sources_of(member)
    source = chosen_source(request, sources)
    if request.POST.get("step") == "confirm":
        return confirm(request, source)
    lines = lines_of(member, source.member, limit=LISTED)
    offered = [(line.pk, line.name) for line in lines]
    form = HandOverForm(request.POST or None, by=member, source=source.member, offered=offered)
    status = 200
    if form.is_bound and request.POST.get("step") == "preview":
        status = 422
        if form.is_valid():
            only = form.cleaned_data["patients"] if form.cleaned_data["which"] == "some" else None
            return preview(request, source, lines_of(member, source.member, only=only), form)
    audit.record("handover.list", ids=[str(line.pk) for line in lines])
    context = {"form": form, "sources": sources, "source": source, "lines": lines, "is_cut": source.count > len(lines)}
    return render(request, "patients/hand_over.html", context, status=status)


def preview(request: MemberRequest, source: Source, lines: list[Line], form: HandOverForm) -> HttpResponse:
    """Show who goes to whom, what is open and when they come next, before anything changes."""
    audit.record("handover.list", ids=[str(line.pk) for line in lines])
    context = {
        **told(lines, request),
        "source": source,
        "target": form.cleaned_data["target"],
        "reason": form.cleaned_data["reason"],
        "form": form,
    }
    return render(request, "patients/hand_over_preview.html", context)


def told(lines: list[Line], request: MemberRequest) -> dict[str, Any]:
    """Return what a preview says about patients."""
    return {
        "lines": lines,
        "ids": ",".join(str(line.pk) for line in lines),
        "open_alerts": sum(line.open_alerts for line in lines),
        "stop_signs": sum(line.stop_signs for line in lines),
        "taken": sum(line.taken for line in lines),
        "zone": request.member.clinic.time_zone,
    }


def confirm(request: MemberRequest, source: Source) -> HttpResponse:
    """Hand over whom the preview showed; who is with somebody else by now stays there."""
    form = ConfirmHandOverForm(request.POST, by=request.member, source=source.member)
    back = redirect(f"{reverse(ADDRESS)}?from={source.key}")
    if not form.is_valid():
        messages.error(request, _("This did not work. Please choose again."))
        return back
    given = form.cleaned_data
    try:
        handed = hand_over(
            source=source.member,
            target=given["target"],
            patients=given["ids"],
            by=request.member,
            now=timezone.now(),
            reason=given["reason"],
        )
    except DomainError as error:
        messages.error(request, str(error.message) or _("This did not work. Please choose again."))
        return back
    say(request, handed, given["target"])
    return back


def say(request: MemberRequest, handed: Handed, target: Membership) -> None:
    """Say how many patients went to whom, and who did not."""
    text = ngettext("%(n)s patient is now with %(who)s.", "%(n)s patients are now with %(who)s.", handed.moved)
    messages.success(request, text % {"n": handed.moved, "who": target})
    if handed.missed:
        text = ngettext(
            "%(n)s was with somebody else by then and stayed there.",
            "%(n)s were with somebody else by then and stayed there.",
            handed.missed,
        )
        messages.info(request, text % {"n": handed.missed})


@page("staff.end", methods=("GET", "POST"))
def staff_end(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask whether somebody's access shall end and who takes their patients, and end it."""
    person = get_visible(Membership.objects.staff().select_related("user", "clinic"), request.member, pk=pk)
    lines = lines_of(request.member, person)
    form = EndStaffForm(request.POST or None, by=request.member, leaver=person, has_patients=bool(lines))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            successor, reason = form.cleaned_data.get("target"), form.cleaned_data.get("reason", "")
            try:
                handed = end_staff(membership=person, successor=successor, by=request.member, now=timezone.now(), reason=reason)
            except DomainError as error:
                add_errors(form, error)
                status = status_of(form, error)
            else:
                if handed is not None and successor is not None:
                    say(request, handed, successor)
                messages.success(request, _("Access has ended."))
                return redirect("clinics:staff")
    if lines:
        audit.record("handover.list", ids=[str(line.pk) for line in lines])
    return render(request, "patients/staff_end.html", {"person": person, "form": form, **told(lines, request)}, status=status)
