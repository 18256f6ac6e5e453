"""All SQL about people, their names and their posts."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from tongke_platform.database import Repository
from tongke_platform.organisations.models import Organisation, Region
from tongke_platform.people.models import Entrustment, Membership, Person, SignInName


def in_force(day: date) -> ColumnElement[bool]:
    """Memberships that hold on ``day``."""
    return and_(
        or_(Membership.starts_on.is_(None), Membership.starts_on <= day),
        or_(Membership.ends_on.is_(None), Membership.ends_on >= day),
    )


def with_posts(statement: Select[Any], day: date) -> Select[Any]:
    """``statement`` of people, with what each is today, all in one query."""
    return (
        statement.outerjoin(Membership, and_(Membership.person_id == Person.id, in_force(day)))
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(Region, Region.id == Membership.region_id)
        .options(
            contains_eager(Person.memberships).contains_eager(Membership.organisation),
            contains_eager(Person.memberships).contains_eager(Membership.region),
        )
        .order_by(Membership.id)
        # The same person may be known to the session with the posts of another day.
        .execution_options(populate_existing=True)
    )


class PersonRepository(Repository[Person]):
    model = Person

    async def with_posts(self, key: UUID, day: date) -> Person | None:
        return await self.one_or_none(with_posts(self.base().where(Person.id == key), day))

    async def by_name(self, value: str, organisation_code: str | None = None) -> Sequence[Person]:
        """People with this sign-in name; a staff number may be that of several schools."""
        named = select(SignInName.person_id).where(SignInName.value == value)
        if organisation_code is not None:
            named = named.where(SignInName.organisation_code == organisation_code)
        return await self.all(self.base().where(Person.id.in_(named)))

    async def anybody(self) -> bool:
        """Whether there is a person at all."""
        return (await self.session.execute(select(Person.id).limit(1))).first() is not None

    async def full(self, key: UUID) -> Person | None:
        """With names and every membership there ever was."""
        return await self.one_or_none(
            self.base()
            .where(Person.id == key)
            .options(
                selectinload(Person.names),
                selectinload(Person.memberships).options(
                    joinedload(Membership.organisation), joinedload(Membership.region)
                ),
            )
        )


class MembershipRepository(Repository[Membership]):
    model = Membership


class SignInNameRepository(Repository[SignInName]):
    model = SignInName


class EntrustmentRepository(Repository[Entrustment]):
    model = Entrustment

    async def to(self, managers: Sequence[UUID], day: date) -> Sequence[Entrustment]:
        """What is lent to these organisations on ``day``."""
        return await self.all(
            self.base().where(
                Entrustment.manager_id.in_(managers),
                Entrustment.suspended_at.is_(None),
                or_(Entrustment.starts_on.is_(None), Entrustment.starts_on <= day),
                or_(Entrustment.ends_on.is_(None), Entrustment.ends_on >= day),
            )
        )
