"""How allauth behaves here: nobody signs up without an invitation, limits hold by account, links come from the settings."""

import time
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate, get_reauthentication_flows
from allauth.core import context as account_context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from clinics import audit, mail, throttle
from clinics.middleware import client_address
from clinics.models import AuditEvent, Membership, User
from clinics.second_factor import claim_totp_code, use_recovery_code

CONFIRMED_KEY = "confirmed_at"
METHODS_KEY = "account_authentication_methods"
PASSWORD_TRIES = 10
PASSWORD_LOCK_SECONDS = 600
CHANGES: dict[str, str | Promise] = {
    "account/email/password_changed": _("The password of your account was changed."),
    "account/email/password_set": _("A password was set for your account."),
    "account/email/password_reset": _("The password of your account was reset."),
    "mfa/email/totp_activated": _("An authenticator app was added to your account."),
    "mfa/email/totp_deactivated": _("The authenticator app was removed from your account."),
    "mfa/email/webauthn_added": _("A passkey was added to your account."),
    "mfa/email/webauthn_removed": _("A passkey was removed from your account."),
    "mfa/email/recovery_codes_generated": _("New recovery codes were made for your account."),
}


def login_key(email: str) -> str:
    """Return the key wrong passwords for an address are counted under: neither case nor blanks nor host make another one."""
    return f"password:{User.objects.normalize_email(email)}"


def language_of(user: User | None) -> str:
    """Return the language to write to somebody in: their own, else the clinic's, else the page's."""
    if user is not None and user.language:
        return str(user.language)
    member = Membership.objects.current().filter(user=user).select_related("clinic").first() if user is not None else None
    return str(member.clinic.language) if member else (translation.get_language() or settings.LANGUAGE_CODE)[:2]


class AccountAdapter(DefaultAccountAdapter):
    """Closed sign-up, own limits, own host in links, own mails."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("Address and password do not belong together. Please check both, or have a sign-in code sent."),
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("This is not your present password."),
        "incorrect_code": _("This code is not right, or no longer valid."),
        "too_many_login_attempts": _("Too many attempts. Please wait ten minutes, or sign in another way."),
        "rate_limited": _("Too many attempts. Please wait a few minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: people come in by invitation only."""
        return False

    def get_login_stages(self) -> list[str]:
        """Put our second step in the place of allauth's."""
        own = "clinics.second_factor.SecondStep"
        return [own if name == "allauth.mfa.stages.AuthenticateStage" else name for name in super().get_login_stages()]

    # --- limits and the trail

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try before the password is looked at; raises ValidationError when the account is locked."""
        email = str(credentials.get("email", ""))
        if not throttle.take(login_key(email), amount=PASSWORD_TRIES, seconds=PASSWORD_LOCK_SECONDS, now=timezone.now()):
            record_failure("login.locked", email)
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return the person whose password this is, or None; a right one does not count as a try."""
        user = cast("User | None", super().authenticate(request, **credentials))
        if user is not None:
            throttle.give_back(login_key(str(credentials.get("email", ""))))
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Note it in the trail."""
        record_failure("login.failed", str(credentials.get("email", "")))

    def reauthenticate(self, user: Any, password: str) -> bool:
        """Check the password of somebody who is signed in, under the same limit."""
        found = self.authenticate(account_context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def set_password(self, user: Any, password: str) -> None:
        """Store a new password; it ends the lock of the old one."""
        super().set_password(user, password)
        throttle.clear(login_key(user.email))

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address by the same rule as the trail."""
        return client_address(request) or "0.0.0.0"  # noqa: S104, the address nobody has

    # --- where people go

    def is_safe_url(self, url: str | None) -> bool:
        """Accept only addresses on this host, written without it."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Go back to the own settings."""
        return reverse("clinics:settings")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Build the link of the mail on the configured host, whatever Host said."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return f"{settings.BASE_URL}{path.replace('UID-KEY', key)}"

    # --- mails

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell a person about a change of the account."""
        self.send_mail(template_prefix, email or user.email, {**(context or {}), "user": user})

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one of our account mails; kinds we have no words for are not sent."""
        user = User.objects.filter(email=User.objects.normalize_email(email)).first()
        language = language_of(user)
        if template_prefix == "account/email/login_code":
            minutes = settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT // 60
            mail.send_account_mail("login_code", email, {"code": context["code"], "minutes": minutes}, language)
        elif template_prefix == "account/email/password_reset_key":
            mail.send_account_mail("password_reset", email, {"url": context["password_reset_url"]}, language)
        elif template_prefix in CHANGES:
            told = {"what": CHANGES[template_prefix], "at": timezone.now()}
            mail.send_account_mail("account_changed", email, told, language)


def record_failure(action: str, email: str) -> None:
    """Note a refused log-in in the trail of every clinic of the person meant, or in that of none."""
    user = User.objects.filter(email=User.objects.normalize_email(email)).first()
    record_for_clinics(action, user, outcome=AuditEvent.Outcome.REFUSED)


def record_for_clinics(
    action: str, user: User | None, *, outcome: str = AuditEvent.Outcome.OK, by_self: bool = False, **details: Any
) -> None:
    """Write one entry about a person into the trail of each clinic where they are somebody now, or into that of none.

    `by_self` says that it was surely this person who acted, under the role of that clinic.
    """
    members: list[Membership | None] = []
    if user is not None:
        members = list(Membership.objects.current().filter(user=user))
    audit.record_many(
        audit.event(
            action,
            clinic_id=member.clinic_id if member else None,
            row=user,
            by=member if by_self else None,
            outcome=outcome,
            **details,
        )
        for member in members or [None]
    )


def check_code(user: User, code: str) -> Authenticator | None:
    """Return the factor a code stands for and use the code up; None when it is wrong or used; raises ValidationError when locked."""
    now = timezone.now()
    key = f"second:{user.pk}"
    if not throttle.take(key, amount=PASSWORD_TRIES, seconds=PASSWORD_LOCK_SECONDS, now=now):
        raise AccountAdapter().validation_error("too_many_login_attempts")
    code = normalize_user_code(code)[:64]
    factors = list(Authenticator.objects.filter(user=user).order_by("type"))
    found: Authenticator | None = None
    for factor in factors:
        if factor.type == Authenticator.Type.TOTP and factor.wrap().validate_code(code) and claim_totp_code(user, code, now):
            found = factor
    if found is None and factors and use_recovery_code(user, code, now):
        found = factors[0]
        record_for_clinics("recovery_code.use", user)
    if found is not None:
        found.user = user
        throttle.give_back(key)
    return found


def is_confirmed(request: HttpRequest) -> bool:
    """Tell whether this person showed within the last minutes that it is them; for those who only use codes a fresh log-in counts."""
    if get_reauthentication_flows(request.user):
        return bool(did_recently_reauthenticate(request))
    since = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    methods = request.session.get(METHODS_KEY)
    last = methods[-1].get("at", 0) if isinstance(methods, list) and methods and isinstance(methods[-1], dict) else 0
    confirmed_at = request.session.get(CONFIRMED_KEY, 0)
    return max(float(last), float(confirmed_at)) > since
