"""What of each table goes into the copy of a record, and what stays out and why; a table nobody named goes in by itself.

A test fails while a table or column of a patient is in neither list.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.apps import apps
from django.db import models

from clinics.models import ApiToken, Invitation, Membership
from patients.models import Patient


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the copy: its name there, the columns in order, and columns of other tables read along (name there → look-up)."""

    name: str
    columns: tuple[str, ...]
    along: Mapping[str, str] = field(default_factory=dict)


TABLES: dict[str, Table] = {
    "patients.Patient": Table(
        "person",
        (
            "id",
            "number",
            "first_name",
            "last_name",
            "email",
            "phone",
            "born_on",
            "sex",
            "language",
            "time_zone",
            "running_described",
            "doctor_name",
            "doctor_address",
            "status",
            "is_test",
            "therapist",
            "imported_with",
            "created_at",
            "keep_until_on",
            "erased_at",
        ),
    ),
    "clinics.Membership": Table("membership", ("id", "role", "status", "name", "created_at", "ended_at")),
    "clinics.Invitation": Table(
        "invitations", ("id", "email", "language", "invited_by", "created_at", "expires_at", "accepted_at", "revoked_at", "undelivered_at")
    ),
    "clinics.ApiToken": Table("api_tokens", ("id", "name", "created_at", "expires_at", "revoked_at")),
    "patients.Assignment": Table(
        "assignments",
        (
            "id",
            "version",
            "tailored_on",
            "status",
            "starts_on",
            "ends_on",
            "supervised_weekdays",
            "supervised_time",
            "home_weekdays",
            "shows_model_line",
            "assigned_by",
            "end_outcome",
            "end_reason",
            "created_at",
            "changed_at",
        ),
        {"program": "version__program__names", "program_code": "version__program__code", "version_number": "version__number"},
    ),
    "patients.AssignmentVersion": Table(
        "plan_changes", ("id", "assignment", "version", "from_on", "reason", "changes", "made_by", "made_at")
    ),
    "patients.AssignmentDraft": Table(
        "assignment_drafts",
        ("version", "starts_on", "supervised_weekdays", "supervised_time", "home_weekdays", "made_by", "changed_at"),
    ),
    "patients.Pause": Table(
        "pauses", ("id", "assignment", "from_on", "to_on", "reason", "shifted_days", "made_by", "made_at", "cancelled_at")
    ),
    "patients.ScheduledSession": Table(
        "sessions",
        (
            "id",
            "assignment",
            "session_plan",
            "week",
            "setting",
            "on",
            "starts_at",
            "original_on",
            "status",
            "reason",
            "attendance",
            "done_share",
            "changed_at",
        ),
    ),
    "patients.SessionLog": Table(
        "session_logs",
        (
            "id",
            "session",
            "on",
            "done_at",
            "as_prescribed",
            "pain_during_0_10",
            "effort_rpe_0_10",
            "soreness_0_10",
            "stopped_for_pain",
            "note",
            "source",
            "entered_by",
            "entered_at",
        ),
    ),
    "patients.ExerciseLog": Table(
        "exercise_logs",
        (
            "id",
            "session_log",
            "prescription",
            "position",
            "sets_done",
            "reps_done",
            "hold_seconds_done",
            "load_kg",
            "pain_0_10",
            "skip_reason",
        ),
        {"exercise": "prescription__exercise__names"},
    ),
    "patients.GroupEntry": Table(
        "group_entries",
        ("id", "session", "prescription", "what", "number", "revision", "value", "made_by", "made_at"),
        {"exercise": "prescription__exercise__names"},
    ),
    "patients.CheckIn": Table(
        "check_ins",
        (
            "id",
            "on",
            "pain_0_10",
            "readiness_0_10",
            "symptoms",
            "morning_after",
            "is_settled",
            "note",
            "done_at",
            "source",
            "entered_by",
            "entered_at",
        ),
    ),
    "patients.SymptomReport": Table(
        "symptom_reports",
        (
            "id",
            "context",
            "signs",
            "level",
            "status",
            "rules_version",
            "text_shown",
            "language",
            "reported_at",
            "withdrawn_at",
            "cleared_by",
            "cleared_at",
            "clearance_note",
        ),
    ),
    "patients.Assessment": Table(
        "assessments",
        (
            "id",
            "assignment",
            "key",
            "week",
            "due_on",
            "status",
            "no_run_this_week",
            "running_pain_0_10",
            "running_capability_0_10",
            "done_at",
            "entered_by",
        ),
    ),
    "patients.Run": Table(
        "runs",
        (
            "id",
            "session",
            "on",
            "done_at",
            "distance_km",
            "duration_seconds",
            "stage",
            "run_seconds",
            "walk_seconds",
            "rounds_done",
            "pain_before_0_10",
            "pain_worst_0_10",
            "pain_after_0_10",
            "leg_pain_0_10",
            "effort_rpe_0_10",
            "average_heart_rate",
            "shoe",
            "note",
            "source",
            "entered_by",
            "entered_at",
        ),
    ),
    "patients.DeletedRun": Table("deleted_runs", ("id", "on", "deleted_by", "deleted_at")),
    "patients.Shoe": Table("shoes", ("id", "name", "started_on", "limit_km", "retired_on", "added_at")),
    "patients.Correction": Table(
        "corrections", ("id", "object_type", "object_id", "before", "after", "reason", "corrected_by", "corrected_at")
    ),
    "patients.Alert": Table(
        "alerts",
        (
            "id",
            "rule",
            "rules_version",
            "rule_set",
            "level",
            "evidence",
            "since_on",
            "status",
            "raised_at",
            "seen_by",
            "seen_at",
            "snoozed_until_on",
            "note",
        ),
        {"rule_set_number": "rule_set__number"},
    ),
    "patients.AlertStep": Table("alert_steps", ("id", "alert", "kind", "by", "at", "reason", "until_on", "note")),
    "patients.Handover": Table("handovers", ("id", "source", "target", "reason", "by", "at")),
    "patients.Suggestion": Table(
        "suggestions",
        (
            "id",
            "assignment",
            "rule",
            "rules_version",
            "exercise",
            "names",
            "evidence",
            "move",
            "first_week",
            "status",
            "suggested_at",
            "decided_by",
            "decided_at",
            "reason",
            "note",
            "used",
            "plan_change",
        ),
    ),
    "patients.Consent": Table(
        "consents", ("id", "purpose", "version", "language", "given_at", "given_by", "replaced_at", "withdrawn_at", "withdrawn_by")
    ),
    "patients.Message": Table("messages", ("id", "author", "from_patient", "body", "sent_at", "read_at", "read_by")),
    "patients.Letter": Table(
        "letters",
        (
            "id",
            "written_by",
            "written_at",
            "language",
            "recipient_name",
            "recipient_address",
            "parts",
            "findings",
            "outlook",
            "content",
        ),
    ),
    "patients.ErasureRequest": Table(
        "erasure_requests",
        ("id", "words", "status", "asked_at", "answer_by_on", "withdrawn_at", "answer", "answered_by", "answered_at"),
    ),
    "reminders.Preference": Table(
        "reminder_wishes",
        ("id", "kind", "channel", "is_on", "at_local_time", "weekday", "quiet_from", "quiet_until", "paused_to_on", "changed_at"),
    ),
    "reminders.PushSubscription": Table("notification_devices", ("id", "service", "created_at")),
    "reminders.Contact": Table("ways_to_me", ("id", "channel", "number", "confirmed_at", "refused_address", "refused_at", "error")),
    "reminders.CalendarKey": Table("calendar_addresses", ("id", "created_at", "revoked_at", "last_used_at")),
    "reminders.Delivery": Table(
        "reminders",
        (
            "id",
            "kind",
            "channel",
            "slot_on",
            "due_at",
            "expires_at",
            "status",
            "hold_reason",
            "attempts",
            "sent_at",
            "error",
            "created_at",
            "snoozes",
        ),
    ),
}

