"""Puts many rows into a table at once: by COPY on PostgreSQL, by one prepared INSERT elsewhere."""

import json
import uuid
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.db import connection, models

Convert = Callable[[Any], Any]


class Table:
    """Rows of one model that wait to be stored; columns that are not named get the default of their field."""

    def __init__(self, model: type[models.Model], *names: str, **constants: Any) -> None:
        """Take the columns (`clinic_id`, not `clinic`) in the order in which values will come; keys are written as 32 digits.

        `constants` are what all rows have in common, keys as they are.
        """
        self.model = model
        fields: dict[str, Any] = {field.attname: field for field in model._meta.concrete_fields}
        rest = [field for name, field in fields.items() if name not in names]
        self.fields = [*(fields[name] for name in names), *rest]
        given = [constants[field.attname] if field.attname in constants else field.get_default() for field in rest]
        self.constants = tuple((convert(field) or same)(constant(value)) for field, value in zip(rest, given, strict=True))
        self.converts = [(place, found) for place, name in enumerate(names) if (found := convert(fields[name]))]
        self.rows: list[tuple[Any, ...]] = []

    def add(self, *values: Any) -> None:
        """Remember one row."""
        self.rows.append(values)

    def store(self, order: Callable[[tuple[Any, ...]], Any] | None = None) -> int:
        """Write the rows that wait, in this order if one is given; return how many."""
        rows, self.rows = self.rows, []
        if order is not None:
            rows.sort(key=order)
        quote = connection.ops.quote_name
        table, columns = quote(self.model._meta.db_table), ", ".join(quote(field.column) for field in self.fields)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for row in self.converted(rows):
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * len(self.fields))
                statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - names of our own tables
                cursor.executemany(statement, list(self.converted(rows)))
        return len(rows)

    def converted(self, rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
        """Yield the rows as the database wants them, with the constants at their end."""
        if not self.converts:
            for row in rows:
                yield row + self.constants
            return
        for row in rows:
            values = list(row)
            for place, change in self.converts:
                if values[place] is not None:
                    values[place] = change(values[place])
            yield (*values, *self.constants)


def constant(value: Any) -> Any:
    """Return a key as 32 digits, everything else as it is."""
    return value.hex if isinstance(value, uuid.UUID) else value


def same(value: Any) -> Any:
    """Return the value as it is."""
    return value


def convert(field: Any) -> Convert | None:
    """Return how a value of this field is changed before it is sent, None where it goes as it is."""
    if isinstance(field, models.JSONField):
        return partial(json.dumps, ensure_ascii=False)
    if connection.vendor == "postgresql":
        return None
    if isinstance(field, models.DateField | models.TimeField | models.DecimalField):
        return partial(field.get_db_prep_save, connection=connection)
    return None
