"""Reminders as notifications by web push: encrypted for one device (RFC 8291), signed by this installation (VAPID, RFC 8292)."""

import base64
import datetime as dt
import http.client
import json
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from py_vapid import Vapid02

from reminders.channels.line import LineDown, Refused, TryLater
from reminders.channels.outside import Answer, Calls, Forbidden
from reminders.rules.push_services import service_of

TOKEN_SECONDS = 12 * 3600
"""How long a signature is good for; the services take up to 24 hours."""
RENEWED_SECONDS = 3600
FAILURES_IN_A_ROW = 3
"""So many failed calls one after another mean that a push service is away: nobody waits for it again before the next tick."""
TOPIC_LETTERS = 32
GONE = frozenset({404, 410})
TAKEN = frozenset({200, 201, 202, 204})
KEY_BYTES, AUTH_BYTES = 65, 16


@dataclass(frozen=True, slots=True)
class Device:
    """Where one device listens, and the keys it reads with."""

    pk: uuid.UUID
    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class Note:
    """One notification to the devices of one person; `topic` lets a repetition take the place of what was not shown yet."""

    devices: tuple[Device, ...]
    text: bytes
    useful_seconds: int
    topic: str


def to_bytes(text: str) -> bytes:
    """Read base64 as browsers write it; raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def to_text(data: bytes) -> str:
    """Write base64 as browsers write it."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


# --- the keys of this installation ----------------------------------------------------------


def new_key() -> str:
    """Make a private key, as the setting holds it."""
    return to_text(ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32, "big"))


def private_key() -> str:
    """Return the private key: of the settings, or made at the first use on a machine nobody else reaches; empty: no web push."""
    if settings.VAPID_PRIVATE_KEY:
        return str(settings.VAPID_PRIVATE_KEY)
    return "" if settings.SECURE else own_key(Path(settings.VAR_DIR, "vapid-key"))


@lru_cache(maxsize=4)
def own_key(file: Path) -> str:
    """Return the key of this machine, made when there is none."""
    try:
        with file.open("x", encoding="ascii") as new:
            file.chmod(0o600)
            new.write(new_key())
    except FileExistsError:
        pass
    return file.read_text(encoding="ascii").strip()


@lru_cache(maxsize=4)
def signer(key: str) -> Any:
    """Return what signs with a private key."""
    return Vapid02.from_raw(key.encode())


def public_key() -> str:
    """Return the public key as browsers want it; empty: no web push."""
    key = private_key()
    return to_text(signer(key).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)) if key else ""


def signature(endpoint: str, now: float) -> str:
    """Return the Authorization header for the service of an endpoint, good for half a day from `now` (seconds since 1970)."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "sub": settings.VAPID_SUBJECT, "exp": int(now) + TOKEN_SECONDS}
    return str(signer(private_key()).sign(claims)["Authorization"])


# --- one notification -----------------------------------------------------------------------


def is_device(endpoint: str, p256dh: str, auth: str) -> bool:
    """Tell whether this is what a browser hands out: a known service, a point on the curve, and a secret of 16 bytes."""
    if service_of(endpoint) is None:
        return False
    try:
        point, secret = to_bytes(p256dh), to_bytes(auth)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return len(point) == KEY_BYTES and len(secret) == AUTH_BYTES


def write_note(
    *, devices: Sequence[Device], title: str, body: str, url: str, language: str, key: uuid.UUID, expires_at: dt.datetime, now: dt.datetime
) -> Note:
    """Write a notification that is shown until `expires_at` and replaces what was sent under the same `key`."""
    shown = {"title": title, "body": body, "url": url, "lang": language, "tag": key.hex}
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
    return Note(tuple(devices), text, max(int((expires_at - now).total_seconds()), 0), key.hex[:TOPIC_LETTERS])


def sealed(text: bytes, device: Device) -> bytes:
    """Return a text that only the device can read."""
    return bytes(
        http_ece.encrypt(
            text,
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=to_bytes(device.p256dh),
            auth_secret=to_bytes(device.auth),
            version="aes128gcm",
        )
    )


class Line:
    """The way to the push services; `gone` are the devices that will never listen again."""

    def __init__(self) -> None:
        """Start without any connection."""
        self.calls = Calls()
        self.gone: list[uuid.UUID] = []
        self.signed: dict[str, tuple[str, float]] = {}
        self.failures: dict[str, int] = defaultdict(int)

    def open(self) -> None:
        """Need a key to sign with; raises LineDown."""
        if not private_key():
            raise LineDown("no key")

    def close(self) -> None:
        """Close the connections."""
        self.calls.close()

    def send(self, note: Note) -> None:
        """Hand a notification over for every device; one that takes it is enough. Raises TryLater or Refused when none did."""
        said = [self.tell(device, note) for device in note.devices]
        if any(code == "" for code in said):
            return
        later = [code for code in said if code and code not in REFUSALS]
        if later:
            raise TryLater(later[0])
        raise Refused(said[0] if said else "gone")

    def tell(self, device: Device, note: Note) -> str:
        """Hand it over for one device; return an empty text when it was taken, else why not."""
        host = urlsplit(device.endpoint).netloc
        if self.failures[host] >= FAILURES_IN_A_ROW:
            return "away"
        try:
            answer = self.post(device, note, host)
        except Forbidden:
            self.gone.append(device.pk)
            return "forbidden"
        except (OSError, http.client.HTTPException) as error:
            self.failures[host] += 1
            return type(error).__name__[:20]
        self.failures[host] = 0
        if answer.status in TAKEN:
            return ""
        if answer.status in GONE:
            self.gone.append(device.pk)
        return str(answer.status)

    def post(self, device: Device, note: Note, host: str) -> Answer:
        """Make the call."""
        if service_of(device.endpoint) is None:
            raise Forbidden(host)
        headers = {
            "Authorization": self.authorization(device.endpoint, host),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(note.useful_seconds),
            "Topic": note.topic,
            "Urgency": "normal",
        }
        return self.calls.post(device.endpoint, sealed(note.text, device), headers, twice=True)

    def authorization(self, endpoint: str, host: str) -> str:
        """Return the signature for a service, used again for an hour."""
        now = time.time()
        header, made = self.signed.get(host, ("", 0.0))
        if now - made > RENEWED_SECONDS:
            header = signature(endpoint, now)
            self.signed[host] = (header, now)
        return header


REFUSALS = frozenset({"400", "401", "403", "404", "410", "413", "forbidden"})
"""Answers that stay the same however often one asks."""
