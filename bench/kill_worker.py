"""SIGKILL for the worker, again and again, while reminders are due: how many mails are lost, how many come twice.

    python bench/kill_worker.py [--due 300] [--kills 10] [--database URL] [--redis URL] [--seed N]

Without --redis the embedded broker is used, without --database SQLite; everything lies in a folder of its own. The database must be empty
or made by an earlier run. It ends by itself after three minutes at most. With Redis every second strike hits one child of the pool only.

A mail counts as doubled when the server took it twice. Those whose first answer the killed worker had not read cannot be told from lost
ones by anybody and bear the same Message-ID; doubled although the answer was read must be none.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LONGEST_SECONDS = 180.0
DELAY_MS = 60
DOMAIN = "kill.example"


def main() -> int:
    """Run and print one line of figures; the exit status tells whether a mail was lost."""
    options = arguments()
    folder = Path(tempfile.mkdtemp(prefix="physio-kill-"))
    office = subprocess.Popen(
        [sys.executable, str(ROOT / "bench/post_office.py"), str(folder / "port"), str(folder / "notes"), str(DELAY_MS)]
    )
    port = wait_for(folder / "port")
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "ENV_FILE": "",
        "VAR_DIR": str(folder / "var"),
        "DATABASE_URL": options.database or f"sqlite:///{folder}/physio.sqlite3",
        "REDIS_URL": options.redis,
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "MESSAGE_ID_DOMAIN": DOMAIN,
        "LOG_LEVEL": "WARNING",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    os.environ.update(environment)
    workshop = Workshop(environment, folder, random.Random(options.seed))
    try:
        keys = prepare(options.due)
        workshop.start("beat")
        result = workshop.kill_again_and_again(keys, options.kills, folder / "notes")
    finally:
        workshop.end()
        office.kill()
        office.wait()
    where = f"{'Redis' if options.redis else 'embedded broker'}, {options.database.split(':')[0] or 'sqlite'}"
    print(f"{where}: {result}")
    if result["lost"] or result["not sent"] or result["doubled after a read answer"]:
        print(f"the traces lie in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--due", type=int, default=300)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--database", default="")
    parser.add_argument("--redis", default="")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def wait_for(file: Path) -> str:
    """Return what a file holds as soon as it holds something."""
    for _try in range(100):
        if file.exists() and (text := file.read_text()):
            return text
        time.sleep(0.05)
    raise SystemExit("the mail server did not start")


def prepare(due: int) -> dict[str, str]:
    """Make the tables, a clinic, and the due reminders; return delivery ids by Message-ID."""
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "physio.settings"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from clinics.models import Clinic
    from reminders.actions.clockwork import tick
    from reminders.actions.rehearsal import make_due
    from reminders.models import Delivery
    from reminders.rules.timing import message_id

    call_command("migrate", verbosity=0)
    call_command("load_library", verbosity=0)
    clinic, _new = Clinic.objects.get_or_create(slug="kill-test", defaults={"name": "Riverside Physiotherapy", "time_zone": "UTC"})
    # Rows of an earlier run would be sent as well and spoil the count.
    Delivery.objects.filter(clinic=clinic).delete()
    tick(now=timezone.now())
    make_due(clinic=clinic, count=due, now=timezone.now(), caseload=False)
    keys = {message_id(key, DOMAIN): str(key) for key in Delivery.objects.filter(clinic=clinic).values_list("pk", flat=True)}
    connection.close()
    return keys


class Workshop:
    """The processes of this run."""

    def __init__(self, environment: dict[str, str], folder: Path, dice: random.Random) -> None:
        """Keep what the processes need."""
        self.environment, self.folder, self.dice = environment, folder, dice
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start worker or beat with their output in a file."""
        more = ["--schedule", str(self.folder / "beat")] if name == "beat" else ["--without-gossip", "--without-mingle"]
        command = [sys.executable, "-m", "celery", "-A", "physio", name, "--loglevel", "WARNING", *more]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True)

    def kill(self, name: str) -> None:
        """Kill a process and all it started, at once."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def strike(self, number: int) -> None:
        """Kill one child of the pool, every second time and where there is one, else the whole worker, which is then started again."""
        process = self.processes["worker"]
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        pool = children.read_text().split() if children.exists() else []
        if number % 2 and pool:
            os.kill(int(self.dice.choice(pool)), signal.SIGKILL)
        else:
            self.kill("worker")
            self.start("worker")

    def end(self) -> None:
        """Leave nothing running."""
        for name in list(self.processes):
            self.kill(name)

    def kill_again_and_again(self, keys: dict[str, str], kills: int, notes: Path) -> dict[str, Any]:
        """Kill the worker at random moments while mails flow; then let it finish and count."""
        started = time.monotonic()
        struck = 0
        last_kill = time.time()
        self.start("worker")
        while time.monotonic() - started < LONGEST_SECONDS:
            taken = count(notes, keys)
            if struck < kills:
                # Wait until this worker sends, then strike somewhere inside its work.
                moved = self.wait_until_moving(notes, keys, sum(taken.values()), started)
                time.sleep(self.dice.uniform(0.0, 1.6))
                self.strike(struck)
                last_kill = time.time()
                struck += 1
                if not moved:
                    break
            elif len(taken) == len(keys) and not unfinished():
                break
            else:
                time.sleep(0.3)
        taken = count(notes, keys)
        lines = [line.split() for line in notes.read_text().splitlines()]
        return {
            "due": len(keys),
            "kills": struck,
            "lost": len(set(keys) - set(taken)),
            "doubled": sum(number - 1 for number in taken.values()),
            "doubled after a read answer": doubled_after_answer(lines),
            "not sent": unfinished(),
            "last mail after last kill, s": round(max((float(line[2]) for line in lines), default=0.0) - last_kill, 1),
            "whole run, s": round(time.monotonic() - started, 1),
        }

    def wait_until_moving(self, notes: Path, keys: dict[str, str], before: int, started: float) -> bool:
        """Wait until more mails were taken than before; False when all are out."""
        while time.monotonic() - started < LONGEST_SECONDS:
            taken = count(notes, keys)
            if sum(taken.values()) > before:
                return True
            if len(taken) == len(keys):
                return False
            time.sleep(0.05)
        return False


def count(notes: Path, keys: dict[str, str]) -> Counter[str]:
    """Count how often each mail of this run was taken."""
    lines = notes.read_text().splitlines() if notes.exists() else []
    return Counter(key for word, key, _at in (line.split() for line in lines) if word == "took" and key in keys)


def doubled_after_answer(lines: list[list[str]]) -> int:
    """Count mails that were taken again although the client had read an earlier answer."""
    told: set[str] = set()
    found = 0
    for word, key, _at in lines:
        found += word == "took" and key in told
        if word == "told":
            told.add(key)
    return found


def unfinished() -> int:
    """Return how many rows do not say that they were sent."""
    from django.db import connection

    from reminders.models import Delivery

    left = int(Delivery.objects.filter(clinic__slug="kill-test").exclude(status=Delivery.Status.SENT).count())
    connection.close()
    return left


if __name__ == "__main__":
    raise SystemExit(main())
