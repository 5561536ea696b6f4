"""Films of a clinic's own exercises: checked on the way in, approved before use, sent in parts to the people of the clinic only."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from clinics.uploads import most_bytes
from programs.models import Exercise, ExerciseVideo, VideoPart
from programs.rules.film import LARGEST_BYTES, read_film
from tests.cast import Cast, sign_in
from tests.clinics.test_uploads import BOUNDARY, Endless
from tests.programs.films import film
from tests.programs.test_exercises import NEW, TYPED, approve, photo, written

GOOD = film()


def upload(data: bytes = GOOD) -> SimpleUploadedFile:
    return SimpleUploadedFile("a <b>.mp4", data, content_type="video/mp4")


def content_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def address_of(exercise: Exercise) -> str:
    return reverse("programs:video", args=[exercise.content["video"]["id"]])


def test_a_film_is_kept_clean_and_shown_with_the_photo_before_it_starts(client: Client, cast: Cast) -> None:
    exercise = written(client, cast.therapist, video=upload(), picture=SimpleUploadedFile("x.jpg", photo()))
    row = ExerciseVideo.objects.get()
    assert (row.seconds, row.width, row.height, row.has_sound, row.size) == (2.0, 128, 96, False, len(GOOD))
    page = client.get(reverse("programs:exercise", args=[exercise.pk])).content.decode()
    assert 'preload="none"' in page
    assert "muted" in page
    assert "autoplay" not in page
    assert f'poster="{reverse("programs:picture", args=[exercise.content["picture"]["id"]])}"' in page
    answer = client.get(address_of(exercise))
    assert content_of(answer) == read_film(GOOD).content
    assert answer["Content-Type"] == "video/mp4"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == 'inline; filename="exercise.mp4"'
    assert "media-src 'self'" in client.get(NEW)["Content-Security-Policy"]


def test_it_is_approved_before_use_and_goes_along_until_it_is_left_out(client: Client, cast: Cast) -> None:
    first = written(client, cast.therapist, video=upload())
    assert (first.is_current, first.approved_at) == (False, None)
    assert approve(client, first, cast.manager) == 302
    change = reverse("programs:exercise_change", args=[first.pk])
    client.post(change, {**TYPED, "sets": "4"})
    second = Exercise.objects.get(key=first.key, revision=2)
    assert second.content["video"] == first.content["video"]
    assert second.is_current is False
    client.post(reverse("programs:exercise_change", args=[second.pk]), {**TYPED, "drops_video": "on"})
    assert "video" not in Exercise.objects.get(key=first.key, revision=3).content
    assert ExerciseVideo.objects.count() == 1, "the same film is stored once"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (photo(), "This file is no MP4 video."),
        (GOOD[:-500], "damaged or not complete"),
        (film(seconds=180.0), "too long"),
        (film(codec=b"hvc1"), "cannot be played in every browser"),
        (GOOD + bytes(LARGEST_BYTES), "too large"),
    ],
    ids=["photo", "cut", "three_minutes", "hevc", "huge"],
)
def test_what_is_not_taken_is_said_beside_the_field_and_nothing_typed_is_lost(client: Client, cast: Cast, data: bytes, said: str) -> None:
    sign_in(client, cast.therapist)
    answer = client.post(NEW, {**TYPED, "video": upload(data)})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert "Sitzen Sie aufrecht." in page
    assert not ExerciseVideo.objects.exists()


def test_only_the_page_of_an_exercise_takes_a_body_of_that_size(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    for path, megabytes in ((NEW, 36), (reverse("programs:new"), 30)):
        body: Any = {"CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}", "CONTENT_LENGTH": str(megabytes * 1_000_000)}
        assert client.generic("POST", path, **(body | {"wsgi.input": Endless()})).status_code == 413
    assert most_bytes(NEW) == LARGEST_BYTES > most_bytes("/nowhere/")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-", 0, -1), ("bytes=0-99", 0, 99), ("bytes=70-150", 70, 150), ("bytes=-5", -5, -1), ("bytes=200-99999999", 200, -1)],
)
def test_a_browser_may_ask_for_a_part_across_the_stored_pieces(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch, asked: str, first: int, last: int
) -> None:
    monkeypatch.setattr(VideoPart, "BYTES", 64)
    exercise = written(client, cast.therapist, video=upload(film(pictures=1)))
    whole = read_film(film(pictures=1)).content
    start, end = first % len(whole), last % len(whole)
    answer = client.get(address_of(exercise), headers={"Range": asked})
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes {start}-{end}/{len(whole)}"
    assert content_of(answer) == whole[start : end + 1]
    assert int(answer["Content-Length"]) == end - start + 1


def test_a_part_behind_the_end_is_416_another_film_is_sent_whole_and_head_sends_nothing(client: Client, cast: Cast) -> None:
    url = address_of(written(client, cast.therapist, video=upload()))
    behind = client.get(url, headers={"Range": f"bytes={len(GOOD)}-"})
    assert (behind.status_code, behind["Content-Range"]) == (416, f"bytes */{len(GOOD)}")
    other = client.get(url, headers={"Range": "bytes=0-9", "If-Range": '"something"'})
    assert (other.status_code, len(content_of(other))) == (200, len(GOOD))
    head = client.head(url)
    assert (head.status_code, head["Content-Length"], head["Accept-Ranges"]) == (200, str(len(GOOD)), "bytes")


def test_only_people_of_the_clinic_get_it(client: Client, cast: Cast) -> None:
    url = address_of(written(client, cast.therapist, video=upload()))
    for member in (cast.therapist2, cast.hannah.membership):
        assert sign_in(client, member).get(url).status_code == 200
    for member in (cast.harbour_therapist, cast.wei.membership):
        assert sign_in(client, member).get(url).status_code == 404
    client.logout()
    assert client.get(url).status_code == 302
