"""Search over 100,000 lessons with 1,000,000 passages, on SQLite and PostgreSQL.

The budget is 50 ms, 95 of 100 times, over all queries and askers: ``find`` as a whole, with who may
see what, total, facets and snippets. Beside it LIKE over the same texts, newest first, that knows
nothing of who may see what. Wall-clock time in one process and the CPU time of program and server:
a busy machine shows in the first. ``--lessons N``, ``--rounds N``, ``--engine sqlite``.
"""

import argparse
import asyncio
import random
import tempfile
import time
from bisect import bisect
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, text

from tests.engines.postgresql import PostgreSQL
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.search import audience
from tongke_courses.search.engines import POSTGRESQL, engine_of
from tongke_courses.search.index import is_open
from tongke_courses.search.models import SearchEntry, SearchText
from tongke_courses.search.pinyin import initials
from tongke_courses.search.query import find
from tongke_courses.search.segmenter import tokens
from tongke_courses.search.tokens import Tier, labels, number_of, rank
from tongke_platform.accounts.service import principal_of
from tongke_platform.app import searching
from tongke_platform.app.metadata import metadata
from tongke_platform.database import Database, WriteSession, migrate, uuid7
from tongke_platform.organisations.models import Organisation
from tongke_platform.partnerships.models import (
    Part,
    Partnership,
    PartnershipKind,
    PartnershipSide,
    PartnershipState,
)
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.roles import Role, Scope
from tongke_platform.rights import Principal
from tongke_platform.settings import Settings

BUDGET_MS = 50.0
SCHOOLS = 2000
PARTNERS = 38
PASSAGES = 10
BATCH = 2500
NEWEST = datetime(2026, 11, 20, 8, tzinfo=UTC)
DAYS = 900
Rows = list[dict[str, Any]]


class Words:
    """A language with Zipf's frequencies: characters, words of one to three, passages with 的."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        characters = [chr(0x4E00 + n) for n in range(4000) if chr(0x4E00 + n) != "的"]
        chance.shuffle(characters)
        self._characters = characters
        self._weights = list(accumulate(1 / (n + 5) for n in range(len(characters))))
        self.words = list(dict.fromkeys(self._word() for _ in range(20_000)))
        self._word_weights = list(accumulate(1 / (n + 3) for n in range(len(self.words))))

    def _word(self) -> str:
        length = self.chance.choices((1, 2, 3), (8, 80, 12))[0]
        return "".join(pick(self.chance, self._characters, self._weights) for _ in range(length))

    def passage(self) -> str:
        parts, wanted = [], self.chance.randint(50, 80)
        while wanted > 0:
            kind = self.chance.random()
            word = pick(self.chance, self.words, self._word_weights)
            parts.append("的" if kind < 0.07 else "，" if kind < 0.14 else word)
            wanted -= len(parts[-1])
        if self.chance.random() < 0.1:
            parts.insert(1, self.chance.choice(LATIN))
        return "".join(parts) + "。"

    def title(self) -> str:
        count = self.chance.randint(3, 6)
        return "".join(pick(self.chance, self.words, self._word_weights) for _ in range(count))

    def of_length(self, length: int) -> list[str]:
        """From the most to the least frequent."""
        return [one for one in self.words if len(one) == length]


LATIN = ["docker", "python", "ppt", "abc", "x2", "dna", "led", "scratch", "wps", "excel"]
SUBJECTS = ["语文", "数学", "英语", "科学", "音乐", "美术"]
GRADES = ["一年级", "二年级", "三年级", "四年级", "五年级", "六年级"]


def pick(chance: random.Random, among: Sequence[str], weights: Sequence[float]) -> str:
    return among[bisect(weights, chance.random() * weights[-1])]


class County:
    """Who is there: schools, one teacher each, and those who ask."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.schools = [uuid7() for _ in range(SCHOOLS)]
        self.teachers = [uuid7() for _ in range(SCHOOLS)]
        self.admin, self.asker = uuid7(), self.teachers[SCHOOLS - 1]

    async def fill(self, session: WriteSession) -> None:
        people = [{"id": one, "display_name": f"王{n}"} for n, one in enumerate(self.teachers)]
        await write(session, Person, [*people, {"id": self.admin, "display_name": "管理员"}])
        schools = [
            {"id": one, "code": f"S{n}", "name": f"第{n}小学", "region_path": f"/C/R{n % 20}/"}
            for n, one in enumerate(self.schools)
        ]
        await write(session, Organisation, schools)
        posts = [
            post(teacher, Role.LEAD_TEACHER, Scope.ORGANISATION, school)
            for teacher, school in zip(self.teachers, self.schools, strict=True)
        ]
        await write(session, Membership, [*posts, post(self.admin, Role.ADMIN, Scope.PLATFORM)])
        await self._partnerships(session)

    async def _partnerships(self, session: WriteSession) -> None:
        keys = [uuid7() for _ in range(PARTNERS)]
        await write(session, Partnership, [
            {"id": key, "kind": PartnershipKind.PAIRED, "name": "结对", "starts_on": NEWEST.date(),
             "state": PartnershipState.ACTIVE}
            for key in keys
        ])  # fmt: skip
        await write(session, PartnershipSide, [
            {"id": uuid7(), "partnership_id": key, "organisation_id": school, "part": part}
            for n, key in enumerate(keys)
            for school, part in ((self.schools[n], Part.LEAD), (self.schools[-1], Part.PARTNER))
        ])  # fmt: skip


