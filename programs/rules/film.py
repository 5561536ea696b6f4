"""Short films of exercises: an MP4 file read box by box, what it may hold, and the same file without anything else in it.

Nothing is decoded. What is not needed for playing is overwritten in place, so that no offset changes: times, names, places, and every byte
of the media part that no picture or sound of the film refers to. Box structure: ISO/IEC 14496-12, samples of H.264: 14496-15.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from struct import error as StructError
from struct import unpack_from

LONGEST_SECONDS = 60
LARGEST_BYTES = 20_000_000
LARGEST_SIDE = 4096
MOST_BOXES = 2000
DEEPEST = 8
MOST_SAMPLES = 40_000
"""Pictures and pieces of sound of one track: a minute of 240 pictures a second is a third of it."""


class Fault(StrEnum):
    """Why a file is refused."""

    NOT_MP4 = "not_mp4"
    BROKEN = "broken"
    TOO_LARGE = "too_large"
    TOO_LONG = "too_long"
    IN_PIECES = "in_pieces"
    OTHER_CODEC = "other_codec"
    NO_PICTURE = "no_picture"


class Refused(Exception):
    """The file is no film that can be taken; says why."""

    def __init__(self, fault: Fault) -> None:
        """Take the reason."""
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Film:
    """A film as it is stored: its bytes, its length in seconds, the size of its picture, and whether it has sound."""

    content: bytes
    seconds: float
    width: int
    height: int
    has_sound: bool


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its kind, where it starts, where its content starts, and where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


BRANDS = frozenset(
    {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"M4VH", b"M4VP", b"qt  ", b"MSNV", b"f4v "}
)
CONTAINERS = frozenset({b"moov", b"trak", b"edts", b"mdia", b"minf", b"dinf", b"stbl"})
TOP = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"})
PIECES = frozenset({b"moof", b"mvex", b"sidx", b"ssix", b"styp", b"mfra"})
KEPT: dict[bytes, frozenset[bytes]] = {
    b"moov": frozenset({b"mvhd", b"trak"}),
    b"trak": frozenset({b"tkhd", b"edts", b"mdia"}),
    b"edts": frozenset({b"elst"}),
    b"mdia": frozenset({b"mdhd", b"hdlr", b"minf"}),
    b"minf": frozenset({b"vmhd", b"smhd", b"dinf", b"stbl"}),
    b"dinf": frozenset({b"dref"}),
    b"stbl": frozenset({b"stsd", b"stts", b"ctts", b"cslg", b"stss", b"stsz", b"stsc", b"stco", b"co64", b"sdtp"}),
}
"""What stays in each box; everything else in it becomes an empty one of the same size."""
VIDEO, SOUND = b"vide", b"soun"
CODECS = {VIDEO: frozenset({b"avc1", b"avc3"}), SOUND: frozenset({b"mp4a"})}


def read_film(data: bytes) -> Film:
    """Return the film without anything that is not needed for playing it; raises Refused.

    Taken are MP4 files of at most 20 MB and 60 seconds with one H.264 picture and at most one AAC sound; other tracks are emptied.
    """
    if len(data) > LARGEST_BYTES:
        raise Refused(Fault.TOO_LARGE)
    try:
        return _Reader(data).film()
    except (StructError, IndexError, ValueError, OverflowError) as error:
        raise Refused(Fault.BROKEN) from error


class _Reader:
    """One file while it is read; `out` is the file as it will be stored."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.out = bytearray(data)
        self.count = 0

    def film(self) -> Film:
        """Return what the film is, with everything emptied that is not played; raises Refused with the reason."""
        top = list(self.boxes(0, len(self.data), top=True))
        if not top or top[0].kind != b"ftyp" or not self.is_mp4(top[0]):
            raise Refused(Fault.NOT_MP4)
        if any(box.kind in PIECES for box in top):
            raise Refused(Fault.IN_PIECES)
        moovs = [box for box in top if box.kind == b"moov"]
        media = [box for box in top if box.kind == b"mdat"]
        if len(moovs) != 1 or not media:
            raise Refused(Fault.BROKEN)
        for box in top:
            if box.kind not in TOP or box.kind in {b"free", b"skip", b"wide"}:
                self.empty(box)
        film = self.movie(moovs[0], media)
        self.deep_clean(moovs[0], 1)
        return replace(film, content=bytes(self.out))

    # --- boxes ----------------------------------------------------------------------------

    def boxes(self, start: int, end: int, *, top: bool = False) -> Iterator[Box]:
        """Yield the boxes between two places; together they fill it exactly."""
        while start < end:
            self.count += 1
            if self.count > MOST_BOXES or end - start < 8:
                raise Refused(Fault.BROKEN if self.count > 1 else Fault.NOT_MP4)
            size, kind = unpack_from(">I4s", self.data, start)
            body = start + 8
            if size == 1:
                size = unpack_from(">Q", self.data, body)[0]
                body += 8
            elif size == 0 and top and kind == b"mdat":
                size = end - start
            if size < body - start or size > end - start:
                # A file that does not even begin like one is no MP4; one that ends in the middle of a box is broken.
                raise Refused(Fault.NOT_MP4 if top and start == 0 and kind != b"ftyp" else Fault.BROKEN)
            if kind == b"uuid":
                body = min(body + 16, start + size)
            yield Box(kind, start, body, start + size)
            start += size

    def inside(self, box: Box, kind: bytes) -> list[Box]:
        """Return the boxes of one kind directly inside another."""
        return [one for one in self.boxes(box.body, box.end) if one.kind == kind]

    def only(self, box: Box, *path: bytes) -> Box:
        """Return the one box at the end of a path."""
        for kind in path:
            found = self.inside(box, kind)
            if len(found) != 1:
                raise Refused(Fault.BROKEN)
            box = found[0]
        return box

    def empty(self, box: Box) -> None:
        """Make a box an empty one of the same size."""
        self.out[box.start + 4 : box.start + 8] = b"free"
        body = box.start + (16 if unpack_from(">I", self.data, box.start)[0] == 1 else 8)
        self.out[body : box.end] = bytes(box.end - body)

    def deep_clean(self, box: Box, depth: int) -> None:
        """Empty everything in a container that is not needed, and blank times and names in what stays."""
        if depth > DEEPEST:
            raise Refused(Fault.BROKEN)
        for one in self.boxes(box.body, box.end):
            if self.out[one.start + 4 : one.start + 8] == b"free":
                continue
            if one.kind in PIECES:
                raise Refused(Fault.IN_PIECES)
            if one.kind not in KEPT[box.kind]:
                self.empty(one)
            elif one.kind in CONTAINERS:
                self.deep_clean(one, depth + 1)
            elif one.kind in {b"mvhd", b"tkhd", b"mdhd"}:
                width = 16 if self.data[one.body] == 1 else 8
                self.out[one.body + 4 : one.body + 4 + width] = bytes(width)  # when it was made and changed
            elif one.kind == b"hdlr":
                if one.end - one.body < 24:
                    raise Refused(Fault.BROKEN)
                self.out[one.body + 12 : one.end] = bytes(one.end - one.body - 12)  # maker and name

    def is_mp4(self, box: Box) -> bool:
        """Tell whether the file says it is a kind of MP4 we know."""
        names = [self.data[box.body : box.body + 4]]
        names += [self.data[place : place + 4] for place in range(box.body + 8, min(box.end, box.body + 400) - 3, 4)]
        return box.end - box.body >= 8 and any(name in BRANDS for name in names)

    # --- the film -------------------------------------------------------------------------

    def movie(self, moov: Box, media: Sequence[Box]) -> Film:
        """Check length, tracks and samples; empty other tracks and every byte of the media that no track refers to."""
        seconds = self.length(self.only(moov, b"mvhd"))
        pictures: list[Box] = []
        sounds: list[Box] = []
        for track in self.inside(moov, b"trak"):
            handler = self.only(track, b"mdia", b"hdlr")
            kind = self.data[handler.body + 8 : handler.body + 12]
            if kind == VIDEO:
                pictures.append(track)
            elif kind == SOUND:
                sounds.append(track)
            else:
                self.empty(track)
        if not pictures:
            raise Refused(Fault.NO_PICTURE)
        if len(pictures) > 1 or len(sounds) > 1:
            raise Refused(Fault.BROKEN)
        used: list[tuple[int, int]] = []
        for track, kind in [(pictures[0], VIDEO), *((one, SOUND) for one in sounds)]:
            seconds = max(seconds, self.length(self.only(track, b"mdia", b"mdhd")))
            self.check_codec(track, kind)
            self.check_source(track)
            used += self.samples(track, media)
        if seconds > LONGEST_SECONDS + 0.5:
            raise Refused(Fault.TOO_LONG)
        self.blank_unused(media, used)
        width, height = self.picture_size(pictures[0])
        return Film(b"", round(seconds, 1), width, height, bool(sounds))

    def length(self, box: Box) -> float:
        """Return the length in seconds that a header gives."""
        if self.data[box.body] == 1:
            scale, length = unpack_from(">IQ", self.data, box.body + 20)
        else:
            scale, length = unpack_from(">II", self.data, box.body + 12)
        if scale == 0 or box.end - box.body < 20:
            raise Refused(Fault.BROKEN)
        return float(length / scale)

    def check_codec(self, track: Box, kind: bytes) -> None:
        """Refuse everything but H.264 and AAC, and several descriptions of one track."""
        described = self.only(track, b"mdia", b"minf", b"stbl", b"stsd")
        count = unpack_from(">I", self.data, described.body + 4)[0]
        entries = list(self.boxes(described.body + 8, described.end))
        if count != 1 or len(entries) != 1:
            raise Refused(Fault.BROKEN)
        if entries[0].kind not in CODECS[kind]:
            raise Refused(Fault.OTHER_CODEC)

    def check_source(self, track: Box) -> None:
        """Refuse a track whose media lie in another file."""
        source = self.only(track, b"mdia", b"minf", b"dinf", b"dref")
        for entry in self.boxes(source.body + 8, source.end):
            if entry.kind != b"url " or unpack_from(">I", self.data, entry.body)[0] & 1 != 1 or entry.end - entry.body > 4:
                raise Refused(Fault.BROKEN)

    def picture_size(self, track: Box) -> tuple[int, int]:
        """Return width and height of the picture as it is coded."""
        described = self.only(track, b"mdia", b"minf", b"stbl", b"stsd")
        entry = next(iter(self.boxes(described.body + 8, described.end)))
        width, height = unpack_from(">HH", self.data, entry.body + 24)
        self.out[entry.body + 42 : entry.body + 74] = bytes(32)  # the name of the encoder
        if not (16 <= width <= LARGEST_SIDE and 16 <= height <= LARGEST_SIDE):
            raise Refused(Fault.BROKEN)
        return width, height

    def samples(self, track: Box, media: Sequence[Box]) -> list[tuple[int, int]]:
        """Return from where to where the samples of a track lie, chunk by chunk; every one lies in the media part."""
        table = self.only(track, b"mdia", b"minf", b"stbl")
        self.check_times(table, track)
        sizes = self.sizes(self.only(table, b"stsz"))
        offsets = self.offsets(table)
        runs = self.runs(self.only(table, b"stsc"), len(offsets))
        if sum(runs) != len(sizes):
            raise Refused(Fault.BROKEN)
        starts = [box.body for box in media]
        found = []
        done = 0
        for offset, count in zip(offsets, runs, strict=True):
            end = offset + sum(sizes[done : done + count])
            done += count
            place = bisect_right(starts, offset) - 1
            if place < 0 or end > media[place].end:
                raise Refused(Fault.BROKEN)
            found.append((offset, end))
        return found

    def check_times(self, table: Box, track: Box) -> None:
        """Refuse a track that plays longer than its header says it does."""
        times = self.only(table, b"stts")
        count = self.entries(times, 8)
        pairs = [unpack_from(">II", self.data, times.body + 8 + 8 * place) for place in range(count)]
        header = self.only(track, b"mdia", b"mdhd")
        scale = unpack_from(">I", self.data, header.body + (20 if self.data[header.body] == 1 else 12))[0]
        if scale == 0:
            raise Refused(Fault.BROKEN)
        if sum(number * step for number, step in pairs) / scale > LONGEST_SECONDS + 0.5:
            raise Refused(Fault.TOO_LONG)

    def entries(self, box: Box, size: int, at: int = 4) -> int:
        """Return how many entries a table has; they have to fit into it."""
        count = int(unpack_from(">I", self.data, box.body + at)[0])
        if count > MOST_SAMPLES or box.body + at + 4 + count * size > box.end:
            raise Refused(Fault.BROKEN)
        return count

    def sizes(self, box: Box) -> list[int]:
        """Return the size of each sample."""
        same = unpack_from(">I", self.data, box.body + 4)[0]
        if same:
            count = unpack_from(">I", self.data, box.body + 8)[0]
            if count > MOST_SAMPLES:
                raise Refused(Fault.BROKEN)
            return [same] * count
        count = self.entries(box, 4, 8)
        return list(unpack_from(f">{count}I", self.data, box.body + 12))

    def offsets(self, table: Box) -> list[int]:
        """Return where each chunk begins in the file."""
        short, long = self.inside(table, b"stco"), self.inside(table, b"co64")
        if len(short) + len(long) != 1:
            raise Refused(Fault.BROKEN)
        box = (short or long)[0]
        size, letter = (4, "I") if short else (8, "Q")
        count = self.entries(box, size)
        return list(unpack_from(f">{count}{letter}", self.data, box.body + 8))

    def runs(self, box: Box, chunks: int) -> list[int]:
        """Return how many samples each chunk holds."""
        count = self.entries(box, 12)
        rows = [unpack_from(">III", self.data, box.body + 8 + 12 * place) for place in range(count)]
        found: list[int] = []
        for place, (first, number, _description) in enumerate(rows):
            following = rows[place + 1][0] if place + 1 < count else chunks + 1
            if first != len(found) + 1 or following <= first or following > chunks + 1 or number > MOST_SAMPLES:
                raise Refused(Fault.BROKEN)
            found += [number] * (following - first)
        if len(found) != chunks:
            raise Refused(Fault.BROKEN)
        return found

    def blank_unused(self, media: Sequence[Box], used: Sequence[tuple[int, int]]) -> None:
        """Overwrite every byte of the media part that belongs to no sample kept."""
        ordered = sorted(used)
        for box in media:
            at = box.body
            for start, end in ordered:
                if end <= at or start >= box.end:
                    continue
                if start > at:
                    self.out[at:start] = bytes(start - at)
                at = max(at, end)
            if at < box.end:
                self.out[at : box.end] = bytes(box.end - at)
