"""Reading the facts of patients: everything the rules look at, for many patients in a constant number of queries."""

import datetime as dt
from bisect import insort
from collections import defaultdict
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from django.db.models import Count, Min

from clinics.localtime import local_day
from clinics.prepared import PreparedForKeys
from patients.models import (
    Alert,
    Assessment,
    Assignment,
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
from patients.rules import triage
from patients.rules.facts import Facts, mark_of

HISTORY_DAYS = 60
LOOKED_SHOWN = dt.timedelta(days=14)
"""So long a patient reads that somebody has looked at an entry."""


# --- the eleven questions; most of the time they are asked about one patient ----------------


assignments_of = PreparedForKeys(
    lambda keys: (
        Assignment.objects.filter(patient_id__in=keys)
        .exclude(status=Assignment.Status.WITHDRAWN)
        .select_related("version__program")
        .order_by("created_at")
    )
)
sessions_of = PreparedForKeys(
    lambda keys: (
        ScheduledSession.objects.filter(assignment_id__in=keys)
        .exclude(status=ScheduledSession.Status.CANCELLED)
        .order_by("on")
        .values_list("patient_id", "on", "status", "setting", "week", "done_share", "starts_at")
    )
)
check_ins_of = PreparedForKeys(
    lambda keys, since: (
        CheckIn.objects.filter(patient_id__in=keys, on__gte=since)
        .order_by("on")
        .values_list("patient_id", "on", "pain_0_10", "readiness_0_10", "is_settled", "done_at")
    ),
    since=dt.date,
)
logs_of = PreparedForKeys(
    lambda keys, since: (
        SessionLog.objects.filter(patient_id__in=keys, on__gte=since)
        .order_by("on")
        .values_list("patient_id", "on", "pain_during_0_10", "entered_at")
    ),
    since=dt.date,
)
runs_of = PreparedForKeys(
    lambda keys, since: (
        Run.objects.filter(patient_id__in=keys, on__gte=since)
        .order_by("on")
        .values_list("patient_id", "on", "pain_worst_0_10", "leg_pain_0_10", "entered_at")
    ),
    since=dt.date,
)
assessments_of = PreparedForKeys(
    lambda keys: (
        Assessment.objects.filter(patient_id__in=keys, status=Assessment.Status.PLANNED)
        .order_by("due_on")
        .values_list("patient_id", "key", "due_on")
    )
)
pauses_of = PreparedForKeys(lambda keys: Pause.objects.filter(patient_id__in=keys, cancelled_at=None).values_list("patient_id", "to_on"))
reports_of = PreparedForKeys(
    lambda keys: (
        SymptomReport.objects.filter(patient_id__in=keys, status__in=[SymptomReport.Status.OPEN, SymptomReport.Status.WITHDRAWN])
        .order_by("reported_at")
        .values_list("patient_id", "id", "level", "status", "reported_at", "signs")
    )
)
consents_of = PreparedForKeys(
    lambda keys: (
        Consent.objects.filter(patient_id__in=keys)
        .order_by("given_at", "id")
        .values_list("patient_id", "purpose", "version", "given_at", "withdrawn_at")
    )
)
messages_of = PreparedForKeys(
    lambda keys: (
        Message.objects.unread()
        .filter(patient_id__in=keys)
        .order_by()
        .values("patient_id", "from_patient")
        .annotate(count=Count("id"), first=Min("sent_at"))
        .values_list("patient_id", "from_patient", "count", "first")
    )
)
alerts_of = PreparedForKeys(lambda keys: Alert.objects.filter(patient_id__in=keys).select_related("seen_by__user").order_by("raised_at"))


def gather_facts(patients: Sequence[Patient], *, now: dt.datetime) -> dict[Any, Facts]:
    """Read the facts of many patients in eleven queries, whatever their number."""
    keys = [patient.pk for patient in patients]
    zones = {patient.pk: patient.zone for patient in patients}
    since = (now - dt.timedelta(days=HISTORY_DAYS)).date()
    facts: dict[Any, Facts] = {key: defaultdict(list) for key in keys}
    shown: dict[Any, Assignment] = {}
    for assignment in assignments_of.rows(keys):
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
    for row in sessions_of.rows([assignment.pk for assignment in shown.values()]):
        facts[row[0]]["sessions"].append([row[1].isoformat(), row[2], row[3], row[4], row[5]])
        if row[6] is not None and row[2] == ScheduledSession.Status.PLANNED:
            facts[row[0]]["appointments"].append(row[6].isoformat())
    for key, on, pain, ready, settled, done_at in check_ins_of.rows(keys, since=since):
        facts[key]["pain"].append([on.isoformat(), pain])
        facts[key]["readiness"].append([on.isoformat(), ready])
        if settled is not None:
            facts[key]["settled"].append([on.isoformat(), settled])
        facts[key]["check_in_at"] = max(facts[key].get("check_in_at", ""), done_at.isoformat())
    for key, on, worst, entered_at in logs_of.rows(keys, since=since):
        if worst is not None:
            facts[key]["session_pain"].append([on.isoformat(), worst])
        facts[key]["logged"].append([on.isoformat(), 1])
        facts[key]["log_at"] = max(facts[key].get("log_at", ""), entered_at.isoformat())
    for key, on, worst, legs, entered_at in runs_of.rows(keys, since=since):
        add_run(facts[key], on, worst, legs, entered_at)
    for key, name, due_on in assessments_of.rows(keys):
        facts[key]["assessments"].append([due_on.isoformat(), name])
    for key, to_on in pauses_of.rows(keys):
        facts[key]["resumes_on"] = max(facts[key].get("resumes_on", ""), (to_on + dt.timedelta(days=1)).isoformat())
    for key, report, level, status, at, signs in reports_of.rows(keys):
        facts[key]["reports"].append([str(report), level, status, local_day(at, zones[key]).isoformat(), signs])
    for key, purpose, version, given_at, withdrawn_at in consents_of.rows(keys):
        facts[key].setdefault("consents", {})[purpose] = [
            version,
            withdrawn_at is None,
            local_day(withdrawn_at or given_at, zones[key]).isoformat(),
        ]
    for key, from_patient, count, first in messages_of.rows(keys):
        facts[key]["to_clinic" if from_patient else "to_patient"] = [count, local_day(first, zones[key]).isoformat()]
    for alert in alerts_of.rows(keys):
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


def put(series: list[list[Any]], on: dt.date, value: Any) -> list[list[Any]]:
    """Return the series with the day's value set, in date order, no older than the history."""
    oldest, day = (on - dt.timedelta(days=HISTORY_DAYS)).isoformat(), on.isoformat()
    kept = [one for one in series if one[0] >= oldest and one[0] != day]
    if value is not None:
        insort(kept, [day, value], key=itemgetter(0))
    return kept


def add_run(facts: Facts, on: dt.date, worst: int, legs: int | None, entered_at: dt.datetime) -> None:
    """Add one run to the facts: how many that day, the worst back pain and leg pain (0–10) of them, and when it was entered."""
    day = on.isoformat()
    before = {name: dict(facts.get(name, [])).get(day) for name in ("runs", "run_pain", "leg_pain")}
    facts["runs"] = put(facts.get("runs", []), on, (before["runs"] or 0) + 1)
    facts["run_pain"] = put(facts.get("run_pain", []), on, max(worst, before["run_pain"] or 0))
    if legs is not None:
        facts["leg_pain"] = put(facts.get("leg_pain", []), on, max(legs, before["leg_pain"] or 0))
    facts["log_at"] = max(facts.get("log_at", ""), entered_at.isoformat())
