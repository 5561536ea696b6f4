"""What patient and clinic write to each other: one thread a patient."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel, ScopedQuerySet
from patients.models.patient import Patient

MESSAGE_MAX = 2000


class MessageQuerySet(ScopedQuerySet["Message"]):
    """Reads of messages."""

    def unread(self) -> "MessageQuerySet":
        """Not yet seen by the other side."""
        return self.filter(read_at=None)


class Message(ScopedModel):
    """A few sentences from one side to the other; never changed, only marked as read by the other side."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="messages")
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    from_patient = models.BooleanField(_("from the patient"))
    body = models.CharField(_("text"), max_length=MESSAGE_MAX)
    sent_at = models.DateTimeField(_("sent at"))
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    read_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    client_key = models.UUIDField(null=True, blank=True, editable=False)
    client_digest = models.CharField(max_length=64, blank=True, editable=False)

    scope = Scope("clinic", "patient__membership")
    objects: ClassVar[Any] = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-sent_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["clinic", "patient", "client_key"], name="message_key_once")]
        indexes = [
            models.Index(fields=["clinic", "patient", "-sent_at"], name="message_by_patient"),
            models.Index(fields=["clinic", "patient", "from_patient"], name="message_unread", condition=Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.sent_at:%Y-%m-%d %H:%M}"
