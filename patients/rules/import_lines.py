"""One line of an import after the other: what its cells mean, what is wrong with them, and whether the person is here already.

An address, a time zone and the people of the clinic are known by functions and tables that the caller hands in.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from typing import Any

from patients.rules.importing import Column, Reading, Row

LONGEST: Mapping[Column, int] = {
    Column.FIRST_NAME: 80,
    Column.LAST_NAME: 80,
    Column.EMAIL: 254,
    Column.PHONE: 40,
    Column.NUMBER: 20,
    Column.TIME_ZONE: 64,
}
LONGEST_FULL_NAME = 160
"""Characters of first and last name together, also when written in small letters (some letters become two then)."""
SHOWN = 60
"""Characters of a cell that a finding repeats."""
FIRST_YEAR = 1900
REPEATED = frozenset({Column.SEX, Column.LANGUAGE, Column.TIME_ZONE, Column.THERAPIST})
"""Columns with the same few words in all lines."""
SEXES: Mapping[str, str] = {
    **dict.fromkeys(("f", "female", "woman", "w", "weiblich", "frau"), "f"),
    **dict.fromkeys(("m", "male", "man", "männlich", "maennlich", "mann", "herr"), "m"),
    **dict.fromkeys(("d", "x", "diverse", "divers", "nonbinary", "other"), "d"),
    **dict.fromkeys(("", "u", "unknown", "notstated", "unbekannt", "keineangabe", "ka"), ""),
}
LANGUAGES: Mapping[str, str] = {
    **dict.fromkeys(("en", "eng", "english", "englisch", "engb", "enus"), "en"),
    **dict.fromkeys(("de", "ger", "deu", "german", "deutsch", "dede", "deat", "dech"), "de"),
}


class Trouble(StrEnum):
    """What a finding is about; its words stand in `patients/import_words.py`."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    NAMES_TOO_LONG = "names_too_long"
    CONTROL = "control"
    ADDRESS = "address"
    DATE = "date"
    DATE_ORDER = "date_order"
    DATE_YEAR = "date_year"
    DATE_RANGE = "date_range"
    SEX = "sex"
    LANGUAGE = "language"
    ZONE = "zone"
    THERAPIST = "therapist"
    THERAPIST_TWICE = "therapist_twice"
    SHORTENED = "shortened"
    CELLS = "cells"
    NUMBER_OF_OTHER = "number_of_other"
    HERE = "here"
    TWICE = "twice"
    SAME_ADDRESS = "same_address"
    SAME_NAME = "same_name"
    BROKEN = "broken"


WARNINGS = frozenset({Trouble.HERE, Trouble.TWICE, Trouble.SAME_ADDRESS, Trouble.SAME_NAME})
"""Said, but no reason to refuse the file, unless `duplicates` is "refuse"."""


class Verdict(StrEnum):
    """What becomes of a line."""

    NEW = "new"
    SKIPPED = "skipped"
    UPDATED = "updated"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to say about a line: which column, what the cell holds (cut), and who else: a number (text) or a line."""

    line: int
    column: str
    trouble: str
    shown: str = ""
    other: str | int = ""
    is_error: bool = True

    def as_json(self) -> list[Any]:
        """Return it as it is stored."""
        return [self.line, self.column, self.trouble, self.shown, self.other, self.is_error]


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody with a record in the clinic, as far as duplicates are found by it."""

    key: Any
    number: str
    first_name: str
    last_name: str
    born_on: dt.date | None
    email: str
    phone: str = ""


KNOWN_BY = ("number", "first_name", "last_name", "born_on", "email", "phone")
known_by = attrgetter(*KNOWN_BY)


@dataclass(slots=True)
class Person:
    """A line as it would be stored; `therapist` is the key of a member, None for the one of the whole import."""

    first_name: str = ""
    last_name: str = ""
    born_on: dt.date | None = None
    sex: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    time_zone: str = ""
    number: str = ""
    therapist: Any = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A line that was looked at; `same` is the record of the same person."""

    line: int
    verdict: Verdict
    person: Person
    findings: Sequence[Finding]
    same: Any = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the lines are held against: the clinic's day, its people (by address and by folded name), and who is here."""

    today: dt.date
    is_address: Callable[[str], bool]
    is_zone: Callable[[str], bool]
    staff: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    known: Sequence[Known] = ()


