"""Everything breaks while reminders are due: how many mails are lost, how many come twice, and when the last one is out.

    python bench/storm.py [--servers] [--only NAME ...] [--due 300] [--kills 20] [--seed N]

Web, worker and beat run as `./run` starts them, looked after by the same supervisor; without --servers with SQLite and the embedded broker,
with it on a PostgreSQL and a Redis of its own. A sixth of what is due are mails to staff. One line of figures for each scenario; everything
lies in folders that are thrown away, unless something was lost.

A mail counts as doubled when the server took it twice. One whose first answer the killed sender had not read cannot be told from a lost
one by anybody and bears the same Message-ID; *doubled after a read answer* and *strangers* (any other Message-ID) must be none.
"""

import argparse
import contextlib
import http.client
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.servers import Postgres, Redis, environment, free_port

LONGEST_SECONDS = 300.0
DOMAIN = "storm.example"
STAFF_SHARE = 6
SCENARIOS = ("kills", "doubled", "mail server", "redis", "database")
NEEDS_SERVERS = frozenset({"redis", "database"})


def main() -> int:
    """Run the scenarios and print a line for each; the exit status tells whether a mail was lost."""
    options = arguments()
    folder = Path(tempfile.mkdtemp(prefix="physio-storm-"))
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    with contextlib.ExitStack() as stack:
        # What the processes say while everything breaks stands in a file.
        log = stack.enter_context((folder / "log").open("ab"))
        os.dup2(log.fileno(), 1)
        servers = Servers(Postgres(), Redis()) if options.servers else None
        if servers is not None:
            stack.callback(servers.postgres.stop)
            stack.callback(servers.redis.kill)
        os.environ.update(settings_for(folder, servers))
        prepare()
        os.dup2(log.fileno(), 2)
        bad = 0
        for name in options.only or SCENARIOS:
            if servers is not None or name not in NEEDS_SERVERS:
                result = Storm(folder / name.replace(" ", "-"), servers, options).run(name)
                bad += result.is_bad
                print(f"{name:<12} {'PostgreSQL, Redis' if servers else 'SQLite, embedded'}: {result}", file=out)
    if bad:
        print(f"the traces lie in {folder}", file=out)
        return 1
    shutil.rmtree(folder)
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--servers", action="store_true")
    parser.add_argument("--only", nargs="+", choices=SCENARIOS)
    parser.add_argument("--due", type=int, default=300)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


@dataclass(frozen=True)
class Servers:
    """PostgreSQL and Redis of this run."""

    postgres: Postgres
    redis: Redis


def settings_for(folder: Path, servers: Servers | None) -> dict[str, str]:
    """Return the environment of the product; the mail server's port is chosen once, so that it can come back there."""
    return environment(
        ENV_FILE="",
        VAR_DIR=str(folder / "var"),
        DATABASE_URL=servers.postgres.create("physio_storm") if servers else f"sqlite:///{folder}/physio.sqlite3",
        REDIS_URL=servers.redis.url if servers else "",
        EMAIL_URL=f"smtp://127.0.0.1:{free_port()}",
        MESSAGE_ID_DOMAIN=DOMAIN,
        PORT=str(free_port()),
        DEMO="off",
        LOG_LEVEL="WARNING",
        PYTHONUNBUFFERED="1",
        DJANGO_SETTINGS_MODULE="physio.settings",
    )


def prepare() -> None:
    """Make tables, texts and static files."""
    subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    import django

    django.setup()


