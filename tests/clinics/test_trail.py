"""The trail: sealed in order, refused to every change by the database, and a broken chain is found."""

import datetime as dt
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from clinics import audit, trail_triggers
from clinics.actions.trail import BATCH, seal_events, verify_trail
from clinics.models import AuditEvent, TrailHead

NOW = dt.datetime(2020, 3, 1, 12, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(seconds=11)
ONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)

pytestmark = pytest.mark.django_db


def write(count: int = 3, clinic: uuid.UUID | None = ONE) -> None:
    audit.record_many(audit.event("patient.view", clinic_id=clinic, at=NOW, number=n, name="Grüße") for n in range(count))


def verify() -> str:
    out = StringIO()
    call_command("verify_audit", stdout=out)
    return out.getvalue()


def behind_the_back(change: Callable[[], object]) -> None:
    """Do what somebody with the keys of the database could do."""
    trail_triggers.remove(connection)
    try:
        change()
    finally:
        trail_triggers.install(connection)


def test_entries_settle_and_are_sealed_clinic_by_clinic() -> None:
    write(3, ONE)
    write(2, OTHER)
    write(1, None)
    assert seal_events(NOW + dt.timedelta(seconds=5)) == 0
    assert seal_events(LATER) == 6
    assert seal_events(LATER) == 0
    places = AuditEvent.objects.filter(clinic_id=ONE).order_by("id").values_list("position", flat=True)
    assert list(places) == [1, 2, 3]
    assert TrailHead.objects.count() == 3
    assert "The trail holds." in verify()


def test_more_than_one_batch_is_one_chain() -> None:
    write(BATCH + 7)
    assert seal_events(LATER) == BATCH + 7
    write(1)
    seal_events(LATER)
    verdict = verify_trail()
    assert (verdict.events, verdict.breaks) == (BATCH + 8, [])


def test_a_latecomer_with_a_lower_id_does_not_break_the_chain() -> None:
    late = audit.event("patient.view", clinic_id=ONE, at=NOW)
    write(2)
    seal_events(LATER)
    late.save(force_insert=True)
    seal_events(LATER)
    assert verify_trail().breaks == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE clinics_auditevent SET action = 'nothing'",
        "UPDATE clinics_auditevent SET details = '{}'",
        "UPDATE clinics_auditevent SET digest = ''",
        "DELETE FROM clinics_auditevent",
    ],
)
@pytest.mark.parametrize("sealed", [True, False])
def test_the_database_refuses_changes(sql: str, sealed: bool) -> None:
    write(2)
    if sealed:
        seal_events(LATER)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert AuditEvent.objects.filter(action="patient.view").count() == 2


def test_an_entry_cannot_be_sealed_twice() -> None:
    write(2)
    seal_events(LATER)
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEvent.objects.filter(clinic_id=ONE).update(digest="x", position=9)


def test_the_orm_is_refused_as_well() -> None:
    write(1)
    event = AuditEvent.objects.get(clinic_id=ONE)
    event.action = "nothing"
    with pytest.raises(DatabaseError), transaction.atomic():
        event.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        event.delete()


def last() -> AuditEvent:
    return AuditEvent.objects.filter(clinic_id=ONE).order_by("-position")[0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda: AuditEvent.objects.filter(position=2).update(action="nothing"), "changed"),
        (lambda: AuditEvent.objects.filter(position=2).update(details={"number": 7}), "changed"),
        (lambda: AuditEvent.objects.filter(position=2).update(at=LATER), "changed"),
        (lambda: AuditEvent.objects.filter(position=2).delete(), "missing"),
        (lambda: AuditEvent.objects.filter(position=1).delete(), "missing"),
        (lambda: AuditEvent.objects.filter(pk=last().pk).delete(), "end"),
        (lambda: AuditEvent.objects.all().delete(), "end"),
        (lambda: AuditEvent.objects.filter(position=4).update(clinic_id=OTHER), "end"),
    ],
)
def test_what_somebody_did_behind_the_back_is_found(change: Callable[[], object], reason: str) -> None:
    write(4)
    seal_events(LATER)
    assert verify_trail().breaks == []
    behind_the_back(change)
    assert reason in {found.reason for found in verify_trail().breaks}
    with pytest.raises(CommandError) as refused:
        verify()
    assert refused.value.returncode == 1


def test_the_triggers_outlive_every_migration() -> None:
    write(1)
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEvent.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_two_workers_seal_each_entry_once() -> None:
    write(60)

    def seal(_number: int) -> int:
        try:
            return seal_events(LATER)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=4) as pool:
        assert sum(pool.map(seal, range(4))) == 60
    assert verify_trail().breaks == []
