"""A group to take home: readable without a network, running nothing, without what was taken out."""

import io
import re
import zipfile
from html.parser import HTMLParser
from pathlib import PurePosixPath
from urllib.parse import unquote
from uuid import UUID, uuid4

from PIL import Image

from tests.boards.board import Board
from tests.boards_memory.filling import fill
from tests.groups.stage import GROUPS
from tests.makers import Someone
from tongke_courses.boards.export import EXPORTS
from tongke_courses.boards.models import GroupFile
from tongke_courses.materials.store import FileStore

HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(1)> "><b> [x](javascript:alert(1))'
NAMES = (
    "../../../etc/passwd", "..\\..\\boot.ini", "C:\\x.txt", "a\u202egnp.exe.html", "/abs/path.svg",
    "图" * 240 + ".png", "con.", ' "><script>.png', "%2e%2e%2fx#?.pdf", "同名.txt", "同名.txt",
)  # fmt: skip


def address(board: Board) -> str:
    return f"/groups/{board.key}/export.zip"


async def export(board: Board, who: Someone | None = None) -> zipfile.ZipFile:
    answer = await board.ask(who or board.member, "GET", address(board))
    assert answer.status_code == 200, answer.text
    found = zipfile.ZipFile(io.BytesIO(answer.content))
    assert found.testzip() is None
    return found


async def file(board: Board, name: str, data: bytes) -> tuple[UUID, bytes]:
    """A file of the group, with its content as the store keeps it."""
    store = FileStore(board.frame)
    async with board.frame.database.write() as session:
        stored = await store.put_bytes(data, session)
        made = GroupFile(
            group_id=UUID(board.key), file_id=stored.id, name=name, by_id=board.head.id
        )
        session.add(made)
    kept = [piece async for piece in await store.open_range(stored.key, 0, stored.size)]
    return made.id, b"".join(kept)


def png() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(made, "PNG")
    return made.getvalue()


