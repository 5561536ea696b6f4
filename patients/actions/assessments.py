"""Answering, and skipping, the measurements."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Invalid
from clinics.localtime import local_day
from clinics.models import Membership
from clinics.transitions import advance
from patients.actions.caseload import refresh_entry
from patients.actions.consents import need_consent
from patients.actions.diary import check_scale
from patients.models import Assessment
from patients.states import ASSESSMENT

OPENS_BEFORE_DAYS = 3


@transaction.atomic
def answer_assessment(
    *,
    assessment: Assessment,
    running_capability_0_10: int,
    running_pain_0_10: int | None,
    no_run_this_week: bool,
    by: Membership,
    now: dt.datetime,
    running_described: str = "",
) -> Assessment:
    """Store NPRS (0–10, or no run this week) and the PSFS item running (0 unable – 10 as before).

    The run it is about is described once and then frozen. Raises NotAllowed without the patient's agreement, Invalid before the time window
    opens or when an answer is missing.
    """
    patient = assessment.patient
    need_consent(patient, by)
    check_scale("running_capability_0_10", running_capability_0_10)
    if no_run_this_week:
        running_pain_0_10 = None
    else:
        check_scale("running_pain_0_10", running_pain_0_10)
    if local_day(now, patient.zone) < assessment.due_on - dt.timedelta(days=OPENS_BEFORE_DAYS):
        raise Invalid(_("This measurement is still to come."))
    if not patient.running_described:
        described = running_described.strip()[:120]
        if not described:
            raise Invalid(fields={"running_described": [_("Describe the run in a few words, for example “10 km easy”.")]})
        patient.running_described = described
        patient.save(update_fields=["running_described"])
    advance(
        assessment,
        Assessment.Status.DONE,
        table=ASSESSMENT,
        now=now,
        running_capability_0_10=running_capability_0_10,
        running_pain_0_10=running_pain_0_10,
        no_run_this_week=no_run_this_week,
        done_at=now,
        entered_by=by,
    )
    audit.record("assessment.answer", row=assessment, by=by, at=now)
    refresh_entry(patient, now=now)
    return assessment


@transaction.atomic
def skip_assessment(*, assessment: Assessment, by: Membership, now: dt.datetime) -> None:
    """Mark a measurement as skipped; it can still be answered later."""
    advance(assessment, Assessment.Status.SKIPPED, table=ASSESSMENT, now=now)
    audit.record("assessment.skip", row=assessment, by=by, at=now)
    refresh_entry(assessment.patient, now=now)
