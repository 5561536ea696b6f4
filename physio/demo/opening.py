"""Opens the demo clinics: rooms, staff, closed days, approved programs; and lets people accept their invitations."""

import datetime as dt
import secrets

from django.conf import settings
from django.contrib.auth.hashers import make_password

from clinics import audit
from clinics.actions.invitations import accept_invitation
from clinics.models import Clinic, ClosedDay, Invitation, Membership, Role, User
from clinics.tokens import digest_of
from physio.demo.cast import ADMIN, PASSWORD, DemoClinic, Staff
from programs.actions import approve_version
from programs.models import ProgramVersion

WORKING_DAYS = [1, 2, 3, 4, 5]


def open_clinic(spec: DemoClinic, *, today: dt.date, at: dt.datetime) -> tuple[Clinic, list[Membership]]:
    """Create the clinic with its staff at `at`; closed days are counted from `today`. Returns clinic and staff, in their order."""
    clinic = Clinic.objects.create(
        name=spec.name,
        slug=spec.slug,
        time_zone=spec.time_zone,
        country=spec.country,
        phone=spec.phone,
        address=spec.address,
        open_weekdays=WORKING_DAYS,
        created_at=at,
    )
    for days, name in spec.closed:
        ClosedDay.objects.create(clinic=clinic, on=working_day(today + dt.timedelta(days=days)), name=name)
    first, *others = spec.staff
    manager = found_clinic(clinic, first, at=at)
    staff = [manager, *(join_staff(clinic, one, by=manager, at=at) for one in others)]
    physiotherapist = next(one for one in staff if one.role == Role.THERAPIST)
    for version in ProgramVersion.objects.published().filter(clinic=None):
        approve_version(version=version, clinic=clinic, by=physiotherapist, now=at + dt.timedelta(days=1))
    return clinic, staff


def working_day(day: dt.date) -> dt.date:
    """Return the day, or the Friday before a weekend."""
    return day - dt.timedelta(days=max(day.isoweekday() - 5, 0))


def found_clinic(clinic: Clinic, spec: Staff, *, at: dt.datetime) -> Membership:
    """Give a new clinic its first manager, as an administrator does."""
    user = User.objects.create_user(spec.email, first_name=spec.first_name, last_name=spec.last_name)
    return Membership.objects.create(
        clinic=clinic,
        user=user,
        role=spec.role,
        status=Membership.Status.ACTIVE,
        name=f"{spec.first_name} {spec.last_name}",
        created_at=at,
    )


def join_staff(clinic: Clinic, spec: Staff, *, by: Membership, at: dt.datetime) -> Membership:
    """Let a colleague come in; somebody who already works elsewhere comes in with the same account."""
    name = f"{spec.first_name} {spec.last_name}"
    membership = Membership.objects.create(clinic=clinic, role=spec.role, name=name, created_at=at)
    return come_in(membership, spec.email, spec.first_name, spec.last_name, "en", by=by, invited_at=at, at=at + dt.timedelta(hours=3))


def come_in(
    membership: Membership,
    email: str,
    first_name: str,
    last_name: str,
    language: str,
    *,
    by: Membership,
    invited_at: dt.datetime,
    at: dt.datetime,
) -> Membership:
    """Invite (without a mail: nobody would read it) and accept; returns the open membership."""
    key = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        clinic_id=membership.clinic_id,
        membership=membership,
        email=email,
        language=language,
        digest=digest_of(key),
        invited_by=by,
        created_at=invited_at,
        expires_at=invited_at + dt.timedelta(days=settings.INVITATION_DAYS),
    )
    audit.record("invitation.send", row=invitation, by=by, at=invited_at, membership=str(membership.pk), role_given=membership.role)
    user = User.objects.filter(email=email).first()
    if user is None:
        return accept_invitation(key=key, now=at, first_name=first_name, last_name=last_name)
    return accept_invitation(key=key, now=at, user=user)


def hand_out_passwords(slugs: list[str]) -> int:
    """Give every account of these clinics, and the administrator, the printed password; returns how many.

    It is hashed once: a hash for each would cost seconds and protect nothing, as everybody knows the password.
    """
    hashed = make_password(PASSWORD)
    User.objects.get_or_create(email=ADMIN, defaults={"first_name": "Ada", "is_staff": True, "is_superuser": True})
    members = User.objects.filter(memberships__clinic__slug__in=slugs) | User.objects.filter(email=ADMIN)
    return User.objects.filter(pk__in=members.values("pk")).update(password=hashed)
