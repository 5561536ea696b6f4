"""Keeping wishes: a patient's (on or off, at what time, paused, stopped altogether) and those of staff (the daily digest)."""

import datetime as dt
import uuid
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Invalid
from clinics.localtime import local_day
from clinics.models import Membership
from patients.models import Patient
from reminders.actions.planning import plan_deliveries
from reminders.actions.wanting import Wish, default_wish, wishes_of
from reminders.models import Kind, Preference, StaffWish

LONGEST_PAUSE_DAYS = 366


def wishes_for(patient: Patient) -> dict[Kind, Wish]:
    """Return what the patient wishes for each kind; the default where nothing was said."""
    said = wishes_of([patient.pk], list(Kind))
    return {kind: said.get((patient.pk, kind)) or default_wish(kind) for kind in Kind}


def patient_of_link(patient_id: uuid.UUID) -> Patient | None:
    """Return the patient a signed link belongs to, with clinic and account; None when the record is gone."""
    found: Patient | None = Patient.objects.select_related("clinic", "membership__user").filter(pk=patient_id).first()
    return found


@transaction.atomic
def keep_wishes(*, patient: Patient, wishes: Mapping[Kind, Wish], by: Membership | None, now: dt.datetime) -> None:
    """Store the wishes and correct what is already planned; `by` is None when a signed link was used.

    Raises Invalid for a pause that ends in the past or more than a year away.
    """
    today = local_day(now, patient.zone)
    for wish in wishes.values():
        last = wish.paused_to_on
        if last is not None and not today <= last <= today + dt.timedelta(days=LONGEST_PAUSE_DAYS):
            raise Invalid(fields={"paused_to_on": [_("Choose a day from today to a year from now.")]})
    rows = [
        Preference(
            clinic_id=patient.clinic_id,
            patient=patient,
            kind=kind,
            channel=wish.channel,
            is_on=wish.is_on,
            at_local_time=wish.at,
            weekday=wish.weekday if kind == Kind.WEEKLY_SUMMARY else None,
            quiet_from=wish.quiet.from_time if wish.quiet else None,
            quiet_until=wish.quiet.until_time if wish.quiet else None,
            paused_to_on=wish.paused_to_on,
            changed_at=now,
        )
        for kind, wish in wishes.items()
    ]
    Preference.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["clinic", "patient", "kind"],
        update_fields=["channel", "is_on", "at_local_time", "weekday", "quiet_from", "quiet_until", "paused_to_on", "changed_at"],
    )
    audit.record(
        "reminder.change",
        clinic_id=patient.clinic_id,
        patient_id=patient.pk,
        by=by,
        at=now,
        on=[str(kind) for kind, wish in wishes.items() if wish.is_on],
        by_link=by is None,
    )
    plan_deliveries(now=now, patients=[patient.pk])


def stop_all(*, patient: Patient, by: Membership | None, now: dt.datetime) -> None:
    """Switch every reminder off; the times are kept for the day they are wanted again."""
    keep_wishes(patient=patient, wishes={kind: wish._replace(is_on=False) for kind, wish in wishes_for(patient).items()}, by=by, now=now)


def wants_digest(member: Membership) -> bool:
    """Tell whether a member of the clinic gets the daily digest; yes when nothing was said."""
    return not StaffWish.objects.filter(member=member, wants_digest=False).exists()


@transaction.atomic
def keep_digest_wish(*, by: Membership, is_wanted: bool, now: dt.datetime) -> None:
    """Store whether a member of the clinic wants the daily digest; stop signs come all the same."""
    StaffWish.objects.bulk_create(
        [StaffWish(clinic_id=by.clinic_id, member=by, wants_digest=is_wanted, changed_at=now)],
        update_conflicts=True,
        unique_fields=["member"],
        update_fields=["wants_digest", "changed_at"],
    )
    audit.record("notice.change", row=by, by=by, at=now, wants_digest=is_wanted)
