"""What a therapist does with an alert: take it, put it off to a day, or close it."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.errors import Conflict, Invalid
from clinics.localtime import local_day
from clinics.models import Membership
from clinics.transitions import advance
from patients.actions.caseload import refresh_entry
from patients.actions.steps import write_step
from patients.models import Alert, AlertStep
from patients.rules.alerts import SNOOZE_DAYS, Move, Refusal, SnoozeReason, needs_note, refuse_snooze
from patients.states import ALERT

NOTE_LENGTH = 2000
REFUSALS: dict[Refusal, Promise] = {
    Refusal.STOP_SIGN: _("A stop sign cannot be put off. Call, and write what was done."),
    Refusal.NOT_LATER: _("Choose a day from tomorrow on."),
    Refusal.TOO_LATE: _("An alert can be put off by at most 14 days."),
}


@transaction.atomic
def acknowledge_alert(*, alert: Alert, by: Membership, now: dt.datetime, note: str = "", saw: str = Alert.Status.OPEN) -> bool:
    """Take an alert: `by` becomes its owner. A stop sign needs a note; `saw` is the status the person saw.

    Returns whether this changed anything: the same press twice is the same once. Raises Invalid, Conflict (another was faster).
    """
    note = checked_note(alert, Move.ACKNOWLEDGE, note)
    try:
        move(alert, Alert.Status.ACKNOWLEDGED, saw, now, seen_by=by, seen_at=now, snoozed_until_on=None, note=note or alert.note)
    except Conflict:
        found = Alert.objects.get(pk=alert.pk)
        if found.status == Alert.Status.ACKNOWLEDGED and found.seen_by_id == by.pk and found.note == (note or found.note):
            return False
        raise
    write_step(alert, AlertStep.Kind.ACKNOWLEDGED, by=by, now=now, note=note)
    audit.record("alert.acknowledge", row=alert, by=by, at=now)
    refresh_entry(alert.patient, now=now)
    return True


@transaction.atomic
def snooze_alert(
    *, alert: Alert, until: dt.date, reason: str, by: Membership, now: dt.datetime, note: str = "", saw: str = Alert.Status.OPEN
) -> bool:
    """Put an alert off until a day of the clinic (tomorrow to 14 days), on whose morning it comes back by itself.

    `reason` is a SnoozeReason; another reason needs a note; `saw` is the status the person saw. Returns whether this changed anything.
    Raises Invalid (a stop sign, no such reason, a day out of range), Conflict (another was faster).
    """
    if reason not in set(SnoozeReason):
        raise Invalid(fields={"reason": [_("Please choose a reason.")]})
    refusal = refuse_snooze(until, local_day(now, alert.patient.clinic.time_zone), is_stop=alert.level == Alert.Level.STOP)
    if refusal == Refusal.STOP_SIGN:
        raise Invalid(REFUSALS[refusal])
    if refusal is not None:
        raise Invalid(fields={"until": [REFUSALS[refusal]]})
    note = checked_note(alert, Move.SNOOZE, note, reason)
    try:
        move(alert, Alert.Status.SNOOZED, saw, now, seen_by=by, seen_at=now, snoozed_until_on=until, note=note or alert.note)
    except Conflict:
        found = Alert.objects.get(pk=alert.pk)
        if found.status == Alert.Status.SNOOZED and (found.seen_by_id, found.snoozed_until_on) == (by.pk, until):
            return False
        raise
    write_step(alert, AlertStep.Kind.SNOOZED, by=by, now=now, note=note, reason=reason, until=until)
    audit.record("alert.snooze", row=alert, by=by, at=now, reason=reason, until=until.isoformat())
    refresh_entry(alert.patient, now=now)
    return True


@transaction.atomic
def resolve_alert(*, alert: Alert, by: Membership, now: dt.datetime, note: str = "", saw: str | None = None) -> bool:
    """Close an alert; its owner stays, whoever closes an alert nobody took becomes it. A stop sign needs a note.

    What a report of warning signs holds stays on hold until its clearance. `saw` is the status the person saw (None: the loaded one).
    Returns whether this changed anything. Raises Invalid, Conflict (another was faster).
    """
    note = checked_note(alert, Move.RESOLVE, note)
    owner: dict[str, Any] = {} if alert.seen_by is not None else {"seen_by": by, "seen_at": now}
    try:
        move(
            alert,
            Alert.Status.RESOLVED,
            saw or alert.status,
            now,
            snoozed_until_on=None,
            note=note or alert.note,
            **owner,
        )
    except Conflict:
        last = AlertStep.objects.filter(clinic_id=alert.clinic_id, alert=alert, kind=AlertStep.Kind.RESOLVED).last()
        if last is not None and last.by_id == by.pk and last.note == note:
            return False
        raise
    write_step(alert, AlertStep.Kind.RESOLVED, by=by, now=now, note=note)
    audit.record("alert.resolve", row=alert, by=by, at=now)
    refresh_entry(alert.patient, now=now)
    return True


def move(alert: Alert, to: str, saw: str, now: dt.datetime, **changes: Any) -> None:
    """Move an alert only from the status that was seen; raises Conflict from any other."""
    advance(alert, to, table={to: ALERT[to] & {saw}}, now=now, **changes)


def checked_note(alert: Alert, move: Move, note: str, reason: str = "") -> str:
    """Return the note without blanks around it; raises Invalid where it is missing or longer than 2,000 characters."""
    text, is_stop = note.strip(), alert.level == Alert.Level.STOP
    if not text and needs_note(move, is_stop=is_stop, reason=reason):
        raise Invalid(fields={"note": [_("Write what was done about this stop sign.") if is_stop else _("Write the other reason.")]})
    if len(text) > NOTE_LENGTH:
        raise Invalid(fields={"note": [_("Please write at most 2000 characters.")]})
    return text


def last_snooze_day(today: dt.date) -> dt.date:
    """Return the last day an alert may be put off to."""
    return today + dt.timedelta(days=SNOOZE_DAYS)
