"""A large set of patients for measuring: what the actions would have written, put into the tables in sets.

Left out are the rows of the trail and what reminders sent. Every account has the demo's password.
"""

import datetime as dt
import random
import time
from collections.abc import Callable

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from clinics.localtime import local_day
from clinics.models import Clinic, Membership, Role
from patients.actions.caseload import refresh_entries
from patients.models import Patient, SearchWord
from physio.demo.cast import PASSWORD, DemoClinic, Staff, read_cast
from physio.demo.life import DAYS
from physio.demo.opening import hand_out_passwords, open_clinic
from physio.demo.quick_patient import Course, Maker
from programs.models import Program, ProgramVersion

CLINIC_OF = 200
BATCH = 500
PROGRAMS = ("leg", "lumbar_extensor", "stabiliser", "run_walk")
THERAPISTS = 4
Say = Callable[[str], None]


def fill(*, patients: int, days: int, now: dt.datetime, slug: str, say: Say) -> tuple[int, float]:
    """Add `patients` with `days` of entries each, all to the clinic `slug`, or without one to as many of 200 as are needed.

    Returns rows and seconds.
    """
    began = time.monotonic()
    maker = make_maker(random.Random(f"{patients} {days} {slug}"), days, now=now)  # noqa: S311 - invented data
    rows = done = 0
    while done < patients:
        many = patients - done if slug else min(patients - done, CLINIC_OF)
        with transaction.atomic():
            clinic, therapists = find_clinic(slug or free_slug(), days=days, now=now)
            rows += fill_clinic(maker, clinic, therapists, many, now=now)
        done += many
        say(f"{done} patients, {rows} rows, {time.monotonic() - began:.0f} s")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return rows, time.monotonic() - began


def make_maker(chance: random.Random, days: int, *, now: dt.datetime) -> Maker:
    """Return a maker that knows the programs, and the names of the demo's people."""
    people = [(one.first_name, one.last_name) for clinic in read_cast().clinics for one in clinic.patients]
    versions = ProgramVersion.objects.published().filter(program__key__in=PROGRAMS, program__clinic=None)
    courses = [
        Course(version, supervised, home)
        for version in versions.select_related("program").prefetch_related("session_plans").order_by("program__position")
        for supervised, home in DAYS[Program.Kind(version.program.kind)]
    ]
    return Maker(chance, now=now, days=days, courses=courses, names=people, password=make_password(PASSWORD))


def free_slug() -> str:
    """Return a name no clinic has yet."""
    return f"measuring-{Clinic.objects.filter(slug__startswith='measuring-').count() + 1}"


def find_clinic(slug: str, *, days: int, now: dt.datetime) -> tuple[Clinic, list[Membership]]:
    """Return the clinic of that name and its therapists; a missing one is opened with a manager and four therapists."""
    found = Clinic.objects.filter(slug=slug).first()
    if found is None:
        boxes = ["manager", "therapist", *(f"therapist{place}" for place in range(2, THERAPISTS + 1))]
        staff = tuple(Staff(f"{box}@{slug}.example", box.rstrip("0123456789"), "Alex", box.capitalize()) for box in boxes)
        spec = DemoClinic(slug, f"Clinic {slug}", "Europe/Berlin", "DE", "", "", (), staff, ())
        opened_at = now - dt.timedelta(days=days + 120)
        found, _staff = open_clinic(spec, today=local_day(now, spec.time_zone), at=opened_at)
        hand_out_passwords([slug])
    members = Membership.objects.current().filter(clinic=found, role=Role.THERAPIST).order_by("created_at", "pk")
    return found, list(members)


def fill_clinic(maker: Maker, clinic: Clinic, therapists: list[Membership], many: int, *, now: dt.datetime) -> int:
    """Write patients of one clinic in batches, and their caseload lines by the action that keeps them true; returns the rows."""
    before = Patient.objects.filter(clinic=clinic).count()
    today = local_day(now, clinic.time_zone)
    rows = 0
    for start in range(before, before + many, BATCH):
        numbers = range(start + 1, min(start + BATCH, before + many) + 1)
        keys = [maker.add(clinic, therapists[number % len(therapists)], number, today=today) for number in numbers]
        rows += maker.store()
        patients = Patient.objects.filter(pk__in=keys).select_related("clinic")
        SearchWord.keep(patients)
        rows += refresh_entries(patients, now=now)
    return rows
