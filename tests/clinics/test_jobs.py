"""Long work: done once, in one transaction, whoever dies; a page says how far it is and what came of it."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from clinics import jobs
from clinics.errors import Invalid
from clinics.models import AuditEvent, ClosedDay, Job
from tests.cast import Cast, sign_in

pytestmark = pytest.mark.django_db
LATER = jobs.DEAD_AFTER + dt.timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _mails_leave_at_once() -> None:
    """Leave commits as they are: when a worker is nudged is what some of these tests are about."""


@pytest.fixture
def work() -> Iterator[Callable[[jobs.Work], None]]:
    """Let a test say what the kind "tests.close" does."""

    def declare(work: jobs.Work) -> None:
        jobs.job_kind("tests.close", label="Closing", action="clinic.change", page="clinics:job", back="clinics:closed_days")(work)

    yield declare
    jobs.KINDS.pop("tests.close", None)


def close(job: Job, tell: jobs.Tell) -> dict[str, Any]:
    """Close the clinic for some days."""
    for day in range(job.params["days"]):
        ClosedDay.objects.create(clinic_id=job.clinic_id, on=dt.date(2030, 1, 1) + dt.timedelta(days=day))
        tell(day + 1, job.params["days"])
    return {"days": job.params["days"]}


def start(cast: Cast, days: int = 3) -> Job:
    return jobs.start_job("tests.close", by=cast.manager, params={"days": days}, now=cast.now)


def closed(cast: Cast) -> int:
    return int(ClosedDay.objects.filter(clinic=cast.riverside, on__year=2030).count())


def test_a_job_is_done_once_and_leaves_its_result_and_a_trail(cast: Cast, work: Callable[[jobs.Work], None]) -> None:
    work(close)
    job = start(cast)
    assert jobs.run_job(job.pk, now=cast.now)
    assert not jobs.run_job(job.pk, now=cast.now + LATER)
    job.refresh_from_db()
    assert (job.status, job.result, job.done, job.total, closed(cast)) == (Job.Status.DONE, {"days": 3}, 3, 3, 3)
    events = AuditEvent.objects.filter(object_id=job.pk).order_by("id").values_list("action", "actor_id")
    assert list(events) == [("job.start", cast.manager.user_id), ("job.end", cast.manager.user_id)]


def test_a_worker_is_nudged_only_when_the_job_is_committed(
    cast: Cast, work: Callable[[jobs.Work], None], django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(close)
    told: list[Any] = []
    monkeypatch.setattr(jobs, "nudge", told.append)
    with django_capture_on_commit_callbacks(execute=True):
        job = start(cast)
        assert told == []
    assert told == [job.pk]


@pytest.mark.parametrize(("error", "problem"), [(Invalid("Line 7 is wrong."), "Line 7 is wrong."), (RuntimeError("secret"), "")])
def test_what_fails_changes_nothing_and_says_only_what_is_meant_for_people(
    cast: Cast, work: Callable[[jobs.Work], None], error: Exception, problem: str
) -> None:
    def half(job: Job, tell: jobs.Tell) -> dict[str, Any]:
        close(job, tell)
        raise error

    work(half)
    job = start(cast)
    assert jobs.run_job(job.pk, now=cast.now)
    job.refresh_from_db()
    assert (job.status, job.problem, closed(cast)) == (Job.Status.FAILED, problem, 0)


def test_a_job_of_a_dead_worker_is_done_by_the_next_tick_and_given_up_after_three_attempts(
    cast: Cast, work: Callable[[jobs.Work], None]
) -> None:
    work(close)
    job = start(cast)
    claimed = jobs.claim(job.pk, now=cast.now)
    assert claimed is not None
    assert jobs.claim(job.pk, now=cast.now) is None
    cache.set(jobs.alive_key(job.pk), 1)
    assert jobs.run_waiting(now=cast.now + LATER) == 0
    cache.delete(jobs.alive_key(job.pk))
    assert jobs.run_waiting(now=cast.now + LATER) == 1
    assert closed(cast) == 3

    other = start(cast)
    Job.objects.filter(pk=other.pk).update(attempts=jobs.MOST_ATTEMPTS)
    assert jobs.run_waiting(now=cast.now + LATER) == 1
    other.refresh_from_db()
    assert (other.status, bool(other.problem)) == (Job.Status.FAILED, True)


def test_a_worker_that_was_overtaken_undoes_its_work(cast: Cast, work: Callable[[jobs.Work], None]) -> None:
    def slow(job: Job, tell: jobs.Tell) -> dict[str, Any]:
        result = close(job, tell)
        job.attempts -= 1  # as if another worker had counted up meanwhile
        return result

    work(slow)
    job = start(cast)
    assert not jobs.run_job(job.pk, now=cast.now)
    assert closed(cast) == 0
    assert Job.objects.get(pk=job.pk).status == Job.Status.RUNNING


def test_the_page_shows_the_bar_then_leads_on_or_says_what_went_wrong(cast: Cast, client: Any, work: Callable[[jobs.Work], None]) -> None:
    work(close)
    job = jobs.start_job("tests.close", by=cast.manager, params={"days": 3}, now=timezone.now())
    url = reverse("clinics:job", args=[job.pk])
    sign_in(client, cast.manager)
    assert "begins in a moment" in client.get(url).content.decode()
    Job.objects.filter(pk=job.pk).update(status=Job.Status.RUNNING, started_at=cast.now)
    jobs.teller(job.pk)(1200, 4000)
    page = client.get(url).content.decode()
    assert 'max="4000" value="1200"' in page
    assert "1,200 of 4,000" in page
    assert "<h1>" not in client.get(url, headers={"HX-Request": "true"}).content.decode()
    Job.objects.filter(pk=job.pk).update(status=Job.Status.FAILED, problem="Line 7 is wrong.")
    page = client.get(url).content.decode()
    assert "Line 7 is wrong." in page
    assert reverse("clinics:closed_days") in page
    Job.objects.filter(pk=job.pk).update(status=Job.Status.DONE)
    assert client.get(url).headers["Location"] == url
    assert client.get(url, headers={"HX-Request": "true"}).headers["HX-Redirect"] == url


def test_a_job_is_seen_by_who_started_it_and_who_may_do_such_work(cast: Cast, client: Any, work: Callable[[jobs.Work], None]) -> None:
    work(close)
    url = reverse("clinics:job", args=[start(cast).pk])
    assert sign_in(client, cast.manager).get(url).status_code == 200
    assert sign_in(client, cast.therapist).get(url).status_code == 404
    assert sign_in(client, cast.harbour_manager).get(url).status_code == 404


def test_ended_jobs_are_forgotten_after_their_time(cast: Cast, work: Callable[[jobs.Work], None]) -> None:
    work(close)
    jobs.run_job(start(cast).pk, now=cast.now)
    Job.objects.update(ended_at=cast.now)
    jobs.run_waiting(now=cast.now + jobs.KEPT)
    assert Job.objects.count() == 1
    jobs.run_waiting(now=cast.now + jobs.KEPT + dt.timedelta(seconds=1))
    assert Job.objects.count() == 0
