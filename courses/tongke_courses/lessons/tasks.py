"""Background work of lessons."""

from uuid import UUID

from tongke_courses.lessons import facts
from tongke_courses.lessons.service import FINALISE, RECORDED, MediaPlane
from tongke_platform.frame import Frame
from tongke_platform.jobs import Payload


def register(frame: Frame, media: MediaPlane) -> None:
    async def finalise(payload: Payload) -> None:
        await media.finalise(payload["lesson"])
        # Twice is no harm.
        async with frame.database.write() as session:
            await frame.jobs.add(session, RECORDED, lesson=payload["lesson"])

    frame.jobs.handle(FINALISE, finalise)


def register_facts(frame: Frame) -> None:
    async def present(payload: Payload) -> None:
        async with frame.database.write() as session:
            await facts.present(session, UUID(payload["lesson"]))

    frame.jobs.handle(facts.PRESENT, present)
