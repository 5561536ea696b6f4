"""Sessions by the API: reading, logging, moving, skipping and correcting, with the refusals beside them."""

import datetime as dt
import uuid
from typing import Any

import pytest

from patients.actions.diary import check_in
from patients.actions.sessions import log_session, prescriptions_of
from patients.models import CaseloadEntry, ExerciseLog, Patient, ScheduledSession, SessionLog
from tests.caller import Caller
from tests.cast import Cast

DONE = {"as_prescribed": True, "pain_during_0_10": 2, "effort_rpe_0_10": 6}


def address(session: ScheduledSession, what: str = "") -> str:
    return f"sessions/{session.pk}/{what}{'/' if what else ''}"


def test_a_patient_reads_the_session_and_logs_it_as_prescribed(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    caller = Caller(cast.hannah.membership)
    shown = caller.get(address(session)).json()
    assert shown["status"] == "planned"
    assert [one["block"] for one in shown["prescriptions"]] == sorted((one["block"] for one in shown["prescriptions"]), reverse=True)
    assert all(one["dose"] and one["exercise"]["names"]["de"] for one in shown["prescriptions"])
    answer = caller.post(address(session, "log"), DONE)
    assert answer.status_code == 201
    log = SessionLog.objects.get(pk=answer.json()["id"])
    assert (log.source, log.entered_by, log.as_prescribed) == ("api", cast.hannah.membership, True)
    assert Caller(cast.therapist).get(address(session)).json()["status"] == "done"
    assert Caller(cast.therapist).get(f"session-logs/{log.pk}/").json() == answer.json()


def test_what_differed_is_stored_exercise_by_exercise(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    first, second, *rest = prescriptions_of(session)
    body = {
        "exercises": [
            {"prescription": first.pk, "sets_done": first.sets, "reps_done": 8, "load_kg": 12.5, "pain_0_10": 1},
            {"prescription": second.pk, "sets_done": 0, "skip_reason": "pain"},
        ],
        "pain_during_0_10": 4,
        "note": "Left knee",
    }
    answer = Caller(cast.hannah.membership).post(address(session, "log"), body)
    assert answer.status_code == 201
    shown = answer.json()["exercises"]
    assert len(shown) == len(rest) + 2
    assert shown[0] | {"load_kg": 12.5, "reps_done": 8, "pain_0_10": 1} == shown[0]
    assert shown[1]["skip_reason"] == "pain"
    session.refresh_from_db()
    assert session.status == ScheduledSession.Status.PARTIAL
    assert ExerciseLog.objects.filter(session_log_id=answer.json()["id"]).count() == len(shown)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sets_done": 31}, "exercises.0.sets_done"),
        ({"sets_done": "3"}, "exercises.0.sets_done"),
        ({"sets_done": -1}, "exercises.0.sets_done"),
        ({"reps_done": 501}, "exercises.0.reps_done"),
        ({"hold_seconds_done": 10**40}, ""),
        ({"load_kg": 501}, "exercises.0.load_kg"),
        ({"load_kg": -1}, "exercises.0.load_kg"),
        ({"load_kg": 1.25}, "exercises.0.load_kg"),
        ({"load_kg": "20"}, "exercises.0.load_kg"),
        ({"load_kg": 1e300}, "exercises.0.load_kg"),
        ({"pain_0_10": 11}, "exercises.0.pain_0_10"),
        ({"skip_reason": "tired"}, "exercises.0.skip_reason"),
        ({"prescription": 7}, "exercises.0.prescription"),
        ({"prescription": "01900000-0000-7000-8000-000000000000"}, "exercises"),
        ({"session_log": "x"}, "exercises.0.session_log"),
    ],
)
def test_every_part_of_an_exercise_has_its_limits(cast: Cast, change: dict[str, Any], field: str) -> None:
    session = cast.session_today(cast.hannah)
    prescription = prescriptions_of(session)[0]
    caller = Caller(cast.hannah.membership)
    one = {"prescription": prescription.pk, "sets_done": 1}
    refused = caller.post(address(session, "log"), {"exercises": [{**one, **change}], "pain_during_0_10": 2})
    assert refused.status_code == 400
    assert list(refused.json()["fields"]) == ([field] if field else [])
    assert not SessionLog.objects.filter(session=session).exists()
    assert caller.post(address(session, "log"), {"exercises": [one], "pain_during_0_10": 2}).status_code == 201


def test_an_exercise_of_another_session_is_refused(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    foreign = prescriptions_of(ScheduledSession.objects.filter(patient=cast.wei).order_by("on")[0])[0]
    answer = Caller(cast.hannah.membership).post(
        address(session, "log"), {"exercises": [{"prescription": foreign.pk, "sets_done": 1}], "pain_during_0_10": 2}
    )
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["exercises"])


