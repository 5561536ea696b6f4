"""A person's own account: settings, the clinic they act in, their sessions, their address."""

import datetime as dt
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import Conflict, NotFound
from clinics.models import Membership, User

OWN = ("first_name", "last_name", "language", "theme", "text_size", "keyboard_shortcuts")


@transaction.atomic
def change_own_settings(*, user: User, changes: dict[str, Any], now: dt.datetime) -> list[str]:
    """Store a person's own settings; returns the names of the changed fields; others than the allowed ones are ignored."""
    changed = [name for name in OWN if name in changes and getattr(user, name) != changes[name]]
    for name in changed:
        setattr(user, name, changes[name])
    if changed:
        user.save(update_fields=changed)
        audit.record("own.settings", row=user, at=now, fields=changed)
    return changed


def choose_clinic(*, user: User, clinic_id: str, now: dt.datetime) -> Membership:
    """Return the person's membership in the clinic they want to act in; raises NotFound for any other."""
    for membership in user.memberships_loaded:
        if str(membership.clinic_id) == clinic_id:
            audit.record("clinic.switch", clinic_id=membership.clinic_id, by=membership, at=now)
            return membership
    raise NotFound(_("There is no such clinic."))


def own_sessions(user: User) -> list[UserSession]:
    """Return where the person is signed in now, newest first; dead ones are cleared away."""
    return sorted(UserSession.objects.purge_and_list(user), key=lambda session: session.created_at, reverse=True)


@transaction.atomic
def end_session(*, user: User, session_id: int, now: dt.datetime) -> None:
    """Sign a person out of one place; raises NotFound for somebody else's."""
    session = UserSession.objects.filter(user=user, pk=session_id).first()
    if session is None:
        raise NotFound(_("There is no such session."))
    session.end()
    audit.record("session.end", row=user, at=now, count=1)


@transaction.atomic
def end_other_sessions(*, user: User, keep_key: str, now: dt.datetime) -> int:
    """Sign a person out everywhere but here; returns in how many places."""
    others = [session for session in UserSession.objects.filter(user=user) if session.session_key != keep_key]
    for session in others:
        session.end()
    audit.record("session.end", row=user, at=now, count=len(others))
    return len(others)


@transaction.atomic
def change_address(*, user: User, email: str, now: dt.datetime) -> None:
    """Give a person another address; the former one opens nothing any more; raises Conflict when it is taken."""
    address = User.objects.normalize_email(email)
    if User.objects.filter(email=address).exclude(pk=user.pk).exists():
        raise Conflict(fields={"email": [_("This address belongs to somebody else.")]})
    EmailAddress.objects.filter(user=user).exclude(email=address).delete()
    user.email = address
    user.save(update_fields=["email"])
    audit.record("user.address", row=user, at=now)
