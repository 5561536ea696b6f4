"""The background work of clinics; each task is one line."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from clinics import jobs
from clinics.actions.trail import seal_events


@shared_task(name="clinics.seal_audit")
def seal_audit() -> None:
    """Seal the settled entries of the trail."""
    seal_events(timezone.now())


# Acknowledged at once, as the rows know what is left: a message kept open would come again while a long job runs.
@shared_task(name="clinics.run_job", acks_late=False)
def run_job(pk: str) -> None:
    """Do one job."""
    jobs.run_job(UUID(pk), now=timezone.now())


@shared_task(name="clinics.run_jobs", acks_late=False)
def run_jobs() -> None:
    """Do what waits although no message has come, and what a dead worker left."""
    jobs.run_waiting(now=timezone.now())
