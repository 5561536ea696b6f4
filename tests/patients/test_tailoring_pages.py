"""Changing a plan on the screen: edit, look, save; what the patient is told; and two people at once."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinics.localtime import local_day
from patients.actions.assigning import end_assignment
from patients.actions.tailoring import tailor_plan
from patients.models import Assignment, AssignmentVersion, ScheduledSession
from programs.models import Exercise, Prescription
from programs.rules.tailoring import Edit
from tests.cast import Cast, sign_in, start_program


def running(cast: Cast) -> Assignment:
    """Return Hannah's program."""
    found: Assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program", "clinic").get(
        patient=cast.hannah
    )
    return found


def address(cast: Cast) -> str:
    """Return the page that changes Hannah's plan."""
    return reverse("patients:assignment_tailor", args=[running(cast).pk])


def fields_of(page: str) -> dict[str, str]:
    """Return what the form on the page holds, as a browser without scripts would send it."""
    form = page[page.index('<form method="post" class="stack"') :]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or "checked" in tag):
            found[name[1]] = value[1] if value else "on" if "checkbox" in tag else ""
    for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = text.strip()
    return found


def ready(client: Client, cast: Cast, **typed: Any) -> dict[str, Any]:
    """Open the page as the therapist and return its form with some fields typed over."""
    sign_in(client, cast.therapist)
    response = client.get(address(cast))
    assert response.status_code == 200
    return {**fields_of(response.content.decode()), "reason": "Less while the knee is sore", "step": "show", **typed}


def test_one_dose_is_changed_in_two_steps_and_the_patient_reads_what_and_why(client: Client, cast: Cast) -> None:
    data = ready(client, cast, **{"home0-wall_sit-0-sets": "1"})
    shown = client.post(address(cast), data)
    page = shown.content.decode()
    assert shown.status_code == 200
    assert "Wall sit: 1 set instead of 3" in page
    assert not AssignmentVersion.objects.exists()
    saved = client.post(address(cast), {**fields_of(page), "step": "save"})
    assert saved.status_code == 302
    change = AssignmentVersion.objects.get()
    assert (change.reason, change.made_by_id) == ("Less while the knee is sore", cast.therapist.pk)
    staff = client.get(saved["Location"]).content.decode()
    assert "Changes of this plan" in staff
    assert "changed for this patient 1 time" in staff
    sign_in(client, cast.hannah.membership)
    plan = client.get("/me/plan/").content.decode()
    for words in ("What changed and why", "Wall sit: 1 set instead of 3", "Less while the knee is sore", "Jonas Keller"):
        assert words in plan
    assert "Your plan has changed" in client.get("/me/").content.decode()


