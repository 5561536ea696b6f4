"""Patients go from one therapist to another, in sets: who looks after them, what of their alerts is open again, and the trail of each."""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinics import audit
from clinics.actions.members import end_membership, may
from clinics.errors import Conflict, Invalid, NotAllowed
from clinics.models import Membership, Role
from patients.actions.caseload import refresh_entries
from patients.actions.cover import end_covers_of
from patients.models import Alert, AlertStep, Handover, Patient

REASON_LENGTH = 300
BATCH = 500


@dataclass(frozen=True, slots=True)
class Handed:
    """How many patients were handed over, how many were not with the source any more, and how many alerts are open again."""

    moved: int
    missed: int
    reopened: int


OTHERS = gettext_lazy("You can hand over your own patients only. Ask a manager for the others.")


def hands_over(by: Membership, source: uuid.UUID | None) -> bool:
    """Tell whether somebody may give the patients of `source` (None: of nobody) to others: a manager everybody's, a therapist the own."""
    return by.role == Role.MANAGER or source == by.pk


@transaction.atomic
def hand_over(
    *,
    source: Membership | None,
    target: Membership,
    patients: Collection[uuid.UUID] | None,
    by: Membership,
    now: dt.datetime,
    reason: str = "",
) -> Handed:
    """Give patients of one therapist (None: of nobody) to another; None as `patients` means all active ones.

    A manager does it for everybody, a therapist for the own ones. Whoever is not with the source any more stays where somebody else put
    them. Raises NotAllowed, Invalid (who, reason too long), Conflict when nobody is left to hand over. Constant number of queries.
    """
    may(by, "patient.hand_over", target.clinic_id)
    if not hands_over(by, source.pk if source else None):
        raise NotAllowed(OTHERS)
    reason = " ".join(reason.split())
    if len(reason) > REASON_LENGTH:
        raise Invalid(fields={"reason": [_("Please write at most 300 characters.")]})
    if source is not None and (source.clinic_id != by.clinic_id or source.pk == target.pk):
        raise Invalid(fields={"target": [_("Choose another person.")]})
    if not Membership.objects.current().staff().filter(pk=target.pk, clinic_id=by.clinic_id).exists():
        raise Invalid(fields={"target": [_("This person does not work at your clinic.")]})
    rows = Patient.objects.active().filter(clinic_id=by.clinic_id, therapist=source)
    if patients is not None:
        rows = rows.filter(pk__in=patients)
    # Whoever moves one of them at this moment comes wholly before or wholly after.
    found = list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    if not found:
        raise Conflict(_("Nobody was left to hand over: somebody else was faster. Please look again."))
    Patient.objects.filter(pk__in=found).update(therapist=target)
    reopened = note_handover(found, clinic_id=by.clinic_id, source=source, target=target, reason=reason, by=by, now=now)
    return Handed(len(found), 0 if patients is None else len(set(patients)) - len(found), reopened)


def note_handover(
    patients: Collection[uuid.UUID],
    *,
    clinic_id: uuid.UUID,
    source: Membership | None,
    target: Membership | None,
    reason: str,
    by: Membership,
    now: dt.datetime,
) -> int:
    """Write who went from whom to whom, and open what the source had taken; returns how many alerts are open again.

    What was taken stays in the alert's history. What is put off stays put off, but has no owner when it comes back.
    """
    if target is not None:
        Handover.objects.bulk_create(
            [
                Handover(clinic_id=clinic_id, patient_id=patient, source=source, target=target, reason=reason, by=by, at=now)
                for patient in patients
            ],
            batch_size=BATCH,
        )
    details: dict[str, Any] = {"source": str(source.pk) if source else None, "target": str(target.pk) if target else None}
    audit.record_many(
        audit.event("patient.hand_over", clinic_id=clinic_id, patient_id=patient, by=by, at=now, **details) for patient in patients
    )
    if source is None:
        return 0
    owned = Alert.objects.filter(clinic_id=clinic_id, patient_id__in=patients, seen_by=source)
    put_off = owned.filter(status=Alert.Status.SNOOZED)
    taken = list(owned.filter(status=Alert.Status.ACKNOWLEDGED).select_for_update(no_key=True).order_by("pk"))
    touched = {row.patient_id for row in taken} | set(put_off.values_list("patient_id", flat=True))
    put_off.update(seen_by=None, seen_at=None)
    Alert.objects.filter(pk__in=[row.pk for row in taken]).update(status=Alert.Status.OPEN, seen_by=None, seen_at=None)
    AlertStep.objects.bulk_create(
        [
            AlertStep(clinic_id=clinic_id, patient_id=row.patient_id, alert_id=row.pk, kind=AlertStep.Kind.HANDED_OVER, by=by, at=now)
            for row in taken
        ],
        batch_size=BATCH,
    )
    if touched:
        refresh_entries(Patient.objects.filter(pk__in=touched).select_related("clinic"), now=now)
    return len(taken)


@transaction.atomic
def end_staff(*, membership: Membership, successor: Membership | None, by: Membership, now: dt.datetime, reason: str = "") -> Handed | None:
    """End the access of somebody who works here, and with it their covers; their patients go to `successor` first.

    Returns what was handed over, None when there was nothing. Raises Invalid when patients are left and nobody takes them, and whatever
    `hand_over` and `end_membership` raise.
    """
    may(by, "staff.end", membership.clinic_id)
    if membership.is_patient:
        raise Invalid(_("Only staff can have this role."))
    handed = None
    # Locked, so that nobody gets another patient while this is decided.
    Membership.objects.select_for_update(no_key=True).filter(pk=membership.pk).first()
    mine = Patient.objects.active().filter(clinic_id=membership.clinic_id, therapist=membership)
    if mine.exists():
        if successor is None:
            raise Invalid(fields={"target": [_("Choose who looks after the patients from now on.")]})
        handed = hand_over(source=membership, target=successor, patients=None, by=by, now=now, reason=reason)
    end_membership(membership=membership, by=by, now=now)
    end_covers_of(member=membership, by=by, now=now)
    return handed
