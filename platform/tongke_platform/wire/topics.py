"""Open topics: who is on them, and what each of them has yet to be sent.

A page's queue is no queue: a subscription remembers the last id it was sent, and the topic's newest
snapshot or its log is what remains. A page that falls behind the log gets a snapshot, and a page that
stops reading holds nothing.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from tongke_platform.errors import TongkeError
from tongke_platform.wire import messages
from tongke_platform.wire.kinds import Kind
from tongke_platform.wire.limits import Limits
from tongke_platform.wire.log import TopicLog, new_epoch
from tongke_platform.wire.messages import Json

BATCH = 32

log = structlog.get_logger(__name__)


class Page(Protocol):
    """A connection, as a topic knows it."""

    def wake(self, sub: "Subscription") -> None:
        """There may be something to send."""
        ...

    def drop(self, sub: "Subscription", error: TongkeError) -> None:
        """The topic is closed for this page."""
        ...


class Subscription:
    """A topic open on a page. ``sent`` is the last id it was sent in ``epoch``; what follows ``there``
    happened while it was open.
    """

    __slots__ = ("checked_at", "context", "epoch", "page", "sent", "there", "topic", "variant")

    def __init__(self, page: Page, topic: "Topic", context: Any, now: float) -> None:
        self.page = page
        self.topic = topic
        self.checked_at = now
        self.become(context)

    def become(self, context: Any, *, same: bool = False) -> None:
        """Unless it sees the ``same``: this context has to be sent a snapshot of its own."""
        self.context = context
        self.variant = self.topic.kind.variant(context)
        if not same:
            self.epoch, self.sent, self.there = "", 0, 0


class Snapshot:
    """One snapshot for everybody of a variant: packed once."""

    __slots__ = ("data", "epoch", "id", "text")

    def __init__(self, topic: str, epoch: str, number: int, data: Json) -> None:
        self.epoch, self.id, self.data = epoch, number, data
        self.text = messages.snapshot(topic, epoch, number, data)


class Topic(ABC):
    """Lives on one event loop, from its first subscription to its last."""

    def __init__(self, kind: Kind[Any], name: str, limits: Limits) -> None:
        self.kind = kind
        self.name = name
        self.key = name.partition(":")[2]
        self.subs: dict[Subscription, None] = {}
        self._limits = limits
        self._making: dict[str, asyncio.Task[Snapshot]] = {}

    def add(self, sub: Subscription) -> None:
        self.subs[sub] = None
        self.kind.joined(self.key, sub.context)

    def remove(self, sub: Subscription) -> None:
        if sub in self.subs:
            del self.subs[sub]
            self.kind.left(self.key, sub.context)

    def rejoin(self, sub: Subscription, context: Any) -> None:
        """The same page, perhaps under other rights; it gets another snapshot if it sees others."""
        before, variant = sub.context, sub.variant
        self.kind.joined(self.key, context)
        sub.become(context, same=self.kind.variant(context) == variant)
        self.kind.left(self.key, before)
        sub.page.wake(sub)

    def wake(self) -> None:
        for sub in self.subs:
            sub.page.wake(sub)

    @abstractmethod
    def resume(self, sub: Subscription, epoch: str, after: int) -> str | None:
        """The message that says so, when ``sub`` can go on after ``after``."""

    @abstractmethod
    async def take(self, sub: Subscription) -> list[str]:
        """What is to be sent now; nothing when it has everything."""

    @abstractmethod
    def touch(self) -> None:
        """What the topic is about has changed."""

    def close(self) -> None:
        for task in self._making.values():
            task.cancel()

    async def _make(self, sub: Subscription) -> Snapshot:
        """A snapshot begun now, or the one being made for another page of the same variant."""
        task = self._making.get(sub.variant)
        if task is None:
            variant = sub.variant
            task = asyncio.create_task(self._snapshot(variant, sub.context))
            self._making[variant] = task
            task.add_done_callback(lambda _: self._making.pop(variant, None))
        return await asyncio.shield(task)

    @abstractmethod
    async def _snapshot(self, variant: str, context: Any) -> Snapshot: ...

    async def _ask(self, context: Any) -> Json:
        async with asyncio.timeout(self._limits.handle_s):
            return await self.kind.snapshot(self.key, context)


class EventTopic(Topic):
    """Every event counts, in order."""

    def __init__(self, kind: Kind[Any], name: str, limits: Limits, events: TopicLog) -> None:
        super().__init__(kind, name, limits)
        self.events = events

    def resume(self, sub: Subscription, epoch: str, after: int) -> str | None:
        if not self.events.holds(epoch, after):
            return None
        sub.epoch, sub.sent, sub.there = epoch, after, self.events.last
        return messages.resumed(self.name, epoch, after)

    def touch(self) -> None:
        """Its events say what changed."""

    async def take(self, sub: Subscription) -> list[str]:
        if not self.events.holds(sub.epoch, sub.sent):
            here = self.events.last
            made = await self._make(sub)
            sub.epoch, sub.sent = made.epoch, made.id
            # The snapshot may have been begun for a page that came earlier.
            sub.there = max(made.id, here)
            return [made.text]
        found = self.events.since(sub.sent, BATCH, sub.there)
        sub.sent += len(found)
        return found

    async def _snapshot(self, variant: str, context: Any) -> Snapshot:
        # The position first: what happens while the snapshot is being read is sent after it, and
        # may be in it as well; what happened before is in it.
        epoch, last = self.events.epoch, self.events.last
        return Snapshot(self.name, epoch, last, await self._ask(context))


class StateTopic(Topic):
    """Only the newest snapshot counts; changes within ``coalesce_s`` are one."""

    def __init__(
        self, kind: Kind[Any], name: str, limits: Limits, monotonic: Callable[[], float]
    ) -> None:
        super().__init__(kind, name, limits)
        self._monotonic = monotonic
        self._views: dict[str, Snapshot] = {}
        self._epoch = new_epoch()
        self._last = 0
        self._made_at = float("-inf")
        self._again = False
        self._one_at_a_time = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def resume(self, sub: Subscription, epoch: str, after: int) -> str | None:
        view = self._views.get(sub.variant)
        if view is None or (view.epoch, view.id) != (epoch, after):
            return None
        sub.epoch, sub.sent = epoch, after
        return messages.resumed(self.name, epoch, after)

    async def take(self, sub: Subscription) -> list[str]:
        view = self._views.get(sub.variant) or await self._make(sub)
        if (sub.epoch, sub.sent) == (view.epoch, view.id):
            return []
        sub.epoch, sub.sent = view.epoch, view.id
        return [view.text]

    def touch(self) -> None:
        self._again = True
        if self._task is None:
            self._task = asyncio.create_task(self._follow())

    def close(self) -> None:
        super().close()
        if self._task is not None:
            self._task.cancel()

    async def _follow(self) -> None:
        try:
            while self._again:
                await asyncio.sleep(self._made_at + self._limits.coalesce_s - self._monotonic())
                self._again = False
                await self._renew()
        finally:
            self._task = None

    async def _renew(self) -> None:
        contexts = {sub.variant: sub.context for sub in self.subs}
        for variant in self._views.keys() - contexts.keys():
            del self._views[variant]
        for variant, context in contexts.items():
            try:
                await self._snapshot(variant, context)
            except TongkeError as error:
                self._drop(variant, error)
            except Exception:
                # The next change, or the next look in some seconds, tries again.
                log.exception("no snapshot", topic=self.name)

    def _drop(self, variant: str, error: TongkeError) -> None:
        for sub in [sub for sub in self.subs if sub.variant == variant]:
            sub.page.drop(sub, error)

    async def _snapshot(self, variant: str, context: Any) -> Snapshot:
        async with self._one_at_a_time:
            data = await self._ask(context)
        self._made_at = self._monotonic()
        view = self._views.get(variant)
        if view is None or view.data != data:
            self._last += 1
            view = self._views[variant] = Snapshot(self.name, self._epoch, self._last, data)
            self.wake()
        return view
