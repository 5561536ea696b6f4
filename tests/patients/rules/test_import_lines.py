"""Lines of an import: what cells mean, what is wrong with them, and who is here already."""

import datetime as dt
from itertools import islice
from typing import Any

import pytest

from patients.rules.import_lines import (
    Checked,
    Checker,
    Known,
    Surroundings,
    Trouble,
    Verdict,
    Wrong,
    note_number,
    numbers_after,
    read_date,
)
from patients.rules.importing import Column, Reading, Row

COLUMNS = tuple(Column)
ANNA = Known("anna", "00001", "Anna", "Vogt", dt.date(1980, 12, 31), "anna@example.org")
BEN = Known("ben", "00002", "Ben", "Müller", None, "", "030 5")
AROUND = Surroundings(
    today=dt.date(2026, 3, 2),
    is_address=lambda text: "@" in text and " " not in text,
    is_zone=lambda text: text == "Europe/Berlin",
    staff={"jonas keller": ["jonas"], "jonas@riverside.example": ["jonas"], "eva brandt": ["eva1", "eva2"]},
    known=[ANNA, BEN],
)


def check(*people: dict[str, str], **options: Any) -> list[Checked]:
    checker = Checker(Reading("utf-8-sig", ",", columns=COLUMNS, **options), AROUND)
    return [checker.check(Row(line, [one.get(column, "") for column in COLUMNS])) for line, one in enumerate(people, 2)]


def person(**fields: str) -> dict[str, str]:
    return {"first_name": "Carla", "last_name": "Neu", **fields}


def troubles(line: Checked) -> list[tuple[str, str, str | int]]:
    return [(one.trouble, one.column, one.other) for one in line.findings]


@pytest.mark.parametrize(
    ("text", "order", "found"),
    [
        ("1980-12-31", "", (1980, 12, 31)),
        ("1980/12/31", "", (1980, 12, 31)),
        ("1980-12-31 00:00:00", "", (1980, 12, 31)),
        ("1980-12-31T00:00", "month", (1980, 12, 31)),
        ("31.12.1980", "", (1980, 12, 31)),
        ("1. 2. 1980", "month", (1980, 2, 1)),
        ("12/31/1980", "", (1980, 12, 31)),
        ("31/12/1980", "", (1980, 12, 31)),
        ("31-12-1980", "", (1980, 12, 31)),
        ("05/05/1980", "", (1980, 5, 5)),
        ("03/04/1980", "day", (1980, 4, 3)),
        ("03/04/1980", "month", (1980, 3, 4)),
        ("29.02.2000", "", (2000, 2, 29)),
        ("03/04/1980", "", Trouble.DATE_ORDER),
        ("12/31/1980", "day", Trouble.DATE),
        ("31/12/1980", "month", Trouble.DATE),
        ("29.02.1999", "", Trouble.DATE),
        ("1980-13-01", "", Trouble.DATE),
        ("0000-01-01", "", Trouble.DATE),
        ("31.12.80", "", Trouble.DATE_YEAR),
        ("1/2/80", "day", Trouble.DATE_YEAR),
        ("29586", "", Trouble.DATE),
        ("born in May", "", Trouble.DATE),
        ("٣١.١٢.١٩٨٠", "", Trouble.DATE),
    ],
)
def test_dates_are_read_only_when_they_can_be_one_day(text: str, order: str, found: Any) -> None:
    if isinstance(found, Trouble):
        with pytest.raises(Wrong) as wrong:
            read_date(text, order)
        assert wrong.value.trouble == found
    else:
        assert read_date(text, order) == dt.date(*found)


def test_a_whole_line_becomes_a_person_as_it_was_written() -> None:
    [line] = check(
        person(
            first_name="  Jürgen \u202eabc ",
            last_name="=1+1",
            born_on="31.12.1980",
            sex="Männlich",
            email="J@Example.org",
            phone="+49 30 5550123",
            language="Deutsch",
            time_zone="Europe/Berlin",
            number="A-7",
            therapist="JONAS  Keller",
        )
    )
    assert (line.verdict, line.findings) == (Verdict.NEW, [])
    one = line.person
    assert (one.first_name, one.last_name, one.born_on) == ("Jürgen \u202eabc", "=1+1", dt.date(1980, 12, 31))
    assert (one.sex, one.email, one.phone, one.language) == ("m", "j@example.org", "+49 30 5550123", "de")
    assert (one.time_zone, one.number, one.therapist) == ("Europe/Berlin", "A-7", "jonas")


