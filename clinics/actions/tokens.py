"""Keys for programs: made by the person, shown once, stored as a digest, ended at any time."""

import datetime as dt
import uuid

from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from clinics import audit
from clinics.accounts import check_code
from clinics.errors import Conflict, Invalid, NotAllowed, TooMany
from clinics.models import ApiToken, Membership, User
from clinics.second_factor import has_second_factor, is_missing
from clinics.tokens import digest_of, new_key

LONGEST_DAYS = 365
MOST = 20


@transaction.atomic
def create_token(*, by: Membership, name: str, days: int, now: dt.datetime) -> tuple[ApiToken, str]:
    """Make a key with the rights of this membership, valid for 1–365 days; returns token and key (known only now); raises Invalid."""
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise Invalid(fields={"name": [_("Please give it a name of at most 80 characters.")]})
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(fields={"days": [_("Please choose 1 to %(days)s days.") % {"days": LONGEST_DAYS}]})
    if ApiToken.objects.filter(membership=by, revoked_at=None, expires_at__gt=now).count() >= MOST:
        raise Invalid(_("You have many tokens already. Please end one first."))
    key = new_key()
    token = ApiToken.objects.create(
        clinic_id=by.clinic_id,
        membership=by,
        name=name,
        digest=digest_of(key),
        hint=key[-4:],
        created_at=now,
        expires_at=now + dt.timedelta(days=days),
    )
    audit.record("token.create", row=token, by=by, at=now, days=days)
    return token, key


@transaction.atomic
def revoke_token(*, token: ApiToken, by: Membership, now: dt.datetime) -> None:
    """End a key of one's own; raises NotAllowed, Conflict."""
    if token.membership_id != by.pk:
        raise NotAllowed(_("You are not allowed to do this."))
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        raise Conflict(_("This token was already ended."))
    token.revoked_at = now
    audit.record("token.revoke", row=token, by=by, at=now)


def member_by_password(
    request: HttpRequest, *, email: str, password: str, code: str = "", clinic_id: uuid.UUID | None = None
) -> Membership:
    """Return the membership a program may get a token for, under the same limits and second factor as the log-in page.

    Raises NotAllowed with one and the same sentence for every wrong part, TooMany when the account is locked, Invalid when the person
    has several clinics and none was named.
    """
    wrong = NotAllowed(_("Address, password or code are not right."))
    try:
        user: User | None = get_adapter(request).authenticate(request, email=User.objects.normalize_email(email), password=password)
        if user is None or not user.is_active:
            raise wrong
        if has_second_factor(user) and check_code(user, code) is None:
            raise wrong
    except ValidationError as error:
        raise TooMany(error.messages[0]) from error
    found = Membership.objects.current().filter(user=user).select_related("clinic", "user")
    members = list(found.filter(clinic_id=clinic_id) if clinic_id else found)
    if len(members) > 1:
        raise Invalid(fields={"clinic": [_("Please name the clinic.")]})
    if not members or is_missing(members[0]):
        raise wrong
    return members[0]
