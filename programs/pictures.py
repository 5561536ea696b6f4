"""Photos of exercises made anew: decoded, turned upright, made small and written again, so that nothing else of the file is kept."""

import io
import warnings
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST_SIDE = 960
"""Pixels of the longer side of a stored picture."""
MOST_PIXELS = 40_000_000
"""Pictures with more pixels are refused before they are decoded."""
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 80


class Unreadable(Exception):
    """The file is no picture of a kind we take, broken, or far too large when unpacked."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is stored: WebP without any metadata."""

    content: bytes
    width: int
    height: int

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return sha256(self.content).hexdigest()


def made_anew(data: bytes) -> Picture:
    """Return the picture decoded and written again as WebP, upright, at most 960 pixels long; raises Unreadable."""
    from PIL import Image, ImageOps  # here, because only an upload needs it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise Unreadable
                opened.draft("RGB", (LARGEST_SIDE * 2, LARGEST_SIDE * 2))
                upright = ImageOps.exif_transpose(opened)
                picture = flat(upright)
                picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
                # A new picture has the pixels and nothing else: no place, no camera, no text, no colour profile.
                clean = Image.new("RGB", picture.size)
                clean.paste(picture)
                out = io.BytesIO()
                clean.save(out, "WEBP", quality=QUALITY, method=4)
    except Unreadable:
        raise
    except Exception as error:  # a decoder fed with anything may raise anything
        raise Unreadable from error
    return Picture(out.getvalue(), clean.width, clean.height)


def flat(picture: "Image") -> "Image":
    """Return the picture in plain colours, what was transparent on white."""
    from PIL import Image as Images

    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        over = picture.convert("RGBA")
        white = Images.new("RGBA", over.size, "white")
        return Images.alpha_composite(white, over).convert("RGB")
    return picture.convert("RGB")
