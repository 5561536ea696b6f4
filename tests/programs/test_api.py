"""Exercises, programs and versions by the API."""

import uuid

import pytest

from clinics.models import Clinic
from programs.models import Exercise, Program, ProgramVersion
from tests.caller import Caller
from tests.cast import Cast


def own_of(clinic: Clinic) -> tuple[Exercise, Program, ProgramVersion]:
    """Make an exercise, a program and a version of a clinic's own."""
    names = {"en": f"Own of {clinic.slug}", "de": f"Eigenes von {clinic.slug}"}
    exercise = Exercise.objects.create(clinic=clinic, key=f"own-{clinic.slug}", group="hip", measure="reps", names=names, content={})
    program = Program.objects.create(clinic=clinic, key=f"own-{clinic.slug}", code="OWN", kind="strength", origin="clinic", names=names)
    return exercise, program, ProgramVersion.objects.create(clinic=clinic, program=program, number=1, weeks=4)


def test_staff_read_the_library_and_what_is_their_own(cast: Cast) -> None:
    mine, theirs = own_of(cast.riverside), own_of(cast.harbour)
    staff = Caller(cast.therapist)
    for path, own, foreign in zip(("exercises", "programs", "program-versions"), mine, theirs, strict=True):
        ids = {one["id"] for one in staff.every(f"{path}/", page_size=10)}
        assert str(own.pk) in ids
        assert str(foreign.pk) not in ids
        assert len(ids) > 5
        assert staff.get(f"{path}/{own.pk}/").status_code == 200
        missing = staff.get(f"{path}/{uuid.uuid4()}/")
        refused = staff.get(f"{path}/{foreign.pk}/")
        assert (refused.status_code, refused.content) == (404, missing.content)


def test_a_version_shows_every_session_and_dose_with_its_source(cast: Cast) -> None:
    shown = Caller(cast.therapist).get(f"program-versions/{cast.version('leg').pk}/").json()
    assert (shown["weeks"], shown["supervised_per_week"], shown["home_per_week"], shown["status"]) == (8, 2, 3, "published")
    assert {plan["setting"] for plan in shown["session_plans"]} == {"supervised", "home"}
    doses = [dose for plan in shown["session_plans"] for dose in plan["prescriptions"]]
    assert doses
    assert all(dose["dose"] and dose["dose_provenance"] and dose["exercise"]["names"]["de"] for dose in doses)


def test_doses_speak_the_language_of_the_request(cast: Cast) -> None:
    caller = Caller(cast.therapist)
    caller.headers["Accept-Language"] = "de"
    answer = caller.get(f"program-versions/{cast.version('leg').pk}/")
    assert answer.headers["Content-Language"] == "de"


@pytest.mark.parametrize("path", ["exercises/", "programs/", "program-versions/"])
def test_the_library_is_read_by_staff_and_changed_by_nobody(cast: Cast, path: str) -> None:
    assert Caller(None).get(path).status_code == 401
    assert Caller(cast.hannah.membership).get(path).status_code == 403
    for caller in (Caller(cast.manager), Caller(cast.therapist)):
        assert caller.get(path).status_code == 200
        assert caller.post(path, {"key": "x"}).status_code == (400 if path == "program-versions/" else 405)


def test_lists_are_narrowed_by_name(cast: Cast) -> None:
    staff = Caller(cast.therapist)
    assert {one["kind"] for one in staff.every("programs/", kind="run_walk")} == {"run_walk"}
    [program] = [one for one in staff.every("programs/") if one["key"] == "leg"]
    assert {one["program"]["id"] for one in staff.every("program-versions/", program=program["id"])} == {program["id"]}
    group = staff.get("exercises/").json()["results"][0]["group"]
    assert {one["group"] for one in staff.every("exercises/", group=group)} == {group}
    assert staff.get("exercises/", content="x").status_code == 400
    assert staff.get("programs/", kind="dance").status_code == 400
    assert staff.get("exercises/", is_current="perhaps").status_code == 400
    assert staff.every("exercises/", is_current="false") == []


def sessions_of(exercise: Exercise, **more: object) -> list[dict[str, object]]:
    """Return one session a week with one exercise."""
    line = {"exercise": str(exercise.pk), "sets": 3, "hold_seconds": 30, "rest_seconds": 60, **more}
    return [{"week_from": 1, "week_to": 2, "setting": "home", "times_a_week": 2, "minutes": 15, "exercises": [line]}]


def test_a_clinic_builds_and_publishes_its_own_program(cast: Cast) -> None:
    staff, wall = Caller(cast.therapist), Exercise.objects.get(key="wall_sit", is_current=True)
    body = {"names": {"en": "Wall sits"}, "kind": "strength", "weeks": 2, "sessions": sessions_of(wall)}
    begun = staff.post("program-versions/", body)
    assert begun.status_code == 201
    draft = begun.json()
    assert (draft["status"], draft["program"]["origin"]) == ("draft", "clinic")
    again = staff.get(f"program-versions/{draft['id']}/").json()["session_plans"]
    assert [[dose["dose"] for dose in plan["prescriptions"]] for plan in again] == [["3 × 30 s"]]
    path = f"program-versions/{draft['id']}/publish/"
    assert staff.post(path, {"revision": 9}).status_code == 409
    assert Caller(cast.harbour_therapist).post(path, {"revision": 0}).status_code == 404
    assert Caller(cast.hannah.membership).post(path, {"revision": 0}).status_code == 403
    published = staff.post(path, {"revision": 0, "release": True}).json()
    assert (published["status"], published["home_per_week"]) == ("published", 2)
    [dose] = published["session_plans"][0]["prescriptions"]
    assert (dose["dose"], dose["dose_provenance"], dose["circuit"]) == ("3 × 30 s", "clinic", 0)
    assert staff.post(path, {"revision": draft["revision"]}).status_code == 409
    assert staff.post(f"program-versions/{cast.version('leg').pk}/publish/", {"revision": 0}).status_code == 403


def test_a_program_begins_as_a_copy_and_what_cannot_be_is_refused(cast: Cast) -> None:
    staff, wall = Caller(cast.therapist), Exercise.objects.get(key="wall_sit", is_current=True)
    body = {"names": {"en": "Our legs"}, "kind": "strength", "weeks": 8}
    copied = staff.post("program-versions/", {**body, "copy_of": str(cast.version("leg").pk)})
    assert copied.status_code == 201
    empty = staff.post("program-versions/", body).json()
    refused = staff.post(f"program-versions/{empty['id']}/publish/", {"revision": 0})
    assert (refused.status_code, "Week 1" in str(refused.json()["fields"])) == (400, True)
    foreign, _program, theirs = own_of(cast.harbour)
    for more in (
        {"weeks": 60},
        {"copy_of": str(theirs.pk)},
        {"sessions": sessions_of(foreign)},
        {"sessions": sessions_of(wall) * 8},
        {"sessions": sessions_of(wall, reps_low=9, reps_high=8)},
        {"sessions": sessions_of(wall, tempo="slow")},
        {"weeks": 1, "sessions": sessions_of(wall)},
        {"copy_of": str(cast.version("leg").pk), "sessions": sessions_of(wall)},
    ):
        assert staff.post("program-versions/", {**body, **more}).status_code == 400, more
