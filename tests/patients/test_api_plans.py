"""Patients, assignments, pauses, measurements, alerts and the caseload by the API."""

import datetime as dt
import uuid
from typing import Any

import pytest

from clinics.localtime import local_day
from clinics.models import AuditEvent
from patients.actions.diary import check_in
from patients.actions.tailoring import tailor_plan
from patients.models import Alert, Assessment, Assignment, Patient, Pause, ScheduledSession
from programs.rules.tailoring import Edit
from tests.caller import Caller
from tests.cast import Cast

# --- patients -------------------------------------------------------------------------------


def test_staff_open_a_record_and_change_it(cast: Cast) -> None:
    staff = Caller(cast.therapist)
    made = staff.post("patients/", {"first_name": "Ida", "last_name": "Weber", "email": "ida@patients.example", "born_on": "1971-02-03"})
    assert made.status_code == 201
    patient = Patient.objects.get(pk=made.json()["id"])
    assert (patient.clinic, patient.therapist, patient.born_on) == (cast.riverside, cast.therapist, dt.date(1971, 2, 3))
    changed = staff.patch(f"patients/{patient.pk}/", {"phone": "+49 30 1", "therapist": cast.therapist2.pk})
    assert (changed.status_code, changed.json()["therapist"], changed.json()["first_name"]) == (200, str(cast.therapist2.pk), "Ida")
    assert staff.patch(f"patients/{patient.pk}/", {}).status_code == 400


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"first_name": "   "}, "first_name"),
        ({"first_name": "x" * 81}, "first_name"),
        ({"first_name": 7}, "first_name"),
        ({"email": "not an address"}, "email"),
        ({"born_on": "2999-01-01"}, "born_on"),
        ({"born_on": "1066-10-14"}, "born_on"),
        ({"sex": "x"}, "sex"),
        ({"language": "fr"}, "language"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
        ({"clinic": "x"}, "clinic"),
        ({"membership": "x"}, "membership"),
        ({"status": "archived"}, "status"),
        ({"is_test": True}, "is_test"),
        ({"search_text": "x"}, "search_text"),
    ],
)
def test_master_data_have_their_limits_for_new_and_old_records(cast: Cast, change: dict[str, Any], field: str) -> None:
    staff = Caller(cast.therapist)
    before = Patient.objects.filter(pk=cast.hannah.pk).values().get()
    for answer in (
        staff.post("patients/", {"first_name": "Ida", "last_name": "Weber", **change}),
        staff.patch(f"patients/{cast.hannah.pk}/", change),
    ):
        assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
    assert Patient.objects.filter(pk=cast.hannah.pk).values().get() == before
    assert not Patient.objects.filter(first_name="Ida").exists()


def test_a_therapist_of_another_clinic_cannot_be_named(cast: Cast) -> None:
    staff = Caller(cast.therapist)
    for person in (cast.harbour_therapist, cast.both_harbour, cast.hannah.membership):
        assert person is not None
        answer = staff.patch(f"patients/{cast.hannah.pk}/", {"therapist": person.pk})
        assert answer.json()["fields"] == {"therapist": ["This was not found."]}
    assert Patient.objects.get(pk=cast.hannah.pk).therapist == cast.therapist


def test_a_number_in_use_is_a_conflict(cast: Cast) -> None:
    staff = Caller(cast.therapist)
    assert staff.post("patients/", {"first_name": "A", "last_name": "B", "number": cast.hannah.number}).status_code == 409
    assert staff.post("patients/", {"first_name": "A", "last_name": "B", "number": "X-1"}).status_code == 201
    assert Caller(cast.harbour_therapist).post("patients/", {"first_name": "A", "last_name": "B", "number": "X-1"}).status_code == 201


def test_a_patient_sees_the_own_record_and_no_other(cast: Cast) -> None:
    patient = Caller(cast.hannah.membership)
    assert [one["id"] for one in patient.every("patients/")] == [str(cast.hannah.pk)]
    assert patient.get(f"patients/{cast.hannah.pk}/").json()["email"] == "hannah@patients.example"
    missing = patient.get(f"patients/{uuid.uuid4()}/")
    for other in (cast.marek, cast.wei):
        foreign = patient.get(f"patients/{other.pk}/")
        assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert patient.patch(f"patients/{cast.hannah.pk}/", {"phone": "1"}).status_code == 403
    assert patient.post("patients/", {"first_name": "A", "last_name": "B"}).status_code == 403


