"""The supervisor keeps its children alive and leaves none behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from physio.supervisor import Child, Supervisor
from tests.physio.processes import descendants, eventually, is_alive

ROOT = Path(__file__).resolve().parents[2]
SLEEPER = "from physio.parent import follow_parent; follow_parent(); import os, time; os.write(1, b'up\\n'); time.sleep(60)"
FAMILY = "import subprocess, time; subprocess.Popen(['sleep', '60']); time.sleep(60)"
MAIN = """
import os, sys
from physio.supervisor import Supervisor
supervisor = Supervisor(lambda line: print(line, flush=True), os.environ)
supervisor.listen()
for number, command in enumerate(sys.argv[1:]):
    supervisor.add(f"child {number}", [sys.executable, "-c", command])
supervisor.run()
print("stopped", flush=True)
"""


@pytest.fixture
def supervised() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(*commands: str) -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, "-c", MAIN, *commands], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        for command in commands:
            if command == SLEEPER:
                assert process.stdout.readline() == "up\n"
        return process

    yield start
    for process in started:
        for pid in descendants(process.pid):
            os.kill(pid, signal.SIGKILL)
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_whole_family(supervised: Callable[..., subprocess.Popen[str]], number: signal.Signals) -> None:
    main = supervised(SLEEPER, FAMILY)
    assert eventually(lambda: len(descendants(main.pid)) == 3)
    family = descendants(main.pid)

    main.send_signal(number)

    assert main.wait(15) == 0
    assert not [pid for pid in family if is_alive(pid)]


def test_children_end_when_the_supervisor_is_killed(supervised: Callable[..., subprocess.Popen[str]]) -> None:
    main = supervised(SLEEPER, SLEEPER)
    family = descendants(main.pid)
    assert len(family) == 2

    main.kill()
    main.wait()

    assert eventually(lambda: not any(is_alive(pid) for pid in family))


def test_a_killed_child_comes_back(supervised: Callable[..., subprocess.Popen[str]]) -> None:
    main = supervised(SLEEPER)
    (victim,) = descendants(main.pid)

    os.kill(victim, signal.SIGKILL)

    assert main.stdout is not None
    assert main.stdout.readline() == "child 0 ended (SIGKILL); starting it again in 1 s\n"
    assert main.stdout.readline() == "up\n"
    assert descendants(main.pid) - {victim}


def test_what_a_dead_child_left_behind_is_ended_too() -> None:
    supervisor = Supervisor(lambda line: None, os.environ)
    child = supervisor.add("family", [sys.executable, "-c", FAMILY])
    assert child.process is not None
    assert eventually(lambda: bool(descendants(child.process.pid)) if child.process else False)
    grandchildren = descendants(child.process.pid)

    os.kill(child.process.pid, signal.SIGKILL)
    child.process.wait()
    supervisor.signals = 1
    supervisor.look()

    assert eventually(lambda: not any(is_alive(pid) for pid in grandchildren))


def test_the_wait_doubles_with_each_death_and_starts_over_after_a_steady_minute() -> None:
    child = Child("restless", ["true"])
    waits = []
    for moment in range(7):
        child.started = float(moment)
        waits.append(child.note_death(now=float(moment) + 0.5))
    child.started = 100.0

    assert waits == [1, 2, 4, 8, 16, 30, 30]
    assert child.note_death(now=161.0) == 1
