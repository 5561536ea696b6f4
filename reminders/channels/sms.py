"""Reminders as text messages: one adapter for each provider, chosen by the setting SMS_URL as mail is by EMAIL_URL."""

import base64
import datetime as dt
import http.client
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import structlog
from django.conf import settings

from reminders.channels.line import LineBroken, LineDown, Refused, TryLater
from reminders.channels.outside import Calls, Forbidden

TWILIO = "https://api.twilio.com"
LONGEST_WAIT_SECONDS = 36_000
"""Twilio keeps no message longer than that."""
NUMBER_IS_WRONG = frozenset({21211, 21214, 21217, 21265, 21610, 21614, 21635})
"""Answers of Twilio that mean the number: not one, not a mobile one, a landline, or its owner has said STOP."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Text:
    """One text message; `useful_seconds`: how long the provider may try to deliver it, `report_to`: where it tells what became of it."""

    number: str
    body: str
    useful_seconds: int
    report_to: str = ""


def scheme() -> str:
    """Return which adapter the settings choose; empty: no text messages."""
    if settings.SMS_URL:
        return str(urlsplit(settings.SMS_URL).scheme)
    return "" if settings.SECURE else "file"


class FileLine:
    """Writes text messages into files of `VAR_DIR/sms`, for trying out."""

    def open(self) -> None:
        """Make the folder; raises LineDown."""
        try:
            folder().mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LineDown(type(error).__name__) from error

    def close(self) -> None:
        """Nothing is open."""

    def send(self, message: Text) -> None:
        """Write one file."""
        stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")
        try:
            Path(folder(), f"{stamp}-{secrets.token_hex(4)}.txt").write_text(f"{message.number}\n{message.body}\n", encoding="utf-8")
        except OSError as error:
            raise TryLater(type(error).__name__) from error


def folder() -> Path:
    """Return where the files lie."""
    return Path(settings.VAR_DIR, "sms")


class ConsoleLine:
    """Writes text messages into the log, for trying out; the number only with its last digits."""

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing is open."""

    def send(self, message: Text) -> None:
        """Log one message."""
        log.warning("text_message", to=f"…{message.number[-3:]}", body=message.body)


class TwilioLine:
    """Sends by Twilio: `twilio://ACCOUNT_SID:AUTH_TOKEN@api?from=%2B49…` or `…@api?service=MG…`."""

    def __init__(self) -> None:
        """Read the account from the settings."""
        parts = urlsplit(settings.SMS_URL)
        chosen = parse_qs(parts.query)
        self.account = unquote(parts.username or "")
        self.sender = (
            {"MessagingServiceSid": chosen["service"][0]}
            if "service" in chosen
            else {"From": chosen.get("from", [""])[0].replace(" ", "+")}
        )
        token = base64.b64encode(f"{self.account}:{unquote(parts.password or '')}".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}", "Content-Type": "application/x-www-form-urlencoded"}
        self.calls = Calls()

    def open(self) -> None:
        """Nothing is opened before the first message."""

    def close(self) -> None:
        """Close the connection."""
        self.calls.close()

    def send(self, message: Text) -> None:
        """Hand one message over; raises TryLater, Refused, LineBroken or LineDown."""
        wait = str(min(max(message.useful_seconds, 1), LONGEST_WAIT_SECONDS))
        form = {"To": message.number, "Body": message.body, "ValidityPeriod": wait, **self.sender}
        if message.report_to:
            form["StatusCallback"] = message.report_to
        url = f"{TWILIO}/2010-04-01/Accounts/{quote(self.account, safe='')}/Messages.json"
        try:
            answer = self.calls.post(url, urlencode(form).encode(), self.headers, twice=False)
        except Forbidden as error:
            raise LineDown("forbidden") from error
        except (OSError, http.client.HTTPException) as error:
            # It may have been taken: what is not known is tried again, like a mail that nobody confirmed.
            raise LineBroken(type(error).__name__) from error
        if answer.status not in {200, 201}:
            self.judge(answer.status, code_in(answer.body))

    @staticmethod
    def judge(status: int, code: int) -> None:
        """Raise what an answer means for the message."""
        said = f"{status} {code}" if code else str(status)
        if status in {401, 403, 404}:
            raise LineDown(said)
        if status == 429 or status >= 500:
            raise TryLater(said)
        raise Refused(said, is_address=code in NUMBER_IS_WRONG)


def report_secret() -> str:
    """Return what the provider signs its reports with; empty when none reports anything."""
    return unquote(urlsplit(settings.SMS_URL).password or "") if scheme() == "twilio" else ""


def code_in(body: bytes) -> int:
    """Return Twilio's own number of an error; 0 when there is none."""
    try:
        found = json.loads(body).get("code")
    except (ValueError, AttributeError):
        return 0
    return found if isinstance(found, int) else 0


def make_line() -> FileLine | ConsoleLine | TwilioLine:
    """Return the adapter of the settings."""
    if scheme() == "twilio":
        return TwilioLine()
    return ConsoleLine() if scheme() == "console" else FileLine()
