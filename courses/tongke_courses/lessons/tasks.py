"""Background work of lessons."""

from uuid import UUID

from tongke_courses.lessons import facts
from tongke_courses.lessons.service import FINALISE, MediaPlane
from tongke_platform.frame import Frame
from tongke_platform.jobs import Jobs, Payload


def register(jobs: Jobs, media: MediaPlane) -> None:
    async def finalise(payload: Payload) -> None:
        await media.finalise(payload["lesson"])

    jobs.handle(FINALISE, finalise)


def register_facts(frame: Frame) -> None:
    async def present(payload: Payload) -> None:
        async with frame.database.write() as session:
            await facts.present(session, UUID(payload["lesson"]))

    frame.jobs.handle(facts.PRESENT, present)
