"""The API of messages between patient and clinic."""

from typing import ClassVar
from uuid import UUID

from django.utils import timezone
from django_filters.rest_framework import BooleanFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinics.fields import Text
from clinics.rest import Row, client_key_of
from patients.actions.messages import mark_read, send_message
from patients.api.base import KeyedPatientBody, RecordFilters, RecordViewSet, patient_for
from patients.models import MESSAGE_MAX, Message


class MessageRow(Row):
    """A message."""

    class Meta:
        model = Message
        shown: ClassVar = {
            "id": "Id of the message.",
            "patient": "Id of the patient the thread belongs to.",
            "author": "Id of the membership that wrote it.",
            "from_patient": "Whether the patient wrote it; otherwise the clinic did.",
            "body": "Plain text with line breaks, at most 2000 characters.",
            "sent_at": "When it was sent, UTC.",
            "read_at": "When the other side marked it as read, UTC; null before.",
            "client_key": "Key under which it was sent; null without one.",
        }


class MessageBody(KeyedPatientBody):
    """What is written to the other side."""

    body = Text(max_length=MESSAGE_MAX, help_text="Plain text with line breaks, at most 2000 characters.")


class MessageFilters(RecordFilters):
    """What messages may be narrowed by."""

    from_patient = BooleanFilter(label="Written by the patient (true) or by the clinic (false).")
    unread = BooleanFilter(field_name="read_at", lookup_expr="isnull", label="Not yet read by the other side.")


@extend_schema_view(
    list=extend_schema(summary="Messages", description="Newest first. Listing marks nothing as read."),
    retrieve=extend_schema(summary="A message"),
)
class MessageViewSet(RecordViewSet):
    """What patient and clinic write to each other."""

    permission_actions = {
        "list": "message.read",
        "retrieve": "message.read",
        "create": "message.send",
        "read": "message.read",
    }
    trail = "message"
    queryset = Message.objects.all()
    rows = Message.objects.select_related("patient__clinic", "patient__caseload")
    row_kind = MessageRow
    filterset_class = MessageFilters
    page_order = recent = ("-sent_at", "-id")
    more_errors: ClassVar = {"create": {429}}

    @extend_schema(
        summary="Write to the other side",
        description="Nobody reads messages in real time; a warning sign belongs to `symptom-reports`. An answer of the clinic marks "
        "what the patient wrote before as read.",
        request=MessageBody,
        responses={201: MessageRow, 200: MessageRow},
        examples=[OpenApiExample("A question", value={"body": "May I do the wall squat with trainers on?"}, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Send a message."""
        data = self.body(MessageBody)
        data["client_key"] = client_key_of(request, data)
        data["patient"] = patient_for(self.member, data)
        row, is_new = send_message(by=self.member, now=timezone.now(), **data)
        return self.answer(row, 201 if is_new else 200)

    @extend_schema(summary="Mark everything the other side wrote in this thread as read", request=None, responses={200: MessageRow})
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: UUID) -> Response:
        """Mark the thread of this message as read."""
        row = self.get_object()
        mark_read(patient=row.patient, by=self.member, now=timezone.now())
        row.refresh_from_db(fields=["read_at"])
        return self.answer(row)
