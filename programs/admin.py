"""Administration of the library: to look at; published versions never change."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from clinics.admin import ReadOnlyAdmin
from programs.models import Exercise, Prescription, Program, ProgramApproval, ProgramVersion, SessionPlan

if TYPE_CHECKING:
    PlanRows = admin.TabularInline[SessionPlan, ProgramVersion]
    PrescriptionRows = admin.TabularInline[Prescription, SessionPlan]
else:
    PlanRows = PrescriptionRows = admin.TabularInline


class _Shown:
    """Rows shown below another, never changed there."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Refuse."""
        return False


class SessionPlanInline(_Shown, PlanRows):
    """The kinds of session of a version."""

    model = SessionPlan
    fields = ("week_from", "week_to", "setting", "times_a_week", "minutes")
    readonly_fields = fields
    show_change_link = True


class PrescriptionInline(_Shown, PrescriptionRows):
    """The exercises of a kind of session."""

    model = Prescription
    fields = ("block", "position", "exercise", "sets", "reps_low", "reps_high", "hold_seconds", "rest_seconds", "dose_provenance")
    readonly_fields = fields


@admin.register(Exercise)
class ExerciseAdmin(ReadOnlyAdmin):
    """Exercises, one line a revision."""

    list_display = ("name", "key", "revision", "group", "measure", "is_current", "clinic")
    list_filter = ("is_current", "group", "measure", "clinic")
    search_fields = ("key", "names")
    list_select_related = ("clinic",)


@admin.register(Program)
class ProgramAdmin(ReadOnlyAdmin):
    """Programs: the shared library, clinics' own, tailored ones."""

    list_display = ("name", "key", "code", "kind", "origin", "clinic", "versions_made")
    list_filter = ("origin", "kind", "clinic")
    search_fields = ("key", "names")
    list_select_related = ("clinic",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count the versions."""
        found: QuerySet[Any] = super().get_queryset(request).annotate(count=Count("versions"))
        return found

    @admin.display(description=_("versions"), ordering="count")
    def versions_made(self, program: Any) -> int:
        """How many versions there are."""
        return int(program.count)


@admin.register(ProgramVersion)
class ProgramVersionAdmin(ReadOnlyAdmin):
    """Versions with their sessions."""

    list_display = ("program", "number", "status", "weeks", "supervised_per_week", "home_per_week", "clinic", "published_at")
    list_filter = ("status", "program__kind", "clinic")
    search_fields = ("program__key",)
    list_select_related = ("program", "clinic")
    inlines = (SessionPlanInline,)


@admin.register(SessionPlan)
class SessionPlanAdmin(ReadOnlyAdmin):
    """Kinds of session with their exercises."""

    list_display = ("version", "week_from", "week_to", "setting", "times_a_week", "minutes")
    list_filter = ("setting", "version__program")
    list_select_related = ("version__program",)
    inlines = (PrescriptionInline,)


@admin.register(ProgramApproval)
class ProgramApprovalAdmin(ReadOnlyAdmin):
    """Which clinic looked through which version."""

    list_display = ("version", "clinic", "approved_by", "approved_at")
    list_filter = ("clinic",)
    list_select_related = ("version__program", "clinic", "approved_by__user")
