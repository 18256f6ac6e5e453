"""All SQL of archives."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select, update

from tongke_courses.catalogue.models import CourseUnit
from tongke_courses.takehome.models import FileChecksum, LessonRecording
from tongke_platform.database import Repository, upsert, uuid7

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
        rows = [{"id": uuid7(), "sha256": one, "crc32": crc} for one, crc in counted.items()]
        if rows:
            await self.session.execute(
                upsert(self.session, FileChecksum).on_conflict_do_nothing(), rows
            )


class RecordingRepository(Repository[LessonRecording]):
    model = LessonRecording

    async def of_lessons(self, lesson_ids: Sequence[UUID]) -> dict[UUID, LessonRecording]:
        found: dict[UUID, LessonRecording] = {}
        for start in range(0, len(lesson_ids), _BATCH):
            batch = lesson_ids[start : start + _BATCH]
            statement = self.base().where(LessonRecording.lesson_id.in_(batch))
            found |= {one.lesson_id: one for one in (await self.session.scalars(statement)).all()}
        return found

    async def keep(self, row: LessonRecording) -> None:
        """Somebody else may have looked at the same time: it is the same then."""
        values = {
            "id": uuid7(), "lesson_id": row.lesson_id, "digest": row.digest, "size": row.size,
            "duration_ms": row.duration_ms,
        }  # fmt: skip
        await self.session.execute(
            upsert(self.session, LessonRecording).on_conflict_do_nothing(), [values]
        )

    async def counted(self, lesson_id: UUID, digest: str, sha256: str, crc32: int) -> None:
        await self.session.execute(
            update(LessonRecording)
            .where(LessonRecording.lesson_id == lesson_id, LessonRecording.digest == digest)
            .values(sha256=sha256, crc32=crc32)
        )


class UnitRepository(Repository[CourseUnit]):
    model = CourseUnit

    async def course_of(self, unit_id: UUID) -> UUID | None:
        found = await self.by_id(unit_id)
        return found.course_id if found is not None else None
