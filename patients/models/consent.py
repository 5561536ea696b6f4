"""What a patient agreed to: one row for each time it was given, never changed but for its end."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel, ScopedQuerySet
from patients.models.patient import Patient

IN_FORCE = Q(withdrawn_at__isnull=True, replaced_at__isnull=True)


class ConsentQuerySet(ScopedQuerySet["Consent"]):
    """Reads of consents."""

    def in_force(self) -> "ConsentQuerySet":
        """Neither taken back nor replaced by a newer version."""
        return self.filter(IN_FORCE)


class Consent(ScopedModel):
    """A yes to one purpose in one version of its words: when, by whom, and when it ended."""

    class Purpose(models.TextChoices):
        """What it is about; the same keys as in `rules/consents.py`."""

        RECORD = "record", _("Your treatment and your record")
        REMINDERS = "reminders", _("Reminders by e-mail")
        OUTCOMES = "outcomes", _("Figures of the clinic")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices)
    version = models.CharField(_("version of the words"), max_length=10)
    language = models.CharField(max_length=5, default="en", help_text=_("The language the words were shown in."))
    given_at = models.DateTimeField(_("given at"))
    given_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    replaced_at = models.DateTimeField(_("replaced at"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    scope = Scope("clinic", "patient__membership")
    coded = frozenset({"version", "language"})
    objects: ClassVar[Any] = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-given_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient", "purpose"], condition=IN_FORCE, name="consent_one_in_force"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("given_at")), name="consent_times_in_order"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "-given_at"], name="consent_by_patient")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.version}"
