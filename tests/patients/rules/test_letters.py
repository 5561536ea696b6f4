"""What a letter may tell, and which trial stands behind a program."""

import pytest

from patients.rules.letters import Trial, in_order, paragraphs, trial_of


@pytest.mark.parametrize(
    ("chosen", "order"),
    [
        (["course", "program"], ["program", "course"]),
        (["signs", "signs", "adherence"], ["adherence", "signs"]),
        (["findings", "outlook", "nonsense", ""], []),
        ([], []),
    ],
)
def test_parts_come_once_in_the_order_of_a_letter(chosen: list[str], order: list[str]) -> None:
    assert [part.value for part in in_order(chosen)] == order


@pytest.mark.parametrize(
    ("code", "is_library", "trial"),
    [
        ("LL", True, Trial.SINGAPORE),
        ("LE", True, Trial.SINGAPORE),
        ("LS", True, Trial.SINGAPORE),
        ("RW", True, Trial.ASTEROID),
        ("WP", True, None),
        ("FU", True, None),
        ("LL", False, None),
    ],
)
def test_only_programs_of_the_library_follow_a_trial(code: str, is_library: bool, trial: Trial | None) -> None:
    assert trial_of(code, is_library=is_library) == trial


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" \r\n \n", []),
        ("one", ["one"]),
        ("one\r\ntwo\r\n\r\n\r\nthree ", ["one\ntwo", "three"]),
        ("a\rb", ["a\nb"]),
    ],
)
def test_an_empty_line_begins_a_paragraph(text: str, found: list[str]) -> None:
    assert paragraphs(text) == found
