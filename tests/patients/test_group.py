"""The group sheet: lanes side by side, one form without scripts, two tablets at once, and the same by API."""

import datetime as dt
import re
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinics.localtime import to_utc
from patients.actions.diary import check_in
from patients.actions.group import enter, enter_as_planned
from patients.actions.people import create_patient
from patients.actions.symptoms import report_symptoms
from patients.models import CheckIn, GroupEntry, Patient, ScheduledSession, SessionLog, SymptomReport
from patients.rules.group import Target, What
from programs.models import Prescription
from tests.caller import Caller
from tests.cast import Cast, sign_in, start_program

URL = reverse("patients:group")
WALK_IN = reverse("patients:walk_in")


@pytest.fixture
def session(cast: Cast) -> ScheduledSession:
    """Hannah's session, today at five, checked in with little pain."""
    found = cast.session_today(cast.hannah, "supervised")
    ScheduledSession.objects.filter(pk=found.pk).update(starts_at=to_utc(found.on, dt.time(17), "Europe/Berlin"))
    check_in(patient=found.patient, pain_0_10=1, readiness_0_10=7, by=cast.therapist, now=cast.now)
    return cast.loaded(found)


@pytest.fixture
def line(session: ScheduledSession) -> Prescription:
    return Prescription.objects.filter(session_plan=session.session_plan, block="main").order_by("position")[0]


def page_of(client: Client, **query: Any) -> str:
    return client.get(URL, query).content.decode()


def fields_of(text: str) -> dict[str, str]:
    """Return what a browser sends of the sheet's numbers when nothing was changed."""
    found = {}
    for tag in re.findall(r"<input [^>]*>", text):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        is_sent = 'type="radio"' not in tag or " checked" in tag
        if name and value and is_sent and name[1].startswith(("v:", "was:", "lane")):
            found[name[1]] = value[1]
    return found


def button(text: str, start: str) -> str:
    """Return the words of the first button that begin like this."""
    found = re.search(rf'name="do" value="({re.escape(start)}[^"]*)"', text)
    assert found is not None, start
    return found[1]


def test_everybody_of_the_day_has_a_lane_with_last_times_numbers(client: Client, cast: Cast, session: ScheduledSession) -> None:
    sign_in(client, cast.therapist2)
    text = page_of(client)
    for part in ("Hannah Brandt", f"Leg W{session.week}", "no signs", "All as planned", "17:00", "0 of 1 here", f"lane-{session.pk}"):
        assert part in text, part
    assert "lane__last" in text
    assert 'aria-current="page"' in text
    assert re.search(r'In clinic today<span class="count count--soft" title="1 person comes today">', text)


def test_another_clinic_sees_its_own_group_and_a_patient_none(client: Client, cast: Cast, session: ScheduledSession) -> None:
    sign_in(client, cast.harbour_therapist)
    text = page_of(client, on=session.on.isoformat())
    assert "Hannah" not in text
    client.post(f"{URL}?on={session.on}", {"do": f"all/{session.pk}"})
    assert not GroupEntry.objects.exists()
    assert client.get(reverse("patients:group_signs", args=[session.pk])).status_code == 404
    assert client.post(WALK_IN, {"patient": str(cast.hannah.pk)}).status_code == 404
    sign_in(client, cast.hannah.membership)
    assert (client.get(URL).status_code, client.get(WALK_IN).status_code) == (403, 403)


def test_an_empty_day_says_when_the_next_group_comes(client: Client, cast: Cast) -> None:
    sign_in(client, cast.harbour_manager)
    ScheduledSession.objects.filter(clinic=cast.harbour, status="planned").update(status="cancelled")
    assert "Nobody is planned" in page_of(client)
    sign_in(client, cast.therapist)
    text = page_of(client, on="2020-01-01")
    assert "The next sessions in the clinic are on" in text
    assert client.get(URL, {"on": "2026-99-99", "slot": "x"}).status_code == 200


