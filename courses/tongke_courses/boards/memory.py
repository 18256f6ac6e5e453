"""What a group remembers: what was asked, adopted, tried, kept and dropped, and why."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from tongke_courses.boards import anchors, outs, reading
from tongke_courses.boards.indexing import POST, TOPIC
from tongke_courses.boards.markdown import plain
from tongke_courses.boards.memory_repository import Among, Facet, MemoryRepository
from tongke_courses.boards.memory_schemas import (
    MemoryChoice,
    MemoryOut,
    MemoryQuery,
    MemoryStep,
    MemoryTopic,
)
from tongke_courses.boards.models import Topic, TopicState
from tongke_courses.boards.repository import Filter
from tongke_courses.groups import service as groups
from tongke_courses.search import query as searching
from tongke_courses.textbooks.models import NodeKind, TextbookNode
from tongke_platform.database import ReadSession
from tongke_platform.rights import Principal

QUOTED = 160
# Where somebody may still be asked to try it.
TRYING = {TopicState.ADOPTED, TopicState.TRIED}
# What a place in a book is chosen by; what stands above is the same for nearly all of a group.
CHOSEN_BY = {NodeKind.VOLUME, NodeKind.UNIT, NodeKind.PERIOD}


@dataclass(frozen=True)
class _Book:
    """The textbook's nodes that topics of a group are about, with all above them, by id."""

    nodes: dict[UUID, TextbookNode]

    def label(self, node: TextbookNode) -> str:
        above = [self.nodes.get(UUID(one)) for one in node.path.split("/") if one]
        return " ".join(one.name for one in above if one is not None)


async def of_group(
    session: ReadSession, by: Principal, group_id: UUID, asked: MemoryQuery
) -> MemoryOut:
    """For everybody who belongs to it. Raises NotFound ``no_group``."""
    reading.check_group(by, group_id)
    among = await _answers(session, group_id, asked.q)
    repository = MemoryRepository(session)
    counted = await repository.facets(group_id, among)
    if counted is None:
        raise groups.missing()
    name, facets = counted
    book = await _book(session, facets, asked.node_id)
    node = book.nodes.get(asked.node_id) if asked.node_id else None
    wanted = Filter(asked.state, asked.by, asked.anchor, node_id=asked.node_id, node=node)
    found: list[tuple[Topic, str]] = []
    if node is not None or asked.node_id is None:
        found = await repository.page(
            group_id, wanted, among, offset=asked.offset, limit=asked.limit + 1
        )
    page = found[: asked.limit]
    return MemoryOut(
        group_id=group_id,
        group=name,
        counts=_counts(facets, wanted),
        authors=_authors(facets),
        nodes=_nodes(facets, book, node),
        items=await _topics(session, by, page),
        next=asked.offset + asked.limit if len(found) > asked.limit else None,
    )


async def _answers(session: ReadSession, group_id: UUID, words: str) -> Among | None:
    """Topics with these words in their title or a post; None when none are asked for."""
    words = words.replace("\0", " ").strip()
    if not words:
        return None
    found = await searching.answering(session, words, kinds=(TOPIC, POST), group=group_id)
    return () if found is None else found


async def _book(session: ReadSession, facets: Sequence[Facet], asked: UUID | None) -> _Book:
    keys = {UUID(one) for facet in facets for one in facet.path.split("/") if one}
    if asked is not None:
        keys.add(asked)
    return _Book(await MemoryRepository(session).nodes(keys))


def _counts(facets: Sequence[Facet], wanted: Filter) -> dict[TopicState, int]:
    found: Counter[TopicState] = Counter()
    for one in facets:
        if _answers_but_state(one, wanted):
            found[one.state] += one.hits
    return {state: found[state] for state in TopicState}


def _answers_but_state(one: Facet, wanted: Filter) -> bool:
    if wanted.by is not None and one.by_id != wanted.by:
        return False
    if wanted.anchor is not None and one.anchor is not wanted.anchor:
        return False
    if wanted.node_id is None:
        return True
    return wanted.node is not None and one.path.startswith(wanted.node.path)


def _authors(facets: Sequence[Facet]) -> list[MemoryChoice]:
    """Who began the most topics first."""
    topics: Counter[UUID] = Counter()
    names: dict[UUID, str] = {}
    for one in facets:
        if one.by_id is not None:
            topics[one.by_id] += one.topics
            names[one.by_id] = one.by
    return [MemoryChoice(id=key, name=names[key], topics=n) for key, n in topics.most_common()]


def _nodes(facets: Sequence[Facet], book: _Book, asked: TextbookNode | None) -> list[MemoryChoice]:
    """In the order of their labels; the one that is asked for is always among them."""
    topics: Counter[UUID] = Counter()
    for one in facets:
        for key in {UUID(part) for part in one.path.split("/") if part}:
            topics[key] += one.topics
    nodes = [book.nodes[key] for key in topics if key in book.nodes]
    chosen = [one for one in nodes if one.kind in CHOSEN_BY and one is not asked]
    chosen += [asked] if asked is not None else []
    found = [MemoryChoice(id=o.id, name=book.label(o), topics=topics[o.id]) for o in chosen]
    return sorted(found, key=lambda one: one.name)


async def _topics(
    session: ReadSession, by: Principal, page: Sequence[tuple[Topic, str]]
) -> list[MemoryTopic]:
    repository = MemoryRepository(session)
    topics = [topic for topic, _ in page]
    steps = await repository.steps([one.id for one in topics])
    tries = await repository.tries(_trying(topics))
    about = await anchors.shown(session, by, topics)
    return [
        MemoryTopic(
            **{
                n: getattr(one, n) for n in ("id", "title", "state", "by_id", "created_at", "posts")
            },
            by=one.by.display_name if one.by else "",
            asked=first_words(beginning),
            anchor=about.get(one.id),
            steps=[
                MemoryStep(**dict(outs.step(step)), words=first_words(said))
                for step, said in steps.get(one.id, ())
            ],
            tries=[outs.try_(each) for each in tries.get(one.id, ())],
        )
        for one, beginning in page
    ]


def _trying(topics: Collection[Topic]) -> list[UUID]:
    return [one.id for one in topics if one.state in TRYING]


def first_words(beginning: str) -> str:
    """On one line; of HTML that may be cut off anywhere."""
    if beginning.rfind("<") > beginning.rfind(">"):
        beginning = beginning[: beginning.rfind("<")]
    words = " ".join(plain(beginning).split())
    return words if len(words) <= QUOTED else words[: QUOTED - 1] + "…"
