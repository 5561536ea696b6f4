"""App configuration of reminders."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RemindersConfig(AppConfig):
    """Reminders: what patients were told."""

    name = "reminders"
    verbose_name = _("Reminders")
