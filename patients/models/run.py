"""Runs: how far, how long, what hurt, and the shoes that carried it."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel
from patients.models.patient import Patient
from patients.models.session import ScheduledSession, between

SHOE_LIMIT_KM = 650
"""Where a pair is noted as worn when nothing else is entered: the middle of 300–500 miles, which is 480–800 km (seed article 000)."""


class Shoe(ScopedModel):
    """A pair of running shoes; its kilometres are the sum of its runs."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="shoes")
    name = models.CharField(_("name"), max_length=60)
    started_on = models.DateField(_("in use since"))
    limit_km = models.PositiveIntegerField(_("worn after, km"), default=SHOE_LIMIT_KM)
    retired_on = models.DateField(_("put aside on"), null=True, blank=True)
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    client_key = models.UUIDField(null=True, blank=True, editable=False)
    client_digest = models.CharField(max_length=64, blank=True, editable=False)

    scope = Scope("clinic", "patient__membership")

    class Meta:
        verbose_name = _("pair of shoes")
        verbose_name_plural = _("pairs of shoes")
        ordering = ["-started_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient", "client_key"], name="shoe_key_once"),
            models.CheckConstraint(condition=Q(limit_km__gte=100, limit_km__lte=3000), name="shoe_limit_in_range"),
            models.CheckConstraint(condition=Q(retired_on=None) | Q(retired_on__gte=F("started_on")), name="shoe_dates_in_order"),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "retired_on"], name="shoe_by_patient")]

    def __str__(self) -> str:
        return self.name


class Run(ScopedModel):
    """One run or run-walk as it was done; distance, time and most answers may be missing, the worst back pain may not.

    Knees, ankles and shins are asked for because seven of the nine events of ASTEROID were there (Neason 2025).
    """

    class Source(models.TextChoices):
        """Where the numbers come from."""

        HAND = "hand", _("by hand")
        FIT = "fit", _("watch file (FIT)")
        TCX = "tcx", _("watch file (TCX)")
        GPX = "gpx", _("watch file (GPX)")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="runs")
    session = models.OneToOneField(ScheduledSession, on_delete=models.PROTECT, null=True, blank=True, related_name="run")
    on = models.DateField(_("day"))
    done_at = models.DateTimeField(_("done at"))
    distance_km = models.DecimalField(_("distance, km"), max_digits=6, decimal_places=2, null=True, blank=True)
    duration_seconds = models.PositiveIntegerField(_("time, s"), null=True, blank=True)
    stage = models.PositiveSmallIntegerField(_("run-walk stage"), null=True, blank=True)
    run_seconds = models.PositiveSmallIntegerField(_("run, s"), null=True, blank=True)
    walk_seconds = models.PositiveSmallIntegerField(_("walk, s"), null=True, blank=True)
    rounds_done = models.PositiveSmallIntegerField(_("rounds done"), null=True, blank=True)
    pain_before_0_10 = models.PositiveSmallIntegerField(_("back pain before"), null=True, blank=True)
    pain_worst_0_10 = models.PositiveSmallIntegerField(_("worst back pain"))
    pain_after_0_10 = models.PositiveSmallIntegerField(_("back pain after"), null=True, blank=True)
    leg_pain_0_10 = models.PositiveSmallIntegerField(_("pain in knees, ankles or shins"), null=True, blank=True)
    effort_rpe_0_10 = models.PositiveSmallIntegerField(_("effort"), null=True, blank=True)
    average_heart_rate = models.PositiveSmallIntegerField(_("average heart rate, beats a minute"), null=True, blank=True)
    shoe = models.ForeignKey(Shoe, on_delete=models.PROTECT, null=True, blank=True, related_name="runs")
    note = models.CharField(_("note"), max_length=2000, blank=True)
    source = models.CharField(_("numbers from"), max_length=4, choices=Source.choices, default=Source.HAND)
    entered_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField(default=timezone.now, editable=False)
    client_key = models.UUIDField(null=True, blank=True, editable=False)
    client_digest = models.CharField(max_length=64, blank=True, editable=False)

    scope = Scope("clinic", "patient__membership")

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient", "client_key"], name="run_key_once"),
            models.CheckConstraint(
                condition=Q(distance_km=None) | Q(distance_km__gt=0, distance_km__lte=300), name="run_distance_in_range"
            ),
            models.CheckConstraint(
                condition=Q(duration_seconds=None) | Q(duration_seconds__gt=0, duration_seconds__lte=172_800), name="run_duration_in_range"
            ),
            models.CheckConstraint(
                condition=Q(distance_km__isnull=False) | Q(duration_seconds__isnull=False), name="run_has_distance_or_duration"
            ),
            models.CheckConstraint(condition=between("rounds_done", 0, 60), name="run_rounds_in_range"),
            models.CheckConstraint(condition=between("pain_before_0_10", 0, 10), name="run_pain_before_0_10"),
            models.CheckConstraint(condition=between("pain_worst_0_10", 0, 10), name="run_pain_worst_0_10"),
            models.CheckConstraint(condition=between("pain_after_0_10", 0, 10), name="run_pain_after_0_10"),
            models.CheckConstraint(condition=between("leg_pain_0_10", 0, 10), name="run_leg_pain_0_10"),
            models.CheckConstraint(condition=between("effort_rpe_0_10", 0, 10), name="run_effort_0_10"),
            models.CheckConstraint(condition=between("average_heart_rate", 30, 250), name="run_heart_rate_in_range"),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "-on", "-id"], name="run_recent")]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d}"


class DeletedRun(ScopedModel):
    """What stays of a deleted run: its id and key, so that the entry sent again does not come back; its answers are a correction."""

    id = models.UUIDField(primary_key=True, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="deleted_runs")
    on = models.DateField(_("day"))
    client_key = models.UUIDField(null=True, blank=True, editable=False)
    deleted_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    deleted_at = models.DateTimeField(_("deleted at"))

    scope = Scope("clinic", "patient__membership")

    class Meta:
        verbose_name = _("deleted run")
        verbose_name_plural = _("deleted runs")
        ordering = ["-deleted_at"]
        indexes = [models.Index(fields=["clinic", "patient", "client_key"], name="deleted_run_by_key")]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d}"
