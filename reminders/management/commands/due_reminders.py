"""Reminders to try out: `due_reminders --make N` lets N made-up patients have a reminder due now."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clinics.errors import Invalid
from clinics.models import Clinic, User
from reminders.actions.rehearsal import make_due

DEMO_CLINIC = "riverside"
DEMO_PERSON = "therapist@riverside.example"


class Command(BaseCommand):
    """Make due reminders in the demo clinic."""

    help = "Make N made-up patients of the demo clinic whose reminder is due now, and print their addresses."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the number."""
        parser.add_argument("--make", type=int, required=True, metavar="N", help="how many, 1 to 100000")

    def handle(self, *args: Any, make: int, **options: Any) -> None:
        """Make them; refuses where real patients could be."""
        clinic = Clinic.objects.filter(slug=DEMO_CLINIC).first()
        is_demo = clinic is not None and not settings.SECURE and User.objects.filter(email=DEMO_PERSON).exists()
        if clinic is None or not (settings.DEBUG or is_demo):
            raise CommandError("This is only for the demo data: there is no demo clinic here.")
        if not 1 <= make <= 100_000:
            raise CommandError("Choose a number from 1 to 100000.")
        try:
            addresses = make_due(clinic=clinic, count=make, now=timezone.now())
        except Invalid as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write("\n".join(addresses))
