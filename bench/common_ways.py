"""The ways most projects send reminders, as yardsticks: a loop, a beat entry per patient, a Celery task with an ETA; and a bare drain."""

import datetime as dt
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DRAIN_BATCH = 500
LOOP_MOST = 1000
"""The speed of the loop does not depend on how many wait, and nobody has the patience."""
TEXT = "Hello,\n\nyour session is ready. It takes about 25 minutes.\n\nOpen my session: https://physio.example/\n" * 4
HTML = f"<!doctype html><html><body>{'<p>Your session is ready. It takes about 25 minutes.</p>' * 60}</body></html>"
ETA_WORKER = """
from celery import Celery
app = Celery("eta")
@app.task(name="remind")
def remind(number): pass
app.worker_main(["worker", "--pool", "solo", "--without-gossip", "--without-mingle"])
"""
Told = Callable[[], None]


def drain(sent: Told) -> None:
    """Send a finished text with Django's mail classes, claimed in batches on one connection: no second look, languages or names."""
    from django.core.mail import EmailMultiAlternatives, get_connection
    from django.db import connection, transaction
    from django.utils import timezone

    from reminders.models import Delivery

    line = get_connection()
    line.open()
    skips = connection.features.has_select_for_update_skip_locked
    while True:
        token = uuid.uuid4()
        due = Delivery.objects.filter(status="queued", due_at__lte=timezone.now()).order_by("due_at")
        with transaction.atomic():
            chosen = due.select_for_update(skip_locked=True) if skips else due
            keys = list(chosen.values_list("pk", flat=True)[:DRAIN_BATCH])
            Delivery.objects.filter(pk__in=keys).update(status="claimed", claim=token)
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


def loop(sent: Told) -> None:
    """Send one after the other, everything looked up and rendered anew."""
    from django.core.mail import EmailMultiAlternatives
    from django.template.loader import render_to_string
    from django.utils import timezone

    from patients.models import ScheduledSession
    from reminders.models import Delivery

    for row in Delivery.objects.filter(status="queued").select_related("patient__membership__user", "patient__clinic")[:LOOP_MOST]:
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


# --- Celery by the book ---------------------------------------------------------------------


def beat_entries(many: int, redis_url: str) -> tuple[float, float]:
    """Let a beat have one crontab entry per patient, all due now; return how many it dispatches a second and CPU ms each."""
    from celery import Celery
    from celery.beat import Scheduler
    from celery.schedules import crontab

    app = Celery("beat", broker=redis_url)
    app.conf.timezone = "UTC"
    app.conf.beat_schedule = {f"patient-{number}": {"task": "remind", "schedule": crontab(), "args": [number]} for number in range(many)}
    scheduler = Scheduler(app=app)
    an_hour_ago = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    for entry in scheduler.schedule.values():
        entry.last_run_at = an_hour_ago
    wall, cpu = time.monotonic(), time.process_time()
    done = 0
    while done < many and time.monotonic() - wall < 60:
        done += scheduler.tick() == 0
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    return done / wall, 1000 * cpu / max(done, 1)


def eta_tasks(many: int, redis_url: str) -> float:
    """Give a worker one task per patient with an ETA in an hour; return by how many MB it grew."""
    from celery import Celery

    app = Celery("bench.common_ways", broker=redis_url)
    environment = {**os.environ, "CELERY_BROKER_URL": redis_url}
    worker = subprocess.Popen([sys.executable, "-c", ETA_WORKER], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        waiting = list(settled(worker.pid, still=lambda: False, seconds=20))[-1]
        eta = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        with app.connection_for_write() as connection, app.producer_pool.acquire(block=True) as producer:
            for number in range(many):
                app.send_task("remind", [number], eta=eta, producer=producer)
            queue = connection.default_channel.client
            grown = list(settled(worker.pid, still=lambda: queue.llen("celery") > 0, seconds=120))[-1]
    finally:
        worker.kill()
        worker.wait()
    return grown - waiting


def settled(pid: int, *, still: Callable[[], bool], seconds: float) -> Iterator[float]:
    """Yield the memory of a process in MB until it has not grown for two seconds and nothing is `still` coming."""
    until, last, same = time.monotonic() + seconds, 0.0, 0
    while time.monotonic() < until and same < 4:
        status = Path(f"/proc/{pid}/status").read_text()
        now = next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS:"))
        same = same + 1 if abs(now - last) < 0.3 and now > 20 and not still() else 0
        last = now
        yield now
        time.sleep(0.5)


WAYS: dict[str, Any] = {"drain": drain, "loop": loop}
