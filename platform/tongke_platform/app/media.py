"""The web process's side of the relay and the packagers."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog
from starlette.requests import Request

from tongke_courses.lessons import service
from tongke_courses.lessons.access import still
from tongke_courses.lessons.attendance import Attendance
from tongke_courses.lessons.live import LiveHub
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_platform.app.looking import Look
from tongke_platform.app.paths import MediaPaths
from tongke_platform.frame import Frame
from tongke_platform.settings import Settings
from tongke_streaming.frames import LinkLost, Refused
from tongke_streaming.hls.client import HlsClient
from tongke_streaming.rtc.client import RelayClient

Message = dict[str, Any]

OPEN_TIMEOUT_S = 2.0
NO_LONGER = "not allowed any more"

log = structlog.get_logger(__name__)


class Media:
    """Opens and finishes recordings, and takes the events of both processes to where they belong.

    It is the ``MediaPlane`` of the lessons.
    """

    def __init__(self, frame: Frame, relay: RelayClient, hls: HlsClient) -> None:
        self._frame = frame
        self._relay = relay
        self._hls = hls
        self._tasks: set[asyncio.Task[None]] = set()
        self._live: set[str] = set()
        self._look = Look(self._end_refused, "sessions not checked")
        self.paths = MediaPaths(frame, hls)
        self.attendance = Attendance(frame)
        self.hub = LiveHub(frame, self.recording_status, seen=self.attendance.seen)

    def start(self) -> None:
        self.hub.start()
        self.attendance.start()
        self._spawn(self._look.run())
        self._spawn(self.paths.run())

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.hub.stop()
        await self.attendance.stop()

    def on_relay_event(self, message: Message) -> None:
        for lesson in _live_lessons(message):
            if lesson not in self._live:
                self._live.add(lesson)
                self._spawn(self._mark_live(lesson))
        if message["ev"] == "session" and message["state"] == "publishing":
            # Consent may have been withdrawn between the permission and the first picture.
            self._look.ask()
        self.hub.on_relay_event(message)

    def on_hls_event(self, message: Message) -> None:
        if message["ev"] == "doubt":
            self.paths.doubted()
            return
        self.hub.on_hls_event(message)

    async def recording_status(self, lesson: str) -> Message:
        return await self._hls.status(lesson)

    def recheck(self) -> None:
        """Rights have changed: end the sessions that would not be let in any more, and the paths of
        those who hold one.
        """
        self._look.ask()
        self.paths.recheck()

    async def _end_refused(self) -> None:
        """Those who send first: what they send is recorded."""
        grants = (await self._relay.request("sessions"))["grants"]
        lessons: dict[str, Lesson | None] = {}
        for grant in sorted(grants, key=lambda one: one["act"]):
            if grant["credential"] and not await self._may_stay(lessons, grant):
                for key in grant["sessions"]:
                    await self._end_session(grant, key)

    async def _may_stay(self, lessons: dict[str, Lesson | None], grant: Message) -> bool:
        """``lessons``: those read for this look round."""
        key = grant["lesson"]
        if key not in lessons:
            async with self._frame.database.read() as session:
                lessons[key] = await LessonRepository(session).by_id(UUID(key))
        lesson = lessons[key]
        if lesson is None:
            return False
        return await still(self._frame, lesson, grant["act"], grant["credential"])

    async def _end_session(self, grant: Message, key: str) -> None:
        with suppress(Refused):  # it has just ended by itself
            await self._relay.request(
                "drop", lesson=grant["lesson"], session=key, act=grant["act"], reason=NO_LONGER
            )
        log.info("session ended: not allowed any more", lesson=grant["lesson"], act=grant["act"])

    async def before_publish(self, lesson: Lesson) -> None:
        """Open the recording. A lesson must go live even while the packagers are away."""
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                await self._hls.open(str(lesson.id), lesson.media_key)
        except (Refused, LinkLost, TimeoutError) as error:
            log.warning("recording not opened", lesson=str(lesson.id), error=repr(error))

    async def finalise(self, lesson: str) -> None:
        """Raises what the first failing part raised, after the other was asked as well."""
        try:
            await self._relay.request("end", lesson=lesson)
        finally:
            await self._finish(lesson)
        self._live.discard(lesson)

    async def _finish(self, lesson: str) -> None:
        try:
            await self._hls.finish(lesson)
        except Refused as refusal:
            # A lesson that ends without having begun has no recording to close.
            if refusal.status != 404:
                raise

    async def _mark_live(self, lesson: str) -> None:
        try:
            await service.mark_live(self._frame, UUID(lesson))
            async with self._frame.database.read() as session:
                await self.before_publish(await service.get(session, UUID(lesson)))
        except Exception:
            # The next statistics, a second later, bring the lesson here again.
            self._live.discard(lesson)
            log.exception("lesson not marked live", lesson=lesson)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _live_lessons(message: Message) -> list[str]:
    """Lessons that a relay event says are live now."""
    if message["ev"] == "source":
        return [message["lesson"]] if message["state"] == "live" else []
    if message["ev"] != "stats":
        return []
    return [
        lesson
        for lesson, stats in message["lessons"].items()
        if any(source["state"] == "live" for source in stats.get("sources", {}).values())
    ]


def hls_base(settings: Settings, request: Request) -> str:
    """Where the browser of this request reaches the HLS server."""
    if settings.hls_base_url:
        return settings.hls_base_url.rstrip("/")
    host = request.url.hostname or "localhost"
    name = f"[{host}]" if ":" in host else host
    return f"{request.url.scheme}://{name}:{settings.hls_port or settings.port + 1}"
