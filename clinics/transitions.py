"""The only way a status changes: one conditional UPDATE whose row count is read."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinics.errors import Conflict

Table = Mapping[str, frozenset[str]]


def advance(row: models.Model, to: str, *, table: Table, now: dt.datetime, field: str = "status", **changes: Any) -> None:
    """Move `row` to the state `to`, with `changes` in the same UPDATE.

    `table` maps each state to the states it may be reached from; `now` fills `changed_at` where the model has it.
    Raises Conflict when the row is in none of those states any more (somebody was faster, or the move does not exist).
    """
    if any(f.name == "changed_at" for f in row._meta.concrete_fields):
        changes.setdefault("changed_at", now)
    manager = type(row)._default_manager
    moved = manager.filter(pk=row.pk, **{f"{field}__in": table.get(to, frozenset())}).update(**{field: to}, **changes)
    if moved != 1:
        raise Conflict(_("This was changed in the meantime. Please look at it again."))
    setattr(row, field, to)
    for name, value in changes.items():
        setattr(row, name, value)
