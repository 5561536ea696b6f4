"""Keeping the caseload line true: the facts the rules look at, their reasons, and the alerts they raise.

The line is written in the same transaction as the entry it follows from, so that the caseload only reads. A check-in or a
session log changes a few numbers in it; whatever moves dates builds it anew.
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count, Min

from clinics.localtime import local_day
from clinics.models import Clinic
from clinics.prepared import PreparedUpdate
from patients.actions.steps import return_snoozed
from patients.models import (
    Alert,
    Assessment,
    Assignment,
    CaseloadEntry,
    CheckIn,
    Consent,
    Message,
    Patient,
    Pause,
    Run,
    ScheduledSession,
    SessionLog,
    SymptomReport,
)
from patients.rules import adherence, consents, readiness, symptoms, triage
from patients.rules.schedule import Setting

HISTORY_DAYS = 60
SPARK_VALUES = 14
LOOKED_SHOWN = dt.timedelta(days=14)
"""So long a patient reads that somebody has looked at an entry."""
LEVELS = {triage.ReasonLevel.STOP: 3, triage.ReasonLevel.ATTENTION: 2, triage.ReasonLevel.INFO: 1}

KEPT_WITH_PATIENT = {"patient", "clinic", "therapist", "is_listed", "sort_name"}
"""Columns that repeat the record; they change with it (`patients/models/patient.py`), not with an entry."""
COLUMNS = [field.name for field in CaseloadEntry._meta.concrete_fields if field.name not in KEPT_WITH_PATIENT]
line = PreparedUpdate(CaseloadEntry, COLUMNS, ("patient", "clinic", "refreshed_at"))

Facts = dict[str, Any]
STATES = {one.value: one for one in adherence.SessionState}
SETTINGS = {one.value: one for one in Setting}


# --- reading a line -----------------------------------------------------------------------


def session_facts(facts: Facts) -> list[adherence.SessionFact]:
    """Return the sessions of the shown program as the rules want them."""
    return [
        adherence.SessionFact(
            on=dt.date.fromisoformat(on),
            state=STATES[state],
            setting=SETTINGS[setting],
            week=week,
            share=share if state == ScheduledSession.Status.PARTIAL else 0.0,
        )
        for on, state, setting, week, share in facts.get("sessions", [])
    ]


def dated(facts: Facts, name: str) -> list[tuple[dt.date, Any]]:
    """Return a series of the line with real dates."""
    return [(dt.date.fromisoformat(on), value) for on, value in facts.get(name, [])]


def patient_facts(facts: Facts, today: dt.date) -> triage.PatientFacts:
    """Turn the stored facts into what the triage rules read."""
    program = facts.get("program") or {}
    active_since: dt.date | None = None
    if program.get("status") == Assignment.Status.RUNNING:
        active_since = dt.date.fromisoformat(max(program["starts_on"], facts.get("resumes_on", "")))
    pain = dated(facts, "pain")
    entries = [on for name in ("pain", "logged", "runs") for on, _value in dated(facts, name)]
    standings = consents.read_standings(facts.get("consents", {}))
    count, since = facts.get("to_clinic") or (0, "")
    return triage.PatientFacts(
        today=today,
        active_since=active_since,
        last_entry_on=max(entries, default=None),
        pain=[triage.DayValue(on, value) for on, value in [*pain, *dated(facts, "session_pain"), *dated(facts, "run_pain")]],
        leg_pain=[triage.DayValue(on, value) for on, value in dated(facts, "leg_pain")],
        readiness=[triage.DayValue(on, value) for on, value in dated(facts, "readiness")],
        sessions=session_facts(facts),
        mornings=[triage.MorningFact(on, settled, rise_of(pain, on)) for on, settled in dated(facts, "settled")],
        reports=[
            triage.OpenReport(
                report_id=key,
                on=dt.date.fromisoformat(on),
                level=symptoms.Level(level),
                signs=tuple(signs),
                is_withdrawn=status == SymptomReport.Status.WITHDRAWN,
            )
            for key, level, status, on, signs in facts.get("reports", [])
        ],
        assessments=[triage.OverdueAssessment(key, due_on) for due_on, key in dated(facts, "assessments")],
        consent_withdrawn_on=standings[consents.Purpose.RECORD].on if consents.has_withdrawn(standings) else None,
        messages=triage.WaitingMessages(count, dt.date.fromisoformat(since)) if count else None,
    )


def rise_of(pain: Sequence[tuple[dt.date, int]], on: dt.date) -> float | None:
    """Return how far (points, 0–10) a morning's pain lay above the usual one; None when nothing is usual yet."""
    usual = readiness.usual_morning_pain(pain, on)
    today = next((value for day, value in pain if day == on), None)
    return None if usual is None or today is None else today - usual


