"""Taking a person out of a clinic for good: the way in, sessions, tokens, invitations, and the account nobody needs any more."""

import datetime as dt
import uuid
from collections.abc import Collection
from importlib import import_module
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import transaction

from clinics import throttle
from clinics.accounts import login_key
from clinics.models import ApiToken, Invitation, Membership, User
from clinics.states import MEMBERSHIP
from clinics.transitions import advance


@transaction.atomic
def erase_membership(*, membership: Membership, pseudonym: str, now: dt.datetime) -> bool:
    """End a membership and take its person out of it; tells whether the account went as well.

    The account stays when it opens another door: another membership, or the administration. Raises nothing for an ended membership.
    """
    user = membership.user
    if membership.status != Membership.Status.ENDED:
        advance(membership, Membership.Status.ENDED, table=MEMBERSHIP, now=now, ended_at=now)
    Membership.objects.filter(pk=membership.pk).update(name=pseudonym, user=None)
    membership.name, membership.user = pseudonym, None
    ApiToken.objects.filter(membership=membership).delete()
    Invitation.objects.filter(membership=membership).delete()
    return user is not None and erase_user(user)


def erase_user(user: User) -> bool:
    """Delete an account that opens no door any more, with its sessions, factors and codes; tells whether it did."""
    if user.is_staff or user.is_superuser or Membership.objects.filter(user=user).exists():
        return False
    for one in UserSession.objects.filter(user=user):
        one.end()
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore
    for session in Session.objects.iterator(chunk_size=500):
        # How somebody signed in stands in the session, with the address.
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            store(session.session_key).delete()
    throttle.clear(login_key(user.email))
    forget_in_administration({user.pk})
    user.delete()
    return True


def forget_in_administration(keys: Collection[uuid.UUID]) -> None:
    """Take names out of what the administration noted about these rows."""
    LogEntry.objects.filter(object_id__in=[str(key) for key in keys]).update(object_repr="–", change_message="")
