"""All SQL about stored files, uploads and materials."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import joinedload

from tongke_courses.materials.models import Material, MaterialVersion, StoredFile, Upload
from tongke_platform.database import Base, Repository, upsert, uuid7


class StoredFileRepository(Repository[StoredFile]):
    model = StoredFile

    async def claim(
        self, *, key: str, sha256: str, size: int, media_type: str, now: datetime
    ) -> StoredFile:
        """The row of this content, made or marked as wanted; ours until the transaction ends."""
        statement = (
            upsert(self.session, StoredFile)
            .values(
                id=uuid7(), created_at=now, key=key, sha256=sha256, size=size,
                media_type=media_type, used_at=now,
            )
            .on_conflict_do_update(index_elements=["key"], set_={"used_at": now})
            .returning(StoredFile)
        )  # fmt: skip
        found = await self.session.execute(statement, execution_options={"populate_existing": True})
        return found.scalar_one()  # type: ignore[no-any-return]

    async def unused(self, before: datetime, limit: int) -> Sequence[UUID]:
        """Rows nobody refers to and nobody wanted since ``before``."""
        statement = (
            select(StoredFile.id)
            .where(StoredFile.used_at < before, ~_referred())
            .order_by(StoredFile.used_at)
            .limit(limit)
        )
        return (await self.session.execute(statement)).scalars().all()

    async def still_unused(self, key: UUID, before: datetime) -> StoredFile | None:
        """Locked against those who would refer to it; None when somebody does or wants it."""
        statement = select(StoredFile).where(StoredFile.id == key, StoredFile.used_at < before)
        found = await self.one_or_none(
            statement.with_for_update().execution_options(populate_existing=True)
        )
        if found is None:
            return None
        asked = await self.session.execute(select(_referred()).where(StoredFile.id == key))
        return None if asked.scalar_one() else found

    async def known(self, keys: Sequence[str]) -> set[str]:
        statement = select(StoredFile.key).where(StoredFile.key.in_(keys))
        return {*(await self.session.execute(statement)).scalars()}


def _pointing() -> list[Column[Any]]:
    """Every column of any table that points at stored files: a new table counts by itself."""
    return [
        column
        for table in Base.metadata.tables.values()
        for column in table.columns
        if any(one.column.table is StoredFile.__table__ for one in column.foreign_keys)
    ]


def _referred() -> ColumnElement[bool]:
    found = (exists().where(one == StoredFile.id) for one in _pointing())
    return or_(*(one.correlate(StoredFile.__table__) for one in found))


def _used() -> ColumnElement[bool]:
    """An upload has become something: a material, a group's file, a picture."""
    columns = [one for one in _pointing() if one.table is not Upload.__table__]
    found = (exists().where(one == Upload.file_id) for one in columns)
    return or_(*(one.correlate(Upload.__table__) for one in found))


class UploadRepository(Repository[Upload]):
    """Every upload read here has its file loaded."""

    model = Upload

    def base(self) -> Select[Any]:
        return select(Upload).options(joinedload(Upload.file))

    async def on_the_way(self, person_id: UUID) -> tuple[int, int]:
        """How many of a person's, and their bytes: sent in part, or not used anywhere yet."""
        statement = select(func.count(), func.coalesce(func.sum(Upload.size), 0)).where(
            Upload.person_id == person_id, Upload.trouble == "", ~_used()
        )
        count, size = (await self.session.execute(statement)).one()
        return int(count), int(size)

    async def expired(self, now: datetime, limit: int) -> Sequence[UUID]:
        statement = select(Upload.id).where(Upload.expires_at < now).limit(limit)
        return (await self.session.execute(statement)).scalars().all()

    async def there(self, keys: Sequence[UUID]) -> set[UUID]:
        statement = select(Upload.id).where(Upload.id.in_(keys))
        return {*(await self.session.execute(statement)).scalars()}


@cache
def _materials() -> Select[Any]:
    return select(Material).options(joinedload(Material.current).joinedload(MaterialVersion.file))


@cache
def _of_lessons() -> Select[Any]:
    named = Material.lesson_id.in_(bindparam("lessons", expanding=True))
    statement = _materials().where(named, Material.removed_at.is_(None))
    return statement.order_by(Material.lesson_id, Material.position, Material.id)


class MaterialRepository(Repository[Material]):
    """Every material read here has its current version with the file loaded."""

    model = Material

    def base(self) -> Select[Any]:
        return _materials()

    async def of(
        self, *, lesson_id: UUID | None = None, course_id: UUID | None = None, removed: bool = False
    ) -> Sequence[Material]:
        """Of a lesson or a course, in their order; ``removed``: those as well."""
        statement = self.base().where(_place(lesson_id, course_id))
        if not removed:
            statement = statement.where(Material.removed_at.is_(None))
        return await self.all(statement.order_by(Material.position, Material.id))

    async def of_lessons(self, lesson_ids: Sequence[UUID]) -> Sequence[Material]:
        """Not removed, by lesson and position."""
        return await self.all(_of_lessons(), {"lessons": list(lesson_ids)})

    async def next_position(self, lesson_id: UUID | None, course_id: UUID | None) -> int:
        statement = select(func.max(Material.position)).where(_place(lesson_id, course_id))
        last = (await self.session.execute(statement)).scalar_one()
        return 0 if last is None else int(last) + 1

    async def same(
        self, lesson_id: UUID | None, course_id: UUID | None, name: str, file_id: UUID
    ) -> Material | None:
        """The one there that is this file under this name already."""
        statement = (
            self.base()
            .join(MaterialVersion, MaterialVersion.id == Material.current_id)
            .where(
                _place(lesson_id, course_id),
                Material.removed_at.is_(None),
                MaterialVersion.name == name,
                MaterialVersion.file_id == file_id,
            )
        )
        return await self.one_or_none(statement.limit(1))

    async def locked_of(self, lesson_id: UUID | None, course_id: UUID | None) -> Sequence[Material]:
        """All at one place in their order, those taken away as well; locked, the oldest first."""
        statement = select(Material).where(_place(lesson_id, course_id)).order_by(Material.id)
        locking = statement.with_for_update(key_share=True)
        found = await self.all(locking.execution_options(populate_existing=True))
        return sorted(found, key=lambda one: (one.position, one.id))

    async def locked_by_id(self, key: UUID) -> Material | None:
        return await self.locked(select(Material).where(Material.id == key))


def _place(lesson_id: UUID | None, course_id: UUID | None) -> ColumnElement[bool]:
    return and_(Material.lesson_id == lesson_id, Material.course_id == course_id)


class VersionRepository(Repository[MaterialVersion]):
    """Every version read here has its file and who sent it loaded."""

    model = MaterialVersion

    def base(self) -> Select[Any]:
        return select(MaterialVersion).options(
            joinedload(MaterialVersion.file), joinedload(MaterialVersion.by)
        )

    async def of_material(self, material_id: UUID) -> Sequence[MaterialVersion]:
        """The newest first."""
        statement = self.base().where(MaterialVersion.material_id == material_id)
        return await self.all(statement.order_by(MaterialVersion.number.desc()))

    async def last_number(self, material_id: UUID) -> int:
        statement = select(func.max(MaterialVersion.number)).where(
            MaterialVersion.material_id == material_id
        )
        return int((await self.session.execute(statement)).scalar_one() or 0)
