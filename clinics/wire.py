"""How JSON travels: a strict parser, pages without counting, one shape for errors."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, cast

from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError
from django.db.models import Field, Model, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, status
from rest_framework.pagination import BasePagination
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from clinics.errors import DomainError

MAX_DEPTH = 20
MAX_NUMBER_LENGTH = 40


def _refuse_constant(_name: str) -> None:
    raise ValueError(_("NaN and Infinity are not numbers here."))


def _short_int(text: str) -> int:
    if len(text) > MAX_NUMBER_LENGTH:
        raise ValueError(_("A number is too long."))
    return int(text)


def _finite_float(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(_("NaN and Infinity are not numbers here."))
    return number


class TooLarge(exceptions.APIException):
    """The body is larger than DATA_UPLOAD_MAX_MEMORY_SIZE, 2.5 MB."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = gettext_lazy("This is too large.")


class StrictJSONParser(JSONParser):
    """JSON without NaN, endless numbers, NUL characters or deep nesting; each is a 400 with a sentence."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the parsed body; raises ParseError."""
        try:
            text = stream.read().decode("utf-8")
        except UnicodeDecodeError as error:
            raise exceptions.ParseError(_("The text is not UTF-8.")) from error
        if _depth(text) > MAX_DEPTH:
            raise exceptions.ParseError(_("The JSON is nested too deeply."))
        if "\\u0000" in text or "\x00" in text:
            raise exceptions.ParseError(_("The text contains a character that cannot be stored."))
        try:
            found = json.loads(text, parse_constant=_refuse_constant, parse_int=_short_int, parse_float=_finite_float)
        except (ValueError, RecursionError) as error:
            raise exceptions.ParseError(_("This is not valid JSON.")) from error
        if "\\ud" in text.lower():
            try:
                json.dumps(found, ensure_ascii=False).encode()
            except UnicodeEncodeError as error:  # half of a pair of surrogates, which no database takes
                raise exceptions.ParseError(_("The text contains a character that cannot be stored.")) from error
        return found


def _depth(text: str) -> int:
    """Return the deepest nesting, brackets inside strings not counted (0 where there are too few to matter)."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                return deepest
        elif character in "]}":
            depth -= 1
    return deepest


class Pages(BasePagination):
    """Pages without counting: a cursor holds the place of the last row in the view's fixed order, so deep pages cost what the first does.

    The view names the order in `page_order` (or `get_page_order()`), which ends in a unique column; `page_size` is 1–200.
    """

    page_size = 50
    max_page_size = 200

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return the rows of the page asked for; raises ValidationError on a cursor or size that means nothing."""
        self.request = request
        self.order = view.get_page_order()
        size = self._size(request)
        back, place = self._place(request, queryset.model)
        order = [_turn(name) for name in self.order] if back else self.order
        if place is not None:
            queryset = queryset.filter(_beyond(order, place))
        try:
            rows = list(queryset.order_by(*order)[: size + 1])
        except (ValueError, OverflowError, DataError) as error:
            if place is None:
                raise
            raise _no_page() from error
        more, rows = len(rows) > size, rows[:size]
        if back:
            rows.reverse()
        self.has_next = bool(rows) and (more or back)
        self.has_previous = bool(rows) and (more if back else place is not None)
        self.rows = rows
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        """Return rows and the addresses of the pages beside this one, None at the ends."""
        return Response(
            {
                "next": self._link(self.rows[-1], back=False) if self.has_next else None,
                "previous": self._link(self.rows[0], back=True) if self.has_previous else None,
                "results": data,
            }
        )

    def single(self, request: Request, data: list[Any]) -> Response:
        """Return rows that are all there is; raises ValidationError on a size or cursor all the same."""
        self._size(request)
        if "cursor" in request.query_params:
            raise _no_page()
        return Response({"next": None, "previous": None, "results": data})

    def _size(self, request: Request) -> int:
        text = request.query_params.get("page_size")
        if text is None:
            return self.page_size
        if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= self.max_page_size):
            raise exceptions.ValidationError({"page_size": [_("Choose a number from 1 to %(most)s.") % {"most": self.max_page_size}]})
        return int(text)

    def _place(self, request: Request, model: type[Model]) -> tuple[bool, list[Any] | None]:
        cursor = request.query_params.get("cursor")
        if cursor is None:
            return False, None
        try:
            back, *texts = json.loads(urlsafe_b64decode(cursor.encode("ascii")))
            if not isinstance(back, bool) or len(texts) != len(self.order) or not all(isinstance(text, str) for text in texts):
                raise ValueError(cursor)
            fields = [_field_of(model, name) for name in self.order]
            return back, [field.to_python(text) for field, text in zip(fields, texts, strict=True)]
        except (ValueError, TypeError, OverflowError, RecursionError, DjangoValidationError) as error:
            raise _no_page() from error

    def _link(self, row: Any, *, back: bool) -> str:
        fields = [_field_of(type(row), name) for name in self.order]
        texts = [field.value_to_string(_owner_of(row, name)) for field, name in zip(fields, self.order, strict=True)]
        cursor = urlsafe_b64encode(json.dumps([back, *texts], separators=(",", ":")).encode()).decode()
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page."""
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": "Address of the next page, null on the last one."},
                "previous": {**link, "description": "Address of the page before, null on the first one."},
                "results": {**schema, "description": "The rows of this page."},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the two parameters."""
        size = {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Place in the list; taken from `next` or `previous`, never built by hand.",
                "schema": {"type": "string"},
            },
            {"name": "page_size", "in": "query", "required": False, "description": "Rows a page, 1–200.", "schema": size},
        ]


