"""What tests of an import share: a list in bytes, and the way of a file through check and import."""

from typing import Any

from clinics.jobs import run_job
from clinics.models import Job, Membership
from patients.actions.importing import keep_file, start_check, start_import
from patients.models import ImportFile
from patients.rules.importing import Reading
from tests.cast import Cast

HEAD = "Vorname;Nachname;Geburtsdatum;E-Mail;Telefon;Nummer;Therapeut"
NEW = (
    HEAD,
    "Carla;Neu;31.12.1980;carla@patients.example;030 1;;",
    "Dora;Neu;1990-01-02;;;A-7;Amara Diallo",
    "Emil \u202eabc;O'Neil;;;;;therapist@riverside.example",
)


def lines(*rows: str) -> bytes:
    """Return lines as a file."""
    return ("\r\n".join(rows) + "\r\n").encode("utf-8-sig")


def kept(cast: Cast, *rows: str, by: Membership | None = None) -> ImportFile:
    """Keep a file with these lines."""
    return keep_file(by=by or cast.manager, name="list.csv", data=lines(*rows), now=cast.now)


def checked(cast: Cast, *rows: str, file: ImportFile | None = None, **options: Any) -> ImportFile:
    """Keep and check a file with these lines."""
    file = file or kept(cast, *rows)
    reading = Reading.from_json({**file.reading, **options})
    job = start_check(file=file, reading=reading, therapist=cast.therapist, by=cast.manager, now=cast.now)
    assert run_job(job.pk, now=cast.now)
    return fresh(file)


def imported(cast: Cast, *rows: str, **options: Any) -> ImportFile:
    """Keep, check and import a file with these lines."""
    file = checked(cast, *rows, **options)
    job = start_import(file=file, by=cast.manager, now=cast.now)
    assert run_job(job.pk, now=cast.now)
    assert ended(job) == (Job.Status.DONE, "")
    return fresh(file)


def fresh(file: ImportFile) -> ImportFile:
    """Return the file as it is stored now."""
    found: ImportFile = ImportFile.objects.select_related("clinic", "by__user").get(pk=file.pk)
    return found


def ended(job: Job) -> tuple[str, str]:
    """Return how a job ended, and what went wrong."""
    job.refresh_from_db()
    return job.status, job.problem
