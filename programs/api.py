"""Resources of what could be done: exercises, programs, and their versions with every session and dose."""

from typing import ClassVar

from django.db.models import Prefetch
from django_filters.rest_framework import BooleanFilter, CharFilter, ChoiceFilter, UUIDFilter
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from clinics.rest import Filters, Row, ScopedViewSet
from programs.dose import dose_text
from programs.models import Exercise, Prescription, Program, ProgramVersion, SessionPlan

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
            "exercise_provenance": "Where the exercise comes from: trial, seed:NNN (article) or default.",
            "dose_provenance": "Where the dose comes from: trial, seed:NNN (article) or default.",
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


@extend_schema_view(
    list=extend_schema(summary="Versions of programs", description="Newest first."),
    retrieve=extend_schema(summary="A version with every session and dose"),
)
class VersionViewSet(ScopedViewSet):
    """The versions of programs; a published one never changes. Those tailored to one patient are read by their id only."""

    permission_actions = {"list": "program.list", "retrieve": "program.view"}
    queryset = (
        ProgramVersion.objects.exclude(program__origin=Program.Origin.TAILORED).select_related("program").defer("evidence", "checklist")
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
