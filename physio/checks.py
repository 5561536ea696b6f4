"""System checks of the project: what a deployment under https may not leave out."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


def check_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report settings that would make a product under https unreachable or its links wrong."""
    if not settings.SECURE:
        return []
    found: list[CheckMessage] = []
    if not settings.TRUSTED_PROXIES:
        found.append(
            Error("TRUSTED_PROXIES must be set: https ends at a proxy, and without it every page redirects to itself.", id="physio.E001")
        )
    host = urlsplit(settings.BASE_URL).hostname or ""
    if not any(host == allowed or (allowed.startswith(".") and host.endswith(allowed)) for allowed in settings.ALLOWED_HOSTS):
        found.append(Error("The host of BASE_URL is not among ALLOWED_HOSTS.", id="physio.E002"))
    return found


def register_all() -> None:
    """Register the checks."""
    register(check_production, Tags.security, deploy=True)
