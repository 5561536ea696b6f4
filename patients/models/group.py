"""What is entered while a group trains: one small row for each tap, so that two tablets never wipe each other out."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel
from patients.models.patient import Patient
from patients.models.session import ScheduledSession
from patients.rules import group
from programs.models import Prescription


class GroupEntry(ScopedModel):
    """One value entered at a session in the clinic; a later one about the same thing stands, the earlier ones stay as its history."""

    class What(models.TextChoices):
        """What the value is about; the rules are in `rules/group.py`."""

        SET = group.What.SET.value, _("set")
        REPS = group.What.REPS.value, _("repetitions")
        HOLD = group.What.HOLD.value, _("hold")
        LOAD = group.What.LOAD.value, _("load")
        PAIN = group.What.PAIN.value, _("worst pain during")
        EFFORT = group.What.EFFORT.value, _("effort")
        STOPPED = group.What.STOPPED.value, _("stopped because of pain")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    session = models.ForeignKey(ScheduledSession, on_delete=models.PROTECT, related_name="group_entries")
    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    what = models.CharField(_("about"), max_length=8, choices=What.choices)
    number = models.PositiveSmallIntegerField(_("number of the set"), default=0)
    revision = models.PositiveSmallIntegerField()
    value = models.DecimalField(_("value"), max_digits=5, decimal_places=1, null=True, blank=True)
    made_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    client_key = models.UUIDField(null=True, blank=True, editable=False)
    client_digest = models.CharField(max_length=64, blank=True, editable=False)

    scope = Scope("clinic", "patient__membership")

    class Meta:
        verbose_name = _("entry at a group session")
        verbose_name_plural = _("entries at group sessions")
        ordering = ["made_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient", "client_key"], name="group_entry_key_once"),
            models.UniqueConstraint(
                fields=["clinic", "session", "prescription", "what", "number", "revision"],
                condition=Q(prescription__isnull=False),
                name="group_entry_revision_once",
            ),
            models.UniqueConstraint(
                fields=["clinic", "session", "what", "revision"], condition=Q(prescription__isnull=True), name="group_answer_revision_once"
            ),
            models.CheckConstraint(condition=Q(value=None) | Q(value__gte=0, value__lte=3600), name="group_entry_value_in_range"),
        ]
        indexes = [models.Index(fields=["clinic", "session"], name="group_entry_by_session")]

    def __str__(self) -> str:
        return f"{self.what} {self.number}: {self.value}"
