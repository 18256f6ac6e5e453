"""Several processes, one Redis: events in a stream that every process reads, signals in another.

A process holds the latest events of all topics in its own logs, so any of them can go on where
another stopped. Redis may vanish: sockets stay, what is published waits, and when it is not certain
that a process has everything, its pages get snapshots.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from tongke_platform.wire.carrier import Sink, event_of
from tongke_platform.wire.log import Logs, TopicLog, new_epoch
from tongke_platform.wire.redis_refs import RedisRefs
from tongke_platform.wire.refs import Refs

# One hash tag, so that a cluster keeps them together.
EVENTS = "{tongke:wire}:events"
SIGNALS = "{tongke:wire}:signals"
AT = "{tongke:wire}:at:"

EVENTS_KEPT = 20_000
SIGNALS_KEPT = 5_000
TOPIC_KEPT_S = 86_400
BLOCK_MS = 2_000
READ_AT_ONCE = 500
WAITING = 2_000
PAUSE_S = (0.05, 2.0)
ANSWER_S = 5.0

TROUBLE = (RedisError, OSError, TimeoutError)

# KEYS: the topic's hash, the stream. ARGV: an epoch if a new one is needed, topic, data, seconds,
# events kept, what is for pages that are there. Data "" begins a new epoch: whoever has the topic must read it afresh.
_APPEND = """
local at = KEYS[1]
if ARGV[3] == '' or redis.call('EXISTS', at) == 0 then
  redis.call('HSET', at, 'epoch', ARGV[1], 'id', 0)
end
local id = 0
if ARGV[3] ~= '' then id = redis.call('HINCRBY', at, 'id', 1) end
redis.call('EXPIRE', at, ARGV[4])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[5], '*',
  't', ARGV[2], 'e', redis.call('HGET', at, 'epoch'), 'n', id, 'd', ARGV[3], 'l', ARGV[6])
