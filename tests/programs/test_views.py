"""The pages about programs and exercises."""

import pytest
from django.db import connection
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinics.models import AuditEvent
from programs.models import Exercise, Prescription, Program, ProgramApproval, ProgramVersion, SessionPlan
from programs.plan import matrices, read_plans
from tests.cast import Cast, sign_in

LISTS = (reverse("programs:list"), reverse("programs:exercises"), reverse("programs:contact_sheet"))


def url(cast: Cast, key: str = "leg") -> str:
    return reverse("programs:program", args=[cast.version(key).program_id])


def test_programs_show_evidence_and_release_and_recommend_nothing(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    text = client.get(LISTS[0]).content.decode()
    assert text.count("<article") == ProgramVersion.objects.published().count()
    assert "Running capability +0.95 per assessment. Pain −0.75, alike in all three groups." in text
    assert "not released yet" not in text


@pytest.mark.parametrize("key", ["leg", "lumbar_extensor", "stabiliser", "run_walk", "walking_with_pauses", "flare_up"])
def test_a_program_shows_every_dose_with_its_source(client: Client, cast: Cast, key: str) -> None:
    sign_in(client, cast.therapist)
    text = client.get(url(cast, key)).content.decode()
    assert "What it did not show" in text
    assert "our default" in text or "article" in text
    names = {row.exercise.name for row in Prescription.objects.filter(session_plan__version=cast.version(key)).select_related("exercise")}
    assert all(name in text for name in names)


def test_weeks_stand_beside_each_other_with_changes_marked(cast: Cast) -> None:
    version = cast.version("leg")
    clinic, home = matrices(read_plans(version, cast.therapist), version.weeks)
    assert (clinic.setting, home.setting, clinic.weeks) == ("supervised", "home", list(range(1, 9)))
    wall_sit = next(row for row in home.rows if row.line.exercise.key == "wall_sit")
    assert wall_sit.pairs[0] == ("2 × 20 s", False)
    assert wall_sit.pairs[1] == ("3 × 20 s", True)
    assert home.dose_mark is not None
    assert home.dose_mark.kind == "default"
    walking = cast.version("walking_with_pauses")
    assert matrices(read_plans(walking, cast.therapist), walking.weeks) == []


def test_a_version_is_released_after_it_was_looked_through(client: Client, cast: Cast) -> None:
    version = cast.version("leg")
    ProgramApproval.objects.filter(clinic=cast.riverside, version=version).delete()
    address = reverse("programs:approve", args=[version.program_id])
    sign_in(client, cast.therapist)
    assert "Release this version" in client.get(url(cast)).content.decode()
    refused = client.post(address, {"version": "1"})
    assert refused.status_code == 422
    assert not ProgramApproval.objects.filter(clinic=cast.riverside, version=version).exists()
    assert client.post(address, {"version": "1", "reviewed": "on"}).status_code == 302
    approval = ProgramApproval.objects.get(clinic=cast.riverside, version=version)
    assert approval.approved_by_id == cast.therapist.pk
    assert AuditEvent.objects.filter(action="program.approve", object_id=approval.pk).exists()
    assert client.post(address, {"version": "1", "reviewed": "on"}).status_code == 302
    assert "Released for your clinic by Jonas Keller" in client.get(url(cast)).content.decode()


def test_a_release_counts_for_the_own_clinic_only(client: Client, cast: Cast) -> None:
    ProgramApproval.objects.filter(clinic=cast.harbour).delete()
    sign_in(client, cast.harbour_therapist)
    text = client.get(LISTS[0]).content.decode()
    assert "not released yet" in text
    assert "Jonas Keller" not in text


def test_a_program_of_another_clinic_is_missing(client: Client, cast: Cast) -> None:
    own = Program.objects.create(clinic=cast.riverside, key="own", code="OWN", kind="strength", origin="clinic", names={"en": "Our own"})
    bare = reverse("programs:program", args=[own.pk])
    sign_in(client, cast.therapist)
    assert client.get(bare).status_code == 404  # without a version there is nothing to show yet
    ProgramVersion.objects.create(program=own, clinic=cast.riverside, number=1, weeks=4)
    assert client.get(bare).status_code == 200
    sign_in(client, cast.harbour_manager)
    assert client.get(bare).status_code == 404
    assert client.post(reverse("programs:approve", args=[own.pk]), {"reviewed": "on"}).status_code == 404


@pytest.mark.parametrize("address", LISTS)
def test_patients_and_strangers_stay_outside(client: Client, cast: Cast, address: str) -> None:
    assert client.get(address).status_code == 302
    assert cast.hannah.membership is not None
    sign_in(client, cast.hannah.membership)
    assert client.get(address).status_code == 403


def test_exercises_are_found_by_group_and_name_in_both_languages(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    assert "Wall sit" in client.get(LISTS[1], {"group": "leg"}).content.decode()
    assert "Bird dog" not in client.get(LISTS[1], {"group": "leg"}).content.decode()
    assert "Wall sit" in client.get(LISTS[1], {"q": "wandsitz"}).content.decode()
    assert "Nothing found" in client.get(LISTS[1], {"q": "zzz"}).content.decode()
    assert client.get(LISTS[1], {"group": "nonsense"}).status_code == 200


def test_every_exercise_has_a_page_with_picture_steps_and_source(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    for exercise in Exercise.objects.filter(is_current=True, clinic=None):
        text = client.get(reverse("programs:exercise", args=[exercise.pk])).content.decode()
        assert 'class="pg pg-anim"' in text, exercise.key
        assert 'class="pg pg-still"' in text, exercise.key
        assert exercise.text("cue").split()[0] in text


def test_the_contact_sheet_shows_every_pictogram_and_variant(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    rows = Exercise.objects.filter(is_current=True, clinic=None)
    pictures = sum(1 + len(row.content.get("pose_variants") or {}) for row in rows)
    text = client.get(LISTS[2]).content.decode()
    assert text.count('role="img"') == pictures
    assert "style=" not in text


def test_the_price_of_a_program_does_not_grow_with_its_weeks(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    client.get(url(cast, "flare_up"))
    with CaptureQueriesContext(connection) as short:
        client.get(url(cast, "flare_up"))
    with CaptureQueriesContext(connection) as long:
        client.get(url(cast, "leg"))
    assert SessionPlan.objects.filter(version=cast.version("leg")).count() > 10
    assert len(short) == len(long)


def test_pictogram_tags_draw_each_kind_once_and_keep_it(cast: Cast) -> None:
    exercise = Exercise.objects.get(key="back_extension", is_current=True)
    tags = ("pictogram e", "pictogram e 'mini'", "pictogram e 'still' 'home'", "pictogram_player e '' '2-1-3'")
    source = "{% load pictograms %}" + "|".join(f"{{% {tag} %}}" for tag in tags)
    whole, mini, home, player = Template(source).render(Context({"e": exercise})).split("|")
    assert len({whole, mini, home}) == 3
    assert 'dur="6s"' in player
    assert "pg-still" in player
    exercise.content = {"steps": {}}
    exercise.digest = "without a pose"
    assert Template("{% load pictograms %}{% pictogram e %}").render(Context({"e": exercise})) == ""
