"""Everything that is stored about one patient, as one JSON document or as CSV files in one ZIP, written piece by piece.

The shape is described in docs/record-export.md; `VERSION` rises when it changes. Units stand in the names; moments are UTC.
"""

import csv
import datetime as dt
import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from clinics import audit
from clinics.models import Membership, Role, User
from exports.tables import Table, look_up, models_of_a_patient, table_of
from patients.models import Assignment, Patient, ScheduledSession
from programs.models import Prescription, ProgramVersion, SessionPlan, in_language

FORMAT = "physio-record"
VERSION = 1
A_CHUNK = 500
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
"""First characters by which a spreadsheet takes a cell for a formula."""

Row = dict[str, Any]


@dataclass
class Source:
    """One table of the copy: its name, its columns in order, and a function that reads its rows."""

    name: str
    columns: list[str]
    rows: Callable[[], Iterator[Row]]


@dataclass
class Copy:
    """The copy of one record: whose, made when, with the people named in it (staff and the person, nobody else)."""

    patient: Patient
    made_at: dt.datetime
    people: dict[Any, tuple[str, str]] = field(default_factory=dict)

    @property
    def language(self) -> str:
        """Language of names that exist in several."""
        return str(self.patient.language)


def open_copy(patient: Patient, *, now: dt.datetime) -> Copy:
    """Prepare the copy of a patient's record; the clinic and the membership must be loaded."""
    staff = Membership.objects.filter(clinic_id=patient.clinic_id).exclude(role=Role.PATIENT).select_related("user")
    people = {row.pk: (str(row), str(row.role)) for row in staff}
    if patient.membership_id is not None:
        people[patient.membership_id] = (patient.full_name, str(Role.PATIENT))
    return Copy(patient, now, people)


# --- what is in it ------------------------------------------------------------------------


def head_of(copy: Copy) -> Row:
    """Return what stands at the top: format, clinic and account."""
    patient, clinic = copy.patient, copy.patient.clinic
    account = patient.membership.user if patient.membership is not None else None
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_at": plain(copy.made_at),
        "clinic": {
            "name": clinic.name,
            "address": clinic.address,
            "phone": clinic.phone,
            "country": clinic.country,
            "time_zone": clinic.time_zone,
        },
        "account": None
        if account is None
        else {
            "email": account.email,
            "first_name": account.first_name,
            "last_name": account.last_name,
            "language": account.language,
            "theme": account.theme,
            "text_size": account.text_size,
            "joined_at": plain(account.date_joined),
            "last_login_at": plain(account.last_login),
        },
    }


def sources_of(copy: Copy) -> list[Source]:
    """Return every table of the copy, in a fixed order."""
    found = []
    for model in models_of_a_patient():
        table = table_of(model)
        if table is not None:
            found.append(source_of(copy, model, table))
    return [*found, *programs_of(copy), trail_of(copy)]


def source_of(copy: Copy, model: type[models.Model], table: Table) -> Source:
    """Return one table: relations as ids, people as name and role."""
    columns: list[str] = []
    people: set[str] = set()
    paths: list[str] = []
    for name in table.columns:
        column: Any = model._meta.get_field(name)
        is_person = column.is_relation and column.related_model in (Membership, User)
        if is_person:
            people.add(name)
            columns += [f"{name}_name", f"{name}_role"]
        else:
            columns.append(f"{name}_id" if column.is_relation else name)
        paths.append(column.attname)
    columns += table.along

    def rows() -> Iterator[Row]:
        found = model._default_manager.filter(**{look_up(model): copy.patient.pk}).order_by("pk")
        for values in found.values_list(*paths, *table.along.values()).iterator(chunk_size=A_CHUNK):
            row: list[Any] = []
            for name, value in zip(table.columns, values, strict=False):
                row += copy.people.get(value, ("", "")) if name in people else (plain(value),)
            row += [plain(in_language(value, copy.language)) for value in values[len(table.columns) :]]
            yield dict(zip(columns, row, strict=True))

    return Source(table.name, columns, rows)


def programs_of(copy: Copy) -> list[Source]:
    """Return the versions of the programs that were in force, their kinds of session, and the exercises with their doses."""
    language = copy.language
    own = {"patient": copy.patient, "clinic_id": copy.patient.clinic_id}
    given = Assignment.objects.filter(**own).values("version_id")
    planned = ScheduledSession.objects.filter(**own).values("session_plan__version_id")
    mine = ProgramVersion.objects.filter(Q(pk__in=given) | Q(pk__in=planned)).values("pk")

    def versions() -> Iterator[Row]:
        for row in ProgramVersion.objects.filter(pk__in=mine).select_related("program").order_by("pk"):
            yield {
                "id": str(row.pk),
                "program": in_language(row.program.names, language),
                "program_code": row.program.code,
                "number": row.number,
                "weeks": row.weeks,
                "supervised_per_week": row.supervised_per_week,
                "home_per_week": row.home_per_week,
                "summary": plain(in_language(row.summary, language)),
            }

    def plans() -> Iterator[Row]:
        names = ("id", "version_id", "week_from", "week_to", "setting", "times_a_week", "minutes")
        rows = SessionPlan.objects.filter(version_id__in=mine).order_by("pk")
        for values in rows.values_list(*names).iterator(chunk_size=A_CHUNK):
            yield {name: plain(value) for name, value in zip(names, values, strict=True)}

    def prescriptions() -> Iterator[Row]:
        rows = Prescription.objects.filter(session_plan__version_id__in=mine).order_by("pk")
        paths = (*DOSE, "exercise__names", "load")
        for values in rows.values_list(*paths).iterator(chunk_size=A_CHUNK):
            row = {name: plain(value) for name, value in zip(DOSE, values, strict=False)}
            yield row | {"exercise": in_language(values[-2], language), "load": plain(in_language(values[-1], language))}

    heads = ["id", "program", "program_code", "number", "weeks", "supervised_per_week", "home_per_week", "summary"]
    plan = ["id", "version_id", "week_from", "week_to", "setting", "times_a_week", "minutes"]
    return [
        Source("program_versions", heads, versions),
        Source("session_plans", plan, plans),
        Source("prescriptions", [*DOSE, "exercise", "load"], prescriptions),
    ]


