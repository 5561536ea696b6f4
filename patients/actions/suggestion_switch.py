"""Turning suggestions on and off for a clinic: an administrator, the medical-device notice confirmed, who and when kept."""

import datetime as dt
import uuid

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid, NotAllowed, NotFound
from clinics.models import Clinic, User
from patients.models import NOTICE_VERSION, SuggestionSwitch

BASIS_LENGTH = 500


def is_on(clinic_id: uuid.UUID) -> bool:
    """Tell whether a clinic has suggestions."""
    return bool(SuggestionSwitch.objects.on().filter(clinic_id=clinic_id).exists())


def switched_on() -> Exists:
    """Return the same for the clinic of each row of a query, at no query of its own."""
    return Exists(SuggestionSwitch.objects.on().filter(clinic=OuterRef("clinic")))


def need_switch(clinic_id: uuid.UUID) -> None:
    """Raise NotFound where a clinic has no suggestions: nothing of them is there."""
    if not is_on(clinic_id):
        raise NotFound


@transaction.atomic
def turn_on(*, clinic: Clinic, basis: str, confirmed: bool, by: User, now: dt.datetime) -> SuggestionSwitch:
    """Turn suggestions on for a clinic. `basis` says what permits their use there; `confirmed` that the notice was read and followed.

    Raises NotAllowed for anybody but an administrator, Invalid without confirmation or basis, Conflict where they are on already.
    """
    if not (by.is_active and by.is_superuser):
        raise NotAllowed
    text = basis.strip()
    if not text or len(text) > BASIS_LENGTH:
        raise Invalid(fields={"basis": [_("Please say what permits the use, in at most 500 characters.")]})
    if not confirmed:
        raise Invalid(fields={"confirmed": [_("Without this confirmation suggestions stay off.")]})
    try:
        with transaction.atomic():
            row = SuggestionSwitch.objects.create(
                clinic=clinic, basis=text, notice_version=NOTICE_VERSION, confirmed_by=by, confirmed_at=now
            )
    except IntegrityError as error:
        raise Conflict(_("Suggestions are already on for this clinic.")) from error
    audit.record("suggestions.on", row=row, clinic_id=clinic.pk, at=now, notice=NOTICE_VERSION)
    return row


@transaction.atomic
def turn_off(*, switch: SuggestionSwitch, by: User, now: dt.datetime) -> bool:
    """End the time in which a clinic has suggestions; what was suggested stays readable for administrators. Returns whether it was on."""
    if not (by.is_active and by.is_superuser):
        raise NotAllowed
    if not SuggestionSwitch.objects.on().filter(pk=switch.pk, clinic_id=switch.clinic_id).update(ended_by=by, ended_at=now):
        return False
    audit.record("suggestions.off", row=switch, clinic_id=switch.clinic_id, at=now)
    return True
