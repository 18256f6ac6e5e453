"""All SQL about the files of groups."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, delete, func, or_, select, update
from sqlalchemy.orm import joinedload

from tongke_courses.boards.models import GroupFile, Post
from tongke_courses.materials.models import StoredFile
from tongke_platform.database import Repository, first_key

# A text can name thousands of files, a statement cannot.
AT_ONCE = 500


def batched(keys: Collection[UUID], size: int = AT_ONCE) -> Iterator[Sequence[UUID]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


@dataclass(frozen=True)
class Used:
    """``files`` and their ``size`` in bytes are there; ``kept`` counts what was taken away as well."""

    files: int
    size: int
    kept: int


class GroupFileRepository(Repository[GroupFile]):
    """Every file read here has its content's row and who brought it loaded."""

    model = GroupFile

    def base(self) -> Select[Any]:
        return select(GroupFile).options(joinedload(GroupFile.file), joinedload(GroupFile.by))

    def there(self, group_id: UUID) -> Select[Any]:
        """Those of a group that were not taken away."""
        return self.base().where(GroupFile.group_id == group_id, GroupFile.deleted_at.is_(None))

    async def page(self, group_id: UUID, *, before: UUID | None, limit: int) -> Sequence[GroupFile]:
        """The newest first."""
        statement = self.there(group_id)
        if before is not None:
            statement = statement.where(GroupFile.id < before)
        return await self.all(statement.order_by(GroupFile.id.desc()).limit(limit))

    async def of(self, group_id: UUID, keys: Collection[UUID]) -> Sequence[GroupFile]:
        found: list[GroupFile] = []
        for some in batched(keys):
            found += await self.all(self.there(group_id).where(GroupFile.id.in_(some)))
        return found

    async def of_topic(self, topic_id: UUID) -> Sequence[GroupFile]:
        """Of its posts, those that were not taken away."""
        posts = select(Post.id).where(Post.topic_id == topic_id)
        there = GroupFile.post_id.in_(posts), GroupFile.deleted_at.is_(None)
        return await self.all(self.base().where(*there))

    async def one(self, group_id: UUID, key: UUID) -> GroupFile | None:
        return await self.one_or_none(self.there(group_id).where(GroupFile.id == key))

    async def same(self, group_id: UUID, name: str, file_id: UUID) -> GroupFile | None:
        """The one there that is this content under this name already."""
        found = self.there(group_id).where(GroupFile.name == name, GroupFile.file_id == file_id)
        return await self.one_or_none(found.order_by(GroupFile.id).limit(1))

    async def removed(self, group_id: UUID, key: UUID) -> GroupFile | None:
        return await self.one_or_none(
            self.base().where(
                GroupFile.group_id == group_id,
                GroupFile.id == key,
                GroupFile.deleted_at.is_not(None),
            )
        )

    async def used(self, group_id: UUID) -> Used:
        return await self._used(GroupFile.group_id == group_id)

    async def _used(self, *where: ColumnElement[bool]) -> Used:
        is_there = GroupFile.deleted_at.is_(None)
        statement = (
            select(
                func.count(case((is_there, 1))),
                func.coalesce(func.sum(case((is_there, StoredFile.size))), 0),
                func.coalesce(func.sum(StoredFile.size), 0),
            )
            .select_from(GroupFile)
            .join(StoredFile, StoredFile.id == GroupFile.file_id)
            .where(*where)
        )
        files, size, kept = (await self.session.execute(statement)).one()
        return Used(int(files), int(size), int(kept))

    async def carried(self, topic_id: UUID, also: Collection[UUID]) -> Used:
        """Of the posts of a topic, and ``also`` these."""
        posts = select(Post.id).where(Post.topic_id == topic_id)
        return await self._used(or_(GroupFile.post_id.in_(posts), GroupFile.id.in_(also)))

    async def drop(self, before: datetime) -> int:
        """Rows of what was taken away before that; the contents are swept when nobody has them."""
        statement = delete(GroupFile).where(GroupFile.deleted_at < before).returning(GroupFile.id)
        return len((await self.session.execute(statement)).scalars().all())


def is_news() -> ColumnElement[bool]:
    """Brought for the group itself, and there."""
    return and_(
        GroupFile.deleted_at.is_(None), GroupFile.post_id.is_(None), GroupFile.in_post.is_(False)
    )


class FileNewsRepository(GroupFileRepository):
    async def since(self, group_id: UUID, moment: datetime, limit: int) -> Sequence[GroupFile]:
        """What is new in a group, the newest first."""
        mine = self.base().where(GroupFile.group_id == group_id, is_news())
        new = mine.where(GroupFile.id > first_key(moment)).order_by(GroupFile.id.desc())
        return await self.all(new.limit(limit))

    async def untold(self, settled: datetime, longest: datetime) -> Sequence[UUID]:
        """Groups with files nobody was told of: where none came after ``settled``, or one before
        ``longest``.
        """
        first, last = func.min(GroupFile.created_at), func.max(GroupFile.created_at)
        statement = (
            select(GroupFile.group_id)
            .where(GroupFile.told_at.is_(None))
            .group_by(GroupFile.group_id)
            .having(or_(last <= settled, first <= longest))
        )
        return (await self.session.execute(statement)).scalars().all()

    async def take_untold(self, group_id: UUID, now: datetime) -> Sequence[GroupFile]:
        """For who holds the group: the news among them, the first first; all count as told."""
        untold = GroupFile.group_id == group_id, GroupFile.told_at.is_(None)
        found = await self.all(self.base().where(*untold, is_news()).order_by(GroupFile.id))
        statement = update(GroupFile).where(*untold).values(told_at=now)
        await self.session.execute(statement.execution_options(synchronize_session=False))
        return found
