"""Fields of the API that take nothing but what they say: no "3" for 3, no 1 for true, no second way to write a date."""

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions, serializers

from clinics.scoping import one_of

if TYPE_CHECKING:
    BodyBase = serializers.Serializer[Any]
    RelatedBase = serializers.PrimaryKeyRelatedField[Any]
else:
    BodyBase = serializers.Serializer
    RelatedBase = serializers.PrimaryKeyRelatedField

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def parse_uuid(value: object) -> UUID | None:
    """Return the UUID a text stands for, None for anything else."""
    return UUID(value) if isinstance(value, str) and UUID_TEXT.fullmatch(value) else None


class Body(BodyBase):
    """What a client may send; a name that is not on the list is refused, so that nothing is assigned by accident."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the checked values; raises ValidationError naming every unknown field."""
        if isinstance(data, Mapping):
            unknown = [str(name)[:60] for name in data if name not in self.fields or self.fields[name].read_only]
            if unknown:
                raise exceptions.ValidationError({name: [_("This field is not known here.")] for name in unknown})
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number, written as one."""

    def to_internal_value(self, data: Any) -> int:
        """Refuse texts, true and numbers with a fraction."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class Scale(Whole):
    """An answer from 0 to 10."""

    default_error_messages = {
        name: gettext_lazy("Choose a number from 0 to 10.") for name in ("invalid", "min_value", "max_value", "required", "null")
    }

    def __init__(self, **options: Any) -> None:
        """Set both ends."""
        super().__init__(min_value=0, max_value=10, **options)


class Flag(serializers.BooleanField):
    """True or false, and nothing else."""

    def to_internal_value(self, data: Any) -> bool:
        """Refuse 0, 1 and words."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Text(serializers.CharField):
    """A text; numbers are not one."""

    def to_internal_value(self, data: Any) -> str:
        """Refuse what is no text."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Note(Text):
    """A free text of at most 2000 characters."""

    default_error_messages = {"max_length": gettext_lazy("Please write at most 2000 characters.")}

    def __init__(self, **options: Any) -> None:
        """Set the length; nothing at all is allowed."""
        super().__init__(max_length=2000, **{"allow_blank": True, "required": False, "default": "", **options})


class Day(serializers.DateField):
    """A calendar day, YYYY-MM-DD."""

    def to_internal_value(self, value: Any) -> dt.date:
        """Refuse every other way to write it."""
        if not isinstance(value, str) or not DAY.fullmatch(value):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class Instant(serializers.DateTimeField):
    """A moment with its offset, for example 2026-03-02T07:15:00Z; the years 2000–2099."""

    def to_internal_value(self, value: Any) -> dt.datetime:
        """Refuse moments without an offset, and years in which nobody trained."""
        form = "YYYY-MM-DDThh:mm[:ss](Z|+hh:mm|-hh:mm)"
        if not isinstance(value, str) or not DAY.match(value):
            self.fail("invalid", format=form)
        try:
            found = dt.datetime.fromisoformat(value)
        except ValueError:
            self.fail("invalid", format=form)
        if found.tzinfo is None or not 2000 <= found.year < 2100:
            self.fail("invalid", format=form)
        return found.astimezone(dt.UTC)


class Moment(serializers.DateTimeField):
    """A moment as it is shown: always in UTC."""

    def __init__(self, **options: Any) -> None:
        """Set the zone, whatever is active."""
        super().__init__(**{**options, "default_timezone": dt.UTC})


@extend_schema_field({"type": "string", "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$", "example": "17:00"})
class ClockTime(serializers.TimeField):
    """A time of day on the clinic's wall clock, HH:MM."""

    def to_internal_value(self, value: Any) -> dt.time:
        """Refuse every other way to write it."""
        if not isinstance(value, str) or not TIME.fullmatch(value):
            self.fail("invalid", format="hh:mm")
        return super().to_internal_value(value)


class Key(serializers.UUIDField):
    """A UUID, written as text with its dashes."""

    def to_internal_value(self, data: Any) -> UUID:
        """Refuse numbers and other spellings."""
        found = parse_uuid(data)
        if found is None:
            self.fail("invalid", value=str(data)[:60])
        return found


class Kilograms(serializers.FloatField):
    """A load in kg, 0–500, in steps of 0.1."""

    def __init__(self, **options: Any) -> None:
        """Set both ends."""
        super().__init__(min_value=0, max_value=500, **options)

    def to_internal_value(self, data: Any) -> Any:
        """Refuse texts and finer steps; returns a Decimal."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        found = Decimal(str(data))
        if not found.is_finite() or abs(found) > 10_000 or found != found.quantize(Decimal("0.1")):
            self.fail("invalid")
        return found


class Kilometres(serializers.FloatField):
    """A distance in km, above 0 up to 300, in steps of 0.01."""

    def __init__(self, **options: Any) -> None:
        """Set both ends."""
        super().__init__(min_value=0.01, max_value=300, **options)

    def to_internal_value(self, data: Any) -> Any:
        """Refuse texts and finer steps; returns a Decimal."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        found = Decimal(str(data))
        if not found.is_finite() or abs(found) > 10_000 or found != found.quantize(Decimal("0.01")):
            self.fail("invalid")
        return found


class ScopedField(RelatedBase):
    """A reference to a row by its id; only rows the member may see exist for it."""

    default_error_messages = {"does_not_exist": gettext_lazy("This was not found."), "incorrect_type": gettext_lazy("This was not found.")}

    def to_internal_value(self, data: Any) -> Any:
        """Return the row; a foreign id is refused exactly like a missing one."""
        key = parse_uuid(data)
        if key is None:
            self.fail("incorrect_type", data_type=type(data).__name__)
        rows: Any = self.get_queryset()
        found = one_of(rows.visible_to(self.context["request"].member).filter(pk=key))
        if found is None:
            self.fail("does_not_exist", pk_value=data)
        return found
