"""Administration of reminders: what was sent, held back and why, and the sign of life of the clockwork."""

from django.contrib import admin

from clinics.admin import ReadOnlyAdmin
from reminders.models import Delivery, Heartbeat, Preference, ReminderPolicy, StaffNotice, StaffWish


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Reminders, one line a patient, kind and day."""

    list_display = ("due_at", "patient", "kind", "channel", "status", "hold_reason", "attempts", "sent_at", "clinic")
    list_filter = ("status", "hold_reason", "kind", "channel", "clinic")
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "clinic")
    date_hierarchy = "due_at"


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin):
    """What patients wish."""

    list_display = ("patient", "kind", "channel", "is_on", "at_local_time", "clinic")
    list_filter = ("kind", "is_on", "clinic")
    search_fields = ("patient__number", "patient__last_name")
    list_select_related = ("patient", "clinic")


@admin.register(ReminderPolicy)
class ReminderPolicyAdmin(ReadOnlyAdmin):
    """What clinics let their patients be reminded of."""

    list_display = ("clinic", "channels", "kinds_off", "earliest_at", "latest_at", "most_unanswered", "changed_at")
    list_select_related = ("clinic",)


@admin.register(StaffNotice)
class StaffNoticeAdmin(ReadOnlyAdmin):
    """Mails to the people of a clinic."""

    list_display = ("due_at", "member", "kind", "step", "patient", "status", "hold_reason", "attempts", "sent_at", "clinic")
    list_filter = ("status", "hold_reason", "kind", "step", "clinic")
    search_fields = ("member__name", "patient__number")
    list_select_related = ("member__user", "patient", "clinic")
    date_hierarchy = "due_at"


@admin.register(StaffWish)
class StaffWishAdmin(ReadOnlyAdmin):
    """Who wants the daily digest."""

    list_display = ("member", "wants_digest", "changed_at", "clinic")
    list_filter = ("wants_digest", "clinic")
    list_select_related = ("member__user", "clinic")


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """When each part of the clockwork last ran."""

    list_display = ("name", "at")
