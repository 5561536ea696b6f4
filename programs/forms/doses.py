"""Fields for doses: ranges, texts in two languages, and exercises by group."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from programs.models import Exercise
from programs.wording import LIBRARY, group_keys, group_name, library_file

RANGE = re.compile(r"^\s*(\d{1,3})\s*(?:[-–]\s*(\d{1,3}))?\s*$")
MOST_REPS, MOST_EFFORT = 100, 10
LANGUAGES = ("en", "de")


class RangeField(forms.CharField):
    """A number or a range: "10" or "10–12"; returns (low, high), (None, None) when empty."""

    def __init__(self, *, most: int, **options: Any) -> None:
        """Take the highest number allowed."""
        super().__init__(required=False, max_length=9, **options)
        self.most = most

    def clean(self, value: Any) -> Any:
        """Return both ends."""
        text = super().clean(value)
        if not text:
            return (None, None)
        found = RANGE.match(text)
        low, high = (int(found[1]), int(found[2] or found[1])) if found else (0, -1)
        if not found or low > high or high > self.most or (low < 1 and self.most != MOST_EFFORT):
            raise forms.ValidationError(_("Write a number or a range, for example 10 or 8–10."))
        return (low, high)


def exercise_choices(exercises: Sequence[Exercise]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the exercises by group, for a select."""
    rows = sorted(exercises, key=lambda one: one.name.lower())
    keys = [*group_keys(), *sorted({one.group for one in rows} - set(group_keys()))]
    found = [(group_name(key), [(str(one.pk), one.name) for one in rows if one.group == key]) for key in keys]
    return [(name, members) for name, members in found if members]


def languages() -> tuple[str, str]:
    """Return the active language and the other one."""
    mine = (get_language() or "en")[:2]
    return ("de", "en") if mine == "de" else ("en", "de")


def text_in(texts: Mapping[str, str], language: str) -> str:
    """Return a text in exactly this language; empty where it is missing or the same as in the other one."""
    return str(texts.get(language, ""))


def texts_from(text: str, other: str, before: Mapping[str, str], known: Iterable[Mapping[str, str]] = ()) -> dict[str, str]:
    """Return a text in both languages: as it was when nothing changed, a known phrase whole, otherwise what was typed.

    A language that is missing falls back to the other one. Empty for no text at all.
    """
    mine, theirs = languages()
    text, other = text.strip(), other.strip()
    if (text, other) == (text_in(before, mine), text_in(before, theirs)):
        return dict(before)
    if not text and not other:
        return {}
    phrase = next((one for one in known if one.get(mine) == text), None)
    if phrase is not None and other in {"", text_in(before, theirs)}:
        return dict(phrase)
    found = {mine: text or other, theirs: other or text}
    if other == text_in(before, theirs) and text_in(before, mine) == text_in(before, theirs):
        found[theirs] = text or other
    return {language: found[language] for language in LANGUAGES}


@cache
def known_phrases(part: str) -> tuple[dict[str, str], ...]:
    """Return the phrases of the library for `load`, `variation`, `phase` or `note`, each once, in both languages."""
    found: dict[str, dict[str, str]] = {}
    for phrase in _phrases(part):
        found.setdefault(phrase["en"], dict(phrase))
    return tuple(found[key] for key in sorted(found))


def _phrases(part: str) -> Iterator[Mapping[str, str]]:
    for path in sorted((LIBRARY / "programs").glob("*.yaml")):
        for plan in library_file(f"programs/{path.stem}")["weeks_plan"]:
            if plan.get(part):
                yield plan[part]
            yield from (item[part] for item in plan["items"] if item.get(part))
