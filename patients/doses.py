"""The exercises of a session with their doses, and what grew since the last one."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.models import ScheduledSession
from programs.dose import dose_text, reps_text, seconds_text
from programs.frozen import frozen_plans
from programs.models import Prescription, in_language
from programs.rules.diff import DOSE_FIELDS

DONE = (ScheduledSession.Status.DONE, ScheduledSession.Status.PARTIAL)
Block = Prescription.Block


@dataclass(frozen=True, slots=True)
class Growth:
    """One exercise whose dose or form is new; `before` is empty when only the form changed or the exercise itself is new."""

    name: str
    now: str
    before: str
    is_more: bool


@dataclass(frozen=True, slots=True)
class SessionContent:
    """What a session holds, in order, and what is new in it."""

    warm_up: Sequence[Prescription]
    main: Sequence[Prescription]
    cool_down: Sequence[Prescription]
    growth: Sequence[Growth]
    key: str
    """Says which plans it was made from: equal keys, equal content."""

    @property
    def names(self) -> list[str]:
        """Names of the main exercises, each once."""
        return names_of(self.main)


def last_done_plan(session: ScheduledSession | None = None) -> "QuerySet[ScheduledSession, uuid.UUID]":
    """Return the plan of the last session done in the same place before a session, or before the row of an outer query (None)."""
    own: dict[str, Any] = (
        {"assignment_id": OuterRef("assignment_id"), "setting": OuterRef("setting"), "on__lt": OuterRef("on")}
        if session is None
        else {"assignment_id": session.assignment_id, "setting": session.setting, "on__lt": session.on}
    )
    return ScheduledSession.objects.filter(**own, status__in=DONE).order_by("-on").values_list("session_plan_id", flat=True)[:1]


def read_content(session: ScheduledSession) -> SessionContent:
    """Read a session's exercises and those of the last session done in the same place: one query, as a rule."""
    return content_of(session.session_plan_id, next(iter(last_done_plan(session)), None))


def content_of(plan_id: uuid.UUID, last_plan_id: uuid.UUID | None) -> SessionContent:
    """Lay out a session plan, and what is new in it against the plan done last."""
    plans = frozen_plans({plan_id, last_plan_id} - {None})  # type: ignore[arg-type]
    own: dict[str, list[Prescription]] = {block: [] for block in Block.values}
    for line in plans[plan_id].lines if plan_id in plans else ():
        own[line.block].append(line)
    last = plans.get(last_plan_id) if last_plan_id and last_plan_id != plan_id else None
    earlier = [line for line in last.lines if line.block == Block.MAIN] if last else []
    growth = compare(earlier, own[Block.MAIN]) if earlier else []
    return SessionContent(own[Block.WARM_UP], own[Block.MAIN], own[Block.COOL_DOWN], growth, f"{plan_id} {last_plan_id}")


def main_lines(plans: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Prescription]]:
    """Return the main exercises with their doses of each of these session plans: one query."""
    found: dict[uuid.UUID, list[Prescription]] = defaultdict(list)
    rows = (
        Prescription.objects.filter(session_plan_id__in=plans, block=Block.MAIN)
        .select_related("exercise")
        .only("session_plan_id", "position", *DOSE_FIELDS, "dose_provenance", "exercise__names", "exercise__key")
        .order_by("position")
    )
    for row in rows:
        found[row.session_plan_id].append(row)
    return found


def names_of(lines: Iterable[Prescription]) -> list[str]:
    """Return the names of the exercises, each once."""
    return list(dict.fromkeys(one.exercise.name for one in lines))


def compare(before: Sequence[Prescription], now: Sequence[Prescription]) -> list[Growth]:
    """Return what differs from last time, exercise by exercise; the second of two equal exercises is held against the second."""
    rest = list(before)
    found = []
    for one in now:
        old = next((row for row in rest if row.exercise.key == one.exercise.key), None)
        if old is not None:
            rest.remove(old)
        change = change_of(old, one)
        if change is not None:
            found.append(change)
    return found


def change_of(old: Prescription | None, new: Prescription) -> Growth | None:
    """Say what is new about one exercise: only the part of the dose that changed, or its form; None when nothing is."""
    name = new.exercise.name
    if old is None:
        return Growth(name, dose_text(new), "", is_more=True)
    changed = {part for part in ("sets", "reps_low", "reps_high", "hold_seconds") if getattr(old, part) != getattr(new, part)}
    if dose_text(old) == dose_text(new):
        form, form_before = in_language(new.variation), in_language(old.variation)
        return Growth(name, form, "", is_more=True) if form and form != form_before else None
    now, before = dose_text(new), dose_text(old)
    if changed == {"hold_seconds"} and new.hold_seconds and old.hold_seconds:
        now, before = seconds_text(new.hold_seconds), seconds_text(old.hold_seconds)
    elif changed and changed <= {"reps_low", "reps_high"}:
        now = ngettext("%(reps)s repetition", "%(reps)s repetitions", new.reps_high or 0) % {"reps": reps_text(new)}
        before = reps_text(old)
    elif changed == {"sets"}:
        now, before = ngettext("%(sets)s set", "%(sets)s sets", new.sets) % {"sets": new.sets}, str(old.sets)
    return Growth(name, now, before, is_more=amount(new) > amount(old))


def amount(one: Prescription) -> int:
    """Return a rough size of a dose, only to tell more from less."""
    return one.sets * (one.reps_high or 1) * (one.hold_seconds or one.run_seconds or one.duration_seconds or 1)


def form_text(one: Prescription) -> str:
    """Return how the exercise is done in this phase, and its load: "Knees bent about 60 degrees. Your own body weight." """
    texts = [str(in_language(part)) for part in (one.variation, one.load) if part]
    if one.circuit:
        texts.append(_("in turns with the others of circuit %(letter)s") % {"letter": chr(64 + one.circuit)})
    return " · ".join(text for text in texts if text)


def hold_seconds(one: Prescription) -> int:
    """Return the seconds a timer counts for one set; 0 for repetitions at one's own pace."""
    return one.hold_seconds if one.hold_seconds and (one.reps_high or 1) <= 1 else one.run_seconds or one.duration_seconds or 0


def rest_seconds(one: Prescription) -> int:
    """Return the seconds between two sets: the pause, or the walk of a run-walk round."""
    return one.walk_seconds or one.rest_seconds if one.run_seconds else one.rest_seconds
