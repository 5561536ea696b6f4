"""Resources of what could be done: exercises, programs, and their versions with every session and dose; clinics build their own."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.core.validators import RegexValidator
from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters.rest_framework import BooleanFilter, CharFilter, ChoiceFilter, UUIDFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinics.errors import Invalid
from clinics.fields import Body, Flag, Key, ScopedField, Text, Whole
from clinics.rest import Filters, Row, ScopedViewSet
from programs.actions.building import publish_version, start_program
from programs.dose import dose_text
from programs.layout import CLINIC, rows_of_plan, whole_plan
from programs.models import Exercise, Prescription, Program, ProgramVersion, SessionPlan, Setting
from programs.rules.building import MOST_LINES, MOST_WEEKS, Plan, by_block, in_order
from programs.rules.diff import Line, Session

TEXTS = 'in each language: `{"en": …, "de": …}`'


class ExerciseRow(Row):
    """An exercise in short."""

    class Meta:
        model = Exercise
        shown: ClassVar = {
            "id": "Id of this revision of the exercise.",
            "key": "Name for programs, the same in all revisions.",
            "revision": "Number of the revision, from 1.",
            "is_current": "Whether this is the newest revision.",
            "group": "Group of exercises, for example hip_abductors.",
            "measure": "What is counted: reps, hold (seconds) or duration (seconds).",
            "names": f"Name {TEXTS}.",
        }


class ExerciseDetail(ExerciseRow):
    """An exercise with all its texts."""

    class Meta(ExerciseRow.Meta):
        shown: ClassVar = {
            **ExerciseRow.Meta.shown,
            "content": f"Steps, cue, dose range, easier, harder, faults, equipment, provenance and pose; texts {TEXTS}.",
        }


class ProgramRow(Row):
    """A program: a line of versions."""

    class Meta:
        model = Program
        shown: ClassVar = {
            "id": "Id of the program.",
            "key": "Name for programs.",
            "code": "Short code for charts, for example LL.",
            "kind": "strength, run_walk, walk or flare_up.",
            "origin": "library (shared), clinic or tailored (for one patient).",
            "names": f"Name {TEXTS}.",
            "position": "Place in lists, from 0.",
        }


class DoseRow(Row):
    """One exercise with its dose."""

    exercise = ExerciseRow(read_only=True)
    dose = serializers.SerializerMethodField()

    class Meta:
        model = Prescription
        shown: ClassVar = {
            "id": "Id of the prescription; what was done refers to it.",
            "exercise": "The exercise, in the revision that was prescribed.",
            "block": "Part of the session: warm_up, main or cool_down.",
            "position": "Place within its part, from 0.",
            "dose": "The dose in one line, in the language of the request.",
            "sets": "Sets, 1–30.",
            "reps_low": "Repetitions a set, lower end; null where they are not counted.",
            "reps_high": "Repetitions a set, upper end; null where they are not counted.",
            "hold_seconds": "Time to hold, in seconds; null where nothing is held.",
            "duration_seconds": "Duration of a set in seconds; null where it is not timed.",
            "run_seconds": "Running part of an interval, in seconds; null outside run-walk programs.",
            "walk_seconds": "Walking part of an interval, in seconds; null outside run-walk programs.",
            "stage": "Stage of a run-walk program, from 1; null elsewhere.",
            "rest_seconds": "Rest between sets, in seconds.",
            "per_side": "Whether the dose is for each side.",
            "tempo": "Seconds down-hold-up, for example 2-1-2; may be empty.",
            "load": f"Load to start with {TEXTS}; empty for body weight.",
            "variation": f"Variation meant here {TEXTS}; may be empty.",
            "effort_low": "Intended effort (RPE 0–10), lower end; null where none is given.",
            "effort_high": "Intended effort (RPE 0–10), upper end; null where none is given.",
            "circuit": "Exercises of one number in a session are done in turns; 0 is none.",
            "exercise_provenance": "Where the exercise comes from: trial, seed:NNN (article), default, clinic or tailored.",
            "dose_provenance": "Where the dose comes from: trial, seed:NNN (article), default, clinic or tailored.",
        }

    def get_dose(self, row: Prescription) -> str:
        """Return the dose in words."""
        return dose_text(row)


class SessionPlanRow(Row):
    """A kind of session with its exercises."""

    prescriptions = DoseRow(many=True, read_only=True)

    class Meta:
        model = SessionPlan
        shown: ClassVar = {
            "id": "Id of the session plan.",
            "position": "Place within the version, from 0.",
            "week_from": "First week, from 1.",
            "week_to": "Last week.",
            "setting": "supervised (in the clinic) or home.",
            "times_a_week": "How often a week, 1–7.",
            "minutes": "Planned length in minutes.",
            "weekdays": "Usual ISO weekdays, 1 is Monday.",
            "days": "Fixed days of the week of the program, 1 is the first; empty where days are chosen.",
            "phase": f"Name of the phase {TEXTS}; may be empty.",
            "note": f"Note {TEXTS}; may be empty.",
            "provenance": "Where times and minutes come from.",
            "prescriptions": "The exercises in order, warm-up first.",
        }


class VersionRow(Row):
    """A version of a program in short."""

    program = ProgramRow(read_only=True)

    class Meta:
        model = ProgramVersion
        shown: ClassVar = {
            "id": "Id of the version; this is what is assigned.",
            "program": "The program it is a version of.",
            "number": "Number of the version, from 1.",
            "status": "draft, published (frozen, can be assigned) or retired.",
            "weeks": "Length in weeks, 1–52.",
            "supervised_per_week": "Sessions in the clinic a week.",
            "home_per_week": "Sessions at home a week.",
            "summary": f"Summary {TEXTS}.",
            "assessments": "Measurements: key and week of each.",
            "revision": "Counts the changes of a draft; publishing asks for it.",
            "published_at": "When it was published, UTC; null for a draft.",
        }


class VersionDetail(VersionRow):
    """A whole version."""

    session_plans = SessionPlanRow(many=True, read_only=True)

    class Meta(VersionRow.Meta):
        shown: ClassVar = {
            **VersionRow.Meta.shown,
            "evidence": "What it rests on, with sources, and what was not reported.",
            "checklist": "What to ask before the start.",
            "reason": "Why it was tailored; empty otherwise.",
            "session_plans": "Every kind of session with its exercises and doses.",
        }


class LineBody(Body):
    """One exercise with its dose, as it is sent; at least repetitions or a time."""

    exercise = Key(help_text="Id of the exercise, in the revision that is meant.")
    block = serializers.ChoiceField(
        choices=Prescription.Block.choices, default=Prescription.Block.MAIN, help_text="Part of the session: warm_up, main or cool_down."
    )
    sets = Whole(min_value=1, max_value=30, help_text="Sets, 1–30.")
    reps_low = Whole(min_value=1, max_value=100, required=False, allow_null=True, default=None, help_text="Repetitions a set, lower end.")
    reps_high = Whole(min_value=1, max_value=100, required=False, allow_null=True, default=None, help_text="Repetitions a set, upper end.")
    hold_seconds = Whole(min_value=1, max_value=600, required=False, allow_null=True, default=None, help_text="Time to hold, in seconds.")
    duration_seconds = Whole(min_value=1, max_value=7200, required=False, allow_null=True, default=None, help_text="Duration of a set, s.")
    run_seconds = Whole(min_value=1, max_value=7200, required=False, allow_null=True, default=None, help_text="Running in a round, s.")
    walk_seconds = Whole(min_value=0, max_value=3600, required=False, allow_null=True, default=None, help_text="Walking in a round, s.")
    rest_seconds = Whole(min_value=0, max_value=600, default=0, help_text="Rest between sets, in seconds.")
    per_side = Flag(default=False, help_text="Whether the dose is for each side.")
    tempo = Text(
        validators=[RegexValidator(r"^\d{1,2}-\d{1,2}-\d{1,2}\Z")],
        max_length=8,
        required=False,
        default="",
        allow_blank=True,
        help_text="Seconds lift-hold-lower, for example 2-1-2; may be empty.",
    )
    load = Text(max_length=200, required=False, default="", allow_blank=True, help_text="Load to start with; empty for body weight.")
    effort_low = Whole(min_value=0, max_value=10, required=False, allow_null=True, default=None, help_text="Effort (RPE 0–10), lower end.")
    effort_high = Whole(min_value=0, max_value=10, required=False, allow_null=True, default=None, help_text="Effort (RPE 0–10), upper end.")
    circuit = Whole(min_value=0, max_value=20, default=0, help_text="Exercises of one number are done in turns; 0 is none.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse ranges the wrong way round."""
        for low, high in (("reps_low", "reps_high"), ("effort_low", "effort_high")):
            if (attrs[low] is None) != (attrs[high] is None) or (attrs[low] or 0) > (attrs[high] or 0):
                raise serializers.ValidationError({high: [_("Give both ends of the range, the lower one first.")]})
        return attrs


