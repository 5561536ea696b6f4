"""How a clinic looks and what it says in its mails."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models.choices import Language
from clinics.scoping import Scope, ScopedModel


class ClinicLogo(ScopedModel):
    """A clinic's logo as it is shown: made anew from the upload, under an address of its own; a changed one is another row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey("clinics.Clinic", on_delete=models.CASCADE, related_name="logos")
    content = models.BinaryField(_("picture"))
    width = models.PositiveSmallIntegerField(_("width in pixels"))
    height = models.PositiveSmallIntegerField(_("height in pixels"))
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    scope = Scope("clinic")

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")

    def __str__(self) -> str:
        return f"{self.width} × {self.height}"


class ClinicText(ScopedModel):
    """The clinic's own words in mails to patients, in one language: plain, short, without links."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey("clinics.Clinic", on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=5, choices=Language.choices)
    reminder = models.CharField(_("sentence in reminders"), max_length=240, blank=True)
    invitation = models.CharField(_("sentence in the invitation"), max_length=240, blank=True)
    closing = models.CharField(_("closing words"), max_length=60, blank=True)
    signature = models.CharField(_("signed by"), max_length=80, blank=True)

    scope = Scope("clinic")

    class Meta:
        verbose_name = _("clinic's own words")
        verbose_name_plural = _("clinics' own words")
        constraints = [models.UniqueConstraint(fields=["clinic", "language"], name="clinic_text_once_a_language")]

    def __str__(self) -> str:
        return self.language
