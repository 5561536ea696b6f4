"""What a tablet beside the group does: each tap an entry of its own, who came, who walked in, and the log at the end."""

from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from django_filters.rest_framework import UUIDFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinics.fields import Body, ClockTime, Instant, Key, ScopedField, Whole
from clinics.rest import Keyed, Row, client_key_of, shown
from patients.actions.group import attend, enter, enter_as_planned, finish_session
from patients.actions.walk_in import walk_in
from patients.api.base import PatientBody, RecordFilters, RecordViewSet, patient_for
from patients.api.sessions import ExerciseLogRow, SessionLogDetail, SessionLogRow, SessionRow, SessionViewSet
from patients.models import GroupEntry, ScheduledSession
from patients.rules.group import LIMITS, MOST_SETS, Target, What

DONE_AT = "Moment it was done, with offset; by default now. A later one counts as now."


class Amount(serializers.FloatField):
    """A value of the sheet, 0–3600, in steps of 0.1."""

    def __init__(self, **options: Any) -> None:
        """Set both ends."""
        super().__init__(min_value=0, max_value=max(LIMITS.values()), **options)

    def to_internal_value(self, data: Any) -> Any:
        """Refuse texts and finer steps; returns a Decimal."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        found = Decimal(str(data))
        if not found.is_finite() or abs(found) > 10_000 or found != found.quantize(Decimal("0.1")):
            self.fail("invalid")
        return found


class GroupEntryRow(Row):
    """One value entered at a session in the clinic."""

    value = serializers.FloatField(read_only=True)

    class Meta:
        model = GroupEntry
        shown: ClassVar = {
            "id": "Id of the entry.",
            "patient": "Id of the patient.",
            "session": "Id of the session.",
            "prescription": "Id of the prescription; null for an answer about the whole session.",
            "what": "set, reps, hold, load, pain, effort or stopped.",
            "number": "Number of the set, from 1; 0 for everything else.",
            "revision": "Counts the values of the same thing, from 1; the highest stands.",
            "value": "The value: 1 or 0 for a set and for stopped, a number otherwise; null when it was taken back.",
            "made_by": "Id of the membership that entered it.",
            "made_at": "When it was entered, UTC.",
            "client_key": "Key under which it was sent; null without one.",
        }


class GroupEntryBody(Keyed):
    """One value, and what was on the screen before."""

    session = ScopedField(
        queryset=ScheduledSession.objects.select_related("patient__clinic", "patient__caseload", "assignment", "session_plan"),
        help_text="Id of the session, in the clinic, of today or earlier.",
    )
    prescription = Key(
        required=False, allow_null=True, default=None, help_text="Id of the prescription; null for pain, effort and stopped."
    )
    what = serializers.ChoiceField(
        choices=GroupEntry.What.choices,
        help_text="set, reps (a set), hold (seconds), load (kg), pain (worst, 0–10), effort (0–10) or stopped (because of pain).",
    )
    number = Whole(min_value=0, max_value=MOST_SETS, default=0, help_text="Number of the set, from 1; 0 for everything else.")
    value = Amount(allow_null=True, help_text="1 or 0 for a set and for stopped, a number otherwise; null takes a number back.")
    seen = Whole(
        min_value=0,
        max_value=9999,
        default=0,
        help_text="Highest revision you have seen of the same thing, 0 for none. When there is a later one with another value, "
        "the answer is 409 and names both values.",
    )
    done_at = Instant(required=False, allow_null=True, default=None, help_text=DONE_AT)


class PressBody(Keyed):
    """A press of a button, which may have been made without a connection."""

    done_at = Instant(required=False, allow_null=True, default=None, help_text=DONE_AT)


class AttendBody(Body):
    """Who came and who did not, and what was on the screen before."""

    attendance = serializers.ChoiceField(
        choices=ScheduledSession.Attendance.choices,
        allow_blank=True,
        help_text="came, late (cancelled late), no_show, or empty for: expected, nothing said yet.",
    )
    seen = serializers.ChoiceField(
        choices=ScheduledSession.Attendance.choices,
        allow_blank=True,
        default="",
        help_text="What you have seen before; 409 when somebody said something else meanwhile.",
    )
    reason = serializers.ChoiceField(
        choices=ScheduledSession.SkipReason.choices,
        default=ScheduledSession.SkipReason.OTHER,
        help_text="Why it was cancelled, as far as it is known.",
    )


class WalkInBody(PatientBody):
    """Who came without being expected."""

    at_time = ClockTime(
        required=False,
        allow_null=True,
        default=None,
        help_text="Time on the clinic's wall clock, HH:MM; by default now, cut to five minutes.",
    )


class TickedRow(Body):
    """How many sets one press has ticked."""

    ticked = serializers.IntegerField(read_only=True, help_text="Sets that were not ticked before.")


class GroupEntryFilters(RecordFilters):
    """What entries may be narrowed by."""

    session = UUIDFilter(field_name="session_id", label="Id of the session.")


@extend_schema_view(
    list=extend_schema(
        summary="Entries at group sessions",
        description="In the order they were made; of each thing the highest revision stands.",
    ),
    retrieve=extend_schema(summary="An entry at a group session"),
)
class GroupEntryViewSet(RecordViewSet):
    """What is entered while a group trains."""

    permission_actions = {"list": "group.list", "retrieve": "group.list", "create": "group.enter"}
    trail = "group"
    queryset = GroupEntry.objects.all()
    row_kind = GroupEntryRow
    filterset_class = GroupEntryFilters
    page_order = recent = ("id",)

    @extend_schema(
        summary="Enter one value at a session in the clinic",
        description="A value that stands already is not stored again (200). Nobody's later value is overwritten: see `seen`.",
        request=GroupEntryBody,
        responses={201: GroupEntryRow, 200: GroupEntryRow},
        examples=[
            OpenApiExample(
                "The second set is done",
                value={
                    "session": "0197a1de-0000-7000-8000-000000000001",
                    "prescription": "0197a1de-0000-7000-8000-000000000002",
                    "what": "set",
                    "number": 2,
                    "value": 1,
                    "seen": 0,
                    "client_key": "7b1f8a3e-5c55-4f0e-9d3b-1f6a2f4f0c10",
                },
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Enter a value."""
        data = self.body(GroupEntryBody)
        row, is_new = enter(
            session=data["session"],
            target=Target(What(data["what"]), data["prescription"], data["number"]),
            value=data["value"],
            seen=data["seen"],
            by=self.member,
            now=timezone.now(),
            client_key=client_key_of(request, data),
            done_at=data["done_at"],
        )
        return Response(shown(GroupEntryRow, row), status=201 if is_new else 200)


