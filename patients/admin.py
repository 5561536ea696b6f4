"""Administration of patients' records: lists without clinical free text, every look noted in the trail, changes only by the product."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from clinics.admin import ReadOnlyAdmin
from patients.actions.suggestion_switch import turn_off, turn_on
from patients.forms.suggestion_switch import SwitchForm
from patients.models import (
    NOTICE_VERSION,
    AccessReview,
    Alert,
    AlertStep,
    Assessment,
    Assignment,
    AssignmentVersion,
    CaseloadLook,
    CheckIn,
    Consent,
    Cover,
    Handover,
    ImportFile,
    Letter,
    Message,
    Patient,
    RuleSet,
    Run,
    ScheduledSession,
    SessionLog,
    Shoe,
    Suggestion,
    SuggestionSwitch,
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


@admin.register(RuleSet)
class RuleSetAdmin(ReadOnlyAdmin):
    """Triage rules of the clinics in versions."""

    list_display = ("clinic", "number", "in_force_at", "made_by")
    list_filter = ("clinic",)
    list_select_related = ("clinic", "made_by__user")
    date_hierarchy = "in_force_at"


@admin.register(CaseloadLook)
class CaseloadLookAdmin(ReadOnlyAdmin):
    """Looks of the rules at patients, without what they saw."""

    list_display = ("at", "patient", "number", "rule_set", "clinic")
    list_filter = ("clinic",)
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "clinic", "rule_set")
    exclude = ("changes",)


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


@admin.register(Cover)
class CoverAdmin(ReadOnlyAdmin):
    """Who stands in for whom."""

    list_display = ("covered", "by", "from_on", "to_on", "ended_at", "clinic")
    list_filter = ("clinic",)
    list_select_related = ("covered__user", "by__user", "clinic")
    date_hierarchy = "from_on"


@admin.register(Handover)
class HandoverAdmin(ReadOnlyAdmin):
    """Who went from whom to whom."""

    list_display = ("patient", "source", "target", "at", "clinic")
    list_filter = ("clinic",)
    list_select_related = ("patient", "source__user", "target__user", "clinic")
    date_hierarchy = "at"


@admin.register(AccessReview)
class AccessReviewAdmin(ReadOnlyAdmin):
    """What managers noted about unusual access."""

    list_display = ("day_on", "kind", "by", "at", "clinic")
    list_filter = ("clinic", "kind")
    list_select_related = ("by__user", "clinic")
    date_hierarchy = "day_on"


@admin.register(ImportFile)
class ImportFileAdmin(ReadOnlyAdmin):
    """Imports of patients, without what the files hold."""

    list_display = ("uploaded_at", "name", "status", "by", "size_bytes", "clinic")
    list_filter = ("status", "clinic")
    list_select_related = ("clinic", "by__user")
    date_hierarchy = "uploaded_at"
    exclude = ("content", "findings")


@admin.register(SuggestionSwitch)
class SuggestionSwitchAdmin(ReadOnlyAdmin):
    """Which clinics have suggestions, since when and by whom; turned on with the notice confirmed, turned off here, never changed."""

    list_display = ("clinic", "confirmed_at", "confirmed_by", "notice_version", "ended_at", "ended_by")
    list_filter = ("clinic", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("clinic", "confirmed_by", "ended_by")
    form = SwitchForm
    actions = ("turn_off",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only administrators of the whole installation are here."""
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the notice above the form."""
        if obj is not None:
            names = ("clinic", "notice_version", "basis", "confirmed_by", "confirmed_at", "ended_by", "ended_at")
            return ((None, {"fields": names}),)
        notice = render_to_string("patients/suggestion_notice.html", {"version": NOTICE_VERSION})
        return ((_("Notice"), {"fields": (), "description": notice}), (None, {"fields": ("clinic", "basis", "confirmed")}))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Turn suggestions on through the action, which keeps who and when."""
        person: Any = request.user
        row = turn_on(clinic=obj.clinic, basis=obj.basis, confirmed=form.cleaned_data["confirmed"], by=person, now=timezone.now())
        obj.__dict__.update(row.__dict__)

    @admin.action(description=_("Turn suggestions off"))
    def turn_off(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """End them for the chosen clinics from the next click on."""
        person: Any = request.user
        done = sum(turn_off(switch=row, by=person, now=timezone.now()) for row in queryset)
        self.message_user(
            request, ngettext("Turned off for %(n)s clinic.", "Turned off for %(n)s clinics.", done) % {"n": done}, messages.SUCCESS
        )


@admin.register(Suggestion)
class SuggestionAdmin(ReadOnlyAdmin):
    """What rules suggested and what was decided, without the notes."""

    list_display = (
        "suggested_at",
        "patient",
        "rule",
        "exercise",
        "status",
        "decided_by",
        "decided_at",
        "reason",
        "rules_version",
        "clinic",
    )
    list_filter = ("status", "rule", "reason", "clinic")
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "clinic", "decided_by__user")
    date_hierarchy = "suggested_at"
    exclude = ("note",)
