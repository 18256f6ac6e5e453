"""Pictures that people send: believed only once they are decoded, kept only as made anew."""

import asyncio
import io
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from tongke_platform.errors import N_, Invalid

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 60_000_000
MAX_SIDE = 2400
QUALITY = 82

NO_PICTURE = N_("This file is not a picture we can read. Please send a photo (JPEG, PNG or WebP).")
TOO_LARGE = N_("This picture is too large. Please take the photo with fewer pixels.")


async def photograph(data: bytes, side: int = MAX_SIDE) -> bytes:
    """A JPEG of at most ``side`` pixels a side, upright, without anything the camera wrote into it
    (where it was taken, with what). Raises Invalid ``no_picture``, ``picture_too_large``.
    """
    return await asyncio.to_thread(_photograph, data, side)


def _photograph(data: bytes, side: int) -> bytes:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            # Said by the header, before a pixel is unpacked.
            if opened.width * opened.height > MAX_PIXELS:
                raise Invalid(TOO_LARGE, code="picture_too_large")
            opened.draft("RGB", (side, side))
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Invalid(NO_PICTURE, code="no_picture") from error
    except Image.DecompressionBombError as error:
        raise Invalid(TOO_LARGE, code="picture_too_large") from error
    picture.thumbnail((side, side))
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=QUALITY)
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
