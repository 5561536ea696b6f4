"""What happens to files as they arrive: held in memory up to a limit, never written to disk, and bodies that are far too large unread."""

import io
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

BODY_FACTOR = 4
"""A body up to this many times the limit of one file is read, so that the form can say what was wrong and keep what was typed."""


ROOM_BYTES = 2_000_000
"""What a body may hold beside one of the large files, and how much too large such a file may be to be refused beside its field."""


def most_bytes(path: str) -> int:
    """Return how large a file may be that is sent to an address: those of `LARGE_UPLOADS` take more than all others."""
    return next((most for start, most in settings.LARGE_UPLOADS.items() if path.startswith(start)), int(settings.UPLOAD_MAX_BYTES))


class BoundedUploadHandler(FileUploadHandler):
    """Keep at most the first bytes of a file, as many as its address takes, and count the rest.

    Its `size` tells the form that there was more.
    """

    file: io.BytesIO
    most: int

    def handle_raw_input(self, input_data: Any, META: dict[str, Any], content_length: int, boundary: str, encoding: Any = None) -> None:
        """Refuse a body that no form of ours sends, before any of it is read."""
        path = self.request.path_info if self.request is not None else ""
        self.most = most_bytes(path)
        if content_length > max(BODY_FACTOR * settings.UPLOAD_MAX_BYTES, self.most + ROOM_BYTES):
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
