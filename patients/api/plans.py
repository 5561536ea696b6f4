"""Resources of what a person should do: assignments, and pauses in them."""

import datetime as dt
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters.rest_framework import ChoiceFilter, UUIDFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinics.errors import Conflict, Invalid
from clinics.fields import Body, ClockTime, Day, ScopedField, Text, Whole
from clinics.localtime import local_day, to_utc
from clinics.rest import Keyed, Row, client_key_of
from patients.actions.assigning import Preview, assign_program, end_assignment, preview_assignment, withdraw_assignment
from patients.actions.planning import pause_plan
from patients.actions.shifting import propose_shift, shift_plan, take_shift_back
from patients.api.base import PATIENT_TEXT, RecordFilters, RecordViewSet
from patients.api.shifting import ShiftBody, ShiftDaysBody, ShiftRow, shift_data
from patients.models import Assignment, AssignmentVersion, Patient, Pause
from patients.plan_changes import told_changes
from programs.api import ProgramRow
from programs.models import ProgramVersion, Setting


class AssignedVersion(Row):
    """The version in force, in short."""

    program = ProgramRow(read_only=True)

    class Meta:
        model = ProgramVersion
        shown: ClassVar = {
            "id": "Id of the version.",
            "program": "The program.",
            "number": "Number of the version, from 1.",
            "weeks": "Length in weeks.",
        }


class AssignmentRow(Row):
    """A program given to a patient."""

    version = AssignedVersion(read_only=True)

    class Meta:
        model = Assignment
        shown: ClassVar = {
            "id": "Id of the assignment.",
            "patient": "Id of the patient.",
            "version": "The version in force, or with a change still to come the one after it.",
            "tailored_on": "First day of the last change made for this patient, YYYY-MM-DD; null without any.",
            "status": "held (until the symptom check is clear), running, completed, ended (early) or withdrawn.",
            "starts_on": "First day, YYYY-MM-DD.",
            "ends_on": "Last day of the last week, YYYY-MM-DD.",
            "supervised_weekdays": "ISO weekdays in the clinic, 1 is Monday.",
            "supervised_time": "Time of the sessions in the clinic, on the clinic's wall clock; null without any.",
            "home_weekdays": "ISO weekdays at home, 1 is Monday.",
            "end_outcome": "How it came to end early: finished, better, worse, moved or other; empty otherwise.",
            "end_reason": "Why it ended early; empty otherwise.",
            "created_at": "When it was given, UTC.",
            "changed_at": "When its state last changed, UTC.",
        }


class DatesBody(Body):
    """A version and the days it falls on."""

    version = ScopedField(
        queryset=ProgramVersion.objects.select_related("program"), help_text="Id of a published version that the clinic approved."
    )
    starts_on = Day(help_text="First day, YYYY-MM-DD; today or later, at most a year ahead.")
    supervised_weekdays = serializers.ListField(
        child=Whole(min_value=1, max_value=7, help_text="ISO weekday."),
        max_length=7,
        default=list,
        help_text="ISO weekdays in the clinic, as many as the version has supervised sessions a week.",
    )
    home_weekdays = serializers.ListField(
        child=Whole(min_value=1, max_value=7, help_text="ISO weekday."),
        max_length=7,
        default=list,
        help_text="ISO weekdays at home, as many as the version has home sessions a week.",
    )
    supervised_time = ClockTime(
        required=False,
        allow_null=True,
        default=None,
        help_text="Time in the clinic, HH:MM on its wall clock; needed with supervised sessions.",
    )


class AssignBody(DatesBody):
    """A program for a patient."""

    patient = ScopedField(
        queryset=Patient.objects.select_related("clinic", "caseload"), help_text="Id of the patient who gets the program."
    )


class EndBody(Body):
    """How and why a program ends."""

    outcome = serializers.ChoiceField(
        choices=Assignment.Outcome.choices,
        default=Assignment.Outcome.OTHER,
        help_text="How it came: finished (before the last day), better, worse, moved (away) or other.",
    )
    reason = Text(max_length=500, help_text="Why it ends early, at most 500 characters; the patient can read it.")


