"""Small multiples of how programs turned out: mean change with its interval, the trial's model line, and bars of shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from patients.charts.words import at, drawn

WIDTH, HEIGHT = 246, 150
LEFT, RIGHT, TOP, BOTTOM = 24, 236, 10, 128
INSET = 8
REACH = 5
"""Every chart of a row reaches at least this many points from the start, so that small changes look small."""
FINE = 8
"""Up to so many points every whole one has a line."""
ARMS = frozenset({"LL", "LE", "LS", "RW"})


@dataclass(frozen=True, slots=True)
class Spot:
    """One assessment: its short name, the mean change with its interval (None: hidden, and why in a word), and the model line."""

    label: str
    mean: float | None = None
    low: float = 0.0
    high: float = 0.0
    line: float | None = None
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class Multiple:
    """One program: its name, the code its colour and mark follow from, and its assessments after the start; `falls`: less is better."""

    title: str
    arm: str
    start: str
    spots: Sequence[Spot]
    falls: bool = False

    @property
    def key(self) -> str:
        """The name of its colour."""
        return self.arm if self.arm in ARMS else "own"


def reach_of(multiples: Sequence[Multiple]) -> tuple[int, int]:
    """Return the lowest and highest change that all charts of a row show: the same for all, so that they compare."""
    falls = any(one.falls for one in multiples)
    values = [value for one in multiples for spot in one.spots if spot.mean is not None for value in (spot.low, spot.high)]
    values += [spot.line for one in multiples for spot in one.spots if spot.line is not None]
    low, high = floor(min(values, default=0)), ceil(max(values, default=0))
    return max(-10, min(low, -REACH if falls else 0)), min(10, max(high, 0 if falls else REACH))


def signed(value: float, digits: int = 1) -> str:
    """Return a change with its sign in the reader's notation: +1.3, −0.6, 0.0."""
    rounded = round(value, digits)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return sign + number_format(abs(rounded), decimal_pos=digits)


def mark(key: str, x: float, y: float, radius: float = 4.0) -> str:
    """Draw the mark of a program: circle, square, triangle, diamond; a ring for a clinic's own."""
    if key == "LE":
        side = at(radius * 1.8)
        return f'<rect class="pt pt--LE" x="{at(x - radius * 0.9)}" y="{at(y - radius * 0.9)}" width="{side}" height="{side}"/>'
    if key == "LS":
        return f'<path class="pt pt--LS" d="M{at(x)} {at(y - radius * 1.25)}l{at(radius * 1.2)} {at(radius * 2.1)}h-{at(radius * 2.4)}z"/>'
    if key == "RW":
        size = at(radius * 1.3)
        return f'<path class="pt pt--RW" d="M{at(x)} {at(y - radius * 1.3)}l{size} {size}l-{size} {size}l-{size} -{size}z"/>'
    return f'<circle class="pt pt--{key}" cx="{at(x)}" cy="{at(y)}" r="{at(radius)}"/>'


def multiple_svg(multiple: Multiple, reach: tuple[int, int], worthwhile: int) -> SafeString:
    """Draw one program on the scale of its row; `worthwhile` is the change that matters to a person, in points for the better."""
    low, high = reach
    goal = -worthwhile if multiple.falls else worthwhile

    def y(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (min(max(value, low), high) - low) / (high - low)

    step = 1 if high - low <= FINE else 2
    parts: list[SafeString] = []
    for value in range(low, high + 1):
        if value % step and value != 0:
            continue
        place = at(y(value))
        parts.append(drawn(f'<path class="{"axis" if value == 0 else "grid"}" d="M{LEFT} {place}H{RIGHT}"/>'))
        if value % 2 == 0:
            text = signed(value, 0)
            parts.append(format_html('<text class="t-s" x="{}" y="{}" text-anchor="end">{}</text>', LEFT - 6, at(y(value) + 4), text))
    parts.append(drawn(f'<path class="mic-l" d="M{LEFT} {at(y(goal))}H{RIGHT}"/>'))
    spots = [Spot(multiple.start, 0.0, 0.0, 0.0, 0.0 if any(one.line is not None for one in multiple.spots) else None), *multiple.spots]
    wide = (RIGHT - LEFT - 2 * INSET) / max(len(spots) - 1, 1)
    places = [LEFT + INSET + wide * index for index in range(len(spots))]
    for x, spot in zip(places, spots, strict=True):
        parts.append(format_html('<text class="t-s" x="{}" y="145" text-anchor="middle">{}</text>', at(x), spot.label))
        if spot.mean is None:
            parts.append(format_html('<text class="t-s" x="{}" y="{}" text-anchor="middle">{}</text>', at(x), at(y(goal) - 6), spot.hidden))
    model = [(x, spot.line) for x, spot in zip(places, spots, strict=True) if spot.line is not None]
    if len(model) > 1:
        parts.append(drawn('<path class="ref" d="M' + "L".join(f"{at(x)} {at(y(value))}" for x, value in model) + '"/>'))
    known = [(x, spot) for x, spot in zip(places, spots, strict=True) if spot.mean is not None]
    if len(known) > 1:
        path = "L".join(f"{at(x)} {at(y(spot.mean or 0))}" for x, spot in known)
        parts.append(drawn(f'<path class="ln ln--{multiple.key}" d="M{path}"/>'))
    for x, spot in known:
        if spot.low != spot.high:
            bottom, top = at(y(spot.low)), at(y(spot.high))
            ends = f"M{at(x - 3.5)} {bottom}h7M{at(x - 3.5)} {top}h7"
            parts.append(drawn(f'<path class="ci ci--{multiple.key}" d="M{at(x)} {bottom}V{top}{ends}"/>'))
        parts.append(drawn(mark(multiple.key, x, y(spot.mean or 0))))
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        WIDTH,
        HEIGHT,
        sentence_of(multiple),
        drawn("".join(parts)),
    )


def sentence_of(multiple: Multiple) -> str:
    """Say the means of one chart in words, for readers who do not see it."""
    told = [f"{spot.label} {signed(spot.mean) if spot.mean is not None else spot.hidden}" for spot in multiple.spots]
    return gettext("%(name)s: mean change from the start %(means)s; the numbers are in the table below") % {
        "name": multiple.title,
        "means": ", ".join(told) or "–",
    }


def program_mark(arm: str) -> SafeString:
    """Draw the line and mark of a program beside its name."""
    key = arm if arm in ARMS else "own"
    return drawn(
        f'<svg class="key__line" viewBox="0 0 28 16" aria-hidden="true"><path class="ln ln--{key}" d="M1 8H27"/>{mark(key, 14, 8, 4.5)}'
        "</svg>"
    )


def interval_bar(arm: str, share: float, low: float, high: float) -> SafeString:
    """Draw a share with its interval on a line from 0 to 100 %; the numbers stand beside it."""
    key = arm if arm in ARMS else "own"
    a, middle, b = (at(60 * value) for value in (low, share, high))
    drawing = (
        f'<path class="grid" d="M0 8H60M30 2V14"/><path class="ci ci--{key}" d="M{a} 8H{b}M{a} 4v8M{b} 4v8"/>{mark(key, float(middle), 8)}'
    )
    return drawn(f'<svg class="chart cib" width="60" height="16" viewBox="0 0 60 16" aria-hidden="true">{drawing}</svg>')
