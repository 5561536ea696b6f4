"""PostgreSQL and Redis servers of our own that are thrown away, and gunicorn in front of a project."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = ("autovacuum=off", "shared_buffers=512MB", "max_wal_size=4GB", "max_connections=100", "unix_socket_directories=")


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a child: ours without what would change the measured projects, and `more`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **more}


class Postgres:
    """A server with trust on the loopback address; autovacuum is off so that it costs nobody's request anything."""

    def __init__(self) -> None:
        """Make a cluster and start it; raises RuntimeError where PostgreSQL is missing."""
        folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        found = shutil.which("initdb")
        folder = next((one for one in folders if (one / "initdb").exists()), Path(found).parent if found else None)
        if folder is None:
            raise RuntimeError("PostgreSQL is not on this machine (initdb was not found).")
        self.bin = folder
        self.folder = Path(tempfile.mkdtemp(prefix="physio-bench-"))
        self.port = free_port()
        self.as_owner = []
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self.as_owner = ["runuser", "-u", "postgres", "--"]
        self.control("initdb", "-D", str(self.folder / "data"), "-U", "physio", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.given = " ".join(f"-c {one}" for one in (*SETTINGS, f"port={self.port}", "listen_addresses=127.0.0.1"))
        self.resume()

    def resume(self) -> None:
        """Start, or start again after `crash`."""
        data = self.folder / "data"
        self.control("pg_ctl", "-D", str(data), "-w", "-l", str(self.folder / "log"), "-o", self.given, "start")
        self.pid = int((data / "postmaster.pid").read_text().split()[0])

    def crash(self) -> None:
        """Stop at once, as when the machine loses power."""
        self.control("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def control(self, program: str, *arguments: str) -> None:
        """Run one of the server's own programs."""
        subprocess.run([*self.as_owner, str(self.bin / program), *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/")

    def create(self, name: str) -> str:
        """Create a database; return its address."""
        self.run("postgres", f"create database {name}")
        return f"postgresql://physio@127.0.0.1:{self.port}/{name}"

    def run(self, database: str, statement: str) -> str:
        """Run statements and return what they say, one line a row."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "physio", "-d", database]
        command = [str(self.bin / "psql"), *where, "-qAt", "-v", "ON_ERROR_STOP=1"]
        return subprocess.run(command, input=statement, check=True, capture_output=True, text=True).stdout

    def connections(self) -> int:
        """Return how many connections were ever opened to the databases of the bench."""
        return int(self.run("postgres", "select coalesce(sum(sessions), 0) from pg_stat_database where datname like 'physio_%'") or 0)

    def stop(self) -> None:
        """Stop and throw everything away."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis:
    """A server that keeps nothing: killed and started again, it is empty."""

    def __init__(self) -> None:
        """Start it on a free port."""
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Start, or start again after `kill`."""
        keeps_nothing = ["--save", "", "--appendonly", "no", "--dir", tempfile.gettempdir()]
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", *keeps_nothing]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        """Kill it at once."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def gunicorn(arguments: list[str], port: int, env: dict[str, str], ready: str) -> Iterator[int]:
    """Serve a project until the block ends; yield the process id once `ready` answers."""
    command = [sys.executable, "-m", "gunicorn", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
    try:
        wait_for(port, ready, process)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(port: int, path: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until the address answers; raises RuntimeError when the server ended or a minute passed."""
    import http.client

    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError("the server does not answer")
