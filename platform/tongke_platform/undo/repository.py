"""All SQL about acts that can be taken back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete

from tongke_platform.database import Repository
from tongke_platform.undo.models import Undo


class UndoRepository(Repository[Undo]):
    model = Undo

    async def of(self, person_id: UUID, key: UUID) -> Undo | None:
        """Locked: two tabs take it back once."""
        return await self.locked(self.base().where(Undo.id == key, Undo.person_id == person_id))

    async def seen(self, person_id: UUID, key: UUID) -> Undo | None:
        return await self.one_or_none(
            self.base().where(Undo.id == key, Undo.person_id == person_id)
        )

    async def newest(self, person_id: UUID) -> Undo | None:
        newest = self.base().where(Undo.person_id == person_id).order_by(Undo.id.desc())
        return await self.one_or_none(newest.limit(1))

    async def remove_expired(self, person_id: UUID, now: datetime) -> None:
        await self.session.execute(
            delete(Undo).where(Undo.person_id == person_id, Undo.expires_at <= now)
        )
