"""The part of a file a browser asks for (RFC 9110, 14): one range of bytes, the whole file, or what cannot be given."""

import re

SIZES = re.compile(r"bytes=(?P<first>\d{0,15})-(?P<last>\d{0,15})")


def asked_range(header: str, size: int) -> tuple[int, int] | None:
    """Return the first and the last byte asked for, None for the whole file: without a header, with one we do not read, or with several.

    Raises ValueError for a range that begins behind the end.
    """
    found = SIZES.fullmatch(header.strip())
    if found is None or not (found["first"] or found["last"]):
        return None
    if not found["first"]:
        length = int(found["last"])
        if length == 0:
            raise ValueError("nothing is asked for")
        return max(size - length, 0), size - 1
    first = int(found["first"])
    last = min(int(found["last"]), size - 1) if found["last"] else size - 1
    if first >= size:
        raise ValueError("behind the end")
    return (first, last) if first <= last else None
