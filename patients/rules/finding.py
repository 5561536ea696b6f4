"""Under which words a person is found: ü, ue and u are the same, capitals and accents do not count, every word by its beginning."""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable

WORD_LENGTH = 40
MOST_WORDS = 5
"""So many words of a search are looked at."""
BEYOND = "\U0010ffff"
"""Comes after every letter: all words with a beginning lie between it and it followed by this."""

WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae", "œ": "oe"})
PLAIN = str.maketrans({"ø": "o", "æ": "a", "œ": "o", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"})
TOGETHER = re.compile(r"aa|ae|oe|ue")
"""Two letters that may stand for one: Mueller, Søren and Soeren, Aage."""
APART = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Return small letters without accents: "Müller" → "muller", "Gößmann" → "gossmann", "Łukasz" → "lukasz"."""
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", text).casefold().translate(PLAIN))
    return "".join(letter for letter in parts if unicodedata.category(letter) != "Mn")


def spellings(word: str) -> set[str]:
    """Return the ways one word may be typed, folded: "Müller" → muller and mueller, "Mueller" → mueller and muller."""
    written_out = fold(unicodedata.normalize("NFC", word).casefold().translate(WRITTEN_OUT))
    return {fold(word), written_out, TOGETHER.sub(lambda two: two[0][0], written_out)}


def split(text: str) -> list[str]:
    """Return the words of a text: what lies between spaces, hyphens and apostrophes."""
    return [word for word in APART.split(unicodedata.normalize("NFC", text)) if word]


def words_of(names: Iterable[str], number: str, born_on: dt.date | None) -> frozenset[str]:
    """Return every word a person is found by: those of the names, names with a hyphen also as one, the number, the year of birth."""
    found: set[str] = set()
    for part in " ".join(names).split():
        for word in {*split(part), "".join(split(part))}:
            found |= spellings(word)
    for word in {*split(number), "".join(split(number))}:
        found |= {fold(word), fold(word).lstrip("0")}
    if born_on is not None:
        found.add(str(born_on.year))
    return frozenset(word[:WORD_LENGTH] for word in found if word)


def asked(text: str) -> list[str]:
    """Return the folded beginnings somebody typed; a person is found when each of them begins one of their words."""
    return list(dict.fromkeys(fold(word)[:WORD_LENGTH] for word in split(text)))[:MOST_WORDS]
