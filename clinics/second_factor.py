"""The second factor: who needs one, how secrets are kept, codes that work once, codes on paper."""

import base64
import datetime as dt
import hashlib
import secrets
from typing import Any
from urllib.parse import urlsplit

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from clinics import throttle
from clinics.models import Membership, RecoveryCode, User

RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
TOTP_MEMORY_SECONDS = 300
"""Longer than any code is accepted (30 s and one step of tolerance on each side)."""


def _safe() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"second-factor:" + key.encode()).digest())) for key in keys])


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets are encrypted in the database; passkeys belong to the configured host."""

    def encrypt(self, text: str) -> str:
        """Encrypt with a key derived from SECRET_KEY."""
        return _safe().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt, also with one of the former keys; empty text (that no code matches) when none fits."""
        try:
            return _safe().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return ""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Name the host passkeys are made for: from the settings; on this machine the one in use, because they refuse numbers."""
        host = urlsplit(settings.BASE_URL).hostname or ""
        if not settings.SECURE:
            host = context.request.get_host().partition(":")[0]
        return {"id": host, "name": settings.PRODUCT_NAME}


class SecondStep(AuthenticateStage):  # type: ignore[misc]
    """Ask for the second factor at log-in; a patient's passkey alone is a way in, not an obligation."""

    def _should_handle(self, request: HttpRequest) -> bool:
        return bool(super()._should_handle(request)) and asks_at_login(self.login.user)


def asks_at_login(user: User) -> bool:
    """Tell whether password or mailed code are not enough for this person."""
    if Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        return True
    return user.is_staff or Membership.objects.current().staff().filter(user=user).exists()


def has_second_factor(user: User) -> bool:
    """Tell whether an authenticator app or a passkey is set up."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return bool(Authenticator.objects.filter(user=user, type__in=kinds).exists())


def is_missing(member: Membership) -> bool:
    """Tell whether the clinic asks its staff for a second factor and this one has none yet."""
    return member.is_staff and member.clinic.require_second_factor and member.user is not None and not has_second_factor(member.user)


def claim_totp_code(user: User, code: str, now: dt.datetime) -> bool:
    """Use up a code of the authenticator app; False when it was used before."""
    return throttle.take(f"totp:{user.pk}:{code}", amount=1, seconds=TOTP_MEMORY_SECONDS, now=now)


def _recovery_digest(code: str) -> str:
    letters = "".join(character for character in code.lower() if character in ALPHABET)
    return hashlib.sha256(letters.encode()).hexdigest()


@transaction.atomic
def make_recovery_codes(user: User) -> list[str]:
    """Replace the person's codes by ten new ones of 79 random bits; they can be shown only now."""
    RecoveryCode.objects.filter(user=user).delete()
    codes = ["-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=_recovery_digest(code)) for code in codes])
    return codes


def use_recovery_code(user: User, code: str, now: dt.datetime) -> bool:
    """Use up a code on paper; False when there is no such unused one."""
    return bool(RecoveryCode.objects.filter(user=user, digest=_recovery_digest(code), used_at=None).update(used_at=now))


def drop_unneeded_codes(sender: Any, user: User, **_more: Any) -> None:
    """Delete the codes on paper with the last factor they stood in for (receiver of allauth's signal)."""
    if not has_second_factor(user):
        RecoveryCode.objects.filter(user=user).delete()
