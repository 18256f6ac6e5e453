"""A group as a folder of readable files: its topics, its files, its activities with their minutes.

Pages are written to a spool on the disk as they are read, so that a large group needs little memory,
and every byte of the archive is known before the first is sent: a download that broke off goes on.
"""

import asyncio
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from tongke_courses.boards import anchors, holding, rights
from tongke_courses.boards.export_repository import ExportRepository
from tongke_courses.boards.export_texts import (
    Texts,
    file_path,
    one_line,
    pictures,
    safe_name,
)
from tongke_courses.boards.markdown import HAS_FORMULA
from tongke_courses.boards.memory_repository import MemoryRepository
from tongke_courses.boards.models import GroupFile, Post, Topic, TopicState
from tongke_courses.boards.schemas import AnchorOut
from tongke_courses.groups import service as groups
from tongke_courses.groups.models import Group, GroupActivity
from tongke_courses.groups.repository import GroupRepository
from tongke_courses.takehome.members import Member, kept, spooled, written
from tongke_courses.takehome.spool import Page, Spool
from tongke_platform.accounts.limiter import Limit
from tongke_platform.database import ReadSession
from tongke_platform.frame import Frame
from tongke_platform.pages.assets import Assets
from tongke_platform.pages.languages import Language
from tongke_platform.pages.paths import PAGES_DIR
from tongke_platform.rights import Principal
from tongke_platform.settings import signing_secret

# Each reads the whole group; who goes on with a download that breaks off again and again asks often.
EXPORTS = Limit("group-exports", burst=20, refill_s=15)
STYLE = PAGES_DIR / "boards" / "export" / "style.css"
# In the folder, and as the client build calls them.
FORMULAS = {
    "formulas.css": "formulas-offline.css",
    "formulas.js": "formulas-offline.js",
}


@dataclass(frozen=True)
class Line:
    """A topic in the index. ``path`` has no ending: there is a page and a text."""

    path: str
    title: str
    state: TopicState
    by: str
    posts: int
    last: str


@dataclass
class _Export:
    group: Group
    texts: Texts
    members: list[Member]
    lines: list[Line] = field(default_factory=list)
    formulas: bool = False
    pages: Spool = field(default_factory=Spool)
    plain: Spool = field(default_factory=Spool)

    def begin(self) -> tuple[Page, Page]:
        return Page(self.pages), Page(self.plain)

    def end(self, path: str, html: Page, text: Page) -> None:
        self.members += [spooled(f"{path}.html", html), spooled(f"{path}.md", text)]


@dataclass(frozen=True)
class _Story:
    """What became of some topics, and what they are about."""

    about: Mapping[UUID, AnchorOut]
    steps: Mapping[UUID, Sequence[str]]


async def of_group(
    frame: Frame, by: Principal, group_id: UUID, language: Language
) -> tuple[str, list[Member]]:
    """The group's name, and what the archive is made of.

    Raises NotFound ``no_group``, Forbidden ``not_your_part``, TooMany.
    """
    async with frame.database.read() as session:
        part = await holding.part_in(session, by, group_id)
    if part not in rights.EXPORT.roles:
        raise holding.not_your_part()
    await frame.limiter.take(EXPORTS, str(by.id))
    return await gather(frame, by, group_id, language)


async def gather(
    frame: Frame, by: Principal, group_id: UUID, language: Language
) -> tuple[str, list[Member]]:
    """Whoever asks: things that ``by`` may not see are named by their kind. Raises NotFound
    ``no_group``.
    """
    async with frame.database.read() as session:
        group = await GroupRepository(session).by_id(group_id)
        if group is None:
            raise groups.missing()
        repository = ExportRepository(session)
        files = {one.id: one for one in await repository.files(group_id)}
        paths = {key: file_path(n, one) for n, (key, one) in enumerate(files.items(), 1)}
        members = [kept(paths[key], one.file) for key, one in files.items()]
        texts = Texts(
            language, frame.settings.zone, frame.now(), paths, pictures(files), _nonce(frame, group)
        )
        export = _Export(group, texts, members)
        async for topics in repository.topics(group_id):
            await _topics(session, by, export, topics)
        activities = await _activities(repository, export)
    await asyncio.to_thread(_index, export, files, activities)
    return group.name, export.members


def _nonce(frame: Frame, group: Group) -> str:
    """The same each time: an archive is read in parts."""
    return hmac.digest(signing_secret(frame.settings), b"export" + group.id.bytes, "sha256").hex()


async def _topics(
    session: ReadSession, by: Principal, export: _Export, topics: Sequence[Topic]
) -> None:
    story = await _story(session, by, export.texts, topics)
    writing = _Writing(export, topics, story)
    async for posts in ExportRepository(session).posts([one.id for one in topics]):
        await asyncio.to_thread(writing.posts, posts)
    await asyncio.to_thread(writing.finish)


