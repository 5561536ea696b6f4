"""Bring the shared library of exercises and programs up to its files."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from programs.actions import LibraryError, load_library


class Command(BaseCommand):
    """Load the library; running it again changes nothing."""

    help = "Load the shared library from programs/library; unchanged files change nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and say what changed."""
        try:
            changed = load_library(now=timezone.now())
        except LibraryError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"library: {changed['exercises']} exercises and {changed['programs']} programs new or changed")
