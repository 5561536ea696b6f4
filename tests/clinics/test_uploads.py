"""Files as they arrive: never more in memory than the limit, never on disk, and what is far too large is refused unread."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

LIMIT = 1000
BOUNDARY = "a-boundary"


class Endless(io.RawIOBase):
    """A body that says it is large and fails the test when somebody reads it."""

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("the body was read")


@pytest.fixture(autouse=True)
def _small(settings: Any, tmp_path: Path) -> None:
    settings.UPLOAD_MAX_BYTES = LIMIT
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)


@pytest.mark.parametrize("size", [0, 1, LIMIT - 1, LIMIT, LIMIT + 1, 3 * LIMIT])
def test_a_file_is_kept_up_to_the_limit_and_knows_its_true_size(size: int, tmp_path: Path) -> None:
    request = RequestFactory().post("/", {"note": "kept", "file": SimpleUploadedFile("run.fit", b"x" * size)})
    file: Any = request.FILES["file"]
    assert (file.size, len(file.read())) == (size, min(size, LIMIT))
    assert request.POST["note"] == "kept"
    assert list(tmp_path.iterdir()) == []


def test_several_files_are_kept_apart() -> None:
    request = RequestFactory().post("/", {"a": SimpleUploadedFile("a", b"a" * 900), "b": SimpleUploadedFile("b", b"b" * 1200)})
    files: dict[str, Any] = dict(request.FILES.items())
    assert {name: file.read()[:1] for name, file in files.items()} == {"a": b"a", "b": b"b"}


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("path", ["/", "/me/", "/accounts/login/", "/no-such-page/", "/clinic/import/"])
def test_a_body_far_too_large_is_refused_unread_in_the_browsers_language(client: Client, path: str, language: str) -> None:
    body: Any = {
        "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
        "CONTENT_LENGTH": str(200 * 1024 * 1024),
        "wsgi.input": Endless(),
    }
    answer = client.generic("POST", path, headers={"accept-language": language}, **body)
    assert answer.status_code == 413
    assert f'<html lang="{language}"' in answer.content.decode()


def test_the_product_uses_this_handler_alone() -> None:
    assert settings.FILE_UPLOAD_HANDLERS == ["clinics.uploads.BoundedUploadHandler"]
