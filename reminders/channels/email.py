"""Reminders by e-mail: composed once per clinic, language and occasion, then filled in for each person."""

import datetime as dt
import re
import secrets
import smtplib
import uuid
from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends import filebased
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, translation
from django.utils.encoding import punycode
from django.utils.html import escape

from clinics.branding import logo_url
from clinics.rules.palette import colour_of
from reminders import links
from reminders.channels.line import LineBroken, LineDown, Refused, TryLater
from reminders.channels.smtp import PLAIN_ADDRESS, deliver, path_of
from reminders.rules.bounces import is_gone
from reminders.rules.timing import message_id

if TYPE_CHECKING:
    import css_inline

ENHANCED_CODE = re.compile(rb"\d\.\d{1,3}\.\d{1,3}")
LETTERS_KEPT = 2000


@dataclass(frozen=True, slots=True)
class Look:
    """How a clinic's mails look, and its own words: colour, logo, a sentence, closing words and who signs."""

    accent: str = ""
    logo: uuid.UUID | None = None
    sentence: str = ""
    closing: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a mail says, apart from who gets it; mails of one occasion share their text."""

    kind: str
    language: str
    slot_on: dt.date
    clinic_name: str
    clinic_address: str
    clinic_phone: str
    emergency_number: str
    minutes: int = 0
    starts_at: dt.time | None = None
    done: int = 0
    planned: int = 0
    ahead: int = 0
    is_later: bool = False
    tells_of_change: bool = False
    """Whether a changed plan is told of in the same mail."""
    is_test: bool = False
    look: Look = Look()


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets it."""

    delivery_id: uuid.UUID
    patient_id: uuid.UUID
    subject_id: uuid.UUID | None
    address: str
    first_name: str
    repeat: int = 0
    """How often this reminder was put off; each repetition is a mail of its own."""

    @property
    def mail_key(self) -> str:
        """What makes the Message-ID: the same for every attempt, another one for a repetition the patient asked for."""
        return f"{self.delivery_id}-{self.repeat}" if self.repeat else str(self.delivery_id)


def _mark(letter: str = "") -> str:
    return f"{letter}zq{secrets.token_hex(6)}"


# Names that no text contains. The one for a name holds a letter beyond ASCII so that every text part is declared as 8 bit.
MARKS = {
    "name": _mark("ñ"),
    "name_html": _mark("ñ"),
    "to": f"{_mark()}@example.org",
    "message_id": f"<{_mark()}@example.org>",
    "date": _mark(),
    "subject_id": str(uuid.uuid4()),
    "token": _mark(),
    "later": _mark(),
}
NAMES = {mark: name for name, mark in MARKS.items()}
MARKED = re.compile(f"({'|'.join(map(re.escape, NAMES))})")
OPENS = {
    "session_today": "patients:session",
    "session_missed": "patients:session",
    "check_in": "patients:check_in",
    "assessment_due": "patients:assessment",
    "plan_changed": "patients:plan",
    "message_waiting": "patients:messages",
    "weekly_summary": "patients:progress",
}
ONE_PAGE = frozenset({"check_in", "plan_changed", "message_waiting", "weekly_summary"})
"""Kinds whose page is the same for everybody."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A composed mail with gaps, as texts and as the finished message: at every second place stands a gap."""

    subject: str
    sender: str
    text: str
    html: str
    headers: dict[str, str]
    whole: tuple[bytes, ...]
    gaps: tuple[str, ...]

    def fill(self, recipient: Recipient, sent_on: str) -> "Mail":
        """Fill the gaps for one person; `sent_on` is the value of the Date header."""
        name = " ".join(recipient.first_name.split())
        return Mail(
            self,
            {
                "name": name,
                "name_html": escape(name),
                "to": recipient.address,
                "message_id": message_id(recipient.mail_key, settings.MESSAGE_ID_DOMAIN),
                "date": sent_on,
                "subject_id": str(recipient.subject_id),
                "token": links.stop_token(recipient.patient_id),
                "later": links.later_token(recipient.delivery_id),
            },
        )


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one person."""

    letter: Letter
    values: dict[str, str]

    @property
    def address(self) -> str:
        """Where it goes."""
        return self.values["to"]

    def as_bytes(self) -> bytes:
        """Return the finished message with network line ends."""
        pieces = list(self.letter.whole)
        values = self.values
        pieces[1::2] = [values[name].encode() for name in self.letter.gaps]
        return b"".join(pieces)

    def as_django(self) -> EmailMultiAlternatives:
        """Return the same mail for mail backends of another kind."""
        headers = {name: value % self.values for name, value in self.letter.headers.items()}
        mail = EmailMultiAlternatives(
            self.letter.subject, self.letter.text % self.values, self.letter.sender, [self.address], headers=headers
        )
        mail.attach_alternative(self.letter.html % self.values, "text/html")
        return mail


class Sendable(Protocol):
    """A finished mail, as far as handing it over is concerned."""

    @property
    def address(self) -> str:
        """Where it goes."""

    def as_bytes(self) -> bytes:
        """Return the finished message with network line ends."""

    def as_django(self) -> EmailMultiAlternatives:
        """Return the mail for mail backends of another kind."""


def page_of(kind: str, subject_id: uuid.UUID | None) -> str:
    """Return the path of the page a reminder opens."""
    return reverse(OPENS[kind], args=[] if kind in ONE_PAGE else [subject_id])


def sender_of(clinic_name: str) -> str:
    """Return the From header: the clinic's name, cleaned of anything that could break out of it, and the address of the settings."""
    printable = "".join(character if character.isprintable() else " " for character in clinic_name)
    return formataddr((" ".join(printable.split()), parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))


