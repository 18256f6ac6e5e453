"""Events within a process: who publishes does not know who listens."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import structlog

log = structlog.get_logger(__name__)

Payload = dict[str, Any]
Listener = Callable[[Payload], None]


class Events:
    """Topics of one event loop. A listener must not block; what it raises stops nobody else."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}

    def listen(self, topic: str, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every payload; the function returned ends that."""
        self._listeners.setdefault(topic, []).append(listener)

        def stop() -> None:
            listeners = self._listeners.get(topic, [])
            with suppress(ValueError):
                listeners.remove(listener)
            if not listeners:
                self._listeners.pop(topic, None)

        return stop

    def publish(self, topic: str, **payload: Any) -> None:
        for listener in tuple(self._listeners.get(topic, ())):
            try:
                listener(payload)
            except Exception:
                log.exception("a listener failed", topic=topic)

    @contextmanager
    def subscribe(self, topic: str, backlog: int = 256) -> Iterator[AsyncIterator[Payload]]:
        """An iterator of payloads; a reader more than ``backlog`` behind loses the oldest."""
        queue: asyncio.Queue[Payload] = asyncio.Queue()

        def put(payload: Payload) -> None:
            if queue.qsize() >= backlog:
                queue.get_nowait()
            queue.put_nowait(payload)

        async def read() -> AsyncIterator[Payload]:
            while True:
                yield await queue.get()

        stop = self.listen(topic, put)
        try:
            yield read()
        finally:
            stop()
