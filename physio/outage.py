"""What people see when something broke: 503 while the database is away, 500 otherwise, both without asking it anything."""

import sys

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.translation import gettext as _

RETRY_AFTER_SECONDS = 10
log = structlog.get_logger(__name__)


def is_outage(error: BaseException | None) -> bool:
    """Tell whether the database itself was away, locked or full, also when another error was raised from it."""
    while error is not None:
        if isinstance(error, (OperationalError, InterfaceError)):
            return True
        error = error.__cause__
    return False


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for whatever nobody caught: a page, or the API's error shape under `/api/`."""
    away = is_outage(sys.exc_info()[1])
    status = 503 if away else 500
    if request.path.startswith("/api/"):
        detail = _("The service is away for a moment. Please try again.") if away else _("Something went wrong on our side.")
        response: HttpResponse = JsonResponse(
            {"code": "unavailable" if away else "error", "detail": detail, "fields": {}},
            status=status,
        )
    else:
        response = HttpResponse(_page("503.html" if away else "500.html", getattr(request, "request_id", "")), status=status)
    if away:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response["Cache-Control"] = "no-store, private"
    return response


def _page(template: str, request_id: str) -> str:
    try:
        return loader.get_template(template).render({"request_id": request_id})
    except Exception:  # the template may be the very thing that broke
        log.exception("error_page_broken", template=template)
        return f"<!doctype html><title>Error</title><p>{request_id}</p>"
