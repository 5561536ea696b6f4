"""Outlines of the body parts, each in its own frame, and their writing as SVG path text."""

import math
from collections.abc import Iterable, Sequence
from functools import cache

from programs.rules.pictogram.body import Body, Data, Point, direction, local_to_canvas

Command = tuple[str, tuple[float, ...]]
Outline = tuple[Command, ...]

TRUNK = ("lumbar", "thorax", "neck", "head")


def leg(side: str) -> tuple[str, ...]:
    """Return the part names of one leg from the hip down."""
    return f"{side}_thigh", f"{side}_shin", f"{side}_foot"


def arm(side: str) -> tuple[str, ...]:
    """Return the part names of one arm from the shoulder down."""
    return f"{side}_uarm", f"{side}_farm", f"{side}_hand"


def number(value: float) -> str:
    """Return a coordinate with one decimal, without the zeros nobody needs."""
    text = f"{value:.1f}".removesuffix(".0")
    if text == "-0":
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def numbers(values: Iterable[float]) -> str:
    """Return coordinates in a row, separated only where a minus sign does not already separate them."""
    text = ""
    for value in values:
        item = number(value)
        text += item if not text or item.startswith("-") else f" {item}"
    return text


@cache
def capsule(length: float, lower: float, upper: float) -> Outline:
    """Return the outline around two circles: radius `lower` at the joint, `upper` at the far end, drawn clockwise."""
    if length <= abs(lower - upper) + 0.01:
        r = max(lower, upper)
        return ("M", (-r, 0.0)), ("A", (r, r, 0, 1, 1, r, 0.0)), ("A", (r, r, 0, 1, 1, -r, 0.0)), ("Z", ())
    slope = (lower - upper) / length
    flat = math.sqrt(1 - slope * slope)
    low, high = (lower * flat, -lower * slope), (upper * flat, -length - upper * slope)
    return (
        ("M", (-low[0], low[1])),
        ("L", (-high[0], high[1])),
        ("A", (upper, upper, 0, 0 if slope > 0 else 1, 1, *high)),
        ("L", low),
        ("A", (lower, lower, 0, 1 if slope > 0 else 0, 1, -low[0], low[1])),
        ("Z", ()),
    )


@cache
def parse_path(text: str) -> Outline:
    """Return the commands of a path that uses M, L, C, Q and Z with absolute coordinates."""
    commands: list[Command] = []
    spaced = "".join(f";{c} " if c in "MLCQZ" else c for c in text).replace(",", " ")
    for chunk in filter(None, (c.strip() for c in spaced.split(";"))):
        letter, *rest = chunk.split()
        commands.append((letter, tuple(float(v) for v in rest)))
    return tuple(commands)


def outline(model: Data, body: Body, part: str) -> Outline:
    """Return the outline of a body part in its own frame; empty where the view does not show the part."""
    radii, view, sizes = model["radii"], body.view, body.sizes
    if part == "head":
        rx, ry = sizes["head"]
        return ("M", (-rx, 0.0)), ("A", (rx, ry, 0, 1, 1, rx, 0.0)), ("A", (rx, ry, 0, 1, 1, -rx, 0.0)), ("Z", ())
    if part == "neck":
        return () if view == "top" else capsule(body.segments["neck"] - 4, radii["neck"], radii["neck"])
    if part in ("lumbar", "thorax"):
        if view == "side":
            ends = (radii["pelvis"], radii["waist"]) if part == "lumbar" else (radii["waist"], radii["chest"])
            return capsule(body.segments[part], *ends)
        return parse_path(sizes.get(f"{part}_path", ""))
    side, segment = part.split("_")
    if segment == "foot":
        return parse_path(sizes["foot_path"])
    if segment == "hand":
        return capsule(body.segments["hand"] * 0.75, radii["hand"], radii["hand"] * 0.82)
    if body.length(side, segment) <= 0:
        return ()
    return capsule(body.length(side, segment), *radii[segment])


def mark(model: Data, body: Body, part: str) -> tuple[Point, float, Outline]:
    """Return place, direction and outline of the slim capsule that marks a working segment."""
    radii, inset, width = model["radii"], model["mark"]["inset"], model["mark"]["width"]
    origin, angle = body.parts[part]
    if part in ("lumbar", "thorax"):
        length = model["segments"][part]
        ends: Sequence[float] = (radii["pelvis"], radii["waist"]) if part == "lumbar" else (radii["waist"], radii["chest"])
    else:
        segment = part.partition("_")[2]
        length, ends = model["segments"][segment] * body.angles.get(f"{part}_len", 1.0), radii[segment]
    up = direction(angle)
    start = origin[0] + up[0] * length * inset, origin[1] + up[1] * length * inset
    return start, angle, capsule(length * (1 - 2 * inset), ends[0] * width, ends[1] * width)


def write(shape: Outline) -> str:
    """Return an outline in its own frame as path text."""
    return "".join(letter + numbers(values) for letter, values in shape).replace("Z", "z")


def write_placed(shape: Outline, origin: Point, angle: float) -> str:
    """Return an outline as path text on the canvas: moved to the origin and turned by the angle."""
    text = ""
    for letter, values in shape:
        if letter == "A":
            rx, ry, turn, large, sweep, x, y = values
            turned = turn if rx == ry else turn + angle
            end = local_to_canvas(origin, angle, (x, y))
            text += "A" + numbers((rx, ry, turned, large, sweep, *end))
        elif letter == "Z":
            text += "z"
        else:
            pairs = [local_to_canvas(origin, angle, values[i : i + 2]) for i in range(0, len(values), 2)]
            text += letter + numbers(v for pair in pairs for v in pair)
    return text
