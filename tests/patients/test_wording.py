"""Every warning sign has its words."""

from django.utils.translation import override

from patients.rules.symptoms import GROUPS, SIGNS
from patients.wording import GROUPED_SIGN_TEXT, SIGN_TEXT


def test_every_sign_and_every_group_is_worded_once() -> None:
    assert set(SIGN_TEXT) == {sign.key for sign in SIGNS}
    assert set(GROUPED_SIGN_TEXT) == {group.key for group in GROUPS}


def test_the_words_are_short_enough_for_a_phone() -> None:
    with override("en"):
        assert max(len(str(text)) for text in SIGN_TEXT.values()) <= 90
        assert max(len(str(text)) for text in GROUPED_SIGN_TEXT.values()) <= 65
