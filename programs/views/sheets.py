"""The pages that hold programs against each other and against what should be reported: comparison, CERT, TIDieR."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from clinics.web import MemberRequest, get_visible, page
from programs.layout import told_plan
from programs.models import Program, ProgramVersion
from programs.plan import read_plans
from programs.rules.diff import diff
from programs.sheets import cert, missing_text, tidier
from programs.wording import change_text, reading_order


@page("program.view")
def compare(request: MemberRequest) -> HttpResponse:
    """Say in sentences what one version does differently from another, whichever two."""
    rows = ProgramVersion.objects.visible_to(request.member).exclude(program__origin=Program.Origin.TAILORED).select_related("program")
    versions = sorted(rows.defer("evidence", "checklist"), key=lambda one: (*reading_order(one), -one.number))
    a, b = (next((one for one in versions if str(one.pk) == request.GET.get(name)), None) for name in ("a", "b"))
    sentences = [change_text(one) for one in diff(told_plan(a), told_plan(b))] if a and b else []
    picks = [("a", a, _("This version")), ("b", b, _("held against this one"))]
    return render(request, "programs/compare.html", {"versions": versions, "picks": picks, "a": a, "b": b, "sentences": sentences})


@page("program.view")
def sheets(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show every item of CERT and TIDieR for one version, and which nobody has reported."""
    version = get_visible(
        ProgramVersion.objects.exclude(program__origin=Program.Origin.TAILORED).select_related("program"), request.member, pk=pk
    )
    views = read_plans(version, request.member)
    tables = [(cert(version, views), "CERT"), (tidier(version, views), "TIDieR")]
    context = {
        "version": version,
        "program": version.program,
        "tables": [(items, title, sum(not item.known for item in items)) for items, title in tables],
        "missing": missing_text(version),
    }
    return render(request, "programs/sheets.html", context)
