"""The Celery app and its whole schedule: a few interval ticks; when something is due stands in our tables."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init, worker_ready

from physio.parent import follow_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "physio.settings")

SCHEDULE: dict[str, dict[str, Any]] = {
    "reminders": {"task": "reminders.tick", "schedule": 60.0, "options": {"expires": 55}},
    "patients": {"task": "patients.tick", "schedule": 300.0, "options": {"expires": 290}},
    "retention": {"task": "patients.delete_expired", "schedule": 86400.0, "options": {"expires": 3600}},
    "audit": {"task": "clinics.seal_audit", "schedule": 60.0, "options": {"expires": 55}},
    "jobs": {"task": "clinics.run_jobs", "schedule": 60.0, "options": {"expires": 55}},
}

app = Celery("physio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# beat only sends names, so its app loads neither Django's apps nor any task: half the memory, and no database.
clock = Celery("physio-clock", fixups=[], set_as_current=False)
clock.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = clock.conf.beat_schedule = SCHEDULE


@setup_logging.connect
def keep_our_logging(**_kwargs: Any) -> None:
    """Leave logging as the settings have it."""


@worker_init.connect
@beat_init.connect
def before_work(**_kwargs: Any) -> None:
    """Make the folders of the embedded broker, and end with the process that started this one."""
    make_broker_folders()
    follow_parent()


@worker_ready.connect
def tick_at_once(sender: Any, **_kwargs: Any) -> None:
    """Do what became due while no worker ran, instead of waiting for the next minute."""
    with sender.app.connection_for_write() as connection:
        for entry in SCHEDULE.values():
            app.send_task(entry["task"], connection=connection, **entry["options"])


def make_broker_folders() -> None:
    """Make the folders that the embedded broker keeps its messages in; nothing to do with Redis."""
    from django.conf import settings

    if not settings.REDIS_URL:
        for name in ("queue", "control"):
            Path(settings.BROKER_DIR, name).mkdir(parents=True, exist_ok=True)
