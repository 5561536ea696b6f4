"""Drafts of assignments: the choices made so far are kept until the program is given or somebody discards them."""

import datetime as dt
from collections.abc import Sequence

from clinics import audit
from clinics.models import Membership
from patients.models import AssignmentDraft, Patient
from programs.models import ProgramVersion


def keep_draft(
    *,
    patient: Patient,
    version: ProgramVersion,
    starts_on: dt.date | None,
    supervised_weekdays: Sequence[int],
    home_weekdays: Sequence[int],
    supervised_time: dt.time | None,
    by: Membership,
    now: dt.datetime,
) -> AssignmentDraft:
    """Keep the choices of an assignment as they are, whether they fit or not; they replace an earlier draft of anybody."""
    values = {
        "clinic_id": patient.clinic_id,
        "version": version,
        "starts_on": starts_on,
        "supervised_weekdays": sorted(set(supervised_weekdays)),
        "home_weekdays": sorted(set(home_weekdays)),
        "supervised_time": supervised_time,
        "made_by": by,
        "changed_at": now,
    }
    draft, is_new = AssignmentDraft.objects.update_or_create(patient=patient, defaults=values)
    if is_new:
        audit.record("assignment.draft", row=patient, patient_id=patient.pk, by=by, at=now)
    return draft


def discard_draft(*, patient: Patient, by: Membership, now: dt.datetime) -> None:
    """Forget what was chosen; without a draft nothing happens."""
    count, _rows = AssignmentDraft.objects.filter(patient=patient, clinic_id=patient.clinic_id).delete()
    if count:
        audit.record("assignment.discard", row=patient, patient_id=patient.pk, by=by, at=now)
