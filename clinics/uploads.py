"""What happens to files as they arrive: held in memory up to a limit, never written to disk, and bodies that are far too large unread."""

import io
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

BODY_FACTOR = 4
"""A body up to this many times the limit of one file is read, so that the form can say what was wrong and keep what was typed."""


class BoundedUploadHandler(FileUploadHandler):
    """Keep at most the first `UPLOAD_MAX_BYTES` of a file and count the rest; its `size` tells the form that there was more."""

    file: io.BytesIO

    def handle_raw_input(self, input_data: Any, META: dict[str, Any], content_length: int, boundary: str, encoding: Any = None) -> None:
        """Refuse a body that no form of ours sends, before any of it is read."""
        if content_length > BODY_FACTOR * settings.UPLOAD_MAX_BYTES:
            raise RequestDataTooBig("The body is larger than any upload may be.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self.file = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep what is below the limit."""
        self.file.write(raw_data[: max(settings.UPLOAD_MAX_BYTES - start, 0)])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """Return the file with the size it really had."""
        self.file.seek(0)
        return InMemoryUploadedFile(
            self.file, self.field_name, self.file_name, self.content_type, file_size, self.charset, self.content_type_extra
        )