class PreviewSessionRow(serializers.Serializer[Any]):
    """A session as it would be planned."""

    on = serializers.DateField(help_text="Day, YYYY-MM-DD.")
    starts_at = serializers.DateTimeField(allow_null=True, help_text="Moment of the appointment, UTC; null at home.")
    week = serializers.IntegerField(help_text="Week of the program, from 1.")
    setting = serializers.ChoiceField(choices=Setting.choices, help_text="supervised (in the clinic) or home.")
    session_plan = serializers.UUIDField(help_text="Id of the session plan.")
    original_on = serializers.DateField(allow_null=True, help_text="Day it would have had, had the clinic been open; null otherwise.")


class PreviewAssessmentRow(serializers.Serializer[Any]):
    """A measurement as it would be planned."""

    key = serializers.CharField(help_text="Time point: baseline, middle, end, month_3 or month_6.")
    week = serializers.IntegerField(help_text="Week from the start.")
    due_on = serializers.DateField(help_text="Day, YYYY-MM-DD.")


class PreviewRow(serializers.Serializer[Any]):
    """Every date an assignment would have."""

    sessions = PreviewSessionRow(many=True, help_text="All sessions in order.")
    assessments = PreviewAssessmentRow(many=True, help_text="All measurements in order.")


def preview_data(preview: Preview, time: dt.time | None, zone: str) -> dict[str, Any]:
    """Return a preview as plain data."""
    return {
        "sessions": [
            {
                "on": one.on,
                "starts_at": to_utc(one.on, time, zone) if time is not None and one.setting.value == Setting.SUPERVISED else None,
                "week": one.week,
                "setting": one.setting.value,
                "session_plan": one.plan_id,
                "original_on": one.original_on,
            }
            for one in preview.sessions
        ],
        "assessments": [{"key": key, "week": week, "due_on": on} for key, week, on in preview.assessments],
    }


class AssignmentFilters(RecordFilters):
    """What assignments may be narrowed by."""

    status = ChoiceFilter(choices=Assignment.Status.choices, label="Status of the assignment.")
    version = UUIDFilter(field_name="version_id", label="Id of the version.")


EXAMPLE = {
    "version": "01900000-0000-7000-8000-000000000002",
    "starts_on": "2026-03-02",
    "supervised_weekdays": [1, 4],
    "home_weekdays": [2, 5, 7],
    "supervised_time": "17:00",
}