class GroupSessionViewSet(SessionViewSet):
    """What was planned for which day, and what happens to it in the clinic."""

    permission_actions = {
        **SessionViewSet.permission_actions,
        "as_planned": "group.enter",
        "attend": "session.attend",
        "finish": "session.supervise",
        "walk_in": "session.walk_in",
    }

    @extend_schema(summary="Tick every set of a session in the clinic", request=PressBody, responses={200: TickedRow})
    @action(detail=True, methods=["post"])
    def as_planned(self, request: Request, pk: UUID) -> Response:
        """Tick what is not ticked yet."""
        session = self.get_object()
        data = self.body(PressBody)
        key = client_key_of(request, data)
        count = enter_as_planned(session=session, by=self.member, now=timezone.now(), client_key=key, done_at=data["done_at"])
        return Response({"ticked": count})

    @extend_schema(
        summary="Say who came to the clinic",
        description="A late cancellation is a skipped session with its reason, a no-show a missed one; saying otherwise takes both back.",
        request=AttendBody,
        responses={200: SessionRow},
    )
    @action(detail=True, methods=["post"])
    def attend(self, request: Request, pk: UUID) -> Response:
        """Note whether somebody came."""
        session = self.get_object()
        attend(session=session, by=self.member, now=timezone.now(), **self.body(AttendBody))
        return Response(shown(SessionRow, session))

    @extend_schema(
        summary="Make the log of a session out of its entries",
        description="A load nobody changed is last time's. Needs at least one ticked set and the worst pain, or that it was stopped.",
        request=PressBody,
        responses={201: SessionLogDetail, 200: SessionLogDetail},
    )
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: UUID) -> Response:
        """Finish a session."""
        session = self.get_object()
        data = self.body(PressBody)
        key = client_key_of(request, data)
        row, is_new = finish_session(session=session, by=self.member, now=timezone.now(), client_key=key, done_at=data["done_at"])
        exercises = [] if row.as_prescribed else [shown(ExerciseLogRow, one) for one in row.exercises.all()]
        return Response({**shown(SessionLogRow, row), "exercises": exercises}, status=201 if is_new else 200)

    @extend_schema(
        summary="Put somebody who walked in on today's sheet",
        description="The next planned session of the week moves to today; without one the last that was missed, or one more is made.",
        request=WalkInBody,
        responses={200: SessionRow},
    )
    @action(detail=False, methods=["post"], url_path="walk-in")
    def walk_in(self, request: Request) -> Response:
        """Add a walk-in."""
        data = self.body(WalkInBody)
        session = walk_in(patient=patient_for(self.member, data), by=self.member, now=timezone.now(), at_time=data["at_time"])
        return Response(shown(SessionRow, session))
