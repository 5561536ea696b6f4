"""What makes a pose drawable: known names, everything on the canvas, contacts that do not slide."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from programs.rules.pictogram.animation import timeline
from programs.rules.pictogram.body import (
    Body,
    Data,
    anchor,
    blend,
    blend_points,
    local_to_canvas,
    pose_count,
    reach_option,
    reach_target,
    short_way,
    solve,
)
from programs.rules.pictogram.drawing import on_canvas, still

MOMENTS = 12
DRIFT = 0.1  # canvas units a contact may slide or miss
HEAD_RADIUS, JOINT_RADIUS = 12, 5
LIMBS = ("n_leg", "f_leg", "n_arm", "f_arm")
KEYS = frozenset({
    "view", "all", "start", "end", "cycle", "fix", "reach", "props", "work", "arrow", "zoom", "zoom_x", "shift", "mirror", "ground",
    "gx", "crop", "dur", "hold_share", "ghost", "front_arms", "front_leg", "leg_over_arm", "far_leg_over", "still_start", "still_end",
})  # fmt: skip


def check(model: Data, pose: Data) -> list[str]:
    """Return complaints about a pose, empty when it can be drawn: unknown names, parts off the canvas, sliding contacts.

    A pose that comes from a file must pass before it is drawn for anybody.
    """
    complaints = _check_names(model, pose)
    if complaints:
        return complaints
    try:
        still(model, pose, "")
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        return [f"cannot be drawn: {error!r}"]
    return [*_check_canvas(model, pose), *_check_contacts(model, pose)]


def _check_names(model: Data, pose: Data) -> list[str]:
    complaints = [f"unknown key: {key}" for key in sorted(pose.keys() - KEYS)]
    if pose.get("view", "side") not in model["views"]:
        return [*complaints, f"unknown view: {pose['view']}"]
    if "fix" not in pose or not ("cycle" in pose or {"start", "end"} <= pose.keys()):
        return [*complaints, "needs fix, and start and end or a cycle"]
    if "cycle" in pose and (len(pose["cycle"]) < 3 or pose["cycle"][0] != pose["cycle"][-1]):
        return [*complaints, "a cycle has at least three poses and ends as it begins"]
    angles = {*model["rest"][pose.get("view", "side")], "spine", "fix_at", "n_hand", "f_hand"}
    angles |= {f"{side}_{segment}_len" for side in "nf" for segment in ("thigh", "shin", "uarm", "farm")}
    keys = pose.get("cycle") or [pose["start"], pose["end"]]
    complaints += [f"unknown angle: {name}" for one in (pose.get("all", {}), *keys) for name in sorted(one.keys() - angles)]
    complaints += [f"unknown limb in reach: {limb}" for limb in pose.get("reach", {}) if limb not in LIMBS]
    if complaints:
        return complaints
    try:
        body = solve(model, pose, 0)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        return [f"cannot be solved: {error!r}"]
    complaints += [f"unknown part in work: {part}" for part in pose.get("work", []) if part not in body.parts]
    for limb, spec in pose.get("reach", {}).items():
        if reach_option(spec, "part", "head") not in body.parts:
            complaints.append(f"unknown part in reach of {limb}: {spec['part']}")
    complaints += [f"unknown place: {place}" for place in _places(pose) if not _is_known(body, place)]
    return complaints


def _places(pose: Data) -> Iterator[Any]:
    for prop in pose.get("props", []):
        yield from prop.get("p", [])
        if "at" in prop:
            yield prop["at"]
    given = pose.get("arrow") or []
    for arrow in [given] if isinstance(given, Mapping) else given:
        yield from arrow.get("p", [])
        if "j" in arrow:
            yield arrow["j"]


def _is_known(body: Body, place: Any) -> bool:
    if isinstance(place, Mapping):
        return place.get("part") in body.parts or place.get("j") in body.joints
    return place in body.joints if isinstance(place, str) else len(place) == 2


def _check_canvas(model: Data, pose: Data) -> list[str]:
    width, height, ground = (model["canvas"][key] for key in ("w", "h", "ground"))
    zoom, last = pose.get("zoom", 1), pose_count(pose) - 1
    stands = pose.get("ground") is not False and pose.get("view") != "top"
    complaints = []
    for i in range(MOMENTS + 1):
        moment = last * i / MOMENTS
        for name, point in solve(model, pose, moment).joints.items():
            x, y = on_canvas(model, pose, point)
            radius = (HEAD_RADIUS if name == "head" else JOINT_RADIUS) * zoom
            if not (1 + radius <= x <= width - 1 - radius and 1 + radius <= y <= height):
                complaints.append(f"{name} off the canvas at {x:.0f},{y:.0f} (moment {moment:.2f})")
            if stands and point[1] > ground + 1.5 and not name.endswith("_toe"):
                complaints.append(f"{name} under the floor at {point[1]:.0f} (moment {moment:.2f})")
    return complaints


def _check_contacts(model: Data, pose: Data) -> list[str]:
    complaints = []
    moments = [moment for _, moment in timeline(model, pose)]
    for moment, after in zip(moments, [*moments[1:], None], strict=True):
        body = solve(model, pose, moment)
        for joint, target in _contacts(pose, body, moment):
            if math.dist(body.joints[joint], target) > DRIFT:
                complaints.append(f"{joint} misses its contact by {math.dist(body.joints[joint], target):.1f} (moment {moment:.2f})")
        if after is not None and after != moment:
            complaints += _check_feet_between(model, pose, body, solve(model, pose, after), (moment + after) / 2)
    return complaints


def _check_feet_between(model: Data, pose: Data, before: Body, after: Body, moment: float) -> list[str]:
    """Between two key frames a viewer moves each part on a straight line; a foot on the floor must stay where it is."""
    complaints = []
    for joint, target in _contacts(pose, before, moment):
        side, _, kind = joint.partition("_")
        if kind not in ("sole", "toe"):
            continue
        (start, first), (end, second) = before.parts[f"{side}_foot"], after.parts[f"{side}_foot"]
        angle = first + short_way(first, second) / 2 + before.sizes["foot_natural"]
        sole = local_to_canvas(blend_points(start, end, 0.5), angle + before.sizes["sole_dir"], (0, -before.sizes["ankle_h"]))
        drawn = local_to_canvas(sole, angle, (0, -before.sizes["foot"])) if kind == "toe" else sole
        if math.dist(drawn, target) > DRIFT:
            complaints.append(f"{joint} slides by {math.dist(drawn, target):.1f} (moment {moment:.2f})")
    return complaints


def _contacts(pose: Data, body: Body, moment: float) -> Iterator[tuple[str, tuple[float, float]]]:
    index = min(int(moment), pose_count(pose) - 2)
    share = blend(0, 1, moment - index)
    yield pose["fix"]["j"], blend_points(anchor(pose, index), anchor(pose, index + 1), share)
    for limb, spec in pose.get("reach", {}).items():
        contact = "wrist" if limb.endswith("arm") else reach_option(spec, "to", "sole")
        yield f"{limb[0]}_{contact}", reach_target(spec, body, share)
