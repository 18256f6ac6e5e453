"""The hashes of a recording are counted once the archive has all of it: who takes the lesson home first
need not wait for that. Killed half way it is counted from its beginning; never counted, as on a busy
server, the first archive counts it.
"""

from datetime import timedelta
from uuid import UUID

from tongke_courses.lessons.service import RECORDED
from tongke_courses.takehome import recordings
from tongke_platform.frame import Frame
from tongke_platform.jobs import Beat, Job, Payload

# What was recorded goes to the store while the lesson is on, the last of it soon after. Within nine
# hours or not at all: a lesson may have none.
TRIES = 16
MOST_S = 3600.0


def register(frame: Frame) -> None:
    async def count(payload: Payload, beat: Beat) -> None:
        lesson, tries = UUID(payload["lesson"]), int(payload.get("tries", 0))
        if not await recordings.count_one(frame, lesson, beat.alive) and tries < TRIES:
            await _again(frame, lesson, tries + 1)

    frame.jobs.handle_long(RECORDED, count)


async def _again(frame: Frame, lesson: UUID, tries: int) -> None:
    later = frame.jobs.now() + timedelta(seconds=min(2.0**tries, MOST_S))
    async with frame.database.write() as session:
        session.add(
            Job(kind=RECORDED, payload={"lesson": str(lesson), "tries": tries}, run_at=later)
        )