DOSE = (
    "id",
    "session_plan_id",
    "exercise_id",
    "block",
    "position",
    "sets",
    "reps_low",
    "reps_high",
    "hold_seconds",
    "duration_seconds",
    "run_seconds",
    "walk_seconds",
    "rest_seconds",
    "stage",
    "per_side",
    "tempo",
    "effort_low",
    "effort_high",
)


def trail_of(copy: Copy) -> Source:
    """Return who read or wrote what in the record: name and role as on the page, an address only where it is the person's own."""
    patient = copy.patient
    columns = ["at", "action", "outcome", "by_name", "by_role", "object_type", "object_id", "own_address"]

    def rows() -> Iterator[Row]:
        own = patient.membership.user_id if patient.membership is not None else None
        staff = Membership.objects.filter(clinic_id=patient.clinic_id, user__isnull=False).exclude(role=Role.PATIENT)
        names: dict[Any, Any] = dict(staff.values_list("user_id", "pk"))
        entries = audit.entries_of(patient_id=patient.pk, clinic_id=patient.clinic_id)
        for one in entries.iterator(chunk_size=A_CHUNK):
            is_own = own is not None and one.actor_id == own
            name = patient.full_name if is_own else copy.people.get(names.get(one.actor_id), ("", ""))[0]
            yield {
                "at": plain(one.at),
                "action": one.action,
                "outcome": one.outcome,
                "by_name": name,
                "by_role": one.role,
                "object_type": one.object_type,
                "object_id": plain(one.object_id),
                "own_address": one.address if is_own else None,
            }

    return Source("who_opened_my_record", columns, rows)


# --- how it is written --------------------------------------------------------------------


def plain(value: Any) -> Any:
    """Return a value as JSON holds it: moments in UTC, days and times as ISO writes them, decimals as numbers."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, uuid.UUID) else value


def write_json(copy: Copy) -> Iterator[bytes]:
    """Yield the copy as one JSON document, a row at a time."""
    head = json.dumps(head_of(copy), ensure_ascii=False, indent=1)
    yield (head.removesuffix("\n}") + ',\n "tables": {').encode()
    for place, source in enumerate(sources_of(copy)):
        yield f"{',' if place else ''}\n  {json.dumps(source.name)}: [".encode()
        for number, row in enumerate(source.rows()):
            yield f"{',' if number else ''}\n   {json.dumps(row, ensure_ascii=False)}".encode()
        yield b"]"
    yield b"\n }\n}\n"


def cell(value: Any) -> Any:
    """Return a value as a cell: lists and objects as JSON, and no text that a spreadsheet would take for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(RISKY) else value


class _Pipe(io.RawIOBase):
    """What the ZIP is written into: keeps the bytes until they are taken, so that the whole never stands in memory."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        """Say that bytes may come."""
        return True

    def write(self, data: Any) -> int:
        """Keep bytes."""
        self.parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = b"".join(self.parts)
        self.parts.clear()
        return taken


def write_zip(copy: Copy) -> Iterator[bytes]:
    """Yield the copy as a ZIP of CSV files (UTF-8 with a mark for spreadsheets), one for each table, and the head as JSON."""
    pipe = _Pipe()
    moment = copy.made_at.astimezone(dt.UTC).timetuple()[:6]
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:

        def entry(name: str) -> zipfile.ZipInfo:
            info = zipfile.ZipInfo(name, date_time=moment)
            info.compress_type = zipfile.ZIP_DEFLATED
            return info

        archive.writestr(entry("record.json"), json.dumps(head_of(copy), ensure_ascii=False, indent=1))
        for source in sources_of(copy):
            with archive.open(entry(f"{source.name}.csv"), "w") as file:
                text = io.StringIO()
                writer = csv.writer(text)
                writer.writerow(source.columns)
                file.write(b"\xef\xbb\xbf")
                for number, row in enumerate(source.rows(), 1):
                    writer.writerow([cell(row[name]) for name in source.columns])
                    if number % A_CHUNK == 0:
                        file.write(text.getvalue().encode())
                        text.seek(0)
                        text.truncate()
                        yield pipe.take()
                file.write(text.getvalue().encode())
            yield pipe.take()
    yield pipe.take()
