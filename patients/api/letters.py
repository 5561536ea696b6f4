"""The API of letters to referring doctors."""

from typing import ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clinics.fields import Flag, Text
from clinics.models import Language
from clinics.rest import Row, client_key_of
from patients.actions.letters import write_letter
from patients.api.base import KeyedPatientBody, RecordFilters, RecordViewSet, patient_for
from patients.models import ADDRESS_MAX, FINDINGS_MAX, OUTLOOK_MAX, RECIPIENT_MAX, Letter
from patients.rules.letters import FROM_THE_RECORD


class LetterRow(Row):
    """A letter."""

    class Meta:
        model = Letter
        shown: ClassVar = {
            "id": "Id of the letter.",
            "patient": "Id of the patient it is about.",
            "written_by": "Id of the membership that wrote it.",
            "written_at": "When it was written, UTC.",
            "language": "Language of the letter, en or de.",
            "recipient_name": "To whom it goes.",
            "recipient_address": "Address in lines, may be empty.",
            "parts": "What of the record it tells: program, adherence, course, signs.",
            "findings": "The therapist's own words, may be empty.",
            "outlook": "What the therapist wrote about the time to come, may be empty.",
            "content": "The letter as it was written: head, sections, figure, closing.",
            "client_key": "Key under which it was sent; null without one.",
        }


class LetterBody(KeyedPatientBody):
    """What a letter should tell."""

    language = serializers.ChoiceField(choices=Language.choices, help_text="Language of the letter, en or de.")
    recipient_name = Text(max_length=RECIPIENT_MAX, help_text="To whom it goes, as in the greeting.")
    recipient_address = Text(max_length=ADDRESS_MAX, required=False, allow_blank=True, help_text="Address in lines.")
    parts = serializers.ListField(
        child=serializers.ChoiceField(choices=[part.value for part in FROM_THE_RECORD]),
        max_length=len(FROM_THE_RECORD),
        help_text="What of the record it tells.",
    )
    findings = Text(max_length=FINDINGS_MAX, required=False, allow_blank=True, help_text="Own words; needed when parts is empty.")
    outlook = Text(max_length=OUTLOOK_MAX, required=False, allow_blank=True, help_text="About the time to come.")
    keeps_doctor = Flag(required=False, default=False, help_text="Keep the addressee as the patient's referring doctor.")


@extend_schema_view(
    list=extend_schema(summary="Letters to doctors", description="Newest first."),
    retrieve=extend_schema(summary="A letter"),
)
class LetterViewSet(RecordViewSet):
    """What the clinic wrote to referring doctors."""

    permission_actions = {"list": "letter.view", "retrieve": "letter.view", "create": "letter.write"}
    trail = "letter"
    queryset = Letter.objects.all()
    rows = Letter.objects.all()
    row_kind = LetterRow
    filterset_class = RecordFilters
    page_order = recent = ("-written_at", "-id")
    more_errors: ClassVar = {"create": {429}}

    @extend_schema(
        summary="Write a letter",
        description="Composed from the record by rules and kept as written. Whoever sends this has asked the patient.",
        request=LetterBody,
        responses={201: LetterRow, 200: LetterRow},
        examples=[
            OpenApiExample(
                "A report", value={"language": "en", "recipient_name": "Dr. Anna Weber", "parts": ["program", "course"]}, request_only=True
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Write a letter."""
        data = self.body(LetterBody)
        data["client_key"] = client_key_of(request, data)
        data["patient"] = patient_for(self.member, data)
        row, is_new = write_letter(by=self.member, now=timezone.now(), **data)
        return self.answer(row, 201 if is_new else 200)
