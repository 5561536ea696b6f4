"""What it costs to check, import and take back a list of patients: CPU, time, statements and memory of the worker.

    python bench/importing.py [--rows 100000] [--sqlite]

A clinic of the demo gets a list in which every line opens a record, then the same list again, in which everybody is here already. Needs
PostgreSQL's programs, unless --sqlite; everything is thrown away after.
"""

import argparse
import io
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.meter import Meter
from bench.servers import Postgres, environment

FIRST = ("Anna", "Berk", "Chloé", "Dörte", "Emil", "Fatma", "Gustav", "Hélène", "Ivo", "Jana")
LAST = ("Neumann", "Özdemir", "Schäfer", "Nguyen", "O'Neil", "Kowalska", "Brandt", "Løvås", "Tan", "Weiß")


def list_of(rows: int) -> bytes:
    """Return a list with a semicolon between columns, as a spreadsheet in German writes it."""
    lines = ["Vorname;Nachname;Geburtsdatum;E-Mail;Telefon;Nummer"]
    for number in range(rows):
        first, last = FIRST[number % 10], f"{LAST[number // 10 % 10]} {number}"
        born = f"{1 + number % 28:02}.{1 + number % 12:02}.{1940 + number % 60}"
        lines.append(f"{first};{last};{born};p{number}@list.example;+49 30 {number};L-{number}")
    return "\r\n".join(lines).encode("utf-8-sig")


def inside(rows: int) -> None:
    """Run within the product: fill the demo, take the list through its jobs, print a line for each."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from clinics.jobs import run_job
    from clinics.models import Job, Membership
    from patients.actions.import_after import start_taking_back
    from patients.actions.importing import keep_file, start_check, start_import
    from patients.models import ImportFile, Patient
    from patients.rules.importing import Reading

    call_command("migrate", verbosity=0)
    call_command("load_library", verbosity=0, stdout=io.StringIO())
    call_command("load_demo", "--patients", "200", "--days", "5", "--clinic", "lists", stdout=io.StringIO())
    manager = Membership.objects.select_related("clinic", "user").get(clinic__slug="lists", role="manager")
    therapist = Membership.objects.select_related("clinic", "user").filter(clinic__slug="lists", role="therapist")[0]
    data = list_of(rows)
    print(f"{connection.vendor}: {rows:,} lines, {len(data) / 1e6:.1f} MB\n")
    print("| step | CPU s | by the clock s | statements | peak MB |\n|---|---|---|---|---|")

    def step(name: str, start: Callable[[], Job]) -> None:
        with Meter() as meter:
            job = start()
            assert run_job(job.pk, now=timezone.now())
        job.refresh_from_db()
        assert (job.status, job.problem) == (Job.Status.DONE, ""), job.problem
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"| {name} | {meter.cpu:.1f} | {meter.wall:.1f} | {meter.sql} | {peak:.0f} |", flush=True)

    def kept() -> ImportFile:
        return keep_file(by=manager, name="list.csv", data=data, now=timezone.now())

    def fresh(file: ImportFile) -> ImportFile:
        return ImportFile.objects.select_related("clinic", "by__user").get(pk=file.pk)

    def check(file: ImportFile) -> Job:
        return start_check(file=file, reading=Reading.from_json(file.reading), therapist=therapist, by=manager, now=timezone.now())

    before = Patient.objects.count()
    file = kept()
    step("check, all new", lambda: check(file))
    step("import", lambda: start_import(file=fresh(file), by=manager, now=timezone.now()))
    assert Patient.objects.count() == before + rows
    again = kept()
    step("check, all here already", lambda: check(again))
    step("take back", lambda: start_taking_back(file=fresh(file), by=manager, now=timezone.now()))
    assert Patient.objects.count() == before


def main() -> None:
    """Start a database and the measured process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        inside(options.rows)
        return
    folder = Path(tempfile.mkdtemp(prefix="physio-bench-files-"))
    postgres = None if options.sqlite else Postgres()
    try:
        address = postgres.create("physio_bench") if postgres else f"sqlite:///{folder / 'bench.sqlite3'}"
        env = environment(
            ENV_FILE="", VAR_DIR=str(folder), DATABASE_URL=address, LOG_LEVEL="ERROR", DJANGO_SETTINGS_MODULE="physio.settings"
        )
        subprocess.run([sys.executable, __file__, "--inside", "--rows", str(options.rows)], check=True, env=env, cwd=ROOT)
    finally:
        if postgres:
            postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