def test_patients_are_found_by_words_and_only_at_home(cast: Cast) -> None:
    staff = Caller(cast.therapist)
    names = [one["last_name"] for one in staff.every("patients/", page_size=1)]
    assert names == sorted(names)
    assert {one["id"] for one in staff.every("patients/", q="hann brandt")} == {str(cast.hannah.pk)}
    assert staff.every("patients/", q="Wei") == []
    assert {one["id"] for one in Caller(cast.harbour_manager).every("patients/")} == {str(cast.wei.pk)}


# --- assignments ----------------------------------------------------------------------------


def dates(cast: Cast, key: str = "leg") -> dict[str, Any]:
    start = cast.now.date() + dt.timedelta(days=3)
    return {
        "version": cast.version(key).pk,
        "starts_on": start,
        "supervised_weekdays": [1, 4],
        "home_weekdays": [2, 5, 7],
        "supervised_time": "17:00",
    }


def test_a_program_is_previewed_given_and_ended(cast: Cast) -> None:
    staff = Caller(cast.therapist)
    preview = staff.post("assignments/preview/", dates(cast))
    assert preview.status_code == 200
    assert len(preview.json()["sessions"]) == 40
    assert sum(one["starts_at"] is not None for one in preview.json()["sessions"]) == 16
    assert not Assignment.objects.filter(patient=cast.marek).exists()
    made = staff.post("assignments/", {"patient": cast.marek.pk, **dates(cast)})
    assert (made.status_code, made.json()["status"], made.json()["version"]["program"]["code"]) == (201, "held", "LL")
    planned = [one["on"] for one in staff.every("sessions/", assignment=made.json()["id"])]
    assert planned == [one["on"] for one in preview.json()["sessions"]]
    assert staff.post("assignments/", {"patient": cast.marek.pk, **dates(cast)}).status_code == 409
    address = f"assignments/{made.json()['id']}/"
    assert staff.post(f"{address}end/", {"reason": " "}).status_code == 400
    ended = staff.post(f"{address}end/", {"reason": "Moved away"})
    assert (ended.status_code, ended.json()["status"]) == (200, "ended")
    assert staff.post(f"{address}end/", {"reason": "again"}).status_code == 409
    assert not ScheduledSession.objects.planned().filter(assignment_id=made.json()["id"]).exists()


def test_an_assignment_is_taken_back_until_something_was_logged(cast: Cast) -> None:
    staff = Caller(cast.therapist)
    made = staff.post("assignments/", {"patient": cast.marek.pk, **dates(cast)}).json()
    assert staff.post(f"assignments/{made['id']}/withdraw/").json()["status"] == "withdrawn"
    running = Assignment.objects.get(patient=cast.hannah)
    assert staff.post(f"assignments/{running.pk}/withdraw/").status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"starts_on": "2020-01-01"}, "starts_on"),
        ({"starts_on": "9999-12-31"}, "starts_on"),
        ({"starts_on": "0001-01-01"}, "starts_on"),
        ({"supervised_weekdays": [1]}, "supervised_weekdays"),
        ({"supervised_weekdays": [1, 8]}, "supervised_weekdays.1"),
        ({"supervised_weekdays": "14"}, "supervised_weekdays"),
        ({"home_weekdays": [1, 4, 5]}, "home_weekdays"),
        ({"home_weekdays": list(range(1, 8)) * 3}, "home_weekdays"),
        ({"supervised_time": "25:00"}, "supervised_time"),
        ({"supervised_time": None}, "supervised_time"),
        ({"version": "01900000-0000-7000-8000-000000000000"}, "version"),
        ({"version": 7}, "version"),
    ],
)
def test_dates_that_do_not_fit_are_refused_beside_their_field(cast: Cast, change: dict[str, Any], field: str) -> None:
    staff = Caller(cast.therapist)
    refused = staff.post("assignments/", {"patient": cast.marek.pk, **dates(cast), **change})
    assert (refused.status_code, list(refused.json()["fields"])) == (400, [field])
    assert not Assignment.objects.filter(patient=cast.marek).exists()


def test_nobody_gives_programs_across_clinics_or_to_themselves(cast: Cast) -> None:
    before = Assignment.objects.count()
    foreign = Caller(cast.harbour_therapist).post("assignments/", {"patient": cast.marek.pk, **dates(cast)})
    assert foreign.json()["fields"] == {"patient": ["This was not found."]}
    running = Assignment.objects.get(patient=cast.hannah)
    for what, body in (("end", {"reason": "x"}), ("withdraw", {})):
        assert Caller(cast.harbour_manager).post(f"assignments/{running.pk}/{what}/", body).status_code == 404
        assert Caller(cast.hannah.membership).post(f"assignments/{running.pk}/{what}/", body).status_code == 403
    assert Caller(cast.marek.membership).post("assignments/", {"patient": cast.marek.pk, **dates(cast)}).status_code == 403
    assert Assignment.objects.count() == before
    assert Caller(cast.hannah.membership).get(f"assignments/{running.pk}/").status_code == 200
    assert Caller(cast.marek.membership).get(f"assignments/{running.pk}/").status_code == 404


