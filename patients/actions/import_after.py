"""What comes after an import: taking it back, inviting the people one after the other, and forgetting files that were left."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinics import audit, throttle
from clinics.actions.invitations import invite_to
from clinics.actions.members import may
from clinics.errors import Conflict, DomainError, TooMany
from clinics.jobs import Tell, job_kind, start_job
from clinics.models import Clinic, Invitation, Job, Membership
from clinics.transitions import advance
from patients.actions.erasing import delete_rows, tables_of_patients
from patients.actions.importing import ACTION, TAKE_BACK, file_of, refuse_busy
from patients.models import CaseloadEntry, ImportFile, Patient, SearchWord
from patients.states import IMPORT

KEPT = dt.timedelta(hours=24)
"""So long a file that was not imported is kept."""
WITH_RECORD = (CaseloadEntry, SearchWord)
"""Tables whose rows come with a record and go with it; everything else is more than the record."""
AT_A_TIME = 400
SMALL = 2000
"""Records of an import that are looked through within a request."""
INVITED_PER_HOUR = 40
"""Invitations an import sends in an hour: ten of the clinic's fifty are left for people at the desk."""
INVITED_PER_TICK = 10


# --- taking it back -----------------------------------------------------------------------


@transaction.atomic
def start_taking_back(*, file: ImportFile, by: Membership, now: dt.datetime) -> Job:
    """Delete the records of an import as a job; raises NotAllowed, Conflict (somebody has more than the record by now)."""
    may(by, ACTION, file.clinic_id)
    Clinic.objects.select_for_update(no_key=True).get(pk=file.clinic_id)
    refuse_busy(file.clinic_id)
    if file.status != ImportFile.Status.DONE:
        raise Conflict(_("This was changed in the meantime. Please look at it again."))
    if is_small(file):
        refuse_used(file)
    return start_job(TAKE_BACK, by=by, params={"file": str(file.pk)}, now=now)


def is_small(file: ImportFile) -> bool:
    """Tell whether a page may look for itself whether an import is in use; for large ones the job does."""
    return int(file.counts.get("new", 0)) <= SMALL


def in_use(file: ImportFile) -> "models.QuerySet[Patient]":
    """Return the patients of an import who have more than the record: an entry of any kind, an account, or who were erased."""
    mine = Patient.objects.filter(imported_with=file, clinic_id=file.clinic_id)
    used = Q(erased_at__isnull=False) | Q(membership__user__isnull=False) | ~Q(status=Patient.Status.ACTIVE)
    for model in tables_of_patients():
        if model not in WITH_RECORD:
            rows: Any = model._default_manager.filter(patient__imported_with=file)
            used |= Q(pk__in=rows.values("patient_id"))
    found: models.QuerySet[Patient] = mine.filter(used)
    return found


def refuse_used(file: ImportFile) -> None:
    """Raise Conflict while somebody of the import has more than the record."""
    numbers = list(in_use(file).order_by("number").values_list("number", flat=True)[:4])
    if numbers:
        named = ", ".join(numbers[:3]) + (" …" if len(numbers) > 3 else "")
        raise Conflict(
            _("This import cannot be taken back any more: something was entered for number %(numbers)s, or the person has an account.")
            % {"numbers": named}
        )


@job_kind(TAKE_BACK, label=gettext_lazy("Taking an import back"), action=ACTION, page="patients:import_job")
def take_back(job: Job, tell: Tell) -> dict[str, Any]:
    """Delete every record an import has opened, or none; contact data it has updated stays as it is."""
    now = job.started_at or job.created_at
    Clinic.objects.select_for_update(no_key=True).get(pk=job.clinic_id)
    file = file_of(job)
    may(job.by, ACTION, file.clinic_id)
    advance(file, ImportFile.Status.TAKEN_BACK, table=IMPORT, now=now, inviter=None)
    refuse_used(file)
    rows = list(Patient.objects.filter(imported_with=file, clinic_id=file.clinic_id).order_by("pk").values_list("pk", "membership_id"))
    audit.record_rows("patient.uncreate", [key for key, _member in rows], like=Patient(clinic=file.clinic), by=job.by, at=now)
    done = 0
    try:
        with transaction.atomic():
            for some in portions(rows):
                keys, members = [key for key, _member in some], [member for _key, member in some if member]
                for model in WITH_RECORD:
                    delete_rows(model, patient__in=keys)
                delete_rows(Patient, pk__in=keys)
                delete_rows(Invitation, membership__in=members)
                delete_rows(Membership, pk__in=members)
                done += len(some)
                tell(done, len(rows))
    except IntegrityError as error:  # somebody was faster with an entry
        raise Conflict(_("Something was entered for one of these people in the meantime. Nothing was taken back.")) from error
    audit.record("import.take_back", row=file, by=job.by, at=now, count=len(rows))
    return {"file": str(file.pk)}


