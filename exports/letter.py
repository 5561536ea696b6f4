"""A letter to a doctor as a tagged PDF, made anew from the words that were kept."""

import copy
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from clinics.branding import logo_of
from exports.paper import STAND_IN, each_text, one_line, set_pdf
from patients.charts import trajectory_svg
from patients.letter_words import trajectory_from
from patients.models import Letter

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
    if not letter.content:
        raise ValueError("nothing is left of this letter")
    with translation.override(letter.language):
        words = {"page": _("Page"), "left_out": _("%(sign)s stands for a sign that cannot be printed here.") % {"sign": STAND_IN}}
        data = on_paper(letter)
    files = {"logo": logo_of(letter.clinic_id) or b""}
    return set_pdf("letter", data, words, language=letter.language, at=int(letter.written_at.timestamp()), files=files)


def on_paper(letter: Letter) -> dict[str, Any]:
    """Return what the page prints: the words kept, and the figure drawn."""
    data: dict[str, Any] = copy.deepcopy(letter.content)
    for name in ("about", "subject", "greeting", "signed", "role", "closing", "day", "clinic", "recipient"):
        data[name] = each_text(data[name], one_line)
    data["footer"] = data["about"]
    for part in data["sections"]:
        part["heading"] = one_line(part["heading"])
        part["table"] = each_text(part.get("table"), one_line)
        if part.get("figure"):
            part["svg"] = figure_svg(part["figure"])
    return data


def figure_svg(figure: dict[str, Any]) -> str:
    """Draw the figure with its own colours and size, for paper."""
    svg = str(trajectory_svg(trajectory_from(figure)))
    head, _end, rest = svg.partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg">{DRAWING}{rest}'
