"""Planning and sending reminders, beside the ways most projects have and beside a bare drain, in one run.

    python bench/reminders.py [--sizes 1000 10000] [--idle 50000] [--sqlite] [--only ours drain]

On a PostgreSQL and a Redis of its own; with --sqlite on SQLite, without what needs Redis. Every way sends to a mail server that only
counts. *ours* is the product; *drain*, *loop*, *beat entry* and *ETA task* stand in bench/common_ways.py. Two workers send, the loop is
one. The figure that travels is CPU milliseconds a mail, since the mail server shares the machine.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.common_ways import LOOP_MOST, WAYS, beat_entries, eta_tasks
from bench.meter import Meter
from bench.servers import Postgres, Redis, environment

WORKERS = 2
FEW, DRAIN_MOST, TICKS = 100, 10_000, 50
CELERY_MOST = 10_000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure reminders.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--idle", type=int, nargs="*", default=[50_000])
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--only", nargs="+", choices=["ours", "drain", "loop", "celery"], help="leave out the other ways")
    parser.add_argument("--worker", choices=["ours", "plan", *sorted(WAYS)], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        set_up()
        warm_up()
        print(*worker({"ours": ours, "plan": plan, **WAYS}[options.worker]))
        return
    folder = Path(tempfile.mkdtemp(prefix="physio-bench-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        postgres = None if options.sqlite else Postgres()
        if postgres is not None:
            stack.callback(postgres.stop)
        open_office(folder, stack)
        os.environ.update(
            environment(
                ENV_FILE="",
                VAR_DIR=str(folder / "var"),
                DATABASE_URL=postgres.create("physio_bench") if postgres else f"sqlite:///{folder}/physio.sqlite3",
                REDIS_URL="",
                EMAIL_URL=f"smtp://127.0.0.1:{(folder / 'port').read_text()}",
                LOG_LEVEL="ERROR",
            )
        )
        set_up()
        from django.core.management import call_command
        from django.utils import timezone

        from bench.crowd import fill

        call_command("migrate", verbosity=0)
        call_command("load_library", verbosity=0)
        print(f"load of the machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores", flush=True)
        ways = options.only or ["ours", "drain", "loop", "celery"]
        if postgres is not None and "celery" in ways:
            by_the_book(min(max(options.sizes), CELERY_MOST), stack)
        for size in sorted({*options.sizes, *options.idle}):
            count = fill(size, now=timezone.now(), with_sessions=size <= max(options.sizes))
            if size in options.idle:
                idle(count)
            if size in options.sizes:
                plan_and_send(count, ways)


def open_office(folder: Path, stack: contextlib.ExitStack) -> None:
    """Start the mail server and wait until it listens."""
    office = subprocess.Popen([sys.executable, str(ROOT / "bench/post_office.py"), str(folder / "port"), str(folder / "notes")])
    stack.callback(office.wait)
    stack.callback(office.kill)
    while not (folder / "port").exists() or not (folder / "port").read_text():
        time.sleep(0.05)


def set_up() -> None:
    """Start Django as the environment says."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "physio.settings"
    import django

    django.setup()


def warm_up() -> None:
    """Load what a worker that has run for a while has loaded: addresses and templates."""
    from django.db import connection
    from django.utils import timezone

    from reminders.channels.email import Occasion, compose

    connection.ensure_connection()
    for language in ("en", "de"):
        compose(Occasion("session_today", language, timezone.now().date(), "Warm up", "", "", "112", 1))


# --- planning and sending -------------------------------------------------------------------


