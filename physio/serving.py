"""The whole product in one terminal: prepared, then web, worker and beat, kept alive until Ctrl-C; light, because it always runs."""

import argparse
import hashlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from physio.supervisor import Supervisor

ANSWER_WITHIN_SECONDS = 60.0
QUIET = [sys.executable, "-W", "ignore"]  # Celery warns an administrator at every start
PREPARE = [sys.executable, "manage.py", "prepare"]
WEB = [*QUIET, "-m", "gunicorn", "--config", "python:physio.gunicorn_conf"]
CELERY = [*QUIET, "-m", "celery", "--quiet", "--skip-checks"]
WORKER = [*CELERY, "--app", "physio", "worker", "--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
BEAT = [*CELERY, "--app", "physio.celery:clock", "beat", "--loglevel", "WARNING", "--pidfile="]
WATCHED = ("clinics", "programs", "patients", "exports", "reminders", "physio", "static", "locale", ".venv/installed.lock")


class Refused(Exception):
    """The product cannot start; carries one sentence for the terminal."""


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; return the exit status."""
    parser = argparse.ArgumentParser(prog="run", description="Prepare the product, then run web, worker and beat until Ctrl-C.")
    parser.add_argument("--no-demo", action="store_true", help="do not fill an empty installation with the demo clinics")
    options = parser.parse_args(arguments)
    os.chdir(settings.BASE_DIR)
    try:
        check_port()
        serve(demo=settings.DEMO and not options.no_demo and not settings.SECURE)
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    return 0


def serve(*, demo: bool) -> None:
    """Prepare, start the three processes, and look after them."""
    supervisor = Supervisor(say, {"LOG_LEVEL": "WARNING", **os.environ, "PYTHONUNBUFFERED": "1"})
    supervisor.listen()
    state = State(demo=demo)
    # When nothing changed since the last time, preparing will find nothing to do: the pages need not wait for it.
    in_advance = not state.is_known()
    if in_advance:
        prepare(supervisor, demo=demo)
    if not supervisor.is_stopping:
        supervisor.add("web", WEB)
        wait_for_answer(supervisor)
    if not supervisor.is_stopping and not in_advance:
        prepare(supervisor, demo=demo)
    if not supervisor.is_stopping:
        state.keep()
        supervisor.add("worker", WORKER)
        supervisor.add("beat", BEAT)
        say(f"\nPhysio runs on {settings.BASE_URL}  (stop with Ctrl-C)\n")
    supervisor.run()
    say("stopped")


def say(line: str) -> None:
    """Report one line to the terminal."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def prepare(supervisor: Supervisor, *, demo: bool) -> None:
    """Prepare in a process of its own, until that is done or the end is asked for; raises Refused when it failed."""
    preparing = subprocess.Popen([*PREPARE, *(["--demo"] if demo else [])], start_new_session=True)
    while preparing.poll() is None:
        if supervisor.is_stopping:
            os.killpg(preparing.pid, signal.SIGKILL)  # every step of it is done wholly or not at all
            preparing.wait()
            return
        time.sleep(0.02)
    if preparing.returncode:
        supervisor.stop()
        raise Refused("The product could not be prepared; see above.")


def check_port() -> None:
    """Raise Refused with one clear line when somebody else listens already."""
    with socket.socket(socket.AF_INET6 if ":" in settings.BIND else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.BIND, settings.PORT))
        except OSError as error:
            raise Refused(f"Port {settings.PORT} is taken ({error.strerror}). Choose another one: PORT={settings.PORT + 1} ./run") from None


def wait_for_answer(supervisor: Supervisor) -> None:
    """Wait until the pages answer, at most a minute."""
    until = time.monotonic() + ANSWER_WITHIN_SECONDS
    while not supervisor.is_stopping and time.monotonic() < until:
        supervisor.look()
        if answers():
            return
        time.sleep(0.05)
    if not supervisor.is_stopping:
        say("The pages do not answer yet; see the messages above.")


def answers() -> bool:
    """Tell whether `/healthz` answers."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.BIND, settings.BIND)  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(host, settings.PORT, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


class State:
    """What the last successful preparation was made from: files of the product, packages, database."""

    def __init__(self, *, demo: bool) -> None:
        """Look at names, sizes and times of files, which takes a few milliseconds."""
        self.file = Path(settings.VAR_DIR, ".prepared.stamp")
        digest = hashlib.sha256(f"{settings.DATABASE_URL}\0{settings.STATIC_ROOT}\0{demo}".encode())
        for name, size, changed in sorted(watched()):
            digest.update(f"{name}\0{size}\0{changed}\n".encode())
        self.state = digest.hexdigest()

    def is_known(self) -> bool:
        """Tell whether everything is as it was, and SQLite's file is still there."""
        name = settings.DATABASES["default"]["NAME"] if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") else ""
        return self.file.exists() and self.file.read_text(encoding="ascii") == self.state and (not name or Path(name).exists())

    def keep(self) -> None:
        """Remember this state."""
        self.file.write_text(self.state, encoding="ascii")


def watched() -> Iterator[tuple[str, int, int]]:
    """Yield name, size and time of every file that preparing looks at."""
    for name in WATCHED:
        top = Path(settings.BASE_DIR, name)
        for path in [top] if top.is_file() else top.rglob("*"):
            if "__pycache__" not in path.parts and path.suffix != ".mo" and path.is_file():
                facts = path.stat()
                yield str(path), facts.st_size, facts.st_mtime_ns


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "physio.settings")
    sys.exit(main())
