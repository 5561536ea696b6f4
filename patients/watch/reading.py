"""Telling the three kinds of watch files apart by what is in them, whatever they are called."""

from patients.watch.fit import read_fit
from patients.watch.recording import Reason, Recording, Unreadable
from patients.watch.tracks import read_tracks

FIT_MAGIC = b".FIT"
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")
XML_STARTS = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def read_watch_file(content: bytes, *, most_bytes: int) -> Recording:
    """Read a FIT, TCX or GPX file of at most `most_bytes` bytes. Raises Unreadable with the reason."""
    if len(content) > most_bytes:
        raise Unreadable(Reason.TOO_LARGE)
    if content[8:12] == FIT_MAGIC:
        return read_fit(content)
    if content.startswith(ARCHIVES):
        raise Unreadable(Reason.ZIPPED)
    if content.lstrip()[:3].startswith(XML_STARTS):
        return read_tracks(content)
    raise Unreadable(Reason.OTHER_KIND)
