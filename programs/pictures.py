"""Photos of exercises made anew: decoded, turned upright, made small and written again, so that nothing else of the file is kept."""

import io
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from clinics.images import MOST_PIXELS, Unreadable, decoded

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ("Picture", "Unreadable", "made_anew")
LARGEST_SIDE = 960
"""Pixels of the longer side of a stored picture."""
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 80


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

    def make(upright: "Image") -> Picture:
        from PIL import Image as Images  # here, because only an upload needs it

        picture = flat(upright)
        picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
        # A new picture has the pixels and nothing else: no place, no camera, no text, no colour profile.
        clean = Images.new("RGB", picture.size)
        clean.paste(picture)
        out = io.BytesIO()
        clean.save(out, "WEBP", quality=QUALITY, method=4)
        return Picture(out.getvalue(), clean.width, clean.height)

    return decoded(data, FORMATS, LARGEST_SIDE, make, MOST_PIXELS)


def flat(picture: "Image") -> "Image":
    """Return the picture in plain colours, what was transparent on white."""
    from PIL import Image as Images

    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        over = picture.convert("RGBA")
        white = Images.new("RGBA", over.size, "white")
        return Images.alpha_composite(white, over).convert("RGB")
    return picture.convert("RGB")
