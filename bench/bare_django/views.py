"""The five things that are measured."""

import datetime as dt
import json

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from bench.bare_django.models import CheckIn, Patient, Session, Token

SHOWN = 20
LISTED = 40


@csrf_exempt
def check_ins(request: HttpRequest) -> JsonResponse:
    """List a patient's latest check-ins, or store one."""
    key = request.headers.get("Authorization", "").partition(" ")[2]
    token = Token.objects.select_related("user__patient").filter(key=key).first()
    if token is None:
        return JsonResponse({"detail": "not signed in"}, status=401)
    patient = token.user.patient
    if request.method == "POST":
        data = json.loads(request.body)
        row = CheckIn.objects.create(patient=patient, on=data["on"], pain=data["pain"], readiness=data["readiness"], done_at=timezone.now())
        return JsonResponse(plain(row), status=201)
    rows = CheckIn.objects.filter(patient=patient).order_by("-on")[:SHOWN]
    return JsonResponse({"results": [plain(row) for row in rows]})


def plain(row: CheckIn) -> dict[str, object]:
    """Return a check-in as plain data."""
    names = ("id", "on", "pain", "readiness", "note", "done_at")
    return {name: getattr(row, name) for name in names}


@login_required
def today(request: HttpRequest) -> HttpResponse:
    """Show the patient's day: the week, the check-in and the session."""
    now = timezone.localdate()
    monday = now - dt.timedelta(days=now.weekday())
    week = list(
        Session.objects.filter(patient__user=request.user, on__gte=monday, on__lt=monday + dt.timedelta(days=7))
        .select_related("patient")
        .order_by("on")
    )
    by_day = {one.on: one for one in week}
    days = [monday + dt.timedelta(days=n) for n in range(7)]
    context = {
        "patient": week[0].patient,
        "days": [(day, by_day.get(day)) for day in days],
        "session": next((one for one in week if one.on >= now), week[-1]),
        "scale": range(11),
        "now": timezone.now(),
    }
    return render(request, "today.html", context)


@login_required
def caseload(request: HttpRequest) -> HttpResponse:
    """Show the patients of a clinic."""
    patients = Patient.objects.filter(clinic=int(request.GET.get("clinic", 1))).order_by("name")
    if "q" in request.GET:
        patients = patients.filter(name__icontains=request.GET["q"])
    return render(request, "caseload.html", {"patients": patients[: int(request.GET.get("rows", LISTED))]})
