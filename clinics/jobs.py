"""Work too long for a request: a row says what to do, a worker does it in one transaction, and a page shows how far it is.

The row is the truth. A message to a worker may be lost or doubled: whatever waits is found by the next tick, and of two workers with the
same job only one can end it. A job whose worker died is run again, at most three times in all.
"""

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext

from clinics import audit
from clinics.errors import Conflict, DomainError
from clinics.models import Clinic, Job, Membership
from clinics.permissions import allows
from clinics.states import JOB
from clinics.transitions import advance

MOST_ATTEMPTS = 3
SIGN_OF_LIFE_SECONDS = 10.0
DEAD_AFTER = dt.timedelta(seconds=60)
"""A running job whose worker has shown no sign of life for so long is run by another one."""
KEPT = dt.timedelta(days=90)
"""So long an ended job can be looked at."""
SHOWN_EVERY_SECONDS = 0.5

Tell = Callable[[int, int], None]
Work = Callable[[Job, Tell], dict[str, Any]]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """What there is to know of one kind of work: its words, who may see it, the pages it leads to, and what does it."""

    name: str
    label: str | Promise
    action: str
    page: str
    back: str
    work: Work


KINDS: dict[str, Kind] = {}


def job_kind(name: str, *, label: str | Promise, action: str, page: str, back: str = "") -> Callable[[Work], Work]:
    """Declare the function that does a kind of work.

    It gets the job and a `tell(done, total)` that moves the bar, runs in one transaction with the end of the job and the language of who
    started it, and returns what goes into `result`. A DomainError becomes the job's problem; everything the function wrote is undone.
    `action` is what a role needs to see such jobs of others, `page` the address of what came of it (called with the job's id), `back`
    the address from which it can be tried again (empty: `page` names both).
    """

    def declare(work: Work) -> Work:
        KINDS[name] = Kind(name, label, action, page, back, work)
        return work

    return declare


# --- starting -----------------------------------------------------------------------------


def start_job(kind: str, *, by: Membership, params: dict[str, Any], now: dt.datetime) -> Job:
    """Write down what to do and nudge a worker once that is committed; raises KeyError for an unknown kind."""
    job: Job = Job.objects.create(clinic_id=by.clinic_id, by=by, kind=KINDS[kind].name, params=params, created_at=now)
    audit.record("job.start", row=job, by=by, at=now, kind=kind)
    transaction.on_commit(lambda: nudge(job.pk))
    return job


def nudge(pk: uuid.UUID) -> None:
    """Tell a worker, in a thread of its own: nobody waits for a broker that is away, and the tick finds what nobody was told of."""
    threading.Thread(target=send_message, args=(pk,), name="nudge", daemon=True).start()


def send_message(pk: uuid.UUID) -> None:
    """Put one message into the queue, or note that there is no queue now."""
    from celery import current_app

    try:
        current_app.send_task("clinics.run_job", args=[str(pk)], retry=False, ignore_result=True)
    except Exception as error:  # whatever it is, the row waits
        log.warning("job_not_nudged", job=str(pk), error=type(error).__name__)


def may_see(job: Job, member: Membership) -> bool:
    """Tell whether somebody may look at a job of their clinic: who started it, and who may do such work."""
    return job.by_id == member.pk or (job.kind in KINDS and allows(member, KINDS[job.kind].action))


# --- running ------------------------------------------------------------------------------


def run_job(pk: uuid.UUID, *, now: dt.datetime) -> bool:
    """Do one job unless somebody else does it or it has ended; returns whether this call ended it."""
    job = claim(pk, now=now)
    if job is None:
        return False
    kind = KINDS.get(job.kind)
    actor = audit.Actor(user_id=job.by.user_id, role=job.by.role, clinic_id=job.clinic_id)
    user = job.by.user
    with translation.override((user.language if user else "") or job.clinic.language), audit.acting(actor), signs_of_life(job.pk):
        if kind is None or job.attempts > MOST_ATTEMPTS:
            return fail(job, gettext("This work stopped several times before it was done."))
        try:
            with transaction.atomic():
                result = kind.work(job, teller(job.pk))
                finish(job, result)
        except DomainError as error:
            messages = [str(error.message), *(str(one) for many in error.fields.values() for one in many)]
            return fail(job, " ".join(message for message in messages if message))
        except Exception as error:
            log.exception("job_failed", job=str(job.pk), kind=job.kind, error=type(error).__name__)
            return fail(job, "")
    return True


