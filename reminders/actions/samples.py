"""A mail as a patient would get it, with made-up content, for whoever writes the clinic's words."""

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from clinics.actions.invitations import compose_invitation, join_url
from clinics.branding import Words
from clinics.emergency import number_for
from clinics.models import Clinic
from reminders.actions.policies import policy_of
from reminders.channels.email import Look
from reminders.channels.staff import Sample, write_sample

INVITATION = "invitation"
NOBODY = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Sampled:
    """What somebody would read: subject, sender, plain text and HTML."""

    subject: str
    sender: str
    text: str
    html: str


def sample_of(*, kind: str, language: str, clinic: Clinic, words: Words, first_name: str) -> Sampled:
    """Return the mail of a kind (or the invitation) with these words, in a language."""
    if kind == INVITATION:
        mail = compose_invitation(clinic, f"somebody@{settings.MESSAGE_ID_DOMAIN}", join_url("…"), language, words, is_patient=True)
    else:
        sample = Sample(
            notice_id=NOBODY,
            kind=kind,
            language=language,
            address=f"somebody@{settings.MESSAGE_ID_DOMAIN}",
            first_name=first_name,
            slot_on=timezone.localdate(),
            clinic_name=policy_of(clinic.pk).shown_as or clinic.name,
            clinic_address=clinic.address,
            clinic_phone=clinic.phone,
            emergency_number=number_for(clinic),
            look=Look(clinic.accent, clinic.logo_id, words.reminder, words.closing, words.signature),
            is_test=False,
        )
        mail = write_sample(sample, "").as_django()
    return Sampled(str(mail.subject), mail.from_email, str(mail.body), str(mail.alternatives[0][0]))
