"""The pages of handing over, leaving and cover: looked at before, refused beside the field, nothing typed is lost."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinics.localtime import local_day
from clinics.models import Membership
from patients.actions.cover import arrange_cover
from patients.actions.people import create_patient
from patients.models import Cover, Patient
from tests.caller import Caller
from tests.cast import Cast, sign_in

pytestmark = pytest.mark.django_db

HAND_OVER, COVER = "/clinic/hand-over/", "/clinic/cover/"


def day(cast: Cast, ahead: int) -> str:
    return str(local_day(cast.now, cast.riverside.time_zone) + dt.timedelta(days=ahead))


def with_therapist(member: Membership) -> set[str]:
    return set(Patient.objects.active().filter(therapist=member).values_list("first_name", flat=True))


def test_a_manager_looks_before_and_hands_over(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    page = client.get(HAND_OVER, {"from": str(cast.therapist.pk)})
    assert [line.name for line in page.context["lines"]] == ["Hannah Brandt", "Lena Vogt"]
    asked = {"from": str(cast.therapist.pk), "step": "preview", "target": str(cast.therapist2.pk), "which": "some", "reason": "part time"}
    refused = client.post(HAND_OVER, asked)
    assert refused.status_code == 422
    assert "Choose at least one patient." in refused.content.decode()
    assert 'value="part time"' in refused.content.decode()
    seen = client.post(HAND_OVER, {**asked, "patients": [str(cast.hannah.pk)]})
    text = seen.content.decode()
    assert "Hand 1 patient over to Amara Diallo?" in text
    assert with_therapist(cast.therapist) == {"Hannah", "Lena"}, "looking changes nothing"
    done = client.post(HAND_OVER, {**asked, "step": "confirm", "ids": seen.context["ids"]}, follow=True)
    assert "1 patient is now with Amara Diallo." in done.content.decode()
    assert with_therapist(cast.therapist2) == {"Hannah", "Marek"}
    again = client.post(HAND_OVER, {**asked, "step": "confirm", "ids": seen.context["ids"]}, follow=True)
    assert "somebody else was faster" in again.content.decode()


def test_a_therapist_sees_and_hands_over_the_own_ones_only(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    assert [line.name for line in client.get(HAND_OVER).context["lines"]] == ["Hannah Brandt", "Lena Vogt"]
    assert client.get(HAND_OVER, {"from": str(cast.therapist2.pk)}).status_code == 404
    assert client.get(HAND_OVER, {"from": "none"}).status_code == 404
    sent = {"from": str(cast.therapist2.pk), "step": "confirm", "ids": str(cast.marek.pk), "target": str(cast.therapist.pk)}
    assert client.post(HAND_OVER, sent).status_code == 404
    assert with_therapist(cast.therapist2) == {"Marek"}


@pytest.mark.parametrize("sent", [{"ids": "x"}, {"ids": ""}, {"target": "x"}, {"target": ""}, {"from": "'"}, {"ids": "1" * 5000}])
def test_rubbish_hands_nobody_over(client: Client, cast: Cast, sent: dict[str, str]) -> None:
    good = {"from": str(cast.therapist.pk), "step": "confirm", "ids": str(cast.hannah.pk), "target": str(cast.therapist2.pk)}
    assert sign_in(client, cast.manager).post(HAND_OVER, good | sent).status_code in {302, 404}
    assert with_therapist(cast.therapist) == {"Hannah", "Lena"}


def test_patients_of_nobody_and_of_former_staff_are_offered_to_a_manager(client: Client, cast: Cast) -> None:
    Patient.objects.filter(pk=cast.lena.pk).update(therapist=None)
    Membership.objects.filter(pk=cast.therapist2.pk).update(status="ended")
    page = sign_in(client, cast.manager).get(HAND_OVER)
    found = {str(one.member): (one.count, one.is_former) for one in page.context["sources"]}
    assert found == {"Amara Diallo": (1, True), "Jonas Keller": (1, False), "None": (1, False)}
    none = client.get(HAND_OVER, {"from": "none"})
    assert [line.name for line in none.context["lines"]] == ["Lena Vogt"]


def test_the_list_costs_the_same_for_many_patients(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get(HAND_OVER, {"from": str(cast.therapist.pk)})
        return len(seen)

    count()
    few = count()
    for n in range(20):
        create_patient(clinic=cast.riverside, by=cast.therapist, now=cast.now, first_name=f"P{n}", last_name="Q", email="")
    assert count() == few


def test_ending_somebodys_access_asks_who_takes_the_patients(client: Client, cast: Cast) -> None:
    sign_in(client, cast.manager)
    path = f"/clinic/staff/{cast.therapist.pk}/end/"
    assert "2 patients are with this person" in client.get(path).content.decode()
    refused = client.post(path, {"reason": "moves away"})
    assert refused.status_code == 422
    assert 'value="moves away"' in refused.content.decode()
    assert Membership.objects.get(pk=cast.therapist.pk).is_current
    done = client.post(path, {"target": str(cast.therapist2.pk), "reason": "moves away"}, follow=True)
    assert "2 patients are now with Amara Diallo." in done.content.decode()
    assert not Membership.objects.get(pk=cast.therapist.pk).is_current
    assert sign_in(Client(), cast.therapist2).get(f"/clinic/staff/{cast.manager.pk}/end/").status_code == 403


def test_a_therapist_enters_a_holiday_and_the_colleague_sees_the_patients_as_theirs(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    wrong = client.post(COVER, {"by": str(cast.therapist2.pk), "from_on": day(cast, 2), "to_on": day(cast, 1)})
    assert wrong.status_code == 422
    assert "The last day lies before the first." in wrong.content.decode()
    assert client.post(COVER, {"by": str(cast.therapist2.pk), "from_on": day(cast, 0), "to_on": day(cast, 1)}).status_code == 302
    assert client.post(COVER, {"by": str(cast.manager.pk), "from_on": day(cast, 1), "to_on": day(cast, 3)}).status_code == 409
    colleague = sign_in(Client(), cast.therapist2)
    page = colleague.get("/patients/")
    assert page.context["chosen"]["who"] == "mine"
    text = page.content.decode()
    assert page.context["counts"].mine == 3
    assert text.count("for Jonas Keller until") >= 2
    assert "for Amara Diallo" not in text
    (cover,) = Cover.objects.all()
    assert colleague.post(f"{COVER}{cover.pk}/end/", follow=True).content.decode().count("You can arrange cover for yourself only") == 1
    client.post(f"{COVER}{cover.pk}/end/")
    assert colleague.get("/patients/").context["counts"].mine == 1


def test_past_covers_stay_in_the_list(client: Client, cast: Cast) -> None:
    today = local_day(cast.now, cast.riverside.time_zone)
    Cover.objects.create(
        clinic=cast.riverside, covered=cast.therapist, by=cast.therapist2, from_on=today - dt.timedelta(9), to_on=today - dt.timedelta(1)
    )
    arrange_cover(covered=cast.therapist, by_whom=cast.manager, from_on=today, to_on=today, by=cast.manager, now=cast.now)
    page = sign_in(client, cast.manager).get(COVER)
    assert (len(page.context["now"]), len(page.context["later"]), len(page.context["past"])) == (1, 0, 1)
    assert sign_in(Client(), cast.harbour_manager).get(COVER).context["past"].count() == 0


def test_for_whom_one_stands_in_costs_the_caseload_one_query_and_others_none(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist2)

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get("/patients/")
        return len(seen)

    count()
    before = count()
    today = local_day(cast.now, cast.riverside.time_zone)
    arrange_cover(covered=cast.therapist, by_whom=cast.therapist2, from_on=today, to_on=today, by=cast.manager, now=cast.now)
    assert count() == before + 1
    sign_in(client, cast.therapist)
    client.get("/patients/")
    assert count() == before


# --- by API ---------------------------------------------------------------------------------


def test_programs_arrange_cover_and_hand_over(cast: Cast) -> None:
    staff, manager = Caller(cast.therapist), Caller(cast.manager)
    body = {"by": str(cast.therapist2.pk), "from_on": day(cast, 0), "to_on": day(cast, 2)}
    made = staff.post("covers/", body)
    assert (made.status_code, made.json()["covered"]) == (201, str(cast.therapist.pk))
    assert staff.post("covers/", body).status_code == 409
    assert staff.post("covers/", {**body, "covered": str(cast.manager.pk)}).status_code == 403
    assert staff.post("covers/", {**body, "by": str(cast.harbour_therapist.pk)}).json()["fields"] == {"by": ["This was not found."]}
    colleague = Caller(cast.therapist2)
    assert len(colleague.every("caseload/", mine="true")) == 3
    assert len(colleague.every("caseload/", mine="false")) == 0
    assert staff.post(f"covers/{made.json()['id']}/end/").json()["ended_at"] is not None
    assert len(colleague.every("caseload/", mine="true")) == 1
    handed: Any = staff.post("handovers/", {"target": str(cast.therapist2.pk), "patients": [str(cast.hannah.pk)], "reason": "x"})
    assert handed.json() == {"moved": 1, "missed": 0, "reopened": 0}
    assert staff.post("handovers/", {"source": str(cast.therapist2.pk), "target": str(cast.therapist.pk)}).status_code == 403
    assert manager.post("handovers/", {"source": str(cast.therapist2.pk), "target": str(cast.manager.pk)}).json()["moved"] == 2
    assert [one["reason"] for one in manager.every("handovers/", patient=str(cast.hannah.pk))] == ["", "x"]
    assert Caller(cast.harbour_manager).every("handovers/") == []
    assert Caller(cast.hannah.membership).get("covers/").status_code == 403
