"""What has to be asked, and what stands, from what was said before."""

from datetime import date
from pathlib import Path

import pytest

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
        (said(record=("1", True), reminders=("1", False)), False, False, []),
        (said(record=("1", False), reminders=("1", True)), False, True, []),
        (said(record=("0", True), reminders=("1", True)), False, False, ["record"]),
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


def test_the_words_of_every_version_are_kept() -> None:
    for purpose, version in VERSIONS.items():
        for number in range(1, int(version) + 1):
            assert Path(TEXTS, f"{purpose}_{number}.html").exists()
