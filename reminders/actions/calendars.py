"""The secret address of a patient's calendar: made, replaced, ended, and noted when it was used."""

import datetime as dt
import hashlib
import secrets

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import Conflict
from clinics.models import Membership
from patients.models import Patient
from reminders.models import CalendarKey

KEY_BYTES = 24
USED_STEP = dt.timedelta(minutes=5)
"""The last use is written at most so often: calendar programs ask again and again."""


def digest_of(key: str) -> str:
    """Return the digest that is stored instead of the key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def key_in_force(patient: Patient, member: Membership) -> CalendarKey | None:
    """Return the patient's calendar address, None when there is none."""
    found: CalendarKey | None = CalendarKey.objects.visible_to(member).filter(patient=patient, revoked_at=None).first()
    return found


@transaction.atomic
def make_key(*, patient: Patient, by: Membership, now: dt.datetime) -> str:
    """Make a new secret of 192 random bits, end the one before, and return it: it is known only now. Raises Conflict."""
    ended = CalendarKey.objects.filter(patient=patient, clinic_id=patient.clinic_id, revoked_at=None).update(revoked_at=now)
    key = secrets.token_urlsafe(KEY_BYTES)
    try:
        with transaction.atomic():
            row = CalendarKey.objects.create(clinic_id=patient.clinic_id, patient=patient, digest=digest_of(key), created_at=now)
    except IntegrityError as error:
        raise Conflict(_("This was changed in the meantime. Please look at it again.")) from error
    audit.record("calendar.make", row=row, by=by, at=now, replaced=bool(ended))
    return key


@transaction.atomic
def end_key(*, patient: Patient, by: Membership, now: dt.datetime) -> bool:
    """End the calendar address; tells whether there was one."""
    row = CalendarKey.objects.filter(patient=patient, clinic_id=patient.clinic_id, revoked_at=None).first()
    if row is None or not CalendarKey.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=now):
        return False
    audit.record("calendar.end", row=row, by=by, at=now)
    return True


def open_key(key: str) -> CalendarKey | None:
    """Return the address behind a key, with patient, clinic and account; None for an ended or unknown one, or a person who left."""
    row: CalendarKey | None = (
        CalendarKey.objects.filter(digest=digest_of(key), revoked_at=None, patient__status=Patient.Status.ACTIVE)
        .select_related("patient__clinic", "patient__membership__user")
        .first()
    )
    member = row.patient.membership if row else None
    return row if member is not None and member.is_current else None


def note_use(row: CalendarKey, *, now: dt.datetime) -> None:
    """Note that the calendar was fetched, under the rights of the patient who made the address."""
    if row.last_used_at is None or now - row.last_used_at >= USED_STEP:
        CalendarKey.objects.filter(pk=row.pk).update(last_used_at=now)
    audit.record("calendar.view", row=row, by=row.patient.membership, at=now)
