"""Signs of life: `/healthz` says that the process answers, `/readyz` whether everything behind it works."""

import datetime as dt
import os
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import Min, Q
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from clinics.permissions import PUBLIC
from clinics.web import page
from reminders.models import Delivery, Heartbeat, StaffNotice

HEARTBEAT = "reminders"
HEARTBEAT_MAX_SECONDS = 180
OVERDUE_MAX_SECONDS = 300
BROKER_TIMEOUT_SECONDS = 1

log = structlog.get_logger(__name__)
Finding = dict[str, Any]


class HealthzMiddleware:
    """Answer `/healthz` before anything looks at host, session or database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer at once, or go on."""
        return healthz(request) if request.path_info == "/healthz" else self.get_response(request)


@page(PUBLIC, methods=("GET",))
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


@page(PUBLIC, methods=("GET",))
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether the product can do its work; administrators see why not."""
    findings = examine(timezone.now())
    ok = all(finding["ok"] for finding in findings.values())
    if not ok:
        log.warning("not_ready", failed=[name for name, finding in findings.items() if not finding["ok"]])
    body: dict[str, Any] = {"status": "ok" if ok else "unavailable"}
    if findings["database"]["ok"] and request.user.is_authenticated and request.user.is_staff and request.user.is_superuser:
        body["checks"] = findings
    return JsonResponse(body, status=200 if ok else 503, headers={"Cache-Control": "no-store, private"})


def examine(now: dt.datetime) -> dict[str, Finding]:
    """Return each check with `ok`, and its age in seconds where it has one; a failing database makes the later ones fail."""
    checks: dict[str, Callable[[dt.datetime], Finding]] = {
        "database": _database,
        "broker": _broker,
        "heartbeat": _heartbeat,
        "oldest_due_reminder": _oldest_due,
    }
    findings: dict[str, Finding] = {}
    for name, check in checks.items():
        try:
            findings[name] = check(now)
        except (DatabaseError, OSError) as error:
            findings[name] = {"ok": False, "error": type(error).__name__}
    return findings


def _database(now: dt.datetime) -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return {"ok": True}


def _broker(now: dt.datetime) -> Finding:
    if not settings.REDIS_URL:
        return {"ok": os.access(settings.BROKER_DIR / "queue", os.W_OK)}
    import redis  # only where it is used: the import takes as long as everything else in this module together

    client = redis.Redis.from_url(
        settings.CELERY_BROKER_URL,
        socket_connect_timeout=BROKER_TIMEOUT_SECONDS,
        socket_timeout=BROKER_TIMEOUT_SECONDS,
    )
    try:
        return {"ok": bool(client.ping())}
    except redis.RedisError as error:
        raise ConnectionError from error
    finally:
        client.close()


def _heartbeat(now: dt.datetime) -> Finding:
    at = Heartbeat.objects.filter(name=HEARTBEAT).values_list("at", flat=True).first()
    if at is None:
        return {"ok": False, "age_seconds": None}
    age = (now - at).total_seconds()
    return {"ok": age <= HEARTBEAT_MAX_SECONDS, "age_seconds": round(age)}


def _oldest_due(now: dt.datetime) -> Finding:
    waiting = Q(status=Delivery.Status.QUEUED, due_at__lte=now) | Q(status=Delivery.Status.CLAIMED, leased_until__lte=now)
    found = [model.objects.filter(waiting).aggregate(oldest=Min("due_at"))["oldest"] for model in (Delivery, StaffNotice)]
    oldest = min((one for one in found if one), default=None)
    age = (now - oldest).total_seconds() if oldest else 0.0
    return {"ok": age <= OVERDUE_MAX_SECONDS, "age_seconds": round(age)}