def mark_of(rule: str, evidence_key: str) -> str:
    """Return the name under which a line remembers that a piece of evidence was raised or seen."""
    return f"{rule}|{evidence_key}"


# --- writing a line -----------------------------------------------------------------------


def gather_facts(patients: Sequence[Patient], *, now: dt.datetime) -> dict[Any, Facts]:
    """Read the facts of many patients in eleven queries, whatever their number."""
    keys = [patient.pk for patient in patients]
    zones = {patient.pk: patient.zone for patient in patients}
    since = (now - dt.timedelta(days=HISTORY_DAYS)).date()
    facts: dict[Any, Facts] = {key: defaultdict(list) for key in keys}
    shown: dict[Any, Assignment] = {}
    for assignment in (
        Assignment.objects.filter(patient_id__in=keys)
        .exclude(status=Assignment.Status.WITHDRAWN)
        .select_related("version__program")
        .order_by("created_at")
    ):
        current = shown.get(assignment.patient_id)
        if current is None or current.status not in {Assignment.Status.RUNNING, Assignment.Status.HELD}:
            shown[assignment.patient_id] = assignment
    for key, assignment in shown.items():
        facts[key]["program"] = {
            "assignment": str(assignment.pk),
            "status": assignment.status,
            "starts_on": assignment.starts_on.isoformat(),
            "ends_on": assignment.ends_on.isoformat(),
            "weeks": assignment.version.weeks,
            "code": assignment.version.program.code,
            "tailored_on": assignment.tailored_on.isoformat() if assignment.tailored_on else "",
        }
    for row in (
        ScheduledSession.objects.filter(assignment_id__in=[assignment.pk for assignment in shown.values()])
        .exclude(status=ScheduledSession.Status.CANCELLED)
        .order_by("on")
        .values_list("patient_id", "on", "status", "setting", "week", "done_share", "starts_at")
    ):
        facts[row[0]]["sessions"].append([row[1].isoformat(), row[2], row[3], row[4], row[5]])
        if row[6] is not None and row[2] == ScheduledSession.Status.PLANNED:
            facts[row[0]]["appointments"].append(row[6].isoformat())
    for key, on, pain, ready, settled, done_at in (
        CheckIn.objects.filter(patient_id__in=keys, on__gte=since)
        .order_by("on")
        .values_list("patient_id", "on", "pain_0_10", "readiness_0_10", "is_settled", "done_at")
    ):
        facts[key]["pain"].append([on.isoformat(), pain])
        facts[key]["readiness"].append([on.isoformat(), ready])
        if settled is not None:
            facts[key]["settled"].append([on.isoformat(), settled])
        facts[key]["check_in_at"] = max(facts[key].get("check_in_at", ""), done_at.isoformat())
    for key, on, worst, entered_at in (
        SessionLog.objects.filter(patient_id__in=keys, on__gte=since)
        .order_by("on")
        .values_list("patient_id", "on", "pain_during_0_10", "entered_at")
    ):
        if worst is not None:
            facts[key]["session_pain"].append([on.isoformat(), worst])
        facts[key]["logged"].append([on.isoformat(), 1])
        facts[key]["log_at"] = max(facts[key].get("log_at", ""), entered_at.isoformat())
    for key, on, worst, legs, entered_at in (
        Run.objects.filter(patient_id__in=keys, on__gte=since)
        .order_by("on")
        .values_list("patient_id", "on", "pain_worst_0_10", "leg_pain_0_10", "entered_at")
    ):
        add_run(facts[key], on, worst, legs, entered_at)
    for key, name, due_on in (
        Assessment.objects.filter(patient_id__in=keys, status=Assessment.Status.PLANNED)
        .order_by("due_on")
        .values_list("patient_id", "key", "due_on")
    ):
        facts[key]["assessments"].append([due_on.isoformat(), name])
    for key, to_on in Pause.objects.filter(patient_id__in=keys, cancelled_at=None).values_list("patient_id", "to_on"):
        facts[key]["resumes_on"] = max(facts[key].get("resumes_on", ""), (to_on + dt.timedelta(days=1)).isoformat())
    for key, report, level, status, at, signs in (
        SymptomReport.objects.filter(patient_id__in=keys, status__in=[SymptomReport.Status.OPEN, SymptomReport.Status.WITHDRAWN])
        .order_by("reported_at")
        .values_list("patient_id", "id", "level", "status", "reported_at", "signs")
    ):
        facts[key]["reports"].append([str(report), level, status, at.date().isoformat(), signs])
    for key, purpose, version, given_at, withdrawn_at in (
        Consent.objects.filter(patient_id__in=keys)
        .order_by("given_at", "id")
        .values_list("patient_id", "purpose", "version", "given_at", "withdrawn_at")
    ):
        facts[key].setdefault("consents", {})[purpose] = [
            version,
            withdrawn_at is None,
            local_day(withdrawn_at or given_at, zones[key]).isoformat(),
        ]
    for key, from_patient, count, first in (
        Message.objects.unread()
        .filter(patient_id__in=keys)
        .order_by()
        .values("patient_id", "from_patient")
        .annotate(count=Count("id"), first=Min("sent_at"))
        .values_list("patient_id", "from_patient", "count", "first")
    ):
        facts[key]["to_clinic" if from_patient else "to_patient"] = [count, local_day(first, zones[key]).isoformat()]
    for alert in Alert.objects.filter(patient_id__in=keys).select_related("seen_by__user").order_by("raised_at"):
        add_alert(facts[alert.patient_id], alert, now=now)
    return {key: dict(one) for key, one in facts.items()}