return id
"""
# KEYS: the topic's hash. ARGV: an epoch if a new one is needed, seconds.
_LOCATE = """
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'id', 0)
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.call('HMGET', KEYS[1], 'epoch', 'id')
"""

Entry = tuple[str, dict[str, str]]

log = structlog.get_logger(__name__)


class Script(Protocol):
    async def __call__(self, keys: list[str], args: list[Any]) -> Any: ...


class RedisCarrier:
    """One task reads, one writes; both go on for ever through Redis' absences."""

    alone = False

    def __init__(self, url: str, logs: Logs | None = None) -> None:
        self.process = new_epoch()
        # A retried script could append twice, so nothing is retried behind our back.
        self._redis: Redis = Redis.from_url(
            url,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=ANSWER_S,
            socket_connect_timeout=ANSWER_S,
        )
        self.refs: Refs = RedisRefs(self._redis)
        self._append: Script = self._redis.register_script(_APPEND)
        self._locate: Script = self._redis.register_script(_LOCATE)
        self._logs = logs or Logs()
        self._sink: Sink | None = None
        self._run_id = ""
        self._read_to = {EVENTS: "0-0", SIGNALS: "0-0"}
        self._waiting: deque[tuple[str, str, str]] = deque()
        self._signals: deque[tuple[str, str, str]] = deque()
        self._doubtful: dict[str, None] = {}
        self._more = asyncio.Event()
        self.up, self.down = asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def bind(self, sink: Sink) -> None:
        self._sink = sink

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._redis.aclose()

    # Logs

    async def log(self, topic: str) -> TopicLog:
        found = self._logs.get(topic)
        if found is None:
            epoch, last = await self._position(topic)
            found = self._logs.get(topic) or self._logs.add(topic, TopicLog(epoch, last))
        found.pins += 1
        return found

    def unpin(self, log: TopicLog) -> None:
        log.pins -= 1

    async def _position(self, topic: str) -> tuple[str, int]:
        """While Redis is away, one that nobody can go on from."""
        if self.up.is_set():
            with suppress(*TROUBLE):
                epoch, last = await self._locate(
                    keys=[AT + topic], args=[new_epoch(), TOPIC_KEPT_S]
                )
                return self._epoch(epoch), int(last)
        return f"away-{new_epoch()}", 0

    def _epoch(self, stored: str) -> str:
        """A Redis that was restarted may have forgotten its last ids and give them away again."""
        return f"{stored}-{self._run_id[:12]}"

    # Writing

    def publish(self, topic: str, data: str, live: str = "") -> None:
        if len(self._waiting) >= WAITING:
            self._doubt()
        self._waiting.append((topic, data, live))
        self._more.set()

    def signal(self, name: str, topic: str, data: str = "") -> None:
        if self._sink is not None:
            self._sink.on_signal(name, topic, self.process, data)
        if len(self._signals) < WAITING:
            self._signals.append((name, topic, data))
        self._more.set()

    def _doubt(self) -> None:
        """Too much waits: pages will read those topics afresh instead."""
        self._doubtful.update(dict.fromkeys(topic for topic, _, _ in self._waiting))
        self._waiting.clear()

    async def _write(self) -> None:
        while True:
            await self._more.wait()
            await self.up.wait()
            self._more.clear()
            try:
                await self._flush()
            except TROUBLE as error:
                log.warning("redis does not take events", error=repr(error))
                self._more.set()
                await asyncio.sleep(PAUSE_S[0] * (1 + random.random()))

    async def _flush(self) -> None:
        while self._doubtful:
            await self._put(self._doubtful.popitem()[0], "")
        while self._waiting:
            await self._put(*self._waiting.popleft())
        while self._signals:
            name, topic, data = self._signals[0]
            fields: Any = {"s": name, "t": topic, "p": self.process, "d": data}
            await self._redis.xadd(SIGNALS, fields, maxlen=SIGNALS_KEPT, approximate=True)
            self._signals.popleft()

    async def _put(self, topic: str, data: str, live: str = "") -> None:
        args = [new_epoch(), topic, data, TOPIC_KEPT_S, EVENTS_KEPT, live]
        try:
            await self._append(keys=[AT + topic, EVENTS], args=args)
        except TROUBLE:
            # Whether it was taken is not known, and twice is worse than a fresh start.
            self._doubtful[topic] = None
            raise

    # Reading

    async def _read(self) -> None:
        pause = PAUSE_S[0]
        while True:
            try:
                await self._catch_up()
                self.up.set()
                self.down.clear()
                pause = PAUSE_S[0]
                while True:
                    await self._read_once()
            except TROUBLE as error:
                log.warning("redis is away", error=repr(error))
            except Exception:
                log.exception("reading events failed")
            self.up.clear()
            self.down.set()
            await asyncio.sleep(pause * (0.5 + random.random()))
            pause = min(pause * 2, PAUSE_S[1])

    async def _read_once(self) -> None:
        streams: Any = dict(self._read_to)
        answer: Any = await self._redis.xread(streams, count=READ_AT_ONCE, block=BLOCK_MS)
        takers = {EVENTS: self._take_event, SIGNALS: self._take_signal}
        for stream, entries in answer:
            self._take_all(stream, entries, takers[stream])

    def _take_all(
        self, stream: str, entries: list[Entry], take: Callable[[dict[str, str]], None]
    ) -> None:
        for key, fields in entries:
            self._read_to[stream] = key
            take(fields)

    def _take_event(self, fields: dict[str, str]) -> None:
        topic, number = fields["t"], int(fields["n"])
        epoch = self._epoch(fields["e"])
        found = self._logs.get(topic)
        if found is None:
            found = self._logs.add(topic, TopicLog(epoch, max(0, number - 1)))
        if found.epoch == epoch and 0 < number <= found.last:
            return  # the position was asked for after this was added
        if found.epoch != epoch or number != found.last + 1:
            self._logs.restart(topic, epoch, max(0, number - 1))
        if number:
            self._logs.append(topic, event_of(topic, number, fields["d"], fields.get("l", "")))
        if self._sink is not None:
            self._sink.on_events(topic)

    def _take_signal(self, fields: dict[str, str]) -> None:
        if fields["p"] != self.process and self._sink is not None:
            self._sink.on_signal(fields["s"], fields["t"], fields["p"], fields["d"])

    # Coming back

    async def _catch_up(self) -> None:
        """Go on reading where that loses nothing, else begin anew."""
        info: Any = await self._redis.info("server")
        run_id = str(info["run_id"])
        if run_id == self._run_id and not await self._has_lost():
            return
        newest: Any = await self._redis.xrevrange(SIGNALS, count=1)
        entries: Any = await self._redis.xrange(EVENTS)
        self._run_id = run_id
        self._read_to = {EVENTS: "0-0", SIGNALS: newest[0][0] if newest else "0-0"}
        for topic in self._logs.names():
            self._logs.restart(topic, f"lost-{new_epoch()}")
        self._take_all(EVENTS, entries, self._take_event)
        for topic in self._logs.names():
            found = self._logs.get(topic)
            if found is not None and found.epoch.startswith("lost-"):
                await self._relocate(topic, found)
        self._wake_all()

    async def _relocate(self, topic: str, found: TopicLog) -> None:
        if not found.pins:
            self._logs.forget(topic)
            return
        epoch, last = await self._locate(keys=[AT + topic], args=[new_epoch(), TOPIC_KEPT_S])
        self._logs.restart(topic, self._epoch(epoch), int(last))

    async def _has_lost(self) -> bool:
        """Whether entries we have not read were trimmed away."""
        for stream, kept in ((EVENTS, EVENTS_KEPT), (SIGNALS, SIGNALS_KEPT)):
            oldest: Any = await self._redis.xrange(stream, count=1)
            if not oldest or await self._redis.xlen(stream) < kept:
                continue
            if _order(oldest[0][0]) > _order(self._read_to[stream]):
                return True
        return False

    def _wake_all(self) -> None:
        if self._sink is None:
            return
        for topic in self._logs.names():
            self._sink.on_events(topic)
        # Signals may have been missed as well.
        self._sink.on_signal("touch", "", self.process, "")
        self._sink.on_signal("recheck", "", self.process, "")


def _order(key: str) -> tuple[int, int]:
    """A stream's id as numbers."""
    ms, _, number = key.partition("-")
    return int(ms), int(number)