def test_a_tap_ticks_a_set_and_another_takes_it_back_without_any_script(
    client: Client, cast: Cast, session: ScheduledSession, line: Prescription
) -> None:
    sign_in(client, cast.therapist)
    text = page_of(client)
    start = f"enter/{session.pk}/{line.pk}/set/1/"
    answer = client.post(URL, {**fields_of(text), "do": button(text, start)})
    assert answer.status_code == 302
    assert answer["Location"].endswith(f"#lane-{session.pk}")
    text = page_of(client)
    assert button(text, start) == f"{start}0/1"
    assert "1 of 1 here" in text
    client.post(URL, {**fields_of(text), "do": button(text, start)})
    assert list(GroupEntry.objects.order_by("revision").values_list("value", flat=True)) == [1, 0]


def test_every_number_on_the_sheet_is_stored_with_whichever_button(
    client: Client, cast: Cast, session: ScheduledSession, line: Prescription
) -> None:
    sign_in(client, cast.therapist)
    data = fields_of(page_of(client))
    data[f"v:{session.pk}:{line.pk}:load"] = "42,5"
    data[f"v:{session.pk}:-:pain"] = "3"
    client.post(URL, {**data, "do": f"all/{session.pk}"})
    text = page_of(client)
    assert "42.5 kg" in text
    assert GroupEntry.objects.filter(what="load", value=Decimal("42.5")).count() == 1
    client.post(URL, {**fields_of(text), "do": f"finish/{session.pk}"})
    log = SessionLog.objects.get(session=session)
    assert (log.pain_during_0_10, log.entered_by_id, log.source) == (3, cast.therapist.pk, "clinic")
    text = page_of(client)
    assert "saved" in text
    assert "All as planned" not in text


def test_a_stale_sheet_is_refused_with_both_values_and_mine_goes_in_by_one_press(
    client: Client, cast: Cast, session: ScheduledSession, line: Prescription
) -> None:
    sign_in(client, cast.therapist)
    stale = fields_of(page_of(client))
    target = Target(What.LOAD, line.pk)
    enter(session=session, target=target, value=Decimal(45), seen=0, by=cast.therapist2, now=timezone.now())
    answer = client.post(URL, {**stale, f"v:{session.pk}:{line.pk}:load": "40", "do": f"all/{session.pk}"})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Amara Diallo entered “45 kg”" in text
    assert "you entered “40 kg”" in text
    assert GroupEntry.objects.filter(what="set").exists()
    assert "45 kg" in text
    mine = button(text, f"enter/{session.pk}/{line.pk}/load/0/40/")
    assert client.post(URL, {**fields_of(text), "do": mine}).status_code == 302
    assert GroupEntry.objects.filter(what="load").order_by("-revision").first().value == 40  # type: ignore[union-attr]


def test_finishing_the_group_stores_who_is_complete_and_names_who_is_not(client: Client, cast: Cast, session: ScheduledSession) -> None:
    other = group_of(cast, 1, session.on)[0]
    for one in (session, other):
        enter_as_planned(session=one, by=cast.therapist, now=timezone.now())
    sign_in(client, cast.therapist)
    data = {**fields_of(page_of(client, slot="all")), f"v:{session.pk}:-:pain": "2", "lane": [str(session.pk), str(other.pk)]}
    answer = client.post(f"{URL}?slot=all", {**data, "do": "finish"})
    assert answer.status_code == 422
    assert "Group 0" in answer.content.decode()
    assert SessionLog.objects.filter(session=session).exists()
    assert not SessionLog.objects.filter(session=other).exists()


def test_who_has_not_checked_in_is_asked_first_and_yes_holds_the_training(client: Client, cast: Cast, session: ScheduledSession) -> None:
    CheckIn.objects.filter(patient=cast.hannah).delete()
    sign_in(client, cast.therapist)
    text = page_of(client)
    assert "Ask before the start" in text
    assert "All as planned" not in text
    assert client.post(URL, {"do": f"ask/{session.pk}"}).status_code == 422
    answers = {f"ask-{session.pk}-pain_0_10": "2", f"ask-{session.pk}-readiness_0_10": "6"}
    assert client.post(URL, {**answers, "do": f"ask/{session.pk}"}).status_code == 302
    assert CheckIn.objects.get(patient=cast.hannah).source == "clinic"
    url = reverse("patients:group_signs", args=[session.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"pain_0_10": "5", "readiness_0_10": "1"}).status_code == 422
    assert client.post(url, {"pain_0_10": "5", "readiness_0_10": "1", "signs": "bladder_bowel"}).status_code == 302
    assert SymptomReport.objects.filter(patient=cast.hannah, signs=["bladder_bowel"]).exists()
    text = page_of(client)
    assert "training on hold" in text
    assert "lane--stop" in text
    assert "Finish group" not in text


