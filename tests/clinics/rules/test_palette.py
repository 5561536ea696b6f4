"""The colours a clinic may choose: every pair that is read can be read, in light and in dark, and the style sheet holds them."""

from pathlib import Path

import pytest
from django.conf import settings

from clinics.models import Accent
from clinics.rules.palette import PALETTE, PINE, as_css, colour_of, contrast

LIGHT = {"bg": "#F6F2EB", "surface": "#FFFFFF", "sunken": "#F0EBE1", "ink": "#14302D", "ink_2": "#475C58", "focus": "#1B4FD1"}
DARK = {"bg": "#0D1614", "surface": "#15211F", "sunken": "#101A18", "ink": "#EAF1ED", "ink_2": "#B4C4BE", "focus": "#A9C4FF"}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PALETTE)
def test_every_colour_can_be_read_on_every_ground_it_stands_on(name: str, theme: str) -> None:
    ground, shades = (LIGHT, PALETTE[name].light) if theme == "light" else (DARK, PALETTE[name].dark)
    pairs = [
        *((shades.on_primary, back, 4.5) for back in (shades.primary, shades.primary_hover)),
        *((shades.primary, ground[back], 4.5) for back in ("bg", "surface", "sunken")),
        (shades.primary_ink, shades.primary_soft, 4.5),
        *((ground[front], shades.primary_soft, 4.5) for front in ("ink", "ink_2")),
        *((front, shades.primary_soft, 3.0) for front in (shades.primary, ground["focus"])),
    ]
    assert [(front, back, round(contrast(front, back), 2)) for front, back, least in pairs if contrast(front, back) < least] == []


def test_the_contrast_is_the_one_of_the_guidelines() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_the_style_sheet_holds_the_colours_word_by_word() -> None:
    css = Path(settings.BASE_DIR, "static", "css", "app.css").read_text(encoding="utf-8")
    assert as_css() in css
    pine = PALETTE[PINE].light
    assert f"--primary:{pine.primary};--primary-hover:{pine.primary_hover}" in css


def test_the_colours_offered_are_the_colours_there_are() -> None:
    assert set(Accent.values) == set(PALETTE)
    assert colour_of("no-such-colour") == PALETTE[PINE]
