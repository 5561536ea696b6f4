"""Building a program on its screen by plain forms: every step, what is refused, two people at once, and the leg program made anew."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinics.models import AuditEvent
from programs.layout import told_plan, whole_plan
from programs.models import Exercise, Program, ProgramApproval, ProgramVersion
from programs.rules.building import line_at, session_at
from programs.rules.diff import diff
from tests.cast import Cast, sign_in
from tests.programs.building import HOME, Rebuilder, address, draft_of, fresh, post

WALL = "main.wall_sit.0"
ROW = ("main", "wall_sit", 0)
PLACE = ("home", 0)
DOSE: dict[str, Any] = {"row": WALL, "sets": 4, "hold_seconds": 25, "rest_seconds": 60, "effort": "6–7"}


def wall(version: ProgramVersion, week: int) -> Any:
    """Return the wall sit of a week at home."""
    return line_at(whole_plan(fresh(version)), week, PLACE, ROW)


def at(plan: Any, week: int) -> Any:
    """Return the wall sit at home of a week."""
    return line_at(plan, week, PLACE, ROW)


def session(plan: Any, week: int) -> Any:
    """Return the session at home of a week."""
    return session_at(plan, week, PLACE)


def test_the_leg_program_is_built_anew_from_nothing_and_differs_in_nothing(client: Client, cast: Cast) -> None:
    target = cast.version("leg")
    sign_in(client, cast.therapist)
    begun = client.post(reverse("programs:new"), {"name_en": "Legs anew", "kind": "strength", "weeks": 8})
    version = ProgramVersion.objects.get(program__names__en="Legs anew")
    assert begun["Location"] == address(version)
    assert Rebuilder(client, version, target).build() < 130
    assert diff(told_plan(target), told_plan(fresh(version))) == []
    published = client.post(address(version, "publish"), {"revision": fresh(version).revision, "release": "on"})
    assert published.status_code == 302
    version = fresh(version)
    assert (version.status, version.supervised_per_week, version.home_per_week) == ("published", 2, 3)
    assert diff(told_plan(target), told_plan(version)) == []
    page = client.get(reverse("programs:compare"), {"a": str(target.pk), "b": str(version.pk)}).content.decode()
    assert "data-same" in page
    offered = client.get(reverse("patients:assign", args=[cast.marek.pk])).content.decode()
    assert "Legs anew" in offered


def test_the_screen_shows_the_plan_and_an_exercise_to_set(client: Client, cast: Cast) -> None:
    version = draft_of(cast)
    sign_in(client, cast.therapist)
    page = client.get(address(version), {"place": HOME, "row": WALL, "week": "2"}).content.decode()
    assert "after “Leg program”" in page
    assert 'aria-label="Wall sit, week 2: 3 × 20 s, effort 6–7, changed from the week before"' in page
    assert 'id="dose_hold_seconds"' in page
    assert client.get(address(version), {"place": "moon-7", "row": "x", "week": "99", "part": "y"}).status_code == 200


@pytest.mark.parametrize(
    ("op", "fields", "holds"),
    [
        ("dose", {**DOSE, "first": 2, "last": 3}, lambda plan: [at(plan, w).sets for w in (1, 2, 3, 4)] == [2, 4, 4, 3]),
        ("spread", {"row": WALL, "week": 1, "span": "on"}, lambda plan: {at(plan, w).sets for w in plan} == {2}),
        (
            "drop",
            {"row": WALL, "week": 7, "span": "on"},
            lambda plan: [at(plan, w) is None for w in (6, 7, 8)] == [0, 1, 1],
        ),
        ("move", {"row": WALL, "to": 1}, lambda plan: {session(plan, w).lines[2].key for w in plan} == {"wall_sit"}),
        ("circuit", {"rows": [WALL, "main.glute_bridge.0"], "do": "join"}, lambda plan: at(plan, 8).circuit == 1),
        (
            "copy",
            {"what": "week", "source": 1, "first": 2, "last": 8},
            lambda plan: all(plan[w][1].lines == plan[1][1].lines for w in plan),
        ),
        ("drop_session", {"span": "all"}, lambda plan: {len(plan[w]) for w in plan} == {1}),
        (
            "new_session",
            {"setting": "home", "times_a_week": 1, "minutes": 20, "copy": "on"},
            lambda plan: {len(plan[w]) for w in plan} == {3},
        ),
        ("session", {"times_a_week": 2, "minutes": 20, "phase": "Go", "first": 1, "last": 1}, lambda plan: plan[1][1].minutes == 20),
        (
            "progress",
            {"row": WALL, "part": "hold", "step": 5, "every": 1, "first": 1, "last": 4, "do": "save"},
            lambda plan: [at(plan, w).hold_seconds for w in (1, 2, 3, 4)] == [20, 25, 30, 35],
        ),
    ],
)
def test_each_step_does_what_it_says_and_is_taken_back(client: Client, cast: Cast, op: str, fields: dict[str, Any], holds: Any) -> None:
    version = draft_of(cast)
    before = fresh(version).draft
    sign_in(client, cast.therapist)
    answer = post(client, version, op, **fields)
    assert answer.status_code == 302, answer.content.decode()
    assert holds(whole_plan(fresh(version)))
    assert post(client, version, "undo").status_code == 302
    assert fresh(version).draft == before


def test_an_exercise_is_added_and_swapped_with_a_usual_dose(client: Client, cast: Cast) -> None:
    version = draft_of(cast, None)
    sign_in(client, cast.therapist)
    post(client, version, "new_session", setting="home", times_a_week=2, minutes=30)
    keys = {row.key: row.pk for row in Exercise.objects.filter(clinic=None, is_current=True)}
    added = post(client, version, "add", exercise=keys["wall_sit"])
    assert "row=main.wall_sit.0" in added["Location"]
    assert (wall(version, 8).sets, wall(version, 8).exercise_provenance) == (2, "clinic")
    post(client, version, "swap", row=WALL, exercise=keys["single_leg_squat"])
    line = session(whole_plan(fresh(version)), 3).lines[0]
    assert (line.key, line.reps_high is not None, line.hold_seconds) == ("single_leg_squat", True, None)


def test_one_dose_is_given_to_many_exercises(client: Client, cast: Cast) -> None:
    version = draft_of(cast)
    sign_in(client, cast.therapist)
    fields = {
        **DOSE,
        "sets": 2,
        "hold_seconds": 20,
        "rest_seconds": 90,
        "load": "Your own body weight",
        "variation": "Knees bent about 60 degrees",
    }
    post(client, version, "dose", **fields, others=["main.glute_bridge.0"], first=1, last=2)
    plan = whole_plan(fresh(version))
    bridge = line_at(plan, 2, PLACE, ("main", "glute_bridge", 0))
    assert bridge is not None
    assert (bridge.rest_seconds, bridge.hold_seconds, bridge.reps_high) == (90, None, 10)
    assert at(plan, 1).variation["de"] == "Knie etwa 60 Grad gebeugt"


@pytest.mark.parametrize(
    ("op", "fields", "said"),
    [
        ("dose", {**DOSE, "sets": 99, "effort": "11", "tempo": "fast"}, ["dose_sets", "dose_effort", "dose_tempo"]),
        ("dose", {**DOSE, "hold_seconds": ""}, ["Enter repetitions or seconds."]),
        ("dose", {**DOSE, "first": 5, "last": 2}, ["Choose weeks from 1 to 8"]),
        ("dose", {"sets": 2, "reps": "8"}, ["Choose an exercise first."]),
        ("add", {"exercise": "01900000-0000-7000-8000-000000000000"}, ["This exercise is not offered here."]),
        ("circuit", {"rows": [WALL], "do": "join"}, ["Choose at least two exercises."]),
        ("session", {"times_a_week": 3, "minutes": 20, "weekdays": [1, 2]}, ["Choose as many days as times a week"]),
        (
            "progress",
            {"row": WALL, "part": "reps", "step": 1, "every": 1, "first": 1, "last": 8},
            ["This is not counted for this exercise."],
        ),
        ("copy", {"what": "week", "source": 99, "first": 1, "last": 2}, ["There is no such week."]),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_typed_is_lost(
    client: Client, cast: Cast, op: str, fields: dict[str, Any], said: list[str]
) -> None:
    version = draft_of(cast)
    sign_in(client, cast.therapist)
    answer = post(client, version, op, **fields)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert all(text in page for text in said)
    assert fresh(version).revision == 0
    if "tempo" in fields:
        assert 'value="fast"' in page


def test_a_week_has_no_more_kinds_of_session_than_days(client: Client, cast: Cast) -> None:
    version = draft_of(cast)
    sign_in(client, cast.therapist)
    fields = {"setting": "home", "times_a_week": 1, "minutes": 10, "first": 1, "last": 1}
    answers = [post(client, version, "new_session", **fields).status_code for _nth in range(6)]
    assert answers == [302] * 5 + [422]


def test_a_rule_is_shown_before_it_is_made(client: Client, cast: Cast) -> None:
    version = draft_of(cast)
    sign_in(client, cast.therapist)
    rule = {"row": WALL, "part": "hold", "step": 5, "every": 1, "first": 1, "last": 4}
    page = post(client, version, "progress", **rule, do="show").content.decode()
    assert "2 × 35 s" in page.replace("3 × 35 s", "2 × 35 s")
    assert "Use these doses" in page
    assert fresh(version).revision == 0


def test_two_people_at_once_both_read_what_the_other_wanted_and_nothing_is_lost(client: Client, cast: Cast) -> None:
    version = draft_of(cast)
    sign_in(client, cast.therapist2)
    post(client, version, "dose", **{**DOSE, "row": "main.glute_bridge.0", "hold_seconds": "", "reps": "9", "sets": 4})
    sign_in(client, cast.therapist)
    late = post(client, version, "dose", **DOSE, revision=0)
    page = late.content.decode()
    assert late.status_code == 409
    assert "Amara Diallo" in page
    assert "Glute bridge: 4 sets instead of 2" in page
    assert "Wall sit: 4 sets instead of 2" in page
    assert wall(version, 1).sets == 2
    assert 'name="hold_seconds" value="25"' in page
    again = post(client, version, "dose", **DOSE, revision=fresh(version).revision)
    assert again.status_code == 302
    assert wall(version, 1).sets == 4


def test_publishing_names_what_is_missing_and_freezes_what_is_whole(client: Client, cast: Cast) -> None:
    empty, whole = draft_of(cast, None), draft_of(cast)
    sign_in(client, cast.therapist)
    assert "Week 1 has no session." in client.get(address(empty, "publish")).content.decode()
    refused = client.post(address(empty, "publish"), {"revision": 0})
    assert refused.status_code == 422
    assert client.post(address(whole, "publish"), {"revision": 7}).status_code == 409
    assert client.post(address(whole, "publish"), {"revision": 0}).status_code == 302
    assert fresh(whole).status == "published"
    assert not ProgramApproval.objects.filter(version=whole).exists()
    assert client.get(address(whole)).status_code == 302
    assert post(client, whole, "drop", row=WALL).status_code == 409
    assert AuditEvent.objects.filter(action="program.publish", object_id=whole.pk).exists()
    copied = {(row.exercise_provenance, row.dose_provenance) for plan in whole.session_plans.all() for row in plan.prescriptions.all()}
    assert ("trial", "default") in copied


def test_a_new_version_moves_no_running_plan_and_the_old_one_is_retired(client: Client, cast: Cast) -> None:
    first = draft_of(cast)
    sign_in(client, cast.therapist)
    client.post(address(first, "publish"), {"revision": 0, "release": "on"})
    client.post(reverse("programs:revise", args=[first.program_id]))
    second = ProgramVersion.objects.get(program=first.program, number=2)
    assert client.post(reverse("programs:revise", args=[first.program_id]))["Location"] == address(second)
    post(client, second, "dose", **DOSE)
    assert "Wall sit: 4 sets instead of 2" in client.get(address(second, "publish")).content.decode()
    client.post(address(second, "publish"), {"revision": fresh(second).revision})
    assert [fresh(one).status for one in (first, second)] == ["retired", "published"]
    client.post(address(second, "retire"))
    assert fresh(second).status == "retired"
    assert client.post(reverse("programs:revise", args=[cast.version("leg").program_id])).status_code == 403


def test_drafts_are_listed_and_thrown_away(client: Client, cast: Cast) -> None:
    version = draft_of(cast)
    sign_in(client, cast.therapist2)
    assert "Our legs" in client.get(reverse("programs:list")).content.decode()
    assert client.get(address(version, "preview"), {"week": 3}).status_code == 200
    assert client.get(address(version, "discard")).status_code == 200
    client.post(address(version, "discard"))
    assert not Program.objects.filter(pk=version.program_id).exists()


def test_a_draft_belongs_to_its_clinic_and_to_staff(client: Client, cast: Cast) -> None:
    version = draft_of(cast)
    assert cast.hannah.membership is not None
    for name in ("build", "preview", "publish", "discard", "retire", "sheets"):
        sign_in(client, cast.harbour_therapist)
        assert client.get(address(version, name)).status_code == 404
        sign_in(client, cast.hannah.membership)
        assert client.get(address(version, name)).status_code == 403
    sign_in(client, cast.harbour_therapist)
    assert post(client, version, "drop", row=WALL).status_code == 404
    assert "Our legs" not in client.get(reverse("programs:compare"), {"a": str(version.pk)}).content.decode()


def test_names_length_and_what_the_sheets_ask_are_saved(client: Client, cast: Cast) -> None:
    version = draft_of(cast)
    sign_in(client, cast.therapist)
    frame = {"name_en": "Legs, longer", "name_de": "Beine, länger", "weeks": 10, "stated_provider": "Physiotherapists of our clinic"}
    assert post(client, version, "frame", **frame).status_code == 302
    assert post(client, version, "frame", **{**frame, "weeks": 99}).status_code == 422
    found = fresh(version)
    assert (found.program.names["de"], found.weeks, len(whole_plan(found))) == ("Beine, länger", 10, 10)
    page = client.get(address(version, "sheets")).content.decode()
    assert "Physiotherapists of our clinic" in page
    assert "not stated" in page


def test_the_sheets_of_a_shared_program_print_what_nobody_reported(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    page = client.get(address(cast.version("leg"), "sheets")).content.decode()
    for text in ("not reported", "Leg press", "16b", "Adverse events", "8 weeks", "How well, as it was"):
        assert text in page
    assert page.count('<th scope="row">') == 19 + 12


def test_the_price_of_the_screen_does_not_grow_with_the_weeks(client: Client, cast: Cast) -> None:
    short, long = draft_of(cast, weeks=8), draft_of(cast, weeks=12)
    sign_in(client, cast.therapist)
    counts = []
    for version in (short, short, long):
        with CaptureQueriesContext(connection) as shown:
            client.get(address(version), {"place": HOME, "row": WALL})
        with CaptureQueriesContext(connection) as changed:
            post(client, version, "dose", **DOSE, first=1, last=version.weeks)
        counts.append((len(shown), len(changed)))
    assert counts[1] == counts[2]
    assert counts[2][0] < 15


def test_the_page_opens_with_the_dose_of_the_first_exercise(client: Client, cast: Cast) -> None:
    version = draft_of(cast)
    page = sign_in(client, cast.therapist).get(address(version)).content.decode()
    inspector = page[page.index('id="inspector"') :]
    assert "Leg press" in inspector[: inspector.index("</h2>")]
    assert 'value="main.leg_press.0"' in inspector
    empty = client.get(address(draft_of(cast, None, names={"en": "Empty"}))).content.decode()
    assert "Choose a cell" in empty[empty.index('id="inspector"') :]
