"""The last 90 days of a clinic under other rules: a job repeats every look at every active patient and says what would be different."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from clinics.jobs import job_kind, start_job
from clinics.localtime import local_day
from clinics.models import Clinic, Job, Membership
from patients.actions.looks import Kept, read_looks
from patients.actions.rules import check_rules, rules_of, values_of
from patients.models import Alert, Patient, RuleSet
from patients.rules.facts import Facts
from patients.rules.replay import Pair, Raised, Track, compare, replay, stands_at_once
from patients.rules.thresholds import RuleValues, read_rules, write_rules

DAYS = 90
BATCH = 50
KIND = "rules.replay"
MOST_PATIENTS = 100
MOST_ALERTS = 3
"""So many are told of each patient; how many there are is said."""


def start_replay(*, clinic: Clinic, data: Mapping[str, Any], by: Membership, now: dt.datetime) -> Job:
    """Start the replay of a proposed rule set against the one in force; raises Invalid for wrong numbers."""
    rules = check_rules(data)
    standing = rules_of(clinic, now=now)
    return start_job(KIND, by=by, params={"rule_set": str(standing.pk), "numbers": write_rules(rules)}, now=now)


@dataclass(slots=True)
class Tally:
    """What the job has found so far."""

    from_on: dt.date
    days: int
    kept_since: dt.datetime
    """Since when looks are kept at this clinic: its first rule set."""
    now: dict[str, list[int]] = field(default_factory=dict)
    proposed: dict[str, list[int]] = field(default_factory=dict)
    added: list[dict[str, Any]] = field(default_factory=list)
    missed: list[dict[str, Any]] = field(default_factory=list)
    at_once: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    first_on: dt.date | None = None

    def count(self, side: dict[str, list[int]], therapist: str, raised: Sequence[Raised]) -> None:
        """Count alerts by therapist and day."""
        days = side.setdefault(therapist, [0] * self.days)
        for one in raised:
            days[min(max((one.on - self.from_on).days, 0), self.days - 1)] += 1


@job_kind(KIND, label=_("Replay of the last 90 days"), action="rules.view", page="patients:rules_replay", back="patients:rules")
def replay_clinic(job: Job, tell: Callable[[int, int], None]) -> dict[str, Any]:
    """Repeat every look of the last 90 days under both rule sets; three queries for fifty patients, and a few in all."""
    clinic, numbers = job.clinic, job.params["numbers"]
    standing, proposed = values_of(uuid.UUID(job.params["rule_set"])), read_rules(numbers)
    today = local_day(job.created_at, clinic.time_zone)
    kept_since = RuleSet.objects.filter(clinic=clinic).order_by("number").values_list("in_force_at", flat=True)[0]
    tally = Tally(today - dt.timedelta(days=DAYS - 1), DAYS, kept_since)
    patients = list(Patient.objects.active().filter(clinic=clinic).select_related("clinic").order_by("pk"))
    tell(0, len(patients))
    for start in range(0, len(patients), BATCH):
        batch = patients[start : start + BATCH]
        keys = [patient.pk for patient in batch]
        looks, alerts = read_looks(clinic.pk, keys), read_alerts(clinic.pk, keys)
        for place, patient in enumerate(batch, start + 1):
            found = replay_patient(patient, looks.get(patient.pk, []), alerts.get(patient.pk, []), (standing, proposed), tally)
            stand_at_once(patient, found, proposed, alerts.get(patient.pk, []), tally, now=job.created_at)
            tell(place, len(patients))
    return {
        "from_on": tally.from_on.isoformat(),
        "to_on": today.isoformat(),
        "first_on": tally.first_on.isoformat() if tally.first_on else None,
        "rule_set": job.params["rule_set"],
        "numbers": numbers,
        "patients": len(patients),
        "now": tally.now,
        "proposed": tally.proposed,
        "added": worst_first(tally.added),
        "missed": worst_first(tally.missed),
        "at_once": tally.at_once[:MOST_PATIENTS],
        "counts": dict(tally.counts),
    }


def worst_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return patients as they are told: those who would not be seen at all on the other side first."""
    return sorted(rows, key=lambda row: (not row["alone"], -row["count"], row["patient"]))[:MOST_PATIENTS]


