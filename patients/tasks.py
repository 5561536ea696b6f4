"""Nudges from Celery: what the passing of a day brings."""

from celery import shared_task
from django.utils import timezone

from patients.actions.caseload import close_past_days
from patients.actions.erasing import delete_expired
from patients.actions.import_after import forget_files, invite_imported
from patients.actions.looks import thin_looks
from patients.actions.outcomes_model import calculate_model
from patients.actions.replaying import replay_clinic

JOBS = (calculate_model, replay_clinic)
"""Long work of this app, imported so that a worker knows it."""
LINES = 500
"""Lines refreshed in one transaction."""


@shared_task(name="patients.tick")
def close_days() -> None:
    """Close the sessions of past days, bring old caseload lines up to date, and send the next invitations of imports."""
    while close_past_days(now=timezone.now(), limit=LINES) >= LINES:
        continue
    invite_imported(now=timezone.now())


@shared_task(name="patients.delete_expired")
def delete_what_expired() -> None:
    """Delete what is left of erased people when its time is over and files nobody imported; put old looks of the rules together."""
    delete_expired(now=timezone.now())
    forget_files(now=timezone.now())
    thin_looks(now=timezone.now())
