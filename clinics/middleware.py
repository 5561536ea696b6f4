"""What happens around every request: its number, clean input, session limits, language and privacy headers."""

import ipaddress
import time
import uuid
from collections.abc import Callable
from typing import cast

import structlog
from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.middleware import get_user
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import translation
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from clinics import audit
from clinics.models import Membership
from clinics.second_factor import is_missing

GetResponse = Callable[[HttpRequest], HttpResponse]
CLINIC_KEY = "clinic"
STARTED_KEY = "started"
SEEN_KEY = "seen"
REFRESH_HEADER = "X-Refresh"
"""Sent by an open page that asks by itself: nobody need be there, so it does not keep the session alive."""
SEEN_STEP_SECONDS = 60
KEPT = "public"
"""How the header begins of what is the same for everybody and stays in caches: a clinic's logo."""


def client_address(request: HttpRequest) -> str:
    """Return the caller's address, empty when it is none; forwarded ones count only behind the configured number of proxies."""
    hops = settings.TRUSTED_PROXIES
    found = str(request.META.get("REMOTE_ADDR", ""))
    if hops:
        forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        if len(forwarded) >= hops:
            found = str(forwarded[-hops])
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        return ""


class PolicyMiddleware(CSPMiddleware):
    """Says what a page may load: put together once, and anew only for the page that widens it."""

    @cached_property
    def policy(self) -> str:
        """The policy of the settings."""
        return build_policy()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add the header."""
        if any(name.startswith("_csp") for one in (request, response) for name in vars(one)):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.policy)
        return response


class RequestIdMiddleware:
    """Number each request, bind the number to the log, and open the trail's actor."""

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the number in `X-Request-ID`."""
        request_id = uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        with audit.acting(audit.Actor(role="", address=client_address(request) or None, request_id=request_id)):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class CleanInputMiddleware:
    """Refuse what no form or database can take: NUL characters and text that is not UTF-8."""

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 400 with a sentence, or go on."""
        query = request.META.get("QUERY_STRING", "")
        if "\x00" in request.path or "%00" in query or "\x00" in query or "\ufffd" in request.path:
            return self.refuse(request)
        if request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"} and request.method == "POST":
            for key, values in request.POST.lists():
                if "\x00" in key or any("\x00" in str(value) for value in values):
                    return self.refuse(request)
        return self.get_response(request)

    @staticmethod
    def refuse(request: HttpRequest) -> HttpResponse:
        """Say what is wrong, in plain text, to programs in the shape of all refusals."""
        text = _("The text contains a character that cannot be stored.")
        if request.path.startswith("/api/"):
            return JsonResponse({"code": "invalid", "detail": text, "fields": {}}, status=400)
        return HttpResponseBadRequest(text, content_type="text/plain; charset=utf-8")


def resolve_member(request: HttpRequest) -> Membership | None:
    """Return the membership this request acts under: the chosen clinic's, or the only one there is."""
    user = request.user
    if not user.is_authenticated:
        return None
    rows = list(getattr(user, "memberships_loaded", ()))
    chosen = request.session.get(CLINIC_KEY)
    for row in rows:
        if str(row.clinic_id) == chosen:
            return cast(Membership, row)
    return cast(Membership, rows[0]) if len(rows) == 1 else None


class SessionLimitsMiddleware:
    """Find the member, and end sessions that idled or lived too long."""

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Attach `request.member`; a session past its limit is ended before anything is shown.

        Staff who still have to set up the second factor their clinic asks for are nobody until they did.
        """
        member: Membership | None = None
        missing = False
        request.user = get_user(request)  # itself rather than a stand-in that every question about it would go through
        if request.user.is_authenticated:
            member = resolve_member(request)
            if self.is_over(request, member):
                logout(request)
                request.session_ended = True  # type: ignore[attr-defined]
                member = None
            elif member is not None and is_missing(member):
                missing, member = True, None
        request.member = member  # type: ignore[attr-defined]
        request.second_factor_missing = missing  # type: ignore[attr-defined]
        user = request.user if request.user.is_authenticated else None
        audit.set_person(user, member)
        return self.get_response(request)

    @staticmethod
    def limits(member: Membership | None) -> tuple[int, int]:
        """Return idle and absolute limit in seconds; whoever is not a patient has the stricter ones."""
        if member is not None and member.is_patient:
            return settings.SESSION_IDLE_PATIENT_SECONDS, settings.SESSION_ABSOLUTE_PATIENT_SECONDS
        return settings.SESSION_IDLE_STAFF_SECONDS, settings.SESSION_ABSOLUTE_STAFF_SECONDS

    def is_over(self, request: HttpRequest, member: Membership | None) -> bool:
        """Check both limits and note the visit, at most once a minute so that reading does not write."""
        now = int(time.time())
        session = request.session
        idle, absolute = self.limits(member)
        started = session.get(STARTED_KEY)
        seen = session.get(SEEN_KEY)
        if started is None or seen is None:
            session[STARTED_KEY] = session[SEEN_KEY] = now
            return False
        request.seen_before = int(seen)  # type: ignore[attr-defined]
        if now - int(seen) > idle or now - int(started) > absolute:
            return True
        if REFRESH_HEADER not in request.headers and now - int(seen) >= min(SEEN_STEP_SECONDS, max(idle // 10, 1)):
            session[SEEN_KEY] = now
        return False


class LanguageMiddleware:
    """Speak the person's language; a stranger's comes from the cookie, then from the browser."""

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Activate the language for this request."""
        language = self.choose(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            if hasattr(response, "render") and callable(response.render):
                response = response.render()
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        response.headers.setdefault("Content-Language", language)
        return response

    @staticmethod
    def choose(request: HttpRequest) -> str:
        """Own setting, then the cookie or browser."""
        own = getattr(request.user, "language", "") if request.user.is_authenticated else ""
        if own:
            return str(own)
        return translation.get_language_from_request(request)


class PhonePagesMiddleware(GZipMiddleware):
    """Compress the pages of a patient, whose phone may hang on a slow network; Django's random padding guards the token."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress a page that was made for a patient: no answer of the API, no download that streams."""
        member: Membership | None = getattr(request, "member", None)
        is_page = not response.streaming and response.headers.get("Content-Type", "").startswith("text/html")
        if not is_page or member is None or not member.is_patient:
            return response
        return super().process_response(request, response)


class PrivacyMiddleware:
    """Keep private pages out of every cache, and empty the browser at log-out."""

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers."""
        before = request.user.is_authenticated
        response = self.get_response(request)
        is_kept = response.status_code == 200 and response.headers.get("Cache-Control", "").startswith(KEPT)
        if is_kept:
            return response
        if before or request.user.is_authenticated or response.status_code >= 400 or request.path.startswith("/api/"):
            add_never_cache_headers(response)
            response["Cache-Control"] = "no-store, private"
        # The API names its callers itself; whoever signed out has no person in the session any more.
        if before and SESSION_KEY not in request.session:
            response["Clear-Site-Data"] = '"cache", "storage"'
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()")
        return response