def post(person: UUID, role: Role, scope: Scope, school: UUID | None = None) -> dict[str, Any]:
    return {
        "id": uuid7(), "person_id": person, "role": role, "scope": scope, "organisation_id": school,
    }  # fmt: skip


async def write(session: WriteSession, model: Any, rows: Rows) -> None:
    for start in range(0, len(rows), 5000):
        await session.execute(insert(model.__table__), rows[start : start + 5000])


class Corpus:
    """Lessons made of passages whose tokens are cut once: what is measured is the index."""

    def __init__(self, county: County, chance: random.Random) -> None:
        self.county, self.chance = county, chance
        self.language = Words(chance)
        self.passages = [
            (one, tokens(one)) for one in (self.language.passage() for _ in range(6000))
        ]
        titles = (self.language.title() for _ in range(3000))
        self.titles = [(one, tokens(one), initials(one)) for one in titles]

    def lessons(self, count: int) -> Iterator[tuple[Rows, Rows, Rows, dict[int, set[str]]]]:
        """Batches of lessons, entries, texts and rows of the index, the newest first."""
        step, numbers = timedelta(days=DAYS) / count, set[int]()
        for start in range(0, count, BATCH):
            made: tuple[Rows, Rows, Rows, dict[int, set[str]]] = ([], [], [], {})
            for n in range(start, min(start + BATCH, count)):
                self._lesson(NEWEST - n * step, numbers, made)
            yield made

    def _lesson(
        self, at: datetime, numbers: set[int], made: tuple[Rows, Rows, Rows, dict[int, set[str]]]
    ) -> None:
        chance, key, where = self.chance, uuid7(), self.chance.randrange(SCHOOLS)
        title, words, letters = chance.choice(self.titles)
        chosen = chance.choices(self.passages, k=PASSAGES)
        subject, grade = chance.choice(SUBJECTS), chance.choice(GRADES)
        school, teacher = self.county.schools[where], self.county.teachers[where]
        visibility = chance.choices(list(Visibility), (4, 3, 2, 1))[0]
        who = self._audience(where, visibility)
        facets = {"subject": subject, "grade": grade, "school": str(school)}
        marks = labels("lesson", facets, who)
        number = number_of(at, key)
        while number in numbers:
            number += 1
        numbers.add(number)
        summary = f"{subject} · {grade} · 王{where} · 第{where}小学"
        all_words = frozenset(marks | words)
        for tier, more in (
            (Tier.TITLE, words), (Tier.PINYIN, letters), (Tier.SUMMARY, tokens(summary)),
            (Tier.BODY, frozenset[str]().union(*(cut for _, cut in chosen))),
        ):  # fmt: skip
            all_words = all_words | more
            made[3][rank(tier, number)] = set(all_words)
        made[0].append(
            {"id": key, "title": title, "subject": subject, "grade": grade, "school_id": school,
             "teacher_id": teacher, "planned_start": at, "planned_minutes": 40,
             "visibility": visibility}
        )  # fmt: skip
        made[1].append(
            {"number": number, "kind": "lesson", "object_id": key, "at": at, "title": title,
             "parent_id": None, "at_seconds": None, "open": is_open(who), "stage": "", "edition": "", **facets}
        )  # fmt: skip
        made[2].append(
            {"number": number, "summary": summary, "body": "".join(one for one, _ in chosen),
             "audience": " ".join(sorted(who)), "initials": " ".join(letters)}
        )  # fmt: skip

    def _audience(self, where: int, visibility: Visibility) -> set[str]:
        school = self.county.schools[where]
        if visibility is Visibility.PUBLIC:
            return {audience.PUBLIC}
        if visibility is Visibility.SIGNED_IN:
            return {audience.SIGNED}
        found = {f"s:{school}", "r:C", f"r:R{where % 20}", f"p:{self.county.teachers[where]}"}
        return found | ({f"w:{school}"} if visibility is Visibility.PARTNERSHIP else set())


