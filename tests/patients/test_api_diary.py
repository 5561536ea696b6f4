"""Check-ins and symptom reports by the API: what is stored, what is refused, and that both stand side by side."""

import datetime as dt
import json
import uuid
from typing import Any

import pytest

from clinics.localtime import local_day
from clinics.models import AuditEvent, User
from patients.actions.diary import check_in
from patients.models import Assignment, CaseloadEntry, CheckIn, Correction, SymptomReport
from tests.caller import Caller
from tests.cast import Cast

ANSWERS = {"pain_0_10": 3, "readiness_0_10": 6}


def today(cast: Cast) -> dt.date:
    """Return the day it is where the patient lives; before midnight in UTC it is tomorrow there."""
    return local_day(cast.now, cast.hannah.zone)


def test_a_patient_checks_in_and_the_clinic_sees_it_at_once(cast: Cast) -> None:
    answer = Caller(cast.hannah.membership).post("check-ins/", {**ANSWERS, "note": "Slept well 🙂"})
    assert answer.status_code == 201
    body = answer.json()
    assert (body["pain_0_10"], body["note"], body["source"]) == (3, "Slept well 🙂", "api")
    row = CheckIn.objects.get(pk=body["id"])
    assert (row.patient, row.clinic, row.entered_by) == (cast.hannah, cast.riverside, cast.hannah.membership)
    seen = Caller(cast.therapist).get(f"check-ins/{row.pk}/").json()
    assert seen == body
    assert CaseloadEntry.objects.get(patient=cast.hannah).last_pain == 3


@pytest.mark.parametrize("name", ["pain_0_10", "readiness_0_10"])
@pytest.mark.parametrize("value", [11, -1, 3.7, 3.0, "3", "NaN", True, None, [], {}, 10**30])
def test_an_answer_is_a_whole_number_from_0_to_10_and_nothing_else(cast: Cast, name: str, value: object) -> None:
    answer = Caller(cast.hannah.membership).post("check-ins/", {**ANSWERS, name: value})
    assert answer.status_code == 400
    assert answer.json() == {
        "code": "invalid",
        "detail": "Please check what was sent.",
        "fields": {name: ["Choose a number from 0 to 10."]},
    }


@pytest.mark.parametrize(
    ("raw", "status", "word"),
    [
        (b'{"pain_0_10": NaN, "readiness_0_10": 5}', 400, "valid JSON"),
        (b'{"pain_0_10": 1e999, "readiness_0_10": 5}', 400, "valid JSON"),
        (b'{"pain_0_10": ' + b"1" * 401 + b', "readiness_0_10": 5}', 400, "valid JSON"),
        (b'{"pain_0_10": 3, "readiness_0_10": 5, "note": "a\\u0000b"}', 400, "cannot be stored"),
        (b'{"pain_0_10": 3, "readiness_0_10": 5, "note": "a\\ud800b"}', 400, "cannot be stored"),
        (b'{"pain_0_10": 3, "readiness_0_10": 5, "note": "\xff"}', 400, "UTF-8"),
        (b"[" * 5000 + b"]" * 5000, 400, "too deeply"),
        (b'{"note": "' + b"x" * 2_700_000 + b'"}', 413, "too large"),
        (b"pain", 400, "valid JSON"),
        (b"[1, 2]", 400, "check what was sent"),
        (b'"pain"', 400, "check what was sent"),
        (b"null", 400, "check what was sent"),
        (b"", 400, "check what was sent"),
    ],
    ids=["nan", "infinity", "endless", "nul", "surrogate", "bytes", "deep", "large", "no json", "list", "text", "null", "empty"],
)
def test_rubbish_is_refused_with_a_sentence(cast: Cast, raw: bytes, status: int, word: str) -> None:
    caller = Caller(cast.hannah.membership)
    answer = caller.send("POST", "check-ins/", raw)
    assert answer.status_code == status
    assert word in answer.json()["detail"]
    assert caller.post("check-ins/", ANSWERS).status_code == 201


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/xml"])
def test_only_json_is_read(cast: Cast, kind: str) -> None:
    caller = Caller(cast.hannah.membership)
    assert caller.send("POST", "check-ins/", b"pain_0_10=3&readiness_0_10=5", content_type=kind).status_code == 415
    assert caller.post("check-ins/", ANSWERS).status_code == 201


