"""What staff hear of their own doings: what became of invitations in the digest, and long work that has ended."""

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinics import jobs
from clinics.actions.invitations import accept_invitation, invite_member, revoke_invitation
from clinics.models import Clinic, Invitation, Job, Membership, Role
from patients.models import Patient
from reminders.actions.clockwork import tick
from reminders.actions.endings import plan_endings
from reminders.models import StaffNotice
from reminders.rules.invitations import Outcome, outcome_of
from tests.cast import person
from tests.reminders.scene import at, clinic_in

MONDAY = at("2027-11-15T09:00")
TUESDAY_DIGEST = at("2027-11-16T06:30")  # 07:30 in Berlin
DAY = dt.timedelta(days=1)
EARLY, LATE, NOW = MONDAY, MONDAY + DAY, MONDAY + 2 * DAY


@pytest.mark.parametrize(
    ("accepted", "revoked", "undelivered", "expires", "told"),
    [
        pytest.param(LATE, None, None, NOW + DAY, Outcome.ACCEPTED, id="accepted"),
        pytest.param(EARLY, None, None, NOW + DAY, None, id="accepted before the last digest"),
        pytest.param(LATE, None, LATE, NOW + DAY, Outcome.ACCEPTED, id="accepted although the mail was refused"),
        pytest.param(None, None, None, LATE, Outcome.EXPIRED, id="run out"),
        pytest.param(None, None, None, NOW + DAY, None, id="still open"),
        pytest.param(None, LATE, LATE, LATE, None, id="taken back, or sent anew"),
        pytest.param(None, None, LATE, NOW + DAY, Outcome.UNDELIVERED, id="not delivered"),
        pytest.param(None, None, EARLY, NOW + DAY, None, id="not delivered, and told"),
    ],
)
def test_what_became_of_an_invitation(
    accepted: dt.datetime | None, revoked: dt.datetime | None, undelivered: dt.datetime | None, expires: dt.datetime, told: Outcome | None
) -> None:
    assert outcome_of(accepted, revoked, undelivered, expires, EARLY, NOW) == told


@pytest.fixture
def clinic(db: None) -> Clinic:
    return clinic_in(open_weekdays=[1, 2, 3, 4, 5])


@pytest.fixture
def carla(clinic: Clinic) -> Membership:
    return person(clinic, Role.MANAGER, "carla@physio.example", "Carla", "Dorn")


@pytest.fixture
def ben(clinic: Clinic) -> Membership:
    return person(clinic, Role.THERAPIST, "ben@physio.example", "Ben", "Cole")


def invite(by: Membership, email: str, name: str, now: dt.datetime = MONDAY) -> tuple[Invitation, str]:
    """Invite a colleague."""
    _member, invitation, key = invite_member(clinic=by.clinic, email=email, role=Role.THERAPIST, name=name, by=by, now=now)
    return invitation, key


def digests() -> dict[str, str]:
    """Return the text of each digest by its reader."""
    return {str(one.to[0]): str(one.body) for one in mail.outbox if one.subject.startswith("Your overview")}


def test_the_digest_tells_who_invited_what_became_of_it(clinic: Clinic, carla: Membership, ben: Membership) -> None:
    _invitation, key = invite(carla, "new@physio.example", "Nora Neu")
    invite(carla, "late@physio.example", "Lars Late", MONDAY - 7 * DAY + dt.timedelta(hours=1))
    invite(carla, "open@physio.example", "Olga Open")
    refused, _key = invite(carla, "gone@physio.example", "Gina Gone")
    back, _key = invite(carla, "back@physio.example", "Bert Back")
    revoke_invitation(invitation=back, by=carla, now=MONDAY)
    Invitation.objects.filter(pk=refused.pk).update(undelivered_at=MONDAY)
    accept_invitation(key=key, now=MONDAY + dt.timedelta(hours=1), password="a-long-walk-by-the-sea-8", first_name="Nora", last_name="Neu")
    tick(now=MONDAY + dt.timedelta(hours=2))
    mail.outbox.clear()
    tick(now=TUESDAY_DIGEST)
    (to, text), *others = digests().items()
    assert (to, others) == (carla.user.email if carla.user else "", [])
    assert "News about your invitations." in text
    assert "Invitation accepted: N.N." in text
    assert "Invitation not used in time: L.L." in text
    assert "Invitation could not be delivered: G.G." in text
    for word in ("O.O.", "B.B.", "Nora", "physio.example", "alert"):
        assert word not in text
    tick(now=TUESDAY_DIGEST + DAY)
    assert len(digests()) == 1
    assert StaffNotice.objects.filter(kind="digest", member=carla, hold_reason="nothing_new").exists()


