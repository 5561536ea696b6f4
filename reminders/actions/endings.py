"""Telling who started a piece of long work that it has ended: when it took a while, or came to nothing."""

import datetime as dt
import uuid
from collections.abc import Collection

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext

from clinics.jobs import KINDS
from clinics.localtime import local_day
from clinics.models import Job
from reminders.models import StaffNotice

TOLD_AFTER = dt.timedelta(seconds=60)
"""Nobody waits before the page of a job that takes longer."""
LOOKED_BACK = dt.timedelta(days=1)
LASTS = dt.timedelta(days=2)


def plan_endings(*, now: dt.datetime) -> int:
    """Write a mail for each job that has ended after a while, or failed; returns how many are new. Two queries."""
    told = StaffNotice.objects.filter(kind=StaffNotice.Kind.JOB, subject_id=OuterRef("pk"), clinic=OuterRef("clinic"))
    took_long = Q(ended_at__gt=F("created_at") + TOLD_AFTER)
    ended = Job.objects.filter(took_long | Q(status=Job.Status.FAILED), ended_at__gte=now - LOOKED_BACK).filter(~Exists(told))
    new = [
        StaffNotice(
            clinic_id=clinic,
            member_id=member,
            kind=StaffNotice.Kind.JOB,
            subject_id=job,
            slot_on=local_day(now, zone),
            due_at=now,
            expires_at=now + LASTS,
            created_at=now,
        )
        for job, clinic, member, zone in ended.values_list("pk", "clinic_id", "by_id", "clinic__time_zone")
    ]
    # Two ticks at once find the same: the unique row decides.
    StaffNotice.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def how_they_ended(jobs: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[str, bool]]:
    """Return, for each of these jobs that is still there, what kind of work it was (a name of `KINDS`), and whether it was done."""
    rows = Job.objects.filter(pk__in=jobs).values_list("pk", "kind", "status")
    return {pk: (kind, status == Job.Status.DONE) for pk, kind, status in rows}


def words_for(kind: str) -> str:
    """Return what a kind of work is called, in the active language."""
    return str(KINDS[kind].label) if kind in KINDS else gettext("Your task")
