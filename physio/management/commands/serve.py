"""`manage.py serve`: the same as `./run`, for whoever has an environment already."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Makes room for the light process that looks after web, worker and beat."""

    help = "Prepare the product, then run web, worker and beat until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take `--no-demo`."""
        parser.add_argument("--no-demo", action="store_true", help="do not fill an empty installation with the demo clinics")

    def handle(self, *args: Any, no_demo: bool, **options: Any) -> None:
        """Become that process; it loads none of the apps."""
        sys.stdout.flush()
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, [sys.executable, "-m", "physio.serving", *(["--no-demo"] if no_demo else [])])  # noqa: S606 - no shell
