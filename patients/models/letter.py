"""Letters to the doctor who sent a patient: the words as they were written, so that the same letter can be printed again."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Language, Membership
from clinics.scoping import Scope, ScopedModel
from patients.models.patient import Patient

RECIPIENT_MAX = 120
ADDRESS_MAX = 300
FINDINGS_MAX = 10_000
OUTLOOK_MAX = 2000


class Letter(ScopedModel):
    """A letter as it was written: by whom, when, to whom, in which language, and every sentence of it; never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="letters")
    written_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(_("written at"))
    language = models.CharField(_("language"), max_length=5, choices=Language.choices)
    recipient_name = models.CharField(_("addressee"), max_length=RECIPIENT_MAX)
    recipient_address = models.CharField(_("address"), max_length=ADDRESS_MAX, blank=True)
    parts = models.JSONField(_("what it tells"), default=list, help_text=_("The parts that were chosen."))
    findings = models.CharField(_("findings and remarks"), max_length=FINDINGS_MAX, blank=True)
    outlook = models.CharField(_("outlook"), max_length=OUTLOOK_MAX, blank=True)
    content = models.JSONField(_("the letter"), default=dict, help_text=_("Head, sentences, table and figure as they were written."))
    client_key = models.UUIDField(null=True, blank=True, editable=False)
    client_digest = models.CharField(max_length=64, blank=True, editable=False)

    scope = Scope("clinic", "patient__membership")
    coded = frozenset({"parts"})

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = ["-written_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["clinic", "patient", "client_key"], name="letter_key_once")]
        indexes = [models.Index(fields=["clinic", "patient", "-written_at"], name="letter_by_patient")]

    def __str__(self) -> str:
        return f"{self.written_at:%Y-%m-%d}"
