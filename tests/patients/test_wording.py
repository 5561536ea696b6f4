"""Every warning sign has its words, and a day is written as each language abbreviates it."""

import datetime as dt

import pytest
from django.utils.translation import override

from patients.dates import short_day
from patients.moments import day_month, day_month_year, full_day
from patients.rules.symptoms import GROUPS, SIGNS
from patients.wording import GROUPED_SIGN_TEXT, SIGN_TEXT


def test_every_sign_and_every_group_is_worded_once() -> None:
    assert set(SIGN_TEXT) == {sign.key for sign in SIGNS}
    assert set(GROUPED_SIGN_TEXT) == {group.key for group in GROUPS}


def test_the_words_are_short_enough_for_a_phone() -> None:
    with override("en"):
        assert max(len(str(text)) for text in SIGN_TEXT.values()) <= 90
        assert max(len(str(text)) for text in GROUPED_SIGN_TEXT.values()) <= 65


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["17 Mar", "Tue 17 Mar", "17 Mar 2026", "Tue 17 Mar 2026"]),
        ("de", ["17. März", "Di, 17. März", "17. März 2026", "Di, 17. März 2026"]),
    ],
)
def test_a_day_in_little_space_is_abbreviated_as_the_language_does(language: str, words: list[str]) -> None:
    with override(language):
        assert [write(dt.date(2026, 3, 17)) for write in (day_month, short_day, day_month_year, full_day)] == words


def test_a_shortened_month_has_its_full_stop_in_german() -> None:
    with override("de"):
        assert [day_month(dt.date(2026, month, 1)) for month in (1, 5, 9, 11)] == ["1. Jan.", "1. Mai", "1. Sept.", "1. Nov."]
