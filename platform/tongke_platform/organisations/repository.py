"""All SQL about regions, organisations and classrooms."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from tongke_platform.database import Repository
from tongke_platform.organisations.models import Organisation, Region, Room


class RegionRepository(Repository[Region]):
    model = Region

    async def by_code(self, code: str) -> Region | None:
        return await self.one_or_none(self.base().where(Region.code == code))


class OrganisationRepository(Repository[Organisation]):
    model = Organisation

    async def by_code(self, code: str) -> Organisation | None:
        return await self.one_or_none(self.base().where(Organisation.code == code))


class RoomRepository(Repository[Room]):
    """Every room read here has its school loaded."""

    model = Room

    def base(self) -> Select[Any]:
        return select(Room).options(joinedload(Room.school))

    async def by_token(self, token: str) -> Room | None:
        """The room whose page ``token`` opens, unless that was revoked."""
        return await self.one_or_none(
            self.base().where(Room.token == token, Room.revoked_at.is_(None))
        )

    async def by_ids(self, keys: Sequence[UUID]) -> Sequence[Room]:
        return await self.all(self.base().where(Room.id.in_(keys)).order_by(Room.id))

    async def of_school(self, school_id: UUID) -> Sequence[Room]:
        return await self.all(self.base().where(Room.school_id == school_id).order_by(Room.name))
