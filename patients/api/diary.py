"""Resources of the diary: daily check-ins and reported symptoms."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters.rest_framework import ChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from clinics.errors import Invalid
from clinics.fields import Body, Day, Instant, Note, Scale, Text
from clinics.rest import Row, client_key_of
from patients.actions.diary import check_in, correct_entry
from patients.actions.symptoms import clear_report, report_symptoms, withdraw_report
from patients.api.base import DayFilters, KeyedPatientBody, RecordFilters, RecordViewSet, patient_for, source_of
from patients.models import CheckIn, SymptomReport
from patients.rules.symptoms import SIGNS

SIGN_KEYS = [sign.key for sign in SIGNS]


def signs_field(text: str, **options: Any) -> serializers.ListField:
    """Return a field for a list of signs."""
    return serializers.ListField(
        child=serializers.ChoiceField(choices=SIGN_KEYS, help_text="Key of a warning sign."),
        max_length=len(SIGN_KEYS),
        help_text=text,
        **options,
    )


class ReportRow(Row):
    """Answers to a symptom list and what became of them."""

    signs = serializers.ListField(child=serializers.CharField(help_text="Key of a sign."), read_only=True)
    text_shown = serializers.ListField(child=serializers.CharField(help_text="A sentence."), read_only=True)

    class Meta:
        model = SymptomReport
        shown: ClassVar = {
            "id": "Id of the report.",
            "patient": "Id of the patient.",
            "context": "Where it was asked: onboarding, check_in or session.",
            "signs": "Keys of the signs answered with yes, worst first; empty means all clear.",
            "level": "What the rules made of it: none, clearance, training, urgent or emergency.",
            "status": "clear, open, withdrawn (still to be cleared) or cleared.",
            "rules_version": "Version of the rules that judged.",
            "text_shown": "The words the person read, in the language of that day.",
            "language": "Language of those words, en or de.",
            "reported_at": "When it was reported, UTC.",
            "withdrawn_at": "When the person took it back, UTC; null otherwise.",
            "cleared_at": "When a therapist cleared it, UTC; null otherwise.",
            "clearance_note": "What the clearance rests on; empty otherwise.",
            "client_key": "Key under which it was sent; null without one.",
        }


class CheckInRow(Row):
    """Pain and readiness of one day."""

    symptom_level = serializers.SerializerMethodField()

    class Meta:
        model = CheckIn
        shown: ClassVar = {
            "id": "Id of the check-in.",
            "patient": "Id of the patient.",
            "on": "Day, YYYY-MM-DD, on the patient's calendar.",
            "pain_0_10": "Back pain now, 0 none – 10 worst imaginable (NPRS).",
            "readiness_0_10": "Readiness to run today, 0 not at all – 10 fully; not validated.",
            "symptoms": "Id of the symptom report made with it; null without one.",
            "symptom_level": "What the rules made of the signs: training, urgent or emergency; null without signs.",
            "is_settled": "Morning after a session: whether the pain was back to usual; null on other days.",
            "note": "Note, at most 2000 characters.",
            "done_at": "When it was answered, UTC.",
            "source": "How it got here: app, paper, clinic or api.",
            "entered_at": "When it was first entered, UTC.",
            "client_key": "Key under which it was sent; null without one.",
        }

    def get_symptom_level(self, row: CheckIn) -> str | None:
        """Return the level of the report, if there is one."""
        return row.symptoms.level if row.symptoms is not None else None


class CheckInBody(KeyedPatientBody):
    """The three answers of a day."""

    pain_0_10 = Scale(help_text="Back pain now, 0 none – 10 worst imaginable (NPRS); a whole number.")
    readiness_0_10 = Scale(help_text="Readiness to run today, 0 not at all – 10 fully; a whole number.")
    signs = signs_field("Keys of what is new; none by default. The worst decides whether training is held.", required=False, default=list)
    note = Note(help_text="Note, at most 2000 characters.")
    on = Day(
        required=False,
        allow_null=True,
        default=None,
        help_text="Day it is about, YYYY-MM-DD; by default that of `done_at`. Not in the future, at most two weeks back.",
    )
    done_at = Instant(
        required=False,
        allow_null=True,
        default=None,
        help_text="Moment it was answered, with offset; by default now. A later one counts as now.",
    )


class CheckInCorrectionBody(Body):
    """What was different after all."""

    pain_0_10 = Scale(required=False, help_text="Back pain, 0–10.")
    readiness_0_10 = Scale(required=False, help_text="Readiness to run, 0–10.")
    note = Text(max_length=2000, required=False, allow_blank=True, help_text="Note, at most 2000 characters.")
    reason = Text(max_length=500, required=False, allow_blank=True, help_text="Why it is corrected; staff must say so.")


@extend_schema_view(
    list=extend_schema(summary="Check-ins", description="Newest first; of one patient by day."),
    retrieve=extend_schema(summary="A check-in"),
)
class CheckInViewSet(RecordViewSet):
    """The daily check-in."""

    permission_actions = {
        "list": "checkin.list",
        "retrieve": "checkin.view",
        "create": "checkin.create",
        "partial_update": "entry.correct",
    }
    trail = "checkin"
    queryset = CheckIn.objects.select_related("symptoms")
    rows = CheckIn.objects.select_related("symptoms", "patient__clinic", "patient__caseload")
    row_kind = CheckInRow
    recent = ("-on",)  # one a day
    filterset_class = DayFilters

    @extend_schema(
        summary="Check in",
        description="One row a day: a second check-in of a day replaces the answers of the first, which are kept as a correction (200).",
        request=CheckInBody,
        responses={201: CheckInRow, 200: CheckInRow},
        examples=[
            OpenApiExample(
                "This morning",
                value={"pain_0_10": 3, "readiness_0_10": 6, "client_key": "7b1f8a3e-5c55-4f0e-9d3b-1f6a2f4f0c0f"},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Store a day's answers."""
        data = self.body(CheckInBody)
        data["client_key"] = client_key_of(request, data)
        data["patient"] = patient_for(self.member, data)
        now = timezone.now()
        row, _report = check_in(by=self.member, now=now, source=source_of(request, self.member), **data)
        return self.answer(row, 201 if row.entered_at == now else 200)

    @extend_schema(
        summary="Correct a check-in",
        description="The earlier values stay readable. Staff give a reason.",
        request=CheckInCorrectionBody,
        responses={200: CheckInRow},
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Correct a check-in."""
        row = self.get_object()
        changes = self.body(CheckInCorrectionBody, partial=True)
        reason = changes.pop("reason", "")
        if not changes:
            raise Invalid(_("Send at least one field."))
        correct_entry(row=row, changes=changes, reason=reason, by=self.member, now=timezone.now())
        return self.answer(row)


class ReportBody(KeyedPatientBody):
    """The answers to a symptom list."""

    signs = signs_field("Keys of the signs answered with yes; an empty list means all clear.")
    context = serializers.ChoiceField(  # type: ignore[assignment] # declared fields leave the class; the attribute stays what it is
        choices=SymptomReport.Context.choices, help_text="Where it was asked: onboarding, check_in or session."
    )


class ClearanceBody(Body):
    """What a clearance rests on."""

    note = Text(max_length=2000, help_text="What the clearance rests on, at most 2000 characters.")


class ReportFilters(RecordFilters):
    """What reports may be narrowed by."""

    context = ChoiceFilter(choices=SymptomReport.Context.choices, label="Where it was asked.")
    level = ChoiceFilter(choices=SymptomReport.Level.choices, label="What the rules made of it.")
    status = ChoiceFilter(choices=SymptomReport.Status.choices, label="What became of it.")


@extend_schema_view(
    list=extend_schema(summary="Symptom reports", description="Newest first."),
    retrieve=extend_schema(summary="A symptom report"),
)
class ReportViewSet(RecordViewSet):
    """Reported warning signs."""

    permission_actions = {
        "list": "symptoms.list",
        "retrieve": "symptoms.view",
        "create": "symptoms.create",
        "withdraw": "symptoms.answer",
        "clear": "clearance.write",
    }
    trail = "symptoms"
    queryset = SymptomReport.objects.all()
    rows = SymptomReport.objects.select_related("patient__clinic", "patient__caseload")
    row_kind = ReportRow
    filterset_class = ReportFilters
    recent = ("-reported_at", "-id")

    @extend_schema(
        summary="Report symptoms, or that there are none",
        description="Emergency and urgent signs hold the program until a therapist clears them. Nobody watches this in real time: "
        "with an emergency sign show the emergency number.",
        request=ReportBody,
        responses={201: ReportRow, 200: ReportRow},
        examples=[OpenApiExample("All clear", value={"signs": [], "context": "onboarding"}, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Store the answers and judge them."""
        data = self.body(ReportBody)
        data["client_key"] = client_key_of(request, data)
        data["patient"] = patient_for(self.member, data)
        row, is_new = report_symptoms(by=self.member, now=timezone.now(), **data)
        return self.answer(row, 201 if is_new else 200)

    @extend_schema(
        summary="Take a report back",
        description="Nothing is deleted, and training stays on hold until a therapist clears it.",
        request=None,
        responses={200: ReportRow},
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: UUID) -> Response:
        """Take a report back."""
        row = self.get_object()
        withdraw_report(report=row, by=self.member, now=timezone.now())
        return self.answer(row)

    @extend_schema(summary="Write a clearance", request=ClearanceBody, responses={200: ReportRow})
    @action(detail=True, methods=["post"])
    def clear(self, request: Request, pk: UUID) -> Response:
        """Clear a report."""
        row = self.get_object()
        clear_report(report=row, note=self.body(ClearanceBody)["note"], by=self.member, now=timezone.now())
        return self.answer(row)
