"""All SQL about classroom PCs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, select, update
from sqlalchemy.orm import joinedload

from tongke_platform.database import Repository, WriteSession
from tongke_platform.devices.models import Device, PairingRequest
from tongke_platform.devices.rights import APPROVE
from tongke_platform.organisations.models import Organisation, Room
from tongke_platform.paging import count
from tongke_platform.rights import Principal


class PairingRepository(Repository[PairingRequest]):
    model = PairingRequest

    def base(self) -> Select[Any]:
        return select(PairingRequest).options(joinedload(PairingRequest.room))

    async def of_secret(self, secret_hash: str, now: datetime) -> PairingRequest | None:
        return await self.one_or_none(
            self.base().where(
                PairingRequest.secret_hash == secret_hash, PairingRequest.expires_at > now
            )
        )

    async def of_code(self, code: str, now: datetime) -> PairingRequest | None:
        """In a writing session locked: of two who approve one code, the later finds none."""
        statement = select(PairingRequest).where(
            PairingRequest.code == code, PairingRequest.expires_at > now
        )
        if isinstance(self.session, WriteSession):
            return await self.locked(statement)
        return await self.one_or_none(statement)

    async def code_is_free(self, code: str) -> bool:
        found = await self.session.execute(
            select(PairingRequest.id).where(PairingRequest.code == code)
        )
        return found.first() is None

    async def forget_old(self, now: datetime) -> None:
        """Those that were never approved; codes may be used again."""
        await self.session.execute(
            delete(PairingRequest).where(
                PairingRequest.expires_at <= now, PairingRequest.room_id.is_(None)
            )
        )

    async def asking(self, now: datetime) -> int:
        return await count(
            self.session,
            select(PairingRequest.id).where(
                PairingRequest.expires_at > now, PairingRequest.room_id.is_(None)
            ),
        )


class DeviceRepository(Repository[Device]):
    model = Device

    async def of_room(self, room_id: UUID) -> Sequence[Device]:
        """The one seen last comes first."""
        return await self.all(
            self.base()
            .where(Device.room_id == room_id)
            .order_by(Device.last_seen.desc(), Device.id)
            .limit(200)
        )

    async def count(self, room_id: UUID) -> int:
        found = await self.session.execute(
            select(Device.id).where(Device.room_id == room_id).limit(200)
        )
        return len(found.all())

    async def one(self, room_id: UUID, agent: str) -> Device | None:
        return await self.one_or_none(
            self.base().where(Device.room_id == room_id, Device.agent == agent)
        )

    async def seen_again(self, key: UUID, now: datetime) -> None:
        await self.session.execute(update(Device).where(Device.id == key).values(last_seen=now))


def never_opened() -> ColumnElement[bool]:
    """Rooms with an address that no PC has opened."""
    seen = select(Device.id).where(Device.room_id == Room.id).exists()
    return and_(Room.revoked_at.is_(None), ~seen)


class PairableRoomRepository(Repository[Room]):
    """Rooms with their schools, whether their address was revoked or not."""

    model = Room

    def base(self) -> Select[Any]:
        return select(Room).options(joinedload(Room.school))

    async def to_pair(self, principal: Principal, words: str, limit: int) -> Sequence[Room]:
        """Those the principal may pair a PC with, by a piece of their or their school's name."""
        statement = (
            self.base()
            .join(Organisation, Organisation.id == Room.school_id)
            .where(APPROVE.clause(principal), Organisation.closed_on.is_(None))
        )
        if words:
            statement = statement.where(
                Room.name.contains(words, autoescape=True)
                | Organisation.name.contains(words, autoescape=True)
            )
        return await self.all(
            statement.order_by(Organisation.name, Room.name, Room.id).limit(limit)
        )

    async def never_opened(self, principal: Principal) -> int:
        """How many of those they may pair a PC with no PC has opened."""
        return await count(
            self.session,
            select(Room.id)
            .join(Organisation, Organisation.id == Room.school_id)
            .where(
                APPROVE.clause(principal),
                Organisation.closed_on.is_(None),
                never_opened(),
            ),
        )

    async def to_change(self, key: UUID) -> Room | None:
        return await self.locked(self.base().where(Room.id == key))
