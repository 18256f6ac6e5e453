"""Sound, video, moving and boxed pictures are kept without places, names and times."""

import io
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from tests.materials import files, media
from tests.materials.conftest import Cast
from tests.materials.test_materials import added
from tests.materials.test_stripping import stripped
from tongke_courses.materials import looking
from tongke_courses.materials.stripping import strip
from tongke_platform.errors import Invalid

SAID = (media.NAME.encode(), media.PLACE.encode(), media.PLACE[:8].encode(), b"24.51")


def kept_of(folder: Path, data: bytes) -> bytes:
    assert any(one in data for one in SAID)
    kept = stripped(folder, data)
    assert kept is not None
    assert not [one for one in SAID if one in kept]
    again = stripped(folder, kept)
    assert again in (None, kept), "what says nothing stays the same bytes"
    return kept


@pytest.mark.parametrize("kind", ["mp4", "mov", "m4a", "webm", "ogg", "flac", "wav", "mp3"])
def test_only_pictures_and_sound_are_left(kind: str, tmp_path: Path) -> None:
    if kind in ("mp4", "mov"):
        data = media.film(tmp_path, kind)
    elif kind == "webm":
        codec = ["-c:v", "libvpx", "-c:a", "libopus"]
        data = media.made(tmp_path, "a.webm", *media.PICTURE, *media.SOUND, *codec, *media.SAID)
    else:
        data = media.made(tmp_path, f"a.{kind}", *media.SOUND, *media.SAID)
    kept = kept_of(tmp_path, data)
    assert media.decoded(tmp_path, kept) == media.decoded(tmp_path, data)
    (tmp_path / "kept").write_bytes(kept)
    (tmp_path / "given").write_bytes(data)
    assert looking.look(tmp_path / "kept") == looking.look(tmp_path / "given")
    if kind in ("mp4", "mov", "m4a"):
        assert len(kept) == len(data), "nothing is moved"
        at = kept.index(b"mvhd") + 8
        assert kept[at : at + 8] == bytes(8), "when it was made"


def test_subtitles_of_a_flight_go(tmp_path: Path) -> None:
    data = media.flight(tmp_path)
    kept = kept_of(tmp_path, data)
    assert b"GPS(" not in kept
    assert media.decoded(tmp_path, kept) == media.decoded(tmp_path, data)


def test_in_fragments_too(tmp_path: Path) -> None:
    whole = tmp_path / "film.mp4"
    media.film(tmp_path)
    words = ["-i", str(whole), "-c", "copy", "-movflags", "frag_keyframe+empty_moov"]
    data = media.made(tmp_path, "parts.mp4", *words, *media.SAID)
    assert media.decoded(tmp_path, kept_of(tmp_path, data)) == media.decoded(tmp_path, data)


def test_a_gif_still_moves(tmp_path: Path) -> None:
    data = media.moving()
    kept = kept_of(tmp_path, data)
    with Image.open(io.BytesIO(kept)) as now, Image.open(io.BytesIO(data)) as then:
        assert (getattr(now, "n_frames", 1), now.info["loop"]) == (3, 2)
        for frame in range(3):
            now.seek(frame)
            then.seek(frame)
            assert now.info["duration"] == then.info["duration"]
            assert now.convert("RGB").tobytes() == then.convert("RGB").tobytes()


def test_photographs_in_boxes(tmp_path: Path) -> None:
    data = media.photograph()
    kept = kept_of(tmp_path, data)
    assert len(kept) == len(data)
    assert bytes(range(256)) in kept, "the picture"
    path = tmp_path / "photo"
    path.write_bytes(kept)
    assert looking.look(path) == "image/heic"
    assert not looking.shown_inline("image/heic")
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x013B] = media.NAME
    picture = Image.new("RGB", (32, 32), "#0e7c66")
    picture.save(out, "AVIF", exif=exif, xmp=f"<x>{media.NAME}</x>".encode())
    clean = kept_of(tmp_path, out.getvalue())
    with Image.open(io.BytesIO(clean)) as now, Image.open(out) as then:
        assert now.tobytes() == then.tobytes()
        assert not now.getexif()


def test_what_cannot_be_cleaned_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(files.OGG + media.NAME.encode())
    with pytest.raises(Invalid) as caught:
        strip(tmp_path / "broken", tmp_path / "kept")
    assert caught.value.code == "unreadable_media"


def test_nothing_breaks_it(tmp_path: Path) -> None:
    """However a file of boxes or a GIF is damaged: it is cleaned, or it is said that it cannot be."""
    before, after = tmp_path / "before", tmp_path / "after"
    for data, step in ((media.photograph(), 11), (media.moving(), 17)):
        for cut in range(0, len(data), step):
            before.write_bytes(data[:cut] + b"\xff" * 5 + data[cut + 5 :])
            with suppress(Invalid):
                strip(before, after)


async def test_partners_are_sent_the_clean_one(cast: Cast, tmp_path: Path) -> None:
    made = await added(cast, media.film(tmp_path), "操场.mp4")
    got = await cast.partner.said("GET", str(made["href"]))
    assert got.headers["content-type"] == "video/mp4"
    assert not [one for one in SAID if one in got.body]
