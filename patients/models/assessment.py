"""The measurements at start, middle, end and months after."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel
from patients.models.assignment import Assignment
from patients.models.patient import Patient
from patients.models.session import between


class Assessment(ScopedModel):
    """One measurement of one assignment: running-induced pain (NPRS) and running capability (PSFS, one item)."""

    class Status(models.TextChoices):
        """Life of an assessment; due and overdue follow from the date."""

        PLANNED = "planned", _("planned")
        DONE = "done", _("done")
        SKIPPED = "skipped", _("skipped")
        CANCELLED = "cancelled", _("cancelled")

    class Key(models.TextChoices):
        """The five time points of the study."""

        BASELINE = "baseline", _("Start")
        MIDDLE = "middle", _("Middle")
        END = "end", _("End")
        MONTH_3 = "month_3", _("3 months after")
        MONTH_6 = "month_6", _("6 months after")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="assessments")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="assessments")
    key = models.CharField(_("time point"), max_length=10, choices=Key.choices)
    week = models.PositiveSmallIntegerField(_("week"))
    due_on = models.DateField(_("due on"))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PLANNED)
    no_run_this_week = models.BooleanField(_("no run this week"), default=False)
    running_pain_0_10 = models.PositiveSmallIntegerField(_("worst pain when running"), null=True, blank=True)
    running_capability_0_10 = models.PositiveSmallIntegerField(_("running capability"), null=True, blank=True)
    done_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    entered_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    scope = Scope("clinic", "patient__membership")

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        ordering = ["due_on"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "assignment", "key"], name="assessment_once"),
            models.CheckConstraint(condition=between("running_pain_0_10", 0, 10), name="assessment_pain_0_10"),
            models.CheckConstraint(condition=between("running_capability_0_10", 0, 10), name="assessment_capability_0_10"),
            models.CheckConstraint(
                condition=~Q(status="done")
                | Q(running_capability_0_10__isnull=False)
                & (Q(no_run_this_week=True, running_pain_0_10__isnull=True) | Q(no_run_this_week=False, running_pain_0_10__isnull=False)),
                name="assessment_done_is_complete",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "patient", "due_on"], name="assessment_by_patient"),
            models.Index(fields=["status", "due_on"], name="assessment_due"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.due_on:%Y-%m-%d}"