class SessionBody(Body):
    """A kind of session in some weeks."""

    week_from = Whole(min_value=1, max_value=MOST_WEEKS, help_text="First week, from 1.")
    week_to = Whole(min_value=1, max_value=MOST_WEEKS, help_text="Last week.")
    setting = serializers.ChoiceField(choices=Setting.choices, help_text="supervised (in the clinic) or home.")
    times_a_week = Whole(min_value=1, max_value=7, help_text="How often a week, 1–7.")
    minutes = Whole(min_value=1, max_value=240, help_text="Planned length in minutes.")
    exercises = serializers.ListField(
        child=LineBody(help_text="An exercise with its dose."), max_length=MOST_LINES, help_text="The exercises in order."
    )


class NamesBody(Body):
    """A name in both languages."""

    en = Text(max_length=80, help_text="In English.")
    de = Text(
        max_length=80, required=False, default="", allow_blank=True, help_text="In German; the English one stands for it where it is empty."
    )


class VersionBody(Body):
    """A new program of the clinic: a copy of a version, or its sessions; with neither it begins empty."""

    names = NamesBody(help_text="What the program is called.")
    kind = serializers.ChoiceField(choices=Program.Kind.choices, help_text="strength, run_walk, walk or flare_up.")
    weeks = Whole(min_value=1, max_value=MOST_WEEKS, help_text="Length in weeks, 1–52.")
    copy_of = ScopedField(
        queryset=ProgramVersion.objects.exclude(program__origin=Program.Origin.TAILORED).select_related("program"),
        required=False,
        allow_null=True,
        default=None,
        help_text="Id of a version to begin with.",
    )
    sessions = serializers.ListField(
        child=SessionBody(help_text="A kind of session."),
        max_length=200,
        required=False,
        default=list,
        help_text="The sessions of each week.",
    )


