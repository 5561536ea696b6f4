"""What a sender notes on disk the moment a mail was taken, so that even a killed one leaves nobody with two.

One small file per claim lies in `VAR_DIR/outbox` and is locked while its sender lives. Each note is one write, which survives the death of
the process (not of the machine); the database hears of many mails at once. Whoever finds a file without an owner finishes its story.
"""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import structlog
from django.conf import settings

fcntl: ModuleType | None
try:
    import fcntl as fcntl_module

    fcntl = fcntl_module
except ImportError:  # Windows: without locks every mail is written to the database at once
    fcntl = None

ID_BYTES = 16
log = structlog.get_logger(__name__)


def folder() -> Path:
    """Return where the files lie."""
    return Path(settings.VAR_DIR, "outbox")


class Journal:
    """The notes of one claim; `works` is False where the disk cannot keep them."""

    def __init__(self, claim: uuid.UUID) -> None:
        """Open and lock the file of a claim, before anything is claimed."""
        self.path = folder() / f"{claim.hex}.sent"
        self.handle: int | None = None
        if fcntl is None:
            return
        new = self.path.with_suffix(".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.handle = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Only a locked file gets its name: one without a lock is one without an owner.
            new.rename(self.path)
        except OSError as error:
            self.give_up(error)

    @property
    def works(self) -> bool:
        """Whether notes reach the disk."""
        return self.handle is not None

    def note(self, delivery: uuid.UUID) -> None:
        """Note that the mail of this delivery was taken."""
        if self.handle is not None:
            try:
                os.write(self.handle, delivery.bytes)
            except OSError as error:
                self.give_up(error)

    def give_up(self, error: OSError) -> None:
        """Go on without notes."""
        log.warning("outbox_journal_unusable", error=type(error).__name__)
        self.close()

    def close(self) -> None:
        """Let go of the file; it stays for whoever finishes the story."""
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None

    def finish(self) -> None:
        """Remove the file: the database knows everything that stands in it."""
        if fcntl is not None:
            self.path.unlink(missing_ok=True)
        self.close()


def abandoned() -> Iterator[tuple[uuid.UUID, list[uuid.UUID], Path]]:
    """Yield claim, delivered ids and file of every sender that is gone; each file stays locked until the next one is asked for."""
    if fcntl is None or not folder().is_dir():
        return
    for path in sorted(folder().glob("*.sent")):
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_nlink:
                data = path.read_bytes()
                whole = len(data) - len(data) % ID_BYTES
                yield uuid.UUID(path.stem), [uuid.UUID(bytes=data[at : at + ID_BYTES]) for at in range(0, whole, ID_BYTES)], path
        except BlockingIOError:
            continue
        finally:
            os.close(handle)


def sweep(before: float) -> None:
    """Remove files that were never locked and are older than `before` (seconds since 1970): their makers died at birth."""
    for path in folder().glob("*.new") if folder().is_dir() else ():
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
