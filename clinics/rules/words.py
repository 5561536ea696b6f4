"""The clinic's own words in a mail: one plain line, without anything that a mail program turns into a link."""

import re
import unicodedata
from enum import StrEnum

ADDRESS = re.compile(r"://|\bwww\.|@|[^\s.]\.[a-z]{2,}(?![a-z])", re.IGNORECASE)
"""What mail programs turn into a link: a scheme, www., an e-mail address, or a name and an ending without a space between."""
MARKUP = re.compile(r"[<>]")
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of signs nobody sees: control signs, line ends, and those that turn the direction of the text."""


class Refusal(StrEnum):
    """Why words cannot be taken."""

    LINK = "link"
    MARKUP = "markup"


def plain(text: str) -> str:
    """Return the text on one line without hidden signs; nothing of it can begin a header or a line of its own."""
    seen = (" " if sign.isspace() else sign for sign in text if sign.isspace() or unicodedata.category(sign) not in HIDDEN)
    return " ".join("".join(seen).split())


def refuse(text: str) -> Refusal | None:
    """Return why words cannot be taken, None when they can: links are ours alone, so that patients can trust those in our mails."""
    if MARKUP.search(text):
        return Refusal.MARKUP
    return Refusal.LINK if ADDRESS.search(text) else None
