"""The jointed figure: from angles and contacts to the place of every joint and body part."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Point = tuple[float, float]
Data = Mapping[str, Any]

SIDES = ("n", "f")  # near and far in the side view, right and left of the picture in the front view


def direction(angle: float) -> Point:
    """Return the unit vector of an angle in degrees: 0 is up, 90 is right, clockwise, y grows downwards."""
    turn = math.radians(angle)
    return math.sin(turn), -math.cos(turn)


def step(point: Point, vector: Point, length: float = 1.0) -> Point:
    """Return the point reached by going `length` times along `vector`."""
    return point[0] + vector[0] * length, point[1] + vector[1] * length


def angle_between(start: Point, end: Point) -> float:
    """Return the direction from one point to another in degrees (0 is up, clockwise)."""
    return math.degrees(math.atan2(end[0] - start[0], -(end[1] - start[1])))


def blend(a: float, b: float, share: float) -> float:
    """Return the value `share` (0 to 1) of the way from `a` to `b`."""
    return a + (b - a) * share


def blend_points(a: Sequence[float], b: Sequence[float], share: float) -> Point:
    """Return the point `share` (0 to 1) of the way from `a` to `b`."""
    return blend(a[0], b[0], share), blend(a[1], b[1], share)


def short_way(a: float, b: float) -> float:
    """Return the turn in degrees from angle `a` to angle `b` the short way round, at least -180 and below 180."""
    return (b - a + 180) % 360 - 180


def local_to_canvas(origin: Point, angle: float, local: Sequence[float]) -> Point:
    """Return the canvas point of a point in a part's own frame, in which the segment points up from its upper joint."""
    right, up = direction(angle + 90), direction(angle)
    return origin[0] + right[0] * local[0] - up[0] * local[1], origin[1] + right[1] * local[0] - up[1] * local[1]


@dataclass(slots=True)
class Body:
    """One solved pose: joints as canvas points, parts as (upper joint, direction), and the angles they came from."""

    view: str
    sizes: Data
    segments: Mapping[str, float]
    angles: dict[str, float]
    joints: dict[str, Point] = field(default_factory=dict)
    parts: dict[str, tuple[Point, float]] = field(default_factory=dict)

    def length(self, side: str, segment: str) -> float:
        """Return the drawn length of a limb segment, shortened where the pose foreshortens it."""
        return self.segments[segment] * self.angles.get(f"{side}_{segment}_len", 1.0)

    def locate(self, place: Any) -> Point:
        """Return the canvas point of a place: a pair, a joint name, {j, d} = joint and offset, or {part, d} = in its frame."""
        if isinstance(place, str):
            return self.joints[place]
        if isinstance(place, Mapping):
            offset = place["d"]
            if "part" in place:
                origin, angle = self.parts[place["part"]]
                if place["part"].endswith("_foot"):
                    angle += self.sizes["foot_natural"]
                return local_to_canvas(origin, angle, offset)
            joint = self.joints[place["j"]]
            return joint[0] + offset[0], joint[1] + offset[1]
        return float(place[0]), float(place[1])

    def place_trunk(self, hip: Point) -> None:
        """Put spine, head, hips and shoulders on the canvas, starting from the hip."""
        joints, angles, sizes = self.joints, self.angles, self.sizes
        joints["hip"] = hip
        joints["waist"] = step(hip, direction(angles["lum"]), self.segments["lumbar"])
        joints["neck"] = step(joints["waist"], direction(angles["tho"]), self.segments["thorax"])
        joints["head"] = step(joints["neck"], direction(angles["head"]), self.segments["neck"])
        shoulder_line = step(joints["neck"], direction(angles["tho"]), -sizes["shoulder_drop"])
        for side, sign in zip(SIDES, (1, -1), strict=True):
            joints[f"{side}_hip"] = step(hip, direction(angles["lum"] + 90), sign * sizes["hip_half"])
            joints[f"{side}_sh"] = step(shoulder_line, direction(angles["tho"] + 90), sign * sizes["shoulder_half"])
        self.parts["lumbar"] = hip, angles["lum"]
        self.parts["thorax"] = joints["waist"], angles["tho"]
        self.parts["neck"] = joints["neck"], angles["head"]
        self.parts["head"] = joints["head"], angles["head"]

    def place_leg(self, side: str) -> None:
        """Put one leg on the canvas from its hip, by its angles."""
        joints, angles, sizes = self.joints, self.angles, self.sizes
        hip, thigh, shin, foot = joints[f"{side}_hip"], angles[f"{side}_thigh"], angles[f"{side}_shin"], angles[f"{side}_foot"]
        knee = joints[f"{side}_knee"] = step(hip, direction(thigh), self.length(side, "thigh"))
        ankle = joints[f"{side}_ankle"] = step(knee, direction(shin), self.length(side, "shin"))
        sole = joints[f"{side}_sole"] = step(ankle, direction(foot + sizes["sole_dir"]), sizes["ankle_h"])
        joints[f"{side}_toe"] = step(sole, direction(foot), sizes["foot"])
        self.parts[f"{side}_thigh"] = hip, thigh
        self.parts[f"{side}_shin"] = knee, shin
        self.parts[f"{side}_foot"] = ankle, foot - sizes["foot_natural"]

    def place_arm(self, side: str) -> None:
        """Put one arm on the canvas from its shoulder, by its angles."""
        joints, angles = self.joints, self.angles
        shoulder, upper, fore = joints[f"{side}_sh"], angles[f"{side}_uarm"], angles[f"{side}_farm"]
        hand = angles.get(f"{side}_hand", fore)
        elbow = joints[f"{side}_elbow"] = step(shoulder, direction(upper), self.length(side, "uarm"))
        wrist = joints[f"{side}_wrist"] = step(elbow, direction(fore), self.length(side, "farm"))
        joints[f"{side}_hand"] = step(wrist, direction(hand), self.segments["hand"] * 0.6)
        self.parts[f"{side}_uarm"] = shoulder, upper
        self.parts[f"{side}_farm"] = elbow, fore
        self.parts[f"{side}_hand"] = wrist, hand

    def reach_leg(self, side: str, target: Point, contact: str, bend: float) -> None:
        """Turn thigh and shin so that sole, toe or ankle (`contact`) lies on the target; the foot keeps its angle."""
        foot, sizes = self.angles[f"{side}_foot"], self.sizes
        ankle = target
        if contact == "toe":
            ankle = step(ankle, direction(foot), -sizes["foot"])
        if contact != "ankle":
            ankle = step(ankle, direction(foot + sizes["sole_dir"]), -sizes["ankle_h"])
        hip = self.joints[f"{side}_hip"]
        thigh, shin = _two_links(hip, ankle, self.length(side, "thigh"), self.length(side, "shin"), bend)
        self.angles[f"{side}_thigh"], self.angles[f"{side}_shin"] = thigh, shin
        self.place_leg(side)

    def reach_arm(self, side: str, target: Point, bend: float) -> None:
        """Turn upper arm and forearm so that the wrist lies on the target."""
        shoulder = self.joints[f"{side}_sh"]
        upper, fore = _two_links(shoulder, target, self.length(side, "uarm"), self.length(side, "farm"), bend)
        self.angles[f"{side}_uarm"], self.angles[f"{side}_farm"] = upper, fore
        self.place_arm(side)


