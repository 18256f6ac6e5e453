"""All SQL about notices, their deliveries, and what people and schools have chosen."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.orm import joinedload

from tongke_platform.database import ReadSession, Repository, upsert, utc_now, uuid7
from tongke_platform.notices.hours import Hours
from tongke_platform.notices.models import (
    Channel,
    Delivery,
    DeliveryState,
    Notice,
    NoticeChoice,
    NoticeHours,
    SchoolChat,
)
from tongke_platform.organisations.models import Organisation
from tongke_platform.people.models import Membership, NameKind, Person, SignInName
from tongke_platform.people.repository import in_force
from tongke_platform.people.roles import Role

CHUNK = 200


async def _add_new(session: ReadSession, table: Any, rows: Sequence[Mapping[str, Any]]) -> int:
    """Rows without an id, but for those that conflict with rows there are; how many were new."""
    now, added = utc_now(), 0
    made = [{"id": uuid7(), "created_at": now, **row} for row in rows]
    for start in range(0, len(made), CHUNK):
        statement = upsert(session, table).values(made[start : start + CHUNK])
        statement = statement.on_conflict_do_nothing().returning(table.id)
        added += len((await session.execute(statement)).all())
    return added


class NoticeRepository(Repository[Notice]):
    model = Notice

    async def reachable(self, people: Collection[UUID]) -> set[UUID]:
        """Those who are still there."""
        found = await self.session.execute(
            select(Person.id).where(
                Person.id.in_(people), Person.deactivated_at.is_(None), Person.erased_at.is_(None)
            )
        )
        return set(found.scalars())

    async def add_new(self, rows: Sequence[Mapping[str, Any]]) -> int:
        return await _add_new(self.session, Notice, rows)

    def of(self, person_id: UUID) -> Select[Any]:
        return self.base().where(Notice.person_id == person_id)

    async def inbox(
        self, person_id: UUID, *, archived: bool, before: UUID | None, limit: int
    ) -> Sequence[Notice]:
        """The newest first."""
        kept = Notice.archived_at.is_not(None) if archived else Notice.archived_at.is_(None)
        statement = self.of(person_id).where(kept)
        if before is not None:
            statement = statement.where(Notice.id < before)
        return await self.all(statement.order_by(Notice.id.desc()).limit(limit))

    async def one_of(self, person_id: UUID, key: UUID) -> Notice | None:
        return await self.one_or_none(self.of(person_id).where(Notice.id == key))

    async def unread(self, person_id: UUID) -> int:
        statement = select(func.count(Notice.id)).where(
            Notice.person_id == person_id, Notice.archived_at.is_(None), Notice.read_at.is_(None)
        )
        return int((await self.session.execute(statement)).scalar_one())

    async def read_all(self, person_id: UUID, until: UUID, now: datetime) -> None:
        """Whatever is not newer than the notice ``until``."""
        await self.session.execute(
            update(Notice)
            .where(Notice.person_id == person_id, Notice.read_at.is_(None), Notice.id <= until)
            .values(read_at=now)
        )

    async def any_unplanned(self) -> bool:
        statement = select(Notice.id).where(Notice.planned_at.is_(None)).limit(1)
        return (await self.session.execute(statement)).first() is not None

    async def unplanned(self, limit: int) -> Sequence[Notice]:
        """To plan in this transaction; another worker takes others."""
        return await self.all(
            self.base()
            .where(Notice.planned_at.is_(None))
            .order_by(Notice.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )

    async def of_person(self, person_id: UUID) -> Sequence[Notice]:
        return await self.all(self.of(person_id).order_by(Notice.id))

    async def remove_of(self, person_id: UUID) -> None:
        for table in (Delivery, Notice, NoticeChoice, NoticeHours):
            await self.session.execute(delete(table).where(table.person_id == person_id))

    async def remove_before(self, moment: datetime) -> None:
        await self.session.execute(delete(Notice).where(Notice.created_at < moment))


class DeliveryRepository(Repository[Delivery]):
    model = Delivery

    async def add_new(self, rows: Sequence[Mapping[str, Any]]) -> int:
        return await _add_new(self.session, Delivery, rows)

    async def anything_due(self, now: datetime) -> bool:
        due = (DeliveryState.WAITING, DeliveryState.FOR_DIGEST)
        late = (Delivery.state == DeliveryState.CLAIMED) & (Delivery.claimed_until < now)
        statement = select(Delivery.id).where(
            or_(Delivery.state.in_(due) & (Delivery.due_at <= now), late)
        )
        return (await self.session.execute(statement.limit(1))).first() is not None

    async def claim(self, now: datetime, until: datetime) -> Delivery | None:
        """The one that is due longest is this caller's alone."""
        first = (
            select(Delivery.id)
            .where(Delivery.state == DeliveryState.WAITING, Delivery.due_at <= now)
            .order_by(Delivery.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        statement = (
            update(Delivery)
            .where(Delivery.id == first, Delivery.state == DeliveryState.WAITING)
            .values(
                state=DeliveryState.CLAIMED,
                claimed_until=until,
                attempts=Delivery.attempts + 1,
            )
            .returning(Delivery)
        )
        return (await self.session.execute(statement)).scalar_one_or_none()

    async def give_up_lost(self, now: datetime) -> None:
        """Claims whose owner never said what became of them."""
        await self.session.execute(
            update(Delivery)
            .where(Delivery.state == DeliveryState.CLAIMED, Delivery.claimed_until < now)
            .values(state=DeliveryState.UNSURE, outcome="lost", settled_at=now)
        )

    async def settle(self, key: UUID, **values: Any) -> None:
        await self.session.execute(
            update(Delivery)
            .where(Delivery.id == key, Delivery.state == DeliveryState.CLAIMED)
            .values(**values)
        )

    async def people_with_digest_due(self, now: datetime, limit: int) -> Sequence[UUID]:
        statement = (
            select(Delivery.person_id)
            .where(Delivery.state == DeliveryState.FOR_DIGEST, Delivery.due_at <= now)
            .distinct()
            .limit(limit)
        )
        return (await self.session.execute(statement)).scalars().all()

    async def by_key(self, key: str) -> Delivery | None:
        return await self.one_or_none(self.base().where(Delivery.key == key))

    async def gather(self, person_id: UUID, now: datetime, **values: Any) -> None:
        """What is due for a person's digest becomes ``values``."""
        await self.session.execute(
            update(Delivery)
            .where(
                Delivery.person_id == person_id,
                Delivery.state == DeliveryState.FOR_DIGEST,
                Delivery.due_at <= now,
            )
            .values(**values)
        )

    async def notices_in(self, digest_id: UUID) -> Sequence[Notice]:
        """Those of a digest that are still unread, the newest first."""
        found = await self.session.execute(
            select(Notice)
            .join(Delivery, Delivery.notice_id == Notice.id)
            .where(
                Delivery.digest_id == digest_id,
                Notice.read_at.is_(None),
                Notice.archived_at.is_(None),
            )
            .order_by(Notice.id.desc())
        )
        return found.scalars().all()


class ChoiceRepository(Repository[NoticeChoice]):
    model = NoticeChoice

    async def of(self, people: Collection[UUID]) -> Sequence[NoticeChoice]:
        return await self.all(self.base().where(NoticeChoice.person_id.in_(people)))

    async def replace(self, person_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
        await self.session.execute(delete(NoticeChoice).where(NoticeChoice.person_id == person_id))
        if rows:
            await _add_new(self.session, NoticeChoice, rows)


class HoursRepository(Repository[NoticeHours]):
    model = NoticeHours

    async def of(self, people: Collection[UUID]) -> dict[UUID, NoticeHours]:
        found = await self.all(self.base().where(NoticeHours.person_id.in_(people)))
        return {one.person_id: one for one in found}

    async def put(self, person_id: UUID, **values: Any) -> None:
        row = {"id": uuid7(), "created_at": utc_now(), "person_id": person_id, **values}
        statement = upsert(self.session, NoticeHours).values(row)
        await self.session.execute(
            statement.on_conflict_do_update(index_elements=[NoticeHours.person_id], set_=values)
        )

    async def refuse_mail(self, person_id: UUID, address: str) -> None:
        chosen = (await self.of([person_id])).get(person_id)
        hours = (
            Hours(chosen.quiet_from, chosen.quiet_until, chosen.digest_at) if chosen else Hours()
        )
        await self.put(person_id, **vars(hours), mail_refused=address)

    async def mails(self, people: Collection[UUID]) -> dict[UUID, str]:
        """The mail address of each who has one: a name they sign in with, the first given."""
        found = await self.session.execute(
            select(SignInName.person_id, SignInName.value)
            .where(SignInName.person_id.in_(people), SignInName.kind == NameKind.MAIL)
            .order_by(SignInName.id.desc())
        )
        return {person: value for person, value in found.all()}


class ChatRepository(Repository[SchoolChat]):
    """Every group read here has its school loaded."""

    model = SchoolChat

    def base(self) -> Select[Any]:
        return select(SchoolChat).options(joinedload(SchoolChat.organisation))

    async def of(self, organisations: Collection[UUID]) -> Sequence[SchoolChat]:
        return await self.all(
            self.base()
            .where(SchoolChat.organisation_id.in_(organisations), SchoolChat.removed_at.is_(None))
            .order_by(SchoolChat.id)
        )

    async def note_trouble(self, key: UUID, trouble: str) -> None:
        """Empty when there is none any more."""
        await self.session.execute(
            update(SchoolChat)
            .where(SchoolChat.id == key, SchoolChat.trouble != trouble)
            .values(trouble=trouble[:200])
        )

    async def search(self, clause: Any, *, after: UUID | None, limit: int) -> Sequence[SchoolChat]:
        """Groups of the organisations ``clause`` names."""
        statement = (
            self.base()
            .join(Organisation, Organisation.id == SchoolChat.organisation_id)
            .where(clause, SchoolChat.removed_at.is_(None))
        )
        if after is not None:
            statement = statement.where(SchoolChat.id > after)
        return await self.all(statement.order_by(SchoolChat.id).limit(limit))


def channels_key(notice_id: UUID, channel: Channel) -> str:
    return f"{channel}:{notice_id}"


async def holders(
    session: ReadSession, organisation_id: UUID, roles: Collection[Role], day: date
) -> Sequence[UUID]:
    """Who holds one of ``roles`` at an organisation on ``day``."""
    statement = select(Membership.person_id).where(
        Membership.organisation_id == organisation_id, Membership.role.in_(roles), in_force(day)
    )
    return (await session.execute(statement.distinct())).scalars().all()
