"""What is said about an import: names of columns, why a file cannot be read, and what to do about each line."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinics.models import Language
from patients.models import Patient
from patients.moments import day_month_year
from patients.rules.import_lines import Trouble, Verdict
from patients.rules.importing import LONGEST_CELL, MOST_COLUMNS, MOST_LINES, Column, Fault

COLUMNS: Mapping[str, Promise] = {
    Column.FIRST_NAME: gettext_lazy("First name"),
    Column.LAST_NAME: gettext_lazy("Last name"),
    Column.BORN_ON: gettext_lazy("Date of birth"),
    Column.SEX: gettext_lazy("Sex"),
    Column.EMAIL: gettext_lazy("E-mail address"),
    Column.PHONE: gettext_lazy("Telephone"),
    Column.LANGUAGE: gettext_lazy("Language"),
    Column.TIME_ZONE: gettext_lazy("Time zone"),
    Column.NUMBER: gettext_lazy("Number"),
    Column.THERAPIST: gettext_lazy("Therapist"),
}
ENCODINGS: Mapping[str, Promise | str] = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": gettext_lazy("Windows, Western Europe (1252)"),
    "iso8859_15": "ISO 8859-15",
    "cp1250": gettext_lazy("Windows, Central Europe (1250)"),
    "mac_roman": "Mac Roman",
}
DELIMITERS: Mapping[str, Promise] = {
    ",": gettext_lazy("comma ,"),
    ";": gettext_lazy("semicolon ;"),
    "\t": gettext_lazy("tab"),
    "|": gettext_lazy("vertical bar |"),
}
FAULTS: Mapping[str, Promise] = {
    Fault.EMPTY: gettext_lazy("This file is empty. Choose one with a line for each patient."),
    Fault.SPREADSHEET: gettext_lazy("This is a spreadsheet, not a CSV file. Open it there, choose “Save as” and the kind “CSV UTF-8”."),
    Fault.PACKED: gettext_lazy("This file is compressed. Please unpack it first and choose the CSV file in it."),
    Fault.OTHER_KIND: gettext_lazy("This is not a CSV file. Choose a text file with a line for each patient."),
    Fault.NUL: gettext_lazy("This file holds characters no text has. Open it in your spreadsheet and save it as “CSV UTF-8”."),
    Fault.ENCODING: gettext_lazy("The letters of this file cannot be read. Save it again as “CSV UTF-8”."),
    Fault.COLUMNS: gettext_lazy(
        "A line has more than %(most_columns)s columns. Keep only those about the person, or choose another delimiter."
    ),
    Fault.CELL: gettext_lazy("A cell is longer than %(longest_cell)s characters. Perhaps a quotation mark is never closed."),
    Fault.QUOTES: gettext_lazy(
        "A quotation mark is not closed, or stands in the middle of a quoted cell. Write quotation marks within such a cell twice."
    ),
    Fault.LINES: gettext_lazy("The file has more than %(most_lines)s lines with patients. Please divide it."),
}
TROUBLES: Mapping[str, Promise] = {
    Trouble.MISSING: gettext_lazy("This is missing. Please add it."),
    Trouble.TOO_LONG: gettext_lazy("This is too long: at most %(other)s characters."),
    Trouble.NAMES_TOO_LONG: gettext_lazy("First and last name are too long together: at most 160 characters."),
    Trouble.CONTROL: gettext_lazy("This holds a line break or another character that cannot be stored. Write it on one line."),
    Trouble.ADDRESS: gettext_lazy("This is not an e-mail address. Correct it or leave it empty."),
    Trouble.DATE: gettext_lazy("This is not a date. Write 1980-12-31 or 31.12.1980."),
    Trouble.DATE_ORDER: gettext_lazy("This could be two days. Go back to the columns and choose whether the day or the month comes first."),
    Trouble.DATE_YEAR: gettext_lazy("The year has two digits only. Write all four."),
    Trouble.DATE_RANGE: gettext_lazy("This day lies before 1900 or in the future."),
    Trouble.SEX: gettext_lazy("This is not understood. Write f, m or d, or leave it empty."),
    Trouble.LANGUAGE: gettext_lazy("This is no language we speak. Write en or de, or leave it empty."),
    Trouble.ZONE: gettext_lazy("This is not a time zone. Write it like Europe/Berlin, or leave it empty."),
    Trouble.THERAPIST: gettext_lazy("Nobody of this name or address works here. Correct it, invite the person first, or leave it empty."),
    Trouble.THERAPIST_TWICE: gettext_lazy("Several people of this name work here. Write the e-mail address instead."),
    Trouble.SHORTENED: gettext_lazy("A spreadsheet has shortened this number. Format the column as text and enter the number again."),
    Trouble.CELLS: gettext_lazy(
        "This line has %(other)s cells, more than there are columns. Perhaps a quotation mark or a delimiter is wrong."
    ),
    Trouble.NUMBER_OF_OTHER: gettext_lazy("Somebody with another name has this number already (%(other)s). Correct it or leave it empty."),
    Trouble.HERE: gettext_lazy("This person is here already: %(other)s."),
    Trouble.TWICE: gettext_lazy("This person stands in the file twice: %(other)s."),
    Trouble.SAME_ADDRESS: gettext_lazy("Somebody else has the same e-mail address: %(other)s. A new record is opened."),
    Trouble.SAME_NAME: gettext_lazy(
        "Somebody has the same name, and a date of birth to compare is missing: %(other)s. A new record is opened."
    ),
    Trouble.BROKEN: gettext_lazy("Nothing after this line was read."),
}
VERDICTS: Mapping[str, Promise] = {
    Verdict.NEW: gettext_lazy("new"),
    Verdict.SKIPPED: gettext_lazy("left out"),
    Verdict.UPDATED: gettext_lazy("contact data updated"),
    Verdict.WRONG: gettext_lazy("to be corrected"),
}


def fault_text(fault: str) -> str:
    """Say why a file cannot be read and what to do."""
    return str(FAULTS[fault]) % {"most_columns": MOST_COLUMNS, "longest_cell": LONGEST_CELL, "most_lines": MOST_LINES}


def other_text(other: str | int) -> str:
    """Say who else is meant: a line of the file or the number (text) of a record."""
    if isinstance(other, int):
        return _("line %(line)s") % {"line": other}
    return _("number %(number)s") % {"number": other}


def finding_text(trouble: str, other: str | int) -> str:
    """Say what is to be done about a line."""
    if trouble in FAULTS:
        return f"{fault_text(trouble)} {TROUBLES[Trouble.BROKEN]}"
    named = trouble in {Trouble.NUMBER_OF_OTHER, Trouble.HERE, Trouble.TWICE, Trouble.SAME_ADDRESS, Trouble.SAME_NAME}
    return str(TROUBLES[trouble]) % {"other": other_text(other) if named else other}


def value_text(column: str, stored: str, staff: Mapping[str, str]) -> str:
    """Say how a cell was understood; `staff` are the names of members by key."""
    if not stored:
        return ""
    if column == Column.BORN_ON:
        return day_month_year(dt.date.fromisoformat(stored))
    if column == Column.SEX:
        return str(Patient.Sex(stored).label)
    if column == Column.LANGUAGE:
        return str(Language(stored).label)
    return staff.get(stored, "") if column == Column.THERAPIST else stored


def finding_row(stored: list[Any]) -> dict[str, Any]:
    """Return a stored finding as pages and files show it."""
    line, column, trouble, shown, other, is_error = stored
    return {
        "line": line,
        "column": str(COLUMNS.get(column, "")),
        "shown": shown,
        "text": finding_text(trouble, other),
        "is_error": is_error,
    }
