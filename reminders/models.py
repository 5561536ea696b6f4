"""What patients wish to be told, what was told, and the sign of life of the clockwork."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic
from clinics.scoping import Scope, ScopedModel, ScopedQuerySet
from patients.models import Patient


class Kind(models.TextChoices):
    """What a reminder is about."""

    SESSION_TODAY = "session_today", _("session today")
    ASSESSMENT_DUE = "assessment_due", _("measurement due")
    MESSAGE_WAITING = "message_waiting", _("message waiting")


class Channel(models.TextChoices):
    """How it reaches the person."""

    EMAIL = "email", _("e-mail")


class Preference(ScopedModel):
    """A patient's wish for one kind of reminder; no row means the default."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="reminder_preferences")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    is_on = models.BooleanField(_("wanted"), default=True)
    at_local_time = models.TimeField(_("time of day"))
    paused_to_on = models.DateField(_("paused up to"), null=True, blank=True, help_text=_("The last day without this reminder."))
    changed_at = models.DateTimeField(default=timezone.now)

    scope = Scope("clinic", "patient__membership")
    goes_with_person = True

    class Meta:
        verbose_name = _("reminder wish")
        verbose_name_plural = _("reminder wishes")
        constraints = [models.UniqueConstraint(fields=["clinic", "patient", "kind"], name="preference_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at_local_time:%H:%M}"


class DeliveryQuerySet(ScopedQuerySet["Delivery"]):
    """Reads of deliveries."""

    def queued(self) -> "DeliveryQuerySet":
        """Waiting to be sent."""
        return self.filter(status=Delivery.Status.QUEUED)


class Delivery(ScopedModel):
    """One reminder to one patient for one local day; this row is the truth, queue messages only nudge."""

    class Status(models.TextChoices):
        """Life of a delivery; the moves are in `states.py`."""

        QUEUED = "queued", _("planned")
        CLAIMED = "claimed", _("being sent")
        SENT = "sent", _("sent")
        HELD = "held", _("not sent")
        MISSED = "missed", _("too late, not sent")
        FAILED = "failed", _("could not be delivered")

    class HoldReason(models.TextChoices):
        """Why a reminder was not sent."""

        ALREADY_DONE = "already_done", _("already done")
        SKIPPED = "skipped", _("skipped")
        OPTED_OUT = "opted_out", _("reminder switched off")
        NO_CONSENT = "no_consent", _("no agreement to reminders")
        PAUSED = "paused", _("paused")
        MOVED = "moved", _("moved to another day")
        ON_HOLD = "on_hold", _("training is on hold")
        ENDED = "ended", _("program ended")
        NO_ACCESS = "no_access", _("no longer a patient here")
        NO_ADDRESS = "no_address", _("no address")
        REFUSED = "refused", _("address refused")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="deliveries")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    slot_on = models.DateField(_("for the day"))
    subject_id = models.UUIDField(_("about"), null=True, blank=True)
    due_at = models.DateTimeField(_("due at"))
    expires_at = models.DateTimeField(_("useful until"))
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.QUEUED)
    hold_reason = models.CharField(_("reason"), max_length=12, choices=HoldReason.choices, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, help_text=_("After the first one, due at is the next attempt."))
    claim = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    error = models.CharField(_("last error"), max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    scope = Scope("clinic", "patient__membership")
    goes_with_person = True
    objects: ClassVar[Any] = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-due_at"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient", "kind", "slot_on"], name="delivery_once"),
            models.CheckConstraint(condition=Q(due_at__lt=models.F("expires_at")), name="delivery_times_in_order"),
        ]
        indexes = [
            models.Index(fields=["status", "due_at"], name="delivery_due"),
            models.Index(fields=["clinic", "patient", "-due_at"], name="delivery_by_patient"),
            models.Index(fields=["claim"], name="delivery_claimed", condition=Q(claim__isnull=False)),
            models.Index(fields=["leased_until"], name="delivery_leased", condition=Q(leased_until__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.slot_on:%Y-%m-%d}"


class Heartbeat(models.Model):
    """When a part of the clockwork last ran; `/readyz` reads it."""

    name = models.CharField(primary_key=True, max_length=30)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name
