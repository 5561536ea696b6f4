"""A patient's mobile number for text messages: typed, confirmed by a code that only its owner can read, and forgotten again."""

import datetime as dt
import hmac
import secrets

import structlog
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from clinics import audit, throttle
from clinics.errors import Conflict, Invalid, TooMany
from clinics.models import Membership
from patients.models import Patient
from reminders.actions.devices import prefer
from reminders.actions.policies import channels_of, policy_of
from reminders.channels import sms
from reminders.channels.line import LineBroken, LineDown, Refused, TryLater
from reminders.models import Channel, Contact
from reminders.rules import texting

CODE_DIGITS = 6
CODE_LASTS = dt.timedelta(minutes=10)
CODES_AN_HOUR = 3
TRIES = 5

log = structlog.get_logger(__name__)


def own_number(patient: Patient, member: Membership) -> Contact | None:
    """Return the patient's number for text messages, confirmed or not; None when there is none."""
    found: Contact | None = Contact.objects.visible_to(member).filter(patient=patient, channel=Channel.SMS).exclude(number="").first()
    return found


def digest_of(contact: Contact, code: str) -> str:
    """Return the digest that is stored instead of a code."""
    return salted_hmac("reminders.phone", f"{contact.pk}:{contact.number}:{code}").hexdigest()


def ask_number(*, patient: Patient, typed: str, by: Membership, now: dt.datetime) -> None:
    """Store a number and send a code to it; it is used only once the code came back. Raises Conflict, Invalid or TooMany."""
    policy = policy_of(patient.clinic_id)
    if Channel.SMS not in channels_of(policy):
        raise Conflict(_("Text messages are switched off here."))
    number = texting.number_of(typed, patient.clinic.country)
    if number is None:
        raise Invalid(fields={"number": [_("Please write the number with its country, for example +49 151 23456789.")]})
    if not throttle.take(f"phone-code:{patient.pk}", amount=CODES_AN_HOUR, seconds=3600, now=now):
        raise TooMany(_("You have asked for several codes within an hour. Please try again in an hour."))
    code = "".join(secrets.choice("0123456789") for _digit in range(CODE_DIGITS))
    with transaction.atomic():
        contact, _is_new = Contact.objects.get_or_create(clinic_id=patient.clinic_id, patient=patient, channel=Channel.SMS)
        contact.number, contact.confirmed_at = number, None
        contact.refused_address, contact.refused_at, contact.error = "", None, ""
        contact.code_digest, contact.code_until_at = digest_of(contact, code), now + CODE_LASTS
        contact.save()
        audit.record("reminder.phone_ask", clinic_id=patient.clinic_id, patient_id=patient.pk, by=by, at=now)
    throttle.clear(f"phone-try:{contact.pk}")
    sentence = _("%(code)s is your code for text messages.") % {"code": code}
    send_code(number, texting.compose(policy.shown_as or patient.clinic.name, sentence, ""))


def send_code(number: str, body: str) -> None:
    """Send a code at once; raises Invalid when the number takes no text messages, Conflict when none can be sent now."""
    line = sms.make_line()
    try:
        line.open()
        line.send(sms.Text(number, body, int(CODE_LASTS.total_seconds())))
    except Refused as error:
        raise Invalid(fields={"number": [_("No text message can be sent to this number.")]}) from error
    except (TryLater, LineBroken, LineDown) as error:
        log.warning("text_message_not_sent", error=str(error))
        raise Conflict(_("The code could not be sent just now. Please try again in a few minutes.")) from error
    finally:
        line.close()


def confirm_number(*, patient: Patient, code: str, by: Membership, now: dt.datetime) -> None:
    """Take the code that was sent; from then on every reminder comes as a text message until the patient says otherwise.

    Raises Invalid for a wrong or old code, TooMany after five wrong ones; a refused try stays counted.
    """
    contact = Contact.objects.filter(patient=patient, clinic_id=patient.clinic_id, channel=Channel.SMS, confirmed_at=None).first()
    if contact is None or not contact.code_digest or contact.code_until_at is None or contact.code_until_at <= now:
        raise Invalid(fields={"code": [_("This code is no longer valid. Please ask for a new one.")]})
    if not throttle.take(f"phone-try:{contact.pk}", amount=TRIES, seconds=int(CODE_LASTS.total_seconds()), now=now):
        raise TooMany(_("Too many wrong codes. Please ask for a new one."))
    typed = "".join(letter for letter in code if letter.isdigit())
    if not hmac.compare_digest(digest_of(contact, typed), contact.code_digest):
        raise Invalid(fields={"code": [_("This is not the code we sent.")]})
    with transaction.atomic():
        Contact.objects.filter(pk=contact.pk).update(confirmed_at=now, code_digest="", code_until_at=None)
        audit.record("reminder.phone_confirm", clinic_id=patient.clinic_id, patient_id=patient.pk, by=by, at=now)
        prefer(patient=patient, channel=Channel.SMS, instead_of=Channel.EMAIL, by=by, now=now)


@transaction.atomic
def forget_number(*, patient: Patient, by: Membership, now: dt.datetime) -> None:
    """Forget the number; what came as a text message comes by e-mail again."""
    Contact.objects.filter(patient=patient, clinic_id=patient.clinic_id, channel=Channel.SMS).delete()
    audit.record("reminder.phone_forget", clinic_id=patient.clinic_id, patient_id=patient.pk, by=by, at=now)
    prefer(patient=patient, channel=Channel.EMAIL, instead_of=Channel.SMS, by=by, now=now)
