"""Resources of following a course: measurements, and alerts."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from django_filters.rest_framework import CharFilter, ChoiceFilter, DateFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinics.errors import Conflict, DomainError
from clinics.fields import Body, Day, Flag, Note, Scale, Text
from clinics.rest import Row
from patients.actions.alerts import acknowledge_alert, resolve_alert, snooze_alert
from patients.actions.assessments import answer_assessment
from patients.api.base import RecordFilters, RecordViewSet
from patients.models import Alert, Assessment
from patients.rules.alerts import SnoozeReason, Status


class AssessmentRow(Row):
    """A measurement."""

    class Meta:
        model = Assessment
        shown: ClassVar = {
            "id": "Id of the measurement.",
            "patient": "Id of the patient.",
            "assignment": "Id of the assignment it belongs to.",
            "key": "Time point: baseline, middle, end, month_3 or month_6.",
            "week": "Week from the start.",
            "due_on": "Day it is due, YYYY-MM-DD; it can be answered from three days before.",
            "status": "planned, done, skipped or cancelled.",
            "no_run_this_week": "Whether there was no run in the week asked about.",
            "running_pain_0_10": "Worst pain when running, 0–10 (NPRS); null when not answered or without a run.",
            "running_capability_0_10": "Running capability, 0 unable – 10 as before (PSFS, one item); null when not answered.",
            "done_at": "When it was answered, UTC; null before.",
        }


class AnswerBody(Body):
    """The answers of a measurement."""

    running_capability_0_10 = Scale(help_text="Running capability, 0 unable – 10 as before (PSFS, one item).")
    no_run_this_week = Flag(default=False, help_text="There was no run this week; then `running_pain_0_10` is left out.")
    running_pain_0_10 = Scale(required=False, allow_null=True, default=None, help_text="Worst pain when running this week, 0–10 (NPRS).")
    running_described = Text(
        max_length=120,
        required=False,
        allow_blank=True,
        default="",
        help_text="The run it is about, at most 120 characters; asked for once, then frozen.",
    )


class AssessmentFilters(RecordFilters):
    """What measurements may be narrowed by."""

    key = ChoiceFilter(choices=Assessment.Key.choices, label="Time point.")
    status = ChoiceFilter(choices=Assessment.Status.choices, label="Status of the measurement.")
    due_from = DateFilter(field_name="due_on", lookup_expr="gte", input_formats=["%Y-%m-%d"], label="Due on this day or later, YYYY-MM-DD.")
    due_to = DateFilter(field_name="due_on", lookup_expr="lte", input_formats=["%Y-%m-%d"], label="Due on this day or earlier, YYYY-MM-DD.")


@extend_schema_view(
    list=extend_schema(summary="Measurements", description="By the day they are due."),
    retrieve=extend_schema(summary="A measurement"),
)
class AssessmentViewSet(RecordViewSet):
    """The measurements at start, middle, end and months after."""

    permission_actions = {"list": "assessment.list", "retrieve": "assessment.view", "answer_now": "assessment.answer"}
    trail = "assessment"
    queryset = Assessment.objects.all()
    rows = Assessment.objects.select_related("patient__clinic", "patient__caseload")
    row_kind = AssessmentRow
    filterset_class = AssessmentFilters
    page_order = recent = ("due_on", "id")

    @extend_schema(
        operation_id="assessments_answer",
        summary="Answer a measurement",
        description="The same answers sent again are answered with the first result; other ones with 409.",
        request=AnswerBody,
        responses={200: AssessmentRow},
        examples=[
            OpenApiExample("After a week with runs", value={"running_capability_0_10": 6, "running_pain_0_10": 3}, request_only=True)
        ],
    )
    @action(detail=True, methods=["post"], url_path="answer", url_name="answer")
    def answer_now(self, request: Request, pk: UUID) -> Response:
        """Store the answers."""
        row = self.get_object()
        data = self.body(AnswerBody)
        try:
            answer_assessment(assessment=row, by=self.member, now=timezone.now(), **data)
        except Conflict:
            if not is_same(row, data):
                raise
        return self.answer(row)


def is_same(row: Assessment, data: dict[str, Any]) -> bool:
    """Tell whether a measurement already holds exactly these answers."""
    pain = None if data["no_run_this_week"] else data["running_pain_0_10"]
    return bool(
        row.status == Assessment.Status.DONE
        and row.running_capability_0_10 == data["running_capability_0_10"]
        and row.no_run_this_week == data["no_run_this_week"]
        and row.running_pain_0_10 == pain
    )


class AlertRow(Row):
    """Something a therapist should know."""

    class Meta:
        model = Alert
        shown: ClassVar = {
            "id": "Id of the alert.",
            "patient": "Id of the patient.",
            "rule": "Name of the rule that raised it, for example stop_sign or pain_level.",
            "rules_version": "Version of the rules in the product.",
            "rule_set": "Id of the clinic's rule set it was raised under; null for old ones.",
            "level": "stop or attention.",
            "evidence": "Days, counts and answers (0–10) the rule saw.",
            "since_on": "First day of it, YYYY-MM-DD.",
            "status": "open, acknowledged, snoozed or resolved.",
            "raised_at": "When it was raised, UTC.",
            "seen_by": "Id of the membership of its owner, who took it; null before.",
            "seen_at": "When it was taken, UTC; null before.",
            "snoozed_until_on": "Day it was put off to, YYYY-MM-DD; it comes back by itself that morning; null when it was not.",
            "note": "The last note about it.",
        }


class AlertBody(Body):
    """What was done about an alert."""

    note = Note(help_text="What was done, at most 2000 characters; needed for a stop sign.")
    saw = serializers.ChoiceField(
        choices=[one.value for one in Status],
        default=Status.OPEN.value,
        help_text="The status you saw; any other by now is answered with 409.",
    )


class ResolveBody(Body):
    """How an alert ended."""

    note = Note(help_text="How it ended, at most 2000 characters; needed for a stop sign.")
    saw = serializers.ChoiceField(
        choices=[one.value for one in Status],
        default=None,
        allow_null=True,
        help_text="The status you saw; any other by now is answered with 409. Left out, it is closed from any status.",
    )


class SnoozeBody(AlertBody):
    """Until when an alert is put off, and why."""

    until_on = Day(help_text="Day it comes back on, YYYY-MM-DD, at the clinic: from tomorrow, at most 14 days.")
    reason = serializers.ChoiceField(
        choices=[one.value for one in SnoozeReason],
        help_text="appointment, agreed, not_reached, away or other; other needs a note.",
    )


class AlertFilters(RecordFilters):
    """What alerts may be narrowed by."""

    status = ChoiceFilter(choices=Alert.Status.choices, label="Status of the alert.")
    level = ChoiceFilter(choices=Alert.Level.choices, label="How urgent.")
    rule = CharFilter(max_length=30, label="Name of the rule.")


@extend_schema_view(
    list=extend_schema(summary="Alerts", description="Newest first."),
    retrieve=extend_schema(summary="An alert with the evidence the rule saw"),
)
class AlertViewSet(RecordViewSet):
    """What the rules noticed."""

    permission_actions = {
        "list": "alert.list",
        "retrieve": "alert.view",
        "acknowledge": "alert.acknowledge",
        "snooze": "alert.snooze",
        "resolve": "alert.resolve",
    }
    trail = "alert"
    queryset = Alert.objects.all()
    rows = Alert.objects.select_related("patient__clinic", "patient__caseload", "seen_by")
    row_kind = AlertRow
    filterset_class = AlertFilters
    page_order = recent = ("-raised_at", "-id")

    @extend_schema(
        summary="Take an alert",
        description="Whoever takes it becomes its owner. Somebody else was faster: 409.",
        request=AlertBody,
        responses={200: AlertRow},
    )
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: UUID) -> Response:
        """Take an alert."""
        row = self.get_object()
        acknowledge_alert(alert=row, by=self.member, now=timezone.now(), **self.body(AlertBody))
        return self.fresh(row)

    @extend_schema(
        summary="Put an alert off",
        description="It comes back by itself on the morning of that day, in the clinic's time zone. A stop sign cannot be put off.",
        request=SnoozeBody,
        responses={200: AlertRow},
        examples=[OpenApiExample("Seen at the appointment", value={"until_on": "2026-03-20", "reason": "appointment"}, request_only=True)],
    )
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: UUID) -> Response:
        """Put an alert off until a day."""
        row = self.get_object()
        data = self.body(SnoozeBody)
        try:
            snooze_alert(alert=row, by=self.member, now=timezone.now(), until=data.pop("until_on"), **data)
        except DomainError as error:
            error.fields = {"until_on" if name == "until" else name: texts for name, texts in error.fields.items()}
            raise
        return self.fresh(row)

    @extend_schema(
        summary="Close an alert",
        description="It does not come back; new evidence raises a new one. Closed already by somebody else: 409.",
        request=ResolveBody,
        responses={200: AlertRow},
    )
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: UUID) -> Response:
        """Close an alert."""
        row = self.get_object()
        resolve_alert(alert=row, by=self.member, now=timezone.now(), **self.body(ResolveBody))
        return self.fresh(row)

    def fresh(self, row: Alert) -> Response:
        """Answer with the row as it is now, also when the same request had changed it before."""
        row.refresh_from_db()
        return self.answer(row)
