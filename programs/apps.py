"""App configuration of programs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProgramsConfig(AppConfig):
    """Exercises and programs: what could be done."""

    name = "programs"
    verbose_name = _("Programs and exercises")
