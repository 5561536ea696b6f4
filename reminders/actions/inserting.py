"""New deliveries of a whole batch in one statement."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from reminders.models import Delivery


def write_deliveries(rows: Sequence[dict[str, Any]], **shared: Any) -> None:
    """Insert rows, each the values of its own columns by name, with `shared` values and defaults in the others; one that is there stays.

    On PostgreSQL the columns travel as arrays: building a model for each row and preparing every value of it costs twice as much as all
    the rest of planning.
    """
    if not rows:
        return
    if connection.vendor != "postgresql":
        Delivery.objects.bulk_create([Delivery(**row, **shared) for row in rows], ignore_conflicts=True)
        return
    example = Delivery(**rows[0], **shared)
    fields = Delivery._meta.concrete_fields
    own = [field for field in fields if field.attname in rows[0]]
    others = [field for field in fields if field.attname not in rows[0]]
    names = ", ".join(f'"{field.column}"' for field in (*own, *others))
    arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in own)
    constants = "".join(f", %s::{field.db_type(connection)}" for field in others)
    values = [field.get_db_prep_save(field.pre_save(example, add=True), connection) for field in others]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Delivery._meta.db_table} ({names}) SELECT own.*{constants} FROM unnest({arrays}) own ON CONFLICT DO NOTHING",  # noqa: S608
            [*values, *([row[field.attname] for row in rows] for field in own)],
        )
