"""A new private key for web push: `vapid_key` prints the line for `.env`."""

from typing import Any

from django.core.management.base import BaseCommand

from reminders.channels.webpush import new_key


class Command(BaseCommand):
    """Make a key."""

    help = "Print a new VAPID_PRIVATE_KEY; with another key than before every device has to be switched on again."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        self.stdout.write(f"VAPID_PRIVATE_KEY={new_key()}")