async def _story(
    session: ReadSession, by: Principal, texts: Texts, topics: Sequence[Topic]
) -> _Story:
    found = await MemoryRepository(session).steps([one.id for one in topics])
    steps = {key: [texts.step(step) for step, _ in all_] for key, all_ in found.items()}
    return _Story(await anchors.shown(session, by, topics), steps)


class _Writing:
    """Some topics, one after another, as their posts come."""

    def __init__(self, export: _Export, topics: Sequence[Topic], story: _Story) -> None:
        self._export, self._story, self._waiting = export, story, list(topics)
        self._open: tuple[Topic, str, Page, Page] | None = None
        self._numbers: dict[UUID, int] = {}
        self._formulas = False

    def posts(self, posts: Sequence[Post]) -> None:
        since = 0
        for at, post in enumerate(posts):
            if self._open is None or self._open[0].id != post.topic_id:
                self._put(posts[since:at])
                self._go_to(post.topic_id)
                since = at
        self._put(posts[since:])

    def finish(self) -> None:
        self._go_to(None)

    def _go_to(self, key: UUID | None) -> None:
        """The topic with this key, also past those without a post; None: past all."""
        while self._open is None or self._open[0].id != key:
            self._close()
            if not self._waiting:
                return
            self._begin(self._waiting.pop(0))

    def _begin(self, topic: Topic) -> None:
        export, texts = self._export, self._export.texts
        path = f"topics/{safe_name(len(export.lines) + 1, topic.title)}"
        html, text = export.begin()
        about = self._story.about.get(topic.id)
        said, steps = texts.anchor(about) if about else "", self._story.steps.get(topic.id, ())
        values = {"topic": topic, "group": export.group, "about": said, "steps": steps}
        html.write(texts.page("topic_head.html", **values))
        text.write(texts.page("topic_head.md", **values, one_line=one_line))
        self._open, self._numbers, self._formulas = (topic, path, html, text), {}, False

    def _put(self, posts: Sequence[Post]) -> None:
        if not posts or self._open is None:
            return
        _, _, html, text = self._open
        first = len(self._numbers) + 1
        self._formulas |= any(
            HAS_FORMULA.search(one.html) for one in posts if one.deleted_at is None
        )
        self._numbers |= {one.id: number for number, one in enumerate(posts, first)}
        values = {
            "posts": [*enumerate(posts, first)], "numbers": self._numbers,
            "texts": self._export.texts,
        }  # fmt: skip
        html.write(self._export.texts.page("posts.html", **values))
        text.write(self._export.texts.page("posts.md", **values))

    def _close(self) -> None:
        if self._open is None:
            return
        topic, path, html, text = self._open
        texts = self._export.texts
        html.write(texts.page("topic_foot.html", formulas=self._formulas))
        self._export.formulas |= self._formulas
        self._export.end(path, html, text)
        by = texts.name(topic.by.display_name if topic.by else "")
        last = texts.when(topic.last_post_at)
        self._export.lines.append(
            Line(path, topic.title, topic.state, by, len(self._numbers), last)
        )
        self._open = None


async def _activities(repository: ExportRepository, export: _Export) -> int:
    """How many."""
    count, (html, text) = 0, export.begin()
    texts, group = export.texts, export.group
    html.write(texts.page("activities_head.html", group=group))
    text.write(texts.page("activities_head.md", group=group, one_line=one_line))
    async for found in repository.activities(group.id):
        await asyncio.to_thread(_put_activities, texts, html, text, found)
        count += len(found)
    html.write(texts.page("topic_foot.html", formulas=False))
    if count:
        export.end("activities", html, text)
    return count


def _put_activities(texts: Texts, html: Page, text: Page, found: Sequence[GroupActivity]) -> None:
    values = {"activities": found, "texts": texts}
    html.write(texts.page("activities.html", **values))
    text.write(texts.page("activities.md", **values, one_line=one_line))


def _index(export: _Export, files: Mapping[UUID, GroupFile], activities: int) -> None:
    texts = export.texts
    listed = [
        (one.name, texts.files[key], one.by.display_name if one.by else "")
        for key, one in files.items()
    ]
    index = texts.page(
        "index.html", group=export.group, lines=export.lines, activities=activities, files=listed
    )
    style = written("style.css", STYLE.read_bytes())
    assets = Assets() if export.formulas else None
    more = [written(name, assets.read(built)) for name, built in FORMULAS.items()] if assets else []
    export.members[:0] = [written("index.html", index), style, *more]