class PublishBody(Body):
    """What is published."""

    revision = Whole(min_value=0, max_value=1_000_000, help_text="Revision of the draft that was looked at; another one answers 409.")
    release = Flag(default=False, help_text="Whether the clinic may assign it at once: somebody looked it through.")


def plan_of(sessions: list[dict[str, Any]], weeks: int, exercises: Mapping[UUID, Exercise]) -> Plan:
    """Return sessions that were sent as a plan; raises Invalid for weeks outside the program and exercises that are not there."""
    found: dict[int, list[Session]] = {week: [] for week in range(1, weeks + 1)}
    for place, one in enumerate(sessions):
        if not one["week_from"] <= one["week_to"] <= weeks:
            raise Invalid(fields={f"sessions.{place}.week_to": [_("These weeks are outside the program.")]})
        if any(line["exercise"] not in exercises for line in one["exercises"]):
            raise Invalid(fields={f"sessions.{place}.exercises": [_("This was not found.")]})
        marks = {"times": CLINIC, "minutes": CLINIC}
        lines = by_block(line_of(line, exercises[line["exercise"]]) for line in one["exercises"])
        session = Session(one["setting"], lines, one["times_a_week"], one["minutes"], provenance=marks)
        for week in range(one["week_from"], one["week_to"] + 1):
            found[week].append(session)
    return {week: in_order(rows) for week, rows in found.items()}


def line_of(sent: dict[str, Any], exercise: Exercise) -> Line:
    """Return a line that was sent; a text is the same in both languages."""
    given = {name: value for name, value in sent.items() if name not in {"exercise", "load"}}
    texts = {"en": sent["load"], "de": sent["load"]} if sent["load"] else {}
    given |= {"exercise_provenance": CLINIC, "dose_provenance": CLINIC}
    return Line(exercise.key, exercise.names, **given, load=texts, exercise=str(exercise.pk))


class ExerciseFilters(Filters):
    """What exercises may be narrowed by."""

    group = CharFilter(max_length=30, label="Group of exercises.")
    key = CharFilter(max_length=60, label="Name for programs.")
    is_current = BooleanFilter(label="Only newest revisions (true) or only older ones (false).")


class ProgramFilters(Filters):
    """What programs may be narrowed by."""

    kind = ChoiceFilter(choices=Program.Kind.choices, label="What one does in it.")
    origin = ChoiceFilter(choices=Program.Origin.choices, label="Whose it is.")


class VersionFilters(Filters):
    """What versions may be narrowed by."""

    program = UUIDFilter(field_name="program_id", label="Id of the program.")
    status = ChoiceFilter(choices=ProgramVersion.Status.choices, label="Status of the version.")


@extend_schema_view(
    list=extend_schema(summary="Exercises", description="The shared library and the clinic's own, by group and key."),
    retrieve=extend_schema(summary="An exercise with all its texts"),
)
class ExerciseViewSet(ScopedViewSet):
    """The exercises a clinic may use."""

    permission_actions = {"list": "exercise.list", "retrieve": "exercise.view"}
    queryset = Exercise.objects.defer("content")
    rows = Exercise.objects.all()
    row_kind = ExerciseRow
    detail_kind = ExerciseDetail
    filterset_class = ExerciseFilters
    page_order = ("group", "key", "id")


