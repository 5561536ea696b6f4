"""Resources of who looks after whom: covers for some days, and patients handed over."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from django_filters.rest_framework import UUIDFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinics.fields import Body, Day, Key, ScopedField, Text
from clinics.models import Membership
from clinics.rest import Filters, Row, ScopedViewSet
from patients.actions.cover import arrange_cover, end_cover
from patients.actions.handover import REASON_LENGTH, hand_over
from patients.models import Cover, Handover

MOST_AT_ONCE = 1000


class CoverRow(Row):
    """Somebody looks after a colleague's patients for some days."""

    class Meta:
        model = Cover
        shown: ClassVar = {
            "id": "Id of the cover.",
            "covered": "Id of the membership of who is away.",
            "by": "Id of the membership of who stands in.",
            "from_on": "First day, YYYY-MM-DD, in the clinic's time zone.",
            "to_on": "Last day, YYYY-MM-DD; the cover ends by itself at its end.",
            "created_at": "When it was arranged, UTC.",
            "ended_at": "When it was ended early or called off, UTC; null otherwise.",
        }


class HandoverRow(Row):
    """A patient went from one therapist to another."""

    class Meta:
        model = Handover
        shown: ClassVar = {
            "id": "Id of the handover.",
            "patient": "Id of the patient.",
            "source": "Id of the membership of the therapist before; null when there was none.",
            "target": "Id of the membership of the therapist since.",
            "reason": "Why, may be empty.",
            "at": "When, UTC.",
        }


class CoverBody(Body):
    """A cover to arrange; a therapist arranges their own, a manager everybody's."""

    covered = ScopedField(
        queryset=Membership.objects.staff().select_related("user", "clinic"),
        required=False,
        help_text="Id of the membership of who is away; by default whoever asks.",
    )
    by = ScopedField(queryset=Membership.objects.staff().select_related("user"), help_text="Id of the membership of who stands in.")
    from_on = Day(help_text="First day, YYYY-MM-DD, today or later.")
    to_on = Day(help_text="Last day, YYYY-MM-DD, not before the first, at most a year after it.")


class HandoverBody(Body):
    """Patients to hand over; a therapist hands over their own, a manager everybody's."""

    source = ScopedField(  # type: ignore[assignment] # declared fields leave the class
        queryset=Membership.objects.staff().select_related("user"),
        required=False,
        allow_null=True,
        help_text="Id of the membership of the therapist they are with; by default whoever asks, null for patients of nobody.",
    )
    target = ScopedField(
        queryset=Membership.objects.staff().select_related("user"), help_text="Id of the membership of who looks after them from now on."
    )
    patients = serializers.ListField(
        child=Key(help_text="Id of a patient."),
        required=False,
        allow_empty=False,
        max_length=MOST_AT_ONCE,
        help_text="Ids of the patients, at most 1000; without it all active patients of the therapist.",
    )
    reason = Text(max_length=REASON_LENGTH, required=False, default="", allow_blank=True, help_text="Why, at most 300 characters.")


class HandedRow(serializers.Serializer[Any]):
    """What a handover did."""

    moved = serializers.IntegerField(help_text="Patients who are with the target now.")
    missed = serializers.IntegerField(help_text="Patients who were not with the source any more, and stayed where they are.")
    reopened = serializers.IntegerField(help_text="Alerts the source had taken that are open again.")


class CoverFilters(Filters):
    """What covers may be narrowed by."""

    covered = UUIDFilter(field_name="covered_id", label="Id of the membership of who is away.")
    by = UUIDFilter(field_name="by_id", label="Id of the membership of who stands in.")


class HandoverFilters(Filters):
    """What handovers may be narrowed by."""

    patient = UUIDFilter(field_name="patient_id", label="Id of the patient.")
    source = UUIDFilter(field_name="source_id", label="Id of the membership of the therapist before.")
    target = UUIDFilter(field_name="target_id", label="Id of the membership of the therapist since.")


@extend_schema_view(
    list=extend_schema(summary="Covers", description="Those that are over too, the latest first."),
    retrieve=extend_schema(summary="One cover"),
)
class CoverViewSet(ScopedViewSet):
    """Who stands in for whom."""

    permission_actions = {"list": "cover.list", "retrieve": "cover.list", "create": "cover.change", "end": "cover.change"}
    queryset = Cover.objects.all()
    rows = Cover.objects.select_related("covered")
    row_kind = CoverRow
    filterset_class = CoverFilters
    page_order = ("-from_on", "-id")

    @extend_schema(
        summary="Arrange cover",
        description="Another cover of the same person on one of the days, or of the one who stands in: 409.",
        request=CoverBody,
        responses={201: CoverRow},
        examples=[
            OpenApiExample(
                "A week",
                value={"by": "0192f0c0-0000-7000-8000-000000000000", "from_on": "2027-03-01", "to_on": "2027-03-07"},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Arrange a cover."""
        data = self.body(CoverBody)
        covered = data.pop("covered", self.member)
        row = arrange_cover(covered=covered, by_whom=data.pop("by"), by=self.member, now=timezone.now(), **data)
        return self.answer(row, 201)

    @extend_schema(
        summary="End a cover",
        description="Before its last day, or before it begins. Over already: 409.",
        request=None,
        responses={200: CoverRow},
    )
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: UUID) -> Response:
        """End a cover early."""
        row = self.get_object()
        end_cover(cover=row, by=self.member, now=timezone.now())
        row.refresh_from_db()
        return self.answer(row)


@extend_schema_view(
    list=extend_schema(summary="Handovers", description="The latest first."),
    retrieve=extend_schema(summary="One handover"),
)
class HandoverViewSet(ScopedViewSet):
    """Who went from whom to whom."""

    permission_actions = {"list": "patient.hand_over", "retrieve": "patient.hand_over", "create": "patient.hand_over"}
    trail = "handover"
    queryset = Handover.objects.all()
    row_kind = HandoverRow
    filterset_class = HandoverFilters
    page_order = ("-at", "-id")

    @extend_schema(
        summary="Hand patients over",
        description="Alerts the therapist had taken are open again. Nobody left to hand over: 409.",
        request=HandoverBody,
        responses={200: HandedRow},
        examples=[
            OpenApiExample(
                "All my patients",
                value={"target": "0192f0c0-0000-7000-8000-000000000000", "reason": "parental leave"},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Hand patients over."""
        data = self.body(HandoverBody)
        handed = hand_over(
            source=data.get("source", self.member),
            target=data["target"],
            patients=data.get("patients"),
            by=self.member,
            now=timezone.now(),
            reason=data["reason"],
        )
        return Response({"moved": handed.moved, "missed": handed.missed, "reopened": handed.reopened})
