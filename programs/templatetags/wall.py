"""The wall of exercises beside the sign-in page: drawn from the library's files, so that strangers cause no query."""

from functools import cache
from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from programs.rules import pictogram as drawing
from programs.wording import library_file

register = template.Library()

FILES = ("extensor", "leg", "stabiliser", "walk_run")
KEYS = (
    "bird_dog",
    "single_leg_squat",
    "band_antirotation_press",
    "glute_bridge",
    "continuous_run",
    "side_plank",
    "wall_sit",
    "dead_bug",
    "hip_hinge",
)


@cache
def _poses() -> dict[str, Any]:
    exercises: list[Any] = [exercise for name in FILES for exercise in library_file(f"exercises/{name}")]
    return {exercise["key"]: exercise["pose"] for exercise in exercises if exercise.get("pose")}


@register.simple_tag
@cache
def exercise_picture(key: str) -> SafeString:
    """Draw one exercise of the library, cut to the figure, as decoration; nothing for an unknown one."""
    pose = _poses().get(key)
    return mark_safe(drawing.still(library_file("model"), pose, "", mini=True) if pose else "")  # noqa: S308, our own drawing


@register.simple_tag
def exercise_wall() -> SafeString:
    """Draw nine exercises as tiles."""
    return format_html_join("", '<div class="tile tile--x">{}</div>', ((exercise_picture(key),) for key in KEYS))