def claim(pk: uuid.UUID, *, now: dt.datetime) -> Job | None:
    """Take a job that waits, or one whose worker died; None when there is nothing to take."""
    job: Job | None = Job.objects.select_related("by__user", "clinic").filter(pk=pk).first()
    if job is None or job.status not in JOB[Job.Status.RUNNING] or (job.status == Job.Status.RUNNING and is_alive(job, now=now)):
        return None
    same = Job.objects.filter(pk=pk, status=job.status, attempts=job.attempts)
    if same.update(status=Job.Status.RUNNING, started_at=now, attempts=F("attempts") + 1, done=0, total=0) != 1:
        return None
    job.refresh_from_db(fields=["status", "started_at", "attempts", "done", "total"])
    return job


def is_alive(job: Job, *, now: dt.datetime) -> bool:
    """Tell whether a worker is at it: taken a moment ago, or a sign of life since."""
    return (job.started_at is not None and now - job.started_at < DEAD_AFTER) or cache.get(alive_key(job.pk)) is not None


def finish(job: Job, result: dict[str, Any]) -> None:
    """End a job in the transaction of its work; raises Conflict, which undoes the work, when another worker has taken it over."""
    done, total = progress(job)
    ended: dict[str, Any] = {"result": result, "ended_at": timezone.now(), "done": total or done, "total": total or done, "problem": ""}
    if not Job.objects.filter(pk=job.pk, attempts=job.attempts).exists():
        raise Conflict(gettext("Another worker has taken this over."))
    advance(job, Job.Status.DONE, table=JOB, now=timezone.now(), **ended)
    audit.record("job.end", row=job, by=job.by, kind=job.kind)


def fail(job: Job, problem: str) -> bool:
    """Say that a job came to nothing; a worker that was overtaken says nothing."""
    if not Job.objects.filter(pk=job.pk, attempts=job.attempts, status=Job.Status.RUNNING).exists():
        return False
    with transaction.atomic():
        advance(job, Job.Status.FAILED, table=JOB, now=timezone.now(), problem=problem[:500], ended_at=timezone.now())
        audit.record("job.end", row=job, by=job.by, outcome="refused", kind=job.kind)
    return True


def run_waiting(*, now: dt.datetime, limit: int = 20) -> int:
    """Run what no message has reached and what a dead worker left, and forget what ended long ago; returns how many were ended."""
    Job.objects.filter(ended_at__lt=now - KEPT).delete()
    waiting = Job.objects.filter(status=Job.Status.WAITING, created_at__lt=now - dt.timedelta(seconds=SIGN_OF_LIFE_SECONDS))
    running = Job.objects.filter(status=Job.Status.RUNNING, started_at__lt=now - DEAD_AFTER)
    keys = list((waiting | running).order_by("created_at").values_list("pk", flat=True)[:limit])
    return sum(run_job(pk, now=now) for pk in keys)


# --- how far ------------------------------------------------------------------------------


def alive_key(pk: uuid.UUID) -> str:
    """Return where the sign of life of a job is kept."""
    return f"job-alive:{pk}"


def progress_key(pk: uuid.UUID) -> str:
    """Return where the place of the bar is kept: beside the database, whose transaction nobody else can look into."""
    return f"job-progress:{pk}"


def progress(job: Job) -> tuple[int, int]:
    """Return how much of how much is done; 0 of 0 while nobody knows."""
    found = None if job.status in {Job.Status.DONE, Job.Status.FAILED} else cache.get(progress_key(job.pk))
    return (int(found[0]), int(found[1])) if found else (job.done, job.total)


def teller(pk: uuid.UUID) -> Tell:
    """Return the function that moves the bar: cheap enough to be called for every row."""
    shown_at = float("-inf")

    def tell(done: int, total: int) -> None:
        nonlocal shown_at
        if done >= total or time.monotonic() - shown_at >= SHOWN_EVERY_SECONDS:
            shown_at = time.monotonic()
            cache.set(progress_key(pk), [min(done, total), total], 3600)

    return tell


@contextmanager
def signs_of_life(pk: uuid.UUID) -> Iterator[None]:
    """Show that a worker is at it until the work ends; with the process the signs end as well."""
    ended = threading.Event()

    def show() -> None:
        while True:
            cache.set(alive_key(pk), 1, int(DEAD_AFTER.total_seconds()))
            if ended.wait(SIGN_OF_LIFE_SECONDS):
                return

    thread = threading.Thread(target=show, name="sign-of-life", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        cache.delete(alive_key(pk))


def clinic_is_busy(clinic: Clinic, kind: str) -> bool:
    """Tell whether a job of this kind of the clinic waits or runs."""
    unfinished = [Job.Status.WAITING, Job.Status.RUNNING]
    return bool(Job.objects.filter(clinic=clinic, kind=kind, status__in=unfinished).exists())
