"""Noting that a manager looked at access that was unusual."""

import datetime as dt
import uuid

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clinics import audit
from clinics.actions.members import may
from clinics.errors import Conflict, Invalid
from clinics.models import Membership
from patients.models import AccessReview
from patients.rules.access import Kind

NOTE_LENGTH = 500


@transaction.atomic
def review_access(
    *, kind: str, actor_id: uuid.UUID, day: dt.date, upto: dt.datetime, note: str, by: Membership, now: dt.datetime
) -> AccessReview:
    """Note what was found about one kind of access by one person on one day, up to the last entry that was seen.

    Raises NotAllowed, Invalid (no note, no such kind), Conflict when a colleague noted the same before.
    """
    may(by, "access.review", by.clinic_id)
    text = " ".join(note.split())
    if not text:
        raise Invalid(fields={"note": [_("Please write what you found.")]})
    if len(text) > NOTE_LENGTH:
        raise Invalid(fields={"note": [_("Please write at most 500 characters.")]})
    if kind not in set(Kind) or upto > now:
        raise Invalid(_("This request cannot be read."))
    try:
        with transaction.atomic():
            row = AccessReview.objects.create(
                clinic_id=by.clinic_id, kind=kind, actor_id=actor_id, day_on=day, upto_at=upto, note=text, by=by, at=now
            )
    except IntegrityError as error:
        raise Conflict(_("A colleague looked at this before you.")) from error
    audit.record("access.review", row=row, by=by, at=now, kind=kind, person=str(actor_id), day=day.isoformat())
    return row
