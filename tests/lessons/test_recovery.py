"""A web process that dies at the worst moment of a lesson's end."""

import asyncio

from tests.makers import Makers
from tests.processes import StandIn
from tongke_courses.lessons import service
from tongke_platform.app.factory import create_app, make_frame
from tongke_platform.frame import Frame
from tongke_platform.settings import Settings
from tongke_streaming.frames import Message


async def test_the_end_reaches_the_packagers_after_a_crash(
    frame: Frame, settings: Settings, make: Makers, relay: StandIn, hls: StandIn
) -> None:
    """The end was committed; nobody had been told when the process died."""
    lesson = await make.lesson()
    async with frame.database.write() as session:
        await frame.jobs.add(session, service.FINALISE, lesson=str(lesson.id))

    finished = asyncio.Event()

    async def finish(message: Message) -> Message:
        finished.set()
        return {}

    hls.answers["finish"] = finish
    restarted = settings.model_copy(update={"roles": ["web", "worker"]})
    app = create_app(restarted, make_frame(restarted))
    async with app.router.lifespan_context(app), asyncio.timeout(10):
        await finished.wait()
    assert hls.asked_for("finish") == [{"lesson": str(lesson.id)}]
    assert relay.asked_for("end") == [{"lesson": str(lesson.id)}]
