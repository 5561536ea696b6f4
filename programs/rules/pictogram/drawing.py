"""The still pictogram: ghost of the start pose, the end pose in front, its props and the arrow of effort."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from programs.rules.pictogram.body import SIDES, Body, Data, Point, angle_between, blend, direction, pose_count, solve, step
from programs.rules.pictogram.shapes import TRUNK, arm, leg, mark, number, numbers, outline, write_placed

Layer = tuple[tuple[str, ...], str, bool]  # part names, colour class, with halo

HEAD_MARGIN, TRUNK_MARGIN, LIMB_MARGIN = 12, 10, 6
PADDING = 12
CROP_ASPECT = 6 / 5
CROP_WIDTH, MINI_WIDTH = 150, 132
ARROW_HEAD, ARROW_OPENING = 7, 145
ARROW_SAMPLES = 10
COLOURS = {"p": "pg-p", "q": "pg-q", "b": "pg-b"}  # prop, mat, band


def still(model: Data, pose: Data, label: str, *, mini: bool = False, crop: bool = False) -> str:
    """Return the still SVG of an exercise, labelled for a screen reader with its name.

    `mini` shows the end pose alone, cut to the figure, for lists; `crop` keeps ghost and arrow and cuts to both poses, for
    handouts; otherwise the full canvas of the model is shown.
    """
    first, last = still_moments(pose)
    start, end = solve(model, pose, first), solve(model, pose, last)
    back, front = split_props(pose, lambda prop: draw_prop(prop, end))
    ghost = "" if mini or not pose.get("ghost", True) else draw_ghost(model, pose, start)
    shafts = [] if mini else arrows(model, pose)
    figure = "".join(draw_layer(model, pose, end, layer) for layer in layers(pose))
    content = draw_floor(model, pose) + back + ghost + figure + front + "".join(draw_arrow(*shaft) for shaft in shafts)
    box = (0.0, 0.0, float(model["canvas"]["w"]), float(model["canvas"]["h"]))
    if mini:
        box = crop_box(model, pose, [end], [], MINI_WIDTH)
    elif crop:
        box = crop_box(model, pose, [start, end], [p for points, _ in shafts for p in points], CROP_WIDTH)
    return wrap(f'role="img" aria-label="{escape(label)}"', box, place_content(model, pose, content))


def still_moments(pose: Data) -> tuple[float, float]:
    """Return the moments of the ghost and of the figure in a still."""
    end = (pose_count(pose) - 1) / 2 if "cycle" in pose else 1
    return pose.get("still_start", 0), pose.get("still_end", end)


def wrap(attributes: str, box: Sequence[float], content: str) -> str:
    """Return the SVG element around the drawing."""
    view_box = " ".join(number(v) for v in box)
    return f'<svg xmlns="http://www.w3.org/2000/svg" class="pg" viewBox="{view_box}" {attributes}>{content}</svg>'


def layers(pose: Data) -> list[Layer]:
    """Return the layers of the figure from back to front."""
    view = pose.get("view", "side")
    if view == "top":
        return [
            (leg("f") + leg("n"), "pg-f", False),
            (arm("f") + arm("n"), "pg-n", False),
            (("thorax",), "pg-n", False),
            (("head",), "pg-n", True),
        ]
    if view == "front":
        raised = pose.get("front_arms", [])
        behind = tuple(part for side in reversed(SIDES) if side not in raised for part in arm(side))
        found: list[Layer] = [(behind, "pg-n", False)] if behind else []
        found.append((leg("f") + leg("n") + TRUNK, "pg-n", False))
        if "front_leg" in pose:
            found.append((leg(pose["front_leg"]), "pg-n", True))
        return found + [(arm(side), "pg-n", True) for side in raised]
    found = [(arm("f"), "pg-f", False), (leg("f"), "pg-f", False)]
    if pose.get("far_leg_over"):
        found.reverse()
    if pose.get("leg_over_arm"):
        return [*found, (TRUNK, "pg-n", False), (arm("n"), "pg-n", True), (leg("n"), "pg-n", False)]
    return [*found, (TRUNK + leg("n"), "pg-n", False), (arm("n"), "pg-n", True)]


def draw_parts(model: Data, body: Body, parts: Iterable[str]) -> str:
    """Return one path text for several body parts; all outlines run clockwise, so that overlaps stay filled."""
    return "".join(write_placed(outline(model, body, part), *body.parts[part]) for part in parts)


def draw_layer(model: Data, pose: Data, body: Body, layer: Layer) -> str:
    """Return one layer of the figure, with its halo underneath and the muscle marks on top."""
    parts, colour, halo = layer
    path = draw_parts(model, body, parts)
    text = f'<g class="pg-h"><path d="{path}"/></g>' if halo else ""
    text += f'<path class="{colour}" d="{path}"/>'
    marks = "".join(_draw_mark(model, body, part) for part in pose.get("work", []) if part in parts)
    return text + (f'<path class="pg-m" d="{marks}"/>' if marks else "")


def _draw_mark(model: Data, body: Body, part: str) -> str:
    start, angle, shape = mark(model, body, part)
    return write_placed(shape, start, angle)


def draw_ghost(model: Data, pose: Data, body: Body) -> str:
    """Return the start pose in one faint group, moving props included."""
    props = "".join(draw_prop(prop, body) for prop in pose.get("props", []) if prop.get("ghost"))
    parts = [part for names, _, _ in layers(pose) for part in names]
    return f'<g class="pg-g">{props}<path d="{draw_parts(model, body, parts)}"/></g>'


def draw_floor(model: Data, pose: Data) -> str:
    """Return the floor line, or nothing where a mat takes its place."""
    if pose.get("ground") is False:
        return ""
    left, right = (number(x) for x in pose.get("gx", model["canvas"]["floor"]))
    y = number(model["canvas"]["ground"] + 1.5)
    return f'<line class="pg-pl" stroke-width="3" x1="{left}" y1="{y}" x2="{right}" y2="{y}"/>'


def split_props(pose: Data, draw: Any) -> tuple[str, str]:
    """Return the drawn props behind the figure and those in front of it."""
    props = pose.get("props", [])
    return "".join(draw(p) for p in props if not p.get("front")), "".join(draw(p) for p in props if p.get("front"))


def draw_prop(prop: Data, body: Body, *, inner: str = "") -> str:
    """Return one prop; points that name a joint or a part move with the body; `inner` holds its animation.

    Every value is written as a number, so that a pose from a file cannot carry markup into a page.
    """
    kind, colour = prop["t"], COLOURS[prop.get("c", "p")]
    if kind == "rect":
        x, y, width, height = prop["box"]
        turn = f' transform="rotate({numbers((prop["rot"], x + width / 2, y + height / 2))})"' if "rot" in prop else ""
        names = zip(("x", "y", "width", "height", "rx"), (*prop["box"], prop.get("r", 3)), strict=True)
        return f'<rect class="{colour}" {_attributes(names)}{turn}/>'
    if kind == "circle":
        x, y = body.locate(prop["at"])
        return _element("circle", f'class="{colour}" ' + _attributes((("cx", x), ("cy", y), ("r", prop["r"]))), inner)
    if kind == "ellipse":
        names = zip(("cx", "cy", "rx", "ry"), (*prop["at"], *prop["r"]), strict=True)
        return f'<ellipse class="{colour}" {_attributes(names)}/>'
    if kind == "line":
        points = numbers(v for place in prop["p"] for v in body.locate(place))
        return _element("polyline", f'class="{colour}l" stroke-width="{number(prop.get("w", 5))}" points="{points}"', inner)
    raise ValueError(f"unknown prop: {kind}")


def _attributes(values: Iterable[tuple[str, float]]) -> str:
    return " ".join(f'{name}="{number(value)}"' for name, value in values)


def _element(name: str, attributes: str, inner: str) -> str:
    return f"<{name} {attributes}>{inner}</{name}>" if inner else f"<{name} {attributes}/>"


def arrows(model: Data, pose: Data) -> list[tuple[list[Point], bool]]:
    """Return the shaft points of every arrow and whether it has two heads."""
    given = pose.get("arrow") or []
    return [(_shaft(model, pose, one), bool(one.get("both"))) for one in ([given] if isinstance(given, Mapping) else given)]


def _shaft(model: Data, pose: Data, arrow: Data) -> list[Point]:
    """Return the arrow's own points, or the sampled path of a joint, moved aside to the right of its direction."""
    if "p" in arrow:
        return [(float(x), float(y)) for x, y in arrow["p"]]
    first, last = arrow.get("span", (0.2, 0.85))
    aside = arrow.get("aside", 14)
    path = [solve(model, pose, blend(first, last, i / ARROW_SAMPLES)).joints[arrow["j"]] for i in range(ARROW_SAMPLES + 1)]
    points = []
    for i, point in enumerate(path):
        before, after = path[max(i - 1, 0)], path[min(i + 1, ARROW_SAMPLES)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        size = math.hypot(dx, dy) or 1
        points.append((point[0] - dy / size * aside, point[1] + dx / size * aside))
    return points


def draw_arrow(points: Sequence[Point], both: bool) -> str:
    """Return an arrow: a smooth curve through its points (Catmull-Rom) with an open head at the end, or at both ends."""
    text = "M" + numbers(points[0])
    last = len(points) - 1
    for i in range(last):
        p0, p1, p2, p3 = points[max(i - 1, 0)], points[i], points[i + 1], points[min(i + 2, last)]
        curve = (
            p1[0] + (p2[0] - p0[0]) / 6, p1[1] + (p2[1] - p0[1]) / 6,
            p2[0] - (p3[0] - p1[0]) / 6, p2[1] - (p3[1] - p1[1]) / 6, *p2,
        )  # fmt: skip
        text += "C" + numbers(curve)
    text += _head(points[-2], points[-1])
    if both:
        text += _head(points[1], points[0])
    return f'<path class="pg-a" d="{text}"/>'


def _head(before: Point, tip: Point) -> str:
    angle = angle_between(before, tip)
    left, right = (step(tip, direction(angle + turn), ARROW_HEAD) for turn in (ARROW_OPENING, -ARROW_OPENING))
    return f"M{numbers(left)}L{numbers(tip)}L{numbers(right)}"


def place_content(model: Data, pose: Data, content: str) -> str:
    """Return the drawing after the pose's own zoom about the floor, shift and mirroring."""
    width, ground = model["canvas"]["w"], model["canvas"]["ground"]
    zoom = pose.get("zoom", 1)
    if zoom != 1:
        centre = pose.get("zoom_x", width / 2)
        content = f'<g transform="translate({number(centre * (1 - zoom))} {number(ground * (1 - zoom))}) scale({zoom:g})">{content}</g>'
    if "shift" in pose:
        content = f'<g transform="translate({numbers(pose["shift"])})">{content}</g>'
    if pose.get("mirror"):
        content = f'<g transform="translate({width} 0) scale(-1 1)">{content}</g>'
    return content


def on_canvas(model: Data, pose: Data, point: Point) -> Point:
    """Return where a point ends up after the pose's zoom, shift and mirroring."""
    width, ground = model["canvas"]["w"], model["canvas"]["ground"]
    zoom, centre, shift = pose.get("zoom", 1), pose.get("zoom_x", width / 2), pose.get("shift", (0, 0))
    x = centre + (point[0] - centre) * zoom + shift[0]
    y = ground + (point[1] - ground) * zoom + shift[1]
    return (width - x if pose.get("mirror") else x), y


def _margins(body: Body) -> Iterator[tuple[Point, float]]:
    for name, point in body.joints.items():
        yield point, {"head": HEAD_MARGIN, "hip": TRUNK_MARGIN, "waist": TRUNK_MARGIN}.get(name, LIMB_MARGIN)


def crop_box(
    model: Data, pose: Data, bodies: Sequence[Body], points: Sequence[Point], least_width: float
) -> tuple[float, float, float, float]:
    """Return the part of the canvas (x, y, width, height; 6:5) that holds the bodies and points with some air around."""
    zoom = pose.get("zoom", 1)
    discs = [(on_canvas(model, pose, p), margin * zoom) for body in bodies for p, margin in _margins(body)]
    discs += [(on_canvas(model, pose, p), LIMB_MARGIN * zoom) for p in points]
    widen = pose.get("crop", {})
    left = min(p[0] - r for p, r in discs) - PADDING - widen.get("l", 0)
    right = max(p[0] + r for p, r in discs) + PADDING + widen.get("r", 0)
    top = min(p[1] - r for p, r in discs) - PADDING - widen.get("t", 0)
    bottom = max(p[1] + r for p, r in discs) + PADDING + widen.get("b", 0)
    width = max(right - left, (bottom - top) * CROP_ASPECT, least_width)
    height = width / CROP_ASPECT
    return round((left + right - width) / 2, 1), round((top + bottom - height) / 2, 1), round(width, 1), round(height, 1)
