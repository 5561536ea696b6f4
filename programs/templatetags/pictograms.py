"""Pictograms on pages: drawn from the pose of an exercise, kept in memory because the same few are shown all day."""

from collections.abc import Callable, Mapping
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from clinics.templatetags.ui import SPRITE
from programs.dose import dose_text
from programs.models import Exercise, Prescription
from programs.rules import pictogram as drawing
from programs.wording import library_file

register = template.Library()

KEPT = 2000
Key = tuple[str, str, str, str]
_drawn: dict[Key, str] = {}


def pose_of(exercise: Exercise, variant: str = "") -> Mapping[str, Any] | None:
    """Return the pose of an exercise, or of one of its variants; None when it has no picture."""
    content = exercise.content
    pose: Mapping[str, Any] | None = (content.get("pose_variants") or {}).get(variant) if variant else None
    return pose or content.get("pose") or None


def draw(exercise: Exercise, kind: str, variant: str = "") -> str:
    """Return the SVG of an exercise: "still" (whole), "mini" (cut to the figure), "crop" (for print); empty without a pose."""

    def make(pose: Mapping[str, Any]) -> str:
        return drawing.still(library_file("model"), pose, exercise.name, mini=kind == "mini", crop=kind == "crop")

    return _kept(exercise, f"{kind}:{variant}", variant, make)


def seconds_of(tempo: Any) -> float | None:
    """Return the length of one repetition: a number of seconds, or a tempo such as "2-1-3"; None for neither."""
    parts = str(tempo or "").split("-")
    try:
        seconds = sum(float(part) for part in parts)
    except ValueError:
        return None
    return seconds if 0 < seconds <= 60 else None


def photo(exercise: Exercise) -> SafeString:
    """Show the photo of a clinic's own exercise, or a sign that it has no picture."""
    given = exercise.content.get("picture")
    if not given:
        return format_html(
            '<svg class="i i--l nopic" role="img" aria-label="{}"><use href="{}#dumbbell"/></svg>', exercise.name, static(SPRITE)
        )
    address = reverse("programs:picture", args=[given["id"]])
    return format_html('<img class="photo" src="{}" alt="{}" loading="lazy">', address, exercise.name)


@register.inclusion_tag("programs/_video.html")
def exercise_video(exercise: Exercise) -> dict[str, Any]:
    """Show the film of a clinic's own exercise with its photo before it starts; nothing where there is none."""
    given = exercise.content.get("video")
    picture = exercise.content.get("picture")
    return {
        "exercise": exercise,
        "video": given,
        "address": reverse("programs:video", args=[given["id"]]) if given else "",
        "poster": reverse("programs:picture", args=[picture["id"]]) if given and picture else "",
    }


@register.simple_tag
def pictogram(exercise: Exercise, kind: str = "still", variant: str = "") -> SafeString:
    """Show an exercise as a still picture; `kind` "mini" is cut to the figure, "crop" is for print."""
    if exercise.clinic_id is not None:
        return photo(exercise)
    return mark_safe(draw(exercise, kind, variant))  # noqa: S308, the drawing rules escape the label and write numbers otherwise


@register.simple_tag
def pictogram_player(exercise: Exercise, variant: str = "", duration: Any = None) -> SafeString:
    """Show an exercise moving, with its still twin for people who want no motion; `duration` is seconds or a tempo "2-1-3"."""
    if exercise.clinic_id is not None:
        return photo(exercise)
    seconds = seconds_of(duration)

    def make(pose: Mapping[str, Any]) -> str:
        return drawing.animated(library_file("model"), pose, duration_seconds=seconds)

    moving = _kept(exercise, f"moving:{variant}:{seconds}", variant, make).replace('class="pg"', 'class="pg pg-anim"', 1)
    still = draw(exercise, "still", variant).replace('class="pg"', 'class="pg pg-still"', 1)
    return mark_safe(moving + still)  # noqa: S308, see above


@register.filter
def dose(prescription: Prescription) -> str:
    """Write the dose of a prescription in one line."""
    return dose_text(prescription)


def _kept(exercise: Exercise, kind: str, variant: str, make: Callable[[Mapping[str, Any]], str]) -> str:
    """Return the drawing kept for this content and language, drawing it first if needed."""
    key = (str(exercise.pk), exercise.digest, kind, get_language() or "")
    kept = _drawn.get(key)
    if kept is None:
        pose = pose_of(exercise, variant)
        kept = make(pose) if pose else ""
        if len(_drawn) >= KEPT:
            _drawn.clear()
        _drawn[key] = kept
    return kept