@pytest.mark.parametrize(
    ("fields", "column", "trouble", "other"),
    [
        ({"first_name": " "}, "first_name", Trouble.MISSING, ""),
        ({"last_name": ""}, "last_name", Trouble.MISSING, ""),
        ({"first_name": "x" * 81}, "first_name", Trouble.TOO_LONG, "80"),
        ({"first_name": "İ" * 60, "last_name": "İ" * 60}, "last_name", Trouble.NAMES_TOO_LONG, ""),
        ({"first_name": "x" * 80, "last_name": "y" * 80}, "last_name", Trouble.NAMES_TOO_LONG, ""),
        ({"last_name": "two\nlines"}, "last_name", Trouble.CONTROL, ""),
        ({"phone": "0\x1b1"}, "phone", Trouble.CONTROL, ""),
        ({"email": "nobody"}, "email", Trouble.ADDRESS, ""),
        ({"email": f"{'x' * 250}@example.org"}, "email", Trouble.TOO_LONG, "254"),
        ({"phone": "4,9305E+11"}, "phone", Trouble.SHORTENED, ""),
        ({"phone": "1" * 41}, "phone", Trouble.TOO_LONG, "40"),
        ({"born_on": "2026-03-03"}, "born_on", Trouble.DATE_RANGE, ""),
        ({"born_on": "1899-12-31"}, "born_on", Trouble.DATE_RANGE, ""),
        ({"sex": "q"}, "sex", Trouble.SEX, ""),
        ({"language": "fr"}, "language", Trouble.LANGUAGE, ""),
        ({"time_zone": "Berlin"}, "time_zone", Trouble.ZONE, ""),
        ({"therapist": "Nobody Here"}, "therapist", Trouble.THERAPIST, ""),
        ({"therapist": "Eva Brandt"}, "therapist", Trouble.THERAPIST_TWICE, ""),
        ({"number": "x" * 21}, "number", Trouble.TOO_LONG, "20"),
    ],
)
def test_a_wrong_cell_is_named_with_its_column_and_refuses_the_line(fields: dict[str, str], column: str, trouble: str, other: str) -> None:
    [line] = check(person(**fields))
    assert line.verdict == Verdict.WRONG
    assert troubles(line) == [(trouble, column, other)]


@pytest.mark.parametrize(
    ("word", "code"), [("F", "f"), ("weiblich", "f"), ("Herr", "m"), ("non-binary", "d"), ("unbekannt", ""), ("k. A.", "")]
)
def test_sexes_are_understood_in_both_languages(word: str, code: str) -> None:
    [line] = check(person(sex=word))
    assert (line.verdict, line.person.sex) == (Verdict.NEW, code)


def test_more_cells_than_columns_are_refused_unless_they_are_empty() -> None:
    checker = Checker(Reading("utf-8-sig", ",", columns=("first_name", "last_name")), AROUND)
    assert checker.check(Row(2, ["A", "B", "", " "])).verdict == Verdict.NEW
    assert troubles(checker.check(Row(3, ["A", "B", "C"])))[0][0] == Trouble.CELLS
    assert checker.check(Row(4, ["A"])).verdict == Verdict.WRONG


