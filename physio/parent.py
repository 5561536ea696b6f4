"""A child that ends when the process that started it is gone, however that one died."""

import ctypes
import os
import signal
import sys
import threading
import time

PARENT = "SERVE_PID"
"""Name of the environment variable in which `manage.py serve` leaves its process id."""
_PR_SET_PDEATHSIG = 1


def follow_parent() -> None:
    """Ask for SIGTERM at the death of the parent; does nothing in a process that `manage.py serve` did not start."""
    try:
        parent = int(os.environ.get(PARENT, ""))
    except ValueError:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