def plan_and_send(count: int, ways: list[str]) -> None:
    """Measure planning a day and sending it for so many patients, each of the ways in turn."""
    from django.db import connection
    from django.utils import timezone

    from reminders.models import Delivery

    Delivery.objects.all().delete()
    connection.close()
    begin, end, cpu, sql, _first, grown = start("plan", 1)[0]
    due = Delivery.objects.filter(due_at__lte=timezone.now()).count()
    print(f"\n{due} due of {count} patients, {connection.vendor}, load {os.getloadavg()[0]:.1f}")
    each = f"{sql / count:8.4f} SQL each   {cpu * 1000 / count:6.3f} ms CPU each"
    print(f"  plan       {end - begin:6.2f} s   {each}   +{grown:.0f} MB", flush=True)
    if "loop" in ways:
        run("loop", 1, due, LOOP_MOST)
    if "drain" in ways:
        run("drain", WORKERS, due, DRAIN_MOST)
    if "ours" not in ways:
        return
    few = run("ours", WORKERS, due, FEW)
    many = run("ours", WORKERS, due)
    print(f"  memory of a worker from {FEW} to {due} due: {many - few:+.0f} MB", flush=True)


def run(way: str, workers: int, count: int, most: int | None = None) -> float:
    """Let workers send everything, or `most` at most, and print what they needed without Python's start; return the MB they grew."""
    from django.db import connection
    from django.utils import timezone

    from reminders.models import Delivery

    Delivery.objects.update(status="queued", claim=None, leased_until=None, attempts=0, sent_at=None, due_at=timezone.now())
    if most is not None:
        keys = list(Delivery.objects.order_by("pk").values_list("pk", flat=True)[:most])
        Delivery.objects.exclude(pk__in=keys).update(status="held")
        count = len(keys)
    connection.close()
    results = start(way, workers)
    wall = max(end for _begin, end, *_rest in results) - min(begin for begin, *_rest in results)
    cpu, sql = (sum(one[place] for one in results) for place in (2, 3))
    first = min((one[4] for one in results if one[4]), default=0.0)
    grown = max(one[5] for one in results)
    sent = Delivery.objects.filter(status="sent").count()
    print(
        f"  {way:<9}  {count / wall:6.0f} /s   {sql / count:8.4f} SQL each   {cpu * 1000 / count:6.3f} ms CPU each   "
        f"first after {first:.2f} s   +{grown:.0f} MB   {count} mails{'' if sent == count else f', ONLY {sent} SENT'}",
        flush=True,
    )
    return grown


def start(way: str, workers: int) -> list[list[float]]:
    """Let processes of their own do the work at the same time; return what each says about itself."""
    command = [sys.executable, str(Path(__file__)), "--worker", way]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _number in range(workers)]
    return [[float(one) for one in process.communicate()[0].split()] for process in processes]