@lru_cache(maxsize=LETTERS_KEPT)
def mailbox(address: str) -> str:
    """Return an address in the form the wire takes; nothing for one that no server could deliver to."""
    if PLAIN_ADDRESS.fullmatch(address):
        return address
    local, _at, domain = address.rpartition("@")
    try:
        wired = f"{local}@{punycode(domain)}"
    except UnicodeError:
        return ""
    return wired if PLAIN_ADDRESS.fullmatch(wired) else ""


@lru_cache(maxsize=LETTERS_KEPT)
def compose(occasion: Occasion) -> Letter:
    """Compose the mail of an occasion; nothing in it names an exercise, a program or how somebody feels."""
    kind = occasion.kind
    with translation.override(occasion.language):
        clinic_name = " ".join(occasion.clinic_name.split())
        subject_id = uuid.UUID(MARKS["subject_id"])
        context: dict[str, Any] = {
            "clinic_name": clinic_name,
            "clinic_address": occasion.clinic_address,
            "clinic_phone": occasion.clinic_phone,
            "emergency_number": occasion.emergency_number,
            "language": occasion.language,
            "weekday": formats.date_format(occasion.slot_on - dt.timedelta(days=kind == "session_missed"), "l"),
            "done": occasion.done,
            "planned": occasion.planned,
            "ahead": occasion.ahead,
            "is_later": occasion.is_later,
            "look": occasion.look,
            "logo_url": logo_url(occasion.look.logo),
            "colour": colour_of(occasion.look.accent),
            "is_test": occasion.is_test,
            "later_url": "" if occasion.starts_at else links.later_url(MARKS["later"]),
            "minutes": occasion.minutes,
            "starts_at": formats.time_format(occasion.starts_at) if occasion.starts_at else "",
            "change_url": links.absolute(reverse("patients:plan")) if occasion.tells_of_change else "",
            "open_url": links.absolute(page_of(kind, subject_id)),
            "stop_url": links.stop_url(MARKS["token"]),
        }
        if kind in {"session_today", "session_missed"}:
            context["move_url"] = links.absolute(reverse("patients:session_move", args=[subject_id]))
            context["skip_url"] = links.absolute(reverse("patients:session_skip", args=[subject_id]))
        subject = " ".join(render_to_string(f"reminders/{kind}.subject.txt", context).split())
        text = render_to_string(f"reminders/{kind}.txt", {**context, "first_name": MARKS["name"]}).strip() + "\n"
        html = inliner().inline(render_to_string(f"reminders/{kind}.html", {**context, "first_name": MARKS["name_html"]}))
    headers = {
        "Message-ID": MARKS["message_id"],
        "Date": MARKS["date"],
        "Auto-Submitted": "auto-generated",
        "Content-Language": occasion.language,
        "List-Unsubscribe": f"<{links.one_click_url(MARKS['token'])}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    sender = sender_of(clinic_name)
    message = EmailMultiAlternatives(subject, text, sender, [MARKS["to"]], headers=headers)
    message.attach_alternative(html, "text/html")
    built: Any = message.message()
    whole = MARKED.split(built.as_bytes(linesep="\r\n").decode())
    return Letter(
        subject,
        sender,
        with_gaps(text),
        with_gaps(html),
        {name: with_gaps(value) for name, value in headers.items()},
        tuple(piece.encode() for piece in whole),
        tuple(NAMES[mark] for mark in whole[1::2]),
    )


def with_gaps(text: str) -> str:
    """Turn the marks of a text into gaps that `%` fills."""
    text = text.replace("%", "%%")
    for name, mark in MARKS.items():
        text = text.replace(mark, f"%({name})s")
    return text


@lru_cache(maxsize=1)
def inliner() -> "css_inline.CSSInliner":
    """Return what moves the style sheet of a mail into its elements; rules for the dark stay in the head."""
    import css_inline  # loaded with the first mail

    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, keep_at_rules=True)


