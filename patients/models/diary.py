"""The daily check-in, reported symptoms, and every correction of an entry."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel
from patients.models.patient import Patient
from patients.models.session import SessionLog, between


class SymptomReport(ScopedModel):
    """Answers to a symptom list, the verdict of the rules of that day, and what became of it."""

    class Context(models.TextChoices):
        """Where the question was asked."""

        ONBOARDING = "onboarding", _("before the program")
        CHECK_IN = "check_in", _("check-in")
        SESSION = "session", _("during a session")

    class Level(models.TextChoices):
        """What the rules made of it."""

        NONE = "none", _("all clear")
        CLEARANCE = "clearance", _("therapist decides")
        TRAINING = "training", _("stop the session")
        URGENT = "urgent", _("doctor today or tomorrow")
        EMERGENCY = "emergency", _("emergency")

    class Status(models.TextChoices):
        """Life of a report; the moves are in `states.py`."""

        CLEAR = "clear", _("nothing reported")
        OPEN = "open", _("open")
        WITHDRAWN = "withdrawn", _("reported, then withdrawn")
        CLEARED = "cleared", _("cleared by the therapist")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="symptom_reports")
    context = models.CharField(_("asked"), max_length=10, choices=Context.choices)
    signs = models.JSONField(_("signs"), default=list)
    level = models.CharField(_("level"), max_length=10, choices=Level.choices)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices)
    rules_version = models.CharField(_("version of the rules"), max_length=20)
    text_shown = models.JSONField(_("text shown"), default=list)
    language = models.CharField(max_length=5, default="en")
    reported_at = models.DateTimeField(_("reported at"))
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    cleared_at = models.DateTimeField(null=True, blank=True)
    clearance_note = models.CharField(_("clearance"), max_length=2000, blank=True)
    client_key = models.UUIDField(null=True, blank=True, editable=False)
    client_digest = models.CharField(max_length=64, blank=True, editable=False)

    scope = Scope("clinic", "patient__membership")
    coded = frozenset({"signs", "rules_version", "text_shown", "language"})

    class Meta:
        verbose_name = _("symptom report")
        verbose_name_plural = _("symptom reports")
        ordering = ["-reported_at"]
        constraints = [models.UniqueConstraint(fields=["clinic", "patient", "client_key"], name="symptom_report_key_once")]
        indexes = [
            models.Index(fields=["clinic", "patient", "-reported_at"], name="symptoms_recent"),
            models.Index(fields=["clinic", "status"], name="symptoms_open", condition=Q(status__in=["open", "withdrawn"])),
        ]

    def __str__(self) -> str:
        return f"{self.reported_at:%Y-%m-%d} {self.level}"


class CheckIn(ScopedModel):
    """Pain and readiness of one day; one row a day, its earlier answers are kept as corrections."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="check_ins")
    on = models.DateField(_("day"))
    pain_0_10 = models.PositiveSmallIntegerField(_("back pain now"))
    readiness_0_10 = models.PositiveSmallIntegerField(_("readiness to run"))
    symptoms = models.ForeignKey(SymptomReport, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    morning_after = models.ForeignKey(
        SessionLog, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text=_("The session of the day before.")
    )
    is_settled = models.BooleanField(_("settled by the next morning"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=2000, blank=True)
    done_at = models.DateTimeField(_("answered at"))
    source = models.CharField(_("entered"), max_length=6, choices=SessionLog.Source.choices, default=SessionLog.Source.APP)
    entered_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField(default=timezone.now, editable=False)
    client_key = models.UUIDField(null=True, blank=True, editable=False)
    client_digest = models.CharField(max_length=64, blank=True, editable=False)

    scope = Scope("clinic", "patient__membership")

    class Meta:
        verbose_name = _("check-in")
        verbose_name_plural = _("check-ins")
        ordering = ["-on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient", "on"], name="check_in_once_a_day"),
            models.UniqueConstraint(fields=["clinic", "patient", "client_key"], name="check_in_key_once"),
            models.CheckConstraint(condition=between("pain_0_10", 0, 10), name="check_in_pain_0_10"),
            models.CheckConstraint(condition=between("readiness_0_10", 0, 10), name="check_in_readiness_0_10"),
        ]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d}"


class Correction(ScopedModel):
    """An earlier value of an entry, who changed it, when and why; never removed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="corrections")
    object_type = models.CharField(max_length=40)
    object_id = models.UUIDField()
    before = models.JSONField(_("before"))
    after = models.JSONField(_("after"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    corrected_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    corrected_at = models.DateTimeField(_("corrected at"))
    client_key = models.UUIDField(null=True, blank=True, editable=False)
    client_digest = models.CharField(max_length=64, blank=True, editable=False)

    scope = Scope("clinic", "patient__membership")
    coded = frozenset({"object_type", "before", "after"})

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["-corrected_at"]
        indexes = [models.Index(fields=["clinic", "patient", "object_id"], name="correction_by_object")]

    def __str__(self) -> str:
        return f"{self.object_type} {self.corrected_at:%Y-%m-%d}"
