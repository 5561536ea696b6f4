"""Runs and shoes by the API: stored once, corrected, deleted for good, and nobody else's."""

import uuid
from decimal import Decimal
from typing import Any

import pytest

from clinics.models import AuditEvent
from patients.models import Correction, DeletedRun, Run, ScheduledSession, Shoe
from tests.caller import Caller
from tests.cast import Cast
from tests.patients.actions.test_runs import me, runner, session_of
from tests.patients.test_runs import a_run

__all__ = ("runner",)

RUN = {"distance_km": 5.2, "duration_seconds": 1900, "pain_worst_0_10": 2}


def test_a_run_is_stored_and_the_clinic_sees_it(cast: Cast) -> None:
    answer = Caller(me(cast.hannah)).post("runs/", {**RUN, "leg_pain_0_10": 1, "note": "By the river 🙂"})
    assert answer.status_code == 201
    body = answer.json()
    assert (body["distance_km"], body["duration_seconds"], body["source"], body["shoe"]) == (5.2, 1900, "hand", None)
    row = Run.objects.get(pk=body["id"])
    assert (row.patient, row.distance_km, row.entered_by) == (cast.hannah, Decimal("5.20"), me(cast.hannah))
    assert Caller(cast.therapist).get(f"runs/{row.pk}/").json() == body
    assert AuditEvent.objects.filter(action="run.view", object_id=row.pk).exists()


def test_the_same_key_is_stored_once_and_other_content_is_refused(cast: Cast) -> None:
    caller, key = Caller(me(cast.hannah)), str(uuid.uuid4())
    assert [caller.post("runs/", RUN, Idempotency_Key=key).status_code for _turn in range(2)] == [201, 200]
    assert caller.post("runs/", {**RUN, "distance_km": 6}, Idempotency_Key=key).status_code == 409
    assert Run.objects.count() == 1


def test_a_deleted_run_is_gone_and_its_key_stays_taken(cast: Cast) -> None:
    caller, key = Caller(me(cast.hannah)), str(uuid.uuid4())
    row = caller.post("runs/", {**RUN, "client_key": key}).json()
    assert [caller.delete(f"runs/{row['id']}/").status_code for _turn in range(2)] == [204, 204]
    assert caller.get(f"runs/{row['id']}/").status_code == 404
    refused = caller.post("runs/", {**RUN, "client_key": key})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert (Run.objects.count(), DeletedRun.objects.count()) == (0, 1)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pain_worst_0_10": 11}, "pain_worst_0_10"),
        ({"pain_worst_0_10": None}, "pain_worst_0_10"),
        ({"distance_km": "5"}, "distance_km"),
        ({"distance_km": 0}, "distance_km"),
        ({"distance_km": 5.123}, "distance_km"),
        ({"distance_km": 1e300}, "distance_km"),
        ({"distance_km": 30}, "distance_km"),
        ({"distance_km": None, "duration_seconds": None}, "distance_km"),
        ({"duration_seconds": 10**30}, "duration_seconds"),
        ({"average_heart_rate": 7}, "average_heart_rate"),
        ({"shoe": "01900000-0000-7000-8000-000000000000"}, "shoe"),
        ({"session": "01900000-0000-7000-8000-000000000000"}, "session"),
        ({"source": "guess"}, "source"),
        ({"on": "2999-01-01"}, "on"),
        ({"patient_id": "x"}, "patient_id"),
        ({"entered_by": "x"}, "entered_by"),
    ],
)
def test_what_cannot_be_is_refused_by_field(cast: Cast, change: dict[str, Any], field: str) -> None:
    answer = Caller(me(cast.hannah)).post("runs/", RUN | change)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert Run.objects.count() == 0


def test_a_run_walk_session_is_logged_with_its_run(runner: Cast) -> None:
    session = session_of(runner)
    body = {"duration_seconds": 1800, "pain_worst_0_10": 1, "session": str(session.pk)}
    answer = Caller(me(runner.hannah)).post("runs/", body)
    assert answer.status_code == 201
    assert answer.json()["session"] == str(session.pk)
    assert ScheduledSession.objects.get(pk=session.pk).status == "done"
    assert Caller(me(runner.hannah)).post("runs/", body).status_code == 409


