"""What is put is found: by whom, in which order, and no more after it is removed."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.engines.postgresql import TEMPLATE, PostgreSQL
from tests.search import corpus
from tests.search.corpus import NOTE, note
from tongke_courses.search import index, query
from tongke_courses.search.documents import Document
from tongke_courses.search.rebuild import rebuild
from tongke_platform.database import Database
from tongke_platform.frame import Frame


@pytest.fixture
def database(frame: Frame) -> Database:
    corpus.register()
    return frame.database


async def put(database: Database, *documents: Document) -> None:
    async with database.write() as session:
        for one in documents:
            await index.put(session, one)


async def find(database: Database, words: str, **wanted: Any) -> query.Found:
    async with database.read() as session:
        return await query.find(session, None, words, **wanted)


async def ids(database: Database, words: str, **wanted: Any) -> list[int]:
    return [one.id.int for one in (await find(database, words, **wanted)).results]


async def rows(database: Database) -> Sequence[int]:
    """What is left in the index, whatever it says."""
    sqlite = 'SELECT count(*) FROM search_index WHERE search_index MATCH \'"记" OR "忆"\''
    other = "SELECT count(*) FROM search_index"
    async with database.read() as session:
        found = await session.execute(text(sqlite if database.is_sqlite else other))
        return found.scalars().all()


async def test_chinese_is_found(database: Database) -> None:
    await put(
        database,
        note(1, "深度学习模型需要大量训练数据"),
        note(2, "第二课", body="记忆系统需要定期回收"),
        note(3, "第三课", summary="野比大雄"),
        note(4, "docker 部署"),
        note(5, "数学分数"),
    )
    for words, expected in {
        "训练": 1, "记忆 系统": 2, "野": 3, "部署": 4, "docker": 4, "Dock": 4, "sxfs": 5,
    }.items():  # fmt: skip
        assert await ids(database, words) == [expected], words
    for words in (
        "练训",
        "野 系统",
        "*",
        '"',
        "%",
        "_",
        "'",
        "",
        "的",
        "野') OR 1=1",
        "x" * 10_000,
    ):
        assert await ids(database, words) == [], words
    assert await ids(database, '"训练" OR*') == []
    assert await ids(database, "(训练)*") == [1]


async def test_snippets_have_marks(database: Database) -> None:
    await put(database, note(1, "圆的面积", body="求周长。" + "长" * 198 + "。圆的<b>面积</b>。"))
    (one,) = (await find(database, "面积")).results
    assert one.snippet.text == "圆的<b>面积</b>。"
    assert [one.snippet.text[a:b] for a, b in one.snippet.marks] == ["面积"]
    assert [one.title.text[a:b] for a, b in one.title.marks] == ["面积"]
    assert one.href == f"/notes/{UUID(int=1)}"


async def test_better_places_come_first_then_newer_ones(database: Database) -> None:
    await put(
        database,
        note(1, "面积"),
        note(2, "圆的面积"),
        note(3, "圆", summary="面积"),
        note(4, "圆", body="面积"),
        note(5, "mj 面 积", body="面积"),
        note(6, "其他", body="面 积"),
    )
    assert await ids(database, "面积") == [2, 1, 3, 5, 4]
    assert (await find(database, "面积")).total == 5
    # Words in different places count together, by the worst of them.
    assert await ids(database, "圆 面积") == [2, 3, 4]


async def test_pages_join_without_gap(database: Database) -> None:
    await put(database, *(note(n, "圆", at=corpus.BEGAN, body="面积" * (n % 2)) for n in range(25)))
    whole = await ids(database, "圆", limit=100)
    pages = [await ids(database, "圆", limit=4, offset=start) for start in range(0, 28, 4)]
    assert [one for page in pages for one in page] == whole
    assert sorted(whole) == list(range(25))
    assert await ids(database, "圆", offset=900) == []


async def test_total_is_capped(database: Database) -> None:
    async with database.write() as session:
        await index.put_many(session, [note(n, "圆", body="甲") for n in range(1, 1003)])
    found = await find(database, "圆")
    assert (found.total, found.more) == (1000, True)
    corpus.hidden.update(UUID(int=n) for n in range(900, 1000))
    found = await find(database, "圆", limit=5, counts=True)
    assert (found.total, found.more) == (902, False)
    assert [one.id.int for one in found.results] == [1002, 1001, 1000, 899, 898]
    assert found.facet_counts["kind"] == {NOTE: 902}


async def test_facets_choose_and_count(database: Database) -> None:
    await put(
        database,
        note(1, "圆", facets={"subject": "数学", "grade": "六年级"}),
        note(2, "圆", facets={"subject": "语文", "grade": "六年级"}),
        note(3, "圆", facets={"subject": "数学\0"}),
    )
    assert await ids(database, "圆", facets={"subject": "数学"}) == [3, 1]
    assert await ids(database, "圆", facets={"subject": "数学", "grade": "六年级"}) == [1]
    assert await ids(database, "圆", facets={"subject": "数"}) == []
    assert await ids(database, "圆", facets={"owner": "数"}) == []
    assert await ids(database, "圆", kinds=[NOTE, "nothing"]) == [3, 2, 1]
    assert await ids(database, "圆", kinds=["nothing"]) == []
    counts = (await find(database, "圆", counts=True)).facet_counts
    assert counts["subject"] == {"数学": 2, "语文": 1}
    with pytest.raises(ValueError, match="owner"):
        note(1, facets={"owner": "x"})


async def test_putting_again_changes_and_removing_forgets(database: Database) -> None:
    await put(database, note(1, "记忆", body="记忆系统"), note(1, "记忆", body="记忆系统"))
    await put(database, note(1, "记忆二", body="回收", at=corpus.BEGAN))
    assert await ids(database, "记忆") == [1]
    assert await ids(database, "系统") == []
    assert await ids(database, "回收") == [1]
    async with database.write() as session:
        await index.remove(session, NOTE, UUID(int=1))
        await index.remove(session, NOTE, UUID(int=1))
    assert (await find(database, "记忆")).total == 0
    assert await rows(database) == [0]


async def test_a_new_audience_is_all_that_changes(database: Database) -> None:
    await put(database, note(1, "记忆", body="系统", audience=frozenset(("s:1", "p:2"))))
    assert await ids(database, "记忆") == []
    async with database.write() as session:
        await index.set_audience(session, NOTE, UUID(int=1), ["s:1", "public"])
        await index.set_audience(session, NOTE, UUID(int=9), ["public"])
    assert await ids(database, "记忆 系统") == [1]
    async with database.write() as session:
        await index.set_audience(session, NOTE, UUID(int=1), [])
    assert await ids(database, "记忆") == []


async def test_what_is_rolled_back_was_never_there(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as session:
            await index.put(session, note(1, "记忆"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await ids(database, "记忆") == []
    assert await rows(database) == [0]


async def test_hostile_text_is_kept_and_found(database: Database) -> None:
    await put(database, note(1, "a\0b \ud800 'quo\"te\\' :*", body="圆" * 40_000 + "\0积"))
    assert await ids(database, "quo te") == [1]
    assert await ids(database, "圆") == [1]


async def test_rebuilding_keeps_what_its_kind_has(database: Database) -> None:
    await put(database, note(1, "记忆"))
    found = await rebuild(database)
    assert set(found.values()) == {0}
    assert {NOTE, "lesson", "course"} <= set(found)
    assert await ids(database, "记忆") == []


async def test_two_put_one_object_at_once(postgresql: PostgreSQL) -> None:
    """On PostgreSQL alone: SQLite lets nobody write beside another."""
    corpus.register()
    database = Database(postgresql.url(postgresql.create(TEMPLATE)))
    async with asyncio.timeout(20):
        await asyncio.gather(*(put(database, note(1, f"记忆 {n}")) for n in range(8)))
    assert await ids(database, "记忆") == [1]
    assert await rows(database) == [2]  # the title's and its initials'
    await database.close()
