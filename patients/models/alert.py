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
        """Nobody has looked yet."""
        return self.filter(status=Alert.Status.OPEN)


class Alert(ScopedModel):
    """Raised once for one piece of evidence; never again without new evidence."""

    class Level(models.TextChoices):
        """How urgent."""

        STOP = "stop", _("stop sign")
        ATTENTION = "attention", _("needs attention")

    class Status(models.TextChoices):
        """Life of an alert; the moves are in `states.py`."""

        OPEN = "open", _("open")
        ACKNOWLEDGED = "acknowledged", _("seen")
        RESOLVED = "resolved", _("resolved")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="alerts")
    rule = models.CharField(_("rule"), max_length=30)
    rules_version = models.CharField(_("version of the rules"), max_length=20)
    level = models.CharField(_("level"), max_length=10, choices=Level.choices)
    evidence = models.JSONField(_("evidence"), default=dict)
    evidence_key = models.CharField(max_length=120)
    since_on = models.DateField(_("since"))
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.OPEN)
    raised_at = models.DateTimeField(_("raised at"))
    seen_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    seen_at = models.DateTimeField(_("seen at"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=2000, blank=True)

    scope = Scope("clinic")
    coded = frozenset({"rule", "rules_version", "evidence", "evidence_key"})
    objects: ClassVar[Any] = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-raised_at"]
        constraints = [models.UniqueConstraint(fields=["clinic", "patient", "rule", "evidence_key"], name="alert_once_per_evidence")]
        indexes = [
            models.Index(fields=["clinic", "patient", "-raised_at"], name="alert_by_patient"),
            models.Index(fields=["clinic", "status", "level", "-raised_at"], name="alert_open"),
            models.Index(fields=["status", "raised_at"], name="alert_age", condition=Q(status="open")),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.raised_at:%Y-%m-%d}"