def portions(rows: Sequence[tuple[Any, Any]]) -> Iterator[Sequence[tuple[Any, Any]]]:
    """Yield rows in sets a statement can name."""
    for start in range(0, len(rows), AT_A_TIME):
        yield rows[start : start + AT_A_TIME]


# --- inviting -----------------------------------------------------------------------------


@transaction.atomic
def set_inviting(*, file: ImportFile, on: bool, by: Membership, now: dt.datetime) -> None:
    """Begin or stop to invite the people of an import who have an address; raises NotAllowed, Conflict (not imported)."""
    may(by, ACTION, file.clinic_id)
    may(by, "patient.invite", file.clinic_id)
    moved = ImportFile.objects.filter(pk=file.pk, status=ImportFile.Status.DONE).update(inviter=by if on else None)
    if not moved:
        raise Conflict(_("This was changed in the meantime. Please look at it again."))
    audit.record("import.invite", row=file, by=by, at=now, on=on)


def to_invite(file: ImportFile) -> "models.QuerySet[Patient]":
    """Return the people of an import who have an address, have no invitation in their hands and were not dealt with, in order."""
    sent = Invitation.objects.filter(membership=OuterRef("membership"), revoked_at=None)
    rows = Patient.objects.active().filter(~Exists(sent), imported_with=file, membership__status=Membership.Status.INVITED, erased_at=None)
    rows = rows.exclude(email="")
    if file.invited_to is not None:
        rows = rows.filter(pk__gt=file.invited_to)
    found: models.QuerySet[Patient] = rows.order_by("pk")
    return found


def invite_imported(*, now: dt.datetime) -> int:
    """Send the next invitations of every import that invites, as slowly as a clinic may; returns how many were sent.

    Who cannot be invited (the address belongs to somebody else here) is passed over. Nobody is invited twice: each step moves a mark
    by a conditional UPDATE. A mail the server did not take is sent with a new key the next time.
    """
    sent = 0
    files = ImportFile.objects.light().filter(inviter__isnull=False, status=ImportFile.Status.DONE).select_related("inviter__user")
    for file in files.order_by("changed_at"):
        for patient in list(to_invite(file).select_related("membership__clinic")[:INVITED_PER_TICK]):
            if not throttle.take(f"import-invite:{file.clinic_id}", amount=INVITED_PER_HOUR, seconds=3600, now=now):
                break
            try:
                taken = invite_one(file, patient, now=now)
            except TooMany:
                break
            sent += taken
            if not taken:
                break
        else:
            if not to_invite(file).exists():
                ImportFile.objects.filter(pk=file.pk).update(inviter=None)
    return sent


def invite_one(file: ImportFile, patient: Patient, *, now: dt.datetime) -> bool:
    """Invite one person and move the mark, both or nothing; returns False when somebody else did or the mail was not taken.

    Raises TooMany when the clinic has sent enough for now.
    """
    before = file.invited_to
    invitation: Invitation | None = None
    with transaction.atomic():
        if not ImportFile.objects.filter(pk=file.pk, inviter=file.inviter, invited_to=before).update(invited_to=patient.pk):
            return False
        file.invited_to = patient.pk
        membership, by = patient.membership, file.inviter
        if membership is None or by is None:
            return True
        try:
            with transaction.atomic():
                invitation, _key = invite_to(membership=membership, email=patient.email, by=by, now=now, language=patient.language)
        except TooMany:
            file.invited_to = before
            raise
        except DomainError as refused:
            audit.record("import.pass_over", row=file, patient_id=patient.pk, by=by, at=now, code=refused.code)
    if invitation is not None and not getattr(invitation, "mail_taken", True):
        # Nobody has the key: it is void, and the next tick begins here again.
        Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(revoked_at=now)
        ImportFile.objects.filter(pk=file.pk, invited_to=patient.pk).update(invited_to=before)
        file.invited_to = before
        return False
    return True


# --- what time brings ---------------------------------------------------------------------


@transaction.atomic
def forget_files(*, now: dt.datetime) -> int:
    """Delete files that were not imported within a day; returns how many."""
    old = ImportFile.objects.light().filter(status__in=(ImportFile.Status.WAITING, ImportFile.Status.CHECKED), changed_at__lt=now - KEPT)
    rows = list(old.only("pk", "clinic_id"))
    audit.record_many(audit.event("import.forget", row=row, at=now) for row in rows)
    return int(ImportFile.objects.filter(pk__in=[row.pk for row in rows]).delete()[0])
