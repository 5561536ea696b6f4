"""A letter to a doctor as a tagged PDF (PDF/UA-1), made anew from the words that were kept."""

import copy
import json
import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from clinics.branding import logo_of
from patients.charts import trajectory_svg
from patients.letter_words import trajectory_from
from patients.models import Letter

PAGE = Path(__file__).with_name("letter.typ")
STANDARDS = ["ua-1"]
STAND_IN = "□"
"""What is printed for a character that no font of the paper has."""
BEYOND_THE_FONTS = 0x3000
"""The typesetter's own fonts hold European, Hebrew and Arabic letters and signs, but not what begins here (Chinese, emoji)."""
TRIES = 6
LONGEST_LINE = 300
REFUSED = re.compile(r'the text(?: contains the disallowed codepoint)? `"(?P<text>.+?)"`', re.DOTALL)
DRAWING = """<style>
text{font-family:"Libertinus Serif";font-size:13px;fill:#3f4441}
.grid{stroke:#d9d6cf;stroke-width:1;fill:none}.axis{stroke:#7b807d;stroke-width:1;fill:none}
.ln{fill:none;stroke-width:2.4;stroke-linecap:round;stroke-linejoin:round}
.ln--pain{stroke:#c4552a}.ln--func{stroke:#6d4bb0}
.pt{stroke:#fff;stroke-width:1.5}.pt--pain{fill:#c4552a}.pt--func{fill:#6d4bb0}
</style>"""
"""What the style sheet says on a page, as far as a figure on paper needs it."""


def letter_pdf(letter: Letter) -> bytes:
    """Return the letter as PDF, in its language and with the day it was written; raises ValueError when its words were erased."""
    import typst  # loaded with the first letter: 7 MB of fonts and code that most processes never need

    if not letter.content:
        raise ValueError("nothing is left of this letter")
    with translation.override(letter.language):
        data = on_paper(letter)
    logo = logo_of(letter.clinic_id)
    for number in range(TRIES + 1):
        try:
            return typeset(data, letter, logo)
        except typst.TypstError as error:
            refused = REFUSED.search(str(error))
            if refused is None or number == TRIES:
                raise
            # The last time everything but plain European text is replaced, so that a letter always comes out.
            unprintable = unescape(refused["text"]) if number < TRIES - 1 else None
            data = replaced(data, unprintable)
    raise AssertionError("unreachable")


def on_paper(letter: Letter) -> dict[str, Any]:
    """Return what the page prints: the words kept, the figure drawn, and the fixed words around them."""
    data: dict[str, Any] = copy.deepcopy(letter.content)
    for name in ("about", "subject", "greeting", "signed", "role", "closing", "day", "clinic", "recipient"):
        data[name] = each_text(data[name], one_line)
    data["footer"] = data["about"]
    for part in data["sections"]:
        part["heading"] = one_line(part["heading"])
        part["table"] = each_text(part.get("table"), one_line)
        if part.get("figure"):
            part["svg"] = figure_svg(part["figure"])
    words = {"page": _("Page"), "left_out": _("%(sign)s stands for a sign that cannot be printed here.") % {"sign": STAND_IN}}
    return {**cleaned(data), "words": words}


def figure_svg(figure: dict[str, Any]) -> str:
    """Draw the figure with its own colours and size, for paper."""
    svg = str(trajectory_svg(trajectory_from(figure)))
    head, _end, rest = svg.partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg">{DRAWING}{rest}'


def typeset(data: dict[str, Any], letter: Letter, logo: bytes | None) -> bytes:
    """Set the page, with the clinic's logo (PNG) where it has one; no font, package or file of the machine is looked at."""
    import typst

    compile_page: Any = typst.compile  # its types know fewer standards than it takes
    made = compile_page(
        source(),
        format="pdf",
        ignore_system_fonts=True,
        pdf_standards=STANDARDS,
        timestamp=int(letter.written_at.timestamp()),
        sys_inputs={"lang": letter.language, "letter": json.dumps(data), "logo": json.dumps(list(logo or b""))},
    )
    return bytes(made)


@lru_cache(maxsize=1)
def source() -> bytes:
    """Return the page as it stands in the file."""
    return PAGE.read_bytes()


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
