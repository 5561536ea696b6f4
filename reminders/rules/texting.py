"""Telephone numbers and the letters of a text message: E.164, and the alphabet of GSM 03.38 with its 160 places."""

import re
import unicodedata

MOST_PLACES = 160
"""What fits into one text message."""
BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
EXTENDED = "^{}\\[~]|€"
"""These take two places each."""
REPLACED = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "‚": "'", "–": "-", "—": "-", "…": "...", " ": " ", "ẞ": "SS"})
TRUNK_ZERO = {"DE": "49", "AT": "43", "CH": "41", "GB": "44", "IE": "353", "NL": "31", "BE": "32", "FR": "33", "SE": "46", "FI": "358"}
"""Countries whose numbers are written with a leading zero at home, and their codes."""
E164 = re.compile(r"\+[1-9]\d{7,14}")


def places(text: str) -> int:
    """Return how many places a text takes in the GSM alphabet; raises ValueError for a letter it does not have."""
    if any(letter not in BASIC and letter not in EXTENDED for letter in text):
        raise ValueError("a letter that no text message has")
    return len(text) + sum(letter in EXTENDED for letter in text)


def in_gsm(text: str) -> str:
    """Return a text in letters every telephone has: quotes and dashes made plain, accents left off, the rest dropped."""
    found = []
    for letter in " ".join(text.translate(REPLACED).split()):
        if letter in BASIC or letter in EXTENDED:
            found.append(letter)
        else:
            found += [one for one in unicodedata.normalize("NFKD", letter) if one in BASIC]
    return " ".join("".join(found).split())


def compose(sender: str, sentence: str, link: str) -> str:
    """Return “sender: sentence link” in at most 160 places, the sender cut where there is no room.

    Raises ValueError when sentence and link alone are too long.
    """
    name, tail = in_gsm(sender), f"{in_gsm(sentence)} {in_gsm(link)}".strip()
    room = MOST_PLACES - places(tail) - 2
    if room < 0:
        raise ValueError("the sentence and the link fill more than one text message")
    while name and places(name) > room:
        name = name[:-1].rstrip()
    return f"{name}: {tail}" if name else tail


def number_of(typed: str, country: str) -> str | None:
    """Return a telephone number as +49…, read the way it is written in `country` (two letters); None when it cannot be one."""
    digits = re.sub(r"[\s()/.–-]", "", typed.strip())
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    elif digits.startswith("0") and country in TRUNK_ZERO:
        digits = f"+{TRUNK_ZERO[country]}{digits[1:]}"
    # “+49 (0) 171 …”: the zero in brackets is for calls at home.
    digits = re.sub(r"^\+(49|43|41|44)0", r"+\1", digits)
    return digits if E164.fullmatch(digits) else None
