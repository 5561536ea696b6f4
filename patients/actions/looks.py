"""The looks of the rules that are kept: reading those of many patients, and letting go of old ones."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Count, Max, OuterRef, Q, Subquery

from patients.actions.rules import values_of
from patients.models import CaseloadLook
from patients.rules.facts import Change, Facts, applied, difference
from patients.rules.replay import Look

KEPT = dt.timedelta(days=100)
"""So long every look is kept; of what is older only its sum."""
WORTH_THINNING = 30
BATCH = 50

Kept = tuple[int, dt.datetime, Look]
"""Number, instant, and the look itself."""


def read_looks(clinic_id: uuid.UUID, patients: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Kept]]:
    """Return the kept looks at patients, oldest first, in one query."""
    found: dict[uuid.UUID, list[Kept]] = defaultdict(list)
    rows = CaseloadLook.objects.filter(clinic_id=clinic_id, patient_id__in=patients).order_by("patient_id", "number")
    for key, number, at, on, rule_set_id, changes in rows.values_list("patient_id", "number", "at", "on", "rule_set_id", "changes"):
        found[key].append((number, at, Look(on, changes, values_of(rule_set_id))))
    return found


def summed(changes: Iterable[Change]) -> Change:
    """Return one change that stands for all of them, from nothing on."""
    facts: Facts = {}
    for change in changes:
        facts = applied(facts, change)
    return difference({}, facts)


def thin_looks(*, now: dt.datetime) -> int:
    """Put the looks older than 100 days into one for each patient; returns how many rows went. A few queries for fifty patients."""
    old = CaseloadLook.objects.filter(on__lt=(now - KEPT).date())
    keys = list(
        old.order_by()
        .values("patient_id")
        .annotate(count=Count("pk"))
        .filter(count__gt=WORTH_THINNING)
        .values_list("patient_id", flat=True)
    )
    return sum(thin_batch(keys[start : start + BATCH], now=now) for start in range(0, len(keys), BATCH))


@transaction.atomic
def thin_batch(patients: Sequence[uuid.UUID], *, now: dt.datetime) -> int:
    """Do it for a few patients in one transaction."""
    last = CaseloadLook.objects.filter(patient_id=OuterRef("patient_id"), on__lt=(now - KEPT).date()).order_by().values("patient_id")
    mine = CaseloadLook.objects.filter(patient_id__in=patients)
    old = mine.filter(number__lte=Subquery(last.annotate(top=Max("number")).values("top")))
    rows: dict[uuid.UUID, list[CaseloadLook]] = defaultdict(list)
    for row in old.order_by("patient_id", "number"):
        rows[row.patient_id].append(row)
    kept = [many[-1] for many in rows.values()]
    for row in kept:
        row.changes = summed(one.changes for one in rows[row.patient_id])
    CaseloadLook.objects.bulk_update(kept, ["changes"])
    gone = Q()
    for row in kept:
        gone |= Q(patient_id=row.patient_id, number__lt=row.number)
    return int(mine.filter(gone).delete()[0]) if kept else 0
