"""What could be done: exercises, programs, their frozen versions, and the doses in them."""

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel, ScopedQuerySet


def in_language(texts: Any, language: str | None = None) -> Any:
    """Pick a text from {"en": …, "de": …}; None means the active language; English where the other is missing."""
    if not isinstance(texts, dict):
        return texts or ""
    code = (language or get_language() or "en")[:2]
    return texts.get(code) or texts.get("en") or ""


class Setting(models.TextChoices):
    """Where a session takes place."""

    SUPERVISED = "supervised", _("in the clinic")
    HOME = "home", _("at home")


class Exercise(ScopedModel):
    """One exercise; a changed text or picture is a new revision, never a changed row."""

    class Measure(models.TextChoices):
        """What is counted."""

        REPS = "reps", _("repetitions")
        HOLD = "hold", _("hold")
        DURATION = "duration", _("duration")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, null=True, blank=True, related_name="exercises")
    key = models.SlugField(_("key"), max_length=60)
    revision = models.PositiveIntegerField(_("revision"), default=1)
    is_current = models.BooleanField(_("current"), default=True)
    group = models.CharField(_("group"), max_length=30)
    measure = models.CharField(_("measured in"), max_length=10, choices=Measure.choices)
    names = models.JSONField(_("names"))
    content = models.JSONField(_("content"), help_text=_("Steps, cue, dose range, easier, harder, faults, equipment, provenance, pose."))
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    approved_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)

    scope = Scope("clinic", shared=True)

    class Meta:
        verbose_name = _("exercise")
        verbose_name_plural = _("exercises")
        ordering = ["group", "key"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "key", "revision"], name="exercise_revision_once"),
            models.UniqueConstraint(fields=["key", "revision"], condition=Q(clinic=None), name="exercise_shared_revision_once"),
            models.UniqueConstraint(fields=["clinic", "key"], condition=Q(is_current=True), name="exercise_current_once"),
            models.UniqueConstraint(fields=["key"], condition=Q(is_current=True, clinic=None), name="exercise_shared_current_once"),
        ]

    def __str__(self) -> str:
        return str(in_language(self.names))

    @property
    def name(self) -> str:
        """Name in the active language."""
        return str(in_language(self.names))

    def text(self, part: str) -> Any:
        """Return a part of the content (steps, cue, easier, …) in the active language."""
        return in_language(self.content.get(part))


