"""Resources of running: runs as they were done, and the shoes that carried them."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters.rest_framework import BooleanFilter, ChoiceFilter, UUIDFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clinics.errors import Invalid
from clinics.fields import Body, Day, Flag, Instant, Kilometres, Note, Scale, ScopedField, Text, Whole
from clinics.rest import Row, client_key_of
from clinics.scoping import one_of
from patients.actions.runs import (
    HEART_RATES,
    LONGEST_SECONDS,
    MOST_ROUNDS,
    SHOE_LIMITS_KM,
    add_shoe,
    correct_run,
    delete_run,
    log_run,
    retire_shoe,
    take_up_shoe,
)
from patients.api.base import DayFilters, KeyedPatientBody, RecordFilters, RecordViewSet, patient_for
from patients.models import DeletedRun, Run, ScheduledSession, Shoe
from patients.running import with_km

SHOE_TEXT = "Id of the pair of shoes that was worn; null when not noted."


class RunRow(Row):
    """A run."""

    distance_km = serializers.FloatField(read_only=True)

    class Meta:
        model = Run
        shown: ClassVar = {
            "id": "Id of the run.",
            "patient": "Id of the patient.",
            "session": "Id of the run-walk session it belongs to; null for a run outside the program.",
            "on": "Day, YYYY-MM-DD, on the patient's calendar.",
            "done_at": "When it ended, UTC.",
            "distance_km": "Distance in km, above 0 up to 300, in steps of 0.01; null when not known.",
            "duration_seconds": "Time in seconds, up to 172800; null when not known.",
            "stage": "Stage of the run-walk program; null otherwise.",
            "run_seconds": "Seconds of running in a round; null otherwise.",
            "walk_seconds": "Seconds of walking in a round; null otherwise.",
            "rounds_done": "Rounds done; null otherwise.",
            "pain_before_0_10": "Back pain before, 0 none – 10 worst imaginable; null when not stated.",
            "pain_worst_0_10": "Worst back pain during the run, 0 none – 10 worst imaginable.",
            "pain_after_0_10": "Back pain right after, 0 none – 10 worst imaginable; null when not stated.",
            "leg_pain_0_10": "Pain in knees, ankles or shins, 0 none – 10 worst imaginable; null when not stated.",
            "effort_rpe_0_10": "Effort (RPE), 0 none – 10 maximal; null when not stated.",
            "average_heart_rate": "Average heart rate, beats a minute, 30–250; null when not known.",
            "shoe": SHOE_TEXT,
            "note": "Note, at most 2000 characters.",
            "source": "Where the numbers come from: hand, fit, tcx or gpx.",
            "entered_at": "When it was entered, UTC.",
            "client_key": "Key under which it was sent; null without one.",
        }


class RunNumbers(Body):
    """What may be said about a run, at once or as a correction."""

    distance_km = Kilometres(required=False, allow_null=True, help_text="Distance in km, above 0 up to 300, in steps of 0.01.")
    duration_seconds = Whole(
        min_value=1, max_value=LONGEST_SECONDS, required=False, allow_null=True, help_text="Time in seconds, up to 172800 (48 hours)."
    )
    pain_before_0_10 = Scale(required=False, allow_null=True, help_text="Back pain before, 0–10.")
    pain_after_0_10 = Scale(required=False, allow_null=True, help_text="Back pain right after, 0–10.")
    leg_pain_0_10 = Scale(required=False, allow_null=True, help_text="Pain in knees, ankles or shins, 0–10.")
    effort_rpe_0_10 = Scale(required=False, allow_null=True, help_text="Effort (RPE), 0–10.")
    average_heart_rate = Whole(
        min_value=HEART_RATES[0],
        max_value=HEART_RATES[1],
        required=False,
        allow_null=True,
        help_text="Average heart rate, beats a minute, 30–250.",
    )
    shoe = ScopedField(queryset=Shoe.objects.all(), required=False, allow_null=True, help_text=SHOE_TEXT)


class RunBody(RunNumbers, KeyedPatientBody):
    """A run; distance or time must be there."""

    pain_worst_0_10 = Scale(help_text="Worst back pain during the run, 0–10; a whole number.")
    note = Note(help_text="Note, at most 2000 characters.")
    source = serializers.ChoiceField(  # type: ignore[assignment] # declared fields leave the class; the attribute stays what it is
        choices=Run.Source.choices,
        required=False,
        default=Run.Source.HAND,
        help_text="Where the numbers come from: hand, fit, tcx or gpx.",
    )
    on = Day(
        required=False,
        allow_null=True,
        default=None,
        help_text="Day it took place, YYYY-MM-DD; by default that of `done_at`. Not in the future, at most two weeks back.",
    )
    done_at = Instant(
        required=False,
        allow_null=True,
        default=None,
        help_text="Moment it ended, with offset; by default now. A later one counts as now.",
    )
    session = ScopedField(
        queryset=ScheduledSession.objects.select_related("patient__clinic", "patient__caseload", "assignment", "session_plan"),
        required=False,
        allow_null=True,
        help_text="Id of a run-walk session of the program: it is logged in the same moment.",
    )
    rounds_done = Whole(
        min_value=0, max_value=MOST_ROUNDS, required=False, allow_null=True, help_text="Rounds of that session; null means all of them."
    )


class RunCorrectionBody(RunNumbers):
    """What was different after all."""

    pain_worst_0_10 = Scale(required=False, help_text="Worst back pain during the run, 0–10.")
    note = Text(max_length=2000, required=False, allow_blank=True, help_text="Note, at most 2000 characters.")
    reason = Text(max_length=500, required=False, allow_blank=True, help_text="Why it is corrected; staff must say so.")


class RunFilters(DayFilters):
    """What runs may be narrowed by."""

    session = UUIDFilter(field_name="session_id", label="Id of the run-walk session.")
    shoe = UUIDFilter(field_name="shoe_id", label="Id of the pair of shoes.")
    source = ChoiceFilter(choices=Run.Source.choices, label="Where the numbers come from.")


@extend_schema_view(
    list=extend_schema(summary="Runs", description="Newest first; of one patient by day."),
    retrieve=extend_schema(summary="A run"),
)
class RunViewSet(RecordViewSet):
    """Runs as they were done."""

    permission_actions = {
        "list": "run.list",
        "retrieve": "run.view",
        "create": "run.create",
        "partial_update": "entry.correct",
        "destroy": "run.delete",
    }
    trail = "run"
    queryset = Run.objects.all()
    rows = Run.objects.select_related("patient__clinic", "patient__caseload", "shoe")
    row_kind = RunRow
    filterset_class = RunFilters

    @extend_schema(
        summary="Log a run",
        description="With `session`, that run-walk session of the program is logged as well. A key whose run was deleted answers 409.",
        request=RunBody,
        responses={201: RunRow, 200: RunRow},
        examples=[
            OpenApiExample(
                "An easy run",
                value={
                    "distance_km": 5.2,
                    "duration_seconds": 1900,
                    "pain_worst_0_10": 2,
                    "effort_rpe_0_10": 4,
                    "client_key": "7b1f8a3e-5c55-4f0e-9d3b-1f6a2f4f0c12",
                },
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Store a run."""
        data = self.body(RunBody)
        data["client_key"] = client_key_of(request, data)
        data["patient"] = patient_for(self.member, data)
        logged = log_run(by=self.member, now=timezone.now(), **data)
        return self.answer(logged.run, 201 if logged.is_new else 200)

    @extend_schema(
        summary="Correct a run",
        description="The earlier values stay readable. Staff give a reason.",
        request=RunCorrectionBody,
        responses={200: RunRow},
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Correct a run."""
        row = self.get_object()
        changes = self.body(RunCorrectionBody, partial=True)
        reason = changes.pop("reason", "")
        if not changes:
            raise Invalid(_("Send at least one field."))
        correct_run(run=row, changes=changes, reason=reason, by=self.member, now=timezone.now())
        return self.answer(row)

    @extend_schema(
        summary="Delete a run",
        description="For patients: it counts nowhere any more; its answers stay among the corrections. A second call changes nothing.",
        responses={204: None},
    )
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete an own run."""
        if not DeletedRun.objects.visible_to(self.member).filter(pk=pk).exists():
            delete_run(run=self.get_object(), by=self.member, now=timezone.now())
        return Response(status=204)


class ShoeRow(Row):
    """A pair of shoes."""

    km = serializers.SerializerMethodField()

    class Meta:
        model = Shoe
        shown: ClassVar = {
            "id": "Id of the pair.",
            "patient": "Id of the patient.",
            "name": "Name of the pair, at most 60 characters.",
            "started_on": "In use since, YYYY-MM-DD.",
            "limit_km": "Worn after this distance in km, 100–3000.",
            "km": "Distance run in it in km; the sum of its runs.",
            "retired_on": "Put aside on, YYYY-MM-DD; null while in use.",
            "added_at": "When it was added, UTC.",
            "client_key": "Key under which it was sent; null without one.",
        }

    def get_km(self, row: Shoe) -> float:
        """Return the kilometres of its runs."""
        return float(getattr(row, "km", 0))


class ShoeBody(KeyedPatientBody):
    """A new pair of shoes."""

    name = Text(max_length=60, help_text="Name of the pair, at most 60 characters.")
    started_on = Day(required=False, allow_null=True, default=None, help_text="In use since, YYYY-MM-DD; by default today.")
    limit_km = Whole(
        min_value=SHOE_LIMITS_KM[0],
        max_value=SHOE_LIMITS_KM[1],
        required=False,
        allow_null=True,
        default=None,
        help_text="Worn after this distance in km, 100–3000; by default 650.",
    )


class ShoeChangeBody(Body):
    """Whether a pair is in use."""

    in_use = Flag(help_text="False puts the pair aside, true takes it up again.")


class ShoeFilters(RecordFilters):
    """What shoes may be narrowed by."""

    in_use = BooleanFilter(field_name="retired_on", lookup_expr="isnull", label="Whether the pair is in use: true or false.")


@extend_schema_view(
    list=extend_schema(summary="Shoes", description="Newest first."),
    retrieve=extend_schema(summary="A pair of shoes"),
)
class ShoeViewSet(RecordViewSet):
    """The shoes that carry the runs."""

    permission_actions = {
        "list": "shoe.list",
        "retrieve": "shoe.view",
        "create": "shoe.change",
        "partial_update": "shoe.change",
    }
    trail = "shoe"
    queryset = Shoe.objects.all()
    rows = Shoe.objects.select_related("patient__clinic")
    row_kind = ShoeRow
    filterset_class = ShoeFilters
    recent = page_order = ("-id",)

    def get_queryset(self) -> Any:
        """Return the pairs in scope with their kilometres."""
        return with_km(super().get_queryset())

    def one(self, pk: UUID, status: int) -> Response:
        """Answer with a pair as it stands now."""
        row = one_of(self.get_queryset().filter(pk=pk))
        if row is None:
            raise exceptions.NotFound
        return self.answer(row, status)

    @extend_schema(
        summary="Add a pair of shoes",
        request=ShoeBody,
        responses={201: ShoeRow, 200: ShoeRow},
        examples=[
            OpenApiExample(
                "A new pair", value={"name": "Blue ones", "client_key": "7b1f8a3e-5c55-4f0e-9d3b-1f6a2f4f0c13"}, request_only=True
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Add an own pair."""
        data = self.body(ShoeBody)
        data["client_key"] = client_key_of(request, data)
        data["patient"] = patient_for(self.member, data)
        shoe, is_new = add_shoe(by=self.member, now=timezone.now(), **data)
        return self.one(shoe.pk, 201 if is_new else 200)

    @extend_schema(summary="Put a pair aside, or take it up again", request=ShoeChangeBody, responses={200: ShoeRow})
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Put an own pair aside, or take it up again."""
        shoe = self.get_object()
        change = take_up_shoe if self.body(ShoeChangeBody)["in_use"] else retire_shoe
        change(shoe=shoe, by=self.member, now=timezone.now())
        return self.one(shoe.pk, 200)