def test_a_note_of_2001_characters_is_refused_with_the_limit_in_words(cast: Cast) -> None:
    caller = Caller(cast.hannah.membership)
    answer = caller.post("check-ins/", {**ANSWERS, "note": "x" * 2001})
    assert answer.json()["fields"] == {"note": ["Please write at most 2000 characters."]}
    assert caller.post("check-ins/", {**ANSWERS, "note": "x" * 2000}).status_code == 201


@pytest.mark.parametrize("days", [1, -15])
def test_days_to_come_and_long_past_are_refused(cast: Cast, days: int) -> None:
    caller = Caller(cast.hannah.membership)
    answer = caller.post("check-ins/", {**ANSWERS, "on": today(cast) + dt.timedelta(days=days)})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["on"])
    assert caller.post("check-ins/", {**ANSWERS, "on": today(cast) - dt.timedelta(days=4)}).status_code == 201


@pytest.mark.parametrize("on", ["0001-01-01", "9999-12-31", "2026-02-30", "20260301", "1.3.2026", "today", 5, True, {}, ""])
@pytest.mark.parametrize("name", ["on", "done_at"])
def test_no_date_however_odd_is_more_than_a_refusal(cast: Cast, name: str, on: object) -> None:
    answer = Caller(cast.hannah.membership).post("check-ins/", {**ANSWERS, name: on})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [name])


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2026-03-01T10:00:00", "2026-03-01T25:00:00Z"])
def test_a_moment_needs_an_offset_and_a_year_of_ours(cast: Cast, at: str) -> None:
    answer = Caller(cast.hannah.membership).post("check-ins/", {**ANSWERS, "done_at": at})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["done_at"])


@pytest.mark.parametrize("name", ["clinic", "entered_by", "source", "id", "is_settled", "client_digest", "on_", "__class__"])
def test_names_that_are_not_asked_for_are_refused_by_name(cast: Cast, name: str) -> None:
    caller = Caller(cast.hannah.membership)
    answer = caller.post("check-ins/", {**ANSWERS, name: str(cast.harbour.pk)})
    assert answer.status_code == 400
    assert answer.json()["fields"] == {name: ["This field is not known here."]}
    assert not CheckIn.objects.filter(patient=cast.hannah, on=today(cast)).exists()


def test_a_foreign_patient_in_the_body_is_not_found_and_nothing_is_stored(cast: Cast) -> None:
    before = CheckIn.objects.count()
    for caller, patient in (
        (Caller(cast.hannah.membership), cast.marek),
        (Caller(cast.hannah.membership), cast.wei),
        (Caller(cast.therapist), cast.wei),
        (Caller(cast.harbour_therapist), cast.hannah),
    ):
        foreign = caller.post("check-ins/", {**ANSWERS, "patient": patient.pk})
        missing = caller.post("check-ins/", {**ANSWERS, "patient": uuid.uuid4()})
        assert (foreign.status_code, foreign.json()) == (missing.status_code, missing.json())
        assert foreign.json()["fields"] == {"patient": ["This was not found."]}
    assert CheckIn.objects.count() == before
    assert Caller(cast.hannah.membership).post("check-ins/", {**ANSWERS, "patient": cast.hannah.pk}).status_code == 201


def test_the_desk_enters_a_check_in_for_a_patient_and_has_to_name_one(cast: Cast) -> None:
    desk = Caller(cast.therapist)
    assert desk.post("check-ins/", ANSWERS).json()["fields"] == {"patient": ["This field is required."]}
    answer = desk.post("check-ins/", {**ANSWERS, "patient": cast.hannah.pk})
    assert (answer.status_code, answer.json()["source"]) == (201, "clinic")
    assert CheckIn.objects.get(pk=answer.json()["id"]).entered_by == cast.therapist