def memory() -> int:
    """Return the most memory this process ever had, in MB; the kernel's own count, since getrusage begins with that of the parent."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:"))


def worker(work: Callable[[Callable[[], None]], None]) -> tuple[float, float, float, int, float, int]:
    """Do the work once and return begin, end, CPU seconds, statements, seconds to the first mail, and MB grown."""
    before, begin = memory(), time.time()
    first: list[float] = []
    with Meter() as meter:
        work(lambda: first.append(time.time()) if not first else None)
    return begin, time.time(), meter.cpu, meter.sql, (first[0] - begin if first else 0.0), memory() - before


def plan(_sent: Callable[[], None]) -> None:
    """Plan today and tomorrow for everybody."""
    from django.utils import timezone

    from reminders.actions.clockwork import TRAIL_OVERLAP
    from reminders.actions.planning import plan_deliveries

    now = timezone.now()
    plan_deliveries(now=now, looked_at=now - 60 * TRAIL_OVERLAP)


def ours(sent: Callable[[], None]) -> None:
    """Send as the product does."""
    from django.utils import timezone

    from reminders.actions.outbox import Clock, drain
    from reminders.channels import email

    send = email.Line.send

    def noted(line: email.Line, mail: email.Mail) -> None:
        send(line, mail)
        sent()

    email.Line.send = noted  # type: ignore[method-assign, assignment]
    drain(clock=Clock(timezone.now()), seconds=3600)


# --- Celery by the book, and doing nothing --------------------------------------------------


def by_the_book(many: int, stack: contextlib.ExitStack) -> None:
    """Measure what a beat entry and an ETA task per patient cost before a single mail is written."""
    redis = Redis()
    stack.callback(redis.kill)
    for number in sorted({1000, many}):
        speed, cpu = beat_entries(number, redis.url)
        print(f"\n  beat entry per patient, {number}: {speed:.0f} /s dispatched, {cpu:.3f} ms CPU each, nothing sent yet", flush=True)
        print(f"  ETA task per patient, {number}: the worker holds +{eta_tasks(number, redis.url):.0f} MB until they are due", flush=True)


def idle(count: int) -> None:
    """Measure a tick that has nothing to do, with so many patients, each with a reminder sent and one for tomorrow.

    Everybody also has a stop sign that was dealt with and an entry in the trail; both are more rows a tick must not read.
    """
    from django.db import connection
    from django.utils import timezone

    from reminders.actions import clockwork

    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("delete from reminders_delivery")
        for status, days in (("sent", 0), ("queued", 1)):
            cursor.execute(DELIVERIES[connection.vendor], {"status": status, "days": days, "now": now, "today": now.date()})
        for statement in PAST:
            cursor.execute(statement.format(**MAKING[connection.vendor]), {"earlier": now - timedelta(hours=2), "today": now.date()})
        # In the bench nothing cleans up by itself; a server that is used does.
        cursor.execute("vacuum analyze" if connection.vendor == "postgresql" else "analyze")
    clockwork.beat(clockwork.PLANNED, now)
    clockwork.beat(clockwork.BEAT, now)
    clockwork.tick(now=now)
    with Meter() as meter:
        for _time in range(TICKS):
            clockwork.tick(now=now)
    print(f"\nidle tick with {count} patients and {2 * count} deliveries, {connection.vendor}: ", end="")
    print(f"{meter.sql / TICKS:.0f} SQL, {meter.cpu * 1000 / TICKS:.1f} ms CPU, {meter.wall * 1000 / TICKS:.1f} ms in all", flush=True)


DELIVERIES = {
    "postgresql": """
        insert into reminders_delivery (id, clinic_id, slot_on, due_at, expires_at, status, attempts, error, created_at, patient_id, kind,
            channel, hold_reason, snoozes)
        select gen_random_uuid(), clinic_id, %(today)s::date + %(days)s, %(now)s::timestamptz + (%(days)s - 0.5) * interval '1 day',
            %(now)s::timestamptz + %(days)s * interval '1 day', %(status)s, 0, '', %(now)s, id, 'session_today', 'email', '', 0
        from patients_patient""",
    "sqlite": """
        insert into reminders_delivery (id, clinic_id, slot_on, due_at, expires_at, status, attempts, error, created_at, patient_id, kind,
            channel, hold_reason, snoozes)
        select lower(hex(randomblob(16))), clinic_id, date(%(today)s, %(days)s || ' days'),
            datetime(%(now)s, (%(days)s * 24 - 12) || ' hours'), datetime(%(now)s, %(days)s || ' days'), %(status)s, 0, '', %(now)s, id,
            'session_today', 'email', '', 0
        from patients_patient""",
}

# Ids of the trail begin with their time: these are old ones.
MAKING = {
    "postgresql": {"old": "('00000000' || substr(gen_random_uuid()::text, 9))::uuid", "any": "gen_random_uuid()", "text": "::text"},
    "sqlite": {"old": "'00000000' || lower(hex(randomblob(12)))", "any": "lower(hex(randomblob(16)))", "text": ""},
}
PAST = (
    """
        insert into clinics_auditevent (id, clinic_id, patient_id, role, action, object_type, details, outcome, request_id, at, digest)
        select {old}, clinic_id, id, '', 'session.log', '', '{{}}', 'ok', '', %(earlier)s, 'sealed' from patients_patient""",
    """
        insert into patients_alert (id, clinic_id, patient_id, rule, rules_version, level, evidence, evidence_key, since_on, status,
            raised_at, note)
        select {any}, clinic_id, id, 'bench', '1', 'stop', '{{}}', {any}{text}, %(today)s, 'resolved', %(earlier)s, ''
        from patients_patient""",
)

if __name__ == "__main__":
    main()