async def build(database: Database, corpus: Corpus, count: int) -> None:
    async with database.write() as session:
        await corpus.county.fill(session)
        await engine_of(session).begin_bulk(session)
    for lessons, entries, texts, rows in corpus.lessons(count):
        async with database.write() as session:
            await write(session, Lesson, lessons)
            await write(session, SearchEntry, entries)
            await write(session, SearchText, texts)
            if database.is_sqlite:
                await engine_of(session).add(session, rows)
            else:
                await _copy(session, rows)
    async with database.write() as session:
        if not database.is_sqlite:
            await session.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        await engine_of(session).end_bulk(session)
        await session.execute(text("ANALYZE"))


async def _copy(session: WriteSession, rows: dict[int, set[str]]) -> None:
    """What ``Gin.add`` does, by COPY."""
    raw: Any = (await (await session.connection()).get_raw_connection()).driver_connection
    await session.execute(text("CREATE TEMP TABLE coming (rank bigint, words text) ON COMMIT DROP"))
    records = [(one, " ".join([*rows[one], POSTGRESQL.stretch_token(one)])) for one in sorted(rows)]
    await raw.copy_records_to_table("coming", records=records)
    await session.execute(
        text("INSERT INTO search_index SELECT rank, array_to_tsvector(string_to_array(words, ' '))"
             " FROM coming")
    )  # fmt: skip
    await session.execute(
        text("INSERT INTO search_index_stretches SELECT DISTINCT rank >> 51 FROM coming"
             " ON CONFLICT DO NOTHING")
    )  # fmt: skip


def queries(words: Words) -> dict[str, list[str]]:
    two, three = words.of_length(2), words.of_length(3)
    ones = sorted({one for word in words.words[3000:] for one in word})
    often, seldom = words.words[:12], two[-12:]
    return {
        "的": ["的"],
        "characters, frequent": [one[0] for one in often],
        "characters, rare": ones[:12],
        "words of two, frequent": two[:12],
        "words of two, middling": two[300:312],
        "words of two, rare": seldom,
        "phrases of 3 to 6": [*three[:4], *(two[n] + two[n + 9] for n in range(4)), *three[-4:]],
        "two frequent words": [f"{two[n]} {two[n + 11]}" for n in range(8)],
        "two words that rarely meet": [f"{two[n + 400]} {two[n + 200]}" for n in range(12)],
        "Latin": LATIN,
        "Latin, begun": [one[:2] for one in LATIN],
        "pinyin initials": ["sx", "zg", "sxf", "wdz", "jsh", "zhrm"],
        "no hit": ["鿿鿾", "qqqqqq", "龘龘"],
    }


class Meter:
    """Wall and CPU milliseconds of what is done in it; the server's CPU as well."""

    def __init__(self, server: int | None) -> None:
        self._server = server
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def _spent(self) -> float:
        own = time.process_time() * 1000
        if self._server is None:
            return own
        fields = Path(f"/proc/{self._server}/schedstat").read_text().split()
        return own + int(fields[0]) / 1e6

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        cpu, began = self._spent(), time.perf_counter()
        yield
        self.wall.append((time.perf_counter() - began) * 1000)
        self.cpu.append(self._spent() - cpu)

    def cells(self) -> list[str]:
        return [
            f"{quantile(self.wall, 0.5):.1f}", f"{quantile(self.wall, 0.95):.1f}",
            f"{quantile(self.cpu, 0.5):.1f}", f"{quantile(self.cpu, 0.95):.1f}",
        ]  # fmt: skip


def quantile(values: Sequence[float], part: float) -> float:
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


LIKE = text("SELECT number FROM search_texts WHERE body LIKE :words ORDER BY number LIMIT 1001")


