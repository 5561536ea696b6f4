"""Every address of the product, computed from the URL resolver, with what it declares."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLResolver, get_resolver, reverse

from clinics.permissions import ACTIONS, PUBLIC, SIGNED_IN

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
FOREIGN = ("admin", "djdt")
"""Name spaces that somebody else's code serves; they are tested on their own."""


@dataclass(frozen=True)
class Address:
    """One address: its full name, what it needs in its path, and its view."""

    name: str
    converters: tuple[tuple[str, str], ...]
    view: Any

    @property
    def is_api(self) -> bool:
        """Whether a program calls it."""
        return hasattr(self.view, "cls")

    @property
    def ids(self) -> tuple[str, ...]:
        """Names of the path parts that hold an id."""
        return tuple(name for name, kind in self.converters if kind == "uuid" or name.endswith(("pk", "id")))

    def url(self, key: object) -> str:
        """Return the path with `key` for every id and something harmless for the rest."""
        values = {"key": "no-such-key-0000000000000000000000", "kind": "check-in", "uidb36": "1", "format": "json"}
        kwargs = {
            name: (999_999 if kind == "int" else key) if name in self.ids or kind in {"uuid", "int"} else values.get(name, "x")
            for name, kind in self.converters
        }
        return reverse(self.name, kwargs=kwargs)

    def action(self, method: str) -> str | None:
        """Return the declared action for a method, None where the method is not served."""
        if self.is_api:
            actions = getattr(self.view, "actions", None)
            if actions is None:
                served = {m.upper() for m in self.view.cls.http_method_names if hasattr(self.view.cls, m)}
                return getattr(self.view.cls, "permission_action", "") if method in served else None
            done = actions.get(method.lower())
            if done is None:
                return None
            declared = getattr(self.view.cls, "permission_actions", {})
            return str(declared.get(done, getattr(self.view.cls, "permission_action", "")))
        return str(self.view.action) if method in self.view.methods else None


def walk(resolver: URLResolver, space: str = "", converters: dict[str, str] | None = None) -> Iterator[Address]:
    """Yield the addresses below a resolver."""
    for entry in resolver.url_patterns:
        found = dict(converters or {})
        found |= {name: type(kind).__name__.removesuffix("Converter").lower() for name, kind in entry.pattern.converters.items()}
        if isinstance(entry, URLResolver):
            if entry.namespace in FOREIGN:
                continue
            yield from walk(entry, f"{space}{entry.namespace}:" if entry.namespace else space, found)
        elif entry.name:
            groups = dict(found)
            regex = getattr(entry.pattern, "regex", None)
            for name in regex.groupindex if regex else ():
                groups.setdefault(name, "str")
            yield Address(f"{space}{entry.name}", tuple(groups.items()), entry.callback)


def addresses() -> list[Address]:
    """Return every address once; suffix patterns such as `.json` are the same view and left out."""
    found = {}
    for address in walk(get_resolver()):
        if any(name == "format" for name, _kind in address.converters):
            continue
        found[(address.name, address.converters)] = address
    return list(found.values())


def is_declared(address: Address, method: str) -> bool:
    """Say whether the action of a served method stands in the table."""
    action = address.action(method)
    return action is None or action in ACTIONS or action in {PUBLIC, SIGNED_IN}


MISSING = uuid.UUID("01900000-0000-7000-8000-000000000000")
"""An id nobody has."""
