"""The corrections of a record in words: which entry, when, by whom, and what it said before and after."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinics.models import Membership
from patients.models import CheckIn, Correction, DeletedRun, Run, SessionLog
from patients.templatetags.runs import km, watchtime

KINDS: dict[str, tuple[type[models.Model], Promise]] = {
    "checkin": (CheckIn, gettext_lazy("Check-in")),
    "sessionlog": (SessionLog, gettext_lazy("Session")),
    "run": (Run, gettext_lazy("Run")),
}
LABELS: dict[str, Promise] = {"duration_seconds": gettext_lazy("Time"), "shoe": gettext_lazy("Shoes")}
"""Where the name of a column says a unit that the text does not have."""
WORDS = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One correction: the entry's kind and day (None when unknown), and (label, before, after) of each changed answer."""

    row: Correction
    kind: str
    on: dt.date | None
    is_deletion: bool
    changes: Sequence[tuple[str, str, str]]


def lines_of(corrections: Iterable[Correction], member: Membership) -> list[Line]:
    """Return corrections in words, in five queries at most, whatever their number."""
    rows = list(corrections)
    days: dict[Any, dt.date] = {}
    for name, (model, _label) in KINDS.items():
        keys = {one.object_id for one in rows if one.object_type == name}
        if keys:
            visible: Any = model._default_manager
            days |= dict(visible.visible_to(member).filter(pk__in=keys).values_list("pk", "on"))
    missing = {one.object_id for one in rows if one.object_type == "run"} - set(days)
    if missing:
        days |= dict(DeletedRun.objects.visible_to(member).filter(pk__in=missing).values_list("pk", "on"))
    return [line_of(one, days.get(one.object_id)) for one in rows]


def line_of(one: Correction, on: dt.date | None) -> Line:
    """Return one correction in words."""
    model, label = KINDS.get(one.object_type, (None, ""))
    names = [name for name in one.before if name != "on"]
    changes = [
        (label_of(model, name), value_text(name, one.before.get(name)), value_text(name, one.after.get(name)) if one.after else "")
        for name in names
    ]
    return Line(row=one, kind=str(label), on=on, is_deletion=bool(one.before) and not one.after, changes=changes)


def label_of(model: type[models.Model] | None, name: str) -> str:
    """Return the name of an answer as people read it."""
    if name in LABELS:
        return str(LABELS[name])
    try:
        return capfirst(str(model._meta.get_field(name).verbose_name)) if model else name  # type: ignore[union-attr]
    except FieldDoesNotExist:
        return name


def value_text(name: str, value: Any) -> str:
    """Return an answer as people read it; a dash where there was none."""
    if value in (None, ""):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "duration_seconds" and isinstance(value, int):
        return watchtime(value)
    if name == "distance_km":
        return km(Decimal(str(value)))
    text = str(value)
    return text if len(text) <= WORDS else f"{text[:WORDS]}…"
