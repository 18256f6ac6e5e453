"""Background work of lessons."""

from tongke_courses.lessons.service import FINALISE, MediaPlane
from tongke_platform.jobs import Jobs, Payload


def register(jobs: Jobs, media: MediaPlane) -> None:
    async def finalise(payload: Payload) -> None:
        await media.finalise(payload["lesson"])

    jobs.handle(FINALISE, finalise)
