"""App configuration of patients."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PatientsConfig(AppConfig):
    """Patients: what a person should do, and did."""

    name = "patients"
    verbose_name = _("Patients")
