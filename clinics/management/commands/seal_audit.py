"""Seal the settled entries of the audit trail, for installations without a worker."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from clinics.actions.trail import seal_events


class Command(BaseCommand):
    """Seals once."""

    help = "Seal the settled entries of the audit trail."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many were sealed."""
        self.stdout.write(f"{seal_events(timezone.now())} entries sealed.")
