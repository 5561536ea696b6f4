"""Who belongs to a clinic: roles, endings, and the clinic's own data."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.models import ApiToken, Clinic, ClosedDay, Invitation, Membership, Role
from clinics.permissions import allows
from clinics.states import MEMBERSHIP
from clinics.transitions import advance


def may(by: Membership, action: str, clinic_id: Any) -> None:
    """Refuse unless `by` may do `action` in that clinic; raises NotAllowed."""
    if by.clinic_id != clinic_id or not allows(by, action):
        raise NotAllowed(_("You are not allowed to do this."))


def is_last_manager(membership: Membership) -> bool:
    """Tell whether nobody else could manage the clinic."""
    others = Membership.objects.current().filter(clinic_id=membership.clinic_id, role=Role.MANAGER).exclude(pk=membership.pk)
    return membership.role == Role.MANAGER and membership.is_current and not others.exists()


@transaction.atomic
def end_membership(*, membership: Membership, by: Membership, now: dt.datetime) -> None:
    """Close the door at once: the next request, every token and every open invitation are refused.

    Raises NotAllowed for other clinics, Invalid for oneself or the last manager, Conflict when it already ended.
    """
    may(by, "patient.change" if membership.is_patient else "staff.end", membership.clinic_id)
    if membership.pk == by.pk:
        raise Invalid(_("You cannot end your own membership. Ask another manager."))
    if is_last_manager(membership):
        raise Invalid(_("A clinic needs a manager. Make somebody else a manager first."))
    name = membership.name or (membership.user.full_name if membership.user else "")
    advance(membership, Membership.Status.ENDED, table=MEMBERSHIP, now=now, ended_at=now, name=name)
    ApiToken.objects.filter(membership=membership, revoked_at=None).update(revoked_at=now)
    Invitation.objects.filter(membership=membership, accepted_at=None, revoked_at=None).update(revoked_at=now)
    audit.record("membership.end", row=membership, by=by, at=now, role_before=membership.role)


@transaction.atomic
def change_role(*, membership: Membership, role: str, by: Membership, now: dt.datetime) -> None:
    """Make a therapist a manager or the other way round; raises NotAllowed, Invalid, Conflict."""
    may(by, "staff.end", membership.clinic_id)
    if membership.is_patient or role not in {Role.MANAGER, Role.THERAPIST}:
        raise Invalid(_("Only staff can have this role."))
    if membership.pk == by.pk or (role != Role.MANAGER and is_last_manager(membership)):
        raise Invalid(_("A clinic needs a manager. Make somebody else a manager first."))
    before = membership.role
    changed = Membership.objects.filter(pk=membership.pk, role=before).exclude(status=Membership.Status.ENDED).update(role=role)
    if not changed:
        raise Conflict(_("This was changed in the meantime. Please look at it again."))
    membership.role = role
    audit.record("membership.role", row=membership, by=by, at=now, before=before, after=role)


@transaction.atomic
def change_clinic(*, clinic: Clinic, changes: dict[str, Any], by: Membership, now: dt.datetime) -> list[str]:
    """Store the manager's settings of the clinic; returns the names of the changed fields; raises NotAllowed."""
    may(by, "clinic.change", clinic.pk)
    row = Clinic.objects.select_for_update().get(pk=clinic.pk)
    changed = [name for name, value in changes.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, changes[name])
    if changed:
        row.save(update_fields=changed)
        audit.record("clinic.change", clinic_id=row.pk, row=row, by=by, at=now, fields=sorted(changed))
    return changed


@transaction.atomic
def add_closed_day(*, on: dt.date, name: str, by: Membership, now: dt.datetime) -> ClosedDay:
    """Note a day on which nobody is treated; raises NotAllowed, Conflict when it is there already."""
    may(by, "clinic.change", by.clinic_id)
    day, is_new = ClosedDay.objects.get_or_create(clinic_id=by.clinic_id, on=on, defaults={"name": name})
    if not is_new:
        raise Conflict(fields={"on": [_("This day is already in the list.")]})
    audit.record("closed_day.add", row=day, by=by, at=now, on=on.isoformat())
    return day


@transaction.atomic
def remove_closed_day(*, day: ClosedDay, by: Membership, now: dt.datetime) -> None:
    """Take a day off the list; raises NotAllowed."""
    may(by, "clinic.change", day.clinic_id)
    audit.record("closed_day.remove", row=day, by=by, at=now, on=day.on.isoformat())
    day.delete()
