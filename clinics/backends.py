"""Log-in back end: allauth's checks, and a person loaded together with their clinics in one query."""

import uuid
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from clinics.models import Membership, User
from clinics.prepared import Prepared

open_doors = Prepared(
    lambda user_id: Membership.objects.current().filter(user_id=user_id).select_related("user", "clinic").order_by("created_at"),
    user_id=uuid.UUID,
)


class MemberBackend(AuthenticationBackend):
    """Authenticate by address and password; load memberships and clinics with the person."""

    def get_user(self, user_id: Any) -> User | None:
        """Return the active person with `memberships_loaded`, or None."""
        try:
            key = user_id if isinstance(user_id, uuid.UUID) else uuid.UUID(str(user_id))
        except ValueError:
            return None
        return load_person(key)


def load_person(user_id: uuid.UUID) -> User | None:
    """Load an active person and their open memberships with clinics: one query for members, two for others."""
    rows = open_doors.rows(user_id=user_id)
    user = rows[0].user if rows else User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return None
    for row in rows:
        row.user = user
    user.memberships_loaded = rows
    return user
