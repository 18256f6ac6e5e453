"""Imports in the background: batch after batch, resumed where a crash left them."""

import asyncio
from uuid import UUID

from tongke_platform.database import WriteSession
from tongke_platform.frame import Frame
from tongke_platform.imports import service
from tongke_platform.imports.oneroster import desk as rosters
from tongke_platform.imports.repository import ImportRepository
from tongke_platform.jobs import Jobs, Payload

# Well within the time a job has; then it makes room for others.
TURN_S = 5.0


def register(jobs: Jobs, frame: Frame) -> None:
    async def write(payload: Payload) -> None:
        key = UUID(payload["id"])
        clock = asyncio.get_running_loop().time
        until = clock() + TURN_S
        more = True
        while more:
            async with frame.database.write() as session:
                more = await service.write_next(frame, session, key)
                if more and clock() > until:
                    await jobs.add(session, service.WRITE_JOB, id=str(key))
                    return

    async def write_roster(payload: Payload) -> None:
        async with frame.database.write() as session:
            await rosters.write(frame, session, UUID(payload["id"]))

    async def expire(payload: Payload) -> None:
        async with frame.database.write() as session:
            await remove_expired(session, frame)

    jobs.handle(service.WRITE_JOB, write)
    jobs.handle(service.ROSTER_JOB, write_roster)
    jobs.handle(service.EXPIRE_JOB, expire)


async def remove_expired(session: WriteSession, frame: Frame) -> None:
    await ImportRepository(session).remove_expired(frame.now())
    await asyncio.to_thread(rosters.sweep, frame, frame.now() - service.KEPT)
