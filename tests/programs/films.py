"""Small MP4 files made by hand: real H.264 (plain pictures without compression), and everything that can be wrong with them."""

from collections.abc import Sequence
from functools import cache
from struct import pack

WIDTH, HEIGHT = 128, 96
SCALE = 1000


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return a box around its parts."""
    body = b"".join(parts)
    return pack(">I4s", len(body) + 8, kind) + body


def full(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    """Return a box with version and flags."""
    return box(kind, pack(">I", version << 24 | flags), *parts)


# --- H.264 --------------------------------------------------------------------------------


class Bits:
    """Bits written one after the other, with the codes of H.264 (9.1)."""

    def __init__(self) -> None:
        """Begin empty."""
        self.text = ""

    def u(self, value: int, width: int) -> "Bits":
        """Write a number of fixed width."""
        self.text += format(value, f"0{width}b")
        return self

    def golomb(self, *values: int) -> "Bits":
        """Write numbers as Exp-Golomb codes."""
        for value in values:
            code = format(value + 1, "b")
            self.text += "0" * (len(code) - 1) + code
        return self

    def align(self) -> "Bits":
        """Fill up to a whole byte with zeros."""
        self.text += "0" * (-len(self.text) % 8)
        return self

    def raw(self, data: bytes) -> "Bits":
        """Write whole bytes."""
        self.text += format(int.from_bytes(data), f"0{8 * len(data)}b")
        return self

    def nal(self, header: int) -> bytes:
        """Close with the stop bit and return the unit with its guard bytes."""
        text = self.text + "1"
        text += "0" * (-len(text) % 8)
        found, zeros = bytearray([header]), 0
        for byte in int(text, 2).to_bytes(len(text) // 8):
            if zeros == 2 and byte <= 3:
                found.append(3)
                zeros = 0
            found.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return bytes(found)


def parameters() -> tuple[bytes, bytes]:
    """Return sequence and picture parameters: baseline, 128 × 96, pictures in order."""
    sequence = (
        Bits()
        .u(66, 8)
        .u(0, 8)
        .u(30, 8)
        .golomb(0, 0, 2, 1)
        .u(0, 1)
        .golomb(WIDTH // 16 - 1, HEIGHT // 16 - 1)
        .u(1, 1)
        .u(1, 1)
        .u(0, 1)
        .u(0, 1)
    )
    picture = Bits().golomb(0, 0).u(0, 1).u(0, 1).golomb(0, 0, 0).u(0, 1).u(0, 2).golomb(0, 0, 0).u(0, 1).u(0, 1).u(0, 1)
    return sequence.nal(0x67), picture.nal(0x68)


@cache
def picture(number: int, light: int) -> bytes:
    """Return one picture of one brightness, every macroblock as plain samples (I_PCM), so that any decoder shows it."""
    bits = Bits().golomb(0, 7, 0).u(0, 4).golomb(number % 2).u(0, 1).u(0, 1).golomb(0)
    plain = bytes([light] * 256 + [128] * 128)
    for _ in range(WIDTH // 16 * HEIGHT // 16):
        bits.golomb(25).align().raw(plain)
    unit = bits.nal(0x65)
    return pack(">I", len(unit)) + unit


# --- the file -----------------------------------------------------------------------------


def header(kind: bytes, seconds: float) -> bytes:
    """Return mvhd or mdhd with a day in it that must not be kept."""
    times = pack(">IIII", 0xAABBCCDD, 0xAABBCCDD, SCALE, round(seconds * SCALE))
    if kind == b"mdhd":
        return full(kind, times, pack(">HH", 0x55C4, 0))
    return full(kind, times, pack(">IH10x", 0x10000, 0x100), pack(">9I", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30), bytes(24), pack(">I", 9))


def track(
    handler: bytes,
    codec: bytes,
    sizes: Sequence[int],
    offsets: Sequence[int],
    seconds: float,
    *,
    number: int = 1,
    more: bytes = b"",
    source: bytes = b"",
) -> bytes:
    """Return one track, a sample a chunk."""
    sequence, plain = parameters()
    setup = b"\x01" + sequence[1:4] + b"\xff\xe1" + pack(">H", len(sequence)) + sequence + b"\x01" + pack(">H", len(plain)) + plain
    if handler == b"vide":
        entry = box(
            codec,
            pack(">6xH16xHH", 1, WIDTH, HEIGHT),
            pack(">IIIH", 72 << 16, 72 << 16, 0, 1),
            b"\x0aMY_ENCODER".ljust(32, b"\0"),
            pack(">Hh", 24, -1),
            box(b"avcC", setup),
        )
        media = full(b"vmhd", bytes(8), flags=1)
    else:
        entry = box(codec, pack(">6xH8xHHIHH", 1, 1, 16, 0, 0, 0), pack(">H", 0)) if handler == b"soun" else box(codec, pack(">6xH", 1))
        media = full(b"smhd", bytes(4))
    steps = round(seconds * SCALE / max(len(sizes), 1))
    table = box(
        b"stbl",
        full(b"stsd", pack(">I", 1), entry),
        full(b"stts", pack(">III", 1, len(sizes), steps)),
        full(b"stsc", pack(">IIII", 1, 1, 1, 1)),
        full(b"stsz", pack(">II", 0, len(sizes)), pack(f">{len(sizes)}I", *sizes)),
        full(b"stco", pack(">I", len(offsets)), pack(f">{len(offsets)}I", *offsets)),
    )
    shape = pack(">9I", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    look = full(
        b"tkhd",
        pack(">IIIII", 0xAABBCCDD, 0xAABBCCDD, number, 0, round(seconds * SCALE)),
        bytes(16),
        shape,
        pack(">II", WIDTH << 16, HEIGHT << 16),
        flags=3,
    )
    where = box(b"dinf", full(b"dref", pack(">I", 1), source or full(b"url ", flags=1)))
    name = full(b"hdlr", bytes(4), handler, bytes(12), b"Camera of Hannah\0")
    return box(b"trak", look, box(b"mdia", header(b"mdhd", seconds), name, box(b"minf", media, where, table)), more)


def film(
    *,
    seconds: float = 2.0,
    pictures: int = 4,
    brand: bytes = b"isom",
    codec: bytes = b"avc1",
    places: bool = True,
    other_track: bytes = b"",
    top: bytes = b"",
    in_moov: bytes = b"",
    media_first: bool = False,
    source: bytes = b"",
    shift: int = 0,
    header_seconds: float | None = None,
) -> bytes:
    """Return a film; by default it holds a place, a name and a day, as phones write them."""
    samples = [picture(place, 60 + 40 * (place % 4)) for place in range(pictures)]
    secret = b"+52.5200+013.4050/ UNUSED BYTES"
    first = box(b"ftyp", brand, pack(">I", 512), brand, b"mp41")
    more = box(b"udta", box(b"\xa9xyz", pack(">HH", 18, 0x15C7), b"+52.5200+013.4050/")) if places else b""

    def moov(start: int) -> bytes:
        at, offsets = start + len(secret), []
        for sample in samples:
            offsets.append(at + shift)
            at += len(sample)
        tracks = track(b"vide", codec, [len(one) for one in samples], offsets, seconds, more=more, source=source)
        if other_track:
            tracks += track(other_track, b"gpmd", [len(secret)], [start], seconds, number=2)
        return box(b"moov", header(b"mvhd", seconds if header_seconds is None else header_seconds), tracks, more, in_moov)

    media = box(b"mdat", secret, *samples)
    if media_first:
        return first + top + media + moov(len(first) + len(top) + 8)
    return first + top + moov(len(first) + len(top) + len(moov(1000)) + 8) + media
