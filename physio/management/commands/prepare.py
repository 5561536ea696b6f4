"""`manage.py prepare`: bring texts, tables, static files and library up to date, before web, worker and beat start."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from physio.prepare import prepare, prepare_files


class Command(BaseCommand):
    """Does only what is needed; safe to run again."""

    help = "Apply migrations, compile texts, collect static files and load the library, as far as something changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take `--demo` and `--files-only`."""
        parser.add_argument("--demo", action="store_true", help="fill an empty installation with the demo clinics, and say who may sign in")
        parser.add_argument("--files-only", action="store_true", help="only what needs no database: for building an image")

    def handle(self, *args: Any, demo: bool, files_only: bool, verbosity: int, **options: Any) -> None:
        """Do it."""
        if files_only:
            prepare_files(self.stdout.write)
            return
        prepare(self.stdout.write, demo=demo, verbosity=max(verbosity - 1, 0))
