"""Suggestions on the clinic's pages: off nothing is there; on a therapist confirms or leaves aside; patients see no trace."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinics.models import AuditEvent
from patients.models import AssignmentVersion, Patient, Suggestion, SuggestionSwitch
from tests.cast import Cast, sign_in
from tests.patients.suggesting import BASIS, Scene, open_scene, switch_on

WORDS = ("Raise the load", "Suggestion", "suggestion", "by a rule")


@pytest.fixture
def scene(cast: Cast) -> Scene:
    """Marek has done two for two on the leg press; suggestions are off."""
    found = open_scene(cast)
    found.two_for_two()
    return found


def fields_of(page: str) -> dict[str, str]:
    """Return what the form of the page holds, as a browser without scripts would send it."""
    form = page[page.index('<form method="post" class="card card--pro') :]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and ('type="radio"' not in tag or "checked" in tag):
            found[name[1]] = value[1]
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = text.strip()
    return found


def test_off_nothing_of_it_is_there_and_nothing_is_worked_out(client: Client, scene: Scene) -> None:
    switch = switch_on(scene.cast)
    (row,) = scene.look().rows
    SuggestionSwitch.objects.filter(pk=switch.pk).update(ended_at=scene.cast.now, ended_by=scene.cast.admin)
    Suggestion.objects.filter(pk=row.pk).update(evidence_key="kept")
    sign_in(client, scene.cast.therapist)
    for name in ("patient", "patient_plan"):
        page = client.get(reverse(f"patients:{name}", args=[scene.cast.marek.pk])).content.decode()
        assert not any(word in page for word in WORDS)
    assert client.get(reverse("patients:suggestions")).status_code == 404
    for name in ("suggestion_use", "suggestion_decline"):
        for method in (client.get, client.post):
            assert method(reverse(f"patients:{name}", args=[row.pk])).status_code == 404
    assert Suggestion.objects.count() == 1


def test_a_therapist_looks_confirms_and_the_patient_reads_the_change_only(client: Client, scene: Scene) -> None:
    switch_on(scene.cast)
    sign_in(client, scene.cast.therapist)
    plan = client.get(reverse("patients:patient_plan", args=[scene.cast.marek.pk])).content.decode()
    for words in ("Leg press · Raise the load", "40 kg", "42.5 kg", "you decide", "American College of Sports Medicine", "target 15"):
        assert words in plan
    assert "Leg press · Raise the load" in client.get(reverse("patients:patient", args=[scene.cast.marek.pk])).content.decode()
    row = Suggestion.objects.get()
    address = reverse("patients:suggestion_use", args=[row.pk])
    page = client.get(address).content.decode()
    assert "Leg press: “42.5 kg” instead of" in page
    assert "You managed more repetitions than planned" in page
    assert not AssignmentVersion.objects.exists()
    saved = client.post(address, {**fields_of(page), "reason": "Two strong sessions"})
    assert saved.status_code == 302
    row.refresh_from_db()
    assert (row.status, row.decided_by_id) == ("used", scene.cast.therapist.pk)
    after = client.get(saved["Location"]).content.decode()
    assert "No rule suggests anything now." in after
    assert "Earlier suggestions" in after
    listed = client.get(reverse("patients:suggestions")).content.decode()
    assert "Marek Novák" in listed
    assert "used" in listed
    again = client.post(address, fields_of(page))
    assert (again.status_code, AssignmentVersion.objects.count()) == (409, 1)
    sign_in(client, scene.cast.marek.membership)
    own = client.get("/me/plan/").content.decode()
    assert "Two strong sessions" in own
    assert "42.5 kg" in own
    for path in ("/me/", "/me/plan/", "/me/progress/"):
        assert not any(word in client.get(path).content.decode() for word in WORDS)


def test_another_day_or_load_is_shown_before_it_is_put_in_force(client: Client, scene: Scene) -> None:
    switch_on(scene.cast)
    (row,) = scene.look().rows
    sign_in(client, scene.cast.therapist)
    address = reverse("patients:suggestion_use", args=[row.pk])
    data = fields_of(client.get(address).content.decode())
    shown = client.post(address, {**data, "kg": "41"})
    page = shown.content.decode()
    assert shown.status_code == 200
    assert "“41 kg” instead of" in page
    assert "look at it once more" in page
    assert not AssignmentVersion.objects.exists()
    assert client.post(address, fields_of(page)).status_code == 302
    row.refresh_from_db()
    assert row.used["kg"] == 41.0


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"reason": ""}, "Please say why"),
        ({"from_on": ""}, "This field is required"),
        ({"from_on": "2020-01-01"}, "Choose today or a later day"),
        ({"kg": "900"}, "less than or equal to 500"),
        ({"kg": "heavy"}, "Enter a number"),
        ({"until": "ever"}, "Select a valid choice"),
    ],
)
def test_bad_input_gets_a_message_and_loses_nothing(client: Client, scene: Scene, typed: dict[str, Any], words: str) -> None:
    switch_on(scene.cast)
    (row,) = scene.look().rows
    sign_in(client, scene.cast.therapist)
    address = reverse("patients:suggestion_use", args=[row.pk])
    data = {**fields_of(client.get(address).content.decode()), "reason": "My own words", **typed}
    refused = client.post(address, data)
    assert refused.status_code == 422
    page = refused.content.decode()
    assert words in page
    assert data["reason"] in page
    assert not AssignmentVersion.objects.exists()


def test_leaving_one_aside_asks_why_and_is_kept(client: Client, scene: Scene) -> None:
    switch_on(scene.cast)
    (row,) = scene.look().rows
    sign_in(client, scene.cast.therapist)
    address = reverse("patients:suggestion_decline", args=[row.pk])
    assert "Leave it aside" in client.get(address).content.decode()
    refused = client.post(address, {"reason": "", "note": "half a word"})
    assert refused.status_code == 422
    assert "half a word" in refused.content.decode()
    assert client.post(address, {"reason": "technique"}).status_code == 302
    assert client.post(address, {"reason": "wish"}).status_code == 409
    row.refresh_from_db()
    assert (row.status, row.reason) == ("declined", "technique")
    plan = client.get(reverse("patients:patient_plan", args=[scene.cast.marek.pk])).content.decode()
    assert "the movement is not clean enough yet" in plan
    assert AuditEvent.objects.filter(action="suggestion.decline", object_id=row.pk, patient_id=scene.cast.marek.pk).count() == 1


def test_another_clinic_and_patients_find_nothing(client: Client, scene: Scene) -> None:
    switch_on(scene.cast)
    (row,) = scene.look().rows
    for person, status in ((scene.cast.harbour_therapist, 404), (scene.cast.marek.membership, 403)):
        sign_in(client, person)
        for name in ("suggestion_use", "suggestion_decline"):
            assert client.get(reverse(f"patients:{name}", args=[row.pk])).status_code == status
        assert client.get(reverse("patients:suggestions")).status_code == status


def test_german_pages_speak_german(client: Client, scene: Scene) -> None:
    switch_on(scene.cast)
    (row,) = scene.look().rows
    Patient.objects.filter(pk=scene.cast.marek.pk).update(language="de")
    assert scene.cast.therapist.user is not None
    scene.cast.therapist.user.language = "de"
    scene.cast.therapist.user.save(update_fields=["language"])
    sign_in(client, scene.cast.therapist)
    page = client.get(reverse("patients:suggestion_use", args=[row.pk])).content.decode()
    for words in ("Beinpresse · Gewicht erhöhen", "42,5 kg", "Sie entscheiden", "mehr Wiederholungen geschafft"):
        assert words in page
    assert client.post(reverse("patients:suggestion_use", args=[row.pk]), {**fields_of(page), "kg": "42,5"}).status_code == 302


# --- administration -------------------------------------------------------------------------


def test_an_administrator_turns_it_on_with_the_notice_confirmed_and_off_again(client: Client, cast: Cast) -> None:
    client.force_login(cast.admin)
    address = reverse("admin:patients_suggestionswitch_add")
    page = client.get(address).content.decode()
    for words in ("2017/745", "class IIa", "not a certified medical device", "no CE mark"):
        assert words in page
    data = {"clinic": str(cast.riverside.pk), "basis": BASIS}
    refused = client.post(address, data)
    assert refused.status_code == 200
    assert "Without this confirmation suggestions stay off." in refused.content.decode()
    assert not SuggestionSwitch.objects.exists()
    assert client.post(address, {**data, "confirmed": "on"}).status_code == 302
    row = SuggestionSwitch.objects.get()
    assert (row.clinic_id, row.confirmed_by_id, row.basis, row.notice_version) == (cast.riverside.pk, cast.admin.pk, BASIS, "1")
    assert "already on" in client.post(address, {**data, "confirmed": "on"}).content.decode()
    changed = client.post(reverse("admin:patients_suggestionswitch_change", args=[row.pk]), {"basis": "another"})
    assert changed.status_code == 403
    listed = reverse("admin:patients_suggestionswitch_changelist")
    assert client.post(listed, {"action": "turn_off", "_selected_action": [str(row.pk)]}).status_code == 302
    row.refresh_from_db()
    assert (row.ended_by_id, row.basis) == (cast.admin.pk, BASIS)
    seen = AuditEvent.objects.filter(action__startswith="suggestions.", clinic_id=cast.riverside.pk).order_by("id")
    assert [(one.action, one.actor_id) for one in seen] == [("suggestions.on", cast.admin.pk), ("suggestions.off", cast.admin.pk)]
    sign_in(client, cast.manager)
    assert client.get(address).status_code in {302, 403}