@extend_schema_view(
    list=extend_schema(summary="Programs", description="The shared library and the clinic's own, in the order of lists."),
    retrieve=extend_schema(summary="A program"),
)
class ProgramViewSet(ScopedViewSet):
    """The programs a clinic may assign."""

    permission_actions = {"list": "program.list", "retrieve": "program.view"}
    queryset = Program.objects.exclude(origin=Program.Origin.TAILORED)
    row_kind = ProgramRow
    filterset_class = ProgramFilters
    page_order = ("position", "key", "id")


EXAMPLE = {
    "names": {"en": "Wall sits", "de": "Wandsitz"},
    "kind": "strength",
    "weeks": 2,
    "sessions": [
        {
            "week_from": 1,
            "week_to": 2,
            "setting": "home",
            "times_a_week": 2,
            "minutes": 15,
            "exercises": [{"exercise": "01900000-0000-7000-8000-000000000003", "sets": 3, "hold_seconds": 30, "rest_seconds": 60}],
        }
    ],
}


@extend_schema_view(
    list=extend_schema(summary="Versions of programs", description="Newest first."),
    retrieve=extend_schema(summary="A version with every session and dose"),
)
class VersionViewSet(ScopedViewSet):
    """The versions of programs; a published one never changes. Those tailored to one patient are read by their id only."""

    permission_actions = {"list": "program.list", "retrieve": "program.view", "create": "program.create", "publish": "program.publish"}
    queryset = (
        ProgramVersion.objects.exclude(program__origin=Program.Origin.TAILORED)
        .select_related("program")
        .defer("evidence", "checklist", "draft")
    )
    rows = (
        ProgramVersion.objects.select_related("program")
        .prefetch_related(Prefetch("session_plans", SessionPlan.objects.order_by("week_from", "position")))
        .prefetch_related(Prefetch("session_plans__prescriptions", Prescription.objects.order_by("-block", "position")))
        .prefetch_related(Prefetch("session_plans__prescriptions__exercise", Exercise.objects.defer("content")))
    )
    row_kind = VersionRow
    detail_kind = VersionDetail
    filterset_class = VersionFilters

    def get_object(self) -> Any:
        """Return the version; a draft shows its sessions as they stand now, under ids that hold for this answer only."""
        version = super().get_object()
        if version.status == ProgramVersion.Status.DRAFT:
            plans, rows = rows_of_plan(version, whole_plan(version))
            exercises = Exercise.objects.visible_to(self.member).defer("content").in_bulk({row.exercise_id for row in rows})
            for row in rows:
                row.exercise = exercises[row.exercise_id]
            for plan in plans:
                shown: Any = plan
                shown._prefetched_objects_cache = {"prescriptions": [row for row in rows if row.session_plan is plan]}
            version._prefetched_objects_cache = {"session_plans": plans}
        return version

    @extend_schema(
        summary="Begin a program of the clinic",
        description="Makes a draft: a copy, what is sent, or nothing yet. It can be assigned once it is published and released.",
        request=VersionBody,
        responses={201: VersionDetail},
        examples=[OpenApiExample("Two weeks", value=EXAMPLE, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Begin a program."""
        data = self.body(VersionBody)
        wanted = {line["exercise"] for one in data["sessions"] for line in one["exercises"]}
        exercises = Exercise.objects.visible_to(self.member).in_bulk(wanted)
        plan = plan_of(data["sessions"], data["weeks"], exercises) if data["sessions"] else None
        if plan is not None and data["copy_of"] is not None:
            raise Invalid(fields={"sessions": [_("Send sessions or the id of a version to copy, not both.")]})
        given = {"names": data["names"], "kind": data["kind"], "weeks": data["weeks"], "base": data["copy_of"], "plan": plan}
        version = start_program(clinic=self.member.clinic, by=self.member, now=timezone.now(), **given)
        self.kwargs["pk"] = version.pk
        return self.answer(self.get_object(), 201)

    @extend_schema(
        summary="Publish a draft",
        description="Freezes it for ever and retires the version before it; who has that one keeps it.",
        request=PublishBody,
        responses={200: VersionDetail},
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: UUID) -> Response:
        """Publish a draft of the clinic's own."""
        version = self.get_object()
        data = self.body(PublishBody)
        publish_version(version=version, by=self.member, now=timezone.now(), **data)
        return self.answer(self.get_object())