def _two_links(start: Point, target: Point, first: float, second: float, bend: float) -> tuple[float, float]:
    """Return both directions of a two-link limb that ends on the target, or as near to it as the limb can stretch."""
    distance = math.dist(start, target)
    distance = min(max(distance, abs(first - second) + 0.5), first + second - 0.05)
    base = angle_between(start, target)
    opening = math.degrees(math.acos((first**2 + distance**2 - second**2) / (2 * first * distance)))
    upper = base - bend * opening
    middle, end = step(start, direction(upper), first), step(start, direction(base), distance)
    return upper, angle_between(middle, end)


def pose_count(pose: Data) -> int:
    """Return how many key poses an exercise has: start and end, or the items of its cycle."""
    return len(pose["cycle"]) if "cycle" in pose else 2


def key_pose(model: Data, pose: Data, index: int) -> dict[str, float]:
    """Return all angles of one key pose: the resting figure, then what all poses share, then this pose."""
    own = pose["cycle"][index] if "cycle" in pose else pose["end" if index else "start"]
    angles: dict[str, Any] = {**model["rest"][pose.get("view", "side")], **pose.get("all", {}), **own}
    if "spine" in angles:
        angles["lum"] = angles["tho"] = angles.pop("spine")
    angles.pop("fix_at", None)
    return angles


def anchor(pose: Data, index: int) -> Sequence[float]:
    """Return where the anchored joint lies in one key pose."""
    fix = pose["fix"]
    if "cycle" in pose:
        place: Sequence[float] = pose["cycle"][index].get("fix_at", fix.get("at"))
    else:
        place = fix.get("end" if index else "start", fix.get("at"))
    return place


def reach_target(spec: Any, body: Body, share: float) -> Point:
    """Return the canvas point a reaching limb aims at, `share` of the way between two key poses."""
    if not isinstance(spec, Mapping):
        return float(spec[0]), float(spec[1])
    if "part" in spec:
        return body.locate({"part": spec["part"], "d": spec["d"]})
    if "start" in spec:
        return blend_points(spec["start"], spec["end"], share)
    return float(spec["at"][0]), float(spec["at"][1])


def reach_option(spec: Any, key: str, default: Any) -> Any:
    """Return an option of a reach entry, or the default if the entry is a bare point."""
    return spec.get(key, default) if isinstance(spec, Mapping) else default


def solve(model: Data, pose: Data, moment: float) -> Body:
    """Return the body at a moment between key poses: 0 is the first pose, 1 the second, and so on.

    Angles go the short way round, lengths and contacts in a straight line; anchor and contacts are solved anew at every
    moment, so that a foot on the floor does not slide.
    """
    index = min(int(moment), pose_count(pose) - 2)
    share = moment - index
    before, after = key_pose(model, pose, index), key_pose(model, pose, index + 1)
    angles: dict[str, float] = {}
    for name, value in before.items():
        other = after.get(name, value)
        angles[name] = blend(value, other, share) if name.endswith("_len") else value + short_way(value, other) * share
    for name in after.keys() - before.keys():
        angles[name] = after[name]

    view = pose.get("view", "side")
    sizes = model["views"][view]
    body = Body(view, sizes, {**model["segments"], **sizes.get("segments", {})}, angles)
    _place_all(body, (0.0, 0.0))
    place = blend_points(anchor(pose, index), anchor(pose, index + 1), share)
    held = body.joints[pose["fix"]["j"]]
    _place_all(body, (place[0] - held[0], place[1] - held[1]))
    for limb, spec in pose.get("reach", {}).items():
        side, target = limb[0], reach_target(spec, body, share)
        if limb.endswith("leg"):
            body.reach_leg(side, target, reach_option(spec, "to", "sole"), reach_option(spec, "bend", 1))
        else:
            body.reach_arm(side, target, reach_option(spec, "bend", -1))
    return body


def _place_all(body: Body, hip: Point) -> None:
    body.place_trunk(hip)
    for side in SIDES:
        body.place_leg(side)
        body.place_arm(side)
