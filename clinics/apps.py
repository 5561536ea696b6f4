"""App configuration of clinics."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClinicsConfig(AppConfig):
    """People, clinics, roles."""

    name = "clinics"
    verbose_name = _("Clinics and people")

    def ready(self) -> None:
        """Listen to what happens to accounts."""
        from clinics import signals

        signals.connect()
