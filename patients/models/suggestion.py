"""Suggestions for the next dose: whether a clinic has them at all, and what was suggested, with what became of it."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel, ScopedQuerySet
from patients.models.assignment import Assignment, AssignmentVersion
from patients.models.patient import Patient

NOTICE_VERSION = "1"
"""Version of the medical-device notice an administrator confirms; its words are in templates/patients/suggestion_notice.html."""


class SwitchQuerySet(ScopedQuerySet["SuggestionSwitch"]):
    """Reads of switches."""

    def on(self) -> "SwitchQuerySet":
        """Those not ended."""
        return self.filter(ended_at=None)


class SuggestionSwitch(ScopedModel):
    """A time in which a clinic has suggestions: which administrator turned them on, having confirmed the notice, and who ended it.

    Without an open row there are none. Rows are never changed but for their end, and never removed.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", verbose_name=_("clinic"))
    notice_version = models.CharField(_("version of the notice"), max_length=20)
    basis = models.CharField(_("what permits the use here"), max_length=500)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("turned on by"))
    confirmed_at = models.DateTimeField(_("turned on"))
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("turned off by")
    )
    ended_at = models.DateTimeField(_("turned off"), null=True, blank=True)

    scope = Scope("clinic")
    objects: ClassVar[Any] = SwitchQuerySet.as_manager()

    class Meta:
        verbose_name = _("switch of suggestions")
        verbose_name_plural = _("switches of suggestions")
        ordering = ["-confirmed_at"]
        constraints = [
            models.UniqueConstraint(fields=["clinic"], condition=Q(ended_at=None), name="suggestion_switch_once"),
            models.CheckConstraint(condition=~Q(basis="") & ~Q(notice_version=""), name="suggestion_switch_has_basis"),
        ]

    def __str__(self) -> str:
        return f"{self.clinic} {self.confirmed_at:%Y-%m-%d}"


class Suggestion(ScopedModel):
    """What a rule suggested about one plan, with the evidence it saw, and what a therapist decided; the patient never sees it.

    `exercise` is empty for a suggestion about the whole plan. `move` is the change it would make, `used` the one that was made when
    somebody confirmed it with another load.
    """

    class Status(models.TextChoices):
        """Life of a suggestion; the moves are in `states.py`."""

        OPEN = "open", _("open")
        USED = "used", _("used")
        DECLINED = "declined", _("not now")
        OVERTAKEN = "overtaken", _("overtaken")

    class Reason(models.TextChoices):
        """Why it was declined."""

        EARLY = "early", _("too early, wait for more sessions")
        FINDINGS = "findings", _("findings or complaints speak against it")
        TECHNIQUE = "technique", _("the movement is not clean enough yet")
        WISH = "wish", _("the patient does not wish it")
        STEP = "step", _("the step does not fit or cannot be set")
        OTHER = "other", _("another reason")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="suggestions")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="suggestions")
    rule = models.CharField(_("rule"), max_length=20)
    rules_version = models.CharField(_("version of the rules"), max_length=20)
    exercise = models.CharField(_("exercise"), max_length=60, blank=True)
    names = models.JSONField(_("name of the exercise"), default=dict, blank=True)
    evidence_key = models.CharField(max_length=160)
    evidence = models.JSONField(_("evidence"), default=dict)
    move = models.JSONField(_("change"), default=dict)
    first_week = models.PositiveSmallIntegerField(_("from week"))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.OPEN)
    suggested_at = models.DateTimeField(_("suggested"))
    decided_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    reason = models.CharField(_("why not"), max_length=10, choices=Reason.choices, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    used = models.JSONField(_("change that was made"), default=dict, blank=True)
    plan_change = models.OneToOneField(AssignmentVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="suggestion")

    scope = Scope("clinic")
    coded = frozenset({"rule", "rules_version", "exercise", "names", "evidence_key", "evidence", "move", "used"})

    class Meta:
        verbose_name = _("suggestion")
        verbose_name_plural = _("suggestions")
        ordering = ["-suggested_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "assignment", "evidence_key"], name="suggestion_once_per_evidence"),
            models.CheckConstraint(condition=~Q(status="declined") | ~Q(reason=""), name="suggestion_declined_has_reason"),
            models.CheckConstraint(condition=~Q(status="used") | Q(plan_change__isnull=False), name="suggestion_used_has_change"),
            models.CheckConstraint(
                condition=~Q(status__in=["used", "declined"]) | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="suggestion_decided_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "-suggested_at", "-id"], name="suggestion_by_patient")]

    def __str__(self) -> str:
        return f"{self.rule} {self.suggested_at:%Y-%m-%d}"
