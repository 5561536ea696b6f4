"""What every page goes through: log-in, role, domain refusals, and answers that tell strangers nothing."""

import datetime as dt
from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django import forms
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, DoFirst, DomainError, NotAllowed, NotFound
from clinics.localtime import local_day
from clinics.models import AuditEvent, Clinic, Membership, User
from clinics.permissions import PUBLIC, SIGNED_IN, allows
from clinics.scoping import one_of

M = TypeVar("M", bound=models.Model)


class MemberRequest(HttpRequest):
    """A request that a page behind `@page` receives."""

    member: Membership
    user: User
    request_id: str
    nav_key: str
    unread_messages: int


View = Callable[..., HttpResponse]
API_TEXTS = {
    400: _("This request cannot be read."),
    403: _("You are not allowed to do this."),
    404: _("There is nothing here."),
    413: _("This is too large to be sent. Nothing was saved. Please go back and choose a smaller file."),
    429: _("Too many requests. Please wait a moment."),
}


def page(action: str, *, methods: Iterable[str] = ("GET",)) -> Callable[[View], View]:
    """Declare what a page does; only roles in the table get in.

    Strangers are sent to the log-in page, people without a chosen clinic to the choice, wrong roles get 403.
    GET implies HEAD. Refusals of the domain that the view did not handle become 403, 404, 409 or 400 pages.
    """
    allowed = {method.upper() for method in methods}
    if "GET" in allowed:
        allowed.add("HEAD")

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if action != PUBLIC and not request.user.is_authenticated:
                return log_in_first(request)
            if action not in {PUBLIC, SIGNED_IN}:
                member: Membership | None = getattr(request, "member", None)
                if member is None:
                    return redirect("mfa_index" if getattr(request, "second_factor_missing", False) else "clinics:choose")
                if not allows(member, action):
                    audit.record("refused", outcome=AuditEvent.Outcome.REFUSED, page=action)
                    raise PermissionDenied
            if request.method not in allowed:
                return HttpResponseNotAllowed(sorted(allowed))
            try:
                return view(request, *args, **kwargs)
            except NotFound as error:
                raise Http404 from error
            except DoFirst as error:
                return redirect(error.page)
            except NotAllowed as error:
                raise PermissionDenied(str(error.message)) from error
            except DomainError as error:
                return refusal(request, error)

        wrapped.action = action  # type: ignore[attr-defined]
        wrapped.methods = frozenset(allowed)  # type: ignore[attr-defined]
        return wrapped

    return decorate


def log_in_first(request: HttpRequest) -> HttpResponse:
    """Send a stranger to the log-in page and back again; a fragment request gets the whole page moved."""
    target = request.get_full_path() if request.method == "GET" else ""
    response = redirect_to_login(target)
    if request.headers.get("HX-Request") == "true":
        response = cast(Any, HttpResponse(status=401, headers={"HX-Redirect": response["Location"]}))
    return response


def refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Show a refusal nobody handled as a page that says what to do next."""
    return error_page(request, error.status_code, error.code, message=error.message)


def error_page(request: HttpRequest, status: int, code: str, **context: Any) -> HttpResponse:
    """Answer with a plain page and the request's number, or under `/api/` in the shape of the API."""
    if request.path.startswith("/api/"):
        body = {"code": code, "detail": str(context.get("message") or API_TEXTS.get(status, "")), "fields": {}}
        return JsonResponse(body, status=status)
    shown = {"status": status, "request_id": getattr(request, "request_id", ""), **context}
    return render(request, "error.html", shown, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Explain a stale form instead of Django's bare 403."""
    return error_page(request, 403, "csrf", csrf=True)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer what cannot be read (400), or is too large to be (413): before anybody is known, so in the browser's language."""
    if isinstance(exception, RequestDataTooBig):
        with translation.override(translation.get_language_from_request(request)):
            return error_page(request, 413, "too_large", message=API_TEXTS[413])
    return error_page(request, 400, "invalid")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer what this person may not do (403)."""
    return error_page(request, 403, "not_allowed", message=str(exception or ""))


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer what is not there, or not for this person (404)."""
    return error_page(request, 404, "not_found")


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Answer what came too often (429)."""
    response = error_page(request, 429, "too_many")
    response["Retry-After"] = "60"
    return response


def get_visible(rows: "models.QuerySet[M]", member: Membership, **look_up: Any) -> M:
    """Return one row the member may see; another clinic's answers exactly like a missing one (404)."""
    found = one_of(cast(Any, rows).visible_to(member).filter(**look_up))
    if found is None:
        raise Http404
    return cast(M, found)


def add_errors(form: forms.BaseForm, error: DomainError) -> None:
    """Put a refusal beside the fields it belongs to; what belongs to none goes on top."""
    for name, messages in error.fields.items():
        for message in messages:
            form.add_error(name if name in form.fields else None, str(message))
    if error.message:
        form.add_error(None, str(error.message))


def status_of(form: forms.BaseForm, error: DomainError | None = None) -> int:
    """Return the status of a page that shows a refused form: 409 for conflicts, 422 otherwise."""
    return 409 if isinstance(error, Conflict) else 422


def today_of(clinic: Clinic, now: dt.datetime | None = None) -> dt.date:
    """Return the day it is at the clinic."""
    return local_day(now or timezone.now(), clinic.time_zone)


if TYPE_CHECKING:
    ModelChoiceField = forms.ModelChoiceField[models.Model]
else:
    ModelChoiceField = forms.ModelChoiceField


class ScopedModelChoiceField(ModelChoiceField):
    """A choice of rows; the form must narrow it with `limit_to` or it offers nothing."""

    def __init__(self, queryset: Any, **options: Any) -> None:
        """Start empty: a forgotten scope shows no rows instead of all."""
        super().__init__(queryset.none(), **options)
        self.all_rows = queryset

    def limit_to(self, member: Membership) -> None:
        """Offer only what this member may see."""
        self.queryset = self.all_rows.visible_to(member)
