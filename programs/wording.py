"""Words about programs: short names, groups, equipment, and where a piece of content comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from programs.models import ProgramVersion, in_language

LIBRARY = Path(__file__).resolve().parent / "library"

SHORT_NAMES: dict[str, Promise] = {
    "LL": gettext_lazy("Leg"),
    "LE": gettext_lazy("Extensor"),
    "LS": gettext_lazy("Stabiliser"),
    "RW": gettext_lazy("Run-walk"),
    "WP": gettext_lazy("Walking"),
    "FU": gettext_lazy("Flare-up"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something comes from: `kind` is trial, article or default; `source` names it in full."""

    kind: str
    text: str
    source: str


@cache
def library_file(name: str) -> Mapping[str, Any]:
    """Return one of the small files of the library (groups, equipment, sources, model), read once."""
    found: Mapping[str, Any] = yaml.safe_load((LIBRARY / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def short_name(code: str) -> str:
    """Return the short name of a program for lists; a clinic's own program is called by its code."""
    return str(SHORT_NAMES.get(code, code))


def reading_order(version: ProgramVersion) -> tuple[int, int, str]:
    """Return the key that sorts versions as they are offered: the shared library in its own order, then the clinic's programs."""
    codes = list(SHORT_NAMES)
    code = version.program.code
    return (codes.index(code) if code in codes else len(codes), version.program.position, version.program.name)


def group_name(key: str) -> str:
    """Return the name of a group of exercises in the active language."""
    return str(in_language(library_file("groups").get(key, key)))


def group_keys() -> list[str]:
    """Return the groups of exercises in the order they are listed."""
    return list(library_file("groups"))


def equipment_name(key: str) -> str:
    """Return the name of a piece of equipment in the active language."""
    return str(in_language(library_file("equipment").get(key, {}).get("name", key)))


def provenance_mark(provenance: str) -> Mark:
    """Return what `trial`, `seed:NNN` or `default` stands for; an article is named by its title."""
    sources = library_file("sources")
    kind, _colon, number = provenance.partition(":")
    if kind == "trial":
        return Mark("trial", _("trial"), str(in_language(sources["marks"]["trial"])))
    if kind == "seed":
        article = sources["seeds"].get(number, {})
        return Mark("article", _("article"), _("Article: %(title)s") % {"title": article.get("title", number)})
    return Mark("default", _("our default"), str(in_language(sources["marks"]["default"])))
