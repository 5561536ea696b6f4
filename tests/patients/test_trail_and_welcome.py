"""The manager's view of the trail, with what is unusual, and the first steps of a new clinic."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinics import audit
from clinics.models import AuditEvent, Clinic, Membership, Role
from patients.actions.people import create_patient
from tests.cast import Cast, person, sign_in

pytestmark = pytest.mark.django_db

TRAIL = "/clinic/trail/"


@pytest.mark.parametrize(("who", "status"), [("manager", 200), ("therapist", 403), ("harbour_manager", 200)])
def test_only_managers_read_it_and_only_their_own(client: Client, cast: Cast, who: str, status: int) -> None:
    audit.record("patient.view", row=cast.hannah, patient_id=cast.hannah.pk, by=cast.therapist)
    response = sign_in(client, getattr(cast, who)).get(TRAIL)
    assert response.status_code == status
    assert ("Hannah" in response.content.decode()) is (who == "manager")
    if status == 200:
        assert AuditEvent.objects.filter(action="trail.list", clinic_id=getattr(cast, who).clinic_id).exists()


@pytest.mark.parametrize("name", ["person", "patient", "group", "before"])
@pytest.mark.parametrize("value", ["x", "01900000-0000-7000-8000-000000000000", "'", "9" * 400, "id__gt"])
def test_filters_take_anything_and_show_nothing_foreign(client: Client, cast: Cast, name: str, value: str) -> None:
    assert sign_in(client, cast.manager).get(TRAIL, {name: value}).status_code == 200


def test_filters_narrow(client: Client, cast: Cast) -> None:
    audit.record("patient.view", row=cast.hannah, patient_id=cast.hannah.pk, by=cast.therapist)
    audit.record("patient.view", row=cast.marek, patient_id=cast.marek.pk, by=cast.therapist2)
    audit.record("login", clinic_id=cast.riverside.pk, by=cast.therapist)
    sign_in(client, cast.manager)

    def actions(**asked: Any) -> set[tuple[Any, Any]]:
        return {(row["event"].action, row["event"].actor_id) for row in client.get(TRAIL, asked).context["rows"]}

    assert {actor for _action, actor in actions(person=str(cast.therapist2.user_id))} == {cast.therapist2.user_id}
    assert {action for action, _actor in actions(group="sign_in")} == {"login"}
    assert all(action not in {"login", "trail.list"} for action, _actor in actions(patient=str(cast.marek.pk)))
    assert actions(patient=str(cast.wei.pk)) == set()


def test_older_entries_are_on_further_pages(client: Client, cast: Cast, django_assert_max_num_queries: Any) -> None:
    minutes = (timezone.now() - dt.timedelta(minutes=n) for n in range(120))
    about: dict[str, Any] = {"row": cast.hannah, "patient_id": cast.hannah.pk, "by": cast.therapist}
    audit.record_many(audit.event("patient.view", **about, at=at) for at in minutes)
    sign_in(client, cast.manager)
    seen: set[Any] = set()
    older = ""
    for _page in range(3):
        with django_assert_max_num_queries(20):
            context = client.get(
                TRAIL, {"before": older, "patient": str(cast.hannah.pk)} if older else {"patient": str(cast.hannah.pk)}
            ).context
        ids = {row["event"].pk for row in context["rows"]}
        assert not ids & seen
        seen |= ids
        older = str(context["older"] or "")
    assert len(seen) >= 120


def test_what_was_repeated_within_a_minute_is_one_row(client: Client, cast: Cast) -> None:
    at = timezone.now().replace(second=0, microsecond=0) - dt.timedelta(hours=1)
    about: dict[str, Any] = {"row": cast.hannah, "patient_id": cast.hannah.pk}
    for who, second, part in (
        (cast.therapist, 1, "plan"),
        (cast.therapist, 20, "record"),
        (cast.therapist, 58, "plan"),
        (cast.manager, 59, ""),
    ):
        audit.record("patient.view", **about, by=who, at=at + dt.timedelta(seconds=second), part=part)
    audit.record("patient.view", **about, by=cast.manager, at=at + dt.timedelta(seconds=61))
    sign_in(client, cast.manager)
    rows = client.get(TRAIL, {"patient": str(cast.hannah.pk), "group": "records"}).context["rows"]
    assert [(row["who"], row["times"]) for row in rows if row["text"] == "opened the record"] == [
        (cast.manager, 1),
        (cast.manager, 1),
        (cast.therapist, 3),
    ]
    told = client.get(reverse("patients:patient_record", args=[cast.hannah.pk])).content.decode()
    assert "(Plan, Record)" in told or "(Record, Plan)" in told


def test_who_opened_one_record_is_told_by_person_with_how_often(client: Client, cast: Cast) -> None:
    now = timezone.now()
    for by, hours in ((cast.therapist, 3), (cast.therapist, 2), (cast.therapist2, 1)):
        at = now - dt.timedelta(hours=hours)
        audit.record_many([audit.event("patient.view", row=cast.marek, patient_id=cast.marek.pk, by=by, at=at)])
    AuditEvent.objects.create(
        clinic_id=cast.riverside.pk, action="patient.view", role="administrator", actor_id=cast.admin.pk, patient_id=cast.marek.pk, at=now
    )
    page = sign_in(client, cast.manager).get(TRAIL, {"patient": str(cast.marek.pk)})
    assert [(str(one["who"]), one["times"]) for one in page.context["openers"]] == [("None", 1), ("Amara Diallo", 1), ("Jonas Keller", 2)]
    assert "Who opened the record of Marek Novák" in page.content.decode()
    foreign = sign_in(Client(), cast.harbour_manager).get(TRAIL, {"patient": str(cast.marek.pk)})
    assert foreign.context["openers"] == []


def test_a_new_clinic_sees_what_is_done_and_what_comes_next(client: Client, cast: Cast) -> None:
    clinic = Clinic.objects.create(name="Lakeside Physio", slug="lakeside")
    manager = person(clinic, Role.MANAGER, "m@lakeside.example", "Jo", "K")
    sign_in(client, manager)
    page = client.get("/welcome/")
    assert page.status_code == 200
    assert (page.context["done"], page.context["following"]) == (0, "clinic")
    assert "Lakeside Physio" in page.content.decode()
    Clinic.objects.filter(pk=clinic.pk).update(open_weekdays=[1, 2], phone="1")
    create_patient(clinic=clinic, by=manager, now=timezone.now(), first_name="A", last_name="B", email="")
    page = client.get("/welcome/")
    assert [step.is_done for step in page.context["steps"]] == [True, False, False, True]
    assert page.context["following"] == "programs"


def test_a_therapist_is_offered_only_what_they_may_do(client: Client, cast: Cast) -> None:
    page = sign_in(client, cast.therapist).get("/welcome/")
    links = {step.key: step.url for step in page.context["steps"]}
    assert links["clinic"] == ""
    assert links["team"] == ""
    assert links["patient"]
    member = cast.hannah.membership
    assert isinstance(member, Membership)
    assert sign_in(Client(), member).get("/welcome/").status_code == 403
