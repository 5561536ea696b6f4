"""Reads that are written once answer like the QuerySets they were made from."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinics.backends import open_doors
from clinics.models import AuditEvent, Membership, Role
from clinics.prepared import Prepared, PreparedForKeys, PreparedForStaff, PreparedInsert, PreparedOwn, PreparedUpdate
from patients.actions.diary import check_in
from patients.models import CheckIn, Patient
from tests.cast import Cast, member_of

by_user = Prepared(lambda user_id: Membership.objects.filter(user_id=user_id).select_related("clinic").order_by("pk"), user_id=uuid.UUID)
own_days = PreparedOwn(
    lambda member, since, note: CheckIn.objects.visible_to(member).filter(on__gte=since).exclude(note=note).order_by("on"),
    since=dt.date,
    note=str,
)


def test_it_reads_what_the_queryset_reads_with_relations_and_in_order(cast: Cast) -> None:
    for person in (cast.therapist, cast.both_harbour, cast.manager):
        expected = list(Membership.objects.filter(user=person.user).select_related("clinic").order_by("pk"))
        with CaptureQueriesContext(connection) as queries:
            found = by_user.rows(user_id=person.user_id)
            assert [(row, row.clinic, row.clinic.name, row.created_at) for row in found] == [
                (row, row.clinic, row.clinic.name, row.created_at) for row in expected
            ]
        assert len(queries) == 1
    assert by_user.first(user_id=uuid.uuid4()) is None


def test_what_a_patient_may_see_stays_theirs(cast: Cast) -> None:
    since = cast.now.date() - dt.timedelta(days=2)
    hannah, wei = member_of(cast.hannah), member_of(cast.wei)
    expected = list(CheckIn.objects.visible_to(hannah).filter(on__gte=since).order_by("on"))
    assert len(expected) == 2
    assert own_days.own_rows(hannah, since=since, note="x") == expected
    assert own_days.own_rows(hannah, since=cast.now.date() + dt.timedelta(days=9), note="x") == []
    assert own_days.own_rows(wei, since=since, note="x") == []
    assert own_days.own_rows(cast.therapist, since=since, note="x") == []
    hannah.status = Membership.Status.ENDED
    assert own_days.own_rows(hannah, since=since, note="x") == []


days_by_key = PreparedForKeys(
    lambda keys, since: CheckIn.objects.filter(patient_id__in=keys, on__gte=since).order_by("patient", "on").values_list("on", "done_at"),
    since=dt.date,
)
rows_by_key = PreparedForKeys(lambda keys: CheckIn.objects.filter(patient_id__in=keys).select_related("patient").order_by("patient", "on"))


def test_one_key_or_many_read_the_same(cast: Cast) -> None:
    since = cast.now.date() - dt.timedelta(days=2)
    check_in(patient=cast.marek, pain_0_10=2, readiness_0_10=7, by=member_of(cast.marek), now=cast.now)
    people = [cast.hannah.pk, cast.marek.pk, cast.wei.pk]
    assert len({row.patient_id for row in rows_by_key.rows(people)}) == 2
    for keys in ([], people[:1], people[1:2], people, people[:1]):
        assert days_by_key.rows(keys, since=since) == list(days_by_key.build(keys, since=since))
        assert [(row, row.patient) for row in rows_by_key.rows(keys)] == [(row, row.patient) for row in rows_by_key.build(keys)]


def test_a_person_who_may_not_come_in_any_more_has_no_open_door(cast: Cast) -> None:
    assert open_doors.rows(user_id=cast.therapist.user_id) == [cast.therapist]
    Membership.objects.filter(pk=cast.therapist.pk).update(status=Membership.Status.ENDED)
    assert open_doors.rows(user_id=cast.therapist.user_id) == []


def test_a_value_that_is_not_a_plain_parameter_is_refused(db: None) -> None:
    computed: Prepared[Any] = Prepared(lambda since: CheckIn.objects.filter(on__gte=since + dt.timedelta(days=1)), since=dt.date)
    with pytest.raises(ValueError, match="not a plain parameter: since"):
        computed.rows(since=dt.date(2026, 1, 1))


def days_of(member: Membership, since: dt.date) -> Any:
    """Everybody's check-ins for a manager, those of the own patients for a therapist."""
    rows = CheckIn.objects.visible_to(member).filter(on__gte=since)
    if member.role == Role.THERAPIST:
        rows = rows.filter(patient__therapist=member)
    return rows.order_by("patient", "on").values_list("patient_id", "on", "done_at")


staff_days = PreparedForStaff(days_of, since=dt.date)


def test_what_staff_may_see_is_read_for_each_role(cast: Cast) -> None:
    since = cast.now.date() - dt.timedelta(days=2)
    assert len(days_of(cast.manager, since)) > 1
    for member in (cast.manager, cast.therapist, cast.harbour_manager, cast.manager):
        assert staff_days.rows(member, since=since) == list(days_of(member, since))
    assert staff_days.rows(cast.harbour_therapist, since=since) == list(days_of(cast.harbour_therapist, since))


def test_what_staff_may_see_is_for_current_staff_only(cast: Cast) -> None:
    since = cast.now.date() - dt.timedelta(days=2)
    assert staff_days.rows(member_of(cast.hannah), since=since) == []
    cast.manager.status = Membership.Status.ENDED
    assert staff_days.rows(cast.manager, since=since) == []


def test_a_row_is_written_like_save_writes_it_and_only_once(cast: Cast) -> None:
    row = AuditEvent(action="test.write", details={"ids": ["ä", 1]}, address="10.0.0.1", at=timezone.now(), clinic_id=cast.riverside.pk)
    PreparedInsert(AuditEvent).write(row)
    stored = AuditEvent.objects.get(pk=row.pk)
    names = [field.attname for field in AuditEvent._meta.concrete_fields]
    assert {name: getattr(stored, name) for name in names} == {name: getattr(row, name) for name in names}
    with pytest.raises(IntegrityError):
        PreparedInsert(AuditEvent).write(row)


def test_an_update_takes_effect_only_where_the_row_is_as_it_was_read(cast: Cast) -> None:
    write = PreparedUpdate(Patient, ("first_name", "born_on"), ("pk", "first_name"))
    patient = Patient.objects.get(pk=cast.hannah.pk)
    patient.first_name, patient.born_on = "Hanna", dt.date(1970, 1, 2)
    assert not write.write(patient, patient.pk, "Somebody")
    assert write.write(patient, patient.pk, "Hannah")
    patient.refresh_from_db()
    assert (patient.first_name, patient.born_on) == ("Hanna", dt.date(1970, 1, 2))
    assert not write.write(patient, patient.pk, "Hannah")
