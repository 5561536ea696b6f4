"""Giving a program: evidence without advice, usual days, every date before it is given, and the way back."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinics.localtime import local_day, to_utc
from clinics.models import Clinic, ClosedDay
from patients.actions.symptoms import report_symptoms
from patients.models import Assignment, AssignmentDraft, Patient, ScheduledSession
from programs.actions import approve_version, fork_version
from programs.layout import lay_out
from programs.models import ProgramApproval, ProgramVersion
from programs.rules.tailoring import Edit, apply_edits
from tests.cast import Cast, sign_in


def url(name: str, patient: Patient) -> str:
    return reverse(f"patients:{name}", args=[patient.pk])


def next_monday(cast: Cast) -> dt.date:
    today = local_day(cast.now, "Europe/Berlin")
    return today + dt.timedelta(days=8 - today.isoweekday())


def choices(cast: Cast, key: str = "leg", **changed: Any) -> dict[str, Any]:
    version = str(cast.version(key).pk)
    return {
        "version": version,
        "days_for": version,
        "starts_on": next_monday(cast).isoformat(),
        "supervised_weekdays": ["1", "4"],
        "supervised_time": "17:00",
        "home_weekdays": ["2", "5", "7"],
        **changed,
    }


def test_every_released_program_is_offered_with_its_evidence_and_none_is_chosen(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    text = client.get(url("assign", cast.lena)).content.decode()
    for piece in ("Leg program", "Stabiliser program", "Run-walk program", "Running capability +0.95 per assessment", "alike in all three"):
        assert piece in text
    assert " checked" not in text
    assert "recommend" not in text.lower()


def test_a_program_that_was_not_released_is_not_offered(client: Client, cast: Cast) -> None:
    ProgramApproval.objects.filter(clinic=cast.riverside, version=cast.version("leg")).delete()
    sign_in(client, cast.therapist)
    assert "Leg program" not in client.get(url("assign", cast.lena)).content.decode()
    response = client.post(url("assign_confirm", cast.lena), choices(cast))
    assert response.status_code == 422
    assert not Assignment.objects.filter(patient=cast.lena).exists()


def test_choosing_a_program_fills_in_its_usual_days_and_shows_every_date(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    text = client.get(url("assign", cast.lena), {"version": str(cast.version("leg").pk)}).content.decode()
    assert "40 sessions" in text
    assert "5 assessments" in text
    run_walk = client.get(url("assign", cast.lena), {**choices(cast), "version": str(cast.version("run_walk").pk)}).content.decode()
    assert "36 sessions" in run_walk
    assert "Time in the clinic" not in run_walk


def test_a_change_gets_only_the_part_that_changes(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    text = client.get(url("assign", cast.lena), choices(cast), headers={"HX-Request": "true"}).content.decode()
    assert text.lstrip().startswith('<div id="assign"')
    assert "<html" not in text


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"supervised_weekdays": ["1"]}, "Choose 2 days in the clinic."),
        ({"supervised_weekdays": ["1", "2", "4"]}, "Choose only 2 days in the clinic."),
        ({"home_weekdays": ["2", "5"]}, "Choose 3 days at home."),
        ({"home_weekdays": ["1", "5", "7"]}, "A day is either in the clinic or at home, not both."),
        ({"starts_on": "2020-01-06"}, "The start cannot be in the past."),
        ({"starts_on": ""}, "This field is required."),
        ({"supervised_time": ""}, "Choose the time in the clinic."),
        ({"home_weekdays": ["2", "5", "9"]}, "Select a valid choice"),
    ],
)
def test_what_does_not_fit_is_said_beside_the_field_and_nothing_is_given(
    client: Client, cast: Cast, changed: dict[str, Any], message: str
) -> None:
    sign_in(client, cast.therapist)
    data = choices(cast, **changed)
    assert message in client.get(url("assign", cast.lena), data).content.decode()
    assert client.get(url("assign_confirm", cast.lena), data).status_code == 422
    refused = client.post(url("assign_confirm", cast.lena), data)
    assert refused.status_code == 422
    assert message in refused.content.decode()
    assert not Assignment.objects.filter(patient=cast.lena).exists()


def test_closed_days_move_sessions_and_are_named(client: Client, cast: Cast) -> None:
    monday = next_monday(cast)
    ClosedDay.objects.create(clinic=cast.riverside, on=monday, name="Spring holiday")
    sign_in(client, cast.therapist)
    text = client.get(url("assign", cast.lena), choices(cast)).content.decode()
    assert "The clinic is closed; these sessions move:" in text
    assert "(Spring holiday)" in text


def test_confirming_gives_the_program_which_waits_for_the_symptom_check(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    shown = client.get(url("assign_confirm", cast.lena), choices(cast))
    assert shown.status_code == 200
    assert not Assignment.objects.filter(patient=cast.lena).exists()
    response = client.post(url("assign_confirm", cast.lena), choices(cast), follow=True)
    assert "waits until the symptom check is clear" in response.content.decode()
    assignment = Assignment.objects.get(patient=cast.lena)
    assert assignment.status == Assignment.Status.HELD
    assert assignment.supervised_weekdays == [1, 4]
    assert ScheduledSession.objects.filter(assignment=assignment).count() == 40


def test_with_a_clear_check_the_program_runs_at_once(client: Client, cast: Cast) -> None:
    report_symptoms(patient=cast.marek, signs=(), context="onboarding", by=cast.marek.membership, now=cast.now)
    sign_in(client, cast.therapist2)
    assert "The symptom check is clear" in client.get(url("assign", cast.marek)).content.decode()
    client.post(url("assign_confirm", cast.marek), choices(cast))
    assert Assignment.objects.get(patient=cast.marek).status == Assignment.Status.RUNNING


def test_an_open_report_is_shown_before_anything_is_given(client: Client, cast: Cast) -> None:
    report_symptoms(patient=cast.marek, signs=["chest_pain"], context="onboarding", by=None, now=cast.now)
    sign_in(client, cast.therapist2)
    assert "is not cleared yet" in client.get(url("assign", cast.marek)).content.decode()


def test_a_second_program_is_refused_while_one_runs(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    assert "is still running" in client.get(url("assign", cast.hannah)).content.decode()
    response = client.post(url("assign_confirm", cast.hannah), choices(cast))
    assert response.status_code == 409
    assert "A program is already running" in response.content.decode()
    assert Assignment.objects.filter(patient=cast.hannah).count() == 1


@pytest.mark.parametrize("name", ["assign", "assign_confirm"])
def test_another_clinic_finds_nobody_to_give_a_program_to(client: Client, cast: Cast, name: str) -> None:
    sign_in(client, cast.harbour_therapist)
    assert client.get(url(name, cast.lena), choices(cast)).status_code == 404
    if name == "assign_confirm":
        assert client.post(url(name, cast.lena), choices(cast)).status_code == 404


def test_it_can_be_taken_back_until_something_is_logged(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    client.post(url("assign_confirm", cast.lena), choices(cast))
    fresh, used = Assignment.objects.get(patient=cast.lena), Assignment.objects.get(patient=cast.hannah)
    for assignment, status in ((fresh, 302), (used, 409)):
        address = reverse("patients:assignment_withdraw", args=[assignment.pk])
        assert client.get(address).status_code == 200
        assert client.post(address).status_code == status
    fresh.refresh_from_db()
    used.refresh_from_db()
    assert (fresh.status, used.status) == ("withdrawn", "running")


def test_ending_early_needs_the_reason_and_keeps_what_was_done(client: Client, cast: Cast) -> None:
    assignment = Assignment.objects.get(patient=cast.hannah)
    address = reverse("patients:assignment_end", args=[assignment.pk])
    sign_in(client, cast.therapist)
    assert client.get(address).status_code == 200
    for wrong in ({"reason": " ", "outcome": "better"}, {"reason": "free of pain"}, {"reason": "free of pain", "outcome": "bored"}):
        assert client.post(address, wrong).status_code == 422
    ending = {"reason": "free of pain", "outcome": "better"}
    assert client.post(address, ending).status_code == 302
    assignment.refresh_from_db()
    assert (assignment.status, assignment.end_outcome, assignment.end_reason) == ("ended", "better", "free of pain")
    assert assignment.sessions.filter(status="done").exists()
    assert not assignment.sessions.filter(status="planned").exists()
    assert client.post(address, ending).status_code == 409
    sign_in(client, cast.harbour_manager)
    assert client.get(address).status_code == 404


# --- clicks, drafts and places --------------------------------------------------------------

MOST_CLICKS = 6


def test_assigning_takes_four_clicks_from_the_patients_page(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    clicks = 0
    text = client.get(reverse("patients:patient", args=[cast.lena.pk])).content.decode()
    start = url("assign", cast.lena)
    assert f'href="{start}"' in text
    clicks += 1
    version = str(cast.version("leg").pk)
    assert f'id="version_{version}"' in client.get(start).content.decode()
    text = client.post(start, {"version": version}, headers={"HX-Request": "true"}).content.decode()
    clicks += 1
    chosen = [(name, value) for name, value in re.findall(r'<input [^>]*?name="(\w+)"[^>]*?value="([^"]*)"[^>]* checked', text)]
    for tag in re.findall(r"<input [^>]*>", text):
        name, value = re.search(r'name="(\w+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and 'type="radio"' not in tag and 'type="checkbox"' not in tag:
            chosen.append((name[1], value[1]))
    data: dict[str, list[str]] = {}
    for key, found in chosen:
        data.setdefault(key, []).append(found)
    step = client.post(start, {**data, "draft": "next"})
    clicks += 1
    assert step.status_code == 302
    text = client.get(step["Location"]).content.decode()
    sent: dict[str, list[str]] = {}
    for name, value in re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)">', text.partition('action="' + url("assign_confirm", cast.lena))[2]
    ):
        sent.setdefault(name, []).append(value)
    assert client.post(url("assign_confirm", cast.lena), sent).status_code == 302
    clicks += 1
    assert clicks <= MOST_CLICKS
    assert Assignment.objects.get(patient=cast.lena).supervised_time == dt.time(17)


def test_a_draft_is_kept_on_every_change_and_shown_again_to_whoever_comes(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    start = url("assign", cast.lena)
    assert not AssignmentDraft.objects.exists()
    client.post(start, choices(cast, supervised_weekdays=["1"], supervised_time="09:30"), headers={"HX-Request": "true"})
    assert not Assignment.objects.filter(patient=cast.lena).exists()
    sign_in(client, cast.therapist2)
    text = client.get(start).content.decode()
    assert "Draft by Jonas Keller" in text
    assert "Choose 2 days in the clinic." in text
    assert 'value="09:30"' in text
    assert "Draft: go on assigning" in client.get(reverse("patients:patient", args=[cast.lena.pk])).content.decode()
    assert client.post(start, {**choices(cast), "draft": "keep"})["Location"] == reverse("patients:patient", args=[cast.lena.pk])
    client.post(url("assign_confirm", cast.lena), choices(cast))
    assert not AssignmentDraft.objects.exists()


def test_a_draft_can_be_discarded_and_is_not_for_others(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    start = url("assign", cast.lena)
    client.post(start, choices(cast))
    sign_in(client, cast.harbour_therapist)
    assert client.post(start, {"draft": "discard"}).status_code == 404
    assert AssignmentDraft.objects.count() == 1
    sign_in(client, cast.manager)
    assert client.post(start, {"draft": "discard"}).status_code == 302
    assert not AssignmentDraft.objects.exists()


@pytest.mark.parametrize("wrong", [{}, {"version": "x"}, {"version": "", "starts_on": "nonsense"}])
def test_without_a_program_nothing_is_kept(client: Client, cast: Cast, wrong: dict[str, str]) -> None:
    sign_in(client, cast.therapist)
    for pressed, status in (("keep", 302), ("next", 422)):
        assert client.post(url("assign", cast.lena), {**wrong, "draft": pressed}).status_code == status
    assert not AssignmentDraft.objects.exists()


def test_a_newer_version_takes_the_place_of_the_drafted_one_and_says_what_is_different(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    client.post(url("assign", cast.lena), choices(cast))
    old = cast.version("leg")
    layout = lay_out(old)
    first = next(one for one in layout[1] if one.setting == "supervised")
    after = apply_edits(layout, [Edit("supervised", 0, first.lines[0].key, dose={"sets": 5})], 1, old.weeks)
    newer = fork_version(version=old, layout=after, clinic=cast.riverside, key="leg-newer", reason="More", now=cast.now)
    ProgramVersion.objects.filter(pk=newer.pk).update(program=old.program, number=old.number + 1)
    approve_version(version=newer, clinic=cast.riverside, by=cast.therapist, now=cast.now)
    ProgramApproval.objects.filter(version=old, clinic=cast.riverside).delete()
    text = client.get(url("assign", cast.lena)).content.decode()
    assert "A newer version of this program was released since" in text
    assert "Leg press: 5 sets, from week 1" in text


def test_the_run_walk_program_says_that_its_trial_left_out_frequent_runners(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    text = client.get(url("assign", cast.lena), {"version": str(cast.version("run_walk").pk)}).content.decode()
    checklist = text.partition('id="entry-h"')[2].partition("</section>")[0]
    assert "did not include people who ran more" in checklist


def test_a_full_group_is_refused_beside_its_time_and_its_places_are_shown(client: Client, cast: Cast) -> None:
    monday = next_monday(cast)
    Clinic.objects.filter(pk=cast.riverside.pk).update(group_places=2)
    sign_in(client, cast.therapist)
    one = ScheduledSession.objects.planned().filter(patient=cast.hannah, setting="supervised").order_by("on")[0]
    rest = ScheduledSession.objects.filter(assignment=one.assignment).exclude(pk=one.pk)
    rest.filter(on=monday).delete()
    at = to_utc(monday, dt.time(17), "Europe/Berlin")
    ScheduledSession.objects.filter(pk=one.pk).update(on=monday, starts_at=at)
    shown = client.get(url("assign", cast.lena), choices(cast)).content.decode()
    assert "Places taken: Mon 1 of 2" in shown
    Clinic.objects.filter(pk=cast.riverside.pk).update(group_places=1)
    refused = client.post(url("assign_confirm", cast.lena), choices(cast))
    assert refused.status_code == 422
    assert "The group is full on" in refused.content.decode()
    assert not Assignment.objects.filter(patient=cast.lena).exists()
    assert client.post(url("assign_confirm", cast.lena), choices(cast, supervised_time="08:00")).status_code == 302


def test_without_a_number_of_places_the_others_are_counted_only(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    assert "Others at this time: Mon" in client.get(url("assign", cast.lena), choices(cast)).content.decode()
