"""The colours a clinic may choose from: a few sets of shades, each checked for contrast in light and in dark (tests/clinics/rules)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shades:
    """The five shades of one colour in one theme, as #RRGGBB."""

    primary: str
    primary_hover: str
    on_primary: str
    primary_soft: str
    primary_ink: str


@dataclass(frozen=True, slots=True)
class Colour:
    """One colour in both themes."""

    light: Shades
    dark: Shades


PINE = "pine"
"""The product's own colour; the style sheet has it already."""
PALETTE: dict[str, Colour] = {
    PINE: Colour(
        Shades("#13605A", "#0D4B46", "#FFFFFF", "#DFEFEA", "#0D4B46"), Shades("#7CCFBF", "#9BDDD0", "#06211D", "#173832", "#A5E0D4")
    ),
    "ocean": Colour(
        Shades("#1B5E86", "#12486A", "#FFFFFF", "#DDEBF4", "#12486A"), Shades("#86C5EC", "#A9D8F5", "#06202F", "#15303F", "#AEDAF6")
    ),
    "indigo": Colour(
        Shades("#4A4FA3", "#383C85", "#FFFFFF", "#E6E7F7", "#383C85"), Shades("#AEB4F5", "#C6CAFA", "#14163A", "#272B52", "#C8CCFB")
    ),
    "plum": Colour(
        Shades("#7A3E78", "#5F2E5E", "#FFFFFF", "#F3E4F1", "#5F2E5E"), Shades("#DDA6DA", "#E9C1E7", "#30102F", "#3C2440", "#ECC8EA")
    ),
    "slate": Colour(
        Shades("#44566B", "#33424F", "#FFFFFF", "#E4EAF0", "#33424F"), Shades("#B4C6DA", "#CBD8E6", "#101C28", "#243241", "#CCD9E6")
    ),
}
"""Red, amber and green are kept for what is clinical; a free colour could not be promised to be readable."""


def colour_of(accent: str) -> Colour:
    """Return a colour by its name; the product's own for a name that is not known."""
    return PALETTE.get(accent, PALETTE[PINE])


def declarations(shades: Shades) -> str:
    """Return the shades as the style sheet names them."""
    names = ("primary", "primary-hover", "on-primary", "primary-soft", "primary-ink")
    values = (shades.primary, shades.primary_hover, shades.on_primary, shades.primary_soft, shades.primary_ink)
    return ";".join(f"--{name}:{value}" for name, value in zip(names, values, strict=True))


def as_css() -> str:
    """Return the rules of every colour but the product's own, for both themes; static/css/app.css holds them word by word."""
    others = [(name, colour) for name, colour in PALETTE.items() if name != PINE]
    lines = [f":root[data-accent={name}]{{{declarations(colour.light)}}}" for name, colour in others]
    lines += [f":root[data-theme=dark][data-accent={name}]{{{declarations(colour.dark)}}}" for name, colour in others]
    inner = "".join(f":root:not([data-theme])[data-accent={name}]{{{declarations(colour.dark)}}}" for name, colour in others)
    return "\n".join([*lines, f"@media (prefers-color-scheme:dark){{{inner}}}"])


def luminance(colour: str) -> float:
    """Return the relative luminance of #RRGGBB (WCAG 2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