class OwnFile(filebased.EmailBackend):
    """Mails of one connection in one file that no other process writes."""

    _fname: str | None

    def _get_filename(self) -> str:
        if self._fname is None:
            stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")
            self._fname = f"{self.file_path}/{stamp}-{secrets.token_hex(4)}.log"
        return self._fname


class Line:
    """One connection to the mail server, kept for many mails."""

    def __init__(self) -> None:
        """Choose the backend of the settings; nothing is opened yet."""
        is_file = settings.EMAIL_BACKEND == "django.core.mail.backends.filebased.EmailBackend"
        self.backend: Any = OwnFile() if is_file else get_connection()
        self.sender = path_of(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
        self.is_open = False

    def open(self) -> None:
        """Connect unless connected; raises LineDown."""
        if self.is_open:
            return
        try:
            self.backend.open()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise LineDown(code_of(error)) from error
        self.is_open = True

    def close(self) -> None:
        """Hang up."""
        self.is_open = False
        try:
            self.backend.close()
        except (smtplib.SMTPException, OSError):
            # It was broken already; the next mail opens another one.
            self.backend.connection = None

    def send(self, mail: Sendable) -> None:
        """Hand one mail over and return when the server took it; raises TryLater, Refused, LineBroken or LineDown."""
        try:
            if isinstance(self.backend, SmtpBackend) and self.backend.connection is not None:
                deliver(self.backend.connection, self.sender, path_of(mail.address), mail.as_bytes())
            else:
                self.backend.send_messages([mail.as_django()])
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            self.judge(code, text, error, is_recipient=True)
        except smtplib.SMTPSenderRefused as error:
            if error.smtp_code >= 500:
                raise LineDown(code_of(error)) from error
            self.judge(error.smtp_code, error.smtp_error, error)
        except smtplib.SMTPResponseException as error:
            self.judge(error.smtp_code, error.smtp_error, error)
        except (smtplib.SMTPException, OSError) as error:
            raise LineBroken(code_of(error)) from error
        except Exception as error:
            # Backends of mail services have errors of their own; none of them may stop the mails of others.
            raise TryLater(code_of(error)) from error

    @staticmethod
    def judge(code: int, text: bytes | str, error: Exception, *, is_recipient: bool = False) -> None:
        """Raise what an answer of the server means for the mail; `is_recipient`: it was given when the address was named."""
        said = reply(code, text)
        if code == 421:
            raise LineBroken(said) from error
        if code >= 500:
            raise Refused(said, is_address=is_recipient and is_gone(said)) from error
        raise TryLater(said) from error


def reply(code: int, text: bytes | str) -> str:
    """Return the code of an answer; its words may hold an address and are left out."""
    enhanced = ENHANCED_CODE.match(text if isinstance(text, bytes) else text.encode())
    return f"{code} {enhanced.group().decode()}" if enhanced else str(code)


def code_of(error: Exception) -> str:
    """Return what may be written down about an error."""
    if isinstance(error, smtplib.SMTPResponseException):
        return reply(error.smtp_code, error.smtp_error)
    return type(error).__name__
