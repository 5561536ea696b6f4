"""What Django and allauth tell us about accounts, written into the trail."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest

from clinics import audit
from clinics.accounts import record_for_clinics
from clinics.models import AuditEvent, User
from clinics.second_factor import drop_unneeded_codes


def connect() -> None:
    """Start to listen."""
    user_logged_in.connect(note_login, dispatch_uid="trail-login")
    user_logged_out.connect(note_logout, dispatch_uid="trail-logout")
    password_changed.connect(note_password, dispatch_uid="trail-password-changed")
    password_set.connect(note_password, dispatch_uid="trail-password-set")
    password_reset.connect(note_reset, dispatch_uid="trail-password-reset")
    authenticator_added.connect(note_added, dispatch_uid="trail-factor-added")
    authenticator_removed.connect(note_removed, dispatch_uid="trail-factor-removed")
    authenticator_removed.connect(drop_unneeded_codes, dispatch_uid="codes-dropped")
    authentication_failed.connect(note_failed_step, dispatch_uid="trail-second-step")


def note_login(sender: Any, request: HttpRequest, user: User, **_more: Any) -> None:
    """Note who signed in, and how."""
    methods = request.session.get("account_authentication_methods") if hasattr(request, "session") else None
    audit.set_person(user, None)
    used = [str(method.get("type") or method.get("method")) for method in methods or [] if isinstance(method, dict)]
    record_for_clinics("login", user, by_self=True, methods=used)


def note_logout(sender: Any, request: HttpRequest, user: User | None, **_more: Any) -> None:
    """Note who signed out or was signed out."""
    if user is not None:
        record_for_clinics("logout", user, by_self=True)


def note_password(sender: Any, user: User, **_more: Any) -> None:
    """Note a new password."""
    record_for_clinics("password.change", user, by_self=True)


def note_reset(sender: Any, user: User, **_more: Any) -> None:
    """Note a reset password."""
    record_for_clinics("password.reset", user, by_self=True)


def note_added(sender: Any, user: User, authenticator: Any, **_more: Any) -> None:
    """Note a new second factor."""
    record_for_clinics("factor.add", user, by_self=True, kind=authenticator.type)


def note_removed(sender: Any, user: User, authenticator: Any, **_more: Any) -> None:
    """Note a removed second factor."""
    record_for_clinics("factor.remove", user, by_self=True, kind=authenticator.type)


def note_failed_step(sender: Any, user: User, **_more: Any) -> None:
    """Note a wrong second factor."""
    record_for_clinics("login.second_step_failed", user, outcome=AuditEvent.Outcome.REFUSED)
