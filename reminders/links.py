"""Addresses that stand in mails: absolute, from the settings, and signed where they work without signing in."""

import base64
import binascii
import uuid

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

SALT = "reminders.stop"


def absolute(path: str) -> str:
    """Return the whole address of a path; never taken from a request."""
    return f"{settings.BASE_URL}{path}"


def stop_token(patient_id: uuid.UUID) -> str:
    """Return the key to a patient's reminder wishes and to nothing else; it does not expire, as a stop link must not."""
    return Signer(salt=SALT).sign(base64.urlsafe_b64encode(patient_id.bytes).decode().rstrip("="))


def read_stop_token(token: str) -> uuid.UUID | None:
    """Return the patient a key belongs to; None for anything that was not signed here."""
    try:
        text = Signer(salt=SALT).unsign(token)
        return uuid.UUID(bytes=base64.urlsafe_b64decode(text + "=="))
    except (BadSignature, ValueError, binascii.Error):
        return None


def stop_url(token: str) -> str:
    """Return the address of the page behind the stop link."""
    return absolute(reverse("reminders:stop", args=[token]))


def calendar_url(key: str) -> str:
    """Return the address a calendar program fetches."""
    return absolute(reverse("reminders:calendar_feed", args=[key]))


def one_click_url(token: str) -> str:
    """Return the address a mail program posts to (RFC 8058)."""
    return absolute(reverse("reminders:one_click", args=[token]))
