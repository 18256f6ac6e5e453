"""The live state of lessons, pushed to every page that has one open.

``WebSocket /api/lessons/{id}/live``: the server sends whole snapshots, at most two a second and at
least one in ten seconds; a page may send reports. A refused page is closed with 4000 + the HTTP
status (4401, 4403, 4404), because a browser shows its script nothing else.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import structlog
from fastapi import APIRouter, WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect

from tongke_courses.lessons import service
from tongke_courses.lessons.access import Access, resolve
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.snapshot import Json, MediaState, Presence, Report, build
from tongke_platform.errors import NotFound, TongkeError
from tongke_platform.frame import Frame, get_frame
from tongke_streaming.frames import LinkLost, Refused

MIN_INTERVAL_S = 0.5
HEARTBEAT_S = 10.0
SEND_TIMEOUT_S = 20.0
MAX_REPORT = 2048
KEEP_S = 600.0

log = structlog.get_logger(__name__)
router = APIRouter()


class LiveLesson:
    """One lesson with at least one page open on it."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.presence: dict[str, Presence] = {}
        self.pages = 0
        self.changed = asyncio.Event()

    def touch(self) -> None:
        """Wake every page; each then sends what is so by then, never a backlog."""
        self.changed.set()
        self.changed = asyncio.Event()


class LiveHub:
    """Merges what the relay, the packagers and the rooms say. Lives on one event loop.

    ``ask_recording`` asks the packagers for their ``status`` of a lesson.
    """

    def __init__(
        self,
        frame: Frame,
        ask_recording: Callable[[str], Awaitable[Json]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._frame = frame
        self._ask_recording = ask_recording
        self._monotonic = monotonic
        self._media: dict[str, MediaState] = {}
        self._lessons: dict[str, LiveLesson] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop_listening = frame.events.listen(service.CHANGED, self._on_changed)

    async def stop(self) -> None:
        self._stop_listening()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

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
        if live := self._lessons.get(key):
            live.touch()

    def _on_changed(self, payload: Json) -> None:
        if payload["lesson"] in self._lessons:
            self._spawn(self._reload(payload["lesson"]))

    async def _reload(self, key: str) -> None:
        async with self._frame.database.read() as session:
            with suppress(NotFound):
                lesson = await service.get(session, UUID(key))
                if live := self._lessons.get(key):
                    live.lesson = lesson
                    live.touch()

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

    @asynccontextmanager
    async def page(self, access: Access) -> AsyncIterator[LiveLesson]:
        """A page is open on a lesson for as long as the block runs."""
        key = str(access.lesson.id)
        live = self._lessons.get(key)
        if live is None:
            live = self._lessons[key] = LiveLesson(access.lesson)
            if self._state(key).recording == "idle":
                self._spawn(self._fetch_recording(key))
        live.pages += 1
        if access.room:
            live.presence.setdefault(access.room, Presence()).pages += 1
        live.touch()
        try:
            yield live
        finally:
            self._leave(live, access)

    def _leave(self, live: LiveLesson, access: Access) -> None:
        live.pages -= 1
        if access.room:
            presence = live.presence[access.room]
            presence.pages -= 1
            if not presence.pages:
                del live.presence[access.room]
        if not live.pages:
            self._lessons.pop(str(live.lesson.id), None)
        live.touch()

    def report(self, live: LiveLesson, room: str, report: Report) -> None:
        live.presence[room].report = report
        live.touch()

    def snapshot(self, live: LiveLesson, *, with_rooms: bool) -> Json:
        """The state of this moment, without ``now``; the rooms only for those who may publish."""
        key = str(live.lesson.id)
        whole = build(live.lesson, self._state(key), live.presence, self._monotonic())
        if not with_rooms:
            del whole["rooms"]
        return whole

    @property
    def open_pages(self) -> int:
        return sum(live.pages for live in self._lessons.values())


def get_hub(socket: WebSocket) -> LiveHub:
    hub: LiveHub = socket.app.state.live_hub
    return hub


@router.websocket("/api/lessons/{lesson_id}/live")
async def live_page(socket: WebSocket, lesson_id: str) -> None:
    frame, hub = get_frame(socket), get_hub(socket)
    await socket.accept()
    try:
        access = await resolve(frame, socket, lesson_id)
    except TongkeError as error:
        await socket.close(4000 + error.status, error.code)
        return
    async with hub.page(access) as live:
        await _serve(socket, hub, live, access)


async def _serve(socket: WebSocket, hub: LiveHub, live: LiveLesson, access: Access) -> None:
    """Send and receive until either side is done."""
    sending = asyncio.create_task(_send(socket, hub, live, with_rooms=access.may_publish))
    receiving = asyncio.create_task(_receive(socket, hub, live, access))
    try:
        await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, receiving):
            task.cancel()
        await asyncio.gather(sending, receiving, return_exceptions=True)


async def _send(socket: WebSocket, hub: LiveHub, live: LiveLesson, *, with_rooms: bool) -> None:
    sent: Json | None = None
    sent_at = 0.0
    loop = asyncio.get_running_loop()
    while True:
        # Taken before the snapshot: a change while it is being sent must not be slept through.
        changed = live.changed
        snapshot = hub.snapshot(live, with_rooms=with_rooms)
        if snapshot != sent or loop.time() - sent_at >= HEARTBEAT_S:
            now = get_frame(socket).now().isoformat()
            text = json.dumps({**snapshot, "now": now}, ensure_ascii=False)
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await socket.send_text(text)
            sent, sent_at = snapshot, loop.time()
            await asyncio.sleep(MIN_INTERVAL_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, sent_at + HEARTBEAT_S - loop.time())):
                await changed.wait()


async def _receive(socket: WebSocket, hub: LiveHub, live: LiveLesson, access: Access) -> None:
    while True:
        try:
            text = await socket.receive_text()
        except (WebSocketDisconnect, KeyError):
            return
        if len(text) > MAX_REPORT:
            await socket.close(1009, "too_large")
            return
        try:
            report = Report.model_validate_json(text)
        except ValidationError:
            await socket.close(1008, "bad_report")
            return
        if access.room:
            hub.report(live, access.room, report)
