"""Reported symptoms: what the rules make of them, what is held, and who cleared it."""

import datetime as dt
import uuid
from collections.abc import Collection

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Invalid
from clinics.models import Membership
from clinics.transitions import advance
from patients.actions.caseload import refresh_entry
from patients.actions.once import store_once
from patients.actions.steps import settle_alerts
from patients.models import Alert, Assignment, Consent, Patient, SymptomReport
from patients.rules import consents, symptoms
from patients.states import ASSIGNMENT, SYMPTOM_REPORT
from patients.wording import SIGN_TEXT


def report_symptoms(
    *,
    patient: Patient,
    signs: Collection[str],
    context: str,
    by: Membership | None,
    now: dt.datetime,
    client_key: uuid.UUID | None = None,
    refresh: bool = True,
) -> tuple[SymptomReport, bool]:
    """Store the answers with the text shown, judge them, hold the program where needed and alert the clinic in the same transaction.

    `signs` are the keys answered with yes; none means all clear, which starts a program that waited for the first check.
    Returns the report and whether it is new. Raises Invalid for a key that is not on the list.
    """
    try:
        verdict = symptoms.assess(signs, symptoms.Context(context))
    except ValueError as error:
        raise Invalid(fields={"signs": [_("Please choose from the list.")]}) from error
    content = {"signs": sorted(signs), "context": context}

    def store(digest: str) -> SymptomReport:
        report = SymptomReport.objects.create(
            clinic_id=patient.clinic_id,
            patient=patient,
            context=context,
            signs=[sign.key for sign in verdict.signs],
            level=verdict.level.value,
            status=SymptomReport.Status.OPEN if verdict.signs else SymptomReport.Status.CLEAR,
            rules_version=symptoms.RULES_VERSION,
            text_shown=[str(SIGN_TEXT[sign.key]) for sign in verdict.signs],
            language=get_language() or "en",
            reported_at=now,
            client_key=client_key,
            client_digest=digest,
        )
        audit.record("symptoms.report", row=report, by=by, at=now, level=report.level)
        if verdict.holds_program:
            hold_program(patient, now=now)
        elif report.status == SymptomReport.Status.CLEAR and context == SymptomReport.Context.ONBOARDING:
            start_if_clear(patient, now=now)
        if refresh:
            refresh_entry(patient, now=now)
        return report

    return store_once(SymptomReport, patient=patient, client_key=client_key, content=content, store=store)


def hold_program(patient: Patient, *, now: dt.datetime) -> None:
    """Hold the running program, if there is one."""
    running = Assignment.objects.filter(clinic_id=patient.clinic_id, patient=patient, status=Assignment.Status.RUNNING).first()
    if running is not None:
        advance(running, Assignment.Status.HELD, table=ASSIGNMENT, now=now)
        audit.record("assignment.hold", row=running, at=now)


def start_if_clear(patient: Patient, *, now: dt.datetime) -> None:
    """Start a held program unless a report is still open, or withdrawn without clearance, or the agreement to the record is taken back."""
    open_reports = SymptomReport.objects.filter(
        clinic_id=patient.clinic_id, patient=patient, status__in=[SymptomReport.Status.OPEN, SymptomReport.Status.WITHDRAWN]
    ).exclude(level=SymptomReport.Level.TRAINING)
    held = Assignment.objects.filter(clinic_id=patient.clinic_id, patient=patient, status=Assignment.Status.HELD).first()
    if held is not None and not open_reports.exists() and not record_is_withdrawn(patient):
        advance(held, Assignment.Status.RUNNING, table=ASSIGNMENT, now=now)
        audit.record("assignment.start", row=held, at=now)


def record_is_withdrawn(patient: Patient) -> bool:
    """Tell whether the patient agreed to the record once and took it back; whoever was never asked has taken nothing back."""
    rows = Consent.objects.filter(clinic_id=patient.clinic_id, patient=patient, purpose=consents.Purpose.RECORD.value)
    last = rows.order_by("-given_at", "-id").values_list("withdrawn_at", flat=True).first()
    return last is not None


@transaction.atomic
def withdraw_report(*, report: SymptomReport, by: Membership, now: dt.datetime) -> None:
    """Note that the report was a mistake; nothing is deleted and the program stays held until the therapist clears it."""
    advance(report, SymptomReport.Status.WITHDRAWN, table=SYMPTOM_REPORT, now=now, withdrawn_at=now)
    audit.record("symptoms.withdraw", row=report, by=by, at=now)
    refresh_entry(report.patient, now=now)


@transaction.atomic
def clear_report(*, report: SymptomReport, note: str, by: Membership, now: dt.datetime) -> None:
    """Write a clearance: the therapist takes responsibility, the program goes on when nothing else is open."""
    if not note.strip():
        raise Invalid(fields={"note": [_("Please write what the clearance rests on.")]})
    advance(
        report,
        SymptomReport.Status.CLEARED,
        table=SYMPTOM_REPORT,
        now=now,
        cleared_by=by,
        cleared_at=now,
        clearance_note=note.strip()[:2000],
    )
    raised = Alert.objects.unresolved().filter(clinic_id=report.clinic_id, patient_id=report.patient_id, evidence_key=str(report.pk))
    settle_alerts(raised.select_related("seen_by"), by=by, now=now, note=note.strip()[:2000])
    audit.record("symptoms.clear", row=report, by=by, at=now)
    start_if_clear(report.patient, now=now)
    refresh_entry(report.patient, now=now)
