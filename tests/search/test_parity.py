"""Both databases answer with the same objects in the same order, whatever is asked."""

import asyncio
import random
from pathlib import Path
from shutil import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engines.postgresql import TEMPLATE, PostgreSQL
from tests.search import corpus
from tests.search.corpus import BEGAN, NOTE, note
from tongke_courses.search import index, query
from tongke_courses.search.documents import Document
from tongke_courses.search.engines import Gin
from tongke_platform.database import Database

PIECES = [
    "数",
    "学",
    "分",
    "数学",
    "的",
    "圆的面积",
    "docker",
    "Dock",
    "a4",
    "ÄΣ",
    "學",
    "か",
    "。",
    " ",
    "-",
    "\0",
]
MANY = 120


def documents() -> list[Document]:
    chance = random.Random(3)

    def text(most: int) -> str:
        return "".join(chance.choices(PIECES, k=chance.randint(0, most)))

    return [
        note(
            n,
            text(5),
            summary=text(3),
            body=text(20),
            at=BEGAN.replace(month=chance.randint(1, 12), day=chance.randint(1, 3)),
            audience=frozenset(chance.sample(["public", "signed", "s:1"], k=2)),
            facets={"subject": chance.choice(["数学", "语文", ""])},
        )
        for n in range(1, MANY)
    ]


@pytest.fixture(scope="module")
def both(
    migrated: Path, postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, str]:
    path = tmp_path_factory.mktemp("parity") / "tongke.db"
    copy(migrated, path)
    urls = f"sqlite+aiosqlite:///{path}", postgresql.url(postgresql.create(TEMPLATE))
    corpus.register()
    for url in urls:
        asyncio.run(fill(url))
    return urls


async def fill(url: str) -> None:
    database = Database(url)
    made = documents()
    async with database.write() as session:
        await index.put_many(session, made)
        for one in made[::7]:
            await index.remove(session, NOTE, one.id)
        for one in made[::5]:
            await index.set_audience(session, NOTE, one.id, ["public"])
        for one in made[::3]:
            await index.put(session, one)
    await database.close()


async def answers(url: str, asked: list[tuple[str, str, int]]) -> list[object]:
    database, found = Database(url), []
    async with database.read() as session:
        for words, subject, offset in asked:
            one = await query.find(
                session, None, words, facets={"subject": subject}, offset=offset, counts=True
            )
            shown = [(each.id.int, each.title, each.snippet) for each in one.results]
            found.append((words, shown, one.total, one.more, one.facet_counts))
    await database.close()
    return list(found)


ASKED = st.tuples(
    st.lists(st.sampled_from([*PIECES, "*", '"', "'", "\\", ":"]), max_size=4).map("".join)
    | st.text(max_size=12),
    st.sampled_from(["", "", "数学"]),
    st.sampled_from([0, 0, 7]),
)


@pytest.mark.parametrize("few", [0, Gin.FEW], ids=["by stretch", "at once"])
def test_both_answer_alike(
    both: tuple[str, str], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gin, "FEW", few)

    @settings(
        max_examples=4,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        database=None,
    )
    @given(st.lists(ASKED, min_size=25, max_size=25))
    def ask(asked: list[tuple[str, str, int]]) -> None:
        sqlite, other = (asyncio.run(answers(url, asked)) for url in both)
        assert sqlite == other

    ask()


def test_something_is_found(both: tuple[str, str]) -> None:
    """Else the test above proves nothing."""
    found = asyncio.run(answers(both[1], [(one, "", 0) for one in ("数学", "的", "dock", "圆 a4")]))
    assert all(len(one[1]) > 3 for one in found)  # type: ignore[index]
