"""The resource of reminders: what was sent, what was held back and why, and what is planned."""

from typing import ClassVar

from django_filters.rest_framework import ChoiceFilter, DateFilter
from drf_spectacular.utils import extend_schema, extend_schema_view

from clinics.rest import Row
from patients.api.base import RecordFilters, RecordViewSet
from reminders.models import Delivery, Kind


class DeliveryRow(Row):
    """One reminder to one patient for one day."""

    class Meta:
        model = Delivery
        shown: ClassVar = {
            "id": "Id of the delivery.",
            "patient": "Id of the patient.",
            "kind": "What it is about: session_today, session_missed, check_in, assessment_due, plan_changed, message_waiting "
            "or weekly_summary.",
            "channel": "How it reaches the person: email, push or sms.",
            "slot_on": "The day it is for, YYYY-MM-DD, on the patient's calendar.",
            "due_at": "When it is to be sent, UTC.",
            "expires_at": "Until when it is useful, UTC; after that it is not sent any more.",
            "status": "queued, claimed (being sent), sent, held, missed (too late, not sent) or failed.",
            "hold_reason": "Why it was held back; empty otherwise.",
            "attempts": "How often sending was tried.",
            "sent_at": "When it was sent, UTC; null before.",
        }


class DeliveryFilters(RecordFilters):
    """What deliveries may be narrowed by."""

    kind = ChoiceFilter(choices=Kind.choices, label="What it is about.")
    status = ChoiceFilter(choices=Delivery.Status.choices, label="Status of the delivery.")
    slot_from = DateFilter(field_name="slot_on", lookup_expr="gte", input_formats=["%Y-%m-%d"], label="For this day or later, YYYY-MM-DD.")
    slot_to = DateFilter(field_name="slot_on", lookup_expr="lte", input_formats=["%Y-%m-%d"], label="For this day or earlier, YYYY-MM-DD.")


@extend_schema_view(
    list=extend_schema(summary="Reminders", description="Sent, held back and planned ones, latest first."),
    retrieve=extend_schema(summary="A reminder"),
)
class DeliveryViewSet(RecordViewSet):
    """What was told to whom."""

    permission_actions = {"list": "delivery.list", "retrieve": "delivery.list"}
    trail = "delivery"
    queryset = Delivery.objects.all()
    row_kind = DeliveryRow
    filterset_class = DeliveryFilters
    page_order = recent = ("-due_at", "-id")
