"""Statements compiled by one test serve the next: compiling is a fifth of what tests do."""

from typing import Any

from sqlalchemy.engine import Compiled, Dialect
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import LRUCache

from tongke_platform.database import Database

STATEMENTS = 4000
_known: dict[str, tuple[Dialect, LRUCache[Any, Compiled]]] = {}


async def compile_once(database: Database) -> None:
    """Give the engines of ``database`` the dialect and the statements of those before them.

    A statement is kept under its dialect, and mappers keep theirs under it too, so it is shared.
    """
    for engine in {database.engine, database.write_engine}:
        await _share(engine)


async def _share(engine: AsyncEngine) -> None:
    known = _known.get(engine.dialect.name)
    if known is None:
        # The first connection tells the dialect which server it speaks with.
        async with engine.connect():
            pass
        known = _known[engine.dialect.name] = (engine.dialect, LRUCache(STATEMENTS))
    engine.sync_engine.dialect, engine.sync_engine._compiled_cache = known