@pytest.mark.parametrize(("pain", "words", "all_at_once"), [(2, "no signs", True), (4, "amber: hold", False), (7, "red pain", False)])
def test_more_pain_takes_the_one_tap_away(
    client: Client, cast: Cast, session: ScheduledSession, pain: int, words: str, all_at_once: bool
) -> None:
    check_in(patient=session.patient, pain_0_10=pain, readiness_0_10=5, by=cast.therapist, now=timezone.now())
    sign_in(client, cast.therapist)
    text = page_of(client)
    assert words in text
    assert ("All as planned" in text) is all_at_once


def test_attendance_is_one_press_and_taken_back_by_another(client: Client, cast: Cast, session: ScheduledSession) -> None:
    sign_in(client, cast.therapist)
    client.post(URL, {"do": button(page_of(client), f"attend/{session.pk}/no_show/")})
    session.refresh_from_db()
    assert (session.attendance, session.status) == ("no_show", "missed")
    text = page_of(client)
    assert "did not come" in text
    client.post(URL, {"do": button(text, f"attend/{session.pk}/expected/")})
    session.refresh_from_db()
    assert (session.attendance, session.status) == ("", "planned")


def test_a_walk_in_is_found_and_added(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    assert "Hannah" not in client.get(WALK_IN, {"q": "zzz"}).content.decode()
    assert "Hannah Brandt" in client.get(WALK_IN, {"q": "hann", "slot": "17:00"}).content.decode()
    answer = client.post(WALK_IN, {"patient": str(cast.hannah.pk), "at_time": "17:00"}, follow=True)
    assert "Hannah Brandt is on the sheet." in answer.content.decode()
    assert client.post(WALK_IN, {"patient": str(cast.lena.pk)}).status_code == 409
    assert client.post(WALK_IN, {"patient": "x"}).status_code == 409


def test_whoever_is_expected_is_marked_and_not_offered_again(client: Client, cast: Cast, session: ScheduledSession) -> None:
    sign_in(client, cast.therapist)
    found = client.get(WALK_IN, {"q": "hann"}).content.decode()
    assert "on today&#x27;s sheet" in found or "on today's sheet" in found
    assert f'name="patient" value="{session.patient_id}"' not in found
    ScheduledSession.objects.filter(pk=session.pk).update(on=session.on + dt.timedelta(days=200))
    assert f'name="patient" value="{session.patient_id}"' in client.get(WALK_IN, {"q": "hann"}).content.decode()


def group_of(cast: Cast, size: int, on: dt.date) -> list[ScheduledSession]:
    """Let so many more people of the leg program come at half past nine."""
    found = []
    for number in range(size):
        patient = create_patient(clinic=cast.riverside, by=cast.therapist, now=cast.now, first_name="Group", last_name=str(number))
        patient = Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=patient.pk)
        start_program(patient, "leg", cast.therapist, cast.version("leg"), 3, cast.now)
        one = cast.session_today(patient, "supervised")
        ScheduledSession.objects.filter(pk=one.pk).update(starts_at=to_utc(on, dt.time(9, 30), "Europe/Berlin"))
        found.append(cast.loaded(one))
    return found


def test_one_lane_and_twelve_cost_the_same_queries(client: Client, cast: Cast, session: ScheduledSession) -> None:
    sign_in(client, cast.therapist)
    page_of(client, slot="all")
    with CaptureQueriesContext(connection) as one:
        assert page_of(client, slot="all").count("data-lane=") == 1
    for other in group_of(cast, 11, session.on):
        enter_as_planned(session=other, by=cast.therapist, now=timezone.now())
    page_of(client, slot="all")
    with CaptureQueriesContext(connection) as twelve:
        assert page_of(client, slot="all").count("data-lane=") == 12
    assert len(twelve.captured_queries) <= len(one.captured_queries)
    assert len(one.captured_queries) <= 16