def add_alert(facts: Facts, alert: Alert, *, now: dt.datetime) -> None:
    """Add one alert to the facts: under which name it was raised, where it stands, and for the patient who has looked at an entry."""
    mark = mark_of(alert.rule, alert.evidence_key)
    owner = str(alert.seen_by) if alert.seen_by is not None else ""
    facts["raised" if alert.status == Alert.Status.OPEN else "seen"].append(mark)
    if alert.status != Alert.Status.RESOLVED:
        until = alert.snoozed_until_on.isoformat() if alert.status == Alert.Status.SNOOZED and alert.snoozed_until_on else ""
        facts.setdefault("alerts", {})[mark] = [str(alert.pk), alert.level, alert.raised_at.isoformat(), owner, until]
    if owner and alert.seen_at is not None and alert.rule in triage.FROM_ENTRIES and now - alert.seen_at < LOOKED_SHOWN:
        report = alert.evidence_key if alert.rule in triage.FROM_REPORTS else ""
        facts["looked"].append([alert.seen_at.isoformat(), owner, str(alert.evidence.get("on") or alert.since_on), report])


def judge(entry: CaseloadEntry, patient: Patient, clinic: Clinic, *, now: dt.datetime) -> list[Alert]:
    """Fill the shown columns from the facts and return the alerts that are new."""
    facts = entry.facts
    today = local_day(now, patient.time_zone or clinic.time_zone)
    seen, raised = set(facts.get("seen", [])), set(facts.get("raised", []))
    bands = triage.Bands(green_max=clinic.pain_green_max, amber_max=clinic.pain_amber_max)
    limits = triage.Thresholds(silence_days=clinic.silence_days, missed_in_row=clinic.missed_in_a_row)
    known = patient_facts(facts, today)
    reasons = triage.carry_on(triage.triage(known, bands, limits), known, [one.partition("|")[::2] for one in seen | raised])
    new = [
        Alert(
            clinic_id=entry.clinic_id,
            patient_id=entry.patient_id,
            rule=reason.rule.value,
            rules_version=triage.TRIAGE_VERSION,
            level=reason.level.value,
            evidence=dict(reason.evidence),
            evidence_key=reason.evidence_key,
            since_on=reason.since,
            raised_at=now,
        )
        for reason in reasons
        if reason.level != triage.ReasonLevel.INFO and mark_of(reason.rule, reason.evidence_key) not in seen | raised
    ]
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
    return new


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
    locked = CaseloadEntry.objects.select_for_update().filter(pk__in=[patient.pk for patient in rows])
    list(locked.order_by("pk").values_list("pk"))
    facts = gather_facts(rows, now=now)
    entries, alerts = [], []
    for patient in rows:
        entry = new_entry(patient, facts=facts[patient.pk])
        alerts += judge(entry, patient, patient.clinic, now=now)
        entries.append(entry)
    CaseloadEntry.objects.bulk_create(entries, update_conflicts=True, unique_fields=["patient"], update_fields=COLUMNS, batch_size=200)
    Alert.objects.bulk_create(alerts, ignore_conflicts=True, batch_size=200)
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
    seen = entry.refreshed_at
    change(entry.facts)
    alerts = judge(entry, patient, patient.clinic, now=now)
    if not line.write(entry, patient.pk, patient.clinic_id, seen):
        entry = CaseloadEntry.objects.select_for_update().get(pk=patient.pk, clinic_id=patient.clinic_id)
        change(entry.facts)
        alerts = judge(entry, patient, patient.clinic, now=now)
        entry.save(update_fields=COLUMNS)
        patient.caseload = entry
    if alerts:
        Alert.objects.bulk_create(alerts, ignore_conflicts=True)


