"""`manage.py health`: what `/readyz` looks at, for a terminal or a container's health check; fails when something is wrong."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from physio.health import examine


class Command(BaseCommand):
    """Prints one line a check."""

    help = "Look at database, broker, the age of the last tick and of the oldest waiting reminder; exit 1 when one of them is bad."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Look and tell."""
        findings = examine(timezone.now())
        for name, finding in findings.items():
            self.stdout.write(f"{name}: {json.dumps(finding)}")
        if bad := [name for name, finding in findings.items() if not finding["ok"]]:
            raise CommandError(f"not ready: {', '.join(bad)}")
