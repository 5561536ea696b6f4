"""How far a long piece of work is, and the way on to what came of it."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from clinics.jobs import DEAD_AFTER, KINDS, may_see, progress
from clinics.models import Job
from clinics.web import MemberRequest, get_visible, page


@page("job.view")
def job(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show the bar, which moves by itself; lead on when the work is done, or say what went wrong."""
    row = get_visible(Job.objects.all(), request.member, pk=pk)
    kind = KINDS.get(row.kind)
    if kind is None or not may_see(row, request.member):
        raise Http404
    if row.status == Job.Status.DONE:
        return lead_on(request, reverse(kind.page, args=[row.pk]))
    done, total = progress(row)
    context = {
        "job": row,
        "label": kind.label,
        "done": done,
        "total": total,
        "back": reverse(kind.back) if kind.back else reverse(kind.page, args=[row.pk]),
        "is_late": row.status == Job.Status.WAITING and timezone.now() - row.created_at > DEAD_AFTER,
    }
    return render(request, "clinics/_job.html" if request.headers.get("HX-Request") else "clinics/job.html", context)


def lead_on(request: MemberRequest, url: str) -> HttpResponse:
    """Send the whole page on, also when only the bar was asked for."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return redirect(url)
