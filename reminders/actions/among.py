"""One of many: a condition that sends a list of keys as one array where the database can take it."""

import uuid
from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, Value


class AnyOf(Func):
    """`column = ANY (array)`: the statement stays the same however many keys there are, and is planned once a connection."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field: Any = BooleanField()


def among(field: str, keys: Collection[uuid.UUID]) -> Any:
    """Return the condition that a key column holds one of these keys, for `filter()`."""
    if connection.vendor == "postgresql":
        return AnyOf(F(field), Value(list(keys)))
    return Q(**{f"{field}__in": keys})
