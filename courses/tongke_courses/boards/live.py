"""Open topics on the wire, as ``board:{id}``: pages are told what happened and ask for the rest.

Where several processes serve one board, what another process committed and died before telling is
found by looking: each process asks now and then which post is the newest of the topics it has open.
"""

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from starlette.requests import HTTPConnection

from tongke_courses.boards import reading, rights, telling
from tongke_courses.boards.reading_repository import TopicRepository
from tongke_courses.boards.telling import Change
from tongke_platform.accounts.rights import principal_of
from tongke_platform.errors import NotFound, Unauthorized
from tongke_platform.events import Payload
from tongke_platform.frame import Frame
from tongke_platform.rounds import Rounds
from tongke_platform.wire.kinds import Flavour, Kind
from tongke_platform.wire.messages import Json

LOOK_S = 5.0


def wire_topic(topic_id: UUID | str) -> str:
    return f"board:{topic_id}"


@dataclass
class _Known:
    """The newest post anybody was told of, and one that a look has found beyond it."""

    told: str = ""
    found: str = ""


class BoardTopic(Kind[UUID]):
    """Whoever belongs to the group. Lives on one event loop."""

    name: ClassVar[str] = "board"
    flavour: ClassVar[Flavour] = "event"

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._open: Counter[str] = Counter()
        self._known: dict[str, _Known] = {}
        self._rounds = Rounds("boards", self.look, LOOK_S)
        self._stop_listening = frame.events.listen(telling.CHANGED, self._on_changed)
        frame.wire.register(self)

    def start(self) -> None:
        """Needed where several processes serve the pages of one topic."""
        if not self._frame.wire.carrier.alone:
            self._rounds.start()

    async def stop(self) -> None:
        self._stop_listening()
        await self._rounds.stop()

    async def authorise(self, connection: HTTPConnection, key: str) -> UUID:
        principal = await principal_of(self._frame, connection)
        if principal is None:
            raise Unauthorized
        try:
            topic_id = UUID(key)
        except ValueError:
            raise NotFound(rights.NO_TOPIC, code="no_topic") from None
        if key != str(topic_id):
            raise NotFound(rights.NO_TOPIC, code="no_topic")  # it would be another topic
        async with self._frame.database.read() as session:
            return (await reading.topic_for(session, principal, topic_id)).id

    async def snapshot(self, key: str, context: UUID) -> Json:
        async with self._frame.database.read() as session:
            found = await TopicRepository(session).newest([context])
        if context not in found:
            raise NotFound(rights.NO_TOPIC, code="no_topic")
        post, version = found[context]
        if post is not None and (known := self._known.get(key)):
            known.told = max(known.told, str(post))
        return {"post": str(post) if post else None, "version": version}

    def joined(self, key: str, context: UUID) -> None:
        self._open[key] += 1
        self._known.setdefault(key, _Known())

    def left(self, key: str, context: UUID) -> None:
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key], self._known[key]

    def heard(self, key: str, sender: str, data: Json) -> None:
        """A process has told of a post."""
        if (known := self._known.get(key)) and data["post"] > known.told:
            known.told = data["post"]

    def _on_changed(self, payload: Payload) -> None:
        key = payload["key"]
        said = {name: payload[name] for name in ("change", "post", "version", "at")}
        live = None
        if payload["words"] is not None:
            # With how many pages there are here to ask for the rest: not all at the same moment.
            live = {"words": {**payload["words"], "pages": self._open[key]}}
        wire = self._frame.wire
        # Not for pages that come back: the post may have been changed or taken out meanwhile.
        wire.publish_now(wire_topic(key), said, live)
        if said["change"] == Change.POST and not wire.carrier.alone:
            wire.share(wire_topic(key), {"post": said["post"]})
        if said["post"] is None:
            # It may have been deleted, merged, or moved into another group.
            wire.recheck(wire_topic(key))

    async def look(self) -> None:
        """What is there for two looks and nobody has told of is told."""
        keys = [UUID(one) for one in self._open]
        if not keys:
            return
        async with self._frame.database.read() as session:
            newest = await TopicRepository(session).newest(keys)
        for topic_id, (post, version) in newest.items():
            known = self._known.get(str(topic_id))
            if known is None or post is None or str(post) <= known.told:
                continue
            if known.found != str(post):
                known.found = str(post)
            else:
                self._tell_late(topic_id, post, version)

    def _tell_late(self, topic_id: UUID, post: UUID, version: int) -> None:
        at = self._frame.now().isoformat()
        said = {"change": Change.POST.value, "post": str(post), "version": version, "at": at}
        self._frame.wire.publish_now(wire_topic(topic_id), said)
        self._frame.wire.share(wire_topic(topic_id), {"post": str(post)})
