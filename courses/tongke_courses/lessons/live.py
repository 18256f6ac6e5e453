"""The live state of lessons, on the wire as topics ``lesson:{id}``.

What the relay, the packagers and the rooms say becomes one snapshot; those who may publish see the
rooms in it. A classroom's page says how it is playing.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

import structlog
from pydantic import BaseModel
from starlette.requests import HTTPConnection

from tongke_courses.lessons import service
from tongke_courses.lessons.access import Access, resolve
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.schemas import topic_of
from tongke_courses.lessons.snapshot import Json, MediaState, Presence, Report, build, merged
from tongke_platform.errors import NotFound
from tongke_platform.frame import Frame
from tongke_platform.wire.kinds import Flavour, Kind
from tongke_streaming.frames import LinkLost, Refused

KEEP_S = 600.0
SHARE_S = 1.0
SHARE_AGAIN_S = 5.0
FORGET_SHARED_S = 15.0

log = structlog.get_logger(__name__)


class LiveLesson:
    """One lesson with at least one page open on it. ``elsewhere``: the rooms on other processes,
    by process, with the monotonic second they were heard at.
    """

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.presence: dict[str, Presence] = {}
        self.elsewhere: dict[str, tuple[float, dict[str, Presence]]] = {}
        self.pages = 0
        self.shared_at = float("-inf")
        self.unshared = False

    def rooms(self, monotonic: float) -> Mapping[str, Presence]:
        """Who is there, on any process."""
        for process, (heard, _) in list(self.elsewhere.items()):
            if monotonic - heard > FORGET_SHARED_S:
                del self.elsewhere[process]
        if not self.elsewhere:
            return self.presence
        return merged([self.presence, *(rooms for _, rooms in self.elsewhere.values())])


class LiveHub(Kind[Access]):
    """Merges what the relay, the packagers and the rooms say. Lives on one event loop.

    ``ask_recording`` asks the packagers for their ``status`` of a lesson; ``seen`` is told whenever
    a classroom is known to watch, by which carrier.
    """

    name: ClassVar[str] = "lesson"
    flavour: ClassVar[Flavour] = "state"
    says: ClassVar[type[BaseModel] | None] = Report

    def __init__(
        self,
        frame: Frame,
        ask_recording: Callable[[str], Awaitable[Json]],
        monotonic: Callable[[], float] = time.monotonic,
        seen: Callable[[str, str, str], None] = lambda lesson, room, carrier: None,
    ) -> None:
        self._frame = frame
        self._seen = seen
        self._ask_recording = ask_recording
        self._monotonic = monotonic
        self._media: dict[str, MediaState] = {}
        self._lessons: dict[str, LiveLesson] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop_listening = frame.events.listen(service.CHANGED, self._on_changed)
        frame.wire.register(self)

    def start(self) -> None:
        """Needed where several processes serve the pages of one lesson."""
        if not self._frame.wire.carrier.alone:
            self._spawn(self._keep_sharing())

    async def stop(self) -> None:
        self._stop_listening()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # The wire's questions

    async def authorise(self, connection: HTTPConnection, key: str) -> Access:
        """Raises what ``access.resolve`` raises."""
        access = await resolve(self._frame, connection, key)
        if key != str(access.lesson.id):
            raise NotFound(code="no_lesson")  # another spelling would be another topic
        live = self._lessons.get(key)
        # Thousands of pages keep one lesson between them.
        return replace(access, lesson=live.lesson) if live is not None else access

    def variant(self, context: Access) -> str:
        return "rooms" if context.may_publish else ""

    async def snapshot(self, key: str, context: Access) -> Json:
        """The state of this moment; the rooms only for those who may publish."""
        live, monotonic = self._lessons.get(key) or LiveLesson(context.lesson), self._monotonic()
        whole = build(live.lesson, self._state(key), live.rooms(monotonic), monotonic)
        if not context.may_publish:
            del whole["rooms"]
        return whole

    async def said(self, key: str, context: Access, what: Any, ref: str | None) -> None:
        """A report, which counts when it is a classroom's."""
        live = self._lessons.get(key)
        if live is not None and context.room in live.presence:
            live.presence[context.room].report = what
            if what.carrier != "none":
                self._seen(key, context.room, what.carrier)
            self._presence_changed(key, live)

    def joined(self, key: str, context: Access) -> None:
        live = self._lessons.get(key)
        if live is None:
            live = self._lessons[key] = LiveLesson(context.lesson)
            if self._state(key).recording == "idle":
                self._spawn(self._fetch_recording(key))
        live.pages += 1
        if context.room:
            live.presence.setdefault(context.room, Presence()).pages += 1
            self._presence_changed(key, live)

    def left(self, key: str, context: Access) -> None:
        live = self._lessons[key]
        live.pages -= 1
        if context.room:
            presence = live.presence[context.room]
            presence.pages -= 1
            if not presence.pages:
                del live.presence[context.room]
            self._presence_changed(key, live)
        if not live.pages:
            self._share(key, live)
            del self._lessons[key]

    def heard(self, key: str, sender: str, data: Json) -> None:
        """The lesson's record has changed, or these rooms are on another process."""
        if key not in self._lessons:
            return
        if "rooms" not in data:
            self._spawn(self._reload(key))
        elif sender != self._frame.wire.carrier.process:
            rooms = {room: Presence.model_validate(one) for room, one in data["rooms"].items()}
            self._lessons[key].elsewhere[sender] = (self._monotonic(), rooms)
            self._touch(key)

    # Rooms on several processes

    def _presence_changed(self, key: str, live: LiveLesson) -> None:
        live.unshared = True
        self._touch(key)

    def _share(self, key: str, live: LiveLesson) -> None:
        wire = self._frame.wire
        if not wire.carrier.alone:
            rooms = {room: one.model_dump() for room, one in live.presence.items()}
            wire.share(topic_of(key), {"rooms": rooms})
        live.unshared, live.shared_at = False, self._monotonic()

    async def _keep_sharing(self) -> None:
        while True:
            await asyncio.sleep(SHARE_S)
            for key, live in list(self._lessons.items()):
                due = live.presence and self._monotonic() - live.shared_at > SHARE_AGAIN_S
                if live.unshared or due:
                    self._share(key, live)

    # What happens to lessons

    def on_relay_event(self, message: Json) -> None:
        """A ``source`` or ``stats`` event of the relay; others are not for here."""
        if message["ev"] == "source":
            if message["source"] == "lead":
                self._state(message["lesson"]).take_source(message, self._monotonic())
            self._touch(message["lesson"])
        elif message["ev"] == "stats":
            self._on_stats(message["lessons"])

    def _on_stats(self, lessons: Json) -> None:
        now, monotonic = self._frame.now(), self._monotonic()
        for key, stats in lessons.items():
            self._state(key).take_stats(stats, now, monotonic)
            for room in self._state(key).rooms_watching():
                self._seen(key, room, "whep")
            self._touch(key)
        for key in [key for key in self._media if key not in lessons]:
            state = self._media[key]
            state.forget_viewers()
            self._touch(key)
            if monotonic - state.heard > KEEP_S and key not in self._lessons:
                del self._media[key]

    def on_hls_event(self, message: Json) -> None:
        """A ``recording`` event of the packagers."""
        if message["ev"] == "recording":
            self._take_recording(message["lesson"], message["state"], message.get("reason"))

    def _take_recording(self, key: str, recording: str, reason: str | None) -> None:
        state = self._state(key)
        state.recording, state.reason = recording, reason or ""
        self._touch(key)

    def _state(self, key: str) -> MediaState:
        if key not in self._media:
            self._media[key] = MediaState(heard=self._monotonic())
        return self._media[key]

    def _touch(self, key: str) -> None:
        # Each process hears the relay and the packagers itself.
        self._frame.wire.touch(topic_of(key), everywhere=False)

    def _on_changed(self, payload: Json) -> None:
        self._frame.wire.share(topic_of(payload["lesson"]), {})

    async def _reload(self, key: str) -> None:
        async with self._frame.database.read() as session:
            with suppress(NotFound):
                lesson = await service.get(session, UUID(key))
                if live := self._lessons.get(key):
                    live.lesson = lesson
                    self._touch(key)

    async def _fetch_recording(self, key: str) -> None:
        """A web process that was restarted has missed the packagers' events."""
        try:
            status = await self._ask_recording(key)
        except (Refused, LinkLost, TimeoutError) as error:
            # The packagers are away or do not know the lesson: their next event tells.
            log.info("no recording status", lesson=key, error=repr(error))
            return
        self._take_recording(key, status["recording"], status.get("reason"))

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def open_pages(self) -> int:
        return sum(live.pages for live in self._lessons.values())
