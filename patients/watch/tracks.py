"""TCX and GPX, the two XML formats, read as a stream that refuses every document type and entity.

The readers that exist for TCX build a whole tree and expand entities, and so does the usual one for GPX: a few hundred bytes could
fill the memory. defusedxml refuses what is dangerous before it is looked at, and the little that is wanted here needs no tree.
"""

import datetime as dt
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from patients.watch.recording import Reason, Recording, Unreadable, make_recording, read_moment, read_number

MOST_DEPTH = 30
MOST_ELEMENTS = 250_000
EARTH_METRES = 6_371_008.8
"""Mean radius (IUGG)."""
ON_FOOT = frozenset({"running", "run", "walking", "walk", "hiking", "hike", "trail_running", "9", "10"})
"""How the formats and the best-known exporters call it; 9 is a run and 10 a walk in the numbers Strava writes."""


@dataclass(slots=True)
class Activity:
    """What is added up of one TCX activity."""

    sport: str
    started_at: dt.datetime | None = None
    seconds: float = 0.0
    metres: float = 0.0
    beats: float = 0.0
    beat_seconds: float = 0.0


@dataclass(slots=True)
class Point:
    """One point of a GPX track."""

    latitude: float
    longitude: float
    at: dt.datetime | None
    heart_rate: float | None


@dataclass(slots=True)
class Track:
    """One GPX track with its unbroken parts."""

    sport: str = ""
    parts: list[list[Point]] = field(default_factory=list)


def read_tracks(content: bytes) -> Recording:
    """Read a TCX or GPX file. Raises Unreadable."""
    try:
        elements = walk(content)
        root, _first = next(elements)
        if root == ("TrainingCenterDatabase",):
            return read_tcx(elements)
        if root == ("gpx",):
            return read_gpx(elements)
    except (ParseError, DefusedXmlException, ValueError, LookupError, StopIteration, RecursionError) as error:
        raise Unreadable(Reason.DAMAGED) from error
    raise Unreadable(Reason.OTHER_KIND)


def walk(content: bytes) -> Iterator[tuple[tuple[str, ...], Element]]:
    """Yield the root as it opens, then every element as it closes, each with the local names from the root down to it.

    What was yielded is thrown away, so that the size of the file does not decide the memory needed.
    """
    names: list[str] = []
    open_elements: list[Element] = []
    count = 0
    for event, element in iterparse(io.BytesIO(content), events=("start", "end"), forbid_dtd=True):
        if event == "start":
            names.append(element.tag.rpartition("}")[2])
            open_elements.append(element)
            count += 1
            if len(names) > MOST_DEPTH or count > MOST_ELEMENTS:
                raise Unreadable(Reason.TOO_LONG)
            if len(names) == 1:
                yield tuple(names), element
            continue
        yield tuple(names), element
        names.pop()
        open_elements.pop()
        if open_elements:
            open_elements[-1].remove(element)


# --- TCX -----------------------------------------------------------------------------------


def read_tcx(elements: Iterator[tuple[tuple[str, ...], Element]]) -> Recording:
    """Add up the laps of the first activity on foot, or of the first one. The sport stands on an element that closes last."""
    activities: list[Activity] = []
    lap = Activity("")
    current = Activity("")
    for path, element in elements:
        match path[2:]:
            case ("Activity", "Lap", "TotalTimeSeconds"):
                lap.seconds = read_number(element.text) or 0.0
            case ("Activity", "Lap", "DistanceMeters"):
                lap.metres = read_number(element.text) or 0.0
            case ("Activity", "Lap", "AverageHeartRateBpm", "Value"):
                lap.beats = read_number(element.text) or 0.0
            case ("Activity", "Lap"):
                if current.started_at is None:
                    current.started_at = read_moment(element.get("StartTime", ""))
                add_lap(current, lap)
                lap = Activity("")
            case ("Activity", "Id"):
                current.started_at = current.started_at or read_moment(element.text or "")
            case ("Activity",):
                current.sport = element.get("Sport", "").lower()
                activities.append(current)
                current = Activity("")
    if not activities:
        raise Unreadable(Reason.NO_RUN)
    one = next((activity for activity in activities if activity.sport in ON_FOOT), activities[0])
    return make_recording(
        "tcx",
        started_at=one.started_at,
        seconds=one.seconds,
        metres=one.metres,
        heart_rate=one.beats / one.beat_seconds if one.beat_seconds else None,
        is_run=None if one.sport in {"", "other"} else one.sport in ON_FOOT,
    )


def add_lap(whole: Activity, lap: Activity) -> None:
    """Add a lap to its activity; its mean pulse counts for as long as the lap lasted."""
    whole.seconds += lap.seconds
    whole.metres += lap.metres
    if lap.beats and lap.seconds > 0:
        whole.beats += lap.beats * lap.seconds
        whole.beat_seconds += lap.seconds


# --- GPX -----------------------------------------------------------------------------------


def read_gpx(elements: Iterator[tuple[tuple[str, ...], Element]]) -> Recording:
    """Add up the first track on foot, or the first one: distances between its points, times within its unbroken parts."""
    tracks: list[Track] = []
    track, part = Track(), list[Point]()
    at: dt.datetime | None = None
    pulse: float | None = None
    for path, element in elements:
        match path[1:]:
            case ("trk", "trkseg", "trkpt", "time"):
                at = read_moment(element.text or "")
            case ("trk", "trkseg", "trkpt", "extensions", *_, "hr" | "heartrate"):
                pulse = read_number(element.text)
            case ("trk", "trkseg", "trkpt"):
                latitude, longitude = read_number(element.get("lat")), read_number(element.get("lon"))
                if latitude is not None and longitude is not None and abs(latitude) <= 90 and abs(longitude) <= 180:
                    part.append(Point(latitude, longitude, at, pulse))
                at = pulse = None
            case ("trk", "trkseg"):
                track.parts.append(part)
                part = []
            case ("trk", "type"):
                track.sport = (element.text or "").strip().lower()
            case ("trk",):
                tracks.append(track)
                track = Track()
    tracks = [one for one in tracks if any(one.parts)]
    if not tracks:
        raise Unreadable(Reason.NO_RUN)
    return from_track(next((one for one in tracks if one.sport in ON_FOOT), tracks[0]))


def from_track(track: Track) -> Recording:
    """Return what one track amounts to."""
    points = [point for part in track.parts for point in part]
    times = [point.at for point in points if point.at is not None]
    pulses = [point.heart_rate for point in points if point.heart_rate]
    seconds = 0.0
    for part in track.parts:
        moments = [point.at for point in part if point.at is not None]
        if moments:
            seconds += max((moments[-1] - moments[0]).total_seconds(), 0.0)
    return make_recording(
        "gpx",
        started_at=times[0] if times else None,
        seconds=seconds,
        metres=sum(metres_between(one, following) for part in track.parts for one, following in pairwise(part)),
        heart_rate=sum(pulses) / len(pulses) if pulses else None,
        is_run=track.sport in ON_FOOT if track.sport else None,
    )


def metres_between(one: Point, other: Point) -> float:
    """Return the great-circle distance of two points in metres (haversine)."""
    low, high = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    half = math.sin((high - low) / 2) ** 2 + math.cos(low) * math.cos(high) * math.sin(across / 2) ** 2
    return 2 * EARTH_METRES * math.asin(min(1.0, math.sqrt(half)))