class Reader(HTMLParser):
    """What a page names."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def pages(archive: zipfile.ZipFile) -> dict[str, str]:
    return {
        one: archive.read(one).decode() for one in archive.namelist()
        if one.endswith(".html")
    }  # fmt: skip


async def test_anonymous(board: Board) -> None:
    assert (await board.ask(None, "GET", address(board))).status_code == 401


async def test_who_writes_takes_it_home_and_nobody_else(board: Board) -> None:
    await board.topic()
    for who in (board.head, board.planner, board.member, board.researcher):
        assert "index.html" in (await export(board, who)).namelist()
    assert (await board.ask(board.guest, "GET", address(board))).status_code == 403
    for who in (board.left, board.stranger, board.admin):
        assert (await board.ask(who, "GET", address(board))).status_code == 404
    other = f"/groups/{uuid4()}/export.zip"
    assert (await board.ask(board.head, "GET", other)).status_code == 404


async def test_what_is_in_it(board: Board) -> None:
    picture, kept = await file(board, "板书.png", png())
    topic = await board.topic(title="板书怎么写", text=f"先画**山**。\n\n![图](file:{picture})")
    answer = await board.reply(topic, text="好", reply_to_id=topic["items"][0]["id"])
    gone = await board.reply(topic, text="学生王小明没听懂")
    await board.of(board.head, "DELETE", f"/api/posts/{gone['id']}", json={"reason": "有姓名"})
    taken = await board.topic(title="不该有的题")
    await board.of(board.head, "DELETE", f"/api/topics/{taken['id']}", json={"reason": "重复"})
    await board.step(topic, "adopted", note="都试试")
    assert answer["id"]
    activity = {
        "kind": "lesson_refining", "title": "磨课", "starts_at": "2026-01-07T14:30:00+08:00",
        "ends_at": "2026-01-07T16:00:00+08:00", "agenda": "先看课",
    }  # fmt: skip
    await board.of(board.head, "POST", f"{GROUPS}/{board.key}/activities", json=activity)
    archive = await export(board)
    everything = "\n".join(archive.read(one).decode(errors="ignore") for one in archive.namelist())
    assert "王小明" not in everything
    assert "不该有的题" not in everything
    names = archive.namelist()
    assert names[:2] == ["index.html", "style.css"]
    assert "topics/0001 板书怎么写.html" in names
    html = archive.read("topics/0001 板书怎么写.html").decode()
    assert "<strong>山</strong>" in html
    assert "都试试" in html
    assert 'href="#post-1"' in html
    text = archive.read("topics/0001 板书怎么写.md").decode()
    assert "先画**山**。" in text
    path = "files/0001 板书.png"
    assert archive.read(path) == kept
    assert unquote(re.findall(r'<img[^>]*src="([^"]*)"', html)[0]) == f"../{path}"
    assert f"../{path}" in unquote(text)
    assert "先看课" in archive.read("activities.html").decode()
    assert "先看课" in archive.read("activities.md").decode()


async def test_pages_open_offline_and_run_nothing(board: Board) -> None:
    await file(board, "a.svg", b"<svg onload='alert(1)'/>")
    for number, name in enumerate(NAMES):
        await file(board, name, f"{number}".encode())
        topic = await board.topic(
            title=(name * 2)[:200], text=HOSTILE + f" ![x](https://x.cn/{number}.png)"
        )
        await board.step(topic, "adopted", note=HOSTILE)
    archive = await export(board)
    names = archive.namelist()
    assert len(names) == len({one.lower() for one in names})
    for one in names:
        parts = PurePosixPath(one).parts
        assert len(parts) <= 2
        assert ".." not in parts
        assert not one.startswith(("/", "\\"))
        assert not re.search(r'[<>:"\\|?*\x00-\x1f\u202e]', one), one
        assert max(len(part.encode()) for part in parts) <= 255
        if one.startswith("files/"):
            assert not one.endswith((".html", ".svg"))
    read = pages(archive)
    assert len(read) == 1 + len(NAMES)
    for name, text in read.items():
        reader = Reader()
        reader.feed(text)
        assert not {"script", "iframe", "object", "embed", "form", "base"} & set(reader.tags), name
        for tag, attribute, value in reader.attributes:
            assert not attribute.startswith("on"), (name, attribute)
            if attribute == "src" or (tag, attribute) == ("link", "href"):
                assert ":" not in value
            elif attribute == "href":
                assert not value.lower().startswith(("javascript", "data", "/")), value
            if attribute in ("src", "href") and not value.startswith(("http", "#", "mailto")):
                at = PurePosixPath(name).parent / unquote(value)
                whole = [part for part in at.parts if part != ".."]
                assert "/".join(whole[1:] if ".." in at.parts else whole) in names, value


async def test_formulas_are_set_by_a_script_of_the_folder(board: Board) -> None:
    await board.topic(title="面积", text="圆：$S=\\pi r^2$\n\n$$\nx^2\n$$")
    await board.topic(title="板书", text="没有公式")
    archive = await export(board)
    names = archive.namelist()
    assert names[:4] == ["index.html", "style.css", "formulas.css", "formulas.js"]
    assert b"katex" in archive.read("formulas.js")
    assert b"url(data:font/woff2" in archive.read("formulas.css")
    assert re.findall(rb"url\((?!data:)", archive.read("formulas.css")) == []
    scripts = {name: re.findall(r"<script[^>]*>", text) for name, text in pages(archive).items()}
    assert [name for name, found in scripts.items() if found] == ["topics/0001 面积.html"]
    nonce = re.findall(r"script-src 'nonce-([^']+)'", pages(archive)["topics/0001 面积.html"])
    assert scripts["topics/0001 面积.html"] == [f'<script nonce="{nonce[0]}" src="../formulas.js">']
    assert "$S=\\pi r^2$" in archive.read("topics/0001 面积.md").decode()


async def test_no_script_where_no_formula_is(board: Board) -> None:
    gone = await board.reply(await board.topic(), text="$x$")
    await board.of(board.head, "DELETE", f"/api/posts/{gone['id']}", json={"reason": "重复"})
    await board.topic(title="写成代码的", text='`class="formula"`')
    assert (await export(board)).namelist()[:3] == [
        "index.html", "style.css", "topics/0001 《山行》的板书.html"
    ]  # fmt: skip


async def test_goes_on_where_it_broke_off(board: Board) -> None:
    topic = await board.topic()
    whole = await board.ask(board.member, "GET", address(board))
    assert int(whole.headers["content-length"]) == len(whole.content)
    client, headers = board.client, await board.make.bearer(board.member)
    half = len(whole.content) // 2
    rest = await client.get(
        address(board),
        headers={**headers, "range": f"bytes={half}-", "if-range": whole.headers["etag"]},
    )
    assert rest.status_code == 206
    assert rest.content == whole.content[half:]
    await board.reply(topic)
    anew = await client.get(
        address(board),
        headers={**headers, "range": f"bytes={half}-", "if-range": whole.headers["etag"]},
    )
    assert anew.status_code == 200
    head = await client.head(address(board), headers=headers)
    assert head.status_code == 200
    assert head.headers["content-length"] == anew.headers["content-length"]


async def test_what_a_reader_may_not_see_is_not_named(board: Board) -> None:
    lesson = await board.make.lesson(board.head)
    await board.topic(who=board.head, anchor={"kind": "lesson", "id": str(lesson.id)})
    theirs = pages(await export(board, board.member))
    assert not any(lesson.title in text for text in theirs.values())
    own = pages(await export(board, board.head))
    assert any(lesson.title in text for text in own.values())


async def test_an_empty_group(board: Board) -> None:
    archive = await export(board)
    assert archive.namelist() == ["index.html", "style.css"]


async def test_not_again_and_again(board: Board) -> None:
    for _ in range(EXPORTS.burst):
        await board.frame.limiter.take(EXPORTS, str(board.member.id))
    assert (await board.ask(board.member, "GET", address(board))).status_code == 429


async def test_many_posts_in_their_order(board: Board) -> None:
    """More than are read at once, of more topics than one."""
    first, second = await board.topic(title="一"), await board.topic(title="二")
    await fill(board, first, 450)
    await fill(board, second, 3)
    archive = await export(board)
    text = archive.read("topics/0001 一.html").decode()
    said = re.findall(r"第(\d+)条", text)
    assert said == [str(one) for one in range(450)]
    assert re.findall(r"第(\d+)条", archive.read("topics/0002 二.md").decode()) == ["0", "1", "2"]
