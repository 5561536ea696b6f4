"""The clinic's own words: what is taken, what is refused, and what is left of a text, as tables."""

import pytest

from clinics.rules.words import Refusal, plain, refuse


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Please bring sports shoes, the door is on the left.",
        "Bus 42, z.B. ab 8.30 Uhr, d.h. bis 19 Uhr. Danke!",
        "Fragen? Rufen Sie an: +49 30 5550100",
        "5 & 6 sind “fein” – 100 %",
    ],
)
def test_plain_sentences_are_taken(text: str) -> None:
    assert refuse(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("See https://clinic.example", Refusal.LINK),
        ("javascript://x", Refusal.LINK),
        ("Look at www.clinic", Refusal.LINK),
        ("physio.de", Refusal.LINK),
        ("Write to praxis@clinic.example", Refusal.LINK),
        ("Bitte kommen.Danke", Refusal.LINK),
        ("<b>bold</b>", Refusal.MARKUP),
        ("1 < 2", Refusal.MARKUP),
    ],
)
def test_links_and_markup_are_refused(text: str, why: Refusal) -> None:
    assert refuse(text) == why


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("  two \r\n lines\t here ", "two lines here"),
        ("Hello\r\nBcc: everybody@example.org", "Hello Bcc: everybody@example.org"),
        ("a\u202eb\u2066c\u200bd\u00ade", "abcde"),
        ("line\u2028break\u2029end", "line break end"),
        ("bell\x07 and nul\x00", "bell and nul"),
        ("Grüße 🌿", "Grüße 🌿"),
    ],
)
def test_what_is_left_is_one_line_without_hidden_signs(text: str, left: str) -> None:
    assert plain(text) == left
