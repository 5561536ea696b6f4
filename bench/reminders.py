"""Planning and sending reminders, beside the common loop and a bare drain, in one run.

    python bench/reminders.py [--sizes 1000 10000] [--database URL]

Every way sends to a mail server of its own that only counts. *naive* is the loop most projects have: per reminder one query, one rendering,
one connection, one save. *drain* claims in batches, uses Django's mail classes with a finished text on one connection, and does nothing
else: no second look, no languages, no names. *ours* is the product. The figure that travels is CPU milliseconds a mail.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DRAIN_BATCH = 500
WORKERS = 2
NAIVE_MOST = 1000
"""Its speed does not depend on how many wait, and nobody has the patience."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure reminders.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--database", default="")
    parser.add_argument("--worker", choices=sorted(WAYS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        set_up()
        warm_up()
        print(*WAYS[options.worker]())
        return
    folder = Path(tempfile.mkdtemp(prefix="physio-bench-"))
    office = subprocess.Popen([sys.executable, str(ROOT / "bench/post_office.py"), str(folder / "port"), str(folder / "notes")])
    try:
        while not (folder / "port").exists() or not (folder / "port").read_text():
            time.sleep(0.05)
        os.environ.update(
            {
                "ENV_FILE": "",
                "VAR_DIR": str(folder / "var"),
                "DATABASE_URL": options.database or f"sqlite:///{folder}/physio.sqlite3",
                "REDIS_URL": "",
                "EMAIL_URL": f"smtp://127.0.0.1:{(folder / 'port').read_text()}",
                "LOG_LEVEL": "ERROR",
            }
        )
        set_up()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("load_library", verbosity=0)
        for size in options.sizes:
            measure(size)
    finally:
        office.kill()
        office.wait()


def set_up() -> None:
    """Start Django as the environment says."""
    sys.path.insert(0, str(ROOT))
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


def measure(size: int) -> None:
    """Measure everything with `size` due reminders."""
    from django.db import connection
    from django.utils import timezone

    from clinics.models import Clinic
    from reminders.actions import clockwork
    from reminders.actions.planning import plan_deliveries
    from reminders.actions.rehearsal import make_due
    from reminders.models import Delivery

    Delivery.objects.all().delete()
    now = timezone.now()
    rest, clinics = size, 0
    while rest > 0:
        part = min(rest, 250)
        clinics += 1
        name = f"Clinic {clinics}"
        clinic, _new = Clinic.objects.get_or_create(slug=f"bench-{clinics}", defaults={"name": name, "time_zone": "UTC"})
        make_due(clinic=clinic, count=part, now=now, caseload=False)
        rest -= part
    count = Delivery.objects.count()
    Delivery.objects.all().delete()
    print(f"\n{count} due, {clinics} clinics, {connection.vendor}, {WORKERS} workers where not said otherwise")
    before = memory()
    with Meter() as meter:
        plan_deliveries(now=now, looked_at=now.replace(second=0) - clockwork.TRAIL_OVERLAP)
    each = f"{meter.sql / count:8.4f} SQL each   {meter.cpu * 1000 / count:6.3f} ms CPU each"
    print(f"  plan       {meter.wall:6.2f} s   {each}   +{memory() - before} MB")
    clockwork.beat(clockwork.PLANNED, now)
    clockwork.beat(clockwork.BEAT, now)
    Delivery.objects.update(status=Delivery.Status.SENT)
    clockwork.tick(now=now)
    with Meter() as meter:
        for _time in range(20):
            clockwork.tick(now=now)
    print(f"  idle tick  {meter.sql / 20:.0f} SQL, {meter.cpu * 50:.1f} ms CPU")
    for way in ("naive", "drain", "ours"):
        Delivery.objects.update(status=Delivery.Status.QUEUED, claim=None, leased_until=None, attempts=0, sent_at=None)
        connection.close()
        if way == "naive":
            run(way, 1, min(count, NAIVE_MOST))
            continue
        run(way, WORKERS, count)
        sent = Delivery.objects.filter(status=Delivery.Status.SENT).count()
        if sent != count:
            print(f"  {way}: only {sent} sent")


def run(way: str, workers: int, count: int) -> None:
    """Let workers send everything and print what they needed; starting Python is not counted."""
    command = [sys.executable, str(Path(__file__)), "--worker", way]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _number in range(workers)]
    results = [[float(one) for one in process.communicate()[0].split()] for process in processes]
    wall = max(end for _begin, end, *_rest in results) - min(begin for begin, *_rest in results)
    cpu, sql, first, grown = (
        sum(one[2] for one in results),
        sum(one[3] for one in results),
        min((one[4] for one in results if one[4]), default=0.0),
        max(one[5] for one in results),
    )
    print(
        f"  {way:<9}  {count / wall:6.0f} /s   {sql / count:8.4f} SQL each   {cpu * 1000 / count:6.3f} ms CPU each   "
        f"first after {first:.2f} s   +{grown:.0f} MB"
    )


def memory() -> int:
    """Return the most memory this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


class Meter:
    """Counts wall time, CPU time and statements."""

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


def worker(work: Callable[[Callable[[], None]], None]) -> tuple[float, float, float, int, float, int]:
    """Do the work once and return begin, end, CPU seconds, statements, seconds to the first mail, and MB grown."""
    before, begin = memory(), time.time()
    first: list[float] = []
    with Meter() as meter:
        work(lambda: first.append(time.time()) if not first else None)
    return begin, time.time(), meter.cpu, meter.sql, (first[0] - begin if first else 0.0), memory() - before


def ours() -> tuple[float, ...]:
    """Send as the product does."""
    from django.utils import timezone

    from reminders.actions.outbox import Clock, drain
    from reminders.channels import email

    def work(sent: Callable[[], None]) -> None:
        send = email.Line.send

        def noted(line: email.Line, mail: email.Mail) -> None:
            send(line, mail)
            sent()

        email.Line.send = noted  # type: ignore[method-assign]
        drain(clock=Clock(timezone.now()), seconds=600)

    return worker(work)


def drain() -> tuple[float, ...]:
    """Send a finished text with Django's mail classes, claimed in batches on one connection."""
    from django.core.mail import EmailMultiAlternatives, get_connection
    from django.db import connection, transaction
    from django.utils import timezone

    from reminders.models import Delivery

    def work(sent: Callable[[], None]) -> None:
        line = get_connection()
        line.open()
        skips = connection.features.has_select_for_update_skip_locked
        while True:
            token = uuid.uuid4()
            due = Delivery.objects.filter(status="queued", due_at__lte=timezone.now()).order_by("due_at")
            with transaction.atomic():
                chosen = due.select_for_update(skip_locked=True) if skips else due
                Delivery.objects.filter(pk__in=list(chosen.values_list("pk", flat=True)[:DRAIN_BATCH])).update(
                    status="claimed", claim=token
                )
            rows = list(Delivery.objects.filter(claim=token).values_list("pk", "patient__membership__user__email"))
            if not rows:
                return
            for key, address in rows:
                mail = EmailMultiAlternatives(
                    "A reminder", TEXT, "a@physio.example", [address], headers={"Message-ID": f"<{key}@physio.example>"}
                )
                mail.attach_alternative(HTML, "text/html")
                line.send_messages([mail])
                sent()
            Delivery.objects.filter(claim=token).update(status="sent", sent_at=timezone.now(), claim=None)

    return worker(work)


def naive() -> tuple[float, ...]:
    """Send one after the other, everything looked up and rendered anew."""
    from django.core.mail import EmailMultiAlternatives
    from django.template.loader import render_to_string
    from django.utils import timezone

    from patients.models import ScheduledSession
    from reminders.models import Delivery

    def work(sent: Callable[[], None]) -> None:
        for row in Delivery.objects.filter(status="queued").select_related("patient__membership__user", "patient__clinic")[:NAIVE_MOST]:
            session = ScheduledSession.objects.select_related("session_plan").get(pk=row.subject_id)
            if session.status != "planned" or session.on != row.slot_on:
                continue
            context = {
                "clinic_name": row.patient.clinic.name,
                "first_name": row.patient.first_name,
                "weekday": row.slot_on.strftime("%A"),
                "minutes": session.session_plan.minutes,
                "language": "en",
                "emergency_number": "112",
            }
            text = render_to_string("reminders/session_today.txt", context)
            mail = EmailMultiAlternatives("A reminder", text, "a@physio.example", [row.patient.membership.user.email])
            mail.attach_alternative(render_to_string("reminders/session_today.html", context), "text/html")
            mail.send()
            sent()
            Delivery.objects.filter(pk=row.pk).update(status="sent", sent_at=timezone.now())

    return worker(work)


TEXT = "Hello,\n\nyour session is ready. It takes about 25 minutes.\n\nOpen my session: https://physio.example/\n" * 4
HTML = f"<!doctype html><html><body>{'<p>Your session is ready. It takes about 25 minutes.</p>' * 60}</body></html>"
WAYS: dict[str, Callable[[], tuple[float, ...]]] = {"ours": ours, "drain": drain, "naive": naive}

if __name__ == "__main__":
    main()
