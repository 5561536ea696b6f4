"""Addresses that stand in mails: absolute, from the settings, and signed where they work without signing in."""

import base64
import binascii
import hashlib
import hmac
import uuid
from functools import lru_cache

from django.conf import settings
from django.core.signing import BadSignature, Signer, b64_encode
from django.urls import reverse

SALT = "reminders.stop"
LATER_SALT = "reminders.later"
REPORT_SALT = "reminders.report"


def absolute(path: str) -> str:
    """Return the whole address of a path; never taken from a request."""
    return f"{settings.BASE_URL}{path}"


def stop_token(patient_id: uuid.UUID) -> str:
    """Return the key to a patient's reminder wishes and to nothing else; it does not expire, as a stop link must not."""
    return sign(patient_id, SALT)


def read_stop_token(token: str) -> uuid.UUID | None:
    """Return the patient a key belongs to; None for anything that was not signed here."""
    return read(token, SALT)


def later_token(delivery_id: uuid.UUID) -> str:
    """Return the key that puts one reminder off and does nothing else."""
    return sign(delivery_id, LATER_SALT)


def read_later_token(token: str) -> uuid.UUID | None:
    """Return the reminder a key belongs to; None for anything that was not signed here."""
    return read(token, LATER_SALT)


def report_url(delivery_id: uuid.UUID) -> str:
    """Return the address at which the provider of text messages tells what became of one; empty where it could not reach us."""
    address = absolute(reverse("reminders:text_report", args=[sign(delivery_id, REPORT_SALT)]))
    return address if address.startswith("https://") else ""


def read_report_token(token: str) -> uuid.UUID | None:
    """Return the reminder a report is about; None for anything that was not signed here."""
    return read(token, REPORT_SALT)


def sign(key: uuid.UUID, salt: str) -> str:
    """Return a signed id, as Django's `Signer` writes it; every mail holds two, and what they share is reckoned once."""
    text = base64.urlsafe_b64encode(key.bytes).decode().rstrip("=")
    mark = hmac.digest(signing_key(salt, settings.SECRET_KEY), text.encode(), "sha256")
    return f"{text}:{b64_encode(mark).decode()}"


@lru_cache(maxsize=8)
def signing_key(salt: str, secret: str) -> bytes:
    """Return the key under which Django's `Signer` signs with a salt."""
    return hashlib.sha256(f"{salt}signer{secret}".encode()).digest()


def read(token: str, salt: str) -> uuid.UUID | None:
    """Return the id that was signed; None for anything that was not signed here."""
    try:
        text = Signer(salt=salt).unsign(token)
        return uuid.UUID(bytes=base64.urlsafe_b64decode(text + "=="))
    except (BadSignature, ValueError, binascii.Error):
        return None


def app_url() -> str:
    """Return where the app opens; short enough for a text message."""
    return absolute(reverse("patients:today"))


def stop_url(token: str) -> str:
    """Return the address of the page behind the stop link."""
    return absolute(reverse("reminders:stop", args=[token]))


def calendar_url(key: str) -> str:
    """Return the address a calendar program fetches."""
    return absolute(reverse("reminders:calendar_feed", args=[key]))


def later_url(token: str) -> str:
    """Return the address of the page on which a reminder is put off."""
    return absolute(reverse("reminders:later", args=[token]))


def one_click_url(token: str) -> str:
    """Return the address a mail program posts to (RFC 8058)."""
    return absolute(reverse("reminders:one_click", args=[token]))
