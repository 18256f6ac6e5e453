"""Pictures are kept without what cameras and programs wrote into them."""

import hashlib
import io
import struct
import zlib
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image, ImageCms, PngImagePlugin
from sqlalchemy import select

from tests.materials.conftest import Cast
from tests.materials.test_materials import added
from tongke_courses.materials import stripping
from tongke_courses.materials.models import MaterialVersion, StoredFile
from tongke_platform.frame import Frame

ORIENTATION, GPS = 0x0112, 0x8825
SECRETS = (b"Dongcheng", b"Li Lei", b"WGS-84", b"24.51")
FORMATS = ("JPEG", "PNG", "WEBP")
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def photo(kind: str, turn: int = 1) -> bytes:
    """Of two colours, as a phone stores it: with the place, the person, remarks and a profile."""
    picture = Image.new("RGB", (64, 32), "#0e7c66")
    picture.paste("#c8372d", (0, 0, 16, 32))
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    exif[0x013B] = "Li Lei"
    place = exif.get_ifd(GPS)
    place[1], place[2], place[18] = "N", (24.51, 6.0, 7.0), "WGS-84"
    out = io.BytesIO()
    text = PngImagePlugin.PngInfo()
    text.add_itxt("Description", "Dongcheng")
    text.add_text("Author", "Li Lei", zip=True)
    more: dict[str, dict[str, Any]] = {
        "JPEG": {"comment": b"Dongcheng", "progressive": True, "quality": 95},
        "PNG": {"pnginfo": text},
        "WEBP": {"xmp": b"<x>Dongcheng</x>", "lossless": True},
    }
    picture.save(out, kind, exif=exif, icc_profile=ICC, **more[kind])
    return out.getvalue()


def stripped(tmp_path: Path, data: bytes) -> bytes | None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.write_bytes(data)
    return after.read_bytes() if stripping.strip(before, after) else None


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as opened:
        return opened.convert("RGB").tobytes()


def said(data: bytes) -> dict[int, object]:
    with Image.open(io.BytesIO(data)) as opened:
        return dict(opened.getexif())


@pytest.mark.parametrize("turn", [1, 6])
@pytest.mark.parametrize("kind", FORMATS)
def test_only_the_picture_is_left(kind: str, turn: int, tmp_path: Path) -> None:
    data = photo(kind, turn)
    assert any(one in data for one in SECRETS)
    kept = stripped(tmp_path, data)
    assert kept is not None
    assert not [one for one in SECRETS if one in kept]
    # Not coded anew, the way up and the colours as they were.
    assert pixels(kept) == pixels(data)
    assert said(kept) == ({ORIENTATION: turn} if turn != 1 else {})
    with Image.open(io.BytesIO(kept)) as opened:
        assert opened.info["icc_profile"] == ICC
    assert stripped(tmp_path, kept) == kept, "what says nothing stays the same bytes"


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def test_of_a_jpeg_only_what_it_takes_to_show_it(tmp_path: Path) -> None:
    data = photo("JPEG")
    more = [
        segment(0xED, b"Photoshop 3.0\0Dongcheng"),
        segment(0xE2, b"MPF\0Dongcheng"),
        segment(0xEB, b"JP\0\0Dongcheng"),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0Dongcheng"),
    ]
    adobe = segment(0xEE, b"Adobe\0d\0\0\0\0\1")
    # A small film behind the picture, as phones put it there.
    whole = data[:2] + b"".join(more) + adobe + data[2:] + b"\0\0\0\x18ftypmp42 Dongcheng"
    kept = stripped(tmp_path, whole)
    assert kept is not None
    assert b"Dongcheng" not in kept
    assert adobe in kept
    assert kept.endswith(b"\xff\xd9")
    assert pixels(kept) == pixels(data)


def test_the_small_picture_in_jfif_goes(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "#336699").save(out, "JPEG")
    plain = out.getvalue()
    head = plain[: 2 + 18]
    assert head[6:10] == b"JFIF"
    thumb = segment(0xE0, head[6:18] + b"\x01\x01" + b"\x11\x22\x33")
    assert stripped(tmp_path, plain[:2] + thumb + plain[20:]) == plain


def test_unknown_chunks_and_what_follows_the_end(tmp_path: Path) -> None:
    data = photo("PNG")
    body = b"caBXDongcheng"
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    kept = stripped(tmp_path, data[:33] + chunk + data[33:] + b"Dongcheng")
    assert kept == stripped(tmp_path, data)
    web = photo("WEBP")
    more = b"ABCD" + struct.pack("<I", 10) + b"Dongcheng\0"
    size = struct.pack("<I", len(web) - 8 + len(more))
    assert stripped(tmp_path, b"RIFF" + size + web[8:] + more) == stripped(tmp_path, web)


def test_what_is_built_wrongly_is_coded_anew(tmp_path: Path) -> None:
    data = photo("JPEG", 6)
    odd = data[:20] + b"\0" + data[20:]
    with Image.open(io.BytesIO(odd)) as opened:
        opened.load()
    kept = stripped(tmp_path, odd)
    assert kept is not None
    assert not [one for one in SECRETS if one in kept]
    with Image.open(io.BytesIO(kept)) as opened:
        assert opened.size == (32, 64), "upright"
        assert not opened.getexif()


# Pillow warns of what is broken.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", FORMATS)
def test_nothing_breaks_it(kind: str, tmp_path: Path) -> None:
    data = photo(kind, 6)
    for cut in range(0, len(data), 7):
        for other in (data[:cut], data[:cut] + b"\xff" * 9 + data[cut + 9 :]):
            stripped(tmp_path, other)
    for other in (b"", b"\xff\xd8\xff", b"GIF89a", "不是图片".encode()):
        assert stripped(tmp_path, other) is None


async def test_the_stored_file_is_the_stripped_one(cast: Cast, frame: Frame) -> None:
    data = photo("JPEG", 6)
    made = await added(cast, data, "操场.jpg")
    got = await cast.partner.said("GET", str(made["href"]))
    assert got.headers["content-type"] == "image/jpeg"
    assert not [one for one in SECRETS if one in got.body]
    assert said(got.body) == {ORIENTATION: 6}
    async with frame.database.read() as session:
        statement = (
            select(StoredFile)
            .join(MaterialVersion, MaterialVersion.file_id == StoredFile.id)
            .where(MaterialVersion.id == UUID(str(made["version_id"])))
        )
        stored = (await session.execute(statement)).scalar_one()
    assert stored.sha256 == hashlib.sha256(got.body).hexdigest()
    assert (stored.size, made["size"]) == (len(got.body), len(got.body))
