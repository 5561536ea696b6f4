"""Published session plans, read once a process: a published version is never changed, so neither are its sessions and doses."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from programs.models import Exercise, Prescription, ProgramVersion, SessionPlan

MOST_PLANS = 1000
_plans: "dict[uuid.UUID, FrozenPlan]" = {}
_exercises: dict[uuid.UUID, Exercise] = {}


@dataclass(frozen=True, slots=True)
class FrozenPlan:
    """A session plan with its version and program, and its exercises in order; shared by all requests, so nobody changes it."""

    plan: SessionPlan
    lines: Sequence[Prescription]


def frozen_plans(keys: Iterable[uuid.UUID]) -> dict[uuid.UUID, FrozenPlan]:
    """Return session plans by id: one query for all that this process has not read yet, none for the others.

    The caller has read the ids from rows the person may see. A plan without exercises is left out.
    """
    wanted = set(keys)
    found = {key: _plans[key] for key in wanted if key in _plans}
    lines: dict[uuid.UUID, list[Prescription]] = defaultdict(list)
    if missing := wanted - found.keys():
        rows = Prescription.objects.filter(session_plan_id__in=missing).select_related("exercise", "session_plan__version__program")
        for row in rows.order_by("position", "pk"):
            lines[row.session_plan_id].append(row)
    for key, own in lines.items():
        plan = own[0].session_plan
        for line in own:
            line.session_plan, line.exercise = plan, _exercises.setdefault(line.exercise_id, line.exercise)
        found[key] = FrozenPlan(plan, own)
        if plan.version.status != ProgramVersion.Status.DRAFT:
            if len(_plans) >= MOST_PLANS:
                _plans.clear()
                _exercises.clear()
            _plans[key] = found[key]
    return found
