"""Unusual access in a clinic: what is found in the trail, what is not, the note of a manager, and what it costs."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinics import audit
from clinics.localtime import local_day, to_utc
from clinics.models import AuditEvent, Membership
from patients.access import find_unusual
from patients.actions.cover import arrange_cover
from patients.actions.handover import hand_over
from patients.actions.people import create_patient
from patients.models import AccessReview, Cover, Patient
from patients.rules.access import Kind
from tests.cast import Cast, sign_in

pytestmark = pytest.mark.django_db

PAGE = "/clinic/access/"


def noon(cast: Cast, ago: int = 1) -> dt.datetime:
    """Return noon in the clinic so many days ago."""
    return to_utc(local_day(cast.now, "Europe/Berlin") - dt.timedelta(days=ago), dt.time(12), "Europe/Berlin")


def look(patient: Patient, by: Membership, at: dt.datetime, **more: Any) -> None:
    audit.record_many([audit.event("patient.view", row=patient, patient_id=patient.pk, by=by, at=at, **more)])


def kinds(cast: Cast, by: Membership | None = None) -> dict[Kind, int]:
    """Return what is found, by kind, with how many."""
    member = by or cast.manager
    return {flag.kind: flag.count for flag in find_unusual(Membership.objects.select_related("clinic").get(pk=member.pk), cast.now)}


def extra_patient(cast: Cast, name: str = "Zed") -> Patient:
    """Return a patient nobody has anything to do with but the manager."""
    return create_patient(clinic=cast.riverside, by=cast.manager, now=cast.now, first_name=name, last_name="Alone", email="")


def test_a_usual_day_is_not_unusual(cast: Cast) -> None:
    look(cast.hannah, cast.therapist, noon(cast))
    look(cast.hannah, cast.manager, noon(cast))
    look(cast.hannah, cast.hannah.membership, noon(cast))  # type: ignore[arg-type]
    assert kinds(cast) == {}


def test_a_record_opened_without_a_reason(cast: Cast) -> None:
    look(extra_patient(cast), cast.therapist, noon(cast))
    assert kinds(cast) == {Kind.OTHER: 1}
    assert kinds(cast, cast.harbour_manager) == {}, "a clinic never sees another's trail"


def test_standing_in_or_having_handed_over_that_day_is_a_reason(cast: Cast) -> None:
    cast.riverside.access_from, cast.riverside.access_to = dt.time(0), dt.time(23, 59, 59)
    cast.riverside.save()
    patient, at = extra_patient(cast), cast.now
    today = local_day(cast.now, "Europe/Berlin")
    look(patient, cast.therapist, at)
    cover = arrange_cover(covered=cast.manager, by_whom=cast.therapist, from_on=today, to_on=today, by=cast.manager, now=cast.now)
    assert kinds(cast) == {}
    Cover.objects.filter(pk=cover.pk).delete()
    assert kinds(cast) == {Kind.OTHER: 1}
    Patient.objects.filter(pk=patient.pk).update(therapist=cast.therapist)
    hand_over(source=cast.therapist, target=cast.manager, patients=[patient.pk], by=cast.manager, now=cast.now)
    assert kinds(cast) == {}


@pytest.mark.parametrize("how", ["address", "name", "former"])
def test_the_record_of_somebody_who_works_or_worked_here(cast: Cast, how: str) -> None:
    patient = extra_patient(cast)
    if how == "name":
        Patient.objects.filter(pk=patient.pk).update(first_name="Amara", last_name="Diallo", search_text="amara diallo")
    else:
        Patient.objects.filter(pk=patient.pk).update(email="therapist2@riverside.example")
    if how == "former":
        Membership.objects.filter(pk=cast.therapist2.pk).update(status="ended")
    look(patient, cast.therapist, noon(cast))
    assert kinds(cast) == {Kind.COLLEAGUE: 1}
    Patient.objects.filter(pk=patient.pk).update(therapist=cast.therapist)
    assert kinds(cast) == {}, "whoever treats a colleague has a reason"


def test_more_records_within_any_hour_than_the_clinic_allows(cast: Cast) -> None:
    cast.riverside.access_records_per_hour = 10
    cast.riverside.save()
    rows = [extra_patient(cast, f"P{n}") for n in range(11)]
    start = noon(cast) + dt.timedelta(minutes=40)
    for n, row in enumerate(rows[:10]):
        look(row, cast.manager, start + dt.timedelta(minutes=4 * n))
    assert kinds(cast) == {}
    look(rows[10], cast.manager, start + dt.timedelta(minutes=41))
    assert kinds(cast) == {Kind.MANY: 11}


def test_at_night_is_a_weak_sign_by_the_clinics_clock_and_hours(cast: Cast) -> None:
    look(cast.hannah, cast.therapist, noon(cast) + dt.timedelta(hours=9, minutes=59))
    assert kinds(cast) == {}
    look(cast.hannah, cast.therapist, noon(cast) + dt.timedelta(hours=10))
    assert kinds(cast) == {Kind.NIGHT: 1}
    cast.riverside.access_to = dt.time(23, 30)
    cast.riverside.save()
    assert kinds(cast) == {}


def test_refused_attempts_in_a_row(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    for _time in range(5):
        assert client.get("/clinic/trail/").status_code == 403
    cast.now += dt.timedelta(minutes=5)
    assert kinds(cast) == {Kind.REFUSED: 5}


def test_a_manager_notes_what_was_found_and_more_evidence_brings_it_back(client: Client, cast: Cast) -> None:
    patient = extra_patient(cast)
    look(patient, cast.therapist, noon(cast))
    sign_in(client, cast.manager)
    (entry,) = client.get(PAGE).context["new"]
    sent = {"kind": "other", "actor": str(cast.therapist.user_id), "day": str(entry["flag"].on), "upto": entry["upto"], "note": ""}
    refused = client.post(PAGE, sent)
    assert refused.status_code == 422
    assert "Please write what you found." in refused.content.decode()
    assert client.post(PAGE, {**sent, "note": "asked: was on call"}).status_code == 302
    page = client.get(PAGE)
    assert (page.context["new"], [one["review"].note for one in page.context["seen"]]) == ([], ["asked: was on call"])
    assert client.post(PAGE, {**sent, "note": "me too"}).status_code == 409
    look(patient, cast.therapist, noon(cast) + dt.timedelta(hours=1))
    assert [one["who"] for one in client.get(PAGE).context["new"]] == ["Jonas Keller"]
    assert AuditEvent.objects.filter(action="access.review", clinic_id=cast.riverside.pk).count() == 1
    foreign = sign_in(Client(), cast.harbour_manager).get(PAGE)
    assert (foreign.context["new"], foreign.context["seen"]) == ([], [])


@pytest.mark.parametrize(
    "sent", [{"kind": "x"}, {"actor": "x"}, {"day": "x"}, {"upto": "x"}, {"upto": "2999-01-01T00:00:00Z"}, {"note": "x" * 501}]
)
def test_rubbish_is_noted_nowhere(client: Client, cast: Cast, sent: dict[str, str]) -> None:
    good = {"kind": "other", "actor": str(uuid.uuid4()), "day": "2026-01-01", "upto": "2026-01-01T10:00:00Z", "note": "x"}
    assert sign_in(client, cast.manager).post(PAGE, good | sent).status_code == 422
    assert not AccessReview.objects.exists()


def test_a_therapist_does_not_read_it(client: Client, cast: Cast) -> None:
    assert sign_in(client, cast.therapist).get(PAGE).status_code == 403


def test_many_entries_cost_as_many_queries_as_few(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(PAGE).status_code == 200
        return len(seen)

    look(extra_patient(cast), cast.therapist, noon(cast))
    count()
    few = count()
    for n in range(15):
        for days in (2, 3, 4):
            look(extra_patient(cast, f"P{days}{n}"), cast.therapist2, noon(cast, days))
    assert count() == few
    assert few <= 24
