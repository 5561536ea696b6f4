"""Who looks after a colleague's patients for a while, and from whom to whom a patient was handed over."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel, ScopedQuerySet
from patients.models.patient import Patient


class CoverQuerySet(ScopedQuerySet["Cover"]):
    """Reads of covers."""

    def in_force(self, day: dt.date) -> "CoverQuerySet":
        """Those of a day, unless they were ended before."""
        return self.filter(from_on__lte=day, to_on__gte=day, ended_at=None)

    def not_over(self, day: dt.date) -> "CoverQuerySet":
        """Those in force on a day or later."""
        return self.filter(to_on__gte=day, ended_at=None)


class Cover(ScopedModel):
    """From one day of the clinic to another a colleague looks after somebody's patients; it ends by its day, without anybody's doing."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    covered = models.ForeignKey(Membership, on_delete=models.PROTECT, verbose_name=_("who is away"), related_name="covers")
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, verbose_name=_("who stands in"), related_name="covers_given")
    from_on = models.DateField(_("first day"))
    to_on = models.DateField(_("last day"))
    created_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended early at"), null=True, blank=True)
    ended_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    scope = Scope("clinic")
    objects: ClassVar[CoverQuerySet] = CoverQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("cover")
        verbose_name_plural = _("covers")
        ordering = ["-from_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(from_on__lte=F("to_on")), name="cover_days_in_order"),
            models.CheckConstraint(condition=~Q(covered=F("by")), name="cover_by_somebody_else"),
        ]
        indexes = [models.Index(fields=["clinic", "to_on"], name="cover_by_last_day")]

    def __str__(self) -> str:
        return f"{self.from_on:%Y-%m-%d} – {self.to_on:%Y-%m-%d}"


class Handover(ScopedModel):
    """A patient went from one therapist to another: who, why, and through whom; written once, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="handovers")
    source = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("therapist before"), related_name="+"
    )
    target = models.ForeignKey(Membership, on_delete=models.PROTECT, verbose_name=_("therapist since"), related_name="+")
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("at"))

    scope = Scope("clinic", "patient__membership")

    class Meta:
        verbose_name = _("handover")
        verbose_name_plural = _("handovers")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["clinic", "patient", "-at"], name="handover_by_patient"),
            models.Index(fields=["clinic", "-at"], name="handover_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
