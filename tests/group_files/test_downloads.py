"""A group's files as they leave the server, whatever is in them and whatever they are called."""

from urllib.parse import quote

import pytest

from tests.group_files.conftest import Shelf
from tests.materials import files as samples
from tests.materials.files import DOCX
from tests.materials.test_stripping import SECRETS, photo

SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
HTML = b"<!doctype html><script>alert(1)</script>"
XML = b"<?xml version='1.0'?><x xmlns='http://www.w3.org/1999/xhtml'><script>1</script></x>"


@pytest.mark.parametrize(
    ("data", "name", "media_type", "how"),
    [
        (samples.picture(), "板书.png", "image/png", "inline"),
        (samples.PDF, "教案.pdf", "application/pdf", "inline"),
        ("教案".encode(), "教案.html", "text/plain; charset=utf-8", "inline"),
        (samples.docx("教案"), "教案.docx", DOCX, "attachment"),
        (SVG, "图.svg", "application/octet-stream", "attachment"),
        (SVG, "图.png", "application/octet-stream", "attachment"),
        (HTML, "页.html", "application/octet-stream", "attachment"),
        (XML, "页.xml", "application/octet-stream", "attachment"),
        (HTML, "页.txt", "application/octet-stream", "attachment"),
    ],
)
async def test_in_place_only_what_runs_nothing(
    shelf: Shelf, data: bytes, name: str, media_type: str, how: str
) -> None:
    made = await shelf.brought(shelf.stage.head, data, name)
    answer = await shelf.stage.ask(shelf.stage.member, "GET", made["href"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["content-disposition"].startswith(f"{how}; ")
    assert f"filename*=UTF-8''{quote(name)}" in answer.headers["content-disposition"]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.startswith("sandbox;") == (media_type != "application/pdf")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert made["inline"] == (how == "inline")
    saved = await shelf.stage.ask(shelf.stage.member, "GET", f"{made['href']}?download=1")
    assert saved.headers["content-disposition"].startswith("attachment; ")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\教案.txt", "教案.txt"),
        ('a"; filename="b.html', "a_; filename=_b.html"),
        ("a\r\nSet-Cookie: x=1.txt", "a Set-Cookie_ x=1.txt"),
        ("kcehc\u202etxt.cod", "kcehctxt.cod"),
        ("<img src=x onerror=alert(1)>.txt", "_img src=x onerror=alert(1)_.txt"),
        ("教" * 240 + ".txt", "教" * 176 + ".txt"),
        ("...", "file"),
    ],
)
async def test_names(shelf: Shelf, name: str, kept: str) -> None:
    stage = shelf.stage
    client = await shelf.client(stage.head)
    key = await client.send(b"text", "a.txt")
    status, made = await client.json("POST", shelf.path, {"upload_id": key, "name": name})
    assert (status, made["name"]) == (201, kept)
    answer = await stage.ask(stage.head, "GET", made["href"])
    said = answer.headers["content-disposition"]
    assert said.isascii()
    assert said.count('"') == 2
    assert "set-cookie" not in answer.headers
    assert said.endswith(f"filename*=UTF-8''{quote(kept, safe='')}")


async def test_a_hostile_name_on_the_page(shelf: Shelf) -> None:
    stage = shelf.stage
    await shelf.brought(stage.head, b"text", "a' onclick=alert(1) x='&lt;b.txt")
    page = await stage.ask(stage.member, "GET", f"/groups/{stage.key}/files")
    assert "a&#39; onclick=alert(1) x=&#39;&amp;lt;b.txt" in page.text
    assert "a' onclick" not in page.text


async def test_ranges(shelf: Shelf) -> None:
    whole = samples.PDF + bytes(range(256)) * 100
    made = await shelf.brought(shelf.stage.head, whole, "课.pdf")
    first = await shelf.stage.ask(shelf.stage.member, "GET", made["href"])
    etag = first.headers["etag"]
    for asked, start, end in (("bytes=0-9", 0, 10), ("bytes=-5", len(whole) - 5, len(whole))):
        found = await (await shelf.client(shelf.stage.member)).said(
            "GET", made["href"], {"range": asked}
        )
        assert (found.status, found.body) == (206, whole[start:end])
        assert found.headers["content-range"] == f"bytes {start}-{end - 1}/{len(whole)}"
    member = await shelf.client(shelf.stage.member)
    outside = await member.said("GET", made["href"], {"range": f"bytes={len(whole)}-"})
    assert outside.status == 416
    same = await member.said("GET", made["href"], {"if-none-match": etag})
    assert (same.status, same.body) == (304, b"")
    head = await member.said("HEAD", made["href"])
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(whole))


async def test_what_a_camera_writes_is_left_out(shelf: Shelf) -> None:
    data = photo("JPEG")
    made = await shelf.brought(shelf.stage.head, data, "板书.jpg")
    answer = await shelf.stage.ask(shelf.stage.member, "GET", made["href"])
    for secret in SECRETS:
        assert secret not in answer.content
    assert b"WGS-84" in data
    assert made["size"] == len(answer.content)
