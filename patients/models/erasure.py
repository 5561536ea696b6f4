"""A patient's wish to be erased, and what the clinic answered."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel
from patients.models.patient import Patient


class ErasureRequest(ScopedModel):
    """One request for erasure (GDPR Art. 17); the clinic answers by `answer_by_on` (Art. 12(3))."""

    class Status(models.TextChoices):
        """Life of a request; the moves are in `states.py`."""

        OPEN = "open", _("waiting for an answer")
        WITHDRAWN = "withdrawn", pgettext_lazy("request", "taken back")
        REFUSED = "refused", _("refused")
        DONE = "done", _("carried out")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="erasure_requests")
    words = models.CharField(_("words"), max_length=2000, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.OPEN)
    asked_at = models.DateTimeField(_("asked at"))
    answer_by_on = models.DateField(_("to be answered by"))
    withdrawn_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=2000, blank=True)
    answered_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    client_key = models.UUIDField(null=True, blank=True, editable=False)
    client_digest = models.CharField(max_length=64, blank=True, editable=False)

    scope = Scope("clinic", "patient__membership")

    class Meta:
        verbose_name = _("request for erasure")
        verbose_name_plural = _("requests for erasure")
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient"], condition=Q(status="open"), name="erasure_one_open"),
            models.UniqueConstraint(fields=["clinic", "patient", "client_key"], name="erasure_key_once"),
        ]
        indexes = [models.Index(fields=["clinic", "status", "asked_at"], name="erasure_by_status")]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d} {self.status}"
