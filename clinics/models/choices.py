"""What people and clinics choose from: languages, roles, colours."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Language(models.TextChoices):
    """Languages the product speaks."""

    ENGLISH = "en", _("English")
    GERMAN = "de", _("German")


class Role(models.TextChoices):
    """What a person is in one clinic."""

    MANAGER = "manager", _("Clinic manager")
    THERAPIST = "therapist", _("Therapist")
    PATIENT = "patient", _("Patient")


class Accent(models.TextChoices):
    """Colours a clinic may choose from; their shades and contrasts are in rules/palette.py."""

    PINE = "pine", _("Pine")
    OCEAN = "ocean", _("Ocean")
    INDIGO = "indigo", _("Indigo")
    PLUM = "plum", _("Plum")
    SLATE = "slate", _("Slate")
