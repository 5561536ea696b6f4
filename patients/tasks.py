"""Nudges from Celery: what the passing of a day brings."""

from celery import shared_task
from django.utils import timezone

from patients.actions import outcomes_model  # noqa: F401 - a worker has to know its kind of job
from patients.actions.caseload import close_past_days
from patients.actions.erasing import delete_expired


@shared_task(name="patients.tick")
def close_days() -> None:
    """Close the sessions of past days and bring old caseload lines up to date."""
    close_past_days(now=timezone.now())


@shared_task(name="patients.delete_expired")
def delete_what_expired() -> None:
    """Delete what is left of erased people when its time is over."""
    delete_expired(now=timezone.now())
