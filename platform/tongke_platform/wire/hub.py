"""The wire of a process: topics, the pages on them, and the way to tell them something."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket

from tongke_platform.database import WriteSession
from tongke_platform.errors import Busy, NotFound, TongkeError
from tongke_platform.wire import messages
from tongke_platform.wire.carrier import Carrier, LocalCarrier
from tongke_platform.wire.connection import Connection, Explain
from tongke_platform.wire.kinds import Kind
from tongke_platform.wire.limits import Limits
from tongke_platform.wire.messages import Json
from tongke_platform.wire.topics import EventTopic, StateTopic, Subscription, Topic

MAX_EVENT_CHARS = 256 << 10
CHECKS_AT_ONCE = 4
CREDENTIAL_CHARS = 32

T = TypeVar("T")

log = structlog.get_logger(__name__)


def _event_text(topic: str, data: Json) -> str:
    text = messages.dumps(data)
    if len(text) > MAX_EVENT_CHARS:
        raise ValueError(f"an event of {len(text)} characters on {topic}")
    return text


class Wire:
    """Lives on one event loop. Publishing works from the start; ``start`` and ``stop`` belong to
    the assembly.
    """

    def __init__(
        self,
        carrier: Carrier | None = None,
        limits: Limits | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.carrier: Carrier = carrier or LocalCarrier()
        self.limits = limits or Limits()
        self.monotonic = monotonic
        self._now = now
        self._kinds: dict[str, Kind[Any]] = {}
        self._topics: dict[str, Topic] = {}
        self._pages: set[Connection] = set()
        self._per_credential: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._beat: asyncio.Task[None] | None = None
        self._refreshed_at = monotonic()
        self._checking = asyncio.Semaphore(CHECKS_AT_ONCE)
        self.carrier.bind(self)

    # What slices call

    def register(self, kind: Kind[Any]) -> None:
        """A kind of topics; its name must be new."""
        if kind.name in self._kinds:
            raise ValueError(f"there is a kind {kind.name} already")
        self._kinds[kind.name] = kind

    def publish(self, session: WriteSession, topic: str, data: Json) -> None:
        """An event for everybody on an event topic, once the transaction is committed.

        Raises ValueError for an event of more than 256 Ki characters.
        """
        text = _event_text(topic, data)
        session.after_commit(lambda: self.carrier.publish(topic, text))

    def publish_now(self, topic: str, data: Json, live: Json | None = None) -> None:
        """An event of what is committed already. ``live``: further members of it that only pages hear
        which are there now; who comes back later asks. Raises ValueError as ``publish`` does.
        """
        more = _event_text(topic, live) if live else ""
        self.carrier.publish(topic, _event_text(topic, data), more)

    def touch(self, topic: str, *, everywhere: bool = True) -> None:
        """What a state topic is about has changed. ``everywhere=False``: the other processes know
        by themselves.
        """
        if everywhere:
            self.carrier.signal("touch", topic)
        else:
            self._touch(topic)

    def share(self, topic: str, data: Json) -> None:
        """Hand ``data`` to the topic's kind in every process; it may get lost."""
        self.carrier.signal("share", topic, messages.dumps(data))

    def recheck(self, topic: str = "") -> None:
        """Rights have changed: ask again who may see the topic, or all topics."""
        self.carrier.signal("recheck", topic)

    def recheck_credentials(self, hashes: Sequence[str]) -> None:
        """Cookies or tokens have ended: ask again who may see what those pages have open.

        ``hashes`` are SHA-256 in hex.
        """
        names = [one[:CREDENTIAL_CHARS] for one in hashes]
        self.carrier.signal("recheck", "", messages.dumps({"credentials": names}))

    @property
    def open_pages(self) -> int:
        return len(self._pages)

    # What connections call

    async def authorise(self, connection: HTTPConnection, topic: str) -> Any:
        """Raises TongkeError."""
        name, _, key = topic.partition(":")
        kind = self._kinds.get(name)
        if kind is None:
            raise NotFound(code="no_topic")
        try:
            async with asyncio.timeout(self.limits.handle_s):
                return await kind.authorise(connection, key)
        except TongkeError:
            raise
        except TimeoutError:
            raise Busy from None
        except Exception:
            log.exception("not authorised", topic=topic)
            raise TongkeError from None

    async def open(self, page: Connection, name: str, context: Any) -> Subscription:
        """A subscription that is not in its topic yet."""
        kind = self._kinds[name.partition(":")[0]]
        if kind.flavour == "event":
            topic = await self._event_topic(kind, name)
        else:
            topic = self._topics.get(name) or StateTopic(kind, name, self.limits, self.monotonic)
        self._topics[name] = topic
        return Subscription(page, topic, context, self.monotonic())

    async def _event_topic(self, kind: Kind[Any], name: str) -> Topic:
        if name in self._topics:
            return self._topics[name]
        events = await self.carrier.log(name)
        if name in self._topics:  # somebody else came while we asked
            self.carrier.unpin(events)
            return self._topics[name]
        return EventTopic(kind, name, self.limits, events)

    def close(self, sub: Subscription) -> None:
        """A page has left a topic; the last one closes it."""
        topic = sub.topic
        topic.remove(sub)
        if not topic.subs and self._topics.get(topic.name) is topic:
            del self._topics[topic.name]
            topic.close()
            if isinstance(topic, EventTopic):
                self.carrier.unpin(topic.events)

    def time(self) -> str:
        return self._now().isoformat()

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # What the assembly calls

    async def start(self) -> None:
        await self.carrier.start()
        self._beat = asyncio.create_task(self._beats())

    async def stop(self) -> None:
        """Every socket is told to come back elsewhere."""
        if self._beat is not None:
            self._beat.cancel()
            await asyncio.gather(self._beat, return_exceptions=True)
        for page in tuple(self._pages):
            page.stop(messages.RESTARTING)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for topic in self._topics.values():
            topic.close()
        await self.carrier.stop()

    async def serve(self, socket: WebSocket, credential: str, explain: Explain) -> None:
        """A socket, accepted, until it is closed."""
        if self._per_credential[credential] >= self.limits.sockets_per_credential:
            await socket.close(*messages.TOO_MANY_SOCKETS)
            return
        page = Connection(self, socket, credential, explain)
        self._pages.add(page)
        self._per_credential[credential] += 1
        try:
            await page.run()
        finally:
            self._pages.discard(page)
            self._per_credential[credential] -= 1
            if not self._per_credential[credential]:
                del self._per_credential[credential]

    async def _beats(self) -> None:
        while True:
            await asyncio.sleep(self.limits.beat_s)
            try:
                self.beat()
            except Exception:
                log.exception("a beat failed")

    def beat(self) -> None:
        """Pings, timeouts, and a look at what changes with time alone."""
        now, ping = self.monotonic(), messages.ping(self.time())
        for page in tuple(self._pages):
            page.beat(now, ping)
            for sub in tuple(page.subs.values()):
                if now - sub.checked_at > self.limits.recheck_s:
                    self._check(page, sub)
        if now - self._refreshed_at >= self.limits.refresh_s:
            self._refreshed_at = now
            self._touch("")

    def _check(self, page: Connection, sub: Subscription) -> None:
        async def check() -> None:
            async with self._checking:
                await page.recheck(sub)

        sub.checked_at = self.monotonic()
        self.spawn(check())

    # What the carrier calls

    def on_events(self, topic: str) -> None:
        if found := self._topics.get(topic):
            found.wake()

    def on_signal(self, name: str, topic: str, sender: str, data: str) -> None:
        match name:
            case "touch":
                self._touch(topic)
            case "share":
                self._heard(topic, sender, data)
            case "recheck":
                self._recheck(
                    topic, frozenset(messages.loads(data)["credentials"]) if data else None
                )

    def _touch(self, topic: str) -> None:
        """One topic, or all of them ("")."""
        for name in [topic] if topic else tuple(self._topics):
            if found := self._topics.get(name):
                found.touch()

    def _heard(self, topic: str, sender: str, data: str) -> None:
        name, _, key = topic.partition(":")
        with suppress(KeyError):
            self._kinds[name].heard(key, sender, messages.loads(data))

    def _recheck(self, topic: str, credentials: frozenset[str] | None) -> None:
        for page in tuple(self._pages):
            if credentials is not None and page.credential not in credentials:
                continue
            for sub in tuple(page.subs.values()):
                if topic in ("", sub.topic.name):
                    self._check(page, sub)
