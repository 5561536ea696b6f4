"""Rebuilding the plan of one patient: exercises and whole sessions come and go, what was done stays, the patient reads what and why."""

import datetime as dt
from typing import Any

from django.test import Client
from django.urls import reverse

from clinics.localtime import local_day
from clinics.models import AuditEvent
from patients.actions.assigning import end_assignment
from patients.actions.erasing import erase_patient
from patients.actions.tailoring import tailor_plan
from patients.models import Assignment, AssignmentVersion, Patient, ScheduledSession
from programs.models import Prescription, ProgramVersion
from programs.rules.tailoring import Edit
from tests.cast import Cast, sign_in

WALL = "main.wall_sit.0"


def running(cast: Cast) -> Assignment:
    """Return Hannah's program; it runs since 16 days, so this is week 3."""
    found: Assignment = Assignment.objects.select_related("patient__clinic", "patient__caseload", "version__program", "clinic").get(
        patient=cast.hannah
    )
    return found


def page(cast: Cast, name: str) -> str:
    """Return a page of Hannah's plan."""
    return reverse(f"patients:{name}", args=[running(cast).pk])


def draft(cast: Cast) -> ProgramVersion:
    """Return the draft of Hannah's plan."""
    found: ProgramVersion = ProgramVersion.objects.get(status="draft", program__origin="tailored")
    return found


def opened(client: Client, cast: Cast) -> None:
    """Open the draft as the therapist."""
    sign_in(client, cast.therapist)
    assert client.post(page(cast, "plan_open"))["Location"] == page(cast, "plan_build")


def step(client: Client, cast: Cast, op: str, **fields: Any) -> Any:
    """Make one step."""
    data = {"op": op, "revision": draft(cast).revision, "place": "home-0", "part": "main", "week": 4, **fields}
    answer = client.post(page(cast, "plan_build"), data)
    assert answer.status_code == 302, answer.content.decode()
    return answer


def in_force(client: Client, cast: Cast, days: int = 0, **more: Any) -> Any:
    """Put the draft in force from `days` days ahead."""
    day = local_day(cast.now, cast.hannah.zone) + dt.timedelta(days=days)
    data = {"revision": draft(cast).revision, "from_on": day.isoformat(), "reason": "Knee is sore on stairs", **more}
    return client.post(page(cast, "plan_in_force"), data)


def sessions(cast: Cast, **where: Any) -> list[ScheduledSession]:
    """Return Hannah's sessions in date order."""
    return list(ScheduledSession.objects.filter(patient=cast.hannah, **where).order_by("on"))


def test_a_plan_is_rebuilt_and_the_patient_reads_what_and_why(client: Client, cast: Cast) -> None:
    opened(client, cast)
    shown = client.get(page(cast, "plan_build"), {"place": "home-0", "row": WALL, "week": "4"}).content.decode()
    assert "cell--over" in shown
    assert 'value="3"' in shown
    step(client, cast, "drop", row=WALL, first=4, last=8)
    step(client, cast, "move", row="main.side_leg_raise.0", to=1, first=4, last=8)
    before = [(one.pk, one.session_plan_id) for one in sessions(cast) if one.status != "planned"]
    assert "Wall sit is left out, from week 4 (at home)" in client.get(page(cast, "plan_in_force")).content.decode()
    assert in_force(client, cast).status_code == 302
    assert [(one.pk, one.session_plan_id) for one in sessions(cast) if one.status != "planned"] == before
    later = sessions(cast, setting="home", status="planned", week__gte=4)
    assert later
    for one in later:
        keys = list(Prescription.objects.filter(session_plan=one.session_plan_id, block="main").values_list("exercise__key", flat=True))
        assert keys[0] == "side_leg_raise"
        assert "wall_sit" not in keys
    assert running(cast).version.reason == "Knee is sore on stairs"
    sign_in(client, cast.hannah.membership)
    told = client.get(reverse("patients:plan")).content.decode()
    assert "Wall sit is left out" in told
    assert "Knee is sore on stairs" in told
    assert AuditEvent.objects.filter(action="plan.draft", patient_id=cast.hannah.pk).exists()


