"""Make the whole index anew from the objects themselves, resuming where it was broken off."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from tongke_courses.search import index, kinds
from tongke_courses.search.documents import Document
from tongke_courses.search.engines import engine_of
from tongke_courses.search.models import SearchBuild
from tongke_platform.database import Database, ReadSession
from tongke_platform.frame import Frame
from tongke_platform.rounds import Rounds

# On SQLite nobody else writes while a batch is written.
BATCH = 200
EVERY_S = 60.0


async def rebuild(
    database: Database, on_done: Callable[[str, int], None] | None = None
) -> dict[str, int]:
    """How many objects of each kind were indexed. Servers may go on: what they put stays.

    Begins by emptying the index, but for a rebuilding that was broken off: that one goes on. Until
    the end not everything is found. ``on_done`` hears the kind and how many of it are done.
    """
    await _begin(database)
    return await resume(database, on_done)


async def resume(
    database: Database, on_done: Callable[[str, int], None] | None = None
) -> dict[str, int]:
    """Finish what was broken off, or what a migration asks for; nothing otherwise."""
    counts: dict[str, int] = {}
    async with database.read() as session:
        under_way = set((await session.execute(select(SearchBuild.kind))).scalars())
    for kind in (one for one in kinds.all_kinds() if one.name in under_way):
        counts[kind.name] = 0
        while done := await _batch(database, kind):
            counts[kind.name] += done
            if on_done is not None:
                on_done(kind.name, counts[kind.name])
    if under_way:
        async with database.write() as session:
            await engine_of(session).end_bulk(session)
            await session.execute(delete(SearchBuild))
    return counts


def rounds(frame: Frame) -> Rounds:
    """What a migration asks for is done by the servers, without anybody's doing."""
    return Rounds("search", lambda: resume(frame.database), EVERY_S)


async def _begin(database: Database) -> None:
    async with database.write() as session:
        under_way = (await session.execute(select(SearchBuild.kind))).scalars().all()
        if under_way:
            return
        await index.clear(session)
        await engine_of(session).begin_bulk(session)
        for kind in kinds.all_kinds():
            await session.execute(insert(SearchBuild).values(kind=kind.name, after_id=None))
            if kind.ask_again is not None:
                await kind.ask_again(session)


async def _batch(database: Database, kind: kinds.Kind) -> int:
    """The number of objects read; they and the place to go on from are committed together.

    The place is held: of two that rebuild, one waits for the other's batch.
    """
    build = SearchBuild.__table__
    place = select(build.c.after_id).where(build.c.kind == kind.name)
    async with database.write() as session:
        held = (await session.execute(place.with_for_update())).one_or_none()
        if held is None:
            return 0  # somebody else has finished
        documents = await _read(session, kind, held.after_id)
        if documents:
            await index.put_many(session, documents)
            where = update(SearchBuild).where(SearchBuild.kind == kind.name)
            await session.execute(where.values(after_id=documents[-1].id))
    return len(documents)


async def _read(session: ReadSession, kind: kinds.Kind, after: UUID | None) -> Sequence[Document]:
    found: list[Document] = []
    if kind.documents is None:
        return found
    async with aclosing(kind.documents(session, after)) as documents:
        async for one in documents:
            found.append(one)
            if len(found) == BATCH:
                break
    return found
