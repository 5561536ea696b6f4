"""Invitations: one mailed key to one membership, used once, within a few days, by the address it was sent to."""

import datetime as dt
import secrets
from typing import NoReturn

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from clinics import audit, throttle
from clinics.actions.members import may
from clinics.branding import NO_WORDS, Words, logo_url, words_of
from clinics.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from clinics.mail import AccountMail, compose, hand_over_mail
from clinics.models import Clinic, Invitation, Membership, Role, User
from clinics.states import MEMBERSHIP
from clinics.tokens import digest_of
from clinics.transitions import advance

PER_CLINIC_AND_HOUR = 50
PER_ADDRESS_AND_DAY = 5
LONGEST_ADDRESS = 254
INVITATION_MAIL = "invitation"


def join_url(key: str) -> str:
    """Return the link that is mailed or shown as a QR code; on the configured host, whatever Host said."""
    return f"{settings.BASE_URL}/join/{key}/"


def clean_address(email: str) -> str:
    """Return the address trimmed and in lower case; raises Invalid beside the field `email`."""
    address = User.objects.normalize_email(email)
    try:
        validate_email(address)
        MaxLengthValidator(LONGEST_ADDRESS)(address)
    except ValidationError as error:
        raise Invalid(fields={"email": [_("This is not an e-mail address.")]}) from error
    return address


@transaction.atomic
def invite_member(
    *, clinic: Clinic, email: str, role: str, name: str, by: Membership, now: dt.datetime, language: str = ""
) -> tuple[Membership, Invitation, str]:
    """Make a membership and mail its key; returns membership, invitation and the key (known only now).

    `invitation.mail_taken` is False after the commit when the mail server refused. An empty `language` means the clinic's.
    Raises NotAllowed, Invalid (address), Conflict (already somebody here, or invited), TooMany.
    """
    if role not in Role.values:
        raise Invalid(fields={"role": [_("There is no such role.")]})
    may(by, "patient.invite" if role == Role.PATIENT else "staff.invite", clinic.pk)
    address = clean_address(email)
    refuse_known(clinic, address)
    waiting = Invitation.objects.filter(clinic=clinic, email=address, accepted_at=None, revoked_at=None, expires_at__gt=now)
    if waiting.exists():
        raise Conflict(fields={"email": [_("This address already has an open invitation. You can send it again.")]})
    membership = Membership.objects.create(clinic=clinic, role=role, name=" ".join(name.split())[:160])
    invitation, key = invite_to(membership=membership, email=address, language=language, by=by, now=now)
    return membership, invitation, key


def refuse_known(clinic: Clinic, address: str) -> None:
    """Raise Conflict when the address already belongs to somebody of this clinic."""
    if Membership.objects.current().filter(clinic=clinic, user__email=address).exists():
        raise Conflict(fields={"email": [_("This address already belongs to somebody in your clinic.")]})


@transaction.atomic
def invite_to(*, membership: Membership, email: str, by: Membership, now: dt.datetime, language: str = "") -> tuple[Invitation, str]:
    """Mail a key to an existing membership that nobody accepted yet; every earlier key of it stops working.

    Returns invitation and key. Raises NotAllowed, Invalid, Conflict, TooMany.
    """
    may(by, "patient.invite" if membership.is_patient else "staff.invite", membership.clinic_id)
    if membership.status != Membership.Status.INVITED:
        raise Conflict(_("This person already accepted, or no longer belongs to the clinic."))
    address = clean_address(email)
    refuse_known(membership.clinic, address)
    hourly = throttle.take(f"invite:{membership.clinic_id}", amount=PER_CLINIC_AND_HOUR, seconds=3600, now=now)
    daily = throttle.take(f"invite:{membership.clinic_id}:{address}", amount=PER_ADDRESS_AND_DAY, seconds=86400, now=now)
    if not hourly:
        raise TooMany(_("Your clinic has sent %(count)s invitations within an hour. Please wait a while.") % {"count": PER_CLINIC_AND_HOUR})
    if not daily:
        raise TooMany(_("This address was invited several times today. Please wait until tomorrow."))
    key = secrets.token_urlsafe(32)
    Invitation.objects.filter(membership=membership, accepted_at=None, revoked_at=None).update(revoked_at=now)
    invitation = Invitation.objects.create(
        clinic_id=membership.clinic_id,
        membership=membership,
        email=address,
        language=language or membership.clinic.language,
        digest=digest_of(key),
        invited_by=by,
        created_at=now,
        expires_at=now + dt.timedelta(days=settings.INVITATION_DAYS),
    )
    audit.record("invitation.send", row=invitation, by=by, at=now, membership=str(membership.pk), role_given=membership.role)
    mail_key(invitation, key)
    return invitation, key