def put(series: list[list[Any]], on: dt.date, value: Any) -> list[list[Any]]:
    """Return the series with the day's value set, in date order, no older than the history."""
    oldest = (on - dt.timedelta(days=HISTORY_DAYS)).isoformat()
    kept = {one[0]: one[1] for one in series if one[0] >= oldest}
    if value is None:
        kept.pop(on.isoformat(), None)
    else:
        kept[on.isoformat()] = value
    return [[day, kept[day]] for day in sorted(kept)]


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
        for one in facts.get("sessions", []):
            if one[0] == session.on.isoformat() and one[2] == session.setting:
                one[1], one[4] = session.status, session.done_share
        if session.starts_at is not None:
            facts["appointments"] = [at for at in facts.get("appointments", []) if at != session.starts_at.isoformat()]
        if log.pain_during_0_10 is not None:
            facts["session_pain"] = put(facts.get("session_pain", []), log.on, log.pain_during_0_10)
        facts["logged"] = put(facts.get("logged", []), log.on, 1)
        facts["log_at"] = max(facts.get("log_at", ""), log.entered_at.isoformat())

    change_entry(patient, change, now=now)


def add_run(facts: Facts, on: dt.date, worst: int, legs: int | None, entered_at: dt.datetime) -> None:
    """Add one run to the facts: how many that day, the worst back pain and leg pain (0–10) of them, and when it was entered."""
    day = on.isoformat()
    before = {name: dict(facts.get(name, [])).get(day) for name in ("runs", "run_pain", "leg_pain")}
    facts["runs"] = put(facts.get("runs", []), on, (before["runs"] or 0) + 1)
    facts["run_pain"] = put(facts.get("run_pain", []), on, max(worst, before["run_pain"] or 0))
    if legs is not None:
        facts["leg_pain"] = put(facts.get("leg_pain", []), on, max(legs, before["leg_pain"] or 0))
    facts["log_at"] = max(facts.get("log_at", ""), entered_at.isoformat())


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
    back = return_snoozed(now=now) - {patient.pk for patient in due}
    due += Patient.objects.filter(pk__in=back).select_related("clinic") if back else []
    return refresh_entries(due, now=now) if due else 0
