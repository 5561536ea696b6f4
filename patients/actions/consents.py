"""Agreeing to a purpose and taking it back: each yes is a row of its own, what follows happens in the same transaction."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import DoFirst, Invalid, NotAllowed
from clinics.models import Membership
from patients.actions.assigning import is_clear
from patients.actions.caseload import refresh_entry
from patients.actions.steps import settle_alerts
from patients.actions.symptoms import hold_program, start_if_clear
from patients.models import Alert, Consent, Patient
from patients.rules.consents import VERSIONS, Purpose, Standing, has_withdrawn, is_first_visit, read_standings
from patients.rules.triage import Rule

ASKED_AT = "patients:consent"
"""The page that asks."""


def standings_of(patient: Patient) -> dict[Purpose, Standing]:
    """Return what the patient has said about each purpose, from the loaded caseload line."""
    return read_standings(patient.caseload.facts.get("consents", {}))


def need_consent(patient: Patient, by: Membership | None) -> None:
    """Refuse an entry by a patient who was never asked (DoFirst) or took the agreement back (NotAllowed); staff must document by law."""
    if by is None or not by.is_patient:
        return
    standings = standings_of(patient)
    if is_first_visit(standings):
        raise DoFirst(_("Please read first what you agree to, and say yes or no."), page=ASKED_AT)
    if has_withdrawn(standings):
        raise NotAllowed(_("You have taken back your agreement, so nothing new is stored. You can give it again under “My agreements”."))


@transaction.atomic
def give_consents(*, patient: Patient, purposes: Collection[str], by: Membership, now: dt.datetime) -> list[Consent]:
    """Store a yes to each purpose in its current version; what is in force already stays, an older version is replaced.

    A yes to the record lets a program go on that only waited for it. Returns the new rows. Raises Invalid for an unknown purpose.
    """
    wanted = [purpose for purpose in Purpose if purpose.value in set(purposes)]
    if len(wanted) != len(set(purposes)):
        raise Invalid(fields={"purposes": [_("Please choose from the list.")]})
    # Two taps at once come one after the other.
    Patient.objects.select_for_update().get(pk=patient.pk, clinic_id=patient.clinic_id)
    mine = Consent.objects.filter(clinic_id=patient.clinic_id, patient=patient)
    standing = dict(mine.in_force().values_list("purpose", "version"))
    new = [purpose for purpose in wanted if standing.get(purpose.value) != VERSIONS[purpose]]
    if not new:
        return []
    mine.in_force().filter(purpose__in=[purpose.value for purpose in new]).update(replaced_at=now)
    rows = [
        Consent(
            clinic_id=patient.clinic_id,
            patient=patient,
            purpose=purpose.value,
            version=VERSIONS[purpose],
            language=(get_language() or "en")[:2],
            given_at=now,
            given_by=by,
        )
        for purpose in new
    ]
    Consent.objects.bulk_create(rows)
    for row in rows:
        audit.record("consent.give", row=row, by=by, at=now, purpose=row.purpose, version=row.version)
    if Purpose.RECORD in new:
        go_on(patient, by=by, now=now)
    refresh_entry(patient, now=now)
    return rows


def go_on(patient: Patient, *, by: Membership, now: dt.datetime) -> None:
    """Let a program go on that only waited for the agreement, and close what was raised about it."""
    if is_clear(patient):
        start_if_clear(patient, now=now)
    waiting = Alert.objects.filter(clinic_id=patient.clinic_id, patient=patient, rule=Rule.CONSENT_WITHDRAWN.value)
    settle_alerts(waiting.unresolved().select_related("seen_by"), by=by, now=now)


@transaction.atomic
def withdraw_consent(*, patient: Patient, purpose: str, by: Membership, now: dt.datetime) -> bool:
    """Take an agreement back; returns whether one was in force, so that a second tap changes nothing.

    Without the record the program is held and the clinic is told by an alert; reminders stop before the next one is sent. The row stays.
    """
    mine = Consent.objects.filter(clinic_id=patient.clinic_id, patient=patient, purpose=purpose)
    row = mine.in_force().first()
    if row is None or not mine.in_force().filter(pk=row.pk).update(withdrawn_at=max(now, row.given_at), withdrawn_by=by):
        return False
    audit.record("consent.withdraw", row=row, by=by, at=now, purpose=row.purpose, version=row.version)
    if purpose == Purpose.RECORD:
        hold_program(patient, now=now)
    refresh_entry(patient, now=now)
    return True
