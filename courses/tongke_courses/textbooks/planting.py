"""Titles into the tree, many at a time: what stands is left as it is, so twice changes nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from tongke_courses.textbooks import words
from tongke_courses.textbooks.models import NodeKind
from tongke_courses.textbooks.parsing import Title
from tongke_courses.textbooks.repository import AliasRepository, Key, NodeRepository
from tongke_platform.database import WriteSession, utc_now, uuid7

# Remembered places; a list of a million titles has a million.
REMEMBERED = 20_000
Place = tuple[tuple[NodeKind, str], ...]


@dataclass
class Counts:
    nodes: int = 0
    aliases: int = 0
    unplaced: int = 0


def place_of(title: Title) -> Place:
    """The names from the root down; empty when a book without an edition has no place."""
    if not (title.whole and title.subject and title.edition):
        return ()
    volume = volume_name(title)
    named = (
        (NodeKind.STAGE, title.stage),
        (NodeKind.SYSTEM, title.system),
        (NodeKind.SUBJECT, title.subject),
        (NodeKind.EDITION, title.edition),
        (NodeKind.GRADE, title.grade),
        (NodeKind.VOLUME, volume),
        *zip((NodeKind.UNIT, NodeKind.PERIOD), title.below if volume else (), strict=False),
    )
    return tuple((kind, name) for kind, name in named if name)


def volume_name(title: Title) -> str:
    """``上册（学生活动手册）``: books that share a place are told apart."""
    if title.volume and title.book:
        return f"{title.volume}（{title.book}）"
    return title.volume or title.book


@dataclass
class Planter:
    """Keeps what it has placed, so that a list said in many transactions asks for little twice."""

    counts: Counts = field(default_factory=Counts)
    _known: dict[Place, tuple[UUID, str]] = field(default_factory=dict)

    async def plant(self, session: WriteSession, titles: Iterable[Title]) -> None:
        """In the caller's transaction."""
        repository = NodeRepository(session)
        await repository.take_turn()
        places: dict[Place, str] = {}
        aliases: dict[str, str] = {}
        for title in titles:
            place = place_of(title)
            if not place:
                self.counts.unplaced += 1
                continue
            places.setdefault(place, title.title)
            if title.alias and title.edition:
                aliases.setdefault(title.alias, title.edition)
        for depth in range(1, max((len(one) for one in places), default=0) + 1):
            await self._level(repository, places, depth)
        self.counts.aliases += await AliasRepository(session).add_missing(NodeKind.EDITION, aliases)

    async def _level(
        self, repository: NodeRepository, places: dict[Place, str], depth: int
    ) -> None:
        """All that stand ``depth`` names below the root, their parents being there."""
        wanted: dict[Place, str] = {}
        for place, title in places.items():
            head = place[:depth]
            if len(head) < depth or head in self._known:
                continue
            is_volume = head[-1][0] is NodeKind.VOLUME
            wanted.setdefault(head, title if is_volume else "")
        for kind in dict.fromkeys(head[-1][0] for head in wanted):
            heads = [head for head in wanted if head[-1][0] is kind]
            await self._of_kind(repository, kind, heads, wanted)

    async def _of_kind(
        self,
        repository: NodeRepository,
        kind: NodeKind,
        heads: Sequence[Place],
        titles: dict[Place, str],
    ) -> None:
        keys = {head: self._key(head) for head in heads}
        there = await repository.there(kind, [*keys.values()])
        new = []
        for head, (parent, name) in keys.items():
            found = there.get((parent, name))
            if found is None:
                key = uuid7()
                found = key, f"{self._path(head)}{key}/"
                new.append(
                    {
                        "id": key, "created_at": utc_now(), "parent_id": parent, "kind": kind,
                        "name": name, "title": titles[head], "path": found[1],
                        "position": words.position(kind, name),
                    }
                )  # fmt: skip
            self._remember(head, found)
        await repository.insert(new)
        self.counts.nodes += len(new)

    def _key(self, head: Place) -> Key:
        parents, (_, name) = head[:-1], head[-1]
        return (self._known[parents][0] if parents else None, name)

    def _path(self, head: Place) -> str:
        parents = head[:-1]
        return self._known[parents][1] if parents else "/"

    def _remember(self, head: Place, found: tuple[UUID, str]) -> None:
        self._known[head] = found

    def forget(self) -> None:
        """Between transactions, when much has come together; after one that failed, always."""
        if len(self._known) > REMEMBERED:
            self._known.clear()
