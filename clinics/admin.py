"""Administration of people, clinics and the trail; what is read of patients is noted there."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.forms import BaseUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from clinics import audit
from clinics.actions.members import is_last_manager
from clinics.actions.people import change_address
from clinics.emergency import number_for
from clinics.models import ApiToken, AuditEvent, Clinic, ClinicLogo, ClinicText, ClosedDay, Invitation, Job, Membership, Role, User

if TYPE_CHECKING:
    Admin = admin.ModelAdmin[models.Model]
    MembershipRows = admin.TabularInline[Membership, User]
    CreationForm = BaseUserCreationForm[User]
    ChangeForm = UserChangeForm[User]
    MembershipRow = forms.ModelForm[Membership]
else:
    Admin = admin.ModelAdmin
    MembershipRows = admin.TabularInline
    CreationForm, ChangeForm, MembershipRow = BaseUserCreationForm, UserChangeForm, forms.ModelForm


class AuditedAdmin(Admin):
    """Notes in the trail what an administrator reads: a list with the ids shown, and each record opened or changed."""

    list_per_page = 50
    show_full_result_count = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list and note whom it showed."""
        response = super().changelist_view(request, extra_context)
        shown = getattr(response, "context_data", None) or {}
        if "cl" in shown:
            ids = [str(row.pk) for row in shown["cl"].result_list]
            audit.record(f"admin.{self.opts.label_lower}.list", ids=ids)
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one record and note it."""
        row = self.get_object(request, object_id)
        if row is not None and request.method == "GET":
            audit.record(f"admin.{self.opts.label_lower}.view", **about(row))
        return super().change_view(request, object_id, form_url, extra_context)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Note a new record."""
        audit.record(f"admin.{self.opts.label_lower}.add", **about(obj))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Note a changed record, with the names of the fields."""
        fields = [name for part in message if isinstance(part, dict) for name in part.get("changed", {}).get("fields", [])]
        audit.record(f"admin.{self.opts.label_lower}.change", fields=[str(name) for name in fields], **about(obj))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Note what is removed."""
        audit.record_many(audit.event(f"admin.{self.opts.label_lower}.delete", **about(row)) for row in queryset)
        return super().log_deletions(request, queryset)


class ReadOnlyAdmin(AuditedAdmin):
    """Looked at here, changed only by the product itself."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Refuse."""
        return False


def about(row: models.Model) -> dict[str, Any]:
    """Say whose record a row belongs to, in the words of the trail."""
    what: dict[str, Any] = {"row": row}
    if row._meta.label_lower == "patients.patient":
        what["patient_id"] = row.pk
    if isinstance(row, Clinic):
        what["clinic_id"] = row.pk
    return what


class NewPersonForm(CreationForm):
    """A person made by an administrator; usually people come in by invitation."""

    class Meta:
        model = User
        fields = ("email", "first_name", "last_name")


class PersonForm(ChangeForm):
    """A person's account."""

    class Meta:
        model = User
        fields = "__all__"