# --- pauses ---------------------------------------------------------------------------------


def test_a_pause_with_the_same_key_is_made_once(cast: Cast) -> None:
    patient = Caller(cast.hannah.membership)
    first = cast.now.date() + dt.timedelta(days=2)
    body = {"from_on": first, "to_on": first + dt.timedelta(days=6), "reason": "holiday", "client_key": str(uuid.uuid4())}
    made, again = patient.post("pauses/", body), patient.post("pauses/", body)
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json()
    assert patient.post("pauses/", {**body, "reason": "ill"}).status_code == 409
    assert patient.post("pauses/", {**body, "client_key": str(uuid.uuid4())}).status_code == 409
    assert Pause.objects.filter(patient=cast.hannah).count() == 1
    assert patient.every("pauses/") == [made.json()]
    assert Caller(cast.harbour_therapist).every("pauses/") == []


def test_a_pause_needs_a_running_program_and_days_that_make_sense(cast: Cast) -> None:
    day = cast.now.date() + dt.timedelta(days=2)
    body = {"from_on": day, "to_on": day, "reason": "ill"}
    assert Caller(cast.marek.membership).post("pauses/", body).status_code == 409
    patient, staff = Caller(cast.hannah.membership), Caller(cast.therapist)
    for change in ({"from_on": "2020-01-01"}, {"to_on": "2020-01-01"}, {"to_on": "9999-12-31"}, {"reason": "x"}, {"assignment": "x"}):
        assert patient.post("pauses/", {**body, **change}).status_code == 400, change
    assert staff.post("pauses/", body).json()["fields"].keys() == {"patient"}
    assert staff.post("pauses/", {**body, "patient": cast.wei.pk}).json()["fields"] == {"patient": ["This was not found."]}
    assert staff.post("pauses/", {**body, "patient": cast.hannah.pk}).status_code == 201


# --- measurements ---------------------------------------------------------------------------


def due(cast: Cast) -> Assessment:
    row: Assessment = Assessment.objects.get(patient=cast.hannah, key="middle")
    Assessment.objects.filter(pk=row.pk).update(due_on=cast.now.date())
    return row


def test_a_measurement_is_answered_once(cast: Cast) -> None:
    row, patient = due(cast), Caller(cast.hannah.membership)
    body = {"running_capability_0_10": 7, "running_pain_0_10": 2}
    first, again = patient.post(f"assessments/{row.pk}/answer/", body), patient.post(f"assessments/{row.pk}/answer/", body)
    assert (first.status_code, again.status_code, first.json()["status"]) == (200, 200, "done")
    assert first.json() == again.json()
    assert patient.post(f"assessments/{row.pk}/answer/", {**body, "running_pain_0_10": 9}).status_code == 409
    row.refresh_from_db()
    assert row.running_pain_0_10 == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"running_capability_0_10": 7},
        {"running_capability_0_10": 11, "running_pain_0_10": 1},
        {"running_capability_0_10": "7", "running_pain_0_10": 1},
        {"running_capability_0_10": 7, "running_pain_0_10": 1, "status": "done"},
        {"running_capability_0_10": 7, "no_run_this_week": 1},
        {"running_capability_0_10": 7, "running_pain_0_10": 1, "running_described": "x" * 121},
    ],
)
def test_answers_of_a_measurement_have_their_limits(cast: Cast, body: dict[str, Any]) -> None:
    row, patient = due(cast), Caller(cast.hannah.membership)
    assert patient.post(f"assessments/{row.pk}/answer/", body).status_code == 400
    assert patient.post(f"assessments/{row.pk}/answer/", {"running_capability_0_10": 7, "no_run_this_week": True}).status_code == 200


def test_nobody_else_answers_a_measurement(cast: Cast) -> None:
    row = due(cast)
    for member in (cast.marek.membership, cast.wei.membership, cast.harbour_therapist):
        answer = Caller(member).post(f"assessments/{row.pk}/answer/", {"running_capability_0_10": 7, "no_run_this_week": True})
        assert answer.status_code == 404
    assert (
        Caller(cast.therapist).post(f"assessments/{row.pk}/answer/", {"running_capability_0_10": 7, "no_run_this_week": True}).status_code
        == 200
    )


# --- alerts and the caseload ----------------------------------------------------------------


