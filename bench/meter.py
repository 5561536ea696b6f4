"""Sends requests over a few kept connections and reads from the kernel what they cost the processes that answered."""

import http.client
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CONNECTIONS = 8
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Call:
    """One request."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    status: int = 200


@dataclass(frozen=True)
class Cost:
    """What one request cost: CPU of the application and of the database in ms, size in bytes, connections opened."""

    application_ms: float
    database_ms: float
    bytes: int
    requests: int
    wall_ms: float

    @property
    def cpu_ms(self) -> float:
        """Both together."""
        return self.application_ms + self.database_ms


def children(pid: int) -> list[int]:
    """Return a process and its children (gunicorn's workers, PostgreSQL's back ends)."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(one) for one in (task / "children").read_text().split()]
    return found


def cpu_ms(pid: int) -> float:
    """Return the CPU time of a process family in ms, that of children that are gone included."""
    total = 0
    for one in children(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += int(fields[11]) + int(fields[12]) + (int(fields[13]) + int(fields[14]) if one == pid else 0)
    return total * TICK_MS


def memory_mb(pid: int) -> float:
    """Return the resident memory of the largest child in MB."""
    sizes = []
    for one in children(pid)[1:]:
        for line in Path(f"/proc/{one}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                sizes.append(int(line.split()[1]) / 1024)
    return max(sizes, default=0.0)


def send(port: int, calls: Sequence[Call]) -> int:
    """Send the calls over eight kept connections; return the bytes of the bodies. Raises RuntimeError at the first wrong status."""
    places = iter(calls)
    lock = threading.Lock()
    failures: list[str] = []
    sizes: list[int] = []

    def run() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        size = 0
        while not failures:
            with lock:
                call = next(places, None)
            if call is None:
                break
            connection.request(call.method, call.path, body=call.body.encode() or None, headers=call.headers)
            answer = connection.getresponse()
            body = answer.read()
            size += len(body)
            if answer.status != call.status:
                failures.append(f"{call.method} {call.path}: {answer.status} instead of {call.status}: {body[:300]!r}")
        connection.close()
        sizes.append(size)

    threads = [threading.Thread(target=run) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(failures[0])
    return sum(sizes)


def measure(port: int, calls: Iterable[Call], *, application: int, database: int) -> Cost:
    """Send the calls and return what each cost; the two numbers are the process ids of gunicorn and of PostgreSQL."""
    todo = list(calls)
    before = cpu_ms(application), cpu_ms(database), time.monotonic()
    size = send(port, todo)
    after = cpu_ms(application), cpu_ms(database), time.monotonic()
    many = len(todo)
    return Cost(
        (after[0] - before[0]) / many, (after[1] - before[1]) / many, size // many, many, 1000 * (after[2] - before[2]) / many * CONNECTIONS
    )


class Meter:
    """Counts wall time, CPU time and statements of what happens in this very process."""

    def __enter__(self) -> "Meter":
        """Start."""
        from django.db import connection

        self.sql = 0
        self.hook = connection.execute_wrapper(self.count)
        self.hook.__enter__()
        self.wall, self.cpu = time.monotonic(), time.process_time()
        return self

    def count(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Count one statement."""
        self.sql += 1
        return execute(sql, params, many, context)

    def __exit__(self, *error: Any) -> None:
        """Stop."""
        self.wall, self.cpu = time.monotonic() - self.wall, time.process_time() - self.cpu
        self.hook.__exit__(*error)
