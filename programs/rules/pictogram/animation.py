"""The animated twin of a pictogram: the same figure, moved between its poses without script or style sheet."""

import math
from collections.abc import Callable, Mapping, Sequence

from programs.rules.pictogram.body import Body, Data, Point, pose_count, short_way, solve
from programs.rules.pictogram.drawing import (
    Layer,
    arrows,
    draw_arrow,
    draw_floor,
    draw_prop,
    layers,
    place_content,
    split_props,
    still_moments,
    wrap,
)
from programs.rules.pictogram.shapes import Outline, mark, number, numbers, outline, write

Place = Callable[[Body], tuple[Point, float, Outline]]


def timeline(model: Data, pose: Data) -> list[tuple[float, float]]:
    """Return the key frames as (share of the period 0 to 1, moment of the pose): hold, eased way there, hold, eased way back."""
    samples = model["motion"]["samples"]
    if "cycle" in pose:
        steps, last = samples * 2, pose_count(pose) - 1
        return [(i / steps, last * i / steps) for i in range(steps + 1)]
    hold_start, hold_end = pose.get("hold_share", model["motion"]["hold_share"])
    way = (1 - hold_start - hold_end) / 2
    ease = [math.acos(1 - 2 * i / samples) / math.pi for i in range(samples + 1)]
    there = [(hold_start + way * e, i / samples) for i, e in enumerate(ease)]
    back = [(hold_start + way + hold_end + way * e, 1 - i / samples) for i, e in enumerate(ease)]
    return [(0.0, 0.0), *there, *back]


class _Motion:
    """The solved bodies of all key frames and the timing attributes every animation element repeats."""

    def __init__(self, model: Data, pose: Data, duration_seconds: float | None) -> None:
        frames = timeline(model, pose)
        self.bodies = [solve(model, pose, moment) for _, moment in frames]
        self.end = solve(model, pose, still_moments(pose)[1])
        seconds = duration_seconds or pose.get("dur", model["motion"]["dur"])
        times = ";".join(f"{share:.3f}".rstrip("0").rstrip(".") for share, _ in frames)
        self.timing = f'dur="{seconds:g}s" repeatCount="indefinite" keyTimes="{times}"'

    def attribute(self, name: str, values: Sequence[str]) -> str:
        """Return the animation of one attribute, or nothing if it never changes."""
        if len(set(values)) == 1:
            return ""
        return f'<animate attributeName="{name}" {self.timing} values="{";".join(values)}"/>'

    def moved(self, place: Place, colour: str = "") -> str:
        """Return a shape with its movement; its own attributes hold the end pose."""
        origin, angle, shape = place(self.end)
        if not shape:
            return ""
        placed = [place(body) for body in self.bodies]
        spots = [numbers(spot) for spot, _, _ in placed]
        turns = [number(turn) for turn in _without_jumps([turn for _, turn, _ in placed], angle)]
        head = f'<path{colour} d="{write(shape)}" transform="translate({numbers(origin)})rotate({number(angle)})"'
        inner = self.attribute("d", [write(one) for _, _, one in placed])
        if len(set(spots)) > 1 or len(set(turns)) > 1:
            inner += (
                f'<animateTransform attributeName="transform" type="translate" {self.timing} values="{";".join(spots)}"/>'
                f'<animateTransform attributeName="transform" type="rotate" additive="sum" {self.timing} values="{";".join(turns)}"/>'
            )
        return f"{head}>{inner}</path>" if inner else f"{head}/>"

    def prop(self, prop: Data) -> str:
        """Return a prop, moving where its points are tied to the body."""
        inner = ""
        if prop["t"] == "circle" and not _is_pair(prop["at"]):
            spots = [body.locate(prop["at"]) for body in self.bodies]
            inner = self.attribute("cx", [number(x) for x, _ in spots]) + self.attribute("cy", [number(y) for _, y in spots])
        elif prop["t"] == "line" and not all(_is_pair(place) for place in prop["p"]):
            lines = [numbers(v for place in prop["p"] for v in body.locate(place)) for body in self.bodies]
            inner = self.attribute("points", lines)
        return draw_prop(prop, self.end, inner=inner)


def animated(model: Data, pose: Data, *, duration_seconds: float | None = None) -> str:
    """Return the moving SVG of an exercise, hidden from screen readers because the still twin carries the name.

    `duration_seconds` is the length of one repetition, taken from the prescribed tempo (2-1-3 is 6 seconds); None keeps
    the pose's own. Without animation support the picture shows the end pose.
    """
    motion = _Motion(model, pose, duration_seconds)
    back, front = split_props(pose, motion.prop)
    figure = "".join(_draw_layer(model, pose, motion, layer) for layer in layers(pose))
    content = draw_floor(model, pose) + back + figure + front + "".join(draw_arrow(*shaft) for shaft in arrows(model, pose))
    box = (0, 0, model["canvas"]["w"], model["canvas"]["h"])
    return wrap('aria-hidden="true" focusable="false"', box, place_content(model, pose, content))


def _draw_layer(model: Data, pose: Data, motion: _Motion, layer: Layer) -> str:
    parts, colour, halo = layer
    shapes = "".join(motion.moved(_place_of(model, part)) for part in parts)
    text = f'<g class="pg-h">{shapes}</g>' if halo else ""
    text += f'<g class="{colour}">{shapes}</g>'
    return text + "".join(motion.moved(_mark_of(model, part), ' class="pg-m"') for part in pose.get("work", []) if part in parts)


def _place_of(model: Data, part: str) -> Place:
    return lambda body: (*body.parts[part], outline(model, body, part))


def _mark_of(model: Data, part: str) -> Place:
    return lambda body: mark(model, body, part)


def _without_jumps(angles: Sequence[float], first: float) -> list[float]:
    """Return the same directions written so that no step passes over 360 degrees."""
    smooth, last = [], first
    for angle in angles:
        last += short_way(last, angle)
        smooth.append(last)
    return smooth


def _is_pair(place: object) -> bool:
    return not isinstance(place, str | Mapping)
