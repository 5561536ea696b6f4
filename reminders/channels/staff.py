"""Mails to the people who work in a clinic: neutral subjects, a patient as initials and number, and a link behind the sign-in.

A test is the mail a patient would get, addressed to the member who asked for it.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, translation

from clinics.localtime import to_local
from reminders import links
from reminders.channels.email import Look, Mail, Occasion, Recipient, compose, inliner, sender_of
from reminders.rules.timing import message_id


@dataclass(frozen=True, slots=True)
class Figures:
    """What is new: for each patient, as number and initials, how many alerts; for each outcome of invitations whose they were."""

    patients: tuple[tuple[str, int], ...]
    invitations: tuple[tuple[str, tuple[str, ...]], ...] = ()

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
    patient_id: uuid.UUID | None = None
    job_id: uuid.UUID | None = None
    job_kind: str = ""
    is_done: bool = False


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


def write_letter(letter: StaffLetter, sent_on: str, words_for: Callable[[str], str]) -> StaffMail:
    """Write the mail in the language of its reader; `sent_on` is the value of the Date header, `words_for` names a kind of work."""
    with translation.override(letter.language):
        clinic_name = " ".join(letter.clinic_name.split())
        context: dict[str, Any] = {
            "clinic_name": clinic_name,
            "language": letter.language,
            "step": letter.step,
            "initials": letter.initials,
            "number": letter.number,
            "figures": letter.figures,
            "job_label": words_for(letter.job_kind) if letter.job_kind else "",
            "is_done": letter.is_done,
            "notices_url": links.absolute(reverse("reminders:notices")),
        }
        if letter.raised_at is not None:
            local = to_local(letter.raised_at, letter.zone)
            context["raised_on"] = formats.date_format(local, "SHORT_DATE_FORMAT")
            context["raised_at"] = formats.time_format(local.time())
        if letter.alert_id is not None:
            context["open_url"] = links.absolute(reverse("patients:alert_acknowledge", args=[letter.alert_id]))
        elif letter.job_id is not None:
            context["open_url"] = links.absolute(reverse("clinics:job", args=[letter.job_id]))
        elif letter.patient_id is not None:
            context["open_url"] = links.absolute(reverse("reminders:ledger", args=[letter.patient_id]))
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


@dataclass(frozen=True, slots=True)
class Sample:
    """What a test is made from: a kind of reminder, its reader, and the clinic as patients know it."""

    notice_id: uuid.UUID
    kind: str
    language: str
    address: str
    first_name: str
    slot_on: dt.date
    clinic_name: str
    clinic_address: str
    clinic_phone: str
    emergency_number: str
    look: Look = Look()
    is_test: bool = True
    """Whether the mail says of itself that it is a test; what is only looked at reads as patients get it."""


def write_sample(sample: Sample, sent_on: str) -> Mail:
    """Write the mail a patient would get, with made-up content and links that lead nowhere."""
    occasion = Occasion(
        kind=sample.kind,
        language=sample.language,
        slot_on=sample.slot_on,
        clinic_name=sample.clinic_name,
        clinic_address=sample.clinic_address,
        clinic_phone=sample.clinic_phone,
        emergency_number=sample.emergency_number,
        minutes=25,
        done=2,
        planned=3,
        ahead=3,
        is_test=sample.is_test,
        look=sample.look,
    )
    nobody = uuid.UUID(int=0)
    return compose(occasion).fill(Recipient(sample.notice_id, nobody, nobody, sample.address, sample.first_name), sent_on)