LEFT_OUT: dict[str, str] = {
    "patients.CaseloadEntry": "worked out from the other tables, and worked out again with every entry",
    "patients.CaseloadLook": "what the rules saw of the other tables, at each moment; kept for 100 days",
    "patients.SearchWord": "the words of name, number and year of birth once more, as searches compare them",
    "reminders.StaffNotice": "mails to the people of the clinic, about alerts that are in the copy",
    "clinics.AuditEvent": "read by itself: who opened the record, with name and role",
}
"""Tables that stay out, with the reason."""

COLUMNS_LEFT_OUT: dict[str, str] = {
    "clinic": "named once at the top",
    "patient": "the whole copy is about this person",
    "membership": "the whole copy is about this person",
    "user": "the account stands at the top",
    "client_key": "made by the browser so that nothing is stored twice",
    "client_digest": "made by the server so that nothing is stored twice",
}
"""Columns that stay out wherever they are, with the reason."""

ONE_COLUMN_LEFT_OUT: dict[str, str] = {
    "patients.Patient.search_text": "the name once more, in small letters",
    "clinics.Invitation.digest": "opens a door",
    "clinics.ApiToken.digest": "opens a door",
    "reminders.CalendarKey.digest": "opens a door",
    "clinics.ApiToken.hint": "the end of a key",
    "reminders.PushSubscription.endpoint": "opens a door: whoever has it can write to the device",
    "reminders.PushSubscription.digest": "the endpoint once more",
    "reminders.PushSubscription.p256dh": "opens a door",
    "reminders.PushSubscription.auth": "opens a door",
    "reminders.Contact.code_digest": "opens a door for ten minutes",
    "reminders.Contact.code_until_at": "working state of a code",
    "reminders.Delivery.subject_id": "says which session or measurement; both are in the copy with their days",
    "reminders.Delivery.claim": "working state of the sender",
    "reminders.Delivery.leased_until": "working state of the sender",
    "patients.Alert.evidence_key": "the evidence once more, as a key",
    "patients.Suggestion.evidence_key": "the evidence once more, as a key",
}
"""Single columns that stay out, with the reason."""


def look_up(model: type[models.Model]) -> str:
    """Return how a table's rows are found: the name of the look-up that leads to the patient; empty when none does."""
    if model is Patient:
        return "pk"
    if model is Membership:
        return "patient"
    if model in (ApiToken, Invitation):
        return "membership__patient"
    fields = [one for one in model._meta.concrete_fields if one.is_relation]
    return next((one.name for one in fields if one.related_model is Patient), "")


def models_of_a_patient() -> list[type[models.Model]]:
    """Return every table with rows about one patient, in the order of the list above, unnamed ones last."""
    found = [model for model in apps.get_models() if look_up(model)]
    order = list(TABLES)
    return sorted(found, key=lambda model: order.index(model._meta.label) if model._meta.label in order else len(order))


def table_of(model: type[models.Model]) -> Table | None:
    """Return what of a table goes into the copy, None for nothing; of a table nobody named, everything but the usual exceptions."""
    label = model._meta.label
    if label in LEFT_OUT:
        return None
    if label in TABLES:
        return TABLES[label]
    columns = tuple(one.name for one in model._meta.concrete_fields if one.name not in COLUMNS_LEFT_OUT)
    return Table(label.lower().replace(".", "_"), columns)
