"""Lessons of a package are found once all of it is there, and not before.

Nobody sees a course that is still arriving, so the search says nothing of its lessons and their
materials. When it is whole they are put into the index in jobs, committed with the course: thousands
at once would keep all others from writing.
"""

from uuid import UUID

from tongke_courses.catalogue import settling
from tongke_courses.catalogue.voice_repository import SettleRepository
from tongke_platform.database import WriteSession
from tongke_platform.frame import Frame
from tongke_platform.jobs import Payload

SETTLE = "catalogue.settle"
_AT_ONCE = 50


async def settle_later(frame: Frame, session: WriteSession, course_id: UUID) -> None:
    """Every lesson of the course, with its materials, as soon as this is committed."""
    keys = [str(one) for one in await SettleRepository(session).of_course(course_id)]
    for at in range(0, len(keys), _AT_ONCE):
        await frame.jobs.add(session, SETTLE, lessons=keys[at : at + _AT_ONCE])


def register(frame: Frame) -> None:
    async def settle(payload: Payload) -> None:
        async with frame.database.write() as session:
            await settling.settle_all(session, [UUID(one) for one in payload["lessons"]])

    frame.jobs.handle(SETTLE, settle)
