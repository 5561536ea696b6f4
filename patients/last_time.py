"""What was done of each exercise the last time, for a whole group at once."""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from patients.group_words import last_text
from patients.models import ExerciseLog, SessionLog
from programs.dose import dose_text
from programs.frozen import frozen_plans
from programs.models import Prescription

LOOK_BACK_DAYS = 42


@dataclass(frozen=True, slots=True)
class Last:
    """One exercise on the last day it was done; `load_kg` is None where none was stated."""

    on: dt.date
    text: str
    load_kg: Decimal | None


def read_last(clinic_id: uuid.UUID, patients: Collection[uuid.UUID], *, before: dt.date) -> dict[tuple[uuid.UUID, str], Last]:
    """Return by patient and key of the exercise what was done last, up to six weeks back: three queries at most.

    The caller has read the patients from rows the person may see. A session logged as prescribed counts with its doses; its loads
    are those of the time before.
    """
    found: dict[tuple[uuid.UUID, str], Last] = {}
    logs = list(
        SessionLog.objects.filter(clinic_id=clinic_id, patient_id__in=patients, on__gte=before - dt.timedelta(days=LOOK_BACK_DAYS))
        .order_by("-on", "-id")
        .values_list("pk", "patient_id", "on", "as_prescribed", "session__session_plan_id")
    )
    plans = frozen_plans({plan for _pk, _patient, _on, as_prescribed, plan in logs if as_prescribed})
    rows: dict[uuid.UUID, list[tuple[str, str, Decimal | None]]] = {}
    done = ExerciseLog.objects.filter(session_log_id__in=[log[0] for log in logs if not log[3]], sets_done__gt=0).order_by("position")
    names = ("session_log_id", "prescription__exercise__key", "sets_done", "reps_done", "hold_seconds_done", "load_kg")
    for log, key, sets, reps, hold, load in done.values_list(*names):
        rows.setdefault(log, []).append((key, last_text(sets, reps, hold, load), load))
    loads: dict[tuple[uuid.UUID, str], Decimal] = {}
    for pk, patient, on, as_prescribed, plan in logs:
        known = rows.get(pk, [])
        if as_prescribed:
            lines = plans[plan].lines if plan in plans else ()
            known = [(line.exercise.key, dose_text(line), None) for line in lines if line.block == Prescription.Block.MAIN]
        for key, text, load in known:
            found.setdefault((patient, key), Last(on, text, load))
            if load is not None:
                loads.setdefault((patient, key), load)
    return {place: Last(one.on, one.text, loads.get(place)) for place, one in found.items()}
