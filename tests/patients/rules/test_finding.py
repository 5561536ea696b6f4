"""Under which words a person is found."""

import datetime as dt

import pytest

from patients.rules.finding import BEYOND, WORD_LENGTH, asked, fold, words_of


def is_found(typed: str, *names: str, number: str = "", born_on: dt.date | None = None) -> bool:
    """Tell whether each typed beginning begins a word, by the comparison the database makes."""
    words = words_of(names, number, born_on)
    return all(any(start <= word < start + BEYOND for word in words) for start in asked(typed))


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("müller", "Müller"),
        ("mueller", "Müller"),
        ("muller", "Müller"),
        ("Müller", "Mueller"),
        ("muller", "Mueller"),
        ("MÜ", "Müller"),
        ("groß", "Gross"),
        ("gross", "Groß"),
        ("novak", "Novák"),
        ("lukasz", "Łukasz"),
        ("soren", "Søren"),
        ("soeren", "Søren"),
        ("aage", "Åge"),
        ("age", "Aage"),
        ("oduya", "Ọdụya"),
        ("obrien", "O'Brien"),
        ("o'b", "O'Brien"),
        ("lüd", "Müller-Lüdenscheidt"),
        ("müllerlüd", "Müller-Lüdenscheidt"),
        ("müller-lü", "Müller-Lüdenscheidt"),
        ("林", "林伟"),
        ("ναύ", "Ναυσικά"),
        ("ИВАН", "Иванова"),
        ("e\u0301t", "Étienne"),
    ],
)
def test_every_word_is_found_by_its_beginning_however_it_is_written(typed: str, name: str) -> None:
    assert is_found(typed, "Anna", name)


@pytest.mark.parametrize("typed", ["ller", "mx", "anna b", "1985", "müllers"])
def test_what_begins_no_word_is_not_found(typed: str) -> None:
    assert not is_found(typed, "Anna", "Müller", number="00042", born_on=dt.date(1984, 2, 3))


@pytest.mark.parametrize("typed", ["00042", "42", "000", "1984", "19", "an 42 1984", "an mu 1984"])
def test_the_number_and_the_year_of_birth_are_words_too(typed: str) -> None:
    assert is_found(typed, "Anna", "Müller", number="00042", born_on=dt.date(1984, 2, 3))


@pytest.mark.parametrize("typed", ["RV-0042", "rv0042", "rv 42", "0042", "42"])
def test_a_number_with_letters_is_found_by_its_parts(typed: str) -> None:
    assert is_found(typed, "Anna", "Ek", number="RV-0042")


def test_only_marks_ask_for_nothing_and_no_more_than_five_words_are_looked_at() -> None:
    assert asked(" -'. ") == []
    assert asked("a b c d e f g") == ["a", "b", "c", "d", "e"]
    assert asked("anna Anna ANNA") == ["anna"]


def test_words_fit_the_column() -> None:
    assert max(len(word) for word in words_of(["ü" * 80, "ß" * 80], "9" * 20, None)) == WORD_LENGTH
    assert len(asked("ß" * 80)[0]) == WORD_LENGTH
    assert fold("ẞ") == "ss"