def test_an_alert_is_for_the_clinic_and_acknowledged_once(cast: Cast) -> None:
    check_in(patient=cast.hannah, pain_0_10=8, readiness_0_10=1, by=cast.hannah.membership, now=cast.now)
    staff = Caller(cast.therapist)
    [alert] = staff.every("alerts/", status="open", rule="pain_level", patient=cast.hannah.pk)
    assert (alert["rule"], alert["patient"]) == ("pain_level", str(cast.hannah.pk))
    for path in ("alerts/", f"alerts/{alert['id']}/"):
        assert Caller(cast.hannah.membership).get(path).status_code == 403
    assert Caller(cast.harbour_therapist).get(f"alerts/{alert['id']}/").status_code == 404
    assert Caller(cast.harbour_therapist).post(f"alerts/{alert['id']}/acknowledge/", {"note": "x"}).status_code == 404
    assert Caller(cast.hannah.membership).post(f"alerts/{alert['id']}/acknowledge/", {"note": "x"}).status_code == 403
    seen = staff.post(f"alerts/{alert['id']}/acknowledge/", {"note": "Called"})
    assert (seen.status_code, seen.json()["status"], seen.json()["seen_by"]) == (200, "acknowledged", str(cast.therapist.pk))
    assert staff.post(f"alerts/{alert['id']}/acknowledge/", {"note": "again"}).status_code == 409
    assert Alert.objects.get(pk=alert["id"]).note == "Called"


def test_the_caseload_brings_the_most_worrying_first_over_pages(cast: Cast) -> None:
    staff = Caller(cast.therapist)
    assert {one["id"] for one in staff.every("caseload/", page_size=1)} == {str(one.pk) for one in (cast.hannah, cast.marek, cast.lena)}
    check_in(patient=cast.marek, pain_0_10=3, readiness_0_10=5, signs=["fainting"], by=cast.marek.membership, now=cast.now)
    rows = staff.every("caseload/", page_size=1)
    assert rows[0]["patient"]["last_name"] == "Novák"
    assert (rows[0]["level"], rows[0]["reasons"][0]["rule"]) == (3, "stop_sign")
    assert [one["level"] for one in rows] == sorted((one["level"] for one in rows), reverse=True)
    hannah = staff.get(f"caseload/{cast.hannah.pk}/").json()
    assert (hannah["program_code"], hannah["pain_series"], len(hannah["week_ticks"])) == ("LL", [3, 3, 2], 8)
    assert [one["id"] for one in staff.every("caseload/", level="3")] == [str(cast.marek.pk)]
    assert [one["id"] for one in staff.every("caseload/", q="Brandt")] == [str(cast.hannah.pk)]
    assert staff.get(f"caseload/{cast.wei.pk}/").status_code == 404
    assert Caller(cast.hannah.membership).get("caseload/").status_code == 403
    shown = AuditEvent.objects.filter(action="caseload.list", clinic_id=cast.riverside.pk).latest("id")
    assert shown.details["ids"] == [str(cast.hannah.pk)]


def test_a_change_of_a_plan_is_read_in_sentences_by_both_sides_and_by_nobody_else(cast: Cast) -> None:
    assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program", "clinic").get(
        patient=cast.hannah
    )
    change = tailor_plan(
        assignment=assignment,
        changes=[Edit("home", 0, "wall_sit", dose={"sets": 1})],
        reason="Knee",
        from_on=local_day(cast.now, cast.hannah.zone),
        until="week",
        by=cast.therapist,
        now=cast.now,
    )
    for member in (cast.therapist, cast.hannah.membership):
        (row,) = Caller(member).every("plan-changes/")
        assert (row["id"], row["version"], row["reason"]) == (str(change.pk), str(change.version_id), "Knee")
        assert row["sentences"] == ["Wall sit: 1 set instead of 3, in week 3 (at home)"]
        assert Caller(member).get(f"plan-changes/{change.pk}/").json()["from_on"] == change.from_on.isoformat()
    for stranger in (cast.harbour_therapist, cast.marek.membership):
        assert Caller(stranger).every("plan-changes/") == []
        assert Caller(stranger).get(f"plan-changes/{change.pk}/").status_code == 404


def test_a_program_ends_with_its_outcome(cast: Cast) -> None:
    assignment = Assignment.objects.get(patient=cast.hannah)
    staff = Caller(cast.therapist)
    assert staff.post(f"assignments/{assignment.pk}/end/", {"reason": "free of pain", "outcome": "bored"}).status_code == 400
    ended = staff.post(f"assignments/{assignment.pk}/end/", {"reason": "free of pain", "outcome": "better"})
    assert (ended.status_code, ended.json()["status"], ended.json()["end_outcome"]) == (200, "ended", "better")
