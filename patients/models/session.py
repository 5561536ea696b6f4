"""Sessions: the date that was set, and what was really done on it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel, ScopedQuerySet
from patients.models.assignment import Assignment
from patients.models.patient import Patient
from programs.models import Prescription, SessionPlan, Setting


def between(field: str, low: int, high: int) -> Q:
    """Return the condition of a whole-number answer that may be missing."""
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__gte": low, f"{field}__lte": high})


class ScheduledSessionQuerySet(ScopedQuerySet["ScheduledSession"]):
    """Reads of scheduled sessions."""

    def planned(self) -> "ScheduledSessionQuerySet":
        """Still to be done."""
        return self.filter(status=ScheduledSession.Status.PLANNED)


class ScheduledSession(ScopedModel):
    """One session on one date; remembers the plan (and so the version) it belongs to."""

    class Status(models.TextChoices):
        """Life of a session; the moves are in `states.py`."""

        PLANNED = "planned", _("planned")
        DONE = "done", _("done")
        PARTIAL = "partial", _("partly done")
        MISSED = "missed", _("missed")
        SKIPPED = "skipped", _("not today")
        CANCELLED = "cancelled", _("cancelled")

    class SkipReason(models.TextChoices):
        """Why a session was not done (evidence: reasons people name for stopping)."""

        PAIN = "pain", _("pain")
        TIME = "time", _("no time")
        FORGOT = "forgot", _("forgot")
        ILL = "ill", _("ill")
        WELL = "well", _("feeling fine")
        OTHER = "other", _("something else")

    class Attendance(models.TextChoices):
        """Whether the person came to the clinic; empty while nobody has said so."""

        EXPECTED = "", _("expected")
        CAME = "came", _("present")
        LATE_CANCEL = "late", _("cancelled late")
        NO_SHOW = "no_show", _("did not come")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="sessions")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="sessions")
    session_plan = models.ForeignKey(SessionPlan, on_delete=models.PROTECT, related_name="+")
    week = models.PositiveSmallIntegerField(_("week"))
    setting = models.CharField(_("place"), max_length=10, choices=Setting.choices)
    on = models.DateField(_("day"))
    starts_at = models.DateTimeField(_("time"), null=True, blank=True, help_text=_("Only for sessions in the clinic."))
    original_on = models.DateField(_("moved from"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PLANNED)
    reason = models.CharField(_("reason"), max_length=10, choices=SkipReason.choices, blank=True)
    attendance = models.CharField(
        _("attendance"), max_length=7, choices=Attendance.choices, blank=True, default="", help_text=_("Only for sessions in the clinic.")
    )
    done_share = models.FloatField(_("share done"), default=0)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    scope = Scope("clinic", "patient__membership")
    objects: ClassVar[Any] = ScheduledSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("scheduled session")
        verbose_name_plural = _("scheduled sessions")
        ordering = ["on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "assignment", "on", "setting"], condition=~Q(status="cancelled"), name="session_once_a_day_and_place"
            ),
            models.CheckConstraint(condition=Q(done_share__gte=0, done_share__lte=1), name="session_share_in_range"),
        ]
        indexes = [
            models.Index(fields=["clinic", "patient", "on"], name="session_by_patient"),
            models.Index(fields=["clinic", "on", "setting", "status"], name="session_by_day"),
            models.Index(fields=["status", "on"], name="session_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d} {self.setting}"


class SessionLog(ScopedModel):
    """What was done in one session, with pain and effort as the person felt them."""

    class Source(models.TextChoices):
        """How the entry got here."""

        APP = "app", _("by the patient")
        PAPER = "paper", _("from paper")
        CLINIC = "clinic", _("by the clinic")
        API = "api", _("by another program")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="session_logs")
    session = models.OneToOneField(ScheduledSession, on_delete=models.PROTECT, related_name="log")
    on = models.DateField(_("day"))
    done_at = models.DateTimeField(_("done at"))
    as_prescribed = models.BooleanField(_("as prescribed"), default=False)
    pain_during_0_10 = models.PositiveSmallIntegerField(_("worst pain during"), null=True, blank=True)
    effort_rpe_0_10 = models.PositiveSmallIntegerField(_("effort"), null=True, blank=True)
    soreness_0_10 = models.PositiveSmallIntegerField(_("muscle soreness"), null=True, blank=True)
    stopped_for_pain = models.BooleanField(_("stopped because of pain"), default=False)
    note = models.CharField(_("note"), max_length=2000, blank=True)
    source = models.CharField(_("entered"), max_length=6, choices=Source.choices, default=Source.APP)
    entered_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField(default=timezone.now, editable=False)
    client_key = models.UUIDField(null=True, blank=True, editable=False)
    client_digest = models.CharField(max_length=64, blank=True, editable=False)

    scope = Scope("clinic", "patient__membership")

    class Meta:
        verbose_name = _("session log")
        verbose_name_plural = _("session logs")
        ordering = ["-on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient", "client_key"], name="session_log_key_once"),
            models.CheckConstraint(condition=between("pain_during_0_10", 0, 10), name="session_log_pain_0_10"),
            models.CheckConstraint(condition=between("effort_rpe_0_10", 0, 10), name="session_log_effort_0_10"),
            models.CheckConstraint(condition=between("soreness_0_10", 0, 10), name="session_log_soreness_0_10"),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "-on", "-id"], name="session_log_recent")]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d}"


class ExerciseLog(ScopedModel):
    """What was done of one prescription."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    session_log = models.ForeignKey(SessionLog, on_delete=models.CASCADE, related_name="exercises")
    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)
    sets_done = models.PositiveSmallIntegerField(_("sets done"), default=0)
    reps_done = models.PositiveSmallIntegerField(_("repetitions a set"), null=True, blank=True)
    hold_seconds_done = models.PositiveSmallIntegerField(_("hold, s"), null=True, blank=True)
    load_kg = models.DecimalField(_("load, kg"), max_digits=5, decimal_places=1, null=True, blank=True)
    pain_0_10 = models.PositiveSmallIntegerField(_("worst pain"), null=True, blank=True)
    skip_reason = models.CharField(_("why not"), max_length=10, choices=ScheduledSession.SkipReason.choices, blank=True)

    scope = Scope("clinic", "patient__membership")

    class Meta:
        verbose_name = _("exercise log")
        verbose_name_plural = _("exercise logs")
        ordering = ["session_log", "position"]
        constraints = [
            models.UniqueConstraint(fields=["session_log", "prescription"], name="exercise_log_once"),
            models.CheckConstraint(condition=between("pain_0_10", 0, 10), name="exercise_log_pain_0_10"),
            models.CheckConstraint(condition=Q(sets_done__lte=30), name="exercise_log_sets"),
            models.CheckConstraint(condition=Q(load_kg=None) | Q(load_kg__gte=0, load_kg__lte=500), name="exercise_log_load"),
        ]

    def __str__(self) -> str:
        return f"{self.sets_done}×"
