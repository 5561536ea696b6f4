"""A clinic's own exercises: written, approved by somebody else, used, changed as a new revision; and their pictures."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from clinics.models import AuditEvent, Membership
from programs.layout import whole_plan
from programs.models import Exercise, ExercisePicture
from programs.pictures import LARGEST_SIDE, Unreadable, made_anew
from programs.rules.building import session_at
from tests.cast import Cast, sign_in
from tests.programs.building import address, draft_of, fresh, post

NEW = reverse("programs:exercise_new")
TYPED: dict[str, Any] = {
    "name_en": "Towel row",
    "group": "leg",
    "measure": "reps",
    "sets": "2–3",
    "amount": "8–12",
    "steps_en": "Sit tall.\n\nPull the towel towards you.",
    "steps_de": "Sitzen Sie aufrecht.\nZiehen Sie das Handtuch zu sich.",
    "equipment": ["mat"],
}


def photo(size: tuple[int, int] = (1400, 700), form: str = "JPEG", **more: Any) -> bytes:
    """Return a picture file that knows where it was taken."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x8825] = 6, "Hannah at home", {1: "N", 2: (52.0, 30.0, 0.0)}
    Image.new(more.get("mode", "RGB"), size, "teal").save(out, form, **({"exif": exif} if form == "JPEG" else {}))
    return out.getvalue()


def written(client: Client, by: Membership, **more: Any) -> Exercise:
    """Write an exercise on its page."""
    sign_in(client, by)
    answer = client.post(NEW, {**TYPED, **more})
    assert answer.status_code == 302, answer.content.decode()
    return Exercise.objects.get(clinic=by.clinic, names__en="Towel row")


def approve(client: Client, exercise: Exercise, by: Membership) -> int:
    """Approve it as somebody; return the status."""
    sign_in(client, by)
    return client.post(reverse("programs:exercise_approve", args=[exercise.pk])).status_code


def test_an_exercise_is_used_once_somebody_else_has_approved_it(client: Client, cast: Cast) -> None:
    exercise = written(client, cast.therapist)
    version = draft_of(cast, None)
    post(client, version, "new_session", setting="home", times_a_week=2, minutes=20)
    assert post(client, version, "add", exercise=exercise.pk).status_code == 422
    assert approve(client, exercise, cast.therapist) == 403
    assert approve(client, exercise, cast.harbour_manager) == 404
    sign_in(client, cast.therapist2)
    page = client.get(reverse("programs:exercise", args=[exercise.pk])).content.decode()
    assert "Approve this exercise" in page
    assert "Towel row" in client.get(reverse("programs:exercises")).content.decode()
    assert approve(client, exercise, cast.therapist2) == 302
    sign_in(client, cast.therapist)
    assert post(client, version, "add", exercise=exercise.pk).status_code == 302
    line = session_at(whole_plan(fresh(version)), 1, ("home", 0)).lines[0]  # type: ignore[union-attr]
    assert (line.sets, line.reps_low) == (2, 8)
    assert client.post(address(version, "publish"), {"revision": fresh(version).revision}).status_code == 302
    assert AuditEvent.objects.filter(action="exercise.approve", object_id=exercise.pk).exists()


def test_a_manager_approves_even_what_they_wrote_and_a_text_stands_for_the_other_language(client: Client, cast: Cast) -> None:
    exercise = written(client, cast.manager)
    assert approve(client, exercise, cast.manager) == 302
    assert exercise.names == {"en": "Towel row", "de": "Towel row"}
    assert exercise.content["steps"]["en"] == ["Sit tall.", "Pull the towel towards you."]
    assert exercise.content["steps"]["de"][0] == "Sitzen Sie aufrecht."


def test_a_change_is_a_new_revision_and_the_old_one_stays_until_it_is_approved(client: Client, cast: Cast) -> None:
    first = written(client, cast.therapist)
    approve(client, first, cast.manager)
    change = reverse("programs:exercise_change", args=[first.pk])
    sign_in(client, cast.therapist2)
    assert 'value="Towel row"' in client.get(change).content.decode()
    assert client.post(change, {**TYPED, "sets": "4"}).status_code == 302
    assert client.post(change, {**TYPED, "sets": "5"}).status_code == 409
    second = Exercise.objects.get(clinic=cast.riverside, key=first.key, revision=2)
    first.refresh_from_db()
    assert (first.is_current, second.is_current) == (True, False)
    approve(client, second, cast.therapist)
    first.refresh_from_db()
    assert first.is_current is False
    assert client.post(reverse("programs:exercise_retire", args=[second.pk])).status_code == 302
    assert not Exercise.objects.filter(key=first.key, is_current=True).exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"name_en": ""}, "Please give the exercise a name."),
        ({"steps_en": "", "steps_de": ""}, "Write at least one step."),
        ({"sets": ""}, "Write a number or a range"),
        ({"amount": "12–8"}, "Write a number or a range"),
        ({"steps_en": "\n".join("x" * 3 for _n in range(13))}, "At most 12 lines."),
        ({"picture": SimpleUploadedFile("x.jpg", b"<svg onload=alert(1)>")}, "This file cannot be read as a picture."),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(client: Client, cast: Cast, more: dict[str, Any], said: str) -> None:
    sign_in(client, cast.therapist)
    answer = client.post(NEW, {**TYPED, **more})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert "Sitzen Sie aufrecht." in page or "steps_de" in more
    assert not Exercise.objects.filter(clinic=cast.riverside).exists()


def test_a_picture_is_made_anew_and_keeps_nothing_of_the_file(client: Client, cast: Cast) -> None:
    exercise = written(client, cast.therapist, picture=SimpleUploadedFile("hannah.jpg", photo()))
    row = ExercisePicture.objects.get(clinic=cast.riverside)
    content = bytes(row.content)
    assert b"Hannah" not in content
    assert b"Exif" not in content
    with Image.open(io.BytesIO(content)) as found:
        assert (found.format, found.size, len(found.getexif())) == ("WEBP", (480, 960), 0)
    path = reverse("programs:picture", args=[row.pk])
    page = client.get(reverse("programs:exercise", args=[exercise.pk])).content.decode()
    assert f'src="{path}" alt="Towel row"' in page
    for member in (cast.therapist2, cast.hannah.membership):
        answer = sign_in(client, member).get(path)
        assert (answer.status_code, answer["Content-Type"], answer.content) == (200, "image/webp", content)
    for member in (cast.harbour_therapist, cast.wei.membership):
        assert sign_in(client, member).get(path).status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + b"\x00" * 50,
        photo()[:500],
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 30,
        b"<?xml version='1.0'?><svg/>",
        photo(form="GIF", mode="P"),
    ],
)
def test_what_is_no_whole_picture_of_a_kind_we_take_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        made_anew(data)


def test_a_picture_that_is_huge_when_unpacked_is_refused_before_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("programs.pictures.MOST_PIXELS", 1000)
    with pytest.raises(Unreadable):
        made_anew(photo((100, 100), "PNG"))


def test_transparent_pictures_stand_on_white_and_small_ones_stay_small() -> None:
    found = made_anew(photo((40, 20), "PNG", mode="RGBA"))
    assert (found.width, found.height) == (40, 20)
    assert made_anew(photo((3000, 30), "WEBP")).width == LARGEST_SIDE


def test_a_file_above_the_limit_is_refused(client: Client, cast: Cast, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 2000
    sign_in(client, cast.therapist)
    answer = client.post(NEW, {**TYPED, "picture": SimpleUploadedFile("x.jpg", photo((30, 30)) + bytes(2000))})
    assert (answer.status_code, "too large" in answer.content.decode()) == (422, True)
