"""What a provider of text messages reports afterwards: whether it really was the provider, and whether the number is to blame."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence

NOT_DELIVERED = frozenset({"undelivered", "failed"})
"""Ends of a message at Twilio that mean that nobody got it; all other reports are steps on its way."""
NUMBER_IS_GONE = frozenset({21610, 30004, 30005, 30006})
"""Twilio's numbers of errors that will come again: its owner has said STOP, blocked, unknown, a landline or a carrier out of reach.

Others, as 30003 (switched off just now), 30007 (filtered) and 30008 (unknown), say nothing about the number.
"""


def sign_report(address: str, fields: Mapping[str, Sequence[str]], secret: str) -> str:
    """Return the signature of a report: HMAC-SHA1 over the whole address and every field's name and values in the order of the names.

    Source: Twilio, Webhooks Security, Validating Signatures from Twilio.
    """
    said = address + "".join(name + "".join(sorted(set(fields[name]))) for name in sorted(fields))
    return base64.b64encode(hmac.new(secret.encode(), said.encode(), hashlib.sha1).digest()).decode()


def is_signed(address: str, fields: Mapping[str, Sequence[str]], secret: str, signature: str) -> bool:
    """Tell whether a report carries its signature; never without a secret."""
    return bool(secret) and hmac.compare_digest(sign_report(address, fields, secret).encode(), signature.encode("utf-8", "surrogatepass"))


def error_code(texts: Iterable[str]) -> int:
    """Return the number of the error in a report; 0 when it names none."""
    text = next(iter(texts), "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0
