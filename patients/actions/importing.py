"""Taking over a list of patients: keeping the file, saying how it is read, checking every line, and opening all records or none."""

import datetime as dt
import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from operator import attrgetter
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinics import audit
from clinics.actions.members import may
from clinics.errors import Conflict, Invalid, TooMany
from clinics.ids import uuid7
from clinics.jobs import Tell, clinic_is_busy, job_kind, start_job
from clinics.localtime import is_valid_zone, local_day
from clinics.models import Clinic, Job, Membership, Role
from clinics.prepared import PreparedUpdate
from clinics.rows import Table
from clinics.transitions import advance
from patients.actions.people import check_person, highest_numbers, known_as
from patients.actions.rules import rules_of
from patients.import_words import fault_text
from patients.models import CaseloadEntry, ImportFile, Patient, SearchWord
from patients.models.patient import searched
from patients.rules.finding import words_of
from patients.rules.import_lines import (
    KNOWN_BY,
    Checked,
    Checker,
    Finding,
    Known,
    Person,
    Surroundings,
    Verdict,
    fold,
    note_number,
    numbers_after,
)
from patients.rules.importing import Column, Fault, Reading, Unreadable, fits, guess_columns, look_at, names_of_columns, people_rows
from patients.states import IMPORT

MOST_WAITING = 20
"""Files of one clinic that may wait at a time."""
LISTED = 20_000
"""So many findings of one file are kept; the rest is counted."""
SAMPLE = 10
"""Lines shown as they were understood."""
BATCH = 2000
ACTION = "import.run"
CHECK, RUN, TAKE_BACK = "patients.import_check", "patients.import", "patients.import_take_back"
contact = PreparedUpdate(Patient, ("email", "phone", "membership"), ("pk", "clinic"))


# --- the file -----------------------------------------------------------------------------


@transaction.atomic
def keep_file(*, by: Membership, name: str, data: bytes, now: dt.datetime) -> ImportFile:
    """Keep an uploaded list for a day and note how it is probably read; the same bytes that still wait are not kept twice.

    Raises NotAllowed, Invalid (beside the field `file`: no list, or one that cannot be read), TooMany.
    """
    may(by, ACTION, by.clinic_id)
    try:
        reading = look_at(data)
    except Unreadable as error:
        raise Invalid(fields={"file": [fault_text(error.fault)]}) from error
    digest = sha256(data).hexdigest()
    waiting = ImportFile.objects.filter(clinic_id=by.clinic_id, status__in=(ImportFile.Status.WAITING, ImportFile.Status.CHECKED))
    if found := waiting.filter(digest=digest).first():
        return found
    if waiting.count() >= MOST_WAITING:
        raise TooMany(_("Too many files wait to be imported. Please discard some of them first."))
    try:
        with transaction.atomic():
            file: ImportFile = ImportFile.objects.create(
                clinic_id=by.clinic_id,
                by=by,
                name=clean_name(name),
                digest=digest,
                size_bytes=len(data),
                content=zlib.compress(data, 1),
                reading=reading.as_json(),
                therapist=by,
                uploaded_at=now,
                changed_at=now,
            )
    except IntegrityError:  # sent twice at once
        return waiting.get(digest=digest)
    audit.record("import.upload", row=file, by=by, at=now, bytes=len(data))
    return file


def clean_name(name: str) -> str:
    """Return the last part of a file's name without signs nobody sees."""
    seen = re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", name.replace("\\", "/").rsplit("/", 1)[-1]).strip()
    return seen[:120] or "–"


def content_of(file: ImportFile) -> bytes:
    """Return the bytes of a file; raises Conflict when they are gone."""
    if file.content is None:
        raise Conflict(_("This file is no longer kept. Please upload it again."))
    return zlib.decompress(bytes(file.content))


def earlier_imports(file: ImportFile) -> list[ImportFile]:
    """Return when the same bytes were imported before, newest first."""
    done = (ImportFile.Status.DONE, ImportFile.Status.TAKEN_BACK)
    rows = ImportFile.objects.light().filter(clinic_id=file.clinic_id, digest=file.digest, status__in=done)
    return list(rows.exclude(pk=file.pk).select_related("by__user"))


@transaction.atomic
def discard_file(*, file: ImportFile, by: Membership, now: dt.datetime) -> None:
    """Forget a file that was not imported; raises NotAllowed, Conflict."""
    may(by, ACTION, file.clinic_id)
    advance(file, ImportFile.Status.WAITING, table=IMPORT, now=now)
    audit.record("import.discard", row=file, by=by, at=now)
    file.delete()


