"""Films of exercises: what is taken plays as before and holds nothing else, what is not a short plain MP4 is refused and says why."""

import os
from struct import pack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from programs.rules.film import DEEPEST, LARGEST_BYTES, MOST_BOXES, Fault, Refused, read_film
from tests.programs.films import HEIGHT, WIDTH, box, film, full

SECRETS = (b"52.5200", b"Hannah", b"\xaa\xbb\xcc\xdd", b"MY_ENCODER", b"UNUSED", b"somewhere", b"\xa9xyz", b"udta")
GOOD = film()


def fault_of(data: bytes) -> Fault:
    with pytest.raises(Refused) as refused:
        read_film(data)
    return refused.value.fault


def nested(depth: int) -> bytes:
    """Return boxes in boxes."""
    found = b""
    for _ in range(depth):
        found = box(b"trak", found)
    return found


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"media_first": True},
        {"brand": b"qt  "},
        {"other_track": b"meta"},
        {"top": box(b"uuid", b"0123456789abcdef somewhere")},
        {"top": box(b"free", b"somewhere") + box(b"meta", b"somewhere")},
        {"in_moov": box(b"meta", b"somewhere") + box(b"uuid", b"0123456789abcdef somewhere")},
        {"seconds": 60.0},
        {"pictures": 1},
    ],
    ids=lambda options: ",".join(options) or "plain",
)
def test_a_film_keeps_its_samples_and_its_length_and_nothing_that_says_who_where_or_when(options: dict[str, Any]) -> None:
    raw = film(**options)
    found = read_film(raw)
    assert (found.seconds, found.width, found.height, found.has_sound) == (options.get("seconds", 2.0), WIDTH, HEIGHT, False)
    assert len(found.content) == len(raw), "nothing moves"
    assert found.content.count(b"\x65\x88") == raw.count(b"\x65\x88"), "every picture is there"
    for secret in SECRETS:
        assert secret not in found.content, secret
    assert read_film(found.content).content == found.content, "what was cleaned is clean"


def test_sound_is_told() -> None:
    raw = film(other_track=b"soun")
    assert fault_of(raw) == Fault.OTHER_CODEC, "the sound is no AAC"
    assert read_film(raw.replace(b"gpmd", b"mp4a")).has_sound


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", Fault.NOT_MP4),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), Fault.NOT_MP4),
        (b"\x1aE\xdf\xa3" + bytes(100), Fault.NOT_MP4),
        (b"<html>" * 50, Fault.NOT_MP4),
        (b"MZ" + bytes(500), Fault.NOT_MP4),
        (film(brand=b"heic").replace(b"mp41", b"mif1"), Fault.NOT_MP4),
        (GOOD[:-1], Fault.BROKEN),
        (GOOD[:200], Fault.BROKEN),
        (GOOD + b"\x00\x00\x00", Fault.BROKEN),
        (GOOD + GOOD, Fault.BROKEN),
        (film(seconds=61.0), Fault.TOO_LONG),
        (film(seconds=180.0), Fault.TOO_LONG),
        (film(seconds=180.0, header_seconds=10.0), Fault.TOO_LONG),
        (film(seconds=10.0, header_seconds=180.0), Fault.TOO_LONG),
        (film(codec=b"hvc1"), Fault.OTHER_CODEC),
        (film(codec=b"av01"), Fault.OTHER_CODEC),
        (film(top=box(b"moof", bytes(8))), Fault.IN_PIECES),
        (film(in_moov=box(b"mvex", bytes(8))), Fault.IN_PIECES),
        (film(shift=10_000_000), Fault.BROKEN),
        (film(shift=-60, media_first=True, top=box(b"free", bytes(100))), Fault.BROKEN),
        (film(source=full(b"url ", b"https://elsewhere.example/\0")), Fault.BROKEN),
        (film(source=full(b"urn ", b"x\0")), Fault.BROKEN),
        (film().replace(b"vide", b"text"), Fault.NO_PICTURE),
        (film(top=pack(">I4s", 0, b"free")), Fault.BROKEN),
        (film(top=pack(">I4s", 7, b"free")), Fault.BROKEN),
        (film(top=pack(">I4sQ", 1, b"free", 2**63)), Fault.BROKEN),
        (film(top=pack(">I4sQ", 1, b"free", 15)), Fault.BROKEN),
        (film(top=box(b"free") * (MOST_BOXES + 1)), Fault.BROKEN),
        (film(in_moov=box(b"trak", nested(DEEPEST + 3))), Fault.BROKEN),
        (GOOD.replace(b"stsz", b"stsx"), Fault.BROKEN),
        (GOOD.replace(b"mvhd", b"mvhx"), Fault.BROKEN),
        (GOOD.replace(b"moov", b"mooo"), Fault.BROKEN),
    ],
    ids=lambda value: value.value if isinstance(value, Fault) else "file",
)
def test_everything_else_is_refused_with_its_reason(data: bytes, fault: Fault) -> None:
    assert fault_of(data) == fault


def test_a_large_box_of_64_bits_is_read() -> None:
    assert read_film(film(top=pack(">I4sQ", 1, b"free", 24) + bytes(8))).seconds == 2.0


def test_what_is_larger_than_the_limit_is_not_looked_at() -> None:
    assert fault_of(GOOD + box(b"free", bytes(LARGEST_BYTES))) == Fault.TOO_LARGE


def test_a_table_that_claims_a_billion_samples_costs_nothing() -> None:
    place = GOOD.index(b"stsz") + 8
    assert fault_of(GOOD[:place] + pack(">II", 1, 2**31) + GOOD[place + 8 :]) == Fault.BROKEN
    place = GOOD.index(b"stsc") + 8
    assert fault_of(GOOD[:place] + pack(">IIII", 1, 1, 2**31, 1) + GOOD[place + 16 :]) == Fault.BROKEN


@settings(max_examples=150)
@given(some.data())
def test_a_damaged_film_is_refused_or_read_and_never_breaks_the_reader(data: Any) -> None:
    raw = bytearray(GOOD[:1200] + GOOD[-2000:]) if data.draw(some.booleans()) else bytearray(GOOD)
    for _ in range(data.draw(some.integers(1, 6))):
        raw[data.draw(some.integers(0, 1100))] = data.draw(some.integers(0, 255))
    try:
        found = read_film(bytes(raw))
    except Refused:
        return
    assert len(found.content) == len(raw)
    assert b"+52.5200+013.4050/ UNUSED" not in found.content


def test_noise_is_refused() -> None:
    for _ in range(50):
        fault_of(os.urandom(300))
