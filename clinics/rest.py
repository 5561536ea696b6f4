"""What every API resource is made of: scoped viewsets, strict bodies, cached readers, filters by allow-list, and their description."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, cast
from uuid import UUID

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_filters.rest_framework import BooleanFilter, CharFilter, FilterSet
from drf_spectacular.openapi import AutoSchema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from clinics import audit
from clinics.fields import Body, ClockTime, Key, Moment, Text, parse_uuid
from clinics.models import AuditEvent, Membership
from clinics.scoping import one_of

if TYPE_CHECKING:
    ViewSetBase = GenericViewSet[Any]
    RowBase = serializers.ModelSerializer[Any]
else:
    ViewSetBase = GenericViewSet
    RowBase = serializers.ModelSerializer

S = TypeVar("S", bound=serializers.BaseSerializer[Any])
Direction = Literal["request", "response"]
PAGE_PARAMETERS = frozenset({"cursor", "page_size"})
KEY_HEADER = "Idempotency-Key"


def member_of(request: Request) -> Membership:
    """Return the membership behind a request that passed its permission."""
    return cast(Membership, request.member)  # type: ignore[attr-defined]


# --- reading --------------------------------------------------------------------------------


class Row(RowBase):
    """How a row is shown: `Meta.shown` maps each field to its description; nothing can be written through it."""

    class Meta:
        model: type[models.Model]
        shown: ClassVar[Mapping[str, str]] = {}

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: Moment,
        models.TimeField: ClockTime,
        models.EmailField: serializers.CharField,  # may be empty
    }

    def get_field_names(self, declared_fields: Mapping[str, Any], info: Any) -> list[str]:
        """Show what `Meta.shown` names, in its order."""
        return list(self.Meta.shown)

    def get_extra_kwargs(self) -> dict[str, Any]:
        """Describe each field; answers on a scale end at 10."""
        return {name: {"read_only": True, "help_text": text} for name, text in self.Meta.shown.items() if name not in self._declared_fields}

    def get_fields(self) -> dict[str, Any]:
        """Describe the declared fields as well."""
        fields = super().get_fields()
        for name, field in fields.items():
            field.help_text = self.Meta.shown[name]
            if isinstance(field, serializers.ChoiceField):
                field.allow_blank = self.Meta.model._meta.get_field(field.source or name).blank  # type: ignore[union-attr]
        return fields


_readers: dict[Any, Any] = {}


def reader(kind: type[S]) -> S:
    """Return the one serializer of this kind that the process reads with; building its fields costs more than a page of rows."""
    found: S | None = _readers.get(kind)
    if found is None:
        found = _readers[kind] = kind()
    return found


def shown(kind: type[serializers.BaseSerializer[Any]], row: Any) -> Any:
    """Return a row as plain data."""
    return reader(kind).to_representation(row)


# --- writing --------------------------------------------------------------------------------


class Keyed(Body):
    """A body that may carry the key under which it is stored once."""

    client_key = Key(
        required=False,
        allow_null=True,
        help_text="UUID made by the client. The same key with the same content answers 200 with the first result; with other content 409. "
        "May be sent as the header `Idempotency-Key` instead.",
    )


def client_key_of(request: Request, data: Mapping[str, Any]) -> UUID | None:
    """Return the key from the body or the header; raises ValidationError when the header is no UUID or says something else."""
    sent = cast("UUID | None", data.get("client_key"))
    text = request.headers.get(KEY_HEADER, "").strip().strip('"')
    if not text:
        return sent
    key = parse_uuid(text)
    if key is None:
        raise exceptions.ValidationError({KEY_HEADER: [_("This is not a UUID.")]})
    if sent not in {None, key}:
        raise exceptions.ValidationError({KEY_HEADER: [_("The key in the header and the one in the body differ.")]})
    return key


# --- filters --------------------------------------------------------------------------------


class Filters(FilterSet):
    """The written list of what a list may be narrowed by; every other name is refused."""

    @classmethod
    def names(cls) -> frozenset[str]:
        """Return the known names."""
        return frozenset(cls.base_filters)

    @classmethod
    def is_senseless(cls, name: str, value: str) -> bool:
        """Tell whether a value would be ignored in silence: an empty one, or a word where true or false belongs."""
        kind = cls.base_filters[name]
        if isinstance(kind, BooleanFilter):
            return value not in {"true", "false"}
        return not value and not isinstance(kind, CharFilter)


# --- description ----------------------------------------------------------------------------


class ErrorRow(Body):
    """The one shape of every refusal."""

    code = Text(help_text="Machine-readable word: invalid, not_authenticated, not_allowed, not_found, conflict, too_many …")
    detail = Text(help_text="One sentence for a person, in the language of the request.")
    fields = serializers.DictField(  # type: ignore[assignment] # declared fields leave the class; the attribute stays what it is
        child=serializers.ListField(child=serializers.CharField(help_text="A sentence.")),
        help_text="Sentences by field; the parts of nested fields are joined by dots.",
    )


class Schema(AutoSchema):
    """Adds to each operation what may be refused, the key header, and a summary from the first line of its docstring."""

    ERRORS: ClassVar[dict[int, str]] = {
        400: "What was sent cannot be right; `fields` says why.",
        401: "No token, or one that is no longer valid.",
        403: "The role of this member may not do it.",
        404: "There is no such thing, or it belongs to somebody else.",
        409: "Somebody was faster, the state does not allow it, or the key was used for other content.",
        413: "The body is larger than 2.5 MB.",
        415: "The body is not JSON.",
        429: "Too many attempts; `Retry-After` says when to come back.",
    }

    def errors(self) -> Iterable[int]:
        """Return the statuses of the refusals this operation may answer with."""
        found = {400, 401, 403}
        if getattr(self.view, "detail", False):
            found.add(404)
        if self.method in {"POST", "PATCH", "DELETE"}:
            found |= {404, 409, 413, 415}
        return sorted(found | set(getattr(self.view, "more_errors", {}).get(getattr(self.view, "action", ""), ())))

    def get_operation_id(self) -> str:
        """Name an operation by resource and action: sessions_log."""
        name = str(super().get_operation_id())
        return name if getattr(self.view, "action", "create") == "create" else name.removesuffix("_create")

    def get_serializer_name(self, serializer: Any, direction: Direction) -> str:
        """Name a part of the description by what it is: CheckIn, and CheckInRequest for what is sent."""
        return str(super().get_serializer_name(serializer, direction)).removesuffix("Row").removesuffix("Body")

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for code in self.errors():
            if str(code) not in bodies:
                bodies[str(code)] = {**self._get_response_for_code(ErrorRow, str(code)), "description": self.ERRORS[code]}
        return bodies

    def get_override_parameters(self) -> list[Any]:
        """Add the key header where the body takes a key."""
        from drf_spectacular.utils import OpenApiParameter

        found = list(super().get_override_parameters())
        body = self.get_request_serializer()
        if isinstance(body, type) and issubclass(body, Keyed) or isinstance(body, Keyed):
            text = "UUID of this entry, instead of `client_key` in the body."
            found.append(OpenApiParameter(KEY_HEADER, UUID, OpenApiParameter.HEADER, required=False, description=text))
        return found

    def _is_list_view(self, serializer: Any = None) -> bool:
        return getattr(self.view, "action", "") == "list"


# --- resources ------------------------------------------------------------------------------


class ScopedViewSet(ViewSetBase):
    """A resource: rows only by `visible_to`, a declared action for every method, pages, filters by name, and a trail of reads.

    `queryset` is read for lists, `rows` (if given) for one row and for actions; `row_kind` shows rows of a list, `detail_kind` (if
    given) one row.
    """

    permission_actions: ClassVar[Mapping[str, str]] = {}
    trail: ClassVar[str] = ""
    """The noun of the trail's entries (`checkin` → checkin.list, checkin.view); empty where rows say nothing about a patient."""
    rows: ClassVar[Any] = None
    row_kind: ClassVar[type[serializers.BaseSerializer[Any]]]
    detail_kind: ClassVar[type[serializers.BaseSerializer[Any]] | None] = None
    filterset_class: ClassVar[type[Filters] | None] = None
    page_order: ClassVar[Sequence[str]] = ("-id",)
    more_errors: ClassVar[Mapping[str, Iterable[int]]] = {}
    lookup_value_converter = "uuid"
    metadata_class = None
    schema = Schema()

    @property
    def member(self) -> Membership:
        """Who asks."""
        return member_of(self.request)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Treat OPTIONS like every other method that is not served."""
        found = super().initialize_request(request, *args, **kwargs)
        if self.action == "metadata":
            self.action = None  # type: ignore[assignment] # as for every method without an action
        return found

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check who asks, then that a body is JSON: a form is already read by then and would look empty."""
        super().initial(request, *args, **kwargs)
        kind = request.content_type.partition(";")[0].strip().lower()
        if request.method in {"POST", "PATCH"} and request.META.get("CONTENT_LENGTH") not in {None, "", "0"} and kind != "application/json":
            raise exceptions.UnsupportedMediaType(request.content_type[:60])

    def get_queryset(self) -> Any:
        """Return the rows this member may see."""
        kind: Any = type(self)
        rows = kind.rows if kind.rows is not None and self.action != "list" else kind.queryset
        return rows.visible_to(self.member)

    def get_page_order(self) -> Sequence[str]:
        """Return the fixed order of the list."""
        return self.page_order

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        """Tell the description what is shown."""
        return self.row_kind if self.action == "list" else self.detail_kind or self.row_kind

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow a list by its filters; raises ValidationError for a name that is not on the list."""
        asked = set(self.request.query_params) - PAGE_PARAMETERS
        known = self.filterset_class.names() if self.filterset_class else frozenset()
        if asked - known:
            raise exceptions.ValidationError({name[:60]: [_("There is no such filter.")] for name in sorted(asked - known)})
        if self.filterset_class is None or not asked:
            return queryset
        values = self.request.query_params
        senseless = [name for name in sorted(asked) if self.filterset_class.is_senseless(name, values[name])]
        if senseless:
            raise exceptions.ValidationError({name: [_("This filter needs a value.")] for name in senseless})
        return super().filter_queryset(queryset)

    def get_object(self) -> Any:
        """Return the row of the path; another clinic's answers exactly like a missing one."""
        found = one_of(self.get_queryset().filter(pk=self.kwargs["pk"]))
        if found is None:
            raise exceptions.NotFound
        return found

    def list(self, request: Request) -> Response:
        """List the rows of the member's scope, one page."""
        found = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        self.note_list(found)
        show = reader(self.row_kind).to_representation
        return self.get_paginated_response([show(row) for row in found])

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Show one row."""
        row = self.get_object()
        self.note_view(row)
        return self.answer(row)

    def answer(self, row: Any, status: int = 200) -> Response:
        """Return one row as an answer."""
        return Response(shown(self.detail_kind or self.row_kind, row), status=status)

    def body(self, kind: type[Body], *, partial: bool = False) -> dict[str, Any]:
        """Return the checked body; raises ValidationError."""
        body = kind(data=self.request.data, partial=partial, context={"request": self.request})
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    # --- the trail

    def patient_of(self, row: Any) -> UUID | None:
        """Return the patient a row is about."""
        return cast("UUID | None", getattr(row, "patient_id", None))

    def note_list(self, rows: Sequence[Any]) -> None:
        """Write down which rows of which patients were shown."""
        if not self.trail:
            return
        patients = {self.patient_of(row) for row in rows} - {None}
        one = patients.pop() if len(patients) == 1 else None
        details: dict[str, Any] = {"ids": [str(row.pk) for row in rows]}
        if patients:
            details["patients"] = sorted(str(patient) for patient in patients)
        audit.record(f"{self.trail}.list", patient_id=one, clinic_id=self.member.clinic_id, **details)

    def note_view(self, row: Any) -> None:
        """Write down that one row was shown."""
        if self.trail:
            audit.record(f"{self.trail}.view", row=row, patient_id=self.patient_of(row))

    def permission_denied(self, request: Request, message: str | None = None, code: str | None = None) -> Any:
        """Write down who was refused what."""
        if getattr(request, "member", None) is not None:
            action = self.permission_actions.get(self.action or "", "")
            audit.record("refused", outcome=AuditEvent.Outcome.REFUSED, page=action)
        super().permission_denied(request, message, code)
