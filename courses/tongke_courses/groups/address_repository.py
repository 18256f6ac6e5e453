"""SQL of addresses that are a member's own and open something of a group without signing in."""

from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import and_, delete, select

from tongke_courses.groups.models import Group
from tongke_platform.database import Record, Repository
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.repository import in_force
from tongke_platform.people.roles import Scope

A = TypeVar("A", bound=Record)


class AddressRepository(Repository[A]):
    """Of a table with ``group_id``, ``person_id`` and ``token``, one row for each member."""

    @property
    def _table(self) -> Any:
        return self.model

    async def of(self, group_id: UUID, person_id: UUID) -> A | None:
        table = self._table
        mine = (table.group_id == group_id, table.person_id == person_id)
        return await self.one_or_none(self.base().where(*mine))

    async def remove(self, group_id: UUID, person_id: UUID) -> None:
        table = self._table
        await self.session.execute(
            delete(table).where(table.group_id == group_id, table.person_id == person_id)
        )

    async def group_of(self, token: str, day: date) -> Group | None:
        """Of a member in force who may sign in."""
        table = self._table
        statement = (
            select(Group)
            .join(table, table.group_id == Group.id)
            .join(Person, Person.id == table.person_id)
            .join(
                Membership,
                and_(
                    Membership.scope == Scope.GROUP,
                    Membership.scope_id == Group.id,
                    Membership.person_id == Person.id,
                ),
            )
            .where(
                table.token == token,
                in_force(day),
                Person.deactivated_at.is_(None),
                Person.erased_at.is_(None),
            )
        )
        found: Group | None = (await self.session.execute(statement)).scalars().first()
        return found
