"""Nudges from Celery: each may be lost or doubled, because what is due stands in rows."""

from celery import shared_task
from django.utils import timezone

from reminders.actions.clockwork import tick


# Acknowledged at once: the rows know what is left, and a worker that loses Redis with an open message in its hands ends.
@shared_task(name="reminders.tick", acks_late=False)
def tick_reminders() -> None:
    """Plan what is new and send what is due."""
    tick(now=timezone.now())
