"""Keeps a few child processes alive, and leaves none behind."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from physio.parent import PARENT

GRACE_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 30.0
STEADY_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.2


@dataclass
class Child:
    """One command that shall always run; it gets a process group of its own, so that its whole family can be ended."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    not_before: float = field(default=0.0)

    def start(self, environment: Mapping[str, str], now: float) -> None:
        """Start the command; `now` is a monotonic time in seconds."""
        self.process = subprocess.Popen(self.command, env=dict(environment), start_new_session=True)
        self.started = now

    def signal(self, number: int) -> None:
        """Send a signal to the command and everything it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def is_running(self) -> bool:
        """Tell whether the command itself still runs."""
        return self.process is not None and self.process.poll() is None

    def note_death(self, now: float) -> float:
        """End what the dead command left behind; return the seconds to wait before its next start (1, 2, 4 … 30)."""
        self.signal(signal.SIGKILL)
        self.deaths = 0 if now - self.started > STEADY_SECONDS else self.deaths + 1
        wait = min(2.0 ** max(self.deaths - 1, 0), LONGEST_WAIT_SECONDS)
        self.process = None
        self.not_before = now + wait
        return wait


class Supervisor:
    """Runs children until it is told to stop by SIGTERM, SIGINT or SIGHUP; a second signal ends them at once."""

    def __init__(self, say: Callable[[str], None], environment: Mapping[str, str]) -> None:
        """Take where to report to and what the children see."""
        self.say = say
        self.environment = {**environment, PARENT: str(os.getpid())}
        self.children: list[Child] = []
        self.signals = 0

    def listen(self) -> None:
        """Handle the signals from now on."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1

    @property
    def is_stopping(self) -> bool:
        """Tell whether somebody asked for the end."""
        return self.signals > 0

    def add(self, name: str, command: Sequence[str]) -> Child:
        """Start one more child."""
        child = Child(name, command)
        child.start(self.environment, time.monotonic())
        self.children.append(child)
        return child

    def look(self) -> None:
        """Start again what died, each after its wait."""
        now = time.monotonic()
        for child in self.children:
            if child.process is None:
                if now >= child.not_before and not self.is_stopping:
                    child.start(self.environment, now)
            elif not child.is_running():
                code = child.process.returncode
                wait = child.note_death(now)
                if not self.is_stopping:
                    self.say(f"{child.name} ended ({_why(code)}); starting it again in {wait:.0f} s")

    def run(self) -> None:
        """Look after the children until the end is asked for, then stop them."""
        while not self.is_stopping:
            self.look()
            time.sleep(LOOK_EVERY_SECONDS)
        self.stop()

    def stop(self) -> None:
        """Ask every child to end, wait for them, and kill what is left of each family."""
        asked = self.signals
        for child in self.children:
            if child.is_running() and child.process is not None:
                child.process.terminate()
        until = time.monotonic() + GRACE_SECONDS
        while any(child.is_running() for child in self.children) and time.monotonic() < until and self.signals <= max(asked, 1):
            time.sleep(0.05)
        for child in self.children:
            child.signal(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()


def _why(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"