@extend_schema_view(
    list=extend_schema(summary="Assignments", description="Newest first; of one patient by start."),
    retrieve=extend_schema(summary="An assignment"),
)
class AssignmentViewSet(RecordViewSet):
    """The programs given to patients."""

    permission_actions = {
        "list": "assignment.list",
        "retrieve": "assignment.view",
        "create": "assignment.create",
        "preview": "assignment.create",
        "end": "assignment.change",
        "withdraw": "assignment.change",
        "shift": "assignment.change",
        "shift_preview": "assignment.change",
        "shift_undo": "assignment.change",
    }
    trail = "assignment"
    queryset = Assignment.objects.select_related("version__program")
    rows = Assignment.objects.select_related("version__program", "clinic", "patient__clinic", "patient__caseload")
    row_kind = AssignmentRow
    filterset_class = AssignmentFilters
    recent = ("-starts_on", "-id")

    @extend_schema(
        summary="Give a program to a patient",
        description="Sets every session and measurement. It is held until a symptom check is clear or a therapist cleared it.",
        request=AssignBody,
        responses={201: AssignmentRow},
        examples=[OpenApiExample("Leg program", value={"patient": "01900000-0000-7000-8000-000000000001", **EXAMPLE}, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Assign a program."""
        data = self.body(AssignBody)
        return self.answer(assign_program(by=self.member, now=timezone.now(), **data), 201)

    @extend_schema(
        summary="The dates an assignment would have",
        description="Stores nothing.",
        request=DatesBody,
        responses={200: PreviewRow},
        examples=[OpenApiExample("Leg program", value=EXAMPLE, request_only=True)],
    )
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """Work out the dates."""
        data = self.body(DatesBody)
        clinic = self.member.clinic
        found = preview_assignment(
            clinic=clinic,
            version=data["version"],
            starts_on=data["starts_on"],
            supervised_weekdays=data["supervised_weekdays"],
            home_weekdays=data["home_weekdays"],
            today=local_day(timezone.now(), clinic.time_zone),
        )
        return Response(preview_data(found, data["supervised_time"], clinic.time_zone))

    @extend_schema(
        summary="End a program early",
        description="Sessions still planned are cancelled; measurements after the end go on.",
        request=EndBody,
        responses={200: AssignmentRow},
    )
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: UUID) -> Response:
        """End a program."""
        assignment = self.get_object()
        end_assignment(assignment=assignment, by=self.member, now=timezone.now(), **self.body(EndBody))
        return self.answer(assignment)

    @extend_schema(
        summary="Take an assignment back",
        description="As if it had not been given; refused (409) once something was logged.",
        request=None,
        responses={200: AssignmentRow},
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: UUID) -> Response:
        """Take an assignment back."""
        assignment = self.get_object()
        withdraw_assignment(assignment=assignment, by=self.member, now=timezone.now())
        return self.answer(assignment)

    @extend_schema(
        summary="What moving the rest of a plan would mean",
        description="Stores nothing.",
        request=ShiftDaysBody,
        responses={200: ShiftRow},
    )
    @action(detail=True, methods=["post"], url_path="shift/preview")
    def shift_preview(self, request: Request, pk: UUID) -> Response:
        """Work out the new days."""
        assignment = self.get_object()
        today = local_day(timezone.now(), assignment.patient.zone)
        return Response(shift_data(propose_shift(assignment=assignment, today=today, **self.body(ShiftDaysBody))))

    @extend_schema(
        summary="Move the rest of a plan",
        description="Sessions still planned from a day on and the measurements that belong to them; what was done or missed stays. "
        "The agreed weekdays stay, so it moves by whole weeks. Refused while a group is full then, and (409) on another version.",
        request=ShiftBody,
        responses={200: AssignmentRow},
        examples=[
            OpenApiExample(
                "A week later",
                value={
                    "from_on": "2026-04-06",
                    "days": 7,
                    "version": "01900000-0000-7000-8000-000000000002",
                    "reason": "A cold",
                },
                request_only=True,
            )
        ],
    )
    @action(detail=True, methods=["post"])
    def shift(self, request: Request, pk: UUID) -> Response:
        """Move the rest of a plan."""
        assignment = self.get_object()
        data = self.body(ShiftBody)
        shift_plan(assignment=assignment, base_id=data.pop("version"), by=self.member, now=timezone.now(), **data)
        return self.answer(assignment)

    @extend_schema(
        summary="Take the last move of a plan back",
        description="Refused (409) once one of the old days is over or something else has moved.",
        request=None,
        responses={200: AssignmentRow},
    )
    @action(detail=True, methods=["post"], url_path="shift/undo")
    def shift_undo(self, request: Request, pk: UUID) -> Response:
        """Put everything back on the days it had."""
        assignment = self.get_object()
        take_shift_back(assignment=assignment, by=self.member, now=timezone.now())
        return self.answer(assignment)


class PlanChangeRow(Row):
    """A change of a running plan for one patient."""

    sentences = serializers.SerializerMethodField(help_text="What is different, in plain sentences in the language of the request.")

    class Meta:
        model = AssignmentVersion
        shown: ClassVar = {
            "id": "Id of the change.",
            "patient": "Id of the patient.",
            "assignment": "Id of the changed assignment.",
            "version": "Id of the version in force from that day.",
            "from_on": "First day, YYYY-MM-DD; sessions before it stay as they are.",
            "reason": "Why, as the patient reads it.",
            "sentences": "What is different, in plain sentences in the language of the request.",
            "made_at": "When it was made, UTC.",
        }

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_sentences(self, row: AssignmentVersion) -> list[str]:
        """Word the stored differences."""
        return told_changes([row])[0].sentences


@extend_schema_view(
    list=extend_schema(summary="Changes of plans", description="Newest first; of one patient by first day."),
    retrieve=extend_schema(summary="A change of a plan"),
)
class PlanChangeViewSet(RecordViewSet):
    """What was changed in running plans, from which day, and why."""

    permission_actions = {"list": "assignment.list", "retrieve": "assignment.view"}
    trail = "assignment"
    queryset = AssignmentVersion.objects.all()
    row_kind = PlanChangeRow
    filterset_class = RecordFilters
    recent = ("-from_on", "-id")


class PauseRow(Row):
    """Days without training."""

    class Meta:
        model = Pause
        shown: ClassVar = {
            "id": "Id of the pause.",
            "patient": "Id of the patient.",
            "assignment": "Id of the paused assignment.",
            "from_on": "First day, YYYY-MM-DD.",
            "to_on": "Last day, YYYY-MM-DD.",
            "reason": "holiday, ill or other.",
            "shifted_days": "Days by which everything planned moved; a multiple of 7.",
            "made_at": "When it was entered, UTC.",
            "cancelled_at": "When it was taken back, UTC; null otherwise.",
            "client_key": "Key under which it was sent; null without one.",
        }


class PauseBody(Keyed):
    """A pause of the running program."""

    patient = ScopedField(queryset=Patient.objects.all(), required=False, help_text=PATIENT_TEXT)
    from_on = Day(help_text="First day, YYYY-MM-DD; today or later.")
    to_on = Day(help_text="Last day, YYYY-MM-DD; at most eight weeks in all.")
    reason = serializers.ChoiceField(choices=Pause.Reason.choices, help_text="holiday, ill or other.")


@extend_schema_view(
    list=extend_schema(summary="Pauses", description="Newest first; of one patient by first day."),
    retrieve=extend_schema(summary="A pause"),
)
class PauseViewSet(RecordViewSet):
    """Days without training that do not count against anybody."""

    permission_actions = {"list": "pause.list", "retrieve": "pause.list", "create": "plan.pause"}
    trail = "pause"
    queryset = Pause.objects.all()
    row_kind = PauseRow
    filterset_class = RecordFilters
    recent = ("-from_on", "-id")

    @extend_schema(
        summary="Pause the running program",
        description="Planned sessions and measurements move by whole weeks.",
        request=PauseBody,
        responses={201: PauseRow, 200: PauseRow},
        examples=[
            OpenApiExample(
                "A holiday",
                value={
                    "from_on": "2026-04-06",
                    "to_on": "2026-04-12",
                    "reason": "holiday",
                    "client_key": "7b1f8a3e-5c55-4f0e-9d3b-1f6a2f4f0c11",
                },
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Pause the running program of a patient."""
        data = self.body(PauseBody)
        key = client_key_of(request, data)
        now = timezone.now()
        assignment = self.running(data.get("patient"))
        pause = pause_plan(
            assignment=assignment,
            from_on=data["from_on"],
            to_on=data["to_on"],
            reason=data["reason"],
            by=self.member,
            now=now,
            client_key=key,
        )
        return self.answer(pause, 201 if pause.made_at == now else 200)

    def running(self, patient: Patient | None) -> Assignment:
        """Return the program that is held or running; raises Invalid (staff named nobody) or Conflict (there is none)."""
        rows = Assignment.objects.visible_to(self.member).running().select_related("clinic", "patient__clinic", "patient__caseload")
        if patient is None and self.member.is_staff:
            raise Invalid(fields={"patient": [_("This field is required.")]})
        found: Assignment | None = (rows.filter(patient=patient) if patient is not None else rows).first()
        if found is None:
            raise Conflict(_("No program is running."))
        return found
