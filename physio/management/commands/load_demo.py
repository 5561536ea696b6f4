"""`manage.py load_demo`: fill the demo clinics, or a large set of data for measuring."""

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from clinics.models import Clinic
from physio.demo.cast import ADMIN, PASSWORD, Cast, read_cast
from physio.demo.former import PASTS
from physio.demo.history import History
from physio.demo.large import fill
from programs.models import ProgramVersion

SHOWN_AT_START = 3


class Command(BaseCommand):
    """Made once; a second run changes nothing."""

    help = "Fill the demo clinics, or with --patients a large set of data for measuring."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the options."""
        parser.add_argument("--accounts", action="store_true", help="only say in short who may sign in")
        parser.add_argument("--force", action="store_true", help="also where BASE_URL is https")
        parser.add_argument("--patients", type=int, metavar="N", help="add N patients for measuring, instead of the demo")
        parser.add_argument("--days", type=int, default=100, metavar="D", help="days of entries each of them has (100)")
        parser.add_argument("--clinic", default="", metavar="SLUG", help="put them all into this clinic; without it into new ones of 200")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        if settings.SECURE and not options["force"]:
            raise CommandError("This installation is reachable by others (BASE_URL is https). Use --force if you mean it.")
        if options["patients"] is not None:
            self.fill_large(patients=options["patients"], days=options["days"], slug=options["clinic"])
            return
        cast = read_cast()
        there = Clinic.objects.filter(slug=cast.clinics[0].slug).exists()
        if options["accounts"]:
            if there:
                self.say(short_list(cast))
            return
        if there:
            self.stdout.write("The demo is already there; nothing was changed.")
        else:
            self.fill_demo(cast)
        self.say(who_is_who(cast))

    def fill_demo(self, cast: Cast) -> None:
        """Tell the whole history in one transaction."""
        self.need_library()
        began = time.monotonic()
        with transaction.atomic():
            History(cast, timezone.now()).tell()
        self.stdout.write(f"The demo was filled in {time.monotonic() - began:.1f} s.")

    def fill_large(self, *, patients: int, days: int, slug: str) -> None:
        """Add a large set and say how fast that was."""
        if not 1 <= patients <= 1_000_000 or not 1 <= days <= 3_650:
            raise CommandError("Choose 1 to 1,000,000 patients and 1 to 3,650 days.")
        self.need_library()
        rows, seconds = fill(patients=patients, days=days, now=timezone.now(), slug=slug, say=self.stdout.write)
        self.stdout.write(f"{rows} rows in {seconds:.1f} s, {rows / seconds:.0f} rows a second; password of all accounts: {PASSWORD}")

    @staticmethod
    def need_library() -> None:
        """Stop where there are no programs to give."""
        if not ProgramVersion.objects.published().exists():
            raise CommandError("The library is not loaded yet: manage.py load_library")

    def say(self, lines: Iterator[str]) -> None:
        """Print lines."""
        for line in lines:
            self.stdout.write(line)


def line(email: str, words: str) -> str:
    """Return one line of the list."""
    return f"  {email or '–':32}{words}"


def staff_lines(cast: Cast) -> Iterator[str]:
    """Yield the administrator and everybody who works somewhere."""
    yield line(ADMIN, "administrator (/admin/)")
    seen: set[str] = set()
    for clinic in cast.clinics:
        for one in clinic.staff:
            if one.email not in seen:
                where = clinic.name if sum(one in other.staff for other in cast.clinics) == 1 else "works in both clinics"
                yield line(one.email, f"{one.first_name} {one.last_name}, {one.role}, {where}")
            seen.add(one.email)


def short_list(cast: Cast) -> Iterator[str]:
    """Yield who may sign in: staff, and a few patients of the first clinic."""
    yield f"\nSign in with the password {PASSWORD} as"
    yield from staff_lines(cast)
    clinic = cast.clinics[0]
    for person in clinic.patients[:SHOWN_AT_START]:
        yield line(person.email, f"{person.name}: {person.about}")
    yield f"  … patient{len(clinic.patients) - 1}@{clinic.slug}.example; who is who: manage.py load_demo"


def who_is_who(cast: Cast) -> Iterator[str]:
    """Yield everybody."""
    yield f"\nSign in with the password {PASSWORD} as"
    yield from staff_lines(cast)
    for clinic in cast.clinics:
        yield f"\nPatients of {clinic.name} ({clinic.time_zone})"
        for person in clinic.patients:
            email = person.email if person.account == "active" else ""
            yield line(email, f"{person.name}: {person.program.replace('_', ' ')}{', ' if person.program else ''}{person.about}")
        if clinic is cast.clinics[0]:
            yield line("", f"and {sum(past.people for past in PASTS)} people in the archive who finished a program (see Outcomes)")
