"""Conditions the database plans better: a list of keys as one array where it can be taken, a word that stands in the statement itself."""

import re
import uuid
from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.models import BooleanField, CharField, F, Func, Q, Value


class AnyOf(Func):
    """`column = ANY (array)`: the statement stays the same however many keys there are, and is planned once a connection."""

    template = "%(expressions)s::uuid[])"
    arg_joiner = " = ANY("
    output_field: Any = BooleanField()


def among(field: str, keys: Collection[uuid.UUID]) -> Any:
    """Return the condition that a key column holds one of these keys, for `filter()`."""
    if connection.vendor == "postgresql":
        # Written as a text: handed over as a list the driver looks at every key on its own.
        return AnyOf(F(field), Value(f"{{{','.join([key.hex for key in keys])}}}"))
    return Q(**{f"{field}__in": keys})


class Written(Func):
    """A word of ours, as a choice of a model, written into the statement: a parameter matches no index that is for some rows only."""

    template = "'%(word)s'"
    output_field: Any = CharField()

    def __init__(self, word: str) -> None:
        """Take the word; raises ValueError for anything but small letters."""
        if not re.fullmatch("[a-z_]+", str(word)):
            raise ValueError("only a plain word stands in a statement")
        super().__init__(word=str(word))