class MembershipInline(MembershipRows):
    """Where a person is somebody."""

    model = Membership
    fields = ("clinic", "role", "status", "created_at", "ended_at")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Memberships begin by invitation."""
        return False


@admin.register(User)
class UserAdmin(AuditedAdmin):
    """People; a closed account is refused at its next click."""

    list_display = ("email", "name", "is_active", "is_superuser", "has_factor", "last_login")
    list_filter = ("is_active", "is_superuser", "language", "memberships__role", "memberships__clinic")
    search_fields = ("email", "first_name", "last_name")
    ordering = ("email",)
    readonly_fields = ("last_login", "date_joined")
    inlines = (MembershipInline,)
    actions = ("close_accounts", "open_accounts")
    fieldsets = (
        (None, {"fields": ("email", "first_name", "last_name", "is_active")}),
        (_("Look"), {"fields": ("language", "theme", "text_size", "keyboard_shortcuts")}),
        (_("Administration"), {"fields": ("is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Ask for a password only when the person is new."""
        if obj is None:
            kwargs["form"] = NewPersonForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the form of a new person short."""
        if obj is None:
            return ((None, {"fields": ("email", "first_name", "last_name", "password1", "password2")}),)
        return super().get_fieldsets(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Load what the list shows."""
        return super().get_queryset(request).prefetch_related("authenticator_set")

    @admin.display(description=_("Name"), ordering="last_name")
    def name(self, person: User) -> str:
        """First and last name."""
        return person.full_name

    @admin.display(description=_("second factor"), boolean=True)
    def has_factor(self, person: User) -> bool:
        """Whether an app or a passkey is set up."""
        return len(person.authenticator_set.all()) > 0  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Store; a changed address opens nothing any more."""
        obj.email = User.objects.normalize_email(obj.email)
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            change_address(user=obj, email=obj.email, now=timezone.now())

    @admin.action(description=_("Close the chosen accounts"))
    def close_accounts(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Refuse these people from the next click on; never oneself."""
        self._switch(request, queryset.exclude(pk=request.user.pk), is_active=False)

    @admin.action(description=_("Open the chosen accounts"))
    def open_accounts(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let these people in again."""
        self._switch(request, queryset, is_active=True)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Any], *, is_active: bool) -> None:
        people = list(queryset)
        queryset.update(is_active=is_active)
        audit.record_many(audit.event("user.active" if is_active else "user.closed", row=person) for person in people)
        self.message_user(request, _("%(count)s accounts changed.") % {"count": len(people)}, messages.SUCCESS)


@admin.register(Clinic)
class ClinicAdmin(AuditedAdmin):
    """Clinics."""

    list_display = ("name", "country", "emergency", "time_zone", "language", "require_second_factor", "created_at")
    list_filter = ("country", "language", "require_second_factor")
    search_fields = ("name", "slug")

    prepopulated_fields = {"slug": ("name",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show what only the clinic itself changes: its pain bands with a rule set, its logo with its look."""
        return ("pain_green_max", "pain_amber_max", "logo") if obj else ("logo",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Say where the pain bands are changed."""
        ((name, options),) = super().get_fieldsets(request, obj)
        about_bands = _("A new clinic's first rule set begins with these pain bands; later they change with the clinic's triage rules.")
        return ((name, {**options, "description": about_bands}),)

    @admin.display(description=_("emergency number"))
    def emergency(self, clinic: Clinic) -> str:
        """The number patients are shown."""
        return number_for(clinic)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """A clinic with records is not deleted by a click."""
        return False


@admin.register(ClosedDay)
class ClosedDayAdmin(AuditedAdmin):
    """Days on which nobody is treated."""

    list_display = ("on", "name", "clinic")
    list_filter = ("clinic",)
    date_hierarchy = "on"


class MembershipForm(MembershipRow):
    """Who somebody is in a clinic."""

    def clean_role(self) -> str:
        """Keep staff staff and patients patients, and a manager in every clinic."""
        role: str = self.cleaned_data["role"]
        row = self.instance
        if not row._state.adding and row.is_patient != (role == Role.PATIENT):
            raise ValidationError(_("Staff stay staff and patients stay patients. Access ends in the clinic."))
        if not row._state.adding and role != Role.MANAGER and is_last_manager(row):
            raise ValidationError(_("A clinic needs a manager. Make somebody else a manager first."))
        return role


@admin.register(Membership)
class MembershipAdmin(AuditedAdmin):
    """Who is what where."""

    form = MembershipForm  # type: ignore[assignment] # rows of memberships are all it sees
    list_display = ("name", "user", "clinic", "role", "status", "created_at", "ended_at")
    list_filter = ("clinic", "role", "status")
    search_fields = ("name", "user__email")
    list_select_related = ("user", "clinic")
    autocomplete_fields = ("user",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Access begins here and ends in the clinic, where whoever leaves hands over the patients."""
        return ("created_at", *(("clinic", "user", "status", "ended_at") if obj else ()))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Say where access ends."""
        ((name, options),) = super().get_fieldsets(request, obj)
        about_end = _("Access ends in the clinic, on its page “Staff”: there the patients of whoever leaves are handed over first.")
        at_once = _("To shut somebody out at once, close the account under “People”.")
        return ((name, {**options, "description": format_html("{} {}", about_end, at_once)}),)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Who was somebody where stays known."""
        return False


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Sent keys; only digests are kept, and these are not shown."""

    list_display = ("email", "clinic", "state", "created_at", "expires_at")
    list_filter = ("clinic",)
    search_fields = ("email",)
    list_select_related = ("clinic",)
    exclude = ("digest",)

    @admin.display(description=_("state"))
    def state(self, invitation: Invitation) -> Any:
        """Whether the key still opens the door."""
        if invitation.accepted_at:
            return _("accepted")
        if invitation.revoked_at:
            return _("taken back")
        return _("open") if invitation.is_open(timezone.now()) else _("expired")


@admin.register(ClinicText)
class ClinicTextAdmin(ReadOnlyAdmin):
    """The clinics' own words, to look at."""

    list_display = ("clinic", "language")
    list_filter = ("clinic", "language")


@admin.register(ClinicLogo)
class ClinicLogoAdmin(ReadOnlyAdmin):
    """Logos, without the picture."""

    list_display = ("clinic", "width", "height", "created_at")
    list_filter = ("clinic",)
    exclude = ("content",)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Keys for programs; an administrator can end them."""

    list_display = ("name", "hint", "membership", "clinic", "created_at", "expires_at", "revoked_at")
    list_filter = ("clinic", "revoked_at")
    search_fields = ("name", "hint")
    list_select_related = ("membership__user", "clinic")
    exclude = ("digest",)
    actions = ("end_tokens",)

    @admin.action(description=_("End the chosen tokens"))
    def end_tokens(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Refuse them from the next request on."""
        now: dt.datetime = timezone.now()
        rows = list(queryset.filter(revoked_at=None))
        queryset.filter(revoked_at=None).update(revoked_at=now)
        audit.record_many(audit.event("token.revoke", row=row, at=now) for row in rows)
        self.message_user(request, _("%(count)s tokens ended.") % {"count": len(rows)}, messages.SUCCESS)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Long work: what was started, by whom, and how it ended."""

    list_display = ("created_at", "kind", "clinic", "by", "status", "attempts", "started_at", "ended_at")
    list_filter = ("status", "kind")
    list_select_related = ("clinic", "by__user")
    search_fields = ("kind__startswith",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """The trail, to read only; the database refuses anything else."""

    list_display = ("at", "actor", "role", "action", "outcome", "clinic", "object_type", "address", "sealed")
    list_filter = ("outcome", "role", ("at", admin.DateFieldListFilter))
    search_fields = ("action__startswith", "actor_id", "patient_id", "request_id")
    search_help_text = _("Action, or the id of a person, a patient or a request.")
    date_hierarchy = "at"
    ordering = ("-id",)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """Search by the beginning of an action or by a whole id."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = queryset.filter(action__startswith=term)
        try:
            key = models.UUIDField().to_python(term)
        except ValidationError:
            return found, False
        by_id = models.Q(actor_id=key) | models.Q(patient_id=key) | models.Q(object_id=key) | models.Q(request_id=term)
        return queryset.filter(by_id), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Add the names behind the ids, without a query a row."""
        actor = User.objects.filter(pk=OuterRef("actor_id")).values("email")[:1]
        clinic = Clinic.objects.filter(pk=OuterRef("clinic_id")).values("name")[:1]
        found: QuerySet[Any] = super().get_queryset(request).annotate(actor_name=Subquery(actor), clinic_name=Subquery(clinic))
        return found

    @admin.display(description=_("person"))
    def actor(self, event: AuditEvent) -> str:
        """Address of who acted."""
        return str(getattr(event, "actor_name", None) or event.actor_id or "–")

    @admin.display(description=_("clinic"))
    def clinic(self, event: AuditEvent) -> str:
        """Name of the clinic."""
        return str(getattr(event, "clinic_name", None) or event.clinic_id or "–")

    @admin.display(description=_("sealed"), boolean=True)
    def sealed(self, event: AuditEvent) -> bool:
        """Whether the entry is part of the chain."""
        return bool(event.digest)


@admin.register(Authenticator)
class AuthenticatorAdmin(AuditedAdmin):
    """Second factors: an administrator can remove a lost one, never see its secret."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    search_fields = ("user__email",)
    list_select_related = ("user",)
    fields = ("user", "type", "created_at", "last_used_at")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False
