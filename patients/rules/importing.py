"""A list of patients as a file of lines: which encoding and delimiter it has, what its columns are called, and its lines one by one.

Nothing here knows a database. A file is read as a stream, so that it never stands in memory twice.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

MOST_LINES = 100_000
"""Lines with a person in one file."""
MOST_COLUMNS = 200
LONGEST_CELL = 131_072
"""Characters; the limit of Python's csv module, which we leave as it is."""
PIECE = 1_000_000
ENCODINGS: tuple[str, ...] = ("utf-8-sig", "utf-16", "cp1252", "iso8859_15", "cp1250", "mac_roman")
DELIMITERS = ",;\t|"
SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=(.)"?[\r\n]*', re.IGNORECASE)


class Column(StrEnum):
    """What a column may hold."""

    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    BORN_ON = "born_on"
    SEX = "sex"
    EMAIL = "email"
    PHONE = "phone"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"
    NUMBER = "number"
    THERAPIST = "therapist"


NEEDED = (Column.FIRST_NAME, Column.LAST_NAME)
NAMES: Mapping[Column, str] = {
    Column.FIRST_NAME: "first name, firstname, given name, forename, vorname, rufname",
    Column.LAST_NAME: "last name, lastname, surname, family name, nachname, familienname, zuname",
    Column.BORN_ON: "date of birth, dob, birth date, birthday, born, born on, geburtsdatum, geburtstag, geb, geb dat, geboren, geboren am",
    Column.SEX: "sex, gender, geschlecht",
    Column.EMAIL: "e-mail, mail, e-mail address, mail address, e-mail-adresse, mailadresse",
    Column.PHONE: "telephone, phone, phone number, telephone number, tel, mobile, mobile phone, mobile number, cell, cell phone, "
    "telefon, telefonnummer, tel nr, rufnummer, handy, handynummer, mobil, mobilnummer, mobiltelefon, mobilfunk",
    Column.LANGUAGE: "language, sprache, korrespondenzsprache",
    Column.TIME_ZONE: "time zone, timezone, zeitzone",
    Column.NUMBER: "number, no, nr, patient number, patient no, patient id, patientennummer, patienten-nr, patientennr, patienten-id, "
    "pat-nr, pat-nummer, nummer",
    Column.THERAPIST: "therapist, physiotherapist, therapeut, therapeutin, physiotherapeut, physiotherapeutin, behandler, behandlerin, "
    "behandelnde person",
}
"""How clinics call their columns, in English and German; case, blanks and signs do not matter."""


def key_of(text: str) -> str:
    """Return the letters and digits of a text in small letters: what two spellings of a name for a column share."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


KNOWN = {key_of(name): column for column, names in NAMES.items() for name in names.split(",")}
WEAK = {"name": Column.LAST_NAME}
"""A column called "Name" is the last name where no column says so more clearly."""


class Fault(StrEnum):
    """Why a file cannot be read as lines at all."""

    EMPTY = "empty"
    SPREADSHEET = "spreadsheet"
    PACKED = "packed"
    OTHER_KIND = "other_kind"
    NUL = "nul"
    ENCODING = "encoding"
    COLUMNS = "columns"
    CELL = "cell"
    QUOTES = "quotes"
    LINES = "lines"


class Unreadable(Exception):
    """The file is no list of lines; `line` says where it broke, 0 for the file as a whole."""

    def __init__(self, fault: Fault, line: int = 0) -> None:
        """Take the reason."""
        super().__init__(fault.value)
        self.fault = fault
        self.line = line


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read: everything about it that a person may change.

    `columns` holds a `Column` or "" (left out) for each column; `date_order` is "" (refuse what could be both), "day" or "month";
    `duplicates` is what happens to people who are here already.
    """

    encoding: str
    delimiter: str
    has_head: bool = True
    columns: tuple[str, ...] = ()
    date_order: str = ""
    duplicates: str = "skip"

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Reading":
        """Return what `as_json` gave."""
        return cls(**{**stored, "columns": tuple(stored.get("columns", ()))})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file: where it begins, counted as an editor does, and its cells."""

    line: int
    cells: Sequence[str]

    @property
    def is_blank(self) -> bool:
        """Whether it holds nothing but delimiters and blanks."""
        return not any(cell.strip() for cell in self.cells)


# --- the file as a whole ------------------------------------------------------------------

MARKS: Sequence[tuple[bytes, Fault]] = (
    (b"PK\x03\x04", Fault.SPREADSHEET),
    (b"PK\x05\x06", Fault.PACKED),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Fault.SPREADSHEET),
    (b"\x1f\x8b", Fault.PACKED),
    (b"BZh", Fault.PACKED),
    (b"\xfd7zXZ\x00", Fault.PACKED),
    (b"7z\xbc\xaf\x27\x1c", Fault.PACKED),
    (b"\x28\xb5\x2f\xfd", Fault.PACKED),
    (b"Rar!\x1a\x07", Fault.PACKED),
    (b"%PDF", Fault.OTHER_KIND),
    (b"{\\rtf", Fault.OTHER_KIND),
    (b"\x89PNG", Fault.OTHER_KIND),
    (b"\xff\xd8\xff", Fault.OTHER_KIND),
    (b"<!DOCTYPE", Fault.OTHER_KIND),
    (b"<?xml", Fault.OTHER_KIND),
    (b"<html", Fault.OTHER_KIND),
)
"""What other kinds of files begin with: a name that ends in .csv proves nothing."""


def look_at(data: bytes) -> Reading:
    """Return how a file is probably read; raises Unreadable for what is no list of lines in a known encoding."""
    for mark, fault in MARKS:
        if data.startswith(mark):
            raise Unreadable(fault)
    encoding = guess_encoding(data)
    delimiter = guess_delimiter(data, encoding)
    reading = Reading(encoding, delimiter)
    head = next((row for row in rows_of(data, reading) if not row.is_blank), None)
    if head is None:
        raise Unreadable(Fault.EMPTY)
    return Reading(encoding, delimiter, columns=guess_columns(head.cells))


def guess_encoding(data: bytes) -> str:
    """Return the encoding a file has: its mark decides, then UTF-8 where it fits, then Windows-1252; raises Unreadable."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise Unreadable(Fault.ENCODING)
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        if fits(data, encoding):
            return encoding
    raise Unreadable(Fault.ENCODING)


