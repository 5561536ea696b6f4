"""App configuration of the plug board."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class PhysioConfig(AppConfig):
    """Joins the apps; owns no tables."""

    name = "physio"
    default = True
    verbose_name = "Physio"

    def ready(self) -> None:
        """Register the project's system checks, and let shared tasks belong to our Celery app."""
        from physio import celery, checks

        celery.app.set_default()
        checks.register_all()


class PhysioAdminConfig(admin_apps.AdminConfig):
    """Puts our site, themed and for administrators only, in the place of Django's."""

    default = False
    default_site = "physio.admin.PhysioAdminSite"
