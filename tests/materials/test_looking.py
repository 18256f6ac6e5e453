"""What a file is, whatever it is called."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.materials import files
from tongke_courses.materials.looking import OTHER, kind_of, look, shown_inline
from tongke_platform.errors import Invalid

UTF8, GBK = "; charset=utf-8", "; charset=gb18030"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

KNOWN = [
    (files.PDF, "application/pdf", "document"),
    (files.picture(), "image/png", "picture"),
    (files.picture("JPEG"), "image/jpeg", "picture"),
    (files.picture("WEBP"), "image/webp", "picture"),
    (files.picture("GIF"), "image/gif", "picture"),
    (files.MP4, "video/mp4", "video"),
    (files.M4A, "audio/mp4", "sound"),
    (files.WEBM, "video/webm", "video"),
    (files.OGG, "audio/ogg", "sound"),
    (files.WAV, "audio/wav", "sound"),
    (files.ID3, "audio/mpeg", "sound"),
    (files.FRAME * 2, "audio/mpeg", "sound"),
    (files.docx("圆"), DOCX, "document"),
    (files.ole("WordDocument"), "application/msword", "document"),
    (files.zip_of({"a.txt": "x"}), "application/zip", "other"),
    (files.VTT, "text/vtt" + UTF8, "captions"),
    (files.SRT, "application/x-subrip" + GBK, "captions"),
    ("\ufeff圆的面积".encode(), "text/plain" + UTF8, "document"),
    ("圆的面积，学习单".encode("gbk"), "text/plain" + GBK, "document"),
    ("圆的面积".encode("utf-16"), "text/plain; charset=utf-16", "document"),
    ("# 教案\n\n- 一\n".encode(), "text/plain" + UTF8, "document"),
    ("MZ 是姓名的缩写".encode(), "text/plain" + UTF8, "document"),
]

# What would run in a browser, or pretends to be something else: to be saved, never shown.
OTHERS = [
    b"<!DOCTYPE html><script>alert(1)</script>",
    b"\xef\xbb\xbf  <svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    b"<?xml version='1.0'?><x/>",
    b"hello <script>alert(1)</script>",
    b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
    b"\xff\xd8\xff\xe0 not a picture",
    b"GIF89a/*<script>*/=1",
    b"PK\x03\x04 not a zip",
    b"PK\x05\x06" + b"\0" * 8 + b"\xff" * 4 + b"\0" * 6,
    files.office({"word/document.xml": "<x/>", "word/vbaProject.bin": b"x"}),
    files.ole("Installer"),
    bytes(range(256)),
    "有\0字".encode(),
    b"",
]


def kept(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "file.pdf"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("data", "media_type", "kind"), KNOWN)
def test_known(tmp_path: Path, data: bytes, media_type: str, kind: str) -> None:
    assert look(kept(tmp_path, data)) == media_type
    assert kind_of(media_type).value == kind


@pytest.mark.parametrize("data", OTHERS)
def test_others(tmp_path: Path, data: bytes) -> None:
    assert look(kept(tmp_path, data)) == OTHER
    assert not shown_inline(OTHER)


@pytest.mark.parametrize(
    "data", [files.EXE, b"\x7fELF\2\1", b"#!/bin/sh\nrm -rf", b"\xcf\xfa\xed\xfe"]
)
def test_programs(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Invalid, match="program"):
        look(kept(tmp_path, data))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.sampled_from(
        [b"", b"PK\x03\x04", b"\xff\xfb", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-"]
    ),
    st.binary(max_size=700),
)
def test_nothing_breaks_it(tmp_path: Path, head: bytes, rest: bytes) -> None:
    with suppress(Invalid):
        assert "/" in look(kept(tmp_path, head + rest))
