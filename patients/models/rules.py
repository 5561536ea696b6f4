"""The clinic's triage rules in versions, and every look they took at a patient."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel, ScopedQuerySet
from patients.models.patient import Patient


class RuleSetQuerySet(ScopedQuerySet["RuleSet"]):
    """Reads of rule sets."""

    def in_force(self) -> "RuleSetQuerySet":
        """Those with the highest number of their clinic: one a clinic."""
        newer = RuleSet.objects.filter(clinic=models.OuterRef("clinic"), number__gt=models.OuterRef("number"))
        return self.filter(~models.Exists(newer))


class RuleSet(ScopedModel):
    """The numbers of all triage rules of a clinic at one time; never changed, the one with the highest number is in force."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="rule_sets")
    number = models.PositiveIntegerField(_("number"))
    thresholds = models.JSONField(_("numbers"), help_text=_("Every number by its name, and the rules that are off."))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    in_force_at = models.DateTimeField(_("in force from"))

    scope = Scope("clinic")
    objects: ClassVar[Any] = RuleSetQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule set")
        verbose_name_plural = _("rule sets")
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["clinic", "number"], name="rule_set_number_once")]

    def __str__(self) -> str:
        return f"{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new row; raises ValueError for one that exists, because alerts point at it."""
        if not self._state.adding:
            raise ValueError("a rule set is never changed")
        super().save(*args, **kwargs)


class CaseloadLook(ScopedModel):
    """One look of the rules at a patient: when, under which rule set, and what had changed for them since the look before."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="looks")
    number = models.PositiveIntegerField(_("number"), help_text=_("Counts up from 1; the first kept one holds everything."))
    on = models.DateField(_("day"), help_text=_("The patient's local day."))
    at = models.DateTimeField(_("at"))
    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="+", db_index=False)
    changes = models.JSONField(_("changes"), default=dict)

    scope = Scope("clinic")
    goes_with_person = True
    coded = frozenset({"changes"})

    class Meta:
        verbose_name = _("look of the rules")
        verbose_name_plural = _("looks of the rules")
        ordering = ["patient", "number"]
        constraints = [models.UniqueConstraint(fields=["clinic", "patient", "number"], name="caseload_look_once")]
        indexes = [models.Index(fields=["clinic", "on"], name="caseload_look_by_day")]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d}"