def test_what_was_not_looked_at_is_shown_before_it_is_saved(client: Client, cast: Cast) -> None:
    data = ready(client, cast, **{"home0-wall_sit-0-sets": "1"})
    looked = fields_of(client.post(address(cast), data).content.decode())
    other = client.post(address(cast), {**looked, "home0-wall_sit-0-sets": "2", "step": "save"})
    assert other.status_code == 200
    assert "Wall sit: 2 sets instead of 3" in other.content.decode()
    assert not AssignmentVersion.objects.exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"reason": " "}, "Please say why."),
        ({"from_on": "2020-01-01", "home0-wall_sit-0-sets": "1"}, "Choose today or a later day."),
        ({"home0-wall_sit-0-sets": "0"}, "greater than or equal to 1"),
        ({"home0-wall_sit-0-sets": ""}, "Please enter a number."),
        ({"home0-glute_bridge-0-reps": "12-8"}, "Write a number or a range"),
        ({"home0-glute_bridge-0-reps": "many"}, "Write a number or a range"),
        ({"home0-wall_sit-0-seconds": ""}, "Enter repetitions or seconds."),
        ({}, "Nothing is different from the plan as it is."),
    ],
)
def test_mistakes_stand_beside_their_field_and_nothing_typed_is_lost(
    client: Client, cast: Cast, typed: dict[str, str], sentence: str
) -> None:
    data = ready(client, cast, **{"home0-side_leg_raise-0-load": "Band, yellow"} if typed else {}, **typed)
    answer = client.post(address(cast), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert not typed or "Band, yellow" in page
    assert "Please check this" in page
    assert not AssignmentVersion.objects.exists()


def test_an_exercise_is_swapped_for_another_with_its_usual_dose_one_added_one_left_out(client: Client, cast: Cast) -> None:
    squat = Exercise.objects.get(key="bird_dog", is_current=True)
    plank = Exercise.objects.get(key="wall_sit", is_current=True)
    typed = {
        "home0-wall_sit-0-exercise": str(squat.pk),
        "home0-glute_bridge-0-drop": "on",
        "supervised0-new-0-exercise": str(plank.pk),
        "home0-side_leg_raise-0-form": "easier",
        "until": "end",
    }
    data = ready(client, cast, **typed)
    looked = client.post(address(cast), data).content.decode()
    assert "Bird dog instead of Wall sit" in looked
    assert "Glute bridge is left out" in looked
    assert client.post(address(cast), {**fields_of(looked), "step": "save"}).status_code == 302
    session = ScheduledSession.objects.filter(patient=cast.hannah, setting="home", status="planned").order_by("on").last()
    assert session is not None
    rows = {one.exercise.key: one for one in Prescription.objects.filter(session_plan=session.session_plan_id, block="main")}
    assert "wall_sit" not in rows
    assert (rows["bird_dog"].exercise_provenance, bool(rows["bird_dog"].reps_high or rows["bird_dog"].hold_seconds)) == ("tailored", True)
    assert rows["side_leg_raise"].variation == rows["side_leg_raise"].exercise.content["easier"]


def test_of_two_therapists_the_second_sees_what_changed_and_keeps_what_was_typed(client: Client, cast: Cast) -> None:
    data = ready(client, cast, **{"home0-wall_sit-0-sets": "2"})
    tailor_plan(
        assignment=running(cast),
        changes=[Edit("home", 0, "wall_sit", dose={"sets": 5})],
        reason="Strong",
        from_on=local_day(cast.now, cast.hannah.zone),
        by=cast.therapist2,
        now=cast.now,
    )
    refused = client.post(address(cast), data)
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "Changed by somebody else in the meantime" in page
    assert "Wall sit: 5 sets instead of 3" in page
    assert fields_of(page)["home0-wall_sit-0-sets"] == "2"
    again = client.post(address(cast), {**fields_of(page), "step": "show"})
    assert "Wall sit: 2 sets instead of 5" in again.content.decode()


def test_another_week_can_be_where_it_begins(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    page = client.get(address(cast) + "?week=6").content.decode()
    begins = dt.date.fromisoformat(fields_of(page)["from_on"])
    assert ScheduledSession.objects.filter(patient=cast.hannah, on=begins, week=6).exists()
    for asked in ("1", "99", "x"):
        assert client.get(address(cast) + f"?week={asked}").status_code == 200


def test_a_run_walk_stage_is_changed_in_seconds(client: Client, cast: Cast) -> None:
    end_assignment(assignment=running(cast), reason="other program", by=cast.therapist, now=cast.now)
    run_walk = start_program(cast.hannah, "run_walk", cast.therapist, cast.version("run_walk"), 8, cast.now)
    sign_in(client, cast.therapist)
    place = reverse("patients:assignment_tailor", args=[run_walk.pk])
    data = fields_of(client.get(place).content.decode())
    typed = {**data, "home0-run_walk_interval-0-run_seconds": "15", "reason": "Shin", "step": "show"}
    page = client.post(place, typed).content.decode()
    assert "0:15 run / 2:00 walk instead of 0:20 run / 2:00 walk, in week 2" in page
    assert client.post(place, {**fields_of(page), "step": "save"}).status_code == 302


def test_what_the_patient_had_on_the_screen_is_what_is_logged(client: Client, cast: Cast) -> None:
    session = cast.session_today(cast.hannah)
    sign_in(client, cast.hannah.membership)
    play = f"/me/sessions/{session.pk}/play/"
    page = client.get(play).content.decode()
    assert f'name="plan" value="{session.session_plan_id}"' in page
    first = Prescription.objects.filter(session_plan=session.session_plan_id, block="main").order_by("position").first()
    assert first is not None
    tailor_plan(
        assignment=running(cast),
        changes=[Edit("home", 0, first.exercise.key, drop=True)],
        reason="Knee",
        from_on=session.on,
        by=cast.therapist,
        now=cast.now,
        until="end",
    )
    assert client.post(play, {"plan": str(session.session_plan_id), "pain_during_0_10": "2", "x0-sets_done": "1"}).status_code == 302
    stored = ScheduledSession.objects.get(pk=session.pk)
    assert stored.session_plan_id == session.session_plan_id
    logged = stored.log.exercises.order_by("position").first()
    assert logged is not None
    assert logged.prescription_id == first.pk


def test_the_clinic_sees_each_week_under_the_version_of_its_days(client: Client, cast: Cast) -> None:
    tailor_plan(
        assignment=running(cast),
        changes=[Edit("home", 0, "wall_sit", dose={"sets": 9})],
        reason="Knee",
        from_on=local_day(cast.now, cast.hannah.zone) + dt.timedelta(days=5),
        by=cast.therapist,
        now=cast.now,
        until="end",
    )
    sign_in(client, cast.therapist)
    place = reverse("patients:patient_plan", args=[cast.hannah.pk])
    shown = {week: "9 × " in client.get(f"{place}?week={week}").content.decode() for week in (1, 2, 3, 4, 8)}
    assert shown == {1: False, 2: False, 3: False, 4: True, 8: True}
    assert "?version=" in client.get(place).content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_strangers_and_patients_stay_outside(client: Client, cast: Cast, method: str) -> None:
    for member, status in ((cast.harbour_therapist, 404), (cast.hannah.membership, 403)):
        sign_in(client, member)
        assert getattr(client, method)(address(cast)).status_code == status


def test_tailored_programs_stand_in_no_list(client: Client, cast: Cast) -> None:
    change = tailor_plan(
        assignment=running(cast),
        changes=[Edit("home", 0, "wall_sit", dose={"sets": 1})],
        reason="Knee",
        from_on=local_day(cast.now, cast.hannah.zone),
        by=cast.therapist,
        now=cast.now,
    )
    sign_in(client, cast.therapist)
    listed = client.get("/programs/").content.decode()
    assert str(change.version.program_id) not in listed
    assert reverse("programs:program", args=[running(cast).versions.get().version.forked_from.program_id]) in listed  # type: ignore[union-attr]
    assert client.get(reverse("programs:program", args=[change.version.program_id])).status_code == 404
    assert str(change.version_id) not in client.get(f"/patients/{cast.marek.pk}/assign/").content.decode()
    found = client.get("/api/v1/programs/", {"origin": "tailored"}).json()
    assert found["results"] == []


def test_the_model_line_is_shown_to_the_patient_only_when_the_therapist_says_so(client: Client, cast: Cast) -> None:
    label = "Model line from published slopes"
    place = reverse("patients:assignment_model_line", args=[running(cast).pk])
    sign_in(client, cast.hannah.membership)
    assert label not in client.get("/me/progress/?show=running").content.decode()
    assert client.post(place, {"show": "yes"}).status_code == 403
    sign_in(client, cast.harbour_therapist)
    assert client.post(place, {"show": "yes"}).status_code == 404
    sign_in(client, cast.therapist)
    assert client.get(place).status_code == 405
    assert client.post(place, {"show": "yes"}).status_code == 302
    assert "Hide it from the patient" in client.get(reverse("patients:patient", args=[cast.hannah.pk])).content.decode()
    sign_in(client, cast.hannah.membership)
    assert label in client.get("/me/progress/?show=running").content.decode()
    sign_in(client, cast.therapist)
    assert client.post(place, {"show": "no"}).status_code == 302
    assert not running(cast).shows_model_line
