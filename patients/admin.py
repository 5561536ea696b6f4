"""Administration of patients' records: lists without clinical free text, every look noted in the trail, changes only by the product."""

from django.contrib import admin

from clinics.admin import ReadOnlyAdmin
from patients.models import (
    Alert,
    AlertStep,
    Assessment,
    Assignment,
    AssignmentVersion,
    CheckIn,
    Consent,
    Letter,
    Message,
    Patient,
    Run,
    ScheduledSession,
    SessionLog,
    Shoe,
    SymptomReport,
)


@admin.register(Patient)
class PatientAdmin(ReadOnlyAdmin):
    """Patients."""

    list_display = ("number", "first_name", "last_name", "clinic", "therapist", "status", "is_test", "created_at")
    list_filter = ("clinic", "status", "is_test", "language")
    search_fields = ("number", "first_name", "last_name", "email")
    list_select_related = ("clinic", "therapist__user")


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    """Programs given."""

    list_display = ("patient", "version", "status", "starts_on", "ends_on", "clinic")
    list_filter = ("status", "clinic", "version__program")
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "version__program", "clinic")
    date_hierarchy = "starts_on"


@admin.register(AssignmentVersion)
class AssignmentVersionAdmin(ReadOnlyAdmin):
    """Changes of running plans."""

    list_display = ("patient", "version", "from_on", "made_at", "clinic")
    list_filter = ("clinic",)
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "version__program", "clinic")
    date_hierarchy = "from_on"


@admin.register(ScheduledSession)
class ScheduledSessionAdmin(ReadOnlyAdmin):
    """Sessions as planned."""

    list_display = ("on", "patient", "setting", "week", "status", "clinic")
    list_filter = ("status", "setting", "clinic")
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "clinic")
    date_hierarchy = "on"


@admin.register(SessionLog)
class SessionLogAdmin(ReadOnlyAdmin):
    """Sessions as done."""

    list_display = ("on", "patient", "as_prescribed", "source", "entered_at", "clinic")
    list_filter = ("source", "as_prescribed", "stopped_for_pain", "clinic")
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "clinic")
    date_hierarchy = "on"


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Runs as done."""

    list_display = ("on", "patient", "source", "stage", "entered_at", "clinic")
    list_filter = ("source", "clinic")
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "clinic")
    date_hierarchy = "on"


@admin.register(Shoe)
class ShoeAdmin(ReadOnlyAdmin):
    """Pairs of running shoes."""

    list_display = ("patient", "started_on", "limit_km", "retired_on", "clinic")
    list_filter = ("clinic",)
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "clinic")


@admin.register(CheckIn)
class CheckInAdmin(ReadOnlyAdmin):
    """Check-ins."""

    list_display = ("on", "patient", "clinic")
    list_filter = ("clinic",)
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "clinic")
    date_hierarchy = "on"


@admin.register(SymptomReport)
class SymptomReportAdmin(ReadOnlyAdmin):
    """Answers to the symptom lists."""

    list_display = ("reported_at", "patient", "context", "level", "status", "rules_version", "clinic")
    list_filter = ("level", "status", "context", "clinic")
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "clinic")
    date_hierarchy = "reported_at"


@admin.register(Assessment)
class AssessmentAdmin(ReadOnlyAdmin):
    """Measurements."""

    list_display = ("due_on", "patient", "key", "status", "done_at", "clinic")
    list_filter = ("status", "key", "clinic")
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "clinic")
    date_hierarchy = "due_on"


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """Alerts."""

    list_display = ("raised_at", "patient", "rule", "level", "status", "seen_by", "seen_at", "snoozed_until_on", "clinic")
    list_filter = ("level", "status", "rule", "clinic")
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "clinic", "seen_by__user")
    date_hierarchy = "raised_at"


@admin.register(AlertStep)
class AlertStepAdmin(ReadOnlyAdmin):
    """What was done with alerts, without the notes."""

    list_display = ("at", "patient", "kind", "by", "reason", "until_on", "clinic")
    list_filter = ("kind", "reason", "clinic")
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "clinic", "by__user")
    date_hierarchy = "at"
    exclude = ("note",)


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    """What patients agreed to."""

    list_display = ("given_at", "patient", "purpose", "version", "withdrawn_at", "replaced_at", "clinic")
    list_filter = ("purpose", "version", "clinic")
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "clinic")
    date_hierarchy = "given_at"


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Messages, without what they say."""

    list_display = ("sent_at", "patient", "from_patient", "read_at", "clinic")
    list_filter = ("from_patient", "clinic")
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "clinic")
    date_hierarchy = "sent_at"
    exclude = ("body",)


@admin.register(Letter)
class LetterAdmin(ReadOnlyAdmin):
    """Letters to doctors: who wrote one when; the words stay in the record."""

    list_display = ("written_at", "patient", "written_by", "language", "clinic")
    list_filter = ("clinic", "language")
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "written_by__user", "clinic")
    date_hierarchy = "written_at"
    exclude = ("recipient_name", "recipient_address", "findings", "outlook", "content")
