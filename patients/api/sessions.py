"""Resources of sessions: what was planned, and what was done."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters.rest_framework import ChoiceFilter, NumberFilter, UUIDFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinics.errors import Invalid
from clinics.fields import Body, ClockTime, Day, Flag, Instant, Key, Kilograms, Note, Scale, Text, Whole
from clinics.rest import Keyed, Row, client_key_of, shown
from patients.actions.diary import correct_entry
from patients.actions.planning import move_session, skip_session
from patients.actions.sessions import Done, log_session
from patients.api.base import DayFilters, RecordViewSet, source_of
from patients.models import ExerciseLog, ScheduledSession, SessionLog
from programs.api import DoseRow
from programs.models import Prescription, Setting

# --- planned --------------------------------------------------------------------------------


class SessionRow(Row):
    """A session of one date."""

    class Meta:
        model = ScheduledSession
        shown: ClassVar = {
            "id": "Id of the session.",
            "patient": "Id of the patient.",
            "assignment": "Id of the assignment.",
            "session_plan": "Id of the session plan: which exercises.",
            "week": "Week of the program, from 1.",
            "setting": "supervised (in the clinic) or home.",
            "on": "Day, YYYY-MM-DD, on the patient's calendar.",
            "starts_at": "Moment of the appointment, UTC; null at home.",
            "original_on": "Day it was first planned for; null when it was never moved.",
            "status": "planned, done, partial, missed, skipped (not today) or cancelled.",
            "reason": "Why it was skipped: pain, time, forgot, ill, well or other; empty otherwise.",
            "attendance": "Whether the person came: came, late (cancelled late), no_show; empty while nobody has said so, and at home.",
            "done_share": "Share of the prescribed sets that was done, 0–1.",
            "changed_at": "When it last changed, UTC.",
        }


class SessionDetail(SessionRow):
    """A session with its exercises."""

    minutes = serializers.IntegerField(source="session_plan.minutes", read_only=True)
    prescriptions = DoseRow(source="session_plan.prescriptions", many=True, read_only=True)

    class Meta(SessionRow.Meta):
        shown: ClassVar = {
            **SessionRow.Meta.shown,
            "minutes": "Planned length in minutes.",
            "prescriptions": "The exercises in order with their doses, warm-up first.",
        }


# --- done -----------------------------------------------------------------------------------


class ExerciseLogRow(Row):
    """What was done of one exercise."""

    load_kg = serializers.FloatField(read_only=True)

    class Meta:
        model = ExerciseLog
        shown: ClassVar = {
            "prescription": "Id of the prescription.",
            "position": "Place in the session, from 0.",
            "sets_done": "Sets done, 0–30.",
            "reps_done": "Repetitions a set; null means as prescribed.",
            "hold_seconds_done": "Time held in seconds; null means as prescribed.",
            "load_kg": "Load in kg, 0–500; null when not stated.",
            "pain_0_10": "Worst pain during the exercise, 0–10; null when not stated.",
            "skip_reason": "Why it was left out: pain, time, forgot, ill, well or other; empty otherwise.",
        }


class SessionLogRow(Row):
    """What was done in one session."""

    class Meta:
        model = SessionLog
        shown: ClassVar = {
            "id": "Id of the log.",
            "patient": "Id of the patient.",
            "session": "Id of the session.",
            "on": "Day it was done, YYYY-MM-DD, on the patient's calendar.",
            "done_at": "When it was done, UTC.",
            "as_prescribed": "Whether everything was done as prescribed.",
            "pain_during_0_10": "Worst pain during the session, 0 none – 10 worst imaginable; null when not stated.",
            "effort_rpe_0_10": "Effort (RPE), 0 none – 10 maximal; null when not stated.",
            "soreness_0_10": "Muscle soreness, 0–10; not back pain; null when not stated.",
            "stopped_for_pain": "Whether it was stopped because of pain.",
            "note": "Note, at most 2000 characters.",
            "source": "How it got here: app, paper, clinic or api.",
            "entered_at": "When it was entered, UTC.",
            "client_key": "Key under which it was sent; null without one.",
        }


class SessionLogDetail(SessionLogRow):
    """What was done, exercise by exercise."""

    exercises = ExerciseLogRow(many=True, read_only=True)

    class Meta(SessionLogRow.Meta):
        shown: ClassVar = {
            **SessionLogRow.Meta.shown,
            "exercises": "What was done of each exercise; empty when all was done as prescribed.",
        }


class DoneBody(Body):
    """What was done of one exercise."""

    prescription = Key(help_text="Id of the prescription, of the main part of this session.")
    sets_done = Whole(min_value=0, max_value=30, help_text="Sets done, 0–30; 0 means left out.")
    reps_done = Whole(
        min_value=0, max_value=500, required=False, allow_null=True, help_text="Repetitions a set, 0–500; null means as prescribed."
    )
    hold_seconds_done = Whole(
        min_value=0, max_value=3600, required=False, allow_null=True, help_text="Time held in seconds, 0–3600; null means as prescribed."
    )
    load_kg = Kilograms(required=False, allow_null=True, help_text="Load in kg, 0–500, in steps of 0.1.")
    pain_0_10 = Scale(required=False, allow_null=True, help_text="Worst pain during the exercise, 0–10.")
    skip_reason = serializers.ChoiceField(
        choices=ScheduledSession.SkipReason.choices, required=False, allow_blank=True, default="", help_text="Why it was left out."
    )


class LogBody(Keyed):
    """What was done in a session."""

    as_prescribed = Flag(default=False, help_text="All as prescribed; then `exercises` stays empty.")
    exercises = serializers.ListField(
        child=DoneBody(), required=False, default=list, max_length=60, help_text="What differed; exercises not named count as left out."
    )
    pain_during_0_10 = Scale(
        required=False,
        allow_null=True,
        default=None,
        help_text="Worst pain during the session, 0 none – 10 worst imaginable; needed unless it was stopped.",
    )
    effort_rpe_0_10 = Scale(required=False, allow_null=True, default=None, help_text="Effort (RPE), 0 none – 10 maximal.")
    soreness_0_10 = Scale(required=False, allow_null=True, default=None, help_text="Muscle soreness, 0–10; not back pain.")
    stopped_for_pain = Flag(default=False, help_text="Whether the session was stopped because of pain.")
    note = Note(help_text="Note, at most 2000 characters.")
    on = Day(
        required=False,
        allow_null=True,
        default=None,
        help_text="Day it was done, YYYY-MM-DD; by default that of `done_at`. Not in the future, at most two weeks back.",
    )
    done_at = Instant(
        required=False,
        allow_null=True,
        default=None,
        help_text="Moment it was done, with offset; by default now. A later one counts as now.",
    )


class MoveBody(Body):
    """Where a session moves to."""

    to_on = Day(help_text="New day, YYYY-MM-DD; today or later, within the program.")
    at_time = ClockTime(required=False, help_text="New time of an appointment, HH:MM on the clinic's wall clock; staff only.")


class SkipBody(Body):
    """Why a session is not done."""

    reason = serializers.ChoiceField(choices=ScheduledSession.SkipReason.choices, help_text="pain, time, forgot, ill, well or other.")


class SessionFilters(DayFilters):
    """What sessions may be narrowed by."""

    assignment = UUIDFilter(field_name="assignment_id", label="Id of the assignment.")
    status = ChoiceFilter(choices=ScheduledSession.Status.choices, label="Status of the session.")
    setting = ChoiceFilter(choices=Setting.choices, label="Where it takes place.")


@extend_schema_view(
    list=extend_schema(summary="Sessions", description="By day, earliest first."),
    retrieve=extend_schema(summary="A session with its exercises and doses"),
)
class SessionViewSet(RecordViewSet):
    """What was planned for which day."""

    permission_actions = {
        "list": "session.list",
        "retrieve": "session.view",
        "log": "session.log",
        "move": "session.move",
        "skip": "session.skip",
    }
    trail = "session"
    queryset = ScheduledSession.objects.all()
    rows = ScheduledSession.objects.select_related("patient__clinic", "patient__caseload", "assignment", "session_plan")
    row_kind = SessionRow
    detail_kind = SessionDetail
    filterset_class = SessionFilters
    page_order = recent = ("on", "id")

    def get_queryset(self) -> Any:
        """Return the rows in scope; with their exercises where they are shown."""
        rows = super().get_queryset()
        if self.action == "retrieve":
            rows = rows.prefetch_related(
                Prefetch(
                    "session_plan__prescriptions",
                    Prescription.objects.select_related("exercise").defer("exercise__content").order_by("-block", "position"),
                )
            )
        return rows

    @extend_schema(
        summary="Log a session",
        description="Either `as_prescribed`, or `exercises` with what differed. A session has one log, which can be corrected.",
        request=LogBody,
        responses={201: SessionLogDetail, 200: SessionLogDetail},
        examples=[
            OpenApiExample(
                "All as prescribed",
                value={
                    "as_prescribed": True,
                    "pain_during_0_10": 2,
                    "effort_rpe_0_10": 6,
                    "client_key": "7b1f8a3e-5c55-4f0e-9d3b-1f6a2f4f0c10",
                },
                request_only=True,
            )
        ],
    )
    @action(detail=True, methods=["post"])
    def log(self, request: Request, pk: UUID) -> Response:
        """Log what was done."""
        session = self.get_object()
        data = self.body(LogBody)
        key = client_key_of(request, data)
        if data["as_prescribed"] and data["exercises"]:
            raise Invalid(fields={"exercises": [_("Leave this empty when all was done as prescribed.")]})
        done = [
            Done(**{"prescription_id" if name == "prescription" else name: value for name, value in one.items()})
            for one in data["exercises"]
        ]
        data |= {"client_key": key, "exercises": done, "source": source_of(request, self.member)}
        row, is_new = log_session(session=session, by=self.member, now=timezone.now(), **data)
        # All as prescribed has no rows of its own, so nothing has to be read to say so.
        exercises = [] if row.as_prescribed else [shown(ExerciseLogRow, one) for one in row.exercises.all()]
        return Response({**shown(SessionLogRow, row), "exercises": exercises}, status=201 if is_new else 200)

    @extend_schema(summary="Move a session to another day", request=MoveBody, responses={200: SessionRow})
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: UUID) -> Response:
        """Move a session."""
        session = self.get_object()
        data = self.body(MoveBody)
        if self.member.is_patient and data.get("at_time") is not None:
            raise Invalid(fields={"at_time": [_("Please call your clinic to change the time.")]})
        move_session(session=session, by=self.member, now=timezone.now(), **data)
        return Response(shown(SessionRow, session))

    @extend_schema(summary="Say that a session is not done, and why", request=SkipBody, responses={200: SessionRow})
    @action(detail=True, methods=["post"])
    def skip(self, request: Request, pk: UUID) -> Response:
        """Skip a session."""
        session = self.get_object()
        skip_session(session=session, by=self.member, now=timezone.now(), **self.body(SkipBody))
        return Response(shown(SessionRow, session))


class LogCorrectionBody(Body):
    """What was different after all."""

    pain_during_0_10 = Scale(required=False, allow_null=True, help_text="Worst pain during the session, 0–10.")
    effort_rpe_0_10 = Scale(required=False, allow_null=True, help_text="Effort (RPE), 0–10.")
    soreness_0_10 = Scale(required=False, allow_null=True, help_text="Muscle soreness, 0–10.")
    note = Text(max_length=2000, required=False, allow_blank=True, help_text="Note, at most 2000 characters.")
    reason = Text(max_length=500, required=False, allow_blank=True, help_text="Why it is corrected; staff must say so.")


class LogFilters(DayFilters):
    """What logs may be narrowed by."""

    session = UUIDFilter(field_name="session_id", label="Id of the session.")
    pain_min = NumberFilter(field_name="pain_during_0_10", lookup_expr="gte", min_value=0, max_value=10, label="Worst pain at least, 0–10.")


@extend_schema_view(
    list=extend_schema(summary="Session logs", description="Newest first; of one patient by day."),
    retrieve=extend_schema(summary="What was done in a session, exercise by exercise"),
)
class SessionLogViewSet(RecordViewSet):
    """What was done."""

    permission_actions = {"list": "log.list", "retrieve": "log.view", "partial_update": "entry.correct"}
    trail = "log"
    queryset = SessionLog.objects.all()
    rows = SessionLog.objects.select_related("patient__clinic", "patient__caseload").prefetch_related("exercises")
    row_kind = SessionLogRow
    detail_kind = SessionLogDetail
    filterset_class = LogFilters

    @extend_schema(
        summary="Correct a log",
        description="The earlier values stay readable. Staff give a reason.",
        request=LogCorrectionBody,
        responses={200: SessionLogDetail},
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Correct a log."""
        row = self.get_object()
        changes = self.body(LogCorrectionBody, partial=True)
        reason = changes.pop("reason", "")
        if not changes:
            raise Invalid(_("Send at least one field."))
        correct_entry(row=row, changes=changes, reason=reason, by=self.member, now=timezone.now())
        return self.answer(row)
