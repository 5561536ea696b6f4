"""Filters that read an exercise's texts in the reader's language."""

from typing import Any

from django import template

from programs.models import Exercise, in_language

register = template.Library()


@register.filter
def part(exercise: Exercise, name: str) -> Any:
    """Return a part of an exercise's texts: steps and faults are lists, cue, easier and harder are sentences."""
    return exercise.text(name)


@register.filter
def inlanguage(texts: Any) -> str:
    """Return the text of {"en": …, "de": …} in the active language."""
    return str(in_language(texts))
