"""All SQL about groups, their members and how one comes in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from tongke_courses.groups.address_repository import AddressRepository
from tongke_courses.groups.models import (
    Group,
    GroupCalendar,
    GroupJoining,
    GroupLink,
    GroupVisibility,
    JoiningState,
    JoiningWay,
)
from tongke_courses.groups.rights import APPOINT, PARTS
from tongke_platform.database import Repository
from tongke_platform.organisations.models import Organisation, Region
from tongke_platform.paging import contains
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.repository import in_force
from tongke_platform.people.roles import Role, Scope

_RANK = {role: number for number, role in enumerate(PARTS)}


@dataclass(frozen=True)
class Member:
    """``post`` with its person; ``schools`` are names of where they work today."""

    post: Membership
    schools: tuple[str, ...] = ()

    @property
    def person(self) -> Person:
        return self.post.person

    @property
    def active(self) -> bool:
        """They can sign in."""
        return self.person.deactivated_at is None and self.person.erased_at is None


class GroupRepository(Repository[Group]):
    """Every group read here has its home loaded."""

    model = Group

    def base(self) -> Select[Any]:
        return select(Group).options(joinedload(Group.organisation), joinedload(Group.region))

    async def to_change(self, key: UUID) -> Group | None:
        """Whoever changes who belongs to it holds it: heads act one after another."""
        return await self.locked(self.base().where(Group.id == key))

    async def of_person(self, person_id: UUID, day: date) -> Sequence[Group]:
        mine = select(Membership.scope_id).where(
            Membership.person_id == person_id, Membership.scope == Scope.GROUP, in_force(day)
        )
        return await self.all(self.base().where(Group.id.in_(mine)).order_by(Group.name, Group.id))

    async def at_home(self, organisation_id: UUID) -> Sequence[Group]:
        return await self.all(
            self.base().where(Group.organisation_id == organisation_id).order_by(Group.id)
        )

    async def listed(self, q: str, *, before: UUID | None, limit: int) -> Sequence[Group]:
        """The newest first."""
        statement = self.base().where(Group.visibility == GroupVisibility.LISTED)
        if q:
            words = (contains(Group.name, q), contains(Group.subject, q), contains(Group.grade, q))
            statement = statement.where(or_(*words))
        if before is not None:
            statement = statement.where(Group.id < before)
        return await self.all(statement.order_by(Group.id.desc()).limit(limit))


class MemberRepository(Repository[Membership]):
    """Posts held in groups, with their people."""

    model = Membership

    def base(self) -> Select[Any]:
        return (
            select(Membership)
            .join(Person, Person.id == Membership.person_id)
            .where(Membership.scope == Scope.GROUP)
            .options(contains_eager(Membership.person))
            .execution_options(populate_existing=True)
        )

    async def of(self, group_id: UUID, day: date) -> list[Member]:
        """Heads first; within a part in the order they came."""
        found = await self.all(self.base().where(Membership.scope_id == group_id, in_force(day)))
        ordered = sorted(found, key=lambda one: (_RANK.get(one.role, 99), one.id))
        return await self._with_schools(ordered, day)

    async def overseers(self, group: Group, day: date) -> set[UUID]:
        """Who may appoint a head on ``day``: of those the nearest, at its home, in a region around it,
        or everywhere. ``group`` with its home.
        """
        home, where = group.organisation, group.region.path if group.region else ""
        places = [home.id, home.parent_id] if home else []
        around = or_(
            and_(Membership.scope == Scope.ORGANISATION, Membership.organisation_id.in_(places)),
            Membership.scope == Scope.PLATFORM,
            Membership.scope == Scope.REGION,
        )
        rows = await self.session.execute(
            select(Membership.person_id, Membership.scope, Region.path)
            .join(Person, Person.id == Membership.person_id)
            .outerjoin(Region, Region.id == Membership.region_id)
            .where(Membership.role.in_(APPOINT.roles), in_force(day), around)
            .where(Person.deactivated_at.is_(None))
        )
        found: dict[tuple[bool, int], set[UUID]] = {}
        for person_id, scope, path in rows.all():
            inside = (home.region_path if home else where).startswith(path or "/")
            if scope is not Scope.REGION or (path and inside):
                found.setdefault((scope is Scope.ORGANISATION, len(path or "")), set()).add(
                    person_id
                )
        return found[max(found)] if found else set()

    async def former(self, group_id: UUID, day: date, limit: int = 200) -> list[Member]:
        """Who was in it and is no more, those who left last first."""
        statement = self.base().where(
            Membership.scope_id == group_id,
            Membership.ends_on < day,
            Membership.person_id.not_in(
                select(Membership.person_id).where(
                    Membership.scope == Scope.GROUP,
                    Membership.scope_id == group_id,
                    in_force(day),
                )
            ),
        )
        found = await self.all(
            statement.order_by(Membership.ends_on.desc(), Membership.id.desc()).limit(limit)
        )
        last = {one.person_id: one for one in reversed(found)}
        return [Member(one) for one in found if last[one.person_id] is one]

    async def of_one(self, group_id: UUID, person_id: UUID, day: date) -> Membership | None:
        found = await self.all(
            self.base().where(
                Membership.scope_id == group_id, Membership.person_id == person_id, in_force(day)
            )
        )
        return min(found, key=lambda one: _RANK.get(one.role, 99), default=None)

    async def heads(self, groups: Collection[UUID], day: date) -> dict[UUID, list[str]]:
        """Their names, by group."""
        rows = await self.session.execute(
            select(Membership.scope_id, Person.display_name)
            .join(Person, Person.id == Membership.person_id)
            .where(
                Membership.scope == Scope.GROUP,
                Membership.scope_id.in_(groups),
                Membership.role == Role.GROUP_HEAD,
                in_force(day),
            )
            .order_by(Membership.id)
        )
        found: dict[UUID, list[str]] = {}
        for key, name in rows.all():
            if key is not None:
                found.setdefault(key, []).append(name)
        return found

    async def counts(self, groups: Collection[UUID], day: date) -> dict[UUID, int]:
        rows = await self.session.execute(
            select(Membership.scope_id, func.count(func.distinct(Membership.person_id)))
            .where(Membership.scope == Scope.GROUP, Membership.scope_id.in_(groups), in_force(day))
            .group_by(Membership.scope_id)
        )
        return {key: number for key, number in rows.all() if key is not None}

    async def _with_schools(self, posts: Sequence[Membership], day: date) -> list[Member]:
        rows = await self.session.execute(
            select(Membership.person_id, Organisation.name)
            .join(Organisation, Organisation.id == Membership.organisation_id)
            .where(
                Membership.person_id.in_([one.person_id for one in posts]),
                Membership.scope == Scope.ORGANISATION,
                in_force(day),
            )
            .order_by(Membership.id)
        )
        schools: dict[UUID, dict[str, None]] = {}
        for person, name in rows.all():
            schools.setdefault(person, {})[name] = None
        return [Member(one, tuple(schools.get(one.person_id, {}))) for one in posts]


class JoiningRepository(Repository[GroupJoining]):
    model = GroupJoining

    def base(self) -> Select[Any]:
        return select(GroupJoining).options(joinedload(GroupJoining.person))

    async def waiting(self, group_id: UUID) -> Sequence[GroupJoining]:
        return await self.all(
            self.base()
            .where(GroupJoining.group_id == group_id, GroupJoining.state == JoiningState.WAITING)
            .order_by(GroupJoining.id)
        )

    async def waiting_of(self, group_id: UUID, person_id: UUID) -> GroupJoining | None:
        return await self.one_or_none(
            self.base().where(
                GroupJoining.group_id == group_id,
                GroupJoining.person_id == person_id,
                GroupJoining.state == JoiningState.WAITING,
            )
        )

    async def invitations_to(self, person_id: UUID) -> Sequence[GroupJoining]:
        """Waiting ones, with their groups."""
        statement = (
            self.base()
            .options(
                joinedload(GroupJoining.group).options(
                    joinedload(Group.organisation), joinedload(Group.region)
                )
            )
            .where(
                GroupJoining.person_id == person_id,
                GroupJoining.way == JoiningWay.INVITATION,
                GroupJoining.state == JoiningState.WAITING,
            )
        )
        return await self.all(statement.order_by(GroupJoining.id))


class LinkRepository(Repository[GroupLink]):
    model = GroupLink

    async def standing(self, group_id: UUID, now: datetime) -> Sequence[GroupLink]:
        return await self.all(
            self.base().where(GroupLink.group_id == group_id, _good(now)).order_by(GroupLink.id)
        )

    async def good(self, token: str, now: datetime) -> GroupLink | None:
        """With its group. One that was revoked, has run out or never was is None alike."""
        return await self.one_or_none(
            self.base()
            .join(Group, Group.id == GroupLink.group_id)
            .where(
                GroupLink.token == token, _good(now), Group.visibility == GroupVisibility.BY_LINK
            )
            .options(
                contains_eager(GroupLink.group).options(
                    joinedload(Group.organisation), joinedload(Group.region)
                )
            )
        )


def _good(now: datetime) -> ColumnElement[bool]:
    return and_(GroupLink.revoked_at.is_(None), GroupLink.expires_at > now)


class CalendarRepository(AddressRepository[GroupCalendar]):
    model = GroupCalendar
