"""One after another where no constraint of a table keeps two writers apart."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_LOCK = text("SELECT pg_advisory_xact_lock(one) FROM unnest(CAST(:keys AS bigint[])) AS one")


async def take_turn(session: AsyncSession, *keys: int) -> None:
    """Until this transaction ends, whoever takes one of the same turns waits.

    ``keys`` are signed numbers of 64 bits, taken in order of size so that nobody waits crosswise.
    SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        wanted: dict[str, Any] = {"keys": sorted(keys)}
        await session.execute(_LOCK, wanted)
