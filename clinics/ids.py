"""Identifiers that sort by the time they were made and tell nothing else."""

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """Return a new version 7 UUID (RFC 9562): 48 bits of milliseconds, 74 random bits."""
    return uuid.UUID(int=_number(time.time_ns() // 1_000_000, os.urandom(10)))


def many_uuid7(count: int) -> list[uuid.UUID]:
    """Return so many new ones of the same millisecond, with one call for their random bits."""
    milliseconds, random = time.time_ns() // 1_000_000, os.urandom(10 * count)
    return [uuid.UUID(int=_number(milliseconds, random[at : at + 10])) for at in range(0, 10 * count, 10)]


def _number(milliseconds: int, noise: bytes) -> int:
    random = int.from_bytes(noise, "big")
    value = (milliseconds & (2**48 - 1)) << 80
    value |= 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | random & (2**62 - 1)
    return value
