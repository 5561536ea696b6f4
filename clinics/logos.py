"""A clinic's logo made anew: decoded, made small and written again as PNG, so that nothing else of the file is kept."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinics.images import decoded

if TYPE_CHECKING:
    from PIL.Image import Image

WIDEST, HIGHEST = 480, 160
"""Pixels of a stored logo; shown at half of that, so that it is sharp on every screen."""
FORMATS = ("PNG", "JPEG")


@dataclass(frozen=True, slots=True)
class Logo:
    """A logo as it is stored: PNG without any metadata."""

    content: bytes
    width: int
    height: int


def logo_from(data: bytes) -> Logo:
    """Return the logo written again, at most 480 × 160 pixels, what is transparent stays so; raises clinics.images.Unreadable."""

    def make(upright: "Image") -> Logo:
        from PIL import Image as Images

        picture = upright.convert("RGBA")
        picture.thumbnail((WIDEST, HIGHEST))
        clean = Images.new("RGBA", picture.size)
        clean.paste(picture)
        out = io.BytesIO()
        clean.save(out, "PNG", optimize=True)
        return Logo(out.getvalue(), clean.width, clean.height)

    return decoded(data, FORMATS, WIDEST, make)
