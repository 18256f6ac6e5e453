"""The latest events of topics: what is sent to pages, and sent again to those that come back."""

import secrets
from collections import OrderedDict, deque
from itertools import islice
from typing import NamedTuple

EVENTS_PER_TOPIC = 2048
CHARS_IN_ALL = 64 << 20
TOPICS_IN_ALL = 50_000


def new_epoch() -> str:
    return secrets.token_hex(8)


class Event(NamedTuple):
    """A message, and ``live``, the same with what only pages hear that are there when it happens: what
    was said in passing may have been taken back by the time a page comes back.
    """

    text: str
    live: str = ""

    @property
    def chars(self) -> int:
        return len(self.text) + len(self.live)


class TopicLog:
    """A bounded run of events with the ids up to ``last``, without a gap.

    ``epoch`` changes when the run could not be continued; ids of different epochs say nothing
    about each other.
    """

    __slots__ = ("chars", "epoch", "events", "last", "pins")

    def __init__(self, epoch: str, last: int = 0) -> None:
        self.epoch = epoch
        self.last = last
        self.events: deque[Event] = deque()
        self.chars = 0
        self.pins = 0

    def restart(self, epoch: str, last: int = 0) -> None:
        self.epoch, self.last, self.chars = epoch, last, 0
        self.events.clear()

    def append(self, event: Event) -> None:
        """The event ``last + 1``."""
        self.last += 1
        self.events.append(event)
        self.chars += event.chars
        if len(self.events) > EVENTS_PER_TOPIC:
            self.drop_oldest()

    def drop_oldest(self) -> None:
        self.chars -= self.events.popleft().chars

    def holds(self, epoch: str, after: int) -> bool:
        """Whether a page that has everything up to ``after`` can be told the rest."""
        return epoch == self.epoch and after >= self.last - len(self.events)

    def since(self, after: int, most: int, live_after: int) -> list[str]:
        """At most ``most`` events following ``after``, which the log holds; those after ``live_after``
        as they are for who is there.
        """
        start = after - (self.last - len(self.events))
        found = enumerate(islice(self.events, start, start + most), after + 1)
        return [(one.live if number > live_after else "") or one.text for number, one in found]


class Logs:
    """The logs of a process. Those unused for longest make room for others; a log that is pinned
    loses its events but stays.
    """

    def __init__(self, chars: int = CHARS_IN_ALL, topics: int = TOPICS_IN_ALL) -> None:
        self._most_chars, self._most_topics = chars, topics
        self._logs: OrderedDict[str, TopicLog] = OrderedDict()
        self._chars = 0

    def get(self, topic: str) -> TopicLog | None:
        return self._logs.get(topic)

    def names(self) -> list[str]:
        return list(self._logs)

    def forget(self, topic: str) -> None:
        self._chars -= self._logs.pop(topic).chars

    def add(self, topic: str, log: TopicLog) -> TopicLog:
        self._logs[topic] = log
        if len(self._logs) > self._most_topics:
            self._forget_one()
        return log

    def append(self, topic: str, event: Event) -> None:
        """To a log that is here."""
        log = self._logs[topic]
        self._chars -= log.chars
        log.append(event)
        self._chars += log.chars
        self._logs.move_to_end(topic)
        if self._chars > self._most_chars:
            self._make_room()

    def restart(self, topic: str, epoch: str, last: int = 0) -> None:
        log = self._logs[topic]
        self._chars -= log.chars
        log.restart(epoch, last)

    def _forget_one(self) -> None:
        newest = next(reversed(self._logs))
        for topic, log in self._logs.items():
            if not log.pins and topic != newest:
                self.forget(topic)
                return

    def _make_room(self) -> None:
        for log in self._logs.values():
            while log.events and self._chars > self._most_chars:
                self._chars -= log.events[0].chars
                log.drop_oldest()
            if self._chars <= self._most_chars:
                return
