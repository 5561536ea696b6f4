"""Setting a page as tagged PDF (PDF/UA-1): what every paper of ours shares. The words come as data; nothing of them is read as markup."""

import json
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
STANDARDS = ["ua-1"]
STAND_IN = "□"
"""What is printed for a character that no font of the paper has."""
BEYOND_THE_FONTS = 0x3000
"""The typesetter's own fonts hold European, Hebrew and Arabic letters and signs, but not what begins here (Chinese, emoji)."""
TRIES = 6
LONGEST_LINE = 300
REFUSED = re.compile(r'the text(?: contains the disallowed codepoint)? `"(?P<text>.+?)"`', re.DOTALL)


def set_pdf(
    page: str, data: Mapping[str, Any], words: Mapping[str, str], *, language: str, at: int, files: Mapping[str, bytes] | None = None
) -> bytes:
    """Return one of our pages (`page`.typ) filled with data and fixed words; `at` (seconds since 1970) is the moment the file tells.

    `files` are pictures by the name under which the page asks for them. The same data give the same file, byte for byte.
    """
    import typst  # loaded with the first paper: 7 MB of fonts and code that most processes never need

    filled: dict[str, Any] = {**cleaned(dict(data)), "words": dict(words)}
    given = {name: json.dumps(list(content)) for name, content in (files or {}).items()}
    for number in range(TRIES + 1):
        try:
            return _typeset(page, {"lang": language, "data": json.dumps(filled), **given}, at)
        except typst.TypstError as error:
            refused = REFUSED.search(str(error))
            if refused is None or number == TRIES:
                raise
            # The last time everything but plain European text is replaced, so that a paper always comes out.
            unprintable = unescape(refused["text"]) if number < TRIES - 1 else None
            filled = replaced(filled, unprintable)
    raise AssertionError("unreachable")


def _typeset(page: str, inputs: dict[str, str], at: int) -> bytes:
    """Set the page; no font, package or file of the machine is looked at but ours."""
    import typst

    compile_page: Any = typst.compile  # its types know fewer standards than it takes
    made = compile_page(
        source(page), format="pdf", font_paths=fonts(), ignore_system_fonts=True, pdf_standards=STANDARDS, timestamp=at, sys_inputs=inputs
    )
    return bytes(made)


@cache
def source(page: str) -> bytes:
    """Return a page as it stands in the file."""
    return (HERE / f"{page}.typ").read_bytes()


@cache
def fonts() -> Any:
    """Return the fonts of our papers, read once."""
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(HERE / "fonts")])


# --- what can be printed ------------------------------------------------------------------


def cleaned(value: Any) -> Any:
    """Return the data with every text made printable; `left_out` tells whether a sign was replaced."""
    found = each_text(value, printable)
    found["left_out"] = STAND_IN in json.dumps(found, ensure_ascii=False) and STAND_IN not in json.dumps(value, ensure_ascii=False)
    return found


def each_text(value: Any, change: Any) -> Any:
    """Return the data with `change` done to every text in it."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: each_text(one, change) for name, one in value.items()}
    return [each_text(one, change) for one in value] if isinstance(value, list) else value


def one_line(text: str) -> str:
    """Return what stands on one line of the page, as such and no longer than any name or address of ours."""
    return " ".join(text.split())[:LONGEST_LINE]


def printable(text: str) -> str:
    """Return a text without what no paper shows: control and direction marks go, signs beyond the fonts are replaced."""
    kept = []
    for sign in unicodedata.normalize("NFC", text):
        if sign in "\n\t":
            kept.append(sign if sign == "\n" else " ")
        elif ord(sign) >= BEYOND_THE_FONTS:
            kept.append(STAND_IN)
        elif unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            kept.append(sign)
    return "".join(kept)


def replaced(data: dict[str, Any], text: str | None) -> dict[str, Any]:
    """Return the data with one text replaced wherever it stands, or for None everything but European letters and signs."""

    def change(value: str) -> str:
        if text is not None:
            return value.replace(text, STAND_IN)
        return "".join(sign if ord(sign) < 0x180 or sign in "–—‘’‚“”„…−×●▲□·" else STAND_IN for sign in value)

    return {**each_text(data, change), "left_out": True}


def unescape(text: str) -> str:
    r"""Return the text that the typesetter quotes as "\u{600}"."""
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found[1], 16)), text).replace('\\"', '"').replace("\\\\", "\\")
