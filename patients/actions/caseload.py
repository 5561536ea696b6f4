"""Keeping the caseload line true: what the rules find in its facts, and the alerts they raise.

The line is written in the same transaction as the entry it follows from, so that the caseload only reads. A check-in or a
session log changes a few numbers in it; whatever moves dates builds it anew. What each look of the rules saw is kept beside it.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F

from clinics.localtime import local_day
from clinics.models import Clinic
from clinics.prepared import PreparedInsert, PreparedUpdate
from patients.actions.facts import add_run, gather_facts, put
from patients.actions.rules import rules_in_force, values_of
from patients.actions.steps import return_snoozed
from patients.models import Alert, Assignment, CaseloadEntry, CaseloadLook, CheckIn, Patient, RuleSet, Run, ScheduledSession, SessionLog
from patients.rules import adherence, triage
from patients.rules.facts import Facts, difference, mark_of, pair_of, patient_facts, session_facts

SPARK_VALUES = 14
LEVELS = {triage.ReasonLevel.STOP: 3, triage.ReasonLevel.ATTENTION: 2, triage.ReasonLevel.INFO: 1}
RULES_SETTLE = dt.timedelta(days=2)
"""So long after a change of rules lines are looked for that have not been judged by them; each night judges every line anyway."""

KEPT_WITH_PATIENT = {"patient", "clinic", "therapist", "is_listed", "sort_name"}
"""Columns that repeat the record; they change with it (`patients/models/patient.py`), not with an entry."""
COLUMNS = [field.name for field in CaseloadEntry._meta.concrete_fields if field.name not in KEPT_WITH_PATIENT | {"rule_set"}]
line = PreparedUpdate(CaseloadEntry, COLUMNS, ("patient", "clinic", "refreshed_at", "looks"))
whole_line = PreparedUpdate(CaseloadEntry, (*COLUMNS, "rule_set"), ("patient", "clinic"))
looks = PreparedInsert(CaseloadLook)


# --- writing a line -----------------------------------------------------------------------


def judge(
    entry: CaseloadEntry, patient: Patient, clinic: Clinic, *, before: Facts, now: dt.datetime
) -> tuple[list[Alert], list[CaseloadLook]]:
    """Fill the shown columns from the facts and return the alerts that are new, and the look that is to be kept of this.

    `before` are the facts at the look before; one that differs in nothing, not even the day, leaves no trace and raises nothing.
    """
    facts = entry.facts
    today = local_day(now, patient.time_zone or clinic.time_zone)
    if entry.rule_set_id is None:
        entry.rule_set_id = rules_in_force([clinic.pk], now=now)[clinic.pk].pk
    rules = values_of(entry.rule_set_id)
    seen, raised = set(facts.get("seen", [])), set(facts.get("raised", []))
    known = [pair_of(mark) for mark in seen | raised]
    reasons = triage.find_reasons(patient_facts(facts, today), rules.bands, rules.thresholds, known)
    new = [
        Alert(
            clinic_id=entry.clinic_id,
            patient_id=entry.patient_id,
            rule=reason.rule.value,
            rules_version=triage.TRIAGE_VERSION,
            rule_set_id=entry.rule_set_id,
            level=reason.level.value,
            evidence=dict(reason.evidence),
            evidence_key=reason.evidence_key,
            since_on=reason.since,
            raised_at=now,
        )
        for reason in triage.new_reasons(reasons, set(known))
    ]
    look = note_look(entry, patient, entry.rule_set_id, before=before, is_news=bool(new), now=now)
    facts["raised"] = sorted(raised | {mark_of(alert.rule, alert.evidence_key) for alert in new})
    alerts = facts["alerts"] = dict(facts.get("alerts", {}))
    for alert in new:
        alerts[mark_of(alert.rule, alert.evidence_key)] = [str(alert.pk), alert.level, now.isoformat(), "", ""]
    marks = [mark_of(reason.rule, reason.evidence_key) for reason in reasons]
    entry.reasons = [
        {
            "rule": reason.rule.value,
            "level": reason.level.value,
            "since": reason.since.isoformat(),
            "evidence": dict(reason.evidence),
            "seen": mark in seen,
            "until": alerts[mark][4] if mark in alerts else "",
        }
        for reason, mark in zip(reasons, marks, strict=True)
    ]
    fill_owner(entry, [mark for mark in marks if mark in alerts], seen)
    unseen = [reason for reason, mark in zip(reasons, marks, strict=True) if mark not in seen]
    # A stop sign that somebody took care of still holds the program: it stays in sight until it is cleared.
    waiting = CaseloadEntry.Level.ATTENTION if any(one.level == triage.ReasonLevel.STOP for one in reasons) else CaseloadEntry.Level.NONE
    entry.level = max([LEVELS[reason.level] for reason in unseen] + [int(waiting)])
    entry.rank = sum(100 ** LEVELS[reason.level] for reason in unseen)
    in_hand = any(mark in alerts and mark in seen for mark in marks)
    entry.section = entry.level if entry.level >= CaseloadEntry.Level.ATTENTION else int(in_hand)
    fill_numbers(entry, today)
    entry.refreshed_at = now
    return new, look


def note_look(
    entry: CaseloadEntry, patient: Patient, rule_set_id: uuid.UUID, *, before: Facts, is_news: bool, now: dt.datetime
) -> list[CaseloadLook]:
    """Return what is to be kept of a look: what changed for the rules since the one before; the first holds everything.

    Nothing is kept of somebody who was erased, nor of a look on the same day that saw the same and found nothing new.
    """
    if patient.erased_at is not None:
        entry.looks = 0
        return []
    today = local_day(now, patient.zone)
    changes = difference(before if entry.looks else {}, entry.facts)
    last = entry.refreshed_at
    is_same_day = last is not None and local_day(last, patient.zone) == today
    if entry.looks and is_same_day and not changes and not is_news:
        return []
    entry.looks += 1
    return [
        CaseloadLook(
            clinic_id=entry.clinic_id,
            patient_id=entry.patient_id,
            number=entry.looks,
            on=today,
            at=now,
            rule_set_id=rule_set_id,
            changes=changes,
        )
    ]


def fill_owner(entry: CaseloadEntry, marks: Sequence[str], seen: Collection[str]) -> None:
    """Fill who took what the line shows, since when the oldest open alert waits, and which one can be put off (stop signs cannot).

    Without an open alert among the reasons nothing waits: what was never taken is still on the patient's page.
    """
    alerts = entry.facts["alerts"]
    waiting = [alerts[mark] for mark in marks if mark not in seen]
    entry.owner_name = next((alerts[mark][3] for mark in marks if alerts[mark][3]), "")
    raised = [dt.datetime.fromisoformat(one[2]) for mark, one in alerts.items() if mark not in seen]
    entry.alerts_since_at = min(raised) if waiting else None
    entry.alert_id = next((uuid.UUID(one[0]) for one in waiting if one[1] != Alert.Level.STOP), None)


def fill_numbers(entry: CaseloadEntry, today: dt.date) -> None:
    """Fill ticks, shares, series and dates of the line from its facts."""
    facts = entry.facts
    program = facts.get("program") or {}
    sessions = session_facts(facts)
    counted = adherence.adherence(sessions, today)
    entry.done_share = counted.done / counted.due if counted.due else 0.0
    entry.due_sessions = counted.due
    entry.program_code = program.get("code", "")
    entry.program_status = program.get("status", "")
    entry.program_starts_on = dt.date.fromisoformat(program["starts_on"]) if program else None
    if program:
        ticks = adherence.week_ticks(sessions, dt.date.fromisoformat(program["starts_on"]), program["weeks"], today)
        entry.week_ticks = [[tick.state.value, tick.share, tick.done, tick.due] for tick in ticks]
    else:
        ticks = []
        entry.week_ticks = []
    begins = 0 if ticks and ticks[0].state == adherence.TickState.TO_COME else None
    entry.program_week = next((tick.week for tick in ticks if tick.state == adherence.TickState.NOW), begins)
    pain, ready = facts.get("pain", []), facts.get("readiness", [])
    entry.pain_series = [value for _on, value in pain[-SPARK_VALUES:]]
    entry.readiness_series = [value for _on, value in ready[-SPARK_VALUES:]]
    entry.last_pain = pain[-1][1] if pain else None
    entry.last_readiness = ready[-1][1] if ready else None
    last = max(facts.get("check_in_at", ""), facts.get("log_at", ""))
    entry.last_entry_at = dt.datetime.fromisoformat(last) if last else None
    entry.last_check_in_at = dt.datetime.fromisoformat(facts["check_in_at"]) if facts.get("check_in_at") else None
    upcoming = [dt.datetime.fromisoformat(at) for at in facts.get("appointments", []) if at[:10] >= today.isoformat()]
    entry.next_supervised_at = min(upcoming, default=None)
    entry.next_assessment_on = min((dt.date.fromisoformat(on) for on, _key in facts.get("assessments", [])), default=None)


def new_entry(patient: Patient, **columns: Any) -> CaseloadEntry:
    """Return a line that repeats what the record says; it is not stored."""
    return CaseloadEntry(
        patient=patient,
        clinic_id=patient.clinic_id,
        therapist_id=patient.therapist_id,
        is_listed=patient.status == Patient.Status.ACTIVE,
        sort_name=patient.search_text,
        **columns,
    )


@transaction.atomic(savepoint=False)
def refresh_entries(patients: Iterable[Patient], *, now: dt.datetime) -> int:
    """Build the caseload lines of many patients anew, in a constant number of queries; clinics must be loaded."""
    rows = list(patients)
    # Whoever changes one of these lines at this moment comes wholly before or wholly after.
    locked = CaseloadEntry.objects.select_for_update().filter(pk__in=[patient.pk for patient in rows]).order_by("pk")
    before = {pk: (facts, number, at) for pk, facts, number, at in locked.values_list("pk", "facts", "looks", "refreshed_at")}
    rules = rules_in_force({patient.clinic_id for patient in rows}, now=now)
    facts = gather_facts(rows, now=now)
    entries, alerts, seen = [], [], []
    for patient in rows:
        known, number, at = before.get(patient.pk, ({}, 0, None))
        entry = new_entry(patient, facts=facts[patient.pk], looks=number, refreshed_at=at, rule_set=rules[patient.clinic_id])
        new, look = judge(entry, patient, patient.clinic, before=known, now=now)
        alerts += new
        seen += look
        entries.append(entry)
    if len(entries) != 1 or not whole_line.write(entries[0], entries[0].patient_id, entries[0].clinic_id):
        CaseloadEntry.objects.bulk_create(
            entries, update_conflicts=True, unique_fields=["patient"], update_fields=[*COLUMNS, "rule_set"], batch_size=200
        )
    Alert.objects.bulk_create(alerts, ignore_conflicts=True, batch_size=200)
    if len(seen) == 1:
        looks.write(seen[0])
    else:
        CaseloadLook.objects.bulk_create(seen, batch_size=200)
    return len(entries)


def refresh_entry(patient: Patient, *, now: dt.datetime) -> None:
    """Build one patient's line anew."""
    refresh_entries([patient], now=now)