def fits(data: bytes, encoding: str) -> bool:
    """Tell whether a whole file can be read in an encoding; raises Unreadable for NUL characters, which no list holds."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), PIECE):
            if "\x00" in decoder.decode(data[start : start + PIECE]):
                raise Unreadable(Fault.NUL)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def open_text(data: bytes, encoding: str) -> io.TextIOWrapper:
    """Return a file as a stream of text whose line ends are left as they are."""
    return io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")


def guess_delimiter(data: bytes, encoding: str) -> str:
    """Return the delimiter of the first line that holds something: as `sep=` says, or the sign that stands there most often."""
    for line in open_text(data, encoding):
        said = SEPARATOR_LINE.fullmatch(line)
        if said and said[1] in DELIMITERS:
            return said[1]
        bare = re.sub(r'"[^"]*"', "", line)
        if bare.strip() or '"' in line:
            return max(DELIMITERS, key=bare.count)
    return DELIMITERS[0]


def guess_columns(names: Sequence[str]) -> tuple[str, ...]:
    """Return what each column holds by its name, "" where no name is known; nothing is held by two columns."""
    found = [""] * len(names)
    for known in (KNOWN, WEAK):
        for place, name in enumerate(names):
            column = known.get(key_of(name))
            if column and column not in found and not found[place]:
                found[place] = column
    return tuple(found)


# --- its lines ----------------------------------------------------------------------------


def rows_of(data: bytes, reading: Reading) -> Iterator[Row]:
    """Yield every line, the head and blank ones included; raises Unreadable at the line where the file breaks."""
    text, before = open_text(data, reading.encoding), 0
    try:
        first = text.readline()
        if SEPARATOR_LINE.fullmatch(first):
            before = 1
        else:
            text = open_text(data, reading.encoding)
        reader = csv.reader(text, delimiter=reading.delimiter, strict=True)
        begins = before + 1
        try:
            for cells in reader:
                if len(cells) > MOST_COLUMNS:
                    raise Unreadable(Fault.COLUMNS, begins)
                yield Row(begins, cells)
                begins = before + reader.line_num + 1
        except csv.Error as error:
            raise Unreadable(Fault.CELL if "field larger" in str(error) else Fault.QUOTES, begins) from error
    except UnicodeError as error:
        raise Unreadable(Fault.ENCODING) from error


def people_rows(data: bytes, reading: Reading) -> Iterator[Row]:
    """Yield the lines with people: without head and blank lines; raises Unreadable, also when there are too many."""
    rows = (row for row in rows_of(data, reading) if not row.is_blank)
    for count, row in enumerate(islice(rows, int(reading.has_head), None), 1):
        if count > MOST_LINES:
            raise Unreadable(Fault.LINES, row.line)
        yield row


def names_of_columns(data: bytes, reading: Reading) -> list[str]:
    """Return the names in the head, or empty names when there is no head; raises Unreadable."""
    first = next((row for row in rows_of(data, reading) if not row.is_blank), None)
    if first is None:
        raise Unreadable(Fault.EMPTY)
    return [name.strip() if reading.has_head else "" for name in first.cells]


def first_rows(data: bytes, reading: Reading, count: int) -> list[Row]:
    """Return the first lines with people, fewer where the file breaks before."""
    found: list[Row] = []
    with suppress(Unreadable):
        for row in islice(people_rows(data, reading), count):
            found.append(row)
    return found


def missing_columns(columns: Sequence[str]) -> list[str]:
    """Return what is needed and held by no column."""
    return [column for column in NEEDED if column not in columns]
