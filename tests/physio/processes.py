"""Looking at processes, for tests that start some."""

import subprocess
import time
from collections.abc import Callable


def descendants(pid: int) -> set[int]:
    """Return every process below `pid`."""
    lines = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.split("\n")
    pairs = [tuple(int(word) for word in line.split()) for line in lines if line.strip()]
    found: set[int] = set()
    level = {pid}
    while level:
        level = {child for child, parent in pairs if parent in level} - found
        found |= level
    return found


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that only waits to be buried does not."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return bool(shown) and not shown.startswith("Z")


def eventually(what: Callable[[], bool], seconds: float = 15) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.05)
    return what()
