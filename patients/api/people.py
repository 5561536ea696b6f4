"""Resources of people: patients, and the caseload that says who needs attention."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters.rest_framework import BooleanFilter, CharFilter, ChoiceFilter, UUIDFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clinics import audit
from clinics.fields import Body, Day, ScopedField, Text
from clinics.models import Language, Membership
from clinics.rest import Filters, Row, ScopedViewSet
from clinics.web import today_of
from patients.actions.people import change_patient, create_patient
from patients.covering import is_mine
from patients.models import CaseloadEntry, Patient, found_by


class PatientRow(Row):
    """A patient in lists."""

    class Meta:
        model = Patient
        shown: ClassVar = {
            "id": "Id of the record.",
            "number": "Number in the clinic.",
            "first_name": "First name.",
            "last_name": "Last name.",
            "therapist": "Id of the therapist's membership; null without one.",
            "language": "Language the person is written to in, en or de.",
            "status": "active or archived.",
            "created_at": "When the record was opened, UTC.",
        }


class PatientDetail(PatientRow):
    """A patient's master data."""

    class Meta(PatientRow.Meta):
        shown: ClassVar = {
            **PatientRow.Meta.shown,
            "email": "Address, may be empty.",
            "phone": "Telephone number, may be empty.",
            "born_on": "Date of birth, YYYY-MM-DD; null when not stated.",
            "sex": "f, m, d, or empty when not stated.",
            "time_zone": "IANA name of the person's own time zone; empty means the clinic's.",
            "running_described": "The run that running capability is about, described once; empty until then.",
            "doctor_name": "Referring doctor, may be empty.",
            "doctor_address": "Address of the doctor as it stands on a letter, may be empty.",
            "is_test": "Whether the record is made up for trying out.",
        }


class PatientFields(Body):
    """Master data that can be changed."""

    first_name = Text(max_length=80, help_text="First name, at most 80 characters.")
    last_name = Text(max_length=80, help_text="Last name, at most 80 characters.")
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True, help_text="Address for invitation and reminders.")
    phone = Text(max_length=40, required=False, allow_blank=True, help_text="Telephone number, at most 40 characters.")
    born_on = Day(required=False, allow_null=True, help_text="Date of birth, YYYY-MM-DD, from 1900, not in the future.")
    sex = serializers.ChoiceField(
        choices=Patient.Sex.choices, required=False, allow_blank=True, help_text="f, m, d, or empty when not stated."
    )
    language = serializers.ChoiceField(choices=Language.choices, required=False, help_text="en or de; by default the clinic's.")
    time_zone = Text(
        max_length=64, required=False, allow_blank=True, help_text="IANA name, for example Europe/Berlin; empty means the clinic's."
    )
    doctor_name = Text(max_length=120, required=False, allow_blank=True, help_text="Referring doctor, at most 120 characters.")
    doctor_address = Text(max_length=300, required=False, allow_blank=True, help_text="Address of the doctor, at most 300 characters.")
    therapist = ScopedField(
        queryset=Membership.objects.staff().select_related("user"),
        required=False,
        allow_null=True,
        help_text="Id of the therapist's membership; by default whoever opens the record.",
    )


class NewPatientBody(PatientFields):
    """A new record."""

    number = Text(max_length=20, required=False, allow_blank=True, help_text="Number in the clinic; by default the next free one.")


WORDS_HELP = "Beginnings of names, number or year of birth; every one has to be found. Accents do not count: ü is ue is u."


class PatientFilters(Filters):
    """What patients may be narrowed by."""

    status = ChoiceFilter(choices=Patient.Status.choices, label="Status of the record.")
    therapist = UUIDFilter(field_name="therapist_id", label="Id of the therapist's membership.")
    q = CharFilter(
        method="search",
        max_length=100,
        label=WORDS_HELP,
    )

    def search(self, rows: Any, _name: str, value: str) -> Any:
        """Return those who have a word for every beginning."""
        return rows.matching(value, clinic=self.request.member.clinic_id)


