"""What has to be asked, and what stands, from what was said before."""

import hashlib
from datetime import date

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from patients.models import Consent
from patients.rules import consents
from patients.rules.consents import NEEDED, VERSIONS, Purpose, has_withdrawn, is_first_visit, is_given, read_standings, to_ask
from tests.architecture.source import ROOT

ON = "2026-03-17"
TEXTS = ROOT / "templates" / "patients" / "consents"


def said(**words: tuple[str, bool]) -> dict[str, list[object]]:
    """Return what a caseload line holds: purpose=(version, given)."""
    return {name: [version, given, ON] for name, (version, given) in words.items()}


@pytest.mark.parametrize(
    ("stored", "first", "withdrawn", "asked"),
    [
        ({}, True, False, ["record", "reminders", "outcomes"]),
        (said(record=("1", True)), False, False, []),
        (said(record=("1", True), reminders=("1", True)), False, False, ["reminders"]),
        (said(record=("1", True), reminders=("2", True)), False, False, []),
        (said(record=("1", True), reminders=("1", False)), False, False, []),
        (said(record=("1", False), reminders=("1", True)), False, True, []),
        (said(record=("0", True), reminders=("2", True)), False, False, ["record"]),
        (said(record=("1", True), outcomes=("0", True)), False, False, ["outcomes"]),
        (said(record=("1", True), outcomes=("0", False)), False, False, []),
        (said(something_else=("1", True)), True, False, ["record", "reminders", "outcomes"]),
    ],
)
def test_everything_is_asked_once_and_new_words_of_what_was_given(
    stored: dict[str, list[object]], first: bool, withdrawn: bool, asked: list[str]
) -> None:
    standings = read_standings(stored)
    assert (is_first_visit(standings), has_withdrawn(standings)) == (first, withdrawn)
    assert [purpose.value for purpose in to_ask(standings)] == asked


def test_an_older_version_still_counts_until_it_is_taken_back() -> None:
    assert is_given(read_standings(said(reminders=("0", True))), Purpose.REMINDERS)
    assert not is_given(read_standings(said(reminders=("1", False))), Purpose.REMINDERS)
    assert read_standings(said(record=("1", True)))[Purpose.RECORD].on == date(2026, 3, 17)


def test_only_the_record_is_needed_and_the_table_knows_the_same_purposes() -> None:
    assert frozenset({Purpose.RECORD}) == NEEDED
    assert [purpose.value for purpose in Purpose] == Consent.Purpose.values
    assert consents.VERSIONS.keys() == set(Purpose)


WORDS = {
    "record_1": ("27bcf150235911a5", "64526b9101c68e09"),
    "reminders_1": ("a798648af6475244", "6122624265c1dcc8"),
    "reminders_2": ("cdcb6ac386c08a04", "70ff4277be90bb98"),
    "outcomes_1": ("11c943acc036e13d", "81853512089bc66f"),
}
"""Digests of the words in English and German; changed words are a new version with a template of its own."""


def test_the_words_of_every_version_are_kept() -> None:
    wanted = {f"{purpose}_{number}" for purpose, version in VERSIONS.items() for number in range(1, int(version) + 1)}
    assert wanted == set(WORDS) == {path.stem for path in TEXTS.glob("*.html")}


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize(("place", "language"), [(0, "en"), (1, "de")])
def test_words_that_somebody_agreed_to_never_change(name: str, place: int, language: str) -> None:
    with translation.override(language):
        words = " ".join(render_to_string(f"patients/consents/{name}.html", {"clinic": "X"}).split())
    assert hashlib.sha256(words.encode()).hexdigest()[:16] == WORDS[name][place]
