"""The first door: where each person goes, which clinic they act in, the language, and staying signed in."""

import time

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.i18n import set_language as django_set_language

from clinics.actions.people import change_own_settings, choose_clinic
from clinics.middleware import CLINIC_KEY, SEEN_KEY, SEEN_STEP_SECONDS, SessionLimitsMiddleware
from clinics.models import Language, Membership
from clinics.permissions import PUBLIC, SIGNED_IN
from clinics.web import MemberRequest, page


@page(SIGNED_IN)
def home(request: MemberRequest) -> HttpResponse:
    """Send each person to the page their day begins with."""
    member: Membership | None = request.member
    if getattr(request, "second_factor_missing", False):
        return redirect("mfa_index")
    if member is not None:
        return redirect("patients:today" if member.is_patient else "patients:caseload")
    if request.user.is_superuser and not request.user.memberships_loaded:
        return redirect("admin:index")
    return redirect("clinics:choose")


@page(SIGNED_IN)
def choose(request: MemberRequest) -> HttpResponse:
    """Show the clinics a person belongs to; none is also an answer."""
    return render(request, "clinics/choose.html", {"memberships": request.user.memberships_loaded})


@page(SIGNED_IN, methods=("POST",))
def switch(request: MemberRequest) -> HttpResponse:
    """Act in another of one's clinics from now on."""
    member = choose_clinic(user=request.user, clinic_id=request.POST.get("clinic", ""), now=timezone.now())
    request.session[CLINIC_KEY] = str(member.clinic_id)
    messages.success(request, _("You are now in %(clinic)s.") % {"clinic": member.clinic.name})
    return redirect("home")


@page(PUBLIC, methods=("GET", "POST"))
def keep_alive(request: HttpRequest) -> HttpResponse:
    """Say whether the session still lives and for how long, with a fresh form token; only POST counts as being there."""
    if not request.user.is_authenticated:
        return JsonResponse({"signed_in": False}, status=401)
    now = int(time.time())
    seen = now if request.method == "POST" else int(getattr(request, "seen_before", now))
    request.session[SEEN_KEY] = seen
    idle, _absolute = SessionLimitsMiddleware.limits(getattr(request, "member", None))
    left = max(0, idle - SEEN_STEP_SECONDS - (now - seen))
    return JsonResponse({"signed_in": True, "person": str(request.user.pk), "token": get_token(request), "seconds_left": left})


@page(PUBLIC, methods=("POST",))
def set_language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on; a signed-in person's choice is kept. Leads back only to a page of this host."""
    language = request.POST.get("language", "")
    user = request.user
    if user.is_authenticated and language in Language.values:
        change_own_settings(user=user, changes={"language": language}, now=timezone.now())
    response: HttpResponse = django_set_language(request)
    if not request.POST.get(REDIRECT_FIELD_NAME) and response.status_code == 302:
        response["Location"] = "/"
    return response
