"""Files of lines: encodings, delimiters, heads, line ends and everything that is no list."""

import gzip
import io
import zipfile

import pytest

from patients.rules.importing import (
    LONGEST_CELL,
    MOST_COLUMNS,
    Column,
    Fault,
    Reading,
    Unreadable,
    first_rows,
    guess_columns,
    guess_encoding,
    look_at,
    missing_columns,
    names_of_columns,
    people_rows,
    rows_of,
)

HEAD = "Vorname;Nachname;Geburtsdatum;E-Mail"
TEXT = f"{HEAD}\r\nJürgen;Müller;31.12.1980;j@example.org\r\n"


def cells_of(data: bytes) -> list[tuple[int, list[str]]]:
    return [(row.line, list(row.cells)) for row in people_rows(data, look_at(data))]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8-sig"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "utf-8-sig"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "utf-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("cp1252"), "cp1252"),
    ],
)
def test_the_encoding_is_found_and_the_mark_is_no_part_of_the_head(data: bytes, encoding: str) -> None:
    reading = look_at(data)
    assert (reading.encoding, reading.delimiter) == (encoding, ";")
    assert reading.columns == ("first_name", "last_name", "born_on", "email")
    assert cells_of(data) == [(2, ["Jürgen", "Müller", "31.12.1980", "j@example.org"])]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("first name,last name\nA,B\n", ","),
        ("first name;last name\nA;B\n", ";"),
        ("first name\tlast name\nA\tB\n", "\t"),
        ("first name|last name\nA|B\n", "|"),
        ('"name, first";"name, last, all"\nA;B\n', ";"),
        ("sep=;\nfirst name;last name\nA;B\n", ";"),
        ('"sep=|"\r\nfirst,a,b|last\nA|B\n', "|"),
        ("\n\nfirst;last\nA;B\n", ";"),
        ("name\nA\n", ","),
    ],
)
def test_the_delimiter_is_said_by_the_file_or_the_commonest_of_its_head(text: str, delimiter: str) -> None:
    assert look_at(text.encode()).delimiter == delimiter


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_every_line_end_ends_a_line_and_line_breaks_in_quotes_do_not(end: str) -> None:
    data = end.join(["first name,last name,note", 'A,B,"two', 'lines"', "", ",,", "C,D,"]).encode()
    assert cells_of(data) == [(2, ["A", "B", f"two{end}lines"]), (6, ["C", "D", ""])]


def test_the_line_that_names_the_delimiter_is_a_line_but_no_head() -> None:
    data = b"\xef\xbb\xbfsep=;\r\nVorname;Nachname\r\nA;B\r\n"
    assert names_of_columns(data, look_at(data)) == ["Vorname", "Nachname"]
    assert cells_of(data) == [(3, ["A", "B"])]


def test_a_file_without_head_begins_with_people() -> None:
    data = b"Anna,Vogt\nBen,Lim\n"
    reading = Reading("utf-8-sig", ",", has_head=False, columns=("first_name", "last_name"))
    assert [row.cells for row in people_rows(data, reading)] == [["Anna", "Vogt"], ["Ben", "Lim"]]
    assert names_of_columns(data, reading) == ["", ""]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["First name", "LAST-NAME", "E-Mail Address", "Date of birth"], ["first_name", "last_name", "email", "born_on"]),
        (["Vorname", "Name", "Geb.", "Tel.", "Behandler"], ["first_name", "last_name", "born_on", "phone", "therapist"]),
        (["Name", "Nachname", "Vorname"], ["", "last_name", "first_name"]),
        (["Telefon", "Mobil", "Straße"], ["phone", "", ""]),
        (["Pat.-Nr.", "Geschlecht", "Sprache", "Zeitzone"], ["number", "sex", "language", "time_zone"]),
        (["", "  ", "Diagnose"], ["", "", ""]),
    ],
)
def test_columns_are_known_by_their_english_and_german_names(names: list[str], found: list[str]) -> None:
    assert guess_columns(names) == tuple(found)