@extend_schema_view(
    list=extend_schema(summary="Patients", description="Staff see the clinic's, patients themselves. By last name."),
    retrieve=extend_schema(summary="A patient's master data"),
)
class PatientViewSet(ScopedViewSet):
    """The records of a clinic."""

    permission_actions = {
        "list": "patient.list",
        "retrieve": "patient.view",
        "create": "patient.create",
        "partial_update": "patient.change",
    }
    trail = "patient"
    queryset = Patient.objects.all()
    rows = Patient.objects.select_related("clinic", "membership")
    row_kind = PatientRow
    detail_kind = PatientDetail
    filterset_class = PatientFilters
    page_order = ("last_name", "first_name", "id")

    def patient_of(self, row: Any) -> UUID | None:
        """Return the record itself."""
        return row.pk if isinstance(row, Patient) else None

    @extend_schema(
        summary="Open a record",
        request=NewPatientBody,
        responses={201: PatientDetail},
        examples=[
            OpenApiExample(
                "A runner",
                value={"first_name": "Ada", "last_name": "Runner", "email": "ada@mail.example", "born_on": "1984-05-17"},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Open a record in the clinic."""
        data = self.body(NewPatientBody)
        patient = create_patient(clinic=self.member.clinic, by=self.member, now=timezone.now(), **data)
        return self.answer(patient, 201)

    @extend_schema(summary="Change master data", request=PatientFields, responses={200: PatientDetail})
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change what was sent and leave the rest alone."""
        patient = self.get_object()
        data = self.body(PatientFields, partial=True)
        if not data:
            raise exceptions.ValidationError({"non_field_errors": [_("Send at least one field.")]})
        return self.answer(change_patient(patient=patient, by=self.member, now=timezone.now(), **data))


class ReasonRow(serializers.Serializer[Any]):
    """Why somebody stands where they stand."""

    rule = serializers.CharField(help_text="Name of the rule, for example pain_level or silence.")
    level = serializers.CharField(help_text="stop, attention or info.")
    since = serializers.DateField(help_text="First day of it, YYYY-MM-DD.")
    evidence = serializers.JSONField(help_text="Days, counts and answers (0–10) the rule looked at.")
    seen = serializers.BooleanField(help_text="Whether somebody of the clinic has taken it, put it off or resolved it.")
    until = serializers.DateField(
        allow_null=True, default=None, help_text="Day its alert was put off to, YYYY-MM-DD; null when it was not."
    )


class TickRow(serializers.Serializer[Any]):
    """A week of the program."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Name the parts of the stored list."""
        state, share, done, due = instance
        return {"state": state, "share": share, "done": done, "due": due}

    state = serializers.CharField(help_text="full, part, none, now, to_come or paused.")
    share = serializers.FloatField(help_text="Share done, 0–1.")
    done = serializers.FloatField(help_text="Sessions done, a partial one by its share.")
    due = serializers.IntegerField(help_text="Sessions due.")


class CaseloadRow(Row):
    """A line of the caseload."""

    id = serializers.UUIDField(source="pk", read_only=True)
    patient = PatientRow(read_only=True)
    reasons = ReasonRow(many=True, read_only=True)
    week_ticks = TickRow(many=True, read_only=True)
    pain_series = serializers.ListField(child=serializers.IntegerField(help_text="Pain, 0–10."), read_only=True)
    readiness_series = serializers.ListField(child=serializers.IntegerField(help_text="Readiness, 0–10."), read_only=True)

    class Meta:
        model = CaseloadEntry
        shown: ClassVar = {
            "id": "Id of the patient.",
            "patient": "The patient.",
            "level": "How urgent: 3 stop sign, 2 needs attention, 1 for information, 0 on track.",
            "section": "Where the list shows the line: 3 stop sign, 2 needs attention, 1 seen or put off, 0 on track.",
            "reasons": "Why, most urgent first.",
            "program_code": "Short code of the program, for example LL; empty without one.",
            "week_ticks": "Each week of the program.",
            "done_share": "Sessions done of sessions due, 0–1.",
            "due_sessions": "Sessions due so far.",
            "pain_series": "Back pain (0–10) of the last 14 check-ins, oldest first.",
            "readiness_series": "Readiness to run (0–10) of the last 14 check-ins, oldest first.",
            "last_pain": "Back pain (0–10) of the last check-in; null before the first.",
            "last_readiness": "Readiness to run (0–10) of the last check-in; null before the first.",
            "last_entry_at": "When something was last entered, UTC; null before the first entry.",
            "last_check_in_at": "When the last check-in was done, UTC; null before the first.",
            "next_supervised_at": "Next appointment in the clinic, UTC; null without one.",
            "next_assessment_on": "Day of the next measurement, YYYY-MM-DD; null without one.",
            "owner_name": "Who took what the line shows; empty while nobody has.",
            "alert_id": "Id of the most urgent open alert that can be put off; null without one.",
            "alerts_since_at": "When the oldest open alert was raised, UTC; null when nothing waits.",
            "refreshed_at": "When the line was last worked out, UTC.",
        }


class CaseloadFilters(Filters):
    """What the caseload may be narrowed by."""

    level = ChoiceFilter(choices=CaseloadEntry.Level.choices, label="How urgent: 0, 1, 2 or 3.")
    program_code = CharFilter(max_length=8, label="Short code of the program.")
    therapist = UUIDFilter(field_name="therapist_id", label="Id of the therapist's membership.")
    mine = BooleanFilter(method="narrow", label="true: own patients and, today, those of colleagues one stands in for; false: the others.")
    q = CharFilter(
        method="search",
        max_length=100,
        label=WORDS_HELP,
    )

    def narrow(self, rows: Any, _name: str, value: bool) -> Any:
        """Return the lines of patients the member looks after today, or all others."""
        member = self.request.member
        mine = Patient.objects.visible_to(member).filter(is_mine(member, today_of(member.clinic))).values("pk")
        return rows.filter(patient__in=mine) if value else rows.exclude(patient__in=mine)

    def search(self, rows: Any, _name: str, value: str) -> Any:
        """Return the lines of those who have a word for every beginning."""
        return rows.filter(found_by(value, clinic=self.request.member.clinic_id))


@extend_schema_view(
    list=extend_schema(summary="The caseload", description="Active patients, most worrying first."),
    retrieve=extend_schema(summary="A patient's line of the caseload", description="By the id of the patient."),
)
class CaseloadViewSet(ScopedViewSet):
    """Who needs attention, and why."""

    permission_actions = {"list": "caseload.list", "retrieve": "caseload.list"}
    trail = "caseload"
    queryset = CaseloadEntry.objects.filter(is_listed=True).select_related("patient").defer("facts")
    row_kind = CaseloadRow
    filterset_class = CaseloadFilters
    page_order = ("-section", "-rank", "sort_name", "pk")

    def note_list(self, rows: Any) -> None:
        """Write down whose lines were shown, as the page does."""
        audit.record("caseload.list", clinic_id=self.member.clinic_id, ids=[str(row.pk) for row in rows])