# --- by API ---------------------------------------------------------------------------------


def test_a_tablet_enters_by_api_what_the_page_does(cast: Cast, session: ScheduledSession, line: Prescription) -> None:
    tablet, key = Caller(cast.therapist), str(uuid.uuid4())
    body = {"session": session.pk, "prescription": line.pk, "what": "set", "number": 1, "value": 1, "seen": 0, "client_key": key}
    first, again = tablet.post("group-entries/", body), tablet.post("group-entries/", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = Caller(cast.therapist2)
    load = {"session": session.pk, "prescription": line.pk, "what": "load", "value": 40}
    assert other.post("group-entries/", load).status_code == 201
    late = tablet.post("group-entries/", {**load, "value": 45})
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    assert "“40 kg”" in late.json()["detail"]
    assert "“45 kg”" in late.json()["detail"]
    assert tablet.post("group-entries/", {**load, "value": 45, "seen": 1}).json()["revision"] == 2
    assert len(tablet.every("group-entries/", session=session.pk)) == 3
    assert tablet.post(f"sessions/{session.pk}/as_planned/").json()["ticked"] > 1
    assert tablet.post(f"sessions/{session.pk}/finish/").status_code == 400
    assert tablet.post("group-entries/", {"session": session.pk, "what": "pain", "value": 2}).status_code == 201
    assert tablet.post(f"sessions/{session.pk}/finish/", {"client_key": key}).status_code == 201
    assert other.post(f"sessions/{session.pk}/finish/").status_code == 409


def test_attendance_and_walk_ins_by_api(cast: Cast, session: ScheduledSession) -> None:
    tablet = Caller(cast.therapist)
    path = f"sessions/{session.pk}/attend/"
    assert tablet.post(path, {"attendance": "no_show"}).json()["status"] == "missed"
    assert tablet.post(path, {"attendance": "late", "seen": ""}).status_code == 409
    assert tablet.post(path, {"attendance": "", "seen": "no_show"}).json()["attendance"] == ""
    assert tablet.post("sessions/walk-in/", {"patient": cast.hannah.pk}).json()["id"] == str(session.pk)
    assert tablet.post("sessions/walk-in/", {"patient": cast.lena.pk}).status_code == 400


@pytest.mark.parametrize("path", ["as_planned", "attend", "finish"])
def test_the_tablet_of_another_clinic_finds_nothing_and_a_patient_may_not(cast: Cast, session: ScheduledSession, path: str) -> None:
    body = {"attendance": "came"} if path == "attend" else {}
    assert Caller(cast.harbour_therapist).post(f"sessions/{session.pk}/{path}/", body).status_code == 404
    assert Caller(cast.hannah.membership).post(f"sessions/{session.pk}/{path}/", body).status_code == 403
    entry = {"session": session.pk, "what": "pain", "value": 1}
    assert Caller(cast.harbour_therapist).post("group-entries/", entry).status_code == 400
    assert Caller(cast.hannah.membership).post("group-entries/", entry).status_code == 403


@pytest.mark.parametrize("changed", [{"value": 0.25}, {"value": "1"}, {"what": "x"}, {"number": 31}, {"session": None}, {"value": 9999}])
def test_what_a_tablet_cannot_mean_is_refused(cast: Cast, session: ScheduledSession, line: Prescription, changed: dict[str, Any]) -> None:
    body = {"session": session.pk, "prescription": line.pk, "what": "load", "value": 40, **changed}
    assert Caller(cast.therapist).post("group-entries/", body).status_code == 400
    assert not GroupEntry.objects.exists()


def test_a_held_program_takes_no_entry(cast: Cast, session: ScheduledSession) -> None:
    report_symptoms(patient=session.patient, signs=["bladder_bowel"], context="check_in", by=cast.therapist, now=timezone.now())
    assert Caller(cast.therapist).post(f"sessions/{session.pk}/as_planned/").status_code == 409
