"""What happens to files as they arrive: held in memory up to a limit, never written to disk, and bodies that are far too large unread."""

import io
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

BODY_FACTOR = 4
"""A body up to this many times the usual limit of one file is read, so that the form can say what was wrong and keep what was typed."""


View = Callable[..., HttpResponse]


def takes_files(most_bytes: int) -> Callable[[View], View]:
    """Let one view take files larger than the usual limit."""

    def decorate(view: View) -> View:
        view.upload_max_bytes = most_bytes  # type: ignore[attr-defined]
        return view

    return decorate


def limit_of(request: HttpRequest | None) -> int:
    """Return how much of a file is kept for the view an address leads to; nobody has found the view yet when the body is read."""
    try:
        view = resolve(request.path_info).func if request is not None else None
    except Resolver404:
        view = None
    return int(getattr(view, "upload_max_bytes", settings.UPLOAD_MAX_BYTES))


class BoundedUploadHandler(FileUploadHandler):
    """Keep at most the first bytes of a file and count the rest; its `size` tells the form that there was more."""

    file: io.BytesIO

    def __init__(self, request: HttpRequest | None = None) -> None:
        """Find the limit of the view."""
        super().__init__(request)
        self.most = limit_of(request)

    def handle_raw_input(self, input_data: Any, META: dict[str, Any], content_length: int, boundary: str, encoding: Any = None) -> None:
        """Refuse a body that no form of ours sends, before any of it is read."""
        if content_length > self.most + (BODY_FACTOR - 1) * settings.UPLOAD_MAX_BYTES:
            raise RequestDataTooBig("The body is larger than any upload may be.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self.file = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep what is below the limit."""
        self.file.write(raw_data[: max(self.most - start, 0)])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """Return the file with the size it really had."""
        self.file.seek(0)
        return InMemoryUploadedFile(
            self.file, self.field_name, self.file_name, self.content_type, file_size, self.charset, self.content_type_extra
        )
