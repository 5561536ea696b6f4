"""A person's record in one clinic, and the line the caseload shows of it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Language, Membership
from clinics.scoping import Scope, ScopedModel, ScopedQuerySet


class PatientQuerySet(ScopedQuerySet["Patient"]):
    """Reads of patients."""

    def active(self) -> "PatientQuerySet":
        """Those not put into the archive."""
        return self.filter(status=Patient.Status.ACTIVE)

    def matching(self, words: str) -> "PatientQuerySet":
        """Those whose name or number holds every one of the words."""
        found = self
        for word in words.split()[:5]:
            found = found.filter(Q(search_text__contains=word.lower()) | Q(number__icontains=word))
        return found


class Patient(ScopedModel):
    """Somebody who is treated in a clinic; signs in through the membership, if at all."""

    class Status(models.TextChoices):
        """Whether the record is in use."""

        ACTIVE = "active", _("active")
        ARCHIVED = "archived", _("archived")

    class Sex(models.TextChoices):
        """As the person states it; empty means not stated."""

        UNSTATED = "", _("not stated")
        FEMALE = "f", _("female")
        MALE = "m", _("male")
        DIVERSE = "d", _("diverse")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="patients")
    membership = models.OneToOneField(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="patient")
    therapist = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="treated_patients")
    number = models.CharField(_("number"), max_length=20)
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80)
    search_text = models.CharField(max_length=170, editable=False)
    email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    born_on = models.DateField(_("date of birth"), null=True, blank=True)
    sex = models.CharField(_("sex"), max_length=1, choices=Sex.choices, blank=True, default="")
    language = models.CharField(_("language"), max_length=5, choices=Language.choices, default=Language.ENGLISH)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, help_text=_("Empty: the clinic's."))
    running_described = models.CharField(
        _("the run this is about"), max_length=120, blank=True, help_text=_("Described once by the patient, then frozen.")
    )
    doctor_name = models.CharField(_("referring doctor"), max_length=120, blank=True)
    doctor_address = models.CharField(_("address of the doctor"), max_length=300, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE)
    is_test = models.BooleanField(_("made up for trying out"), default=False)
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False, help_text=_("Since then without a name."))
    keep_until_on = models.DateField(_("kept until"), null=True, blank=True, editable=False, help_text=_("The last day of what is left."))
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    scope = Scope("clinic", "membership")
    coded = frozenset({"number", "search_text", "time_zone"})
    objects: ClassVar[Any] = PatientQuerySet.as_manager()

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        ordering = ["last_name", "first_name"]
        constraints = [models.UniqueConstraint(fields=["clinic", "number"], name="patient_number_once")]
        indexes = [
            models.Index(fields=["clinic", "status", "last_name", "first_name"], name="patient_by_name"),
            models.Index(fields=["clinic", "therapist", "status"], name="patient_by_therapist"),
            models.Index(fields=["keep_until_on"], name="patient_kept_until", condition=Q(keep_until_on__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.full_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the lower-case text that searches look at."""
        self.search_text = self.full_name.lower()
        super().save(*args, **kwargs)

    @property
    def full_name(self) -> str:
        """First and last name; the number of a person who was erased."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def zone(self) -> str:
        """The patient's time zone: own, else the clinic's (which must be loaded)."""
        return self.time_zone or self.clinic.time_zone


class CaseloadEntry(ScopedModel):
    """What the caseload shows of one patient; written whenever an entry is, so that the list only reads."""

    class Level(models.IntegerChoices):
        """How urgent; higher comes first."""

        NONE = 0, _("on track")
        INFO = 1, _("for information")
        ATTENTION = 2, _("needs attention")
        STOP = 3, _("stop sign")

    patient = models.OneToOneField("patients.Patient", on_delete=models.CASCADE, primary_key=True, related_name="caseload")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    level = models.PositiveSmallIntegerField(_("level"), choices=Level.choices, default=Level.NONE)
    rank = models.IntegerField(default=0)
    reasons = models.JSONField(default=list, blank=True)
    facts = models.JSONField(default=dict, blank=True, help_text=_("What the rules look at, dates and numbers only."))
    pain_series = models.JSONField(default=list, blank=True)
    readiness_series = models.JSONField(default=list, blank=True)
    week_ticks = models.JSONField(default=list, blank=True)
    done_share = models.FloatField(default=0)
    due_sessions = models.PositiveIntegerField(default=0)
    last_pain = models.PositiveSmallIntegerField(null=True, blank=True)
    last_readiness = models.PositiveSmallIntegerField(null=True, blank=True)
    last_entry_at = models.DateTimeField(null=True, blank=True)
    last_check_in_at = models.DateTimeField(null=True, blank=True)
    next_supervised_at = models.DateTimeField(null=True, blank=True)
    next_assessment_on = models.DateField(null=True, blank=True)
    program_code = models.CharField(max_length=8, blank=True)
    program_status = models.CharField(max_length=10, blank=True)
    program_starts_on = models.DateField(null=True, blank=True)
    owner_name = models.CharField(max_length=160, blank=True, help_text=_("Who took what the line shows."))
    alert_id = models.UUIDField(null=True, blank=True, help_text=_("The most worrying open alert of the line that can be put off."))
    alerts_since_at = models.DateTimeField(null=True, blank=True, help_text=_("When the oldest open alert of the line was raised."))
    refreshed_at = models.DateTimeField(null=True, blank=True)

    scope = Scope("clinic")
    coded = frozenset({"reasons", "facts", "pain_series", "readiness_series", "week_ticks", "program_code", "program_status"})

    class Meta:
        verbose_name = _("caseload line")
        verbose_name_plural = _("caseload lines")
        indexes = [models.Index(fields=["clinic", "-level", "-rank"], name="caseload_order")]

    def __str__(self) -> str:
        return str(self.pk)
