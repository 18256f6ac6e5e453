"""One page's socket: reads, answers, and writes only while there is something to write."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from tongke_platform.errors import Busy, Conflict, Invalid, NotFound, TongkeError, TooMany
from tongke_platform.wire import messages
from tongke_platform.wire.limits import Bucket
from tongke_platform.wire.log import new_epoch
from tongke_platform.wire.messages import Json, Pong, Say, Sub, Unsub
from tongke_platform.wire.topics import Subscription

if TYPE_CHECKING:
    from tongke_platform.wire.hub import Wire

CLOSE_WITHIN_S = 2.0

Explain = Callable[[TongkeError], str]
Why = tuple[int, str]

log = structlog.get_logger(__name__)


class Closing(Exception):
    """This socket is to be closed with a code and a reason (RFC 6455, section 7.4)."""

    def __init__(self, why: Why) -> None:
        self.why = why


class Connection:
    """``credential`` names who is there, and is nothing a log may not hold. One task reads; another
    writes, from the moment there is something to say until it is said.
    """

    def __init__(self, wire: "Wire", socket: WebSocket, credential: str, explain: Explain) -> None:
        now = wire.monotonic()
        self.wire = wire
        self.socket = socket
        self.credential = credential
        self.session = new_epoch()
        self.subs: dict[str, Subscription] = {}
        self._explain = explain
        self._control: deque[str] = deque()
        self._dirty: dict[Subscription, None] = {}
        self._writer: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[Any] | None = None
        self._why: Why | None = None
        self._sending_since: float | None = None
        self._bucket = Bucket(wire.limits.messages_burst, wire.limits.messages_per_s, now)
        self._heard_at = self._pinged_at = self._topics_at = now

    # Reading

    async def run(self) -> None:
        """Until either side is done; the socket is accepted already."""
        self._reader = asyncio.current_task()
        self.send(messages.hello(self.wire.time(), self.session))
        why: Why | None = None
        try:
            await self._read()
        except Closing as closing:
            why = closing.why
        except asyncio.CancelledError:
            if self._why is None or self._reader is None:
                raise
            self._reader.uncancel()
            why = self._why
        finally:
            self._leave()
        await self._close(why)

    async def _read(self) -> None:
        while True:
            message = await self.socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                raise Closing(messages.BINARY)
            await self._take(text)

    async def _take(self, text: str) -> None:
        now = self.wire.monotonic()
        self._heard_at = now
        if len(text) > self.wire.limits.message_chars:
            raise Closing(messages.TOO_LARGE)
        if not self._bucket.take(now):
            raise Closing(messages.TOO_FAST)
        try:
            message = messages.parse(text)
        except ValidationError:
            raise Closing(messages.BAD_MESSAGE) from None
        match message:
            case Sub():
                await self._subscribe(message)
            case Unsub():
                if sub := self.subs.get(message.topic):
                    self._remove(sub)
            case Say():
                await self._say(message)
            case Pong():
                pass

    async def _subscribe(self, message: Sub) -> None:
        if sub := self.subs.get(message.topic):
            self._remove(sub)
        try:
            if len(self.subs) >= self.wire.limits.topics:
                raise TooMany(code="too_many_topics")
            context = await self.wire.authorise(self.socket, message.topic)
            sub = await self.wire.open(self, message.topic, context)
        except TongkeError as error:
            self._refuse("error", message.topic, error)
            return
        self.subs[message.topic] = sub
        if message.epoch is not None and message.after is not None:
            resumed = sub.topic.resume(sub, message.epoch, message.after)
            if resumed is not None:
                self.send(resumed)
        sub.topic.add(sub)
        self.wake(sub)

    async def _say(self, message: Say) -> None:
        """Runs to its end whatever becomes of this socket: it may have been done already."""
        sub = self.subs.get(message.topic)
        try:
            if sub is None:
                raise NotFound(code="not_open")
            answer = await asyncio.shield(self.wire.spawn(self._said(sub, message)))
        except TongkeError as error:
            self._refuse("error", message.topic, error, message.ref)
        except Exception:
            log.exception("a message failed", topic=message.topic)
            self._refuse("error", message.topic, TongkeError(), message.ref)
        else:
            if message.ref is not None:
                self.send(messages.ack(message.topic, message.ref, answer))

    async def _said(self, sub: Subscription, message: Say) -> Json | None:
        what = _validated(sub, message)
        if message.ref is None:
            return await self._handle(sub, what, None)
        refs = self.wire.carrier.refs
        key = ref_key(self.credential, message.topic, message.ref)
        told = await refs.begin(key)
        if told is not None:
            if not told.done:
                raise Conflict(code="pending", retry_after=1)
            return told.answer
        try:
            answer = await self._handle(sub, what, message.ref)
        except BaseException:
            await refs.release(key)
            raise
        await refs.finish(key, answer)
        return answer

    async def _handle(self, sub: Subscription, what: Any, ref: str | None) -> Json | None:
        topic = sub.topic
        try:
            async with asyncio.timeout(self.wire.limits.handle_s):
                return await topic.kind.said(topic.key, sub.context, what, ref)
        except TimeoutError:
            raise Busy from None

    # Writing

    def send(self, text: str) -> None:
        """An answer, before what topics have to say."""
        if len(self._control) >= self.wire.limits.waiting_answers:
            self.stop(messages.SLOW)
            return
        self._control.append(text)
        self._write_soon()

    def wake(self, sub: Subscription) -> None:
        self._dirty[sub] = None
        self._write_soon()

    def drop(self, sub: Subscription, error: TongkeError) -> None:
        self._remove(sub)
        self._refuse("gone" if sub.epoch else "error", sub.topic.name, error)

    def _write_soon(self) -> None:
        if self._writer is None and self._why is None:
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while texts := await self._next():
                for text in texts:
                    self._sending_since = self.wire.monotonic()
                    await self.socket.send_text(text)
                self._sending_since = None
                # Sending does not wait while the kernel takes it: others have their turn here.
                await asyncio.sleep(0)
        except (WebSocketDisconnect, RuntimeError):
            self.stop(messages.GONE)
        finally:
            self._writer = None
            self._sending_since = None

    async def _next(self) -> list[str]:
        """Answers first, then each topic in turn."""
        while True:
            if self._control:
                texts = list(self._control)
                self._control.clear()
                return texts
            if not self._dirty:
                return []
            sub = next(iter(self._dirty))
            del self._dirty[sub]
            if (texts := await self._of(sub)) and self.subs.get(sub.topic.name) is sub:
                self._dirty[sub] = None
                return texts

    async def _of(self, sub: Subscription) -> list[str]:
        try:
            return await sub.topic.take(sub)
        except TongkeError as error:
            self.drop(sub, error)
        except TimeoutError:
            self.drop(sub, Busy())
        except Exception:
            log.exception("no snapshot", topic=sub.topic.name)
            self.drop(sub, TongkeError())
        return []

    def _refuse(self, kind: Any, topic: str, error: TongkeError, ref: str | None = None) -> None:
        said = self._explain(error)
        self.send(messages.refusal(kind, topic, error.status, error.code, said, ref))

    # Watching and ending

    def beat(self, now: float, ping: str) -> None:
        """Called each second or so."""
        limits = self.wire.limits
        if self._sending_since is not None and now - self._sending_since > limits.send_s:
            self.stop(messages.SLOW)
        elif now - self._heard_at > limits.silent_s:
            self.stop(messages.SILENT)
        elif self.subs:
            self._topics_at = now
        elif now - self._topics_at > limits.topicless_s:
            self.stop(messages.NO_TOPICS)
        if now - self._pinged_at >= limits.ping_s and self._sending_since is None:
            self._pinged_at = now
            self.send(ping)

    async def recheck(self, sub: Subscription) -> None:
        """Whether this page may still see the topic, and as what."""
        sub.checked_at = self.wire.monotonic()
        try:
            context = await self.wire.authorise(self.socket, sub.topic.name)
        except TongkeError as error:
            if self.subs.get(sub.topic.name) is sub and error.status < 500:
                self.drop(sub, error)
            return
        if self.subs.get(sub.topic.name) is sub:
            sub.topic.rejoin(sub, context)

    def stop(self, why: Why) -> None:
        """Have the socket closed, whatever it is doing."""
        if self._why is None and self._reader is not None:
            self._why = why
            self._reader.cancel()

    def _remove(self, sub: Subscription) -> None:
        self.subs.pop(sub.topic.name, None)
        self._dirty.pop(sub, None)
        self.wire.close(sub)

    def _leave(self) -> None:
        self._why = self._why or messages.GONE
        for sub in list(self.subs.values()):
            self._remove(sub)
        self._dirty.clear()

    async def _close(self, why: Why | None) -> None:
        """Say why, unless the page does not even take that."""
        stuck = self._sending_since is not None
        if self._writer is not None:
            self._writer.cancel()
        if why is None or why == messages.GONE or stuck:
            return
        with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self.socket.close(*why)


def _validated(sub: Subscription, message: Say) -> Any:
    says = sub.topic.kind.says
    if says is None:
        raise Invalid(code="nothing_to_say")
    try:
        return says.model_validate(message.data)
    except ValidationError:
        raise Invalid from None


def ref_key(credential: str, topic: str, ref: str) -> str:
    """A short name of fixed length: refs are the page's own words."""
    return hashlib.sha256(f"{credential}\n{topic}\n{ref}".encode()).hexdigest()[:40]