def change_entry(patient: Patient, change: Callable[[Facts], None], *, now: dt.datetime) -> None:
    """Apply one change to the facts of the patient's loaded line, judge and store it with its new alerts.

    The UPDATE is conditional on the line being the one that was read: where another request was faster, the line is read again under
    a lock and the same change is applied on top of what that request wrote. Nothing is lost and the usual case costs no extra query.
    """
    entry = patient.caseload
    at, number, before = entry.refreshed_at, entry.looks, dict(entry.facts)
    change(entry.facts)
    alerts, seen = judge(entry, patient, patient.clinic, before=before, now=now)
    if not line.write(entry, patient.pk, patient.clinic_id, at, number):
        entry = CaseloadEntry.objects.select_for_update().get(pk=patient.pk, clinic_id=patient.clinic_id)
        before = dict(entry.facts)
        change(entry.facts)
        alerts, seen = judge(entry, patient, patient.clinic, before=before, now=now)
        entry.save(update_fields=COLUMNS)
        patient.caseload = entry
    if alerts:
        Alert.objects.bulk_create(alerts, ignore_conflicts=True)
    for look in seen:
        looks.write(look)


def note_check_in(patient: Patient, row: CheckIn, *, now: dt.datetime) -> None:
    """Bring one check-in into the line without reading anything else."""

    def change(facts: Facts) -> None:
        facts["pain"] = put(facts.get("pain", []), row.on, row.pain_0_10)
        facts["readiness"] = put(facts.get("readiness", []), row.on, row.readiness_0_10)
        facts["settled"] = put(facts.get("settled", []), row.on, row.is_settled)
        facts["check_in_at"] = max(facts.get("check_in_at", ""), row.done_at.isoformat())

    change_entry(patient, change, now=now)


