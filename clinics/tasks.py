"""The background work of clinics; each task is one line."""

from celery import shared_task
from django.utils import timezone

from clinics.actions.trail import seal_events


@shared_task(name="clinics.seal_audit")
def seal_audit() -> None:
    """Seal the settled entries of the trail."""
    seal_events(timezone.now())