@pytest.mark.parametrize("way", ["body", "header", "both"])
def test_the_same_key_is_stored_once(cast: Cast, way: str) -> None:
    caller = Caller(cast.hannah.membership)
    key = str(uuid.uuid4())
    body = {**ANSWERS, "client_key": key} if way != "header" else ANSWERS
    headers = {"Idempotency_Key": key} if way != "body" else {}
    first = caller.post("check-ins/", body, **headers)
    again = caller.post("check-ins/", body, **headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = caller.post("check-ins/", {**body, "pain_0_10": 9}, **headers)
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert CheckIn.objects.get(pk=first.json()["id"]).pain_0_10 == 3
    assert CheckIn.objects.filter(patient=cast.hannah, on=today(cast)).count() == 1


@pytest.mark.parametrize("key", ["7", "not-a-key", "{7b1f8a3e-5c55-4f0e-9d3b-1f6a2f4f0c0f}"])
def test_a_key_is_a_uuid(cast: Cast, key: str) -> None:
    caller = Caller(cast.hannah.membership)
    assert caller.post("check-ins/", ANSWERS, Idempotency_Key=key).json()["fields"].keys() == {"Idempotency-Key"}
    assert caller.post("check-ins/", {**ANSWERS, "client_key": key}).json()["fields"].keys() == {"client_key"}


def test_two_keys_that_differ_are_refused(cast: Cast) -> None:
    caller = Caller(cast.hannah.membership)
    answer = caller.post("check-ins/", {**ANSWERS, "client_key": str(uuid.uuid4())}, Idempotency_Key=str(uuid.uuid4()))
    assert answer.status_code == 400


def test_the_same_key_of_two_patients_are_two_entries(cast: Cast) -> None:
    key = str(uuid.uuid4())
    for person in (cast.hannah, cast.marek, cast.wei):
        assert Caller(person.membership).post("check-ins/", {**ANSWERS, "client_key": key}).status_code == 201


def test_a_replay_after_the_answers_were_replaced_changes_nothing(cast: Cast) -> None:
    caller = Caller(cast.hannah.membership)
    first_key, second_key = str(uuid.uuid4()), str(uuid.uuid4())
    first = caller.post("check-ins/", {**ANSWERS, "client_key": first_key})
    second = caller.post("check-ins/", {"pain_0_10": 5, "readiness_0_10": 4, "client_key": second_key})
    assert (second.status_code, second.json()["id"]) == (200, first.json()["id"])
    replay = caller.post("check-ins/", {**ANSWERS, "client_key": first_key})
    assert (replay.status_code, replay.json()["pain_0_10"]) == (200, 5)
    assert caller.post("check-ins/", {"pain_0_10": 9, "readiness_0_10": 4, "client_key": first_key}).status_code == 409
    assert CheckIn.objects.get(pk=first.json()["id"]).pain_0_10 == 5
    assert Correction.objects.filter(object_id=first.json()["id"]).count() == 1


def test_a_late_entry_from_another_device_is_kept_as_a_correction_once(cast: Cast) -> None:
    caller = Caller(cast.hannah.membership)
    row = caller.post("check-ins/", {**ANSWERS, "done_at": cast.now}).json()
    late = {
        "pain_0_10": 8,
        "readiness_0_10": 2,
        "on": row["on"],
        "done_at": cast.now - dt.timedelta(minutes=5),
        "client_key": str(uuid.uuid4()),
    }
    assert [caller.post("check-ins/", late).status_code for _time in range(3)] == [200, 200, 200]
    assert CheckIn.objects.get(pk=row["id"]).pain_0_10 == 3
    assert Correction.objects.filter(object_id=row["id"]).count() == 1


def test_a_sign_in_the_check_in_holds_the_program_and_says_so(cast: Cast) -> None:
    answer = Caller(cast.hannah.membership).post("check-ins/", {**ANSWERS, "signs": ["saddle_numbness"]})
    assert (answer.status_code, answer.json()["symptom_level"]) == (201, "emergency")
    assert SymptomReport.objects.get(pk=answer.json()["symptoms"]).patient == cast.hannah
    assert Assignment.objects.get(patient=cast.hannah).status == Assignment.Status.HELD


def test_a_patient_corrects_a_check_in_and_staff_give_a_reason(cast: Cast) -> None:
    row = CheckIn.objects.filter(patient=cast.hannah).order_by("on").last()
    assert row is not None
    address = f"check-ins/{row.pk}/"
    patient, staff = Caller(cast.hannah.membership), Caller(cast.therapist)
    assert patient.patch(address, {"pain_0_10": 4}).json()["pain_0_10"] == 4
    assert staff.patch(address, {"pain_0_10": 5}).json()["fields"].keys() == {"reason"}
    assert staff.patch(address, {"pain_0_10": 5, "reason": "Misread the sheet"}).json()["pain_0_10"] == 5
    assert list(Correction.objects.filter(object_id=row.pk).order_by("id").values_list("before", flat=True)) == [
        {"pain_0_10": 2},
        {"pain_0_10": 4},
    ]
    for body in ({}, {"on": "2026-01-01"}, {"patient": str(cast.marek.pk)}, {"pain_0_10": 11}, {"pain_0_10": None}):
        assert patient.patch(address, body).status_code == 400, body
    for other in (cast.marek.membership, cast.wei.membership, cast.harbour_therapist, cast.harbour_manager):
        assert Caller(other).patch(address, {"pain_0_10": 0}).status_code == 404
    row.refresh_from_db()
    assert row.pain_0_10 == 5


def test_symptoms_are_reported_taken_back_and_cleared_each_by_whom_they_belong_to(cast: Cast) -> None:
    patient, staff = Caller(cast.hannah.membership), Caller(cast.therapist)
    key = str(uuid.uuid4())
    body = {"signs": ["fainting"], "context": "session", "client_key": key}
    made = patient.post("symptom-reports/", body)
    assert (made.status_code, made.json()["level"], made.json()["status"]) == (201, "emergency", "open")
    assert patient.post("symptom-reports/", body).status_code == 200
    assert patient.post("symptom-reports/", {**body, "signs": []}).status_code == 409
    address = f"symptom-reports/{made.json()['id']}/"
    assert patient.post(f"{address}clear/", {"note": "fine"}).status_code == 403
    assert staff.post(f"{address}withdraw/").status_code == 403
    for other in (cast.marek.membership, cast.wei.membership):
        assert Caller(other).post(f"{address}withdraw/").status_code == 404
    assert Caller(cast.harbour_therapist).post(f"{address}clear/", {"note": "x"}).status_code == 404
    assert patient.post(f"{address}withdraw/").json()["status"] == "withdrawn"
    assert patient.post(f"{address}withdraw/").status_code == 409
    assert staff.post(f"{address}clear/", {"note": ""}).status_code == 400
    assert staff.post(f"{address}clear/", {"note": "Called; it was heat."}).json()["status"] == "cleared"
    assert Assignment.objects.get(patient=cast.hannah).status == Assignment.Status.RUNNING


@pytest.mark.parametrize(
    "body",
    [
        {"signs": ["tired"], "context": "session"},
        {"signs": "fainting", "context": "session"},
        {"signs": [["fainting"]], "context": "session"},
        {"signs": [1], "context": "session"},
        {"signs": ["fainting"] * 100, "context": "session"},
        {"signs": [], "context": "party"},
        {"signs": []},
        {"context": "session"},
    ],
)
def test_signs_and_contexts_come_from_the_list(cast: Cast, body: dict[str, Any]) -> None:
    assert Caller(cast.hannah.membership).post("symptom-reports/", body).status_code == 400


def test_a_repetition_is_answered_even_when_a_new_entry_would_be_refused_by_now(cast: Cast) -> None:
    caller = Caller(cast.hannah.membership)
    body = {**ANSWERS, "on": today(cast) - dt.timedelta(days=14), "client_key": str(uuid.uuid4())}
    first = caller.post("check-ins/", body)
    CheckIn.objects.filter(pk=first.json()["id"]).update(on=today(cast) - dt.timedelta(days=20))
    stored = CheckIn.objects.get(pk=first.json()["id"])
    row, _report = check_in(
        patient=cast.hannah,
        pain_0_10=3,
        readiness_0_10=6,
        by=cast.hannah.membership,
        now=cast.now + dt.timedelta(days=30),
        on=dt.date.fromisoformat(str(body["on"])),
        client_key=uuid.UUID(str(body["client_key"])),
    )
    assert row.pk == stored.pk


def test_reading_and_writing_leave_a_trail_without_any_text(cast: Cast) -> None:
    seen = set(AuditEvent.objects.values_list("pk", flat=True))
    caller = Caller(cast.hannah.membership)
    made = caller.post("check-ins/", {**ANSWERS, "note": "secret words"}).json()
    caller.get(f"check-ins/{made['id']}/")
    caller.get("check-ins/")
    Caller(cast.harbour_therapist).get(f"check-ins/{made['id']}/")
    trail = list(AuditEvent.objects.exclude(pk__in=seen).order_by("id"))
    named = [(one.action, one.patient_id, one.actor_id) for one in trail if one.action.startswith("checkin.")]
    person = User.objects.get(memberships=cast.hannah.membership).pk
    assert named == [(f"checkin.{what}", cast.hannah.pk, person) for what in ("log", "view", "list")]
    assert any(made["id"] in one.details.get("ids", []) for one in trail if one.action == "checkin.list")
    assert "secret" not in json.dumps([one.details for one in trail])
