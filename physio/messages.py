"""The translated texts in the form Django reads: compiled at start, so that nobody needs gettext to run the product."""

import os
from pathlib import Path

import polib


def compile_messages(folder: Path) -> list[Path]:
    """Compile every `.po` below `folder` whose `.mo` is missing or older; return the files written."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        # Several processes may compile at once: each writes its own file and puts it in place in one step.
        part = target.with_suffix(f".{os.getpid()}.part")
        polib.pofile(str(source)).save_as_mofile(str(part))
        part.replace(target)
        written.append(target)
    return written
