"""Watch files: real ones of several makers are read, hostile and damaged ones refused with a reason."""

import datetime as dt
import struct
import time
from decimal import Decimal
from pathlib import Path

import pytest

from patients.watch import Reason, Recording, Unreadable, read_watch_file
from tests.patients.watch.fit_files import RECORD, TIME, definition, fit_file, session

SAMPLES = Path(__file__).parent / "samples"
MOST = 5_000_000


def at(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[misc,arg-type]


def read(content: bytes) -> Recording:
    return read_watch_file(content, most_bytes=MOST)


def refusal(content: bytes) -> Reason:
    with pytest.raises(Unreadable) as refused:
        read(content)
    return refused.value.reason


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("garmin-fenix-5-run.fit", Recording("fit", at(2017, 6, 11, 14, 34, 9), 57, Decimal("0.16"), 90, True)),
        ("dynastream-no-session.fit", Recording("fit", None, None, Decimal("3.20"), 142, None)),
        ("polar-m400-run.tcx", Recording("tcx", at(2019, 1, 29, 10, 25, 12), 3510, Decimal("4.51"), 130, True)),
        ("garmin-edge-1000-ride.tcx", Recording("tcx", at(2020, 6, 1, 14, 52, 40), 126, Decimal("0.67"), 151, False)),
        ("garmin-connect-ride.gpx", Recording("gpx", at(2020, 6, 1, 14, 52, 40), 39, Decimal("0.24"), 154, False)),
        ("strava-ride.gpx", Recording("gpx", at(2020, 4, 18, 11, 10, 44), 59, Decimal("0.25"), 118, False)),
        ("forerunner-by-stylesheet.gpx", Recording("gpx", at(2013, 7, 6, 17, 26, 26), 76, Decimal("0.09"), None, None)),
    ],
)
def test_files_of_several_makers_are_read(name: str, expected: Recording) -> None:
    assert read((SAMPLES / name).read_bytes()) == expected


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir() if path.suffix in {".fit", ".tcx", ".gpx"}))
def test_a_truncated_file_is_damaged_or_says_less_but_never_breaks(name: str) -> None:
    content = (SAMPLES / name).read_bytes()
    assert refusal(content[: len(content) * 2 // 3]) == Reason.DAMAGED
    reasons = set()
    for cut in range(0, len(content), max(len(content) // 60, 1)):
        try:
            read(content[:cut])
        except Unreadable as refused:
            reasons.add(refused.reason)
    assert reasons <= {Reason.DAMAGED, Reason.OTHER_KIND}


def endless(body: bytes) -> bytes:
    return fit_file(body, is_read_to_its_end=False)


@pytest.mark.parametrize("name", ["garmin-fenix-5-run.fit", "dynastream-no-session.fit"])
def test_no_flipped_byte_of_a_fit_file_breaks_the_reader(name: str) -> None:
    content = bytearray((SAMPLES / name).read_bytes())
    for place in range(0, len(content), 23):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        assert refusal(bytes(damaged)) in {Reason.DAMAGED, Reason.OTHER_KIND, Reason.NO_RUN}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.OTHER_KIND),
        (b"%PDF-1.7 not a run", Reason.OTHER_KIND),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, Reason.OTHER_KIND),
        (b"PK\x03\x04 what a watch's page calls the original", Reason.ZIPPED),
        (b"\x1f\x8b\x08", Reason.ZIPPED),
        (b"<html><body>run</body></html>", Reason.OTHER_KIND),
        (b"<gpx><wpt lat='1' lon='2'/></gpx>", Reason.NO_RUN),
        (b"<TrainingCenterDatabase><Activities/></TrainingCenterDatabase>", Reason.NO_RUN),
        (b'<?xml version="1.0" encoding="no-such"?><gpx/>', Reason.DAMAGED),
        ('<?xml version="1.0" encoding="utf-16"?><gpx/>'.encode("utf-16"), Reason.NO_RUN),
        (b"<gpx>\x00</gpx>", Reason.DAMAGED),
        (b"\xef\xbb\xbf<gpx/>", Reason.NO_RUN),
        (fit_file(b""), Reason.NO_RUN),
        (fit_file(b"\x00"), Reason.DAMAGED),
        (fit_file(session(10**9, 0, 0, 90, 1)), Reason.NO_RUN),
        (b"\x0e\x20\x5c\x08\xff\xff\xff\xff.FIT\x00\x00", Reason.DAMAGED),
        (b"x" * (MOST + 1), Reason.TOO_LARGE),
    ],
)
def test_what_is_no_run_is_refused_with_its_reason(content: bytes, reason: Reason) -> None:
    assert refusal(content) == reason


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "content",
    [
        f'<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY l0 "ha">{LAUGHS}]><gpx><trk><name>&l9;</name></trk></gpx>',
        '<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY f SYSTEM "file:///etc/passwd">]><gpx><trk><name>&f;</name></trk></gpx>',
        '<?xml version="1.0"?><!DOCTYPE gpx SYSTEM "https://watch.example/gpx.dtd"><gpx/>',
        '<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY % p SYSTEM "https://watch.example/p"> %p;]><gpx/>',
        "<!DOCTYPE TrainingCenterDatabase><TrainingCenterDatabase/>",
    ],
)
def test_document_types_and_entities_are_refused_before_they_are_looked_at(content: str) -> None:
    assert refusal(content.encode()) == Reason.DAMAGED


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"<gpx>" + b"<a>" * 400_000, Reason.TOO_LONG, id="deep"),
        pytest.param(b"<gpx>" + b"<a/>" * 1_200_000 + b"</gpx>", Reason.TOO_LONG, id="wide"),
        pytest.param(b"<gpx>" + b"x" * 4_900_000 + b"</gpx>", Reason.NO_RUN, id="one long text"),
        pytest.param(endless(definition(RECORD, []) + b"\0" * 1_000_000), Reason.TOO_LONG, id="empty messages"),
        pytest.param(fit_file(definition(RECORD, [(3, 0, 2)] * 255) + b"\0" * 100), Reason.DAMAGED, id="fields of no size"),
        pytest.param(endless(definition(RECORD, [(3, 1, 2)] * 255) * 4000), Reason.TOO_LONG, id="definitions"),
        pytest.param(endless(definition(RECORD, [TIME]) + b"\0\xff\xff\xff\x7f" * 300_000), Reason.TOO_LONG, id="records"),
    ],
)
def test_files_that_would_keep_the_server_busy_are_given_up(content: bytes, reason: Reason) -> None:
    began = time.process_time()
    assert refusal(content) == reason
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("seconds", "metres", "pulse", "expected"),
    [
        ("1800", "5000", "150", (1800, Decimal("5.00"), 150)),
        ("1800", "NaN", "150", (1800, None, 150)),
        ("1800", "1e400", "-3", (1800, None, None)),
        ("99999999", "5000", "9999", (None, Decimal("5.00"), None)),
        ("half an hour", "5000", "", (None, Decimal("5.00"), None)),
    ],
)
def test_numbers_no_human_reaches_are_left_out(seconds: str, metres: str, pulse: str, expected: tuple[object, ...]) -> None:
    lap = (
        f"<TotalTimeSeconds>{seconds}</TotalTimeSeconds><DistanceMeters>{metres}</DistanceMeters>"
        f"<AverageHeartRateBpm><Value>{pulse}</Value></AverageHeartRateBpm>"
    )
    found = read(
        f"<TrainingCenterDatabase><Activities><Activity Sport='Running'><Id>0001-01-01T00:00:00+14:00</Id><Lap>{lap}</Lap></Activity>"
        "</Activities></TrainingCenterDatabase>".encode()
    )
    assert (found.duration_seconds, found.distance_km, found.average_heart_rate) == expected
    assert found.started_at is None


