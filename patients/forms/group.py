"""Reading the group sheet: every number on it with what was seen of it, and the one button that was pressed."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinics.fields import parse_uuid
from patients.rules.group import Target, What

WAS = "was:"
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Wish:
    """One value somebody wants to stand in a session, over the revision they saw."""

    session: uuid.UUID
    target: Target
    value: Decimal | None
    seen: int


@dataclass(frozen=True, slots=True)
class Press:
    """The button that was pressed: what to do, with which session, and the rest of its words."""

    kind: str
    session: uuid.UUID | None = None
    rest: tuple[str, ...] = ()


class WalkInForm(forms.Form):
    """Who came without being expected, and at which time they join."""

    patient = forms.UUIDField()
    at_time = forms.TimeField(label=_("Time"), required=False, input_formats=["%H:%M"])


def changed_values(data: Mapping[str, Any]) -> Iterator[Wish]:
    """Yield the numbers of the sheet that differ from what was shown; what cannot be read at all is left aside."""
    for name in data:
        if not name.startswith(WAS):
            continue
        before, _bar, seen = str(data[name]).partition("|")
        value = str(data.get(name.removeprefix(WAS), "")).strip().replace(",", ".")
        wish = wish_of(name.removeprefix(WAS).split(":")[1:], value, seen)
        if wish is not None and value != before:
            yield wish


def wish_of(parts: list[str], value: str, seen: str, number: str = "0") -> Wish | None:
    """Return a wish from its words; None for anything nobody's page sends."""
    if len(parts) != 3 or not seen.isdecimal() or not number.isdecimal() or len(seen) > 4 or len(number) > 4:
        return None
    session, exercise = parse_uuid(parts[0]), parse_uuid(parts[1])
    if session is None or exercise is None and parts[1] != NOTHING or parts[2] not in list(What):
        return None
    try:
        found = Decimal(value) if value and len(value) <= 8 else None
    except InvalidOperation:
        return None
    return Wish(session, Target(What(parts[2]), exercise, int(number)), found, int(seen))


def pressed(text: str) -> Press:
    """Return what a button says: its kind, the session, and the rest."""
    kind, *rest = text.split("/")
    return Press(kind, parse_uuid(rest[0]) if rest else None, tuple(rest[1:]))


def wish_of_press(press: Press) -> Wish | None:
    """Return the value a button enters, None for a damaged one."""
    if press.session is None or len(press.rest) != 5:
        return None
    exercise, what, number, value, seen = press.rest
    return wish_of([str(press.session), exercise, what], value, seen, number)
