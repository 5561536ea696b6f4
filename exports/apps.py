"""App configuration of exports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExportsConfig(AppConfig):
    """Exports: a record, for its owner to take along."""

    name = "exports"
    verbose_name = _("Exports")
