"""`./run` as people meet it: one command that prepares, serves, says what is wrong, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
from django.conf import settings
from django.test import override_settings

from physio.serving import State
from tests.physio.processes import descendants, eventually, is_alive

ROOT = Path(__file__).resolve().parents[2]
START = [sys.executable, "-m", "physio.serving", "--no-demo"]
Start = Callable[[], subprocess.Popen[str]]


def lines_until(stream: IO[str] | None, end: str) -> list[str]:
    """Read lines up to the first that contains `end`."""
    assert stream is not None
    lines: list[str] = []
    for line in stream:
        lines.append(line.strip())
        if end in line:
            return lines
    pytest.fail(f"it ended before it said {end!r}: {lines}")


def ask(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return int(answer.status), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture
def start(own_environment: dict[str, str], free_port: int) -> Iterator[Start]:
    environment = {**own_environment, "PORT": str(free_port)}
    started: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        process = subprocess.Popen(START, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        started.append(process)
        return process

    yield begin
    for process in started:
        for pid in descendants(process.pid):
            os.kill(pid, signal.SIGKILL)
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.xdist_group("serving")
def test_the_product_starts_works_and_stops(start: Start, free_port: int) -> None:
    address = f"http://127.0.0.1:{free_port}"
    first = start()
    said = lines_until(first.stdout, "Physio runs on")
    assert said[-1].startswith(f"Physio runs on {address} ")
    assert "collecting static files" in said
    assert any(line.startswith("applying") for line in said)

    assert ask(f"{address}/healthz") == (200, "ok")
    assert eventually(lambda: ask(f"{address}/readyz")[0] == 200, seconds=60), "no tick went through the embedded broker"
    assert json.loads(ask(f"{address}/readyz")[1]) == {"status": "ok"}
    assert ask(f"{address}/accounts/login/")[0] == 200

    second = start()
    assert second.wait(30) == 1
    assert second.stdout is not None
    assert second.stdout.read() == f"Port {free_port} is taken (Address already in use). Choose another one: PORT={free_port + 1} ./run\n"

    family = descendants(first.pid)
    assert len(family) >= 4
    began = time.monotonic()
    first.send_signal(signal.SIGINT)
    assert first.wait(20) == 0
    assert time.monotonic() - began < 15
    assert not [pid for pid in family if is_alive(pid)]


def test_being_stopped_while_it_prepares_leaves_nothing_running(start: Start) -> None:
    process = start()
    assert eventually(lambda: bool(descendants(process.pid)))
    family = descendants(process.pid)

    process.send_signal(signal.SIGINT)

    assert process.wait(20) == 0
    assert not [pid for pid in family if is_alive(pid)]


def test_a_state_is_known_once_kept_and_no_more_when_a_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    product = tmp_path / "product" / "programs"
    product.mkdir(parents=True)
    (product / "library.yaml").write_text("one")
    database = tmp_path / "data.sqlite3"
    database.touch()
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", str(database))
    with override_settings(BASE_DIR=product.parent, VAR_DIR=tmp_path):
        assert not State(demo=True).is_known()
        State(demo=True).keep()
        assert State(demo=True).is_known()
        assert not State(demo=False).is_known()

        (product / "library.yaml").write_text("two!")
        assert not State(demo=True).is_known()

        State(demo=True).keep()
        database.unlink()
        assert not State(demo=True).is_known()