def fold(text: str) -> str:
    """Return a text in the form in which two spellings of it are equal: letters composed, small, single blanks."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


# --- cells --------------------------------------------------------------------------------

ISO = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
POINTED = re.compile(r"([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4})")
SLASHED = re.compile(r"([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})")
SCIENTIFIC = re.compile(r"[0-9][.,]?[0-9]*[eE]\+[0-9]+")
SHORT_YEAR = re.compile(r"[0-9]{1,2}[./-] ?[0-9]{1,2}[./-] ?[0-9]{2}")


class Wrong(Exception):
    """A cell cannot be taken."""

    def __init__(self, trouble: Trouble) -> None:
        """Take the reason."""
        super().__init__(trouble.value)
        self.trouble = trouble


def read_date(text: str, order: str) -> dt.date:
    """Return a date written as 1980-12-31, 31.12.1980 or 12/31/1980; raises Wrong, also for what could be two days and no order is set."""
    if found := ISO.fullmatch(text):
        return make_date(int(found[1]), int(found[2]), int(found[3]))
    if found := POINTED.fullmatch(text):
        return make_date(int(found[3]), int(found[2]), int(found[1]))
    found = SLASHED.fullmatch(text)
    if not found:
        raise Wrong(Trouble.DATE_YEAR if SHORT_YEAR.fullmatch(text) else Trouble.DATE)
    first, second, year = int(found[1]), int(found[2]), int(found[3])
    if order == "day":
        return make_date(year, second, first)
    if order == "month" or second > 12:
        return make_date(year, first, second)
    if first > 12 or first == second:
        return make_date(year, second, first)
    raise Wrong(Trouble.DATE_ORDER)


def make_date(year: int, month: int, day: int) -> dt.date:
    """Return the date; raises Wrong where there is no such day."""
    try:
        return dt.date(year, month, day)
    except ValueError as error:
        raise Wrong(Trouble.DATE) from error


def word(text: str) -> str:
    """Return the letters of an answer in small letters."""
    return "".join(sign for sign in text.lower() if sign.isalnum())


class Reader:
    """Turns the cells of a line into a person; what is wrong goes into `findings`."""

    def __init__(self, reading: Reading, around: Surroundings) -> None:
        """Take how the file is read and what it is held against."""
        self.order = reading.date_order
        self.places = [(place, Column(column)) for place, column in enumerate(reading.columns) if column]
        self.width = len(reading.columns)
        self.around = around
        self.remembered: dict[tuple[Column, str], Any] = {}
        self.read: dict[Column, Callable[[str], Any]] = {
            Column.BORN_ON: self.date,
            Column.SEX: self.sex,
            Column.EMAIL: self.address,
            Column.PHONE: self.phone,
            Column.LANGUAGE: self.language,
            Column.TIME_ZONE: self.zone,
            Column.THERAPIST: self.therapist,
        }

    def person(self, row: Row, findings: list[Finding]) -> Person:
        """Return the person of a line; a cell that is wrong stays empty."""
        person, cells = Person(), row.cells
        if len(cells) > self.width and any(cell.strip() for cell in cells[self.width :]):
            findings.append(Finding(row.line, "", Trouble.CELLS, other=str(len(cells))))
        for place, column in self.places:
            text = cells[place].strip() if place < len(cells) else ""
            if not text:
                if column in (Column.FIRST_NAME, Column.LAST_NAME):
                    findings.append(Finding(row.line, column, Trouble.MISSING))
                continue
            try:
                setattr(person, column, self.value(column, text))
            except Wrong as wrong:
                longest = str(LONGEST.get(column, "")) if wrong.trouble == Trouble.TOO_LONG else ""
                findings.append(Finding(row.line, column, wrong.trouble, text[:SHOWN], longest))
        full = f"{person.first_name} {person.last_name}"
        if max(len(full), len(full.lower())) > LONGEST_FULL_NAME:
            findings.append(Finding(row.line, Column.LAST_NAME, Trouble.NAMES_TOO_LONG, full[:SHOWN]))
        return person

    def value(self, column: Column, text: str) -> Any:
        """Return what a cell that is not empty means; raises Wrong."""
        if not text.isprintable() and any(unicodedata.category(sign) in ("Cc", "Zl", "Zp") for sign in text):
            raise Wrong(Trouble.CONTROL)
        if len(text) > LONGEST.get(column, len(text)):
            raise Wrong(Trouble.TOO_LONG)
        read = self.read.get(column)
        if read is None:
            return text
        if column not in REPEATED:
            return read(text)
        if (column, text) not in self.remembered:
            self.remembered[column, text] = read(text)
        return self.remembered[column, text]

    def date(self, text: str) -> dt.date:
        """Return a date of birth; raises Wrong for one before 1900 or to come."""
        found = read_date(text, self.order)
        if found > self.around.today or found.year < FIRST_YEAR:
            raise Wrong(Trouble.DATE_RANGE)
        return found

    def sex(self, text: str) -> str:
        """Return the code of a sex; raises Wrong."""
        code = SEXES.get(word(text))
        if code is None:
            raise Wrong(Trouble.SEX)
        return code

    def language(self, text: str) -> str:
        """Return the code of a language we speak; raises Wrong."""
        code = LANGUAGES.get(word(text))
        if code is None:
            raise Wrong(Trouble.LANGUAGE)
        return code

    def address(self, text: str) -> str:
        """Return an address in small letters; raises Wrong."""
        if not self.around.is_address(text):
            raise Wrong(Trouble.ADDRESS)
        return text.lower()

    def phone(self, text: str) -> str:
        """Return a telephone number as it is; raises Wrong for one a spreadsheet has shortened (4.9E+11)."""
        if SCIENTIFIC.fullmatch(text):
            raise Wrong(Trouble.SHORTENED)
        return text

    def zone(self, text: str) -> str:
        """Return the name of a time zone; raises Wrong."""
        if not self.around.is_zone(text):
            raise Wrong(Trouble.ZONE)
        return text

    def therapist(self, text: str) -> Any:
        """Return the one member of that address or name; raises Wrong."""
        found = self.around.staff.get(fold(text), ())
        if len(found) != 1:
            raise Wrong(Trouble.THERAPIST_TWICE if found else Trouble.THERAPIST)
        return found[0]


# --- people who are here already ----------------------------------------------------------


class Directory:
    """Finds somebody again by number, by address, and by name with date of birth."""

    def __init__(self) -> None:
        """Begin empty."""
        self.numbers: dict[str, Known] = {}
        self.addresses: dict[str, Known] = {}
        self.names: dict[str, dict[dt.date | None, Known]] = {}

    def add(self, one: Known, name: str) -> None:
        """Remember somebody with a folded name; the first with a number, an address or a name stays."""
        if one.number:
            self.numbers.setdefault(one.number, one)
        if one.email:
            self.addresses.setdefault(one.email, one)
        self.names.setdefault(name, {}).setdefault(one.born_on, one)


def name_of(one: "Known | Person") -> str:
    """Return the folded name."""
    return f"{fold(one.first_name)}\n{fold(one.last_name)}"


@dataclass(frozen=True, slots=True)
class Match:
    """What a directory says about a person: the same one, or a trouble in a column and who it is about."""

    same: Known | None = None
    trouble: Trouble | None = None
    column: Column | None = None
    other: Known | None = None


def match(person: Person, name: str, directory: Directory) -> Match:
    """Return whether somebody of this folded name is in the directory.

    The number decides, but never against the name. The address decides together with the name or the date of birth: families share
    one. Name and date of birth decide together, and a name alone where nothing tells two people apart. Everything less is only said.
    """
    born = person.born_on
    if person.number and (found := directory.numbers.get(person.number)):
        if name_of(found) == name or born is not None and born == found.born_on:
            return Match(same=found)
        return Match(trouble=Trouble.NUMBER_OF_OTHER, column=Column.NUMBER, other=found)
    alike = directory.names.get(name, {})
    if born is not None and (found := alike.get(born)):
        return Match(same=found)
    if person.email and (found := directory.addresses.get(person.email)):
        if name_of(found) == name and (born is None or found.born_on is None) or born is not None and born == found.born_on:
            return Match(same=found)
        return Match(trouble=Trouble.SAME_ADDRESS, column=Column.EMAIL, other=found)
    unsure = alike.get(None) or (next(iter(alike.values()), None) if born is None else None)
    if unsure is not None and born is None and (born, person.email, person.phone) == (unsure.born_on, unsure.email, unsure.phone):
        return Match(same=unsure)
    if unsure is not None:
        return Match(trouble=Trouble.SAME_NAME, column=Column.LAST_NAME, other=unsure)
    return Match()


class Checker:
    """Looks at the lines of one file in their order, and remembers them: the same person twice is found as well."""

    def __init__(self, reading: Reading, around: Surroundings) -> None:
        """Take how the file is read and what it is held against."""
        self.reader = Reader(reading, around)
        self.duplicates = reading.duplicates
        self.here, self.earlier = Directory(), Directory()
        self.taken: set[Any] = set()
        for one in around.known:
            self.here.add(one, name_of(one))

    def check(self, row: Row) -> Checked:
        """Return what becomes of a line."""
        findings: list[Finding] = []
        person = self.reader.person(row, findings)
        name = name_of(person)
        here, earlier = match(person, name, self.here), match(person, name, self.earlier)
        same = None
        if earlier.same is not None:
            self.say(findings, row, person, Trouble.TWICE, earlier.same.key)
        elif here.same is not None and here.same.key in self.taken:
            self.say(findings, row, person, Trouble.TWICE, here.same.number)
        elif here.same is not None:
            same = here.same.key
            self.taken.add(same)
            self.say(findings, row, person, Trouble.HERE, here.same.number)
        else:
            for found, is_here in ((here, True), (earlier, False)):
                if found.trouble is not None and found.other is not None:
                    other = found.other.number if is_here else found.other.key
                    self.say(findings, row, person, found.trouble, other, found.column or Column.LAST_NAME)
        # A line with a person who stands in it twice says nothing new to the lines that follow.
        if earlier.same is None:
            self.earlier.add(Known(row.line, *known_by(person)), name)
        return Checked(row.line, self.verdict(findings, same), person, findings, same)

    def say(
        self, findings: list[Finding], row: Row, person: Person, trouble: Trouble, other: Any, column: Column = Column.LAST_NAME
    ) -> None:
        """Add a finding about somebody else: an error unless it is only a warning, or duplicates are refused."""
        refuses = self.duplicates == "refuse" and trouble in (Trouble.HERE, Trouble.TWICE)
        findings.append(Finding(row.line, column, trouble, getattr(person, column)[:SHOWN], other, trouble not in WARNINGS or refuses))

    def verdict(self, findings: Sequence[Finding], same: Any) -> Verdict:
        """Return what becomes of a line with these findings."""
        if any(one.is_error for one in findings):
            return Verdict.WRONG
        if any(one.trouble == Trouble.TWICE for one in findings):
            return Verdict.SKIPPED
        if same is not None:
            return Verdict.UPDATED if self.duplicates == "update" else Verdict.SKIPPED
        return Verdict.NEW


# --- numbers ------------------------------------------------------------------------------

SHORTEST_NUMBER = 5
LONGEST_NUMBER = 18


def note_number(tops: dict[int, int], number: str) -> None:
    """Keep the highest running number of each length."""
    if number.isascii() and number.isdigit() and SHORTEST_NUMBER <= len(number) <= LONGEST_NUMBER:
        tops[len(number)] = max(tops.get(len(number), 0), int(number))


def numbers_after(tops: Mapping[int, int]) -> Iterator[str]:
    """Yield the running numbers after the highest of each length: five digits, then six when those are used up, and so on."""
    digits, last = SHORTEST_NUMBER, tops.get(SHORTEST_NUMBER, 0)
    while True:
        last += 1
        if last >= 10**digits:
            digits += 1
            last = max(last, tops.get(digits, 0) + 1)
        yield f"{last:0{SHORTEST_NUMBER}d}"