def test_a_session_or_shoe_of_somebody_else_is_not_found(cast: Cast) -> None:
    foreign = ScheduledSession.objects.filter(patient=cast.wei).first()
    assert foreign is not None
    assert Caller(me(cast.hannah)).post("runs/", {**RUN, "session": str(foreign.pk)}).status_code == 400
    mareks = Caller(me(cast.marek)).post("shoes/", {"name": "Mine"}).json()
    assert Caller(me(cast.hannah)).post("runs/", {**RUN, "shoe": mareks["id"]}).status_code == 400
    # Staff see both people, and still cannot mix them.
    of_hannah = ScheduledSession.objects.filter(patient=cast.hannah).first()
    assert of_hannah is not None
    mixed = Caller(cast.therapist).post("runs/", {**RUN, "patient": str(cast.marek.pk), "session": str(of_hannah.pk)})
    assert (mixed.status_code, list(mixed.json()["fields"])) == (400, ["session"])


def test_a_correction_keeps_what_was_said_and_staff_say_why(cast: Cast) -> None:
    row = a_run(cast.hannah, cast.now)
    assert Caller(me(cast.hannah)).patch(f"runs/{row.pk}/", {"distance_km": 4.5}).json()["distance_km"] == 4.5
    assert Caller(cast.therapist).patch(f"runs/{row.pk}/", {"distance_km": 4}).status_code == 400
    assert Caller(cast.therapist).patch(f"runs/{row.pk}/", {"distance_km": 4, "reason": "typo"}).status_code == 200
    assert Correction.objects.filter(object_id=row.pk).count() == 2
    assert Caller(me(cast.hannah)).patch(f"runs/{row.pk}/", {}).status_code == 400


@pytest.mark.parametrize("name", ["marek", "wei", "harbour_manager", "harbour_therapist"])
def test_others_find_nothing(cast: Cast, name: str) -> None:
    row = a_run(cast.hannah, cast.now)
    who = getattr(cast, name)
    caller = Caller(getattr(who, "membership", who))
    found = [caller.get(f"runs/{row.pk}/"), caller.patch(f"runs/{row.pk}/", {"note": "x"})]
    assert [one.status_code for one in found] == [404, 404]
    assert caller.delete(f"runs/{row.pk}/").status_code == (404 if name in {"marek", "wei"} else 403)
    assert caller.every("runs/") == []


def test_staff_do_not_delete_runs(cast: Cast) -> None:
    row = a_run(cast.hannah, cast.now)
    assert Caller(cast.therapist).delete(f"runs/{row.pk}/").status_code == 403
    assert Run.objects.filter(pk=row.pk).exists()


def test_shoes_carry_the_kilometres_of_their_runs(cast: Cast) -> None:
    caller, key = Caller(me(cast.hannah)), str(uuid.uuid4())
    shoe = caller.post("shoes/", {"name": "Blue ones", "client_key": key}).json()
    assert (shoe["km"], shoe["limit_km"], shoe["retired_on"]) == (0, 650, None)
    assert caller.post("shoes/", {"name": "Blue ones", "client_key": key}).status_code == 200
    assert caller.post("shoes/", {"name": "Red ones", "client_key": key}).status_code == 409
    run = caller.post("runs/", {**RUN, "shoe": shoe["id"]}).json()
    caller.post("runs/", {**RUN, "shoe": shoe["id"]})
    assert caller.get(f"shoes/{shoe['id']}/").json()["km"] == 10.4
    caller.delete(f"runs/{run['id']}/")
    assert [row["km"] for row in caller.every("shoes/", in_use="true")] == [5.2]
    aside = caller.patch(f"shoes/{shoe['id']}/", {"in_use": False})
    assert (aside.status_code, aside.json()["retired_on"] is not None) == (200, True)
    assert caller.patch(f"shoes/{shoe['id']}/", {"in_use": False}).status_code == 409
    assert caller.every("shoes/", in_use="true") == []
    assert caller.patch(f"shoes/{shoe['id']}/", {"in_use": True}).json()["retired_on"] is None
    assert Shoe.objects.count() == 1
    assert Caller(cast.therapist).post("shoes/", {"name": "x", "patient": str(cast.hannah.pk)}).status_code == 403