def _no_page() -> exceptions.ValidationError:
    return exceptions.ValidationError({"cursor": [_("This is not an address of a page.")]})


def _turn(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _beyond(order: Sequence[str], place: Sequence[Any]) -> Q:
    """Return the condition of rows after `place`, led by a plain bound on the first column so that an index is used."""
    first = order[0].lstrip("-")
    bound = Q(**{f"{first}__{'lte' if order[0].startswith('-') else 'gte'}": place[0]})
    after, same = Q(), Q()
    for name, value in zip(order, place, strict=True):
        column = name.lstrip("-")
        after |= same & Q(**{f"{column}__{'lt' if name.startswith('-') else 'gt'}": value})
        same &= Q(**{column: value})
    return bound & after


def _field_of(model: type[Model], name: str) -> "Field[Any, Any]":
    """Return the column an order names, also through a relation (`patient__last_name`)."""
    field: Any = None
    meta = model._meta
    for part in name.lstrip("-").split("__"):
        field = meta.pk if part == "pk" else meta.get_field(part)
        if field.is_relation:
            meta = field.related_model._meta
    return cast("Field[Any, Any]", field)


def _owner_of(row: Any, name: str) -> Any:
    """Return the loaded row that carries the last part of an order's name."""
    *path, _last = name.lstrip("-").split("__")
    for part in path:
        row = getattr(row, part)
    return row


CODES = {
    status.HTTP_400_BAD_REQUEST: "invalid",
    status.HTTP_401_UNAUTHORIZED: "not_authenticated",
    status.HTTP_403_FORBIDDEN: "not_allowed",
    status.HTTP_404_NOT_FOUND: "not_found",
    status.HTTP_405_METHOD_NOT_ALLOWED: "method_not_allowed",
    status.HTTP_406_NOT_ACCEPTABLE: "not_acceptable",
    status.HTTP_413_REQUEST_ENTITY_TOO_LARGE: "too_large",
    status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    status.HTTP_429_TOO_MANY_REQUESTS: "too_many",
}


def error_body(code: str, detail: str, fields: Mapping[str, Sequence[object]] | None = None) -> dict[str, Any]:
    """Return the one shape of every refusal."""
    return {"code": code, "detail": detail, "fields": {name: [str(text) for text in texts] for name, texts in (fields or {}).items()}}


def error_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Give every refusal one shape: `{"code": …, "detail": …, "fields": {"name": ["sentence", …]}}`."""
    from rest_framework.views import exception_handler  # here, because that module reads the settings that name this one

    if isinstance(error, DomainError):
        detail = str(error.message) or _("Please check what was sent.")
        return Response(error_body(error.code, detail, error.fields), status=error.status_code)
    if isinstance(error, ObjectDoesNotExist):
        error = exceptions.NotFound()
    if isinstance(error, RequestDataTooBig):
        error = TooLarge()
    response = exception_handler(error, context)
    if response is None:
        return None
    code = CODES.get(response.status_code, "error")
    if isinstance(error, exceptions.ValidationError):
        response.data = error_body(code, _("Please check what was sent."), flat(response.data))
    else:
        detail = response.data.get("detail", "") if isinstance(response.data, dict) else response.data
        response.data = error_body(code, str(detail))
    return response


def flat(errors: Any, name: str = "") -> dict[str, list[str]]:
    """Return nested messages under dotted names: `exercises.0.sets_done`."""
    if isinstance(errors, dict):
        parts = list(errors.items())
    elif isinstance(errors, list) and any(isinstance(one, dict | list) for one in errors):
        parts = list(enumerate(errors))
    else:
        return {name or "non_field_errors": [str(one) for one in (errors if isinstance(errors, list) else [errors])]}
    found: dict[str, list[str]] = {}
    for key, value in parts:
        if value:
            found |= flat(value, f"{name}.{key}" if name else str(key))
    return found
