"""Nudges from Celery: what the passing of a day brings."""

from celery import shared_task
from django.utils import timezone

from patients.actions.caseload import close_past_days


@shared_task(name="patients.tick")
def close_days() -> None:
    """Close the sessions of past days and bring old caseload lines up to date."""
    close_past_days(now=timezone.now())
