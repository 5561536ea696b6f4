"""New deliveries of a whole batch in one statement."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connection

from clinics.ids import many_uuid7
from reminders.models import Delivery


def write_deliveries(rows: Sequence[dict[str, Any]], **shared: Any) -> None:
    """Insert rows, each the values of its own columns by name, with `shared` values and defaults in the others; one that is there stays.

    On PostgreSQL the columns travel as arrays, written as texts: building a model for each row, or letting the driver look at every value
    of a list, costs more than all the rest of planning.
    """
    if not rows:
        return
    if connection.vendor != "postgresql":
        Delivery.objects.bulk_create([Delivery(**row, **shared) for row in rows], ignore_conflicts=True)
        return
    example = Delivery(**rows[0], **shared)
    fields = Delivery._meta.concrete_fields
    own = [field for field in fields if field.attname in rows[0] or field.primary_key]
    others = [field for field in fields if field not in own]
    names = ", ".join(f'"{field.column}"' for field in (*own, *others))
    arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in own)
    constants = "".join(f", %s::{field.db_type(connection)}" for field in others)
    values = [field.get_db_prep_save(field.pre_save(example, add=True), connection) for field in others]
    columns = [many_uuid7(len(rows)) if field.primary_key else [row[field.attname] for row in rows] for field in own]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Delivery._meta.db_table} ({names}) SELECT own.*{constants} FROM unnest({arrays}) own ON CONFLICT DO NOTHING",  # noqa: S608
            [*values, *map(as_array, columns)],
        )


def as_array(values: Sequence[uuid.UUID | dt.date | str | None]) -> str:
    """Return values of one kind, days and instants among them, as PostgreSQL writes an array."""
    if isinstance(values[0], uuid.UUID):
        return f"{{{','.join([key.hex if isinstance(key, uuid.UUID) else 'NULL' for key in values])}}}"
    texts = {value: in_array(value) for value in set(values)}
    return f"{{{','.join([texts[value] for value in values])}}}"


def in_array(value: uuid.UUID | dt.date | str | None) -> str:
    """Return one value as it stands in an array."""
    if value is None:
        return "NULL"
    text = value.isoformat() if isinstance(value, dt.date) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
