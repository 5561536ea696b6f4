"""Addresses of signing in: an explicit list of allauth's pages, each with its permission; nothing else of it is reachable."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.cache import never_cache

from clinics.permissions import PUBLIC, SIGNED_IN
from clinics.views.own import confirmed
from clinics.web import page

STEADY_SECONDS = 0.4
View = Callable[..., HttpResponse]
BOTH = ("GET", "POST")


def steady(view: View) -> View:
    """Let every answer to a POST take the same time, so that it does not tell whether an account exists."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        started = time.monotonic()
        response = view(request, *args, **kwargs)
        if request.method == "POST":
            time.sleep(max(0.0, STEADY_SECONDS - (time.monotonic() - started)))
        return response

    return wrapped


def public(view: View, *methods: str) -> View:
    """Open to strangers."""
    return page(PUBLIC, methods=methods or BOTH)(never_cache(view))


def own(view: View, *methods: str) -> View:
    """For whoever is signed in."""
    return page(SIGNED_IN, methods=methods or BOTH)(view)


urlpatterns: list[URLPattern] = [
    path("login/", public(account.login), name="account_login"),
    path("login/code/", public(steady(account.request_login_code)), name="account_request_login_code"),
    path("login/code/confirm/", public(account.confirm_login_code), name="account_confirm_login_code"),
    path("login/passkey/", public(webauthn.login_webauthn), name="mfa_login_webauthn"),
    path("login/second-step/", public(mfa.authenticate), name="mfa_authenticate"),
    path("logout/", public(account.logout, "POST"), name="account_logout"),
    path("inactive/", public(account.account_inactive, "GET"), name="account_inactive"),
    path("password/reset/", public(steady(account.password_reset)), name="account_reset_password"),
    path("password/reset/sent/", public(account.password_reset_done, "GET"), name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-0-9A-Za-z]+)/$",
        public(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path("password/reset/done/", public(account.password_reset_from_key_done, "GET"), name="account_reset_password_from_key_done"),
    path("password/change/", own(account.password_change), name="account_change_password"),
    path("password/set/", own(confirmed(account.password_set)), name="account_set_password"),
    path("confirm/", own(account.reauthenticate), name="account_reauthenticate"),
    path("confirm/second-step/", own(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("confirm/passkey/", own(webauthn.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("second-factor/", own(mfa.index, "GET"), name="mfa_index"),
    path("second-factor/app/add/", own(confirmed(totp.activate_totp)), name="mfa_activate_totp"),
    path("second-factor/app/remove/", own(confirmed(totp.deactivate_totp)), name="mfa_deactivate_totp"),
    path("passkeys/", own(webauthn.list_webauthn, "GET"), name="mfa_list_webauthn"),
    path("passkeys/add/", own(confirmed(webauthn.add_webauthn)), name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/name/", own(confirmed(webauthn.edit_webauthn)), name="mfa_edit_webauthn"),
    path("passkeys/<int:pk>/remove/", own(confirmed(webauthn.remove_webauthn)), name="mfa_remove_webauthn"),
]
