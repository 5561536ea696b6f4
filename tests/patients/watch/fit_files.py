"""FIT files made by the specification, for what no watch would ever write."""

import struct

from fitdecode.utils import compute_crc

FILE_ID, SESSION, RECORD = 0, 18, 20
Fields = list[tuple[int, int, int]]
"""(number, size in bytes, base type) of the fields of a message."""
TIME: tuple[int, int, int] = (253, 4, 0x86)


def definition(message: int, fields: Fields, *, local: int = 0) -> bytes:
    """Return a definition message."""
    return bytes([0x40 | local, 0, 0]) + struct.pack("<HB", message, len(fields)) + b"".join(bytes(field) for field in fields)


def fit_file(body: bytes, *, is_read_to_its_end: bool = True) -> bytes:
    """Put header and checksums around the messages; the last one takes long to work out and may be left out where nobody comes that far."""
    head = struct.pack("<2BHI4s", 14, 0x20, 2140, len(body), b".FIT")
    head += struct.pack("<H", compute_crc(head))
    return head + body + struct.pack("<H", compute_crc(head + body) if is_read_to_its_end else 0)


def session(start: int, milliseconds: int, centimetres: int, pulse: int, sport: int) -> bytes:
    """Return a session message with its definition."""
    fields = [(2, 4, 0x86), (8, 4, 0x86), (9, 4, 0x86), (16, 1, 2), (5, 1, 0)]
    return definition(SESSION, fields) + b"\x00" + struct.pack("<IIIBB", start, milliseconds, centimetres, pulse, sport)