def test_the_same_key_logs_once_and_a_second_log_is_a_conflict(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    caller = Caller(cast.hannah.membership)
    key = str(uuid.uuid4())
    first = caller.post(address(session, "log"), {**DONE, "client_key": key})
    again = caller.post(address(session, "log"), DONE, Idempotency_Key=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert caller.post(address(session, "log"), {**DONE, "pain_during_0_10": 9, "client_key": key}).status_code == 409
    second = caller.post(address(session, "log"), DONE)
    assert (second.status_code, second.json()["detail"]) == (409, "This session is already logged. You can correct the entry.")
    assert SessionLog.objects.filter(session=session).count() == 1


def test_a_repetition_is_answered_although_training_is_on_hold_by_then(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    caller = Caller(cast.hannah.membership)
    body = {**DONE, "client_key": str(uuid.uuid4())}
    first = caller.post(address(session, "log"), body)
    caller.post("symptom-reports/", {"signs": ["fainting"], "context": "session"})
    again = caller.post(address(session, "log"), body)
    assert (again.status_code, again.json()) == (200, first.json())
    other = ScheduledSession.objects.planned().filter(patient=cast.hannah, on__gt=session.on).order_by("on")[0]
    assert caller.post(address(other, "log"), DONE).status_code == 409


@pytest.mark.parametrize(
    "body", [{}, {"as_prescribed": "true"}, {"as_prescribed": 1}, {"as_prescribed": True}, {"as_prescribed": True, "pain_during_0_10": 11}]
)
def test_a_log_says_what_was_done_and_how_it_felt(cast: Cast, body: dict[str, Any]) -> None:
    session = cast.session_today(cast.hannah)
    caller = Caller(cast.hannah.membership)
    assert caller.post(address(session, "log"), body).status_code == 400
    assert caller.post(address(session, "log"), {"stopped_for_pain": True}).status_code == 201


@pytest.mark.parametrize("what", ["", "log", "move", "skip"])
def test_another_patients_session_is_not_there(cast: Cast, what: str) -> None:
    session = cast.session_today(cast.hannah)
    for member in (cast.marek.membership, cast.wei.membership, cast.harbour_therapist, cast.harbour_manager, cast.both_harbour):
        caller = Caller(member)
        bodies = {"log": DONE, "move": {"to_on": session.on}, "skip": {"reason": "time"}}
        foreign = caller.post(address(session, what), bodies[what]) if what else caller.get(address(session))
        missing_at = f"sessions/{uuid.uuid4()}/{what}{'/' if what else ''}"
        missing = caller.post(missing_at, bodies[what]) if what else caller.get(missing_at)
        assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content) == (404, missing.content)
    session.refresh_from_db()
    assert session.status == ScheduledSession.Status.PLANNED


def test_staff_log_a_supervised_session(cast: Cast) -> None:
    session = cast.session_today(cast.hannah, "supervised")
    answer = Caller(cast.therapist).post(address(session, "log"), DONE)
    assert (answer.status_code, answer.json()["source"]) == (201, "clinic")


def test_home_sessions_are_moved_by_the_patient_and_appointments_by_the_clinic(cast: Cast) -> None:
    home = cast.session_today(cast.hannah)
    taken = set(ScheduledSession.objects.filter(patient=cast.hannah).values_list("on", flat=True))
    free = next(day for n in range(1, 20) if (day := cast.now.date() + dt.timedelta(days=n)) not in taken)
    patient, staff = Caller(cast.hannah.membership), Caller(cast.therapist)
    moved = patient.post(address(home, "move"), {"to_on": free})
    assert (moved.status_code, moved.json()["on"], moved.json()["original_on"]) == (200, free.isoformat(), home.on.isoformat())
    appointment = (
        ScheduledSession.objects.planned().filter(patient=cast.hannah, setting="supervised", on__gt=cast.now.date()).order_by("on")[0]
    )
    target = next(day for n in range(1, 30) if (day := cast.now.date() + dt.timedelta(days=n)) not in taken | {free})
    assert patient.post(address(appointment, "move"), {"to_on": target}).status_code == 400
    assert patient.post(address(home, "move"), {"to_on": target, "at_time": "09:00"}).status_code == 400
    assert patient.post(address(home, "move"), {"to_on": appointment.on}).status_code == 409
    assert patient.post(address(home, "move"), {"to_on": "2020-01-01"}).status_code == 400
    answer = staff.post(address(appointment, "move"), {"to_on": target, "at_time": "09:30"})
    assert (answer.status_code, answer.json()["starts_at"][14:16]) == (200, "30")


def test_skipping_needs_a_reason_from_the_list(cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    caller = Caller(cast.hannah.membership)
    assert caller.post(address(session, "skip"), {"reason": "dog"}).status_code == 400
    assert caller.post(address(session, "skip"), {}).status_code == 400
    assert caller.post(address(session, "skip"), {"reason": "ill"}).json()["status"] == "skipped"
    assert caller.post(address(session, "skip"), {"reason": "ill"}).status_code == 409


def test_a_log_is_corrected_with_history(cast: Cast) -> None:
    log = SessionLog.objects.filter(patient=cast.hannah).first()
    assert log is not None
    patient = Caller(cast.hannah.membership)
    assert patient.patch(f"session-logs/{log.pk}/", {"pain_during_0_10": 5, "note": "after all"}).json()["pain_during_0_10"] == 5
    assert patient.patch(f"session-logs/{log.pk}/", {"as_prescribed": False}).status_code == 400
    assert Caller(cast.therapist).patch(f"session-logs/{log.pk}/", {"pain_during_0_10": 6}).status_code == 400
    assert Caller(cast.wei.membership).patch(f"session-logs/{log.pk}/", {"pain_during_0_10": 6}).status_code == 404


def test_sessions_come_in_order_page_by_page_and_can_be_narrowed(cast: Cast) -> None:
    caller = Caller(cast.hannah.membership)
    days = [one["on"] for one in caller.every("sessions/", page_size=7)]
    assert days == sorted(days)
    assert len(days) == 40
    assert {one["setting"] for one in caller.every("sessions/", setting="supervised")} == {"supervised"}
    today = cast.now.date().isoformat()
    assert all(one["on"] >= today for one in caller.every("sessions/", on_from=today))
    assert {one["status"] for one in caller.every("sessions/", status="planned", page_size=200)} == {"planned"}


def test_pages_lead_back_as_well(cast: Cast) -> None:
    caller = Caller(cast.hannah.membership)
    first = caller.get("sessions/", page_size=10).json()
    second = caller.client.get(first["next"], headers=caller.headers).json()
    assert (first["previous"], len(second["results"])) == (None, 10)
    back = caller.client.get(second["previous"], headers=caller.headers).json()
    assert back["results"] == first["results"]
    assert back["previous"] is None


@pytest.mark.parametrize(
    "query",
    [
        {"patient__clinic": "x"},
        {"ordering": "-on"},
        {"on__gt": "2020-01-01"},
        {"status": "lost"},
        {"status": ""},
        {"patient": ""},
        {"on_from": ""},
        {"on_from": "yesterday"},
        {"patient": "7"},
        {"page_size": "0"},
        {"page_size": "201"},
        {"page_size": "many"},
        {"page_size": "-5"},
        {"cursor": "x"},
        {"cursor": "W10="},
        {"cursor": "WzEsMl0="},
        {"cursor": "W3RydWUsImEiLCJiIl0="},
        {"cursor": "é"},
        {"format": "xml"},
    ],
)
def test_what_is_not_on_the_list_of_filters_is_refused(cast: Cast, query: dict[str, str]) -> None:
    caller = Caller(cast.hannah.membership)
    refused = caller.get("sessions/", **query)
    assert (refused.status_code, refused.json()["code"]) in {(400, "invalid"), (404, "not_found")}
    assert caller.get("sessions/", status="planned").status_code == 200


def test_a_filter_for_another_clinics_patient_finds_nothing(cast: Cast) -> None:
    for path in ("sessions/", "session-logs/", "check-ins/", "assignments/", "assessments/", "symptom-reports/", "pauses/", "deliveries/"):
        assert Caller(cast.therapist).get(path, patient=cast.wei.pk).json()["results"] == []
        assert Caller(cast.hannah.membership).get(path, patient=cast.marek.pk).json()["results"] == []
        for row in Caller(cast.hannah.membership).every(path):
            assert row["patient"] == str(cast.hannah.pk)
        for row in Caller(cast.harbour_therapist).every(path):
            assert row["patient"] == str(cast.wei.pk)


def test_two_devices_at_once_both_reach_the_caseload_line(cast: Cast) -> None:
    """The line each of them read is older than what the other wrote."""
    session = cast.session_today(cast.hannah)
    phone = Patient.objects.select_related("clinic", "caseload").get(pk=cast.hannah.pk)
    check_in(patient=phone, pain_0_10=1, readiness_0_10=9, by=cast.hannah.membership, now=cast.now + dt.timedelta(seconds=1))
    log_session(session=session, by=cast.therapist, now=cast.now + dt.timedelta(seconds=2), as_prescribed=True, pain_during_0_10=4)
    facts = CaseloadEntry.objects.get(patient=cast.hannah).facts
    assert facts["pain"][-1][1] == 1
    assert facts["session_pain"][-1][1] == 4
