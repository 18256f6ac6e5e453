"""Both databases answer with the same objects in the same order, whatever is asked."""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from shutil import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engines.postgresql import TEMPLATE, PostgreSQL
from tests.search import corpus
from tests.search.corpus import BEGAN, NOTE, note
from tongke_courses.search import audience, index, query
from tongke_courses.search.documents import Document
from tongke_courses.search.engines import Fts5, Gin
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
AUDIENCES = [
    frozenset(one.split()) for one in ("public", "signed s:1", "s:1", "r:2", "s:1 r:2", "s:9")
]


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
            audience=AUDIENCES[n % len(AUDIENCES)],
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


def audiences() -> dict[int, frozenset[str]]:
    """Of each note, as ``fill`` leaves them."""
    made = documents()
    public = {one.id.int for one in made[::5]} - {one.id.int for one in made[::3]}
    return {
        one.id.int: frozenset({"public"}) if one.id.int in public else one.audience for one in made
    }


ASKERS = {
    "public": frozenset({"public"}),
    "somebody": frozenset({"public", "signed", "s:1", "p:7"}),
    "a region": frozenset({"public", "signed", "r:2"}),
    "both": frozenset({"public", "signed", "r:2", "s:1"}),
}


@pytest.mark.parametrize("at_once", [3, Gin.AT_ONCE], ids=["in small steps", "at once"])
@pytest.mark.parametrize("few", [0, Gin.FEW], ids=["by stretch", "at once"])
def test_what_everybody_may_find_and_what_few_may_are_one_list(
    both: tuple[str, str], few: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of all there is, and nothing that the asker has no label for."""
    monkeypatch.setattr(Gin, "FEW", few)
    monkeypatch.setattr(Gin, "FEW_OF_SCARCE", few)
    for engine, step in ((Gin, "AT_ONCE"), (Gin, "BY_STRETCH"), (Fts5, "AT_ONCE")):
        monkeypatch.setattr(engine, step, at_once)
    monkeypatch.setattr(query, "_ROUNDS", 1000)
    asked = ("数学", "的", "dock", "数 a4")
    labelled = audiences()
    for url in both:
        for tokens in ASKERS.values():
            everything = asyncio.run(found_by(url, None, asked))
            mine = asyncio.run(found_by(url, tokens, asked))
            for all_, some in zip(everything, mine, strict=True):
                assert len(all_) > 3
                assert some == [one for one in all_ if labelled[one] & tokens]


async def found_by(
    url: str, tokens: frozenset[str] | None, asked: Sequence[str]
) -> list[list[int]]:
    """Numbers of notes for an asker with these tokens; None: no limit."""

    async def asker(*_: object) -> frozenset[str] | None:
        return tokens

    database, found = Database(url), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audience, "asker", asker)
        async with database.read() as session:
            for words in asked:
                pages = [
                    await query.find(session, None, words, limit=100, offset=offset)
                    for offset in (0, 100)
                ]
                found.append([one.id.int for page in pages for one in page.results])
    await database.close()
    return found