def note_session(patient: Patient, session: ScheduledSession, log: SessionLog, *, now: dt.datetime) -> None:
    """Bring one logged session into the line without reading anything else."""

    def change(facts: Facts) -> None:
        # New rows, because what stood before is held against what stands now.
        facts["sessions"] = [
            [one[0], session.status, one[2], one[3], session.done_share]
            if one[0] == session.on.isoformat() and one[2] == session.setting
            else one
            for one in facts.get("sessions", [])
        ]
        if session.starts_at is not None:
            facts["appointments"] = [at for at in facts.get("appointments", []) if at != session.starts_at.isoformat()]
        if log.pain_during_0_10 is not None:
            facts["session_pain"] = put(facts.get("session_pain", []), log.on, log.pain_during_0_10)
        facts["logged"] = put(facts.get("logged", []), log.on, 1)
        facts["log_at"] = max(facts.get("log_at", ""), log.entered_at.isoformat())

    change_entry(patient, change, now=now)


def note_run(patient: Patient, run: Run, *, now: dt.datetime) -> None:
    """Bring one run into the line without reading anything else."""

    def change(facts: Facts) -> None:
        add_run(facts, run.on, run.pain_worst_0_10, run.leg_pain_0_10, run.entered_at)

    change_entry(patient, change, now=now)


