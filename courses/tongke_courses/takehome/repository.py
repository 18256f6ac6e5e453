"""All SQL of archives."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from tongke_courses.catalogue.models import CourseUnit
from tongke_courses.takehome.models import FileChecksum
from tongke_platform.database import Repository, uuid7

_BATCH = 500


class ChecksumRepository(Repository[FileChecksum]):
    model = FileChecksum

    async def known(self, hashes: Sequence[str]) -> dict[str, int]:
        """By SHA-256, those that were counted."""
        found: dict[str, int] = {}
        for start in range(0, len(hashes), _BATCH):
            batch = hashes[start : start + _BATCH]
            statement = select(FileChecksum.sha256, FileChecksum.crc32)
            rows = await self.session.execute(statement.where(FileChecksum.sha256.in_(batch)))
            found |= {row.sha256: row.crc32 for row in rows}
        return found

    async def keep(self, counted: Mapping[str, int]) -> None:
        """Somebody else may have counted the same."""
        on_sqlite = self.session.get_bind().dialect.name == "sqlite"
        insert: Any = sqlite.insert if on_sqlite else postgresql.insert
        rows = [{"id": uuid7(), "sha256": one, "crc32": crc} for one, crc in counted.items()]
        if rows:
            await self.session.execute(insert(FileChecksum).on_conflict_do_nothing(), rows)


class UnitRepository(Repository[CourseUnit]):
    model = CourseUnit

    async def course_of(self, unit_id: UUID) -> UUID | None:
        found = await self.by_id(unit_id)
        return found.course_id if found is not None else None
