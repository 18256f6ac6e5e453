"""Pictures that people send: believed only once they are decoded, kept only as made anew."""

import asyncio
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from tongke_platform.errors import N_, Invalid

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 60_000_000
MAX_SIDE = 2400
QUALITY = 82

NO_PICTURE = N_("This file is not a picture we can read. Please send a photo (JPEG, PNG or WebP).")
TOO_LARGE = N_("This picture is too large. Please take the photo with fewer pixels.")


# Of what a list or a text shows of a picture.
SMALL_SIDE = 640
SMALL_QUALITY = 76
# More than a photo of MAX_PIXELS takes; what is larger is not read into memory.
MAX_BYTES = 40_000_000


@dataclass(frozen=True)
class Small:
    """A JPEG of ``width`` × ``height`` pixels."""

    data: bytes
    width: int
    height: int


async def small(data: bytes) -> Small | None:
    """At most SMALL_SIDE a side. None for what is no picture (of FORMATS), or too large to be decoded."""
    return await asyncio.to_thread(_small, data)


def _small(data: bytes) -> Small | None:
    try:
        picture = _opened(data, SMALL_SIDE)
    except Invalid:
        return None
    return Small(_jpeg(picture, SMALL_QUALITY), *picture.size)


async def photograph(data: bytes, side: int = MAX_SIDE) -> bytes:
    """A JPEG of at most ``side`` pixels a side, upright, without anything the camera wrote into it
    (where it was taken, with what). Raises Invalid ``no_picture``, ``picture_too_large``.
    """
    return await asyncio.to_thread(_photograph, data, side)


def _photograph(data: bytes, side: int) -> bytes:
    return _jpeg(_opened(data, side), QUALITY)


def _opened(data: bytes, side: int) -> Image.Image:
    """Upright, at most ``side`` pixels a side. Raises Invalid."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            # Said by the header, before a pixel is unpacked.
            if opened.width * opened.height > MAX_PIXELS:
                raise Invalid(TOO_LARGE, code="picture_too_large")
            opened.draft("RGB", (side, side))
            picture = _on_paper(ImageOps.exif_transpose(opened))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Invalid(NO_PICTURE, code="no_picture") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Invalid(TOO_LARGE, code="picture_too_large") from error
    picture.thumbnail((side, side))
    return picture


def _on_paper(picture: Image.Image) -> Image.Image:
    """JPEG has no see-through: what is seen through it is white."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    seen = picture.convert("RGBA")
    paper = Image.new("RGB", seen.size, "white")
    paper.paste(seen, mask=seen.getchannel("A"))
    return paper


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=quality)
    return made.getvalue()


def media_type_of(path: Path) -> str | None:
    """Of a picture that can be decoded, kept as it is; None for everything else."""
    try:
        with Image.open(path, formats=(*FORMATS, "GIF")) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                return None
            opened.load()
            return Image.MIME[opened.format] if opened.format else None
    except (OSError, SyntaxError, ValueError):
        return None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
