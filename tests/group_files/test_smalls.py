"""Of a picture lists and posts show a smaller one, that leads to the whole one."""

import io
import struct
import zlib
from uuid import uuid4

import pytest
from PIL import Image

from tests.group_files.conftest import Shelf
from tests.groups.stage import GROUPS
from tongke_platform import pictures

SIDE = pictures.SMALL_SIDE


def picture(wide: int, high: int, kind: str = "PNG", mode: str = "RGB") -> bytes:
    made = io.BytesIO()
    Image.effect_noise((wide, high), 60).convert(mode).save(made, kind)
    return made.getvalue()


def claims(wide: int, high: int) -> bytes:
    """A PNG of few bytes whose header says that it is huge."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "name"), [("PNG", "a.png"), ("JPEG", "a.jpg"), ("WEBP", "a.webp")]
)
async def test_smaller_and_of_the_size_it_says(shelf: Shelf, kind: str, name: str) -> None:
    stage = shelf.stage
    whole = picture(1600, 1200, kind)
    made = await shelf.brought(stage.head, whole, name)
    assert (made["width"], made["height"]) == (SIDE, SIDE * 3 // 4)
    answer = await stage.ask(stage.member, "GET", made["small"])
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"].startswith("inline")
    with Image.open(io.BytesIO(answer.content)) as seen:
        assert seen.size == (made["width"], made["height"])
    assert len(answer.content) < len(whole) / 2
    opened = await stage.ask(stage.member, "GET", made["href"])
    with Image.open(io.BytesIO(opened.content)) as seen:
        assert seen.size == (1600, 1200), "the whole one is kept"


async def test_shown_in_lists_and_posts(shelf: Shelf) -> None:
    stage = shelf.stage
    made = await shelf.brought(stage.head, picture(1600, 1200, "JPEG"), "板书.jpg")
    listed = (await stage.ask(stage.member, "GET", f"/groups/{stage.key}/files")).text
    shown = f'src="{made["small"]}" width="{SIDE}" height="{SIDE * 3 // 4}"'
    assert shown in listed
    body = {"title": "板书", "text": f"![板书](file:{made['id']})", "sent_as": str(uuid4())}
    topic = await stage.of(stage.head, "POST", f"{GROUPS}/{stage.key}/topics", json=body)
    html = topic["items"][0]["html"]
    assert f'src="{made["small"]}"' in html
    assert f'width="{SIDE}" height="{SIDE * 3 // 4}"' in html
    assert f'<a href="{made["href"]}"' in html


async def test_only_for_who_may_see_the_whole_one(shelf: Shelf) -> None:
    stage = shelf.stage
    made = await shelf.brought(stage.head, picture(900, 900), "a.png")
    assert (await stage.ask(None, "GET", made["small"])).status_code == 401
    assert (await stage.ask(stage.stranger, "GET", made["small"])).status_code == 403
    await stage.of(stage.head, "DELETE", f"{shelf.path}/{made['id']}")
    assert (await stage.ask(stage.head, "GET", made["small"])).status_code == 404


async def test_what_is_no_photo_stays_as_it_is(shelf: Shelf) -> None:
    stage = shelf.stage
    for data, name in (
        (picture(30, 30, "GIF", "P"), "a.gif"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 90, "broken.png"),
        (claims(60_000, 60_000), "huge.png"),
        (picture(900, 900)[:4000], "cut.png"),
        ("文字".encode(), "a.txt"),
    ):
        made = await shelf.brought(stage.head, data, name)
        assert (made["small"], made["width"], made["height"]) == (None, None, None), name
        whole = await stage.ask(stage.head, "GET", f"{made['href']}?small=1")
        assert whole.content == data, name


async def test_what_is_seen_through_is_paper() -> None:
    made = io.BytesIO()
    Image.new("RGBA", (900, 300), (0, 0, 0, 0)).save(made, "PNG")
    small = await pictures.small(made.getvalue())
    assert small is not None
    with Image.open(io.BytesIO(small.data)) as seen:
        assert seen.getpixel((5, 5)) == (255, 255, 255)
