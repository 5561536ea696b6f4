"""Check the chains of the audit trail; exits with 1 when an entry was changed, removed or put in."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinics.actions.trail import verify_trail


class Command(BaseCommand):
    """Reads everything again."""

    help = "Check the digest chains of the audit trail."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was found; raises CommandError when a chain does not hold."""
        verdict = verify_trail()
        self.stdout.write(f"{verdict.events} sealed entries in {verdict.chains} chains, {verdict.unsealed} not sealed yet.")
        for found in verdict.breaks:
            self.stdout.write(f"BREAK {found.chain} at {found.position}: {found.reason}")
        if verdict.breaks:
            raise CommandError(f"The trail does not hold in {len(verdict.breaks)} places.", returncode=1)
        self.stdout.write("The trail holds.")