@transaction.atomic
def read_again(*, file: ImportFile, reading: Reading, by: Membership, now: dt.datetime) -> None:
    """Read a file by another encoding or delimiter and guess anew what its columns hold.

    Raises NotAllowed, Conflict (imported already), Invalid (beside the field `encoding` or `delimiter`).
    """
    may(by, ACTION, file.clinic_id)
    data = content_of(file)
    try:
        if not fits(data, reading.encoding):
            raise Unreadable(Fault.ENCODING)
        names = names_of_columns(data, reading)
    except Unreadable as error:
        where = "encoding" if error.fault in {Fault.ENCODING, Fault.NUL} else "delimiter"
        raise Invalid(fields={where: [fault_text(error.fault)]}) from error
    guessed = replace(reading, columns=guess_columns(names))
    kept: dict[str, Any] = {"reading": guessed.as_json(), "counts": {}, "findings": None}
    advance(file, ImportFile.Status.WAITING, table=IMPORT, now=now, **kept)


@transaction.atomic
def start_check(*, file: ImportFile, reading: Reading, therapist: Membership, by: Membership, now: dt.datetime) -> Job:
    """Keep how a file is read and look at all of its lines as a job; raises NotAllowed, Invalid (therapist), Conflict (imported)."""
    may(by, ACTION, file.clinic_id)
    check_person(clinic=file.clinic, now=now, born_on=None, time_zone="", therapist=therapist)
    refuse_busy(file.clinic_id)
    kept: dict[str, Any] = {"reading": reading.as_json(), "therapist": therapist, "counts": {}, "findings": None}
    advance(file, ImportFile.Status.WAITING, table=IMPORT, now=now, **kept)
    return start_job(CHECK, by=by, params={"file": str(file.pk)}, now=now)


@transaction.atomic
def start_import(*, file: ImportFile, by: Membership, now: dt.datetime) -> Job:
    """Open the records as a job; raises NotAllowed, Conflict (not checked, something wrong, or another import is at work)."""
    may(by, ACTION, file.clinic_id)
    Clinic.objects.select_for_update(no_key=True).get(pk=file.clinic_id)
    refuse_busy(file.clinic_id)
    advance(file, ImportFile.Status.CHECKED, table=IMPORT, now=now)
    if not is_ready(file):
        raise Conflict(_("There is nothing to import yet. Please check the file first."))
    return start_job(RUN, by=by, params={"file": str(file.pk)}, now=now)


def is_ready(file: ImportFile) -> bool:
    """Tell whether a checked file holds nothing wrong and something to do."""
    counts = file.counts
    return (
        file.status == ImportFile.Status.CHECKED
        and not counts.get("errors")
        and bool(counts.get(Verdict.NEW) or counts.get(Verdict.UPDATED))
    )


def refuse_busy(clinic_id: Any) -> None:
    """Raise Conflict while an import of the clinic is at work: it decides who is here already."""
    clinic = Clinic(pk=clinic_id)
    if clinic_is_busy(clinic, RUN) or clinic_is_busy(clinic, TAKE_BACK):
        raise Conflict(_("Another import is at work. Please wait until it has ended."))


# --- checking -----------------------------------------------------------------------------


def surroundings(clinic: Clinic, *, now: dt.datetime) -> Surroundings:
    """Return what lines are held against; two queries."""
    staff: dict[str, list[Any]] = defaultdict(list)
    for one in Membership.objects.current().staff().filter(clinic=clinic).select_related("user"):
        person = one.user
        called = (one.name, person.full_name, person.email) if person is not None else ()
        for name in {fold(name) for name in called if name}:
            staff[name].append(one.pk)
    rows = Patient.objects.filter(clinic=clinic).order_by("created_at", "pk").values_list("pk", *KNOWN_BY).iterator(chunk_size=BATCH)
    return Surroundings(local_day(now, clinic.time_zone), is_address, is_valid_zone, staff, [Known(*row) for row in rows])