def test_whole_sessions_come_and_go_with_their_dates(client: Client, cast: Cast) -> None:
    opened(client, cast)
    step(client, cast, "drop_session", place="supervised-0", first=5, last=6)
    step(client, cast, "session", times_a_week=4, minutes=25, first=7, last=7, week=7)
    step(client, cast, "session", times_a_week=1, minutes=25, first=8, last=8, week=8)
    gone = {one.pk for one in sessions(cast, setting="supervised", week__in=[5, 6])}
    assert in_force(client, cast).status_code == 302
    assert {one.status for one in sessions(cast, pk__in=gone)} == {"cancelled"}
    alive = [one for one in sessions(cast) if one.status != "cancelled"]
    assert [sum(one.week == week and one.setting == "home" for one in alive) for week in (6, 7, 8)] == [3, 4, 1]
    assert len({(one.on, one.setting) for one in alive}) == len(alive)
    told = AssignmentVersion.objects.get(assignment=running(cast)).changes
    assert {one["kind"] for one in told} == {"session_removed", "times"}


def test_a_second_session_at_home_finds_free_days(client: Client, cast: Cast) -> None:
    opened(client, cast)
    step(client, cast, "new_session", setting="home", times_a_week=1, minutes=15, copy="on", first=4, last=8)
    assert in_force(client, cast).status_code == 302
    for week in range(4, 9):
        found = [one for one in sessions(cast, week=week) if one.status != "cancelled"]
        assert len(found) == 6
        assert len({one.on for one in found}) == 6


def test_what_cannot_be_is_refused_and_nothing_moves(client: Client, cast: Cast) -> None:
    opened(client, cast)
    assert in_force(client, cast).status_code == 422
    step(client, cast, "drop", row=WALL, first=4, last=8)
    assert in_force(client, cast, reason=" ").status_code == 422
    assert in_force(client, cast, days=-3).status_code == 422
    assert in_force(client, cast, revision=0).status_code == 409
    early = {"op": "drop", "revision": 1, "place": "home-0", "part": "main", "row": "main.glute_bridge.0", "first": 1, "last": 8}
    assert client.post(page(cast, "plan_build"), early).status_code == 422
    step(client, cast, "new_session", setting="home", times_a_week=2, minutes=15, copy="on", first=4, last=8)
    step(client, cast, "session", times_a_week=4, minutes=25, first=4, last=8)
    refused = in_force(client, cast)
    assert refused.status_code == 422
    assert not AssignmentVersion.objects.exists()
    assert draft(cast).status == "draft"


def test_a_plan_changed_meanwhile_is_shown_and_begun_again(client: Client, cast: Cast) -> None:
    opened(client, cast)
    step(client, cast, "drop", row=WALL, first=4, last=8)
    edit = Edit("home", 0, "glute_bridge", dose={"sets": 1})
    today = local_day(cast.now, cast.hannah.zone)
    tailor_plan(assignment=running(cast), changes=[edit], reason="x", from_on=today, by=cast.therapist2, now=cast.now, until="end")
    assert in_force(client, cast).status_code == 409
    assert "Glute bridge: 1 set" in client.get(page(cast, "plan_in_force")).content.decode()
    again = client.post(page(cast, "plan_drop"), {"again": "1"})
    assert again["Location"] == page(cast, "plan_build")
    assert draft(cast).forked_from_id == running(cast).version_id
    client.post(page(cast, "plan_drop"))
    assert client.get(page(cast, "plan_build")).status_code == 404


def test_a_draft_goes_with_its_person(client: Client, cast: Cast) -> None:
    opened(client, cast)
    step(client, cast, "dose", row=WALL, sets=1, hold_seconds=20, effort="5", load="Hannah's own chair", first=4, last=4)
    end_assignment(assignment=running(cast), reason="moved", by=cast.therapist, now=cast.now)
    assert in_force(client, cast).status_code == 409
    patient = Patient.objects.select_related("clinic", "caseload", "membership__user").get(pk=cast.hannah.pk)
    erase_patient(patient=patient, typed=patient.number, by=cast.manager, now=cast.now, years=10)
    assert not ProgramVersion.objects.filter(status="draft").exists()


def test_another_clinic_finds_no_plan_and_patients_may_not(client: Client, cast: Cast) -> None:
    opened(client, cast)
    for name in ("plan_open", "plan_build", "plan_in_force", "plan_drop"):
        sign_in(client, cast.harbour_therapist)
        assert client.post(page(cast, name)).status_code == 404
        sign_in(client, cast.hannah.membership)
        assert client.post(page(cast, name)).status_code == 403
    sign_in(client, cast.therapist)
    assert client.get(reverse("programs:build", args=[draft(cast).pk])).status_code == 404
