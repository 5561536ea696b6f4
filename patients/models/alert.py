"""Something a therapist should know, with the evidence the rule saw."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel, ScopedQuerySet
from patients.models.patient import Patient


class AlertQuerySet(ScopedQuerySet["Alert"]):
    """Reads of alerts."""

    def open(self) -> "AlertQuerySet":
        """Nobody has taken them, or they are back."""
        return self.filter(status=Alert.Status.OPEN)

    def unresolved(self) -> "AlertQuerySet":
        """Open, taken or put off."""
        return self.exclude(status=Alert.Status.RESOLVED)


class Alert(ScopedModel):
    """Raised once for one piece of evidence; never again without new evidence.

    `seen_by` is its owner: who took it, and `seen_at` when. An alert that was put off comes back open and keeps its owner; one whose
    owner hands the patient over is open again and has none.
    """

    class Level(models.TextChoices):
        """How urgent."""

        STOP = "stop", _("stop sign")
        ATTENTION = "attention", _("needs attention")

    class Status(models.TextChoices):
        """Life of an alert; the moves are in `states.py`."""

        OPEN = "open", _("open")
        ACKNOWLEDGED = "acknowledged", _("seen")
        SNOOZED = "snoozed", _("put off")
        RESOLVED = "resolved", _("resolved")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="alerts")
    rule = models.CharField(_("rule"), max_length=30)
    rules_version = models.CharField(_("version of the rules"), max_length=20)
    rule_set = models.ForeignKey(
        "patients.RuleSet",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("rule set"),
        help_text=_("The clinic's numbers then."),
    )
    level = models.CharField(_("level"), max_length=10, choices=Level.choices)
    evidence = models.JSONField(_("evidence"), default=dict)
    evidence_key = models.CharField(max_length=120)
    since_on = models.DateField(_("since"))
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.OPEN)
    raised_at = models.DateTimeField(_("raised at"))
    seen_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    seen_at = models.DateTimeField(_("seen at"), null=True, blank=True)
    snoozed_until_on = models.DateField(_("put off until"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=2000, blank=True)

    scope = Scope("clinic")
    coded = frozenset({"rule", "rules_version", "evidence", "evidence_key"})
    objects: ClassVar[Any] = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient", "rule", "evidence_key"], name="alert_once_per_evidence"),
            models.CheckConstraint(condition=~Q(status="snoozed") | Q(snoozed_until_on__isnull=False), name="alert_snoozed_has_day"),
            models.CheckConstraint(condition=~Q(status="snoozed", level="stop"), name="alert_stop_never_snoozed"),
        ]
        indexes = [
            models.Index(fields=["clinic", "patient", "-raised_at"], name="alert_by_patient"),
            models.Index(fields=["clinic", "status", "level", "-raised_at"], name="alert_open"),
            models.Index(fields=["status", "raised_at"], name="alert_age", condition=Q(status="open")),
            models.Index(fields=["clinic", "snoozed_until_on"], name="alert_comes_back", condition=Q(status="snoozed")),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.raised_at:%Y-%m-%d}"


class AlertStep(ScopedModel):
    """One step in the life of an alert: who did what, when, and in which words; written once, never changed."""

    class Kind(models.TextChoices):
        """What was done; `returned` is done by time."""

        ACKNOWLEDGED = "acknowledged", _("taken")
        SNOOZED = "snoozed", _("put off")
        RETURNED = "returned", _("back again")
        RESOLVED = "resolved", _("resolved")
        HANDED_OVER = "handed_over", _("open again with the handover")

    class Reason(models.TextChoices):
        """Why it was put off."""

        APPOINTMENT = "appointment", _("the next appointment is soon")
        AGREED = "agreed", _("agreed with the patient to wait and see")
        NOT_REACHED = "not_reached", _("not reached, trying again")
        AWAY = "away", _("the patient is away or ill")
        OTHER = "other", _("another reason")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(_("step"), max_length=12, choices=Kind.choices)
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("at"))
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices, blank=True)
    until_on = models.DateField(_("until"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=2000, blank=True)

    scope = Scope("clinic")

    class Meta:
        verbose_name = _("step of an alert")
        verbose_name_plural = _("steps of alerts")
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="snoozed") | (Q(until_on__isnull=False) & ~Q(reason="")), name="alert_step_snooze_has_reason"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "at"], name="alert_step_by_patient")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"
