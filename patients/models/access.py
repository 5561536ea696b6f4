"""What a manager noted about access that looked unusual."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinics.ids import uuid7
from clinics.models import Clinic, Membership
from clinics.scoping import Scope, ScopedModel


class AccessReview(ScopedModel):
    """A manager looked at one kind of unusual access by one person on one day; what comes after `upto_at` is new again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=12)
    actor_id = models.UUIDField(_("person"))
    day_on = models.DateField(_("day"))
    upto_at = models.DateTimeField(_("seen up to"))
    note = models.CharField(_("note"), max_length=500)
    by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("at"))

    scope = Scope("clinic")

    class Meta:
        verbose_name = _("review of access")
        verbose_name_plural = _("reviews of access")
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["clinic", "kind", "actor_id", "day_on", "upto_at"], name="access_review_once")]
        indexes = [models.Index(fields=["clinic", "day_on"], name="access_review_by_day")]

    def __str__(self) -> str:
        return f"{self.kind} {self.day_on:%Y-%m-%d}"
