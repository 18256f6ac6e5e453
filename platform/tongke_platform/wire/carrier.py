"""How events and signals reach the pages of this process, and of the others where there are any."""

from typing import Protocol

from tongke_platform.wire import messages
from tongke_platform.wire.log import Event, Logs, TopicLog, new_epoch
from tongke_platform.wire.refs import LocalRefs, Refs


class Sink(Protocol):
    """The wire of a process, called on its loop; must not block."""

    def on_events(self, topic: str) -> None:
        """The topic's log has changed."""
        ...

    def on_signal(self, name: str, topic: str, sender: str, data: str) -> None:
        """What some process said with ``Carrier.signal``."""
        ...


class Carrier(Protocol):
    """``alone``: there are no other processes. ``process``: this one's name among them."""

    alone: bool
    process: str
    refs: Refs

    def bind(self, sink: Sink) -> None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def log(self, topic: str) -> TopicLog:
        """The log of a topic, made when there is none; pinned until ``unpin``."""
        ...

    def unpin(self, log: TopicLog) -> None: ...

    def publish(self, topic: str, data: str, live: str = "") -> None:
        """Append an event (JSON) to the topic's log, in every process. ``live``: further members of it
        (JSON), for pages that are there when it happens.
        """
        ...

    def signal(self, name: str, topic: str, data: str = "") -> None:
        """Tell every process; here at once, elsewhere as soon as can be, or never."""
        ...


def event_of(topic: str, number: int, data: str, live: str) -> Event:
    text = messages.event(topic, number, data)
    if not live:
        return Event(text)
    return Event(text, messages.event(topic, number, messages.with_more(data, live)))


class LocalCarrier:
    """All pages are connected to this process."""

    alone = True

    def __init__(self, logs: Logs | None = None) -> None:
        self.process = new_epoch()
        self.refs: Refs = LocalRefs()
        self._logs = logs or Logs()
        self._sink: Sink | None = None

    def bind(self, sink: Sink) -> None:
        self._sink = sink

    async def start(self) -> None:
        """Nothing runs."""

    async def stop(self) -> None:
        """Nothing runs."""

    async def log(self, topic: str) -> TopicLog:
        log = self._log(topic)
        log.pins += 1
        return log

    def unpin(self, log: TopicLog) -> None:
        log.pins -= 1

    def _log(self, topic: str) -> TopicLog:
        return self._logs.get(topic) or self._logs.add(topic, TopicLog(new_epoch()))

    def publish(self, topic: str, data: str, live: str = "") -> None:
        log = self._log(topic)
        self._logs.append(topic, event_of(topic, log.last + 1, data, live))
        if self._sink is not None:
            self._sink.on_events(topic)

    def signal(self, name: str, topic: str, data: str = "") -> None:
        if self._sink is not None:
            self._sink.on_signal(name, topic, self.process, data)