def make_due(due: int) -> dict[str, str]:
    """Make reminders and stop signs that are due now, nothing else; return what each Message-ID belongs to."""
    from django.db import connection
    from django.utils import timezone

    from clinics.models import Clinic, Membership, Role, User
    from patients.models import Alert, Patient
    from reminders.actions import clockwork, notices, rehearsal
    from reminders.models import Delivery, StaffNotice
    from reminders.rules.timing import message_id

    now = timezone.now()
    clinic, is_new = Clinic.objects.get_or_create(
        slug="storm", defaults={"name": "Riverside Physiotherapy", "time_zone": "UTC", "escalate_minutes": 120}
    )
    Delivery.objects.all().delete()
    StaffNotice.objects.all().delete()
    Alert.objects.all().delete()
    if is_new:
        # They wish for no digest of their own: only stop signs are counted.
        person = rehearsal.make_people(clinic, 1)[0]
        Membership.objects.filter(patient=person).update(role=Role.THERAPIST, created_at=now)
        User.objects.filter(memberships__patient=person).update(email="therapist@storm.example")
        Patient.objects.filter(pk=person.pk).update(membership=None, number="STORM")
    clockwork.tick(now=now, seconds=0)
    StaffNotice.objects.all().delete()
    rehearsal.make_due(clinic=clinic, count=due - due // STAFF_SHARE, now=now, caseload=False)
    patients = Delivery.objects.values_list("patient_id", flat=True)[: due // STAFF_SHARE]
    Alert.objects.bulk_create(
        Alert(
            clinic=clinic,
            patient_id=key,
            rule="storm",
            rules_version="1",
            level="stop",
            evidence_key=str(now),
            since_on=now.date(),
            raised_at=now,
        )
        for key in patients
    )
    notices.plan_stop_signs(now=now)
    rows = [*Delivery.objects.values_list("pk", flat=True), *StaffNotice.objects.values_list("pk", flat=True)]
    connection.close()
    return {message_id(key, DOMAIN): str(key) for key in rows}


def unfinished() -> int:
    """Return how many rows do not say that they were sent; all of them while the database is away."""
    from django.db import Error, connection

    from reminders.models import Delivery, StaffNotice

    try:
        return sum(model.objects.exclude(status="sent").exclude(kind="digest").count() for model in (Delivery, StaffNotice))
    except Error:
        return 1
    finally:
        connection.close()


@dataclass
class Result:
    """What one scenario came to."""

    due: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    doubled: int = 0
    doubled_after_answer: int = 0
    strangers: int = 0
    not_sent: int = 0
    last_after: float = 0.0
    whole: float = 0.0
    most_tries: int = 0
    pages: Counter[str] = field(default_factory=Counter)
    slowest_page: float = 0.0

    @property
    def is_bad(self) -> bool:
        """Whether a promise was broken."""
        return bool(self.lost or self.doubled_after_answer or self.strangers or self.not_sent or self.last_after > 120)

    def __str__(self) -> str:
        """One line."""
        struck = ", ".join(f"{name} {count}" for name, count in sorted(self.struck.items())) or "none"
        pages = ", ".join(f"{name} {count}" for name, count in sorted(self.pages.items()))
        return (
            f"due {self.due}; killed: {struck}; lost {self.lost}, doubled {self.doubled} (after a read answer {self.doubled_after_answer}, "
            f"strangers {self.strangers}), not marked {self.not_sent}; last mail {self.last_after:.1f} s after the end, whole run "
            f"{self.whole:.0f} s; most tries of one a minute {self.most_tries}; pages: {pages}, slowest meanwhile {self.slowest_page:.1f} s"
        )


class Probe(threading.Thread):
    """Asks for a page that reads the database, again and again, and remembers how it was answered."""

    def __init__(self) -> None:
        """Do not keep the program from ending."""
        super().__init__(daemon=True)
        self.answers: Counter[str] = Counter()
        self.slowest = 0.0
        self.ends = threading.Event()

    def run(self) -> None:
        """Ask twice a second."""
        while not self.ends.wait(0.5):
            began = time.monotonic()
            link = http.client.HTTPConnection("127.0.0.1", int(os.environ["PORT"]), timeout=30)
            try:
                link.request("GET", "/", headers={"Cookie": f"session={'a' * 32}"})
                answer = link.getresponse()
                word = f"{answer.status}{'' if answer.status != 503 or answer.getheader('Retry-After') else ' without Retry-After'}"
            except OSError as error:
                word = "no answer" if isinstance(error, TimeoutError) else "web away"
            except http.client.HTTPException:
                word = "web away"
            else:
                self.slowest = max(self.slowest, time.monotonic() - began)
            finally:
                link.close()
            self.answers[word] += 1


class Storm:
    """One scenario: the processes, the mail server, and what happened."""

    def __init__(self, folder: Path, servers: Servers | None, options: argparse.Namespace) -> None:
        """Choose names; nothing runs yet."""
        from physio.supervisor import Supervisor

        self.folder, self.servers, self.options = folder, servers, options
        folder.mkdir(parents=True)
        self.notes = folder / "notes"
        self.notes.touch()
        self.port_file = folder / "port"
        self.port_file.write_text(os.environ["EMAIL_URL"].rpartition(":")[2])
        self.dice = random.Random(options.seed)
        self.supervisor = Supervisor(self.say, os.environ)
        self.office: subprocess.Popen[bytes] | None = None
        self.struck: Counter[str] = Counter()
        self.probe = Probe()
        self.keys: dict[str, str] = {}

    @staticmethod
    def say(line: str) -> None:
        """Write a line into the log."""
        print(f"{time.time():.1f} {line}", flush=True)

    def run(self, name: str) -> Result:
        """Play the scenario through, wait until everything is out, and count."""
        self.keys = make_due(self.options.due)
        began = time.monotonic()
        play: dict[str, Callable[[], None]] = {
            "kills": self.kills,
            "doubled": self.kills,
            "mail server": self.mail_server_away,
            "redis": self.redis_away,
            "database": self.database_away,
        }
        try:
            self.open_office(150 if play[name] == self.kills else 60)
            self.start_all(2 if name == "doubled" else 1)
            self.wait_for_mail()
            self.probe.slowest = 0.0
            play[name]()
            ended = time.time()
            slowest = self.probe.slowest
            self.wait(lambda: not unfinished(), until=began + LONGEST_SECONDS)
        finally:
            self.end()
        return self.count(ended, time.monotonic() - began, slowest)

    # --- processes

    def start_all(self, many: int) -> None:
        """Start web, and once it answers `many` workers and beats, as the product starts them."""
        from physio.serving import BEAT, WEB, WORKER

        self.supervisor.add("web", WEB)
        self.probe.start()
        # The first page of a new process takes seconds; it says nothing about what breaks later.
        self.wait(lambda: self.probe.slowest > 0, until=time.monotonic() + 60)
        for number in range(many):
            self.supervisor.add(f"beat {number}", [*BEAT, "--schedule", str(self.folder / f"beat-{number}")])
            self.supervisor.add(f"worker {number}", [*WORKER, "--hostname", f"storm{number}@%h"])

    def open_office(self, delay_ms: float, busy: float = 0.0, drop: float = 0.0) -> None:
        """Open the mail server, or open it again in another mood."""
        self.close_office()
        command = [sys.executable, str(ROOT / "bench/post_office.py"), str(self.port_file), str(self.notes)]
        self.office = subprocess.Popen([*command, str(delay_ms), str(busy), str(drop)])

    def close_office(self) -> None:
        """Let the mail server be away."""
        if self.office is not None:
            self.office.kill()
            self.office.wait()
            self.office = None

    def end(self) -> None:
        """Leave nothing running."""
        self.probe.ends.set()
        for child in self.supervisor.children:
            child.signal(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
        self.close_office()

    def wait(self, done: Callable[[], bool], *, until: float) -> bool:
        """Look after the processes until something is so; False when the time ran out before."""
        look = 0.0
        while time.monotonic() < until:
            self.supervisor.look()
            if time.monotonic() >= look:
                if done():
                    return True
                look = time.monotonic() + 0.4
            time.sleep(0.1)
        return False

    def rest(self, seconds: float) -> None:
        """Let time pass."""
        self.wait(lambda: False, until=time.monotonic() + seconds)

    def wait_for_mail(self, seconds: float = 60.0) -> None:
        """Wait until one more mail was taken."""
        before = len(list(self.lines()))
        self.wait(lambda: len(list(self.lines())) > before, until=time.monotonic() + seconds)

    # --- what breaks

    def kills(self) -> None:
        """Kill something of the running product, again and again at random moments."""
        for number in range(self.options.kills):
            if number % 3 == 0:
                self.wait_for_mail(15.0)
            self.rest(self.dice.uniform(0.2, 2.5))
            while not self.strike():
                self.rest(0.3)

    def strike(self) -> bool:
        """Kill one process with SIGKILL; False when the chosen one does not run just now."""
        victims = ["worker", "pool child", "beat", "web", *(["redis"] if self.servers else [])]
        victim = self.dice.choice(victims)
        if victim == "redis" and self.servers:
            self.servers.redis.kill()
            self.rest(self.dice.uniform(0.5, 2.0))
            self.servers.redis.start()
        else:
            name = "worker" if victim == "pool child" else victim
            running = [one for one in self.supervisor.children if one.name.split()[0] == name and one.is_running()]
            if not running:
                return False
            process = self.dice.choice(running).process
            assert process is not None
            pid = process.pid
            if victim == "pool child":
                pool = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                if not pool:
                    return False
                pid = int(self.dice.choice(pool))
            os.kill(pid, signal.SIGKILL)
        self.struck[victim] += 1
        self.say(f"killed {victim}")
        return True

    def mail_server_away(self) -> None:
        """Let the mail server be away for 20 s, then turn a tenth of the mails away and drop a twentieth, and recover after 90 s."""
        self.close_office()
        self.rest(20)
        self.open_office(20, 0.10, 0.05)
        self.rest(90)
        self.open_office(20)

    def redis_away(self) -> None:
        """Let Redis be away for 30 s and come back empty."""
        assert self.servers is not None
        self.servers.redis.kill()
        self.rest(30)
        self.servers.redis.start()

    def database_away(self) -> None:
        """Let PostgreSQL crash and be away for 30 s."""
        assert self.servers is not None
        self.servers.postgres.crash()
        self.rest(30)
        self.servers.postgres.resume()

    # --- counting

    def lines(self) -> Iterator[tuple[str, str, float]]:
        """Yield what the mail server noted: word, Message-ID or recipient, time."""
        for line in self.notes.read_text().splitlines():
            word, about, at = line.split()
            yield word, about, float(at)

    def count(self, ended: float, whole: float, slowest: float) -> Result:
        """Count what came."""
        rows = list(self.lines())
        taken = Counter(about for word, about, _at in rows if word == "took")
        told: set[str] = set()
        after_answer = 0
        tries: Counter[tuple[str, int]] = Counter()
        for word, about, at in rows:
            after_answer += word == "took" and about in told
            if word == "told":
                told.add(about)
            if word == "took" or (word == "busy" and about.endswith("@patients.example")):
                tries[about, int(at // 60)] += 1
        return Result(
            due=len(self.keys),
            struck=self.struck,
            lost=len(set(self.keys) - set(taken)),
            doubled=sum(number - 1 for key, number in taken.items() if key in self.keys),
            doubled_after_answer=after_answer,
            strangers=len(set(taken) - set(self.keys)),
            not_sent=unfinished(),
            last_after=max((at for word, _about, at in rows if word == "took"), default=0.0) - ended,
            whole=whole,
            most_tries=max(tries.values(), default=0),
            pages=self.probe.answers,
            slowest_page=slowest,
        )


if __name__ == "__main__":
    raise SystemExit(main())