def mail_key(invitation: Invitation, key: str) -> None:
    """Send the mail after the commit and note on the row's object whether the server took it."""
    clinic = invitation.membership.clinic

    def note(taken: bool) -> None:
        invitation.mail_taken = taken  # type: ignore[attr-defined]
        if not taken:
            # Whoever invited many at once reads it in the digest.
            Invitation.objects.filter(pk=invitation.pk).update(undelivered_at=invitation.created_at)

    words = words_of([clinic.pk]).get((clinic.pk, invitation.language), NO_WORDS)
    is_patient = invitation.membership.is_patient
    mail = compose_invitation(clinic, invitation.email, join_url(key), invitation.language, words, is_patient=is_patient)
    hand_over_mail(mail, INVITATION_MAIL, then=note)


def compose_invitation(clinic: Clinic, to: str, url: str, language: str, words: Words, *, is_patient: bool) -> AccountMail:
    """Return the mail with the link to come in; the clinic's own words are for patients."""
    context = {
        "clinic": clinic,
        "url": url,
        "days": settings.INVITATION_DAYS,
        "words": words if is_patient else NO_WORDS,
        "logo_url": logo_url(clinic.logo_id),
    }
    return compose(INVITATION_MAIL, to, context, language, clinic.accent)


@transaction.atomic
def renew_invitation(*, invitation: Invitation, by: Membership, now: dt.datetime, email: str = "") -> tuple[Invitation, str]:
    """Send a new key (to another address if given); the old one stops working; raises as `invite_to`."""
    return invite_to(membership=invitation.membership, email=email or invitation.email, by=by, now=now, language=invitation.language)


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: Membership, now: dt.datetime) -> None:
    """Take an invitation back; the membership of staff ends with it; raises NotAllowed, Conflict."""
    membership = invitation.membership
    may(by, "patient.invite" if membership.is_patient else "staff.invite", invitation.clinic_id)
    if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(revoked_at=now):
        raise Conflict(_("This invitation was already used or taken back."))
    invitation.revoked_at = now
    if not membership.is_patient:
        advance(membership, Membership.Status.ENDED, table=MEMBERSHIP, now=now, ended_at=now)
    audit.record("invitation.revoke", row=invitation, by=by, at=now, membership=str(membership.pk))


def find_open(key: str, now: dt.datetime) -> Invitation | None:
    """Return the invitation a key still opens, or None; used, expired, taken back and invented keys look the same."""
    found = Invitation.objects.filter(digest=digest_of(key)).select_related("membership__clinic", "clinic").first()
    usable = found is not None and found.is_open(now) and found.membership.status == Membership.Status.INVITED
    return found if usable else None


@transaction.atomic
def accept_invitation(
    *,
    key: str,
    now: dt.datetime,
    user: User | None = None,
    password: str | None = None,
    first_name: str = "",
    last_name: str = "",
) -> Membership:
    """Use the key up and open the membership to `user`, or to a new person of the invited address.

    A new person without a password signs in by mailed codes. Raises NotFound (key opens nothing), NotAllowed (another address, or an
    account exists that must sign in first), Conflict (already somebody in this clinic).
    """
    invitation = find_open(key, now)
    if invitation is None:
        raise NotFound(_("This invitation is not open."))
    if user is None:
        if User.objects.filter(email=invitation.email).exists():
            raise NotAllowed(_("Please sign in first, then accept the invitation."))
        language = invitation.language
        names = {"first_name": " ".join(first_name.split())[:80], "last_name": " ".join(last_name.split())[:80]}
        user = User.objects.create_user(invitation.email, password or None, language=language, **names)
    elif user.email != invitation.email:
        raise NotAllowed(_("This invitation was sent to another address."))
    if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None, expires_at__gt=now).update(accepted_at=now):
        refuse_used()
    membership = invitation.membership
    earlier = Membership.objects.filter(clinic_id=membership.clinic_id, user=user)
    if earlier.exclude(status=Membership.Status.ENDED).exists():
        raise Conflict(_("You already belong to this clinic."))
    # A person who comes back gets a new membership; the ended one keeps its name and what was done under it.
    earlier.update(user=None)
    advance(membership, Membership.Status.ACTIVE, table=MEMBERSHIP, now=now, user=user, name=membership.name or user.full_name)
    audit.record("invitation.accept", row=invitation, by=membership, at=now, membership=str(membership.pk))
    return membership


def refuse_used() -> NoReturn:
    """Raise NotFound for a key that somebody else used in this moment."""
    raise NotFound(_("This invitation is not open."))
