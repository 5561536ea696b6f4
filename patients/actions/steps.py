"""The history of alerts: writing its steps, closing alerts that something else has answered, and bringing back what was put off."""

import datetime as dt
import uuid
from collections.abc import Iterable

from django.db.models import Q

from clinics import audit
from clinics.localtime import local_day
from clinics.models import Clinic, Membership
from clinics.transitions import advance
from patients.models import Alert, AlertStep
from patients.states import ALERT


def write_step(
    alert: Alert,
    kind: str,
    *,
    by: Membership | None,
    now: dt.datetime,
    note: str = "",
    reason: str = "",
    until: dt.date | None = None,
) -> None:
    """Write one step of an alert's history; `by` is None for what time does, `until` the day it was put off to."""
    AlertStep.objects.create(
        clinic_id=alert.clinic_id,
        patient_id=alert.patient_id,
        alert=alert,
        kind=kind,
        by=by,
        at=now,
        reason=reason,
        until_on=until,
        note=note,
    )


def settle_alerts(alerts: Iterable[Alert], *, by: Membership | None, now: dt.datetime, note: str = "") -> None:
    """Close alerts that something else has answered: a clearance, a message that was read, an agreement given anew; owners stay."""
    for alert in alerts:
        owner = alert.seen_by or (by if by is not None and by.is_staff else None)
        text = {"note": note} if note else {}
        advance(
            alert,
            Alert.Status.RESOLVED,
            table=ALERT,
            now=now,
            seen_by=owner,
            seen_at=alert.seen_at or now,
            snoozed_until_on=None,
            **text,
        )
        write_step(alert, AlertStep.Kind.RESOLVED, by=by, now=now, note=note)


def return_snoozed(*, now: dt.datetime, limit: int = 500) -> set[uuid.UUID]:
    """Open alerts again whose day has come at their clinic; returns whose they are. One UPDATE for all of them."""
    due = Q()
    for pk, zone in Clinic.objects.values_list("pk", "time_zone"):
        due |= Q(clinic_id=pk, snoozed_until_on__lte=local_day(now, zone))
    waiting = Alert.objects.filter(status=Alert.Status.SNOOZED)
    if not due or not waiting.filter(due).exists():
        return set()
    back = list(waiting.filter(due).select_for_update().order_by("snoozed_until_on", "pk")[:limit])
    waiting.filter(pk__in=[alert.pk for alert in back]).update(status=Alert.Status.OPEN)
    AlertStep.objects.bulk_create(
        AlertStep(clinic_id=alert.clinic_id, patient_id=alert.patient_id, alert=alert, kind=AlertStep.Kind.RETURNED, at=now)
        for alert in back
    )
    audit.record_many(audit.event("alert.return", row=alert, at=now) for alert in back)
    return {alert.patient_id for alert in back}
