"""Opening a picture that somebody sent: only kinds that are named, nothing that is huge when unpacked, turned upright."""

import io
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from PIL.Image import Image

T = TypeVar("T")
MOST_PIXELS = 40_000_000
"""Pictures with more pixels are refused before they are decoded."""


class Unreadable(Exception):
    """The file is no picture of a kind we take, broken, or far too large when unpacked."""


def decoded(data: bytes, formats: Sequence[str], longest: int, make: Callable[["Image"], T], most_pixels: int = MOST_PIXELS) -> T:
    """Return what `make` makes of the upright picture; a JPEG is read no larger than twice `longest` pixels. Raises Unreadable."""
    from PIL import Image, ImageOps  # here, because only an upload needs it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=tuple(formats)) as opened:
                if opened.width * opened.height > most_pixels:
                    raise Unreadable
                opened.draft("RGB", (longest * 2, longest * 2))
                return make(ImageOps.exif_transpose(opened))
    except Unreadable:
        raise
    except Exception as error:  # a decoder fed with anything may raise anything
        raise Unreadable from error
