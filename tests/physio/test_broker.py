"""Beat and worker talk to each other through the broker in use: the embedded one, or Redis when REDIS_URL is set."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REDIS_URL = os.environ.get("REDIS_URL", "")
CELERY = [sys.executable, "-W", "ignore", "-m", "celery", "-A", "tests.physio.ticking", "--skip-checks"]
WORKER = [*CELERY, "worker", "--loglevel=ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat"]
BEAT = [*CELERY, "beat", "--loglevel=ERROR", "--pidfile="]
Start = Callable[[list[str]], subprocess.Popen[bytes]]


@pytest.fixture
def ticks(tmp_path: Path) -> Path:
    return tmp_path / "ticks"


@pytest.fixture
def start(own_environment: dict[str, str], ticks: Path) -> Iterator[Start]:
    environment = {**own_environment, "TICKS_FILE": str(ticks), "REDIS_URL": REDIS_URL}
    running: list[subprocess.Popen[bytes]] = []

    def begin(command: list[str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def count(ticks: Path) -> int:
    return len(ticks.read_text().splitlines()) if ticks.exists() else 0


def wait_for_more(ticks: Path, than: int, seconds: float = 40) -> int:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if (now := count(ticks)) > than:
            return now
        time.sleep(0.1)
    pytest.fail(f"no tick came within {seconds} s after {than}")


@pytest.mark.xdist_group("broker")
def test_ticks_of_beat_reach_the_worker_and_come_again_after_either_was_killed(start: Start, ticks: Path) -> None:
    worker, beat = start(WORKER), start(BEAT)
    first = wait_for_more(ticks, 1)

    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    start(WORKER)
    second = wait_for_more(ticks, first + 1)

    os.killpg(beat.pid, signal.SIGKILL)
    beat.wait()
    time.sleep(1)
    start(BEAT)
    wait_for_more(ticks, second + 1)