async def measure(
    database: Database, corpus: Corpus, rounds: int
) -> dict[tuple[str, str], tuple[Meter, Meter]]:
    """Of ``find`` and of LIKE, by class and asker."""
    found: dict[tuple[str, str], tuple[Meter, Meter]] = {}
    async with database.read() as session:
        people = {
            "no limit": await principal_of(session, corpus.county.admin, NEWEST.date()),
            "40 tokens": await principal_of(session, corpus.county.asker, NEWEST.date()),
            "anonymous": None,
        }
        server = None
        if not database.is_sqlite:
            server = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        for name, asked in queries(corpus.language).items():
            for who, principal in people.items():
                meters = Meter(server), Meter(server)
                await _ask(session, principal, asked, {}, rounds, meters)
                found[name, who] = meters
        asked = corpus.language.of_length(2)[:6]
        facets = {"subject": "数学", "grade": "三年级"}
        for who, principal in people.items():
            found["facets", who] = Meter(server), Meter(server)
            await _ask(session, principal, asked, facets, rounds, found["facets", who])
    return found


async def _ask(
    session: Any,
    principal: Principal | None,
    asked: Sequence[str],
    facets: dict[str, str],
    rounds: int,
    meters: tuple[Meter, Meter],
) -> None:
    for round_ in range(rounds + 1):
        for words in asked:
            if round_ == 0:  # what is on the disk, and statements not compiled yet
                await find(session, principal, words, facets=facets)
                continue
            async with meters[0].one():
                await find(session, principal, words, facets=facets)
    if principal is None:
        for words in asked[:2]:
            async with meters[1].one():
                await session.execute(LIKE, {"words": f"%{words}%"})


def show(console: Console, title: str, found: dict[tuple[str, str], tuple[Meter, Meter]]) -> float:
    table = Table(title=title)
    for name in ("query", "asker", "p50", "p95", "CPU p50", "CPU p95", "LIKE p50", "× faster"):
        table.add_column(name, justify="left" if name in ("query", "asker") else "right")
    for (name, who), (ours, like) in found.items():
        cells = ["", ""]
        if like.wall:
            theirs = quantile(like.wall, 0.5)
            cells = [f"{theirs:.0f}", f"{theirs / quantile(ours.wall, 0.5):.1f}"]
        table.add_row(name, who, *ours.cells(), *cells)
    console.print(table)
    everything = Meter(None)
    for ours, _ in found.values():
        everything.wall += ours.wall
        everything.cpu += ours.cpu
    p50, p95, cpu50, cpu95 = everything.cells()
    console.print(f"all: p50 {p50} ms, p95 {p95} ms; CPU p50 {cpu50} ms, p95 {cpu95} ms")
    return quantile(everything.wall, 0.95)


async def run(console: Console, url: str, name: str, arguments: argparse.Namespace) -> float:
    searching.install()
    await migrate.upgrade(url, metadata)
    chance = random.Random(7)
    database = Database(url)
    try:
        began, cpu = time.perf_counter(), time.process_time()
        corpus = Corpus(County(chance), chance)
        await build(database, corpus, arguments.lessons)
        took, spent = time.perf_counter() - began, time.process_time() - cpu
        console.print(f"{name}: built in {took:.0f} s ({spent:.0f} s CPU of this program)")
        found = await measure(database, corpus, arguments.rounds)
    finally:
        await database.close()
    title = f"{name}: {arguments.lessons:,} lessons, {arguments.lessons * PASSAGES:,} passages, ms"
    return show(console, title, found)


async def bench(arguments: argparse.Namespace) -> None:
    console, worst = Console(width=120), 0.0
    if arguments.engine in ("", "sqlite"):
        with tempfile.TemporaryDirectory(prefix="tk-") as folder:
            url = Settings(data_dir=Path(folder)).sql_url
            worst = max(worst, await run(console, url, "SQLite", arguments))
    if arguments.engine in ("", "postgresql"):
        server = PostgreSQL()
        await asyncio.to_thread(server.start)
        try:
            url = server.url(server.create())
            worst = max(worst, await run(console, url, "PostgreSQL", arguments))
        finally:
            await asyncio.to_thread(server.stop)
    console.print(
        f"slowest p95 {worst:.0f} ms of {BUDGET_MS:.0f} ms: {worst / BUDGET_MS:.2f} × budget"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lessons", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="")
    arguments, _ = parser.parse_known_args()
    asyncio.run(bench(arguments))