@pytest.mark.parametrize(
    ("fields", "verdict", "found"),
    [
        # the number decides, with the name or the date of birth
        ({"number": "00001", "first_name": "ANNA", "last_name": "vogt"}, Verdict.SKIPPED, (Trouble.HERE, "last_name", "00001")),
        ({"number": "00001", "born_on": "1980-12-31"}, Verdict.SKIPPED, (Trouble.HERE, "last_name", "00001")),
        ({"number": "00001"}, Verdict.WRONG, (Trouble.NUMBER_OF_OTHER, "number", "00001")),
        # the address decides with the name or the date of birth: families share one
        ({"email": "ANNA@example.org", "born_on": "1980-12-31"}, Verdict.SKIPPED, (Trouble.HERE, "last_name", "00001")),
        ({"email": "anna@example.org", "first_name": "Anna", "last_name": "Vogt"}, Verdict.SKIPPED, (Trouble.HERE, "last_name", "00001")),
        ({"email": "anna@example.org"}, Verdict.NEW, (Trouble.SAME_ADDRESS, "email", "00001")),
        # name with date of birth
        ({"first_name": "Anna", "last_name": "Vogt", "born_on": "31.12.1980"}, Verdict.SKIPPED, (Trouble.HERE, "last_name", "00001")),
        ({"first_name": "Anna", "last_name": "Vogt", "born_on": "1981-12-31"}, Verdict.NEW, None),
        ({"first_name": "Anna", "last_name": "Vogt"}, Verdict.NEW, (Trouble.SAME_NAME, "last_name", "00001")),
        (
            {"first_name": "Ben", "last_name": "Mu\u0308ller", "born_on": "1990-01-01"},
            Verdict.NEW,
            (Trouble.SAME_NAME, "last_name", "00002"),
        ),
        # a name alone, where nothing tells two people apart
        ({"first_name": "Ben", "last_name": "Müller", "phone": "030 5"}, Verdict.SKIPPED, (Trouble.HERE, "last_name", "00002")),
        ({"first_name": "Ben", "last_name": "Müller"}, Verdict.NEW, (Trouble.SAME_NAME, "last_name", "00002")),
        ({"first_name": "Dora", "last_name": "Neu"}, Verdict.NEW, None),
    ],
)
def test_who_is_here_already_is_found_and_less_is_only_said(fields: dict[str, str], verdict: Verdict, found: Any) -> None:
    [line] = check(person(**fields))
    assert (line.verdict, troubles(line)) == (verdict, [found] if found else [])


@pytest.mark.parametrize(
    ("duplicates", "verdict", "same"),
    [("skip", Verdict.SKIPPED, "anna"), ("update", Verdict.UPDATED, "anna"), ("refuse", Verdict.WRONG, "anna")],
)
def test_what_happens_to_those_who_are_here_is_chosen(duplicates: str, verdict: Verdict, same: str) -> None:
    [line] = check(person(number="00001", born_on="1980-12-31"), duplicates=duplicates)
    assert (line.verdict, line.same) == (verdict, same)


@pytest.mark.parametrize(("duplicates", "verdict"), [("skip", Verdict.SKIPPED), ("update", Verdict.SKIPPED), ("refuse", Verdict.WRONG)])
def test_the_same_person_twice_in_a_file_counts_once(duplicates: str, verdict: Verdict) -> None:
    one = person(born_on="1990-01-01", email="c@example.org")
    first, second, third = check(one, {**one, "email": ""}, person(born_on="1991-01-01"), duplicates=duplicates)
    assert [line.verdict for line in (first, second, third)] == [Verdict.NEW, verdict, Verdict.NEW]
    assert troubles(second) == [(Trouble.TWICE, "last_name", 2)]


def test_two_lines_for_somebody_who_is_here_change_the_record_once() -> None:
    first, second = check(person(number="00001", born_on="1980-12-31"), person(number="00001", born_on="1980-12-31"), duplicates="update")
    assert [first.verdict, second.verdict] == [Verdict.UPDATED, Verdict.SKIPPED]


def test_a_number_given_to_two_people_refuses_the_second() -> None:
    _first, second = check(person(number="77"), person(first_name="Dora", number="77"))
    assert (second.verdict, troubles(second)) == (Verdict.WRONG, [(Trouble.NUMBER_OF_OTHER, "number", 2)])


@pytest.mark.parametrize(
    ("taken", "following"),
    [
        ([], ["00001", "00002"]),
        (["00007", "00041", "A-9", "7"], ["00042", "00043"]),
        (["99998"], ["99999", "100000"]),
        (["99999"], ["100000", "100001"]),
        (["99999", "100004"], ["100005", "100006"]),
        (["123456", "00003"], ["00004", "00005"]),
        (["٠٠٠٠٩", "00002"], ["00003", "00004"]),
    ],
)
def test_running_numbers_go_on_after_the_highest_and_never_hit_one_that_is_taken(taken: list[str], following: list[str]) -> None:
    tops: dict[int, int] = {}
    for number in taken:
        note_number(tops, number)
    assert list(islice(numbers_after(tops), 2)) == following