def is_address(text: str) -> bool:
    """Tell whether a text is an e-mail address, as our forms do."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def checked_lines(file: ImportFile, data: bytes, tell: Tell, *, now: dt.datetime) -> Iterator[Checked]:
    """Yield every line with a person, checked; a file that breaks ends with a line that says so."""
    reading = Reading.from_json(file.reading)
    checker = Checker(reading, surroundings(file.clinic, now=now))
    total = max(data.count(b"\n"), data.count(b"\r"), 1)
    try:
        for count, row in enumerate(people_rows(data, reading), 1):
            tell(min(count, total - 1), total)
            yield checker.check(row)
    except Unreadable as error:
        yield Checked(error.line, Verdict.WRONG, Person(), [Finding(error.line, "", error.fault)])
    tell(total, total)


@job_kind(CHECK, label=gettext_lazy("Check of a list of patients"), action=ACTION, page="patients:import_job")
def check_file(job: Job, tell: Tell) -> dict[str, Any]:
    """Look at all lines and keep what was found; nothing else changes."""
    now = job.started_at or job.created_at
    file = file_of(job)
    counts: Counter[str] = Counter()
    tops: dict[int, int] = {}
    findings: list[list[Any]] = []
    sample: list[list[Any]] = []
    for line in checked_lines(file, content_of(file), tell, now=now):
        counts[line.verdict] += 1
        counts["addresses"] += line.verdict == Verdict.NEW and bool(line.person.email)
        note_number(tops, line.person.number)
        if len(sample) < SAMPLE:
            values = {name: str(value) for name in Column if (value := getattr(line.person, name))}
            sample.append([line.line, line.verdict, values])
        for one in line.findings:
            counts["errors" if one.is_error else "warnings"] += 1
            if len(findings) < LISTED or one.is_error and len(findings) < 2 * LISTED:
                findings.append(one.as_json())
    found = json.dumps({"findings": findings, "sample": sample}).encode()
    kept: dict[str, Any] = {"counts": {**counts, "numbers": tops}, "findings": zlib.compress(found, 1)}
    if ImportFile.objects.filter(pk=file.pk, reading=file.reading).exists():
        advance(file, ImportFile.Status.CHECKED, table=IMPORT, now=now, **kept)
    audit.record("import.check", row=file, by=job.by, at=now, lines=sum(counts[verdict] for verdict in Verdict), errors=counts["errors"])
    return {"file": str(file.pk)}


def file_of(job: Job) -> ImportFile:
    """Return the file a job is about; raises Conflict when it was discarded."""
    file: ImportFile | None = (
        ImportFile.objects.select_related("clinic", "therapist__user").filter(pk=job.params["file"], clinic_id=job.clinic_id).first()
    )
    if file is None:
        raise Conflict(_("This file is no longer kept. Please upload it again."))
    return file


def findings_of(file: ImportFile) -> list[list[Any]]:
    """Return what was found in the lines of a file, those that refuse it first, then by line."""
    found: list[list[Any]] = unpack(file).get("findings", [])
    return sorted(found, key=lambda one: (not one[5], one[0]))


def sample_of(file: ImportFile) -> list[list[Any]]:
    """Return the first lines as they were understood: line, verdict, and the values by column."""
    found: list[list[Any]] = unpack(file).get("sample", [])
    return found


def unpack(file: ImportFile) -> dict[str, Any]:
    """Return what a check has kept; empty before it."""
    return json.loads(zlib.decompress(bytes(file.findings))) if file.findings is not None else {}


# --- importing ----------------------------------------------------------------------------


@job_kind(RUN, label=gettext_lazy("Import of patients"), action=ACTION, page="patients:import_job")
def run_import(job: Job, tell: Tell) -> dict[str, Any]:
    """Check every line once more and open all records, or none: raises Conflict at the first line that is wrong now."""
    now = job.started_at or job.created_at
    Clinic.objects.select_for_update(no_key=True).get(pk=job.clinic_id)  # numbers are given one import after the other
    file = file_of(job)
    may(job.by, ACTION, file.clinic_id)
    if not is_ready(file) or not file.therapist.is_current:
        raise Conflict(_("This file was changed, or imported already. Nothing was done now."))
    tops = {int(digits): top for digits, top in file.counts.get("numbers", {}).items()}
    for digits, top in highest_numbers(file.clinic).items():
        tops[digits] = max(top, tops.get(digits, 0))
    writer = Writer(file, job.by, numbers_after(tops), now=now)
    counts: Counter[str] = Counter()
    try:
        write_lines(writer, counts, checked_lines(file, content_of(file), tell, now=now))
    except IntegrityError as error:  # somebody opened a record by hand and typed one of the numbers
        raise Conflict(
            _("A number of this file was given to somebody else just now. Nothing was imported; please check the file again.")
        ) from error
    done: dict[str, Any] = {"counts": dict(counts), "content": None, "findings": None}
    advance(file, ImportFile.Status.DONE, table=IMPORT, now=now, **done)
    told = {verdict.value: counts[verdict] for verdict in (Verdict.NEW, Verdict.UPDATED, Verdict.SKIPPED)}
    audit.record("import.run", row=file, by=job.by, at=now, digest=file.digest, **told)
    return {"file": str(file.pk)}


def write_lines(writer: "Writer", counts: Counter[str], lines: Iterator[Checked]) -> None:
    """Write all lines and count them; raises Conflict at one that is wrong, IntegrityError when a number is taken."""
    for line in lines:
        if line.verdict == Verdict.WRONG:
            raise Conflict(
                _("Line %(line)s cannot be imported any more. Nothing was imported; please check the file again.") % {"line": line.line}
            )
        counts[line.verdict] += 1
        counts["addresses"] += line.verdict == Verdict.NEW and bool(line.person.email)
        writer.add(line)
    writer.store()


AS_TYPED = ("first_name", "last_name", "email", "phone", "born_on", "sex", "time_zone")
as_typed = attrgetter(*AS_TYPED)


class Change(NamedTuple):
    """What a line says about somebody who is here already."""

    key: Any
    email: str
    phone: str


class Writer:
    """Collects checked lines and writes them in sets: the same rows as `create_patient` and `change_patient` write one by one."""

    def __init__(self, file: ImportFile, by: Membership, numbers: Iterator[str], *, now: dt.datetime) -> None:
        """Take whose import it is and the numbers for people without one."""
        self.file, self.by, self.numbers, self.now = file, by, numbers, now
        self.clinic = file.clinic
        here = {"clinic_id": self.clinic.pk}
        self.members = Table(Membership, "id", "name", role=Role.PATIENT.value, created_at=now, **here)
        columns = ("id", "membership_id", "therapist_id", "search_text", "number", "language", *AS_TYPED)
        self.patients = Table(Patient, *columns, imported_with_id=file.pk, created_at=now, **here)
        rules = rules_of(self.clinic, now=now)
        self.lines = Table(CaseloadEntry, "patient_id", "therapist_id", "sort_name", refreshed_at=now, rule_set_id=rules.pk, **here)
        self.words = Table(SearchWord, "id", "patient_id", "word", **here)
        self.keys: list[Any] = []
        self.changes: list[Change] = []

    def add(self, line: Checked) -> None:
        """Remember a line; many of them are written at once."""
        if line.verdict == Verdict.NEW:
            self.add_new(line.person)
        elif line.verdict == Verdict.UPDATED:
            self.changes.append(Change(line.same, line.person.email, line.person.phone))
        if len(self.keys) + len(self.changes) >= BATCH:
            self.store()

    def add_new(self, person: Person) -> None:
        """Add the rows of a new record."""
        key, name = uuid7(), known_as(person.first_name, person.last_name)
        self.keys.append(key)
        therapist, number = (person.therapist or self.file.therapist_id).hex, person.number or next(self.numbers)
        self.patients.add(
            key.hex,
            self.add_member(name).hex if person.email else None,
            therapist,
            searched(name),
            number,
            person.language or self.clinic.language,
            *as_typed(person),
        )
        self.lines.add(key.hex, therapist, searched(name))
        for word in words_of((person.first_name, person.last_name), number, person.born_on):
            self.words.add(uuid7().hex, key.hex, word)

    def add_member(self, name: str) -> Any:
        """Add a membership nobody was invited to yet, and return its key."""
        key = uuid7()
        self.members.add(key.hex, name)
        return key

    def store(self) -> None:
        """Write what waits."""
        known: Mapping[Any, Patient] = Patient.objects.filter(clinic=self.clinic).in_bulk([change.key for change in self.changes])
        changed: dict[tuple[str, ...], list[Any]] = defaultdict(list)
        rows = []
        for change in self.changes:
            row = known[change.key]
            names = tuple(name for name in ("email", "phone") if getattr(change, name) and getattr(change, name) != getattr(row, name))
            for name in names:
                setattr(row, name, getattr(change, name))
            if "email" in names and row.membership_id is None:
                row.membership_id = self.add_member(known_as(row.first_name, row.last_name))
            if names:
                changed[names].append(row.pk)
                rows.append(row)
        for table in (self.members, self.patients, self.lines, self.words):
            table.store()
        for row in rows:
            contact.write(row, row.pk, row.clinic_id)
        like, what = Patient(clinic=self.clinic), {"by": self.by, "at": self.now, "imported_with": str(self.file.pk)}
        audit.record_rows("patient.create", self.keys, like=like, **what)
        for names, keys in changed.items():
            audit.record_rows("patient.change", keys, like=like, fields=list(names), **what)
        self.keys, self.changes = [], []
