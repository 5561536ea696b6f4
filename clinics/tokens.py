"""Who calls the API: a Bearer token bound to one membership, or the browser's own session."""

import datetime as dt
import hashlib
import secrets
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, CSRFCheck, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from clinics import audit
from clinics.models import ApiToken, Membership, User
from clinics.prepared import Prepared
from clinics.second_factor import is_missing

KEYWORD = "bearer"
open_token = Prepared(
    lambda digest, now: ApiToken.objects.filter(digest=digest, revoked_at=None, expires_at__gt=now).select_related(
        "membership__user", "membership__clinic"
    )[:1],
    digest=str,
    now=dt.datetime,
)


def new_key() -> str:
    """Return a fresh key of 256 random bits."""
    return "phy_" + secrets.token_urlsafe(32)


def digest_of(key: str) -> str:
    """Return the digest that is stored instead of the key."""
    return hashlib.sha256(key.encode()).hexdigest()


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer phy_…`; the membership behind the token decides everything."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return person and token, None without such a header; raises 401 on a token that opens nothing."""
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != KEYWORD.encode():
            return None
        try:
            key = parts[1].decode("ascii") if len(parts) == 2 else ""
        except UnicodeDecodeError:
            key = ""
        token = open_token.first(digest=digest_of(key), now=timezone.now())
        person = token.membership.user if token else None
        if token is None or person is None or not token.membership.is_current or is_missing(token.membership):
            raise AuthenticationFailed(_("This token is not valid."))
        attach(request, token.membership)
        return person, token

    def authenticate_header(self, request: Request) -> str:
        """Make the answer a 401."""
        return "Bearer"


class MemberSessionAuthentication(BaseAuthentication):
    """The signed-in browser, under the chosen clinic, with the CSRF check."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """Return the signed-in person, or None."""
        inner: Any = request._request
        member: Membership | None = getattr(inner, "member", None)
        if not inner.user.is_authenticated or member is None:
            return None
        check = CSRFCheck(lambda _request: None)  # type: ignore[arg-type]
        check.process_request(inner)
        reason = check.process_view(inner, lambda *a, **k: None, (), {})  # type: ignore[arg-type]
        if reason:
            raise PermissionDenied(_("The security token of this form is missing or old. Please load the page again."))
        attach(request, member)
        return inner.user, None


def attach(request: Request, member: Membership) -> None:
    """Let the rest of the request, and the trail, know the member."""
    request.member = member  # type: ignore[attr-defined]
    request._request.member = member  # type: ignore[attr-defined]
    audit.set_person(member.user, member)
