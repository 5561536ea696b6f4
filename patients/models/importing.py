"""A file with patients that a clinic takes over, from upload until it was imported, taken back or forgotten."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel, ScopedQuerySet


class ImportFileQuerySet(ScopedQuerySet["ImportFile"]):
    """Reads of imports."""

    def light(self) -> "ImportFileQuerySet":
        """Without the bytes, which lists and pages do not need."""
        return self.defer("content", "findings")


class ImportFile(ScopedModel):
    """One uploaded list; its bytes and what was found in it are kept for a day at most, what became of it stays."""

    class Status(models.TextChoices):
        """Life of an import; the moves are in `states.py`."""

        WAITING = "waiting", _("waiting")
        CHECKED = "checked", _("checked")
        DONE = "done", _("imported")
        TAKEN_BACK = "taken_back", _("import taken back")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("file"), max_length=120)
    digest = models.CharField(max_length=64, editable=False, help_text=_("SHA-256 of the file."))
    size_bytes = models.PositiveIntegerField(_("size in bytes"))
    content = models.BinaryField(null=True, editable=False, help_text=_("Compressed; empty once it is not needed any more."))
    reading = models.JSONField(default=dict, help_text=_("How the file is read: encoding, delimiter, columns."))
    therapist = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.WAITING)
    counts = models.JSONField(default=dict, blank=True, help_text=_("Lines by what becomes of them."))
    findings = models.BinaryField(null=True, editable=False, help_text=_("What was said about lines, compressed JSON."))
    inviter = models.ForeignKey(
        Membership,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("In whose name its people are being invited; empty when they are not."),
    )
    invited_to = models.UUIDField(null=True, blank=True, editable=False, help_text=_("The last patient whose invitation was dealt with."))
    uploaded_at = models.DateTimeField(_("uploaded at"))
    changed_at = models.DateTimeField(_("changed at"))

    scope = Scope("clinic")
    objects: ClassVar[Any] = ImportFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of patients")
        verbose_name_plural = _("imports of patients")
        ordering = ["-uploaded_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "digest"], condition=Q(status__in=("waiting", "checked")), name="import_file_waits_once"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "-uploaded_at"], name="import_recent")]

    def __str__(self) -> str:
        return f"{self.name} {self.uploaded_at:%Y-%m-%d}"