class ExercisePicture(ScopedModel):
    """A photo of a clinic's own exercise, made anew from what was uploaded; everybody of the clinic may see it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    content = models.BinaryField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    scope = Scope("clinic_id", "clinic__memberships")

    class Meta:
        verbose_name = _("picture of an exercise")
        verbose_name_plural = _("pictures of exercises")
        constraints = [models.UniqueConstraint(fields=["clinic", "digest"], name="picture_once")]

    def __str__(self) -> str:
        return f"{self.width} × {self.height}"


class ExerciseVideo(ScopedModel):
    """A short film of a clinic's own exercise, cleaned of everything but picture and sound; everybody of the clinic may see it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField(help_text=_("Bytes."))
    seconds = models.FloatField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    has_sound = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    scope = Scope("clinic_id", "clinic__memberships")

    class Meta:
        verbose_name = _("video of an exercise")
        verbose_name_plural = _("videos of exercises")
        constraints = [
            models.UniqueConstraint(fields=["clinic", "digest"], name="video_once"),
            models.CheckConstraint(condition=Q(size__gt=0, size__lte=20_000_000), name="video_size_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.seconds:g} s"


class VideoPart(ScopedModel):
    """A piece of a film, so that sending the middle of it reads no more than that."""

    BYTES: ClassVar[int] = 524_288

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    video = models.ForeignKey(ExerciseVideo, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveSmallIntegerField(help_text=_("From 0; every part but the last has the same size."))
    content = models.BinaryField()

    scope = Scope("clinic_id", "clinic__memberships")

    class Meta:
        verbose_name = _("part of a video")
        verbose_name_plural = _("parts of videos")
        ordering = ["video", "number"]
        constraints = [models.UniqueConstraint(fields=["clinic", "video", "number"], name="video_part_once")]

    def __str__(self) -> str:
        return str(self.number)


class Program(ScopedModel):
    """A line of versions: shared library (no clinic), a clinic's own, or tailored to one patient."""

    class Kind(models.TextChoices):
        """What one does in it."""

        STRENGTH = "strength", _("strength")
        RUN_WALK = "run_walk", _("run-walk")
        WALK = "walk", _("walking")
        FLARE_UP = "flare_up", _("flare-up")

    class Origin(models.TextChoices):
        """Whose it is."""

        LIBRARY = "library", _("shared library")
        CLINIC = "clinic", _("clinic")
        TAILORED = "tailored", _("tailored")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, null=True, blank=True, related_name="programs")
    key = models.SlugField(_("key"), max_length=60)
    code = models.CharField(_("code"), max_length=8, help_text=_("Short code for charts, for example LL."))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices, default=Origin.LIBRARY)
    names = models.JSONField(_("names"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    scope = Scope("clinic", shared=True)

    class Meta:
        verbose_name = _("program")
        verbose_name_plural = _("programs")
        ordering = ["position", "key"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "key"], name="program_key_once"),
            models.UniqueConstraint(fields=["key"], condition=Q(clinic=None), name="program_shared_key_once"),
            models.CheckConstraint(condition=Q(origin="library", clinic=None) | ~Q(origin="library"), name="program_library_is_shared"),
        ]

    def __str__(self) -> str:
        return str(in_language(self.names))

    @property
    def name(self) -> str:
        """Name in the active language."""
        return str(in_language(self.names))


class VersionQuerySet(ScopedQuerySet["ProgramVersion"]):
    """Reads of program versions."""

    def published(self) -> "VersionQuerySet":
        """Those that can be assigned."""
        return self.filter(status=ProgramVersion.Status.PUBLISHED)


class ProgramVersion(ScopedModel):
    """One version of a program; published means frozen for ever."""

    class Status(models.TextChoices):
        """Life of a version; the moves are in `states.py`."""

        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        RETIRED = "retired", _("retired")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="versions")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    number = models.PositiveIntegerField(_("number"))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.DRAFT)
    weeks = models.PositiveSmallIntegerField(_("weeks"), validators=[MinValueValidator(1), MaxValueValidator(52)])
    supervised_per_week = models.PositiveSmallIntegerField(_("in the clinic, times a week"), default=0)
    home_per_week = models.PositiveSmallIntegerField(_("at home, times a week"), default=0)
    summary = models.JSONField(_("summary"), default=dict, blank=True)
    evidence = models.JSONField(_("evidence"), default=dict, blank=True)
    assessments = models.JSONField(_("assessments"), default=list, blank=True)
    checklist = models.JSONField(_("entry checklist"), default=list, blank=True)
    forked_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="forks")
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    digest = models.CharField(max_length=64, blank=True, editable=False)
    draft = models.JSONField(default=list, blank=True, editable=False)
    revision = models.PositiveIntegerField(_("revision"), default=0)
    changed_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    published_at = models.DateTimeField(null=True, blank=True)

    scope = Scope("clinic", shared=True)
    objects: ClassVar[Any] = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("program version")
        verbose_name_plural = _("program versions")
        ordering = ["program", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["program", "number"], name="version_number_once"),
            models.CheckConstraint(condition=Q(weeks__gte=1, weeks__lte=52), name="version_weeks_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.program} · {self.number}"


class DraftStep(ScopedModel):
    """A draft as it was before a change: what undo goes back to, and what two people's changes are compared with."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(ProgramVersion, on_delete=models.CASCADE, related_name="steps")
    revision = models.PositiveIntegerField()
    weeks = models.PositiveSmallIntegerField(default=1)
    draft = models.JSONField()
    changed_at = models.DateTimeField()

    scope = Scope("clinic")

    class Meta:
        verbose_name = _("step of a draft")
        verbose_name_plural = _("steps of drafts")
        ordering = ["version", "-revision"]
        constraints = [models.UniqueConstraint(fields=["version", "revision"], name="draft_step_once")]

    def __str__(self) -> str:
        return f"{self.version_id} {self.revision}"


class ProgramApproval(ScopedModel):
    """A physiotherapist of a clinic looked through a version; before that it cannot be assigned there."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="approvals")
    version = models.ForeignKey(ProgramVersion, on_delete=models.PROTECT, related_name="approvals")
    approved_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()

    scope = Scope("clinic")

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        constraints = [models.UniqueConstraint(fields=["clinic", "version"], name="approval_once")]

    def __str__(self) -> str:
        return f"{self.version} · {self.clinic}"


class SessionPlan(ScopedModel):
    """A kind of session: in which weeks, where, how often, how long."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(ProgramVersion, on_delete=models.CASCADE, related_name="session_plans")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)
    week_from = models.PositiveSmallIntegerField(_("from week"))
    week_to = models.PositiveSmallIntegerField(_("to week"))
    setting = models.CharField(_("place"), max_length=10, choices=Setting.choices)
    times_a_week = models.PositiveSmallIntegerField(_("times a week"))
    minutes = models.PositiveSmallIntegerField(_("minutes"))
    weekdays = models.JSONField(_("usual weekdays"), default=list, blank=True)
    days = models.JSONField(_("fixed days of the week, 1 is the first"), default=list, blank=True)
    phase = models.JSONField(_("phase"), default=dict, blank=True)
    note = models.JSONField(_("note"), default=dict, blank=True)
    provenance = models.JSONField(_("provenance"), default=dict, blank=True)

    scope = Scope("clinic", shared=True)

    class Meta:
        verbose_name = _("session plan")
        verbose_name_plural = _("session plans")
        ordering = ["version", "week_from", "position"]
        constraints = [
            models.CheckConstraint(condition=Q(week_from__gte=1, week_from__lte=F("week_to")), name="plan_weeks_in_order"),
            models.CheckConstraint(condition=Q(times_a_week__gte=1, times_a_week__lte=7), name="plan_times_a_week"),
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes__lte=240), name="plan_minutes"),
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.week_from}–{self.week_to} {self.setting}"


class Prescription(ScopedModel):
    """One exercise with its dose inside a session plan."""

    class Block(models.TextChoices):
        """Part of the session."""

        WARM_UP = "warm_up", _("warm-up")
        MAIN = "main", _("main part")
        COOL_DOWN = "cool_down", _("cool-down")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session_plan = models.ForeignKey(SessionPlan, on_delete=models.CASCADE, related_name="prescriptions")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="prescriptions")
    block = models.CharField(_("part"), max_length=10, choices=Block.choices, default=Block.MAIN)
    position = models.PositiveSmallIntegerField(default=0)
    sets = models.PositiveSmallIntegerField(_("sets"), default=1)
    reps_low = models.PositiveSmallIntegerField(_("repetitions, from"), null=True, blank=True)
    reps_high = models.PositiveSmallIntegerField(_("repetitions, to"), null=True, blank=True)
    hold_seconds = models.PositiveSmallIntegerField(_("hold, s"), null=True, blank=True)
    duration_seconds = models.PositiveIntegerField(_("duration, s"), null=True, blank=True)
    run_seconds = models.PositiveSmallIntegerField(_("run, s"), null=True, blank=True)
    walk_seconds = models.PositiveSmallIntegerField(_("walk, s"), null=True, blank=True)
    stage = models.PositiveSmallIntegerField(_("stage"), null=True, blank=True)
    rest_seconds = models.PositiveSmallIntegerField(_("rest, s"), default=0)
    per_side = models.BooleanField(_("per side"), default=False)
    tempo = models.CharField(_("tempo, s"), max_length=12, blank=True)
    load = models.JSONField(_("load"), default=dict, blank=True)
    variation = models.JSONField(_("variation"), default=dict, blank=True)
    circuit = models.PositiveSmallIntegerField(
        _("circuit"), default=0, help_text=_("Exercises of one number are done in turns; 0 is none.")
    )
    pose_variant = models.CharField(max_length=20, blank=True)
    effort_low = models.PositiveSmallIntegerField(_("effort, from"), null=True, blank=True)
    effort_high = models.PositiveSmallIntegerField(_("effort, to"), null=True, blank=True)
    exercise_provenance = models.CharField(_("exercise from"), max_length=200)
    dose_provenance = models.CharField(_("dose from"), max_length=200)
    provenance_note = models.JSONField(_("note on the source"), default=dict, blank=True)

    scope = Scope("clinic", shared=True)

    class Meta:
        verbose_name = _("prescription")
        verbose_name_plural = _("prescriptions")
        ordering = ["session_plan", "position"]
        constraints = [
            models.UniqueConstraint(fields=["session_plan", "block", "position"], name="prescription_position_once"),
            models.CheckConstraint(condition=Q(sets__gte=1, sets__lte=30), name="prescription_sets"),
            models.CheckConstraint(condition=Q(reps_low=None) | Q(reps_low__lte=F("reps_high")), name="prescription_reps_in_order"),
            models.CheckConstraint(
                condition=Q(effort_low=None) | Q(effort_low__lte=F("effort_high"), effort_high__lte=10), name="prescription_effort_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exercise} {self.sets}×"