def test_a_patient_is_named_by_number_and_initials(clinic: Clinic, carla: Membership) -> None:
    member, invitation, _key = invite_member(
        clinic=clinic, email="p@x.example", role=Role.PATIENT, name="Jule Winter", by=carla, now=MONDAY
    )
    Patient.objects.create(clinic=clinic, membership=member, number="R-0042", first_name="Jule", last_name="Winter", email="p@x.example")
    Invitation.objects.filter(pk=invitation.pk).update(undelivered_at=MONDAY)
    tick(now=MONDAY + dt.timedelta(hours=2))
    mail.outbox.clear()
    tick(now=TUESDAY_DIGEST)
    assert "Invitation could not be delivered: R-0042 J.W." in digests()[str(carla.user.email) if carla.user else ""]


def test_a_mail_the_server_did_not_take_is_noted(
    clinic: Clinic, carla: Membership, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clinics.mail.deliver", lambda message, template: False)
    with django_capture_on_commit_callbacks(execute=True):
        invitation, _key = invite(carla, "new@physio.example", "Nora Neu")
    invitation.refresh_from_db()
    assert invitation.undelivered_at == MONDAY


# --- long work ------------------------------------------------------------------------------


def ended(by: Membership, seconds: int, status: str = Job.Status.DONE, kind: str = "tests.work", now: dt.datetime = MONDAY) -> Job:
    """Let a job have ended a moment ago."""
    row: Job = Job.objects.create(
        clinic_id=by.clinic_id, by=by, kind=kind, status=status, created_at=now - dt.timedelta(seconds=seconds), ended_at=now
    )
    return row


@pytest.fixture
def _work() -> Any:
    jobs.job_kind("tests.work", label="Making the file", action="clinic.change", page="clinics:job")(lambda job, tell: {})
    yield
    jobs.KINDS.pop("tests.work")


@pytest.mark.usefixtures("_work")
@pytest.mark.parametrize(
    ("seconds", "status", "told"),
    [(61, "done", "Making the file: done"), (5, "failed", "Making the file: did not work"), (5, "done", None), (600, "running", None)],
)
def test_who_started_it_hears_once_of_work_that_took_a_while_or_failed(
    ben: Membership, seconds: int, status: str, told: str | None
) -> None:
    job = ended(ben, seconds, status)
    if status == "running":
        Job.objects.filter(pk=job.pk).update(ended_at=None)
    for minute in range(3):
        tick(now=MONDAY + dt.timedelta(minutes=minute))
    found = [one for one in mail.outbox if one.subject.startswith("Your task has ended")]
    assert [one.to for one in found] == ([["ben@physio.example"]] if told else [])
    if told:
        assert str(found[0].body).startswith(told)
        assert f"/jobs/{job.pk}/" in str(found[0].body)


def test_work_nobody_can_name_any_more_is_told_in_general_words(ben: Membership) -> None:
    ended(ben, 90, kind="gone.work")
    tick(now=MONDAY)
    assert [str(one.body).splitlines()[0] for one in mail.outbox] == ["Your task: done"]


def test_work_that_was_forgotten_meanwhile_is_not_told(ben: Membership) -> None:
    job = ended(ben, 90)
    plan_endings(now=MONDAY)
    job.delete()
    tick(now=MONDAY)
    assert mail.outbox == []
    assert StaffNotice.objects.get(kind="job").hold_reason == "nothing_new"


def test_many_ends_are_planned_in_two_queries(ben: Membership) -> None:
    for size in (1, 30):
        for _number in range(size):
            ended(ben, 90)
        with CaptureQueriesContext(connection) as queries:
            assert plan_endings(now=MONDAY) == size
        assert len([one for one in queries if one["sql"].startswith(("SELECT", "INSERT"))]) == 2