RaisedAt = tuple[Pair, dt.datetime]


def read_alerts(clinic_id: uuid.UUID, patients: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[RaisedAt]]:
    """Return what was really raised about patients, and when, in one query."""
    found: dict[uuid.UUID, list[RaisedAt]] = defaultdict(list)
    rows = Alert.objects.filter(clinic_id=clinic_id, patient_id__in=patients).order_by("raised_at", "pk")
    for key, rule, evidence, at in rows.values_list("patient_id", "rule", "evidence_key", "raised_at"):
        found[key].append(((rule, evidence), at))
    return found


def replay_patient(
    patient: Patient, looks: Sequence[Kept], alerts: Sequence[RaisedAt], rules: tuple[RuleValues, RuleValues], tally: Tally
) -> Facts:
    """Repeat the looks at one patient under both rule sets, add what they raised to the tally, and return the facts after the last."""
    if not looks:
        tally.counts["unknown"] += 1
        return {}
    first = next((at for _number, at, look in looks if look.on >= tally.from_on), None)
    begins_at = first if first is not None else looks[-1][1] + dt.timedelta(microseconds=1)
    known = {pair for pair, at in alerts if at < begins_at}
    really, now, then = Track(None, set(known)), Track(rules[0], set(known)), Track(rules[1], set(known))
    number, _at, look = looks[0]
    is_new = number == 1 and patient.created_at >= tally.kept_since
    if look.on > tally.from_on and not is_new:
        tally.first_on = max(tally.first_on or look.on, look.on)
    facts = replay((one for _number, _at, one in looks), [really, now, then], tally.from_on, is_new=is_new)
    check(patient, [(pair, at) for pair, at in alerts if at >= begins_at], really, tally)
    therapist = str(patient.therapist_id or "")
    tally.count(tally.now, therapist, now.raised)
    tally.count(tally.proposed, therapist, then.raised)
    tell_difference(patient, now.raised, then.raised, tally)
    return facts


def tell_difference(patient: Patient, now: Sequence[Raised], proposed: Sequence[Raised], tally: Tally) -> None:
    """Add what only one of the two rule sets raised about a patient."""
    compared = compare(now, proposed)
    for name in ("both", "earlier", "later"):
        tally.counts[name] += getattr(compared, name)
    for name, rows, others in (("added", compared.added, now), ("missed", compared.missed, proposed)):
        if rows:
            tally.counts[name] += len(rows)
            tally.counts[f"{name}_patients"] += 1
            tally.counts[f"{name}_alone"] += not others
            getattr(tally, name).append(as_row(patient, rows, alone=not others))


def stand_at_once(
    patient: Patient, facts: Facts, proposed: RuleValues, alerts: Sequence[RaisedAt], tally: Tally, *, now: dt.datetime
) -> None:
    """Add what would be raised about a patient in the moment the rules are saved."""
    stands = stands_at_once(facts, local_day(now, patient.zone), proposed, [pair for pair, _at in alerts])
    if stands:
        tally.counts["at_once"] += len(stands)
        tally.at_once.append(as_row(patient, stands, alone=False))


def check(patient: Patient, alerts: Sequence[RaisedAt], really: Track, tally: Tally) -> None:
    """Hold what the replay raised under the rules of each look against the alerts that were really raised: rule, evidence and day."""
    was = {(*pair, local_day(at, patient.zone)) for pair, at in alerts}
    found = {one.name for one in really.raised}
    tally.counts["raised"] += len(was)
    tally.counts["not_found"] += len(was - found)
    tally.counts["not_raised"] += len(found - was)


def as_row(patient: Patient, rows: Sequence[Raised], *, alone: bool) -> dict[str, Any]:
    """Return a patient with the first alerts; `alone` when the other rule set raised none at all."""
    return {"patient": str(patient.pk), "alone": alone, "count": len(rows), "alerts": [as_told(one) for one in rows[:MOST_ALERTS]]}


def as_told(one: Raised) -> dict[str, Any]:
    """Return an alert as the page tells it: rule, level, days and evidence."""
    return {
        "rule": one.rule.value,
        "level": one.level,
        "on": one.on.isoformat(),
        "since": one.since.isoformat(),
        "evidence": dict(one.evidence),
    }