def note_messages(patient: Patient, *, from_patient: bool, count: int, since: dt.datetime | None, now: dt.datetime) -> None:
    """Bring the unread messages of one side into the line: how many, and the first of them (None: there is none)."""

    def change(facts: Facts) -> None:
        name = "to_clinic" if from_patient else "to_patient"
        if since is None:
            facts.pop(name, None)
        else:
            facts[name] = [count, local_day(since, patient.zone).isoformat()]

    change_entry(patient, change, now=now)


# --- what time brings ---------------------------------------------------------------------


@transaction.atomic
def close_past_days(*, now: dt.datetime, limit: int = 500) -> int:
    """Mark sessions of past local days as missed, finish programs that are over, bring back alerts, and refresh every line a day old.

    One UPDATE per time zone in use and one for all alerts; lines are refreshed in batches. Returns how many lines were refreshed.
    """
    zones = set(Clinic.objects.values_list("time_zone", flat=True)) | set(
        Patient.objects.exclude(time_zone="").values_list("time_zone", flat=True).distinct()
    )
    for zone in sorted(zones):
        today = local_day(now, zone)
        here = Patient.objects.filter(time_zone=zone) | Patient.objects.filter(time_zone="", clinic__time_zone=zone)
        ScheduledSession.objects.planned().filter(on__lt=today, patient__in=here).update(
            status=ScheduledSession.Status.MISSED, changed_at=now
        )
        Assignment.objects.filter(status=Assignment.Status.RUNNING, ends_on__lt=today, patient__in=here).update(
            status=Assignment.Status.COMPLETED, changed_at=now
        )
    stale = (
        Patient.objects.active()
        .filter(caseload__refreshed_at__lt=now - dt.timedelta(hours=1))
        .select_related("clinic")
        .order_by("caseload__refreshed_at")[:limit]
    )
    due = [
        patient
        for patient in stale.select_related("clinic", "caseload")
        if local_day(patient.caseload.refreshed_at or patient.created_at, patient.zone) < local_day(now, patient.zone)
    ]
    due += unjudged(now=now, limit=limit, but=[patient.pk for patient in due])
    back = return_snoozed(now=now) - {patient.pk for patient in due}
    due += Patient.objects.filter(pk__in=back).select_related("clinic") if back else []
    return refresh_entries(due, now=now) if due else 0


def unjudged(*, now: dt.datetime, limit: int, but: Collection[uuid.UUID]) -> list[Patient]:
    """Return patients whose line was not looked at since other rules came into force; one query while none did of late."""
    recent = list(
        RuleSet.objects.filter(number__gt=1, in_force_at__gte=now - RULES_SETTLE, in_force_at__lte=now).values_list("pk", flat=True)
    )
    if not recent:
        return []
    rows = Patient.objects.active().filter(caseload__rule_set__in=recent, caseload__refreshed_at__lt=F("caseload__rule_set__in_force_at"))
    return list(rows.exclude(pk__in=but).select_related("clinic").order_by("pk")[:limit])
