"""What a person should do: the program given, the weekdays, and pauses."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel, ScopedQuerySet
from patients.models.patient import Patient
from programs.models import ProgramVersion

RUNNING = ("held", "running")


class AssignmentQuerySet(ScopedQuerySet["Assignment"]):
    """Reads of assignments."""

    def running(self) -> "AssignmentQuerySet":
        """Held or running."""
        return self.filter(status__in=RUNNING)


class Assignment(ScopedModel):
    """A patient's program: the version in force, when it starts, and on which days."""

    class Status(models.TextChoices):
        """Life of an assignment; the moves are in `states.py`."""

        HELD = "held", _("held until the symptom check is clear")
        RUNNING = "running", _("running")
        COMPLETED = "completed", _("completed")
        ENDED = "ended", _("ended early")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Outcome(models.TextChoices):
        """How it came that a program ended early."""

        FINISHED = "finished", _("finished before the last day")
        BETTER = "better", _("stopped because of feeling better")
        WORSE = "worse", _("stopped because of feeling worse")
        MOVED = "moved", _("moved away")
        OTHER = "other", _("something else")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="assignments")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="assignments")
    version = models.ForeignKey(ProgramVersion, on_delete=models.PROTECT, related_name="assignments")
    tailored_on = models.DateField(_("changed for the patient from"), null=True, blank=True, help_text=_("First day of the last change."))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.HELD)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"), help_text=_("Last day of the last week."))
    supervised_weekdays = models.JSONField(_("days in the clinic"), default=list)
    supervised_time = models.TimeField(_("time in the clinic"), null=True, blank=True)
    home_weekdays = models.JSONField(_("days at home"), default=list)
    shows_model_line = models.BooleanField(_("patient sees the study's model line"), default=False)
    assigned_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    end_outcome = models.CharField(_("how it ended"), max_length=10, choices=Outcome.choices, blank=True)
    end_reason = models.CharField(_("reason"), max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    scope = Scope("clinic", "patient__membership")
    coded = frozenset({"supervised_weekdays", "home_weekdays"})
    objects: ClassVar[Any] = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["-starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient"], condition=Q(status__in=RUNNING), name="assignment_one_running"),
            models.CheckConstraint(condition=Q(starts_on__lte=F("ends_on")), name="assignment_dates_in_order"),
        ]
        indexes = [
            models.Index(fields=["clinic", "status", "ends_on"], name="assignment_by_status"),
            models.Index(fields=["clinic", "patient", "-starts_on"], name="assignment_by_patient"),
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.starts_on:%Y-%m-%d}"


class AssignmentVersion(ScopedModel):
    """A change of a running plan: from which day which tailored version is in force, and why; before the first it is the version forked."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="versions")
    version = models.ForeignKey(ProgramVersion, on_delete=models.PROTECT, related_name="+")
    from_on = models.DateField(_("from"))
    reason = models.CharField(_("reason"), max_length=500)
    changes = models.JSONField(_("changes"), default=list, help_text=_("What is different from the version before, as it was told."))
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    scope = Scope("clinic", "patient__membership")

    class Meta:
        verbose_name = _("change of a plan")
        verbose_name_plural = _("changes of plans")
        ordering = ["from_on", "made_at"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "assignment", "version"], name="assignment_version_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="assignment_version_reason_given"),
        ]
        indexes = [
            models.Index(fields=["clinic", "assignment", "from_on"], name="assignment_version_by_day"),
            models.Index(fields=["clinic", "patient", "-from_on", "-id"], name="assignment_version_by_patient"),
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.from_on:%Y-%m-%d}"


class AssignmentDraft(ScopedModel):
    """The choices of an assignment that somebody has begun and not given yet; one a patient, with no effect on anything."""

    patient = models.OneToOneField(Patient, on_delete=models.CASCADE, primary_key=True, related_name="draft")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(ProgramVersion, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    supervised_weekdays = models.JSONField(_("days in the clinic"), default=list)
    supervised_time = models.TimeField(_("time in the clinic"), null=True, blank=True)
    home_weekdays = models.JSONField(_("days at home"), default=list)
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    scope = Scope("clinic")
    goes_with_person = True

    class Meta:
        verbose_name = _("draft of an assignment")
        verbose_name_plural = _("drafts of assignments")

    def __str__(self) -> str:
        return f"{self.version}"


class Pause(ScopedModel):
    """Days without training that do not count against anybody."""

    class Reason(models.TextChoices):
        """Why."""

        HOLIDAY = "holiday", _("holiday")
        ILL = "ill", _("ill")
        OTHER = "other", _("something else")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="pauses")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="pauses")
    from_on = models.DateField(_("from"))
    to_on = models.DateField(_("to"))
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices)
    shifted_days = models.PositiveSmallIntegerField(default=0)
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    client_key = models.UUIDField(null=True, blank=True, editable=False)
    client_digest = models.CharField(max_length=64, blank=True, editable=False)

    scope = Scope("clinic", "patient__membership")

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ["-from_on"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient", "client_key"], name="pause_key_once"),
            models.CheckConstraint(condition=Q(from_on__lte=F("to_on")), name="pause_dates_in_order"),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "from_on"], name="pause_by_patient")]

    def __str__(self) -> str:
        return f"{self.from_on:%Y-%m-%d} – {self.to_on:%Y-%m-%d}"