def test_first_and_last_name_are_needed() -> None:
    assert missing_columns(("email", "last_name")) == [Column.FIRST_NAME]


def a_spreadsheet() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", Fault.EMPTY),
        (b"\xef\xbb\xbf", Fault.EMPTY),
        (b" \r\n;;;\r\n\r\n", Fault.EMPTY),
        (a_spreadsheet(), Fault.SPREADSHEET),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, Fault.SPREADSHEET),
        (gzip.compress(TEXT.encode()), Fault.PACKED),
        (b"%PDF-1.7 ...", Fault.OTHER_KIND),
        (b"<html><body>list</body></html>", Fault.OTHER_KIND),
        (b"first,last\nA\x00,B\n", Fault.NUL),
        (TEXT.encode("utf-16-le"), Fault.NUL),
        (b"\xff\xfe\x00\x00" + TEXT.encode("utf-32-le"), Fault.ENCODING),
        (b"first,last\nA\x81,B\xff\n", Fault.ENCODING),
        (b"\xff\xfe" + TEXT.encode("utf-16-le") + b"x", Fault.ENCODING),
        (b",".join(b"c%d" % place for place in range(10_000)), Fault.COLUMNS),
        (b"x" * (LONGEST_CELL + 1), Fault.CELL),
        (b'"first,last\nA,B\n', Fault.QUOTES),
    ],
    ids=lambda value: f"{len(value)} bytes" if isinstance(value, bytes) else str(value),  # some hold the time of day
)
def test_what_is_no_list_of_lines_is_refused_with_its_reason(data: bytes, fault: Fault) -> None:
    with pytest.raises(Unreadable) as refused:
        look_at(data)
    assert refused.value.fault == fault


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        ('a,b\n1,2\n3,"4\n5,6\n', 3, Fault.QUOTES),
        ('a,b\n1,2\n"3"x,4\n5,6\n', 3, Fault.QUOTES),
        (f"a,b\n1,2\n3,{'x' * (LONGEST_CELL + 1)}\n", 3, Fault.CELL),
        (f"a,b\n1,2\n{',' * MOST_COLUMNS}\n", 3, Fault.COLUMNS),
    ],
)
def test_a_file_that_breaks_says_at_which_line_and_keeps_what_came_before(text: str, line: int, fault: Fault) -> None:
    data, reading = text.encode(), Reading("utf-8-sig", ",")
    with pytest.raises(Unreadable) as refused:
        list(rows_of(data, reading))
    assert (refused.value.line, refused.value.fault) == (line, fault)
    assert [row.cells for row in first_rows(data, reading, 5)] == [["1", "2"]]


def test_more_lines_than_allowed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patients.rules.importing.MOST_LINES", 2)
    data, reading = b"a,b\n1,2\n\n3,4\n5,6\n", Reading("utf-8-sig", ",")
    with pytest.raises(Unreadable) as refused:
        list(people_rows(data, reading))
    assert (refused.value.line, refused.value.fault) == (5, Fault.LINES)
    assert len(first_rows(data, reading, 9)) == 2


@pytest.mark.parametrize("name", ["שלום \u202eabc\u202c", "👩‍⚕️ 🏃🏽‍♀️", "Z̸̡̢a̶l̷g̵o̴", "=1+1", 'O\'Neil "Bo"', "e\u0301"])
def test_texts_come_back_byte_for_byte(name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    for encoding in ("utf-8", "utf-16"):
        data = f"first name,last name\n{quoted},x\n".encode(encoding)
        assert guess_encoding(data).startswith(encoding)
        assert cells_of(data) == [(2, [name, "x"])]


def test_a_reading_is_stored_and_read_back() -> None:
    reading = look_at(TEXT.encode())
    assert Reading.from_json(reading.as_json()) == reading