def test_the_run_of_several_sessions_is_taken() -> None:
    ride, run = session(1_000_000_000, 3_600_000, 2_000_000, 120, 2), session(1_000_004_000, 1_800_000, 500_000, 150, 1)
    assert read(fit_file(ride + run)) == Recording("fit", at(2021, 9, 8, 2, 53, 20), 1800, Decimal("5.00"), 150, True)


def test_laps_are_added_up_and_pulses_weighted_by_time() -> None:
    laps = "".join(
        f"<Lap StartTime='2026-03-01T0{hour}:00:00+02:00'><TotalTimeSeconds>{seconds}</TotalTimeSeconds>"
        f"<DistanceMeters>1000</DistanceMeters>"
        f"<AverageHeartRateBpm><Value>{pulse}</Value></AverageHeartRateBpm></Lap>"
        for hour, seconds, pulse in ((8, 300, 120), (9, 900, 160))
    )
    body = (
        f"<TrainingCenterDatabase xmlns='any'><Activities><Activity Sport='Running'>{laps}</Activity></Activities></TrainingCenterDatabase>"
    )
    assert read(body.encode()) == Recording("tcx", at(2026, 3, 1, 6), 1200, Decimal("2.00"), 150, True)


def test_a_pause_between_two_parts_of_a_track_counts_neither_as_time_nor_as_way() -> None:
    def point(latitude: float, minute: int) -> str:
        return f"<trkpt lat='{latitude}' lon='10'><time>2026-03-01T08:{minute:02}:00Z</time></trkpt>"

    parts = [point(50.00, 0) + point(50.01, 6), point(50.05, 30) + point(50.06, 36)]
    body = "<gpx><trk><type>running</type>" + "".join(f"<trkseg>{part}</trkseg>" for part in parts) + "</trk></gpx>"
    assert read(body.encode()) == Recording("gpx", at(2026, 3, 1, 8), 720, Decimal("2.22"), None, True)


def test_a_fit_file_whose_checksum_is_wrong_is_damaged() -> None:
    content = fit_file(session(10**9, 60_000, 10_000, 90, 1))
    assert refusal(content[:-2] + struct.pack("<H", 1)) == Reason.DAMAGED
