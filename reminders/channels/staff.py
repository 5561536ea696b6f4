"""Mails to the people who work in a clinic: neutral subjects, a patient as initials and number, and a link behind the sign-in."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, translation

from clinics.localtime import to_local
from reminders import links
from reminders.channels.email import inliner, sender_of
from reminders.rules.timing import message_id


@dataclass(frozen=True, slots=True)
class Figures:
    """What is new: for each patient, as number and initials, how many alerts."""

    patients: tuple[tuple[str, int], ...]

    @property
    def count(self) -> int:
        """How many alerts there are."""
        return sum(count for _who, count in self.patients)


@dataclass(frozen=True, slots=True)
class StaffLetter:
    """What one mail says, and who gets it."""

    notice_id: uuid.UUID
    kind: str
    step: int
    language: str
    address: str
    clinic_name: str
    zone: str
    alert_id: uuid.UUID | None
    initials: str
    number: str
    raised_at: dt.datetime | None
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class StaffMail:
    """One finished mail."""

    message: EmailMultiAlternatives

    @property
    def address(self) -> str:
        """Where it goes."""
        return str(self.message.to[0])

    def as_bytes(self) -> bytes:
        """Return the finished message with network line ends."""
        built: Any = self.message.message()
        return bytes(built.as_bytes(linesep="\r\n"))

    def as_django(self) -> EmailMultiAlternatives:
        """Return the mail for mail backends of another kind."""
        return self.message


def write_letter(letter: StaffLetter, sent_on: str) -> StaffMail:
    """Write the mail in the language of its reader; `sent_on` is the value of the Date header."""
    with translation.override(letter.language):
        clinic_name = " ".join(letter.clinic_name.split())
        context: dict[str, Any] = {
            "clinic_name": clinic_name,
            "language": letter.language,
            "step": letter.step,
            "initials": letter.initials,
            "number": letter.number,
            "figures": letter.figures,
            "notices_url": links.absolute(reverse("reminders:notices")),
        }
        if letter.raised_at is not None:
            local = to_local(letter.raised_at, letter.zone)
            context["raised_on"] = formats.date_format(local, "SHORT_DATE_FORMAT")
            context["raised_at"] = formats.time_format(local.time())
        if letter.alert_id is not None:
            context["open_url"] = links.absolute(reverse("patients:alert_acknowledge", args=[letter.alert_id]))
        else:
            context["open_url"] = links.absolute(reverse("patients:caseload"))
        name = f"reminders/staff/{letter.kind}"
        subject = " ".join(render_to_string(f"{name}.subject.txt", context).split())
        text = render_to_string(f"{name}.txt", context).strip() + "\n"
        html = inliner().inline(render_to_string(f"{name}.html", context))
    headers = {
        "Message-ID": message_id(letter.notice_id, settings.MESSAGE_ID_DOMAIN),
        "Date": sent_on,
        "Auto-Submitted": "auto-generated",
        "Content-Language": letter.language,
    }
    message = EmailMultiAlternatives(subject, text, sender_of(clinic_name), [letter.address], headers=headers)
    message.attach_alternative(html, "text/html")
    return StaffMail(message)
