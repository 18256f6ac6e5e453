"""Rules of groups: founded, found, seen, changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from tongke_courses.groups import rights
from tongke_courses.groups.models import Group, GroupJoining, JoiningWay
from tongke_courses.groups.repository import (
    GroupRepository,
    JoiningRepository,
    Member,
    MemberRepository,
)
from tongke_courses.groups.rights import Sight
from tongke_courses.groups.schemas import GroupChange, GroupIn
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Forbidden, Invalid, NotFound
from tongke_platform.organisations import service as organisations
from tongke_platform.organisations.models import Organisation, Region
from tongke_platform.organisations.rights import over_region
from tongke_platform.people.models import Membership
from tongke_platform.people.roles import Role, Scope
from tongke_platform.rights import Principal, Rule

NO_HOME = N_("Please say which school or region the group is at home in.")
NOT_YOUR_PART = N_("Your part in this group does not include that.")


@dataclass(frozen=True)
class Seen:
    """A group as somebody sees it: how far, their own waiting request or invitation, and its people
    as far as they are shown.
    """

    group: Group
    sight: Sight
    joining: GroupJoining | None = None
    members: Sequence[Member] = ()
    former: Sequence[Member] = ()
    part: Role | None = None

    @property
    def is_headless(self) -> bool:
        """Nobody who can sign in is its head; known to those who see its people."""
        return not any(one.active and one.post.role is Role.GROUP_HEAD for one in self.members)


@dataclass(frozen=True)
class Counted:
    """Of several groups, by id: names of heads, numbers of members."""

    heads: dict[UUID, list[str]] = field(default_factory=dict)
    members: dict[UUID, int] = field(default_factory=dict)


def missing() -> NotFound:
    return NotFound(rights.NO_GROUP, code="no_group")


async def create(session: WriteSession, by: Principal, wanted: GroupIn) -> Group:
    """``by`` is its head. Raises Forbidden, NotFound, Invalid ``no_home``, Conflict ``closed``."""
    organisation, region = await _home(session, by, wanted)
    made = await GroupRepository(session).add(
        Group(
            organisation_id=organisation.id if organisation else None,
            region_id=region.id if region else None,
            by_id=by.id,
            **wanted.model_dump(exclude={"organisation_id", "region_id"}),
        )
    )
    await seat(session, made.id, by.id, Role.GROUP_HEAD, by)
    found = await GroupRepository(session).by_id(made.id)
    assert found is not None, "just made"
    return found


async def _home(
    session: ReadSession, by: Principal, wanted: GroupIn
) -> tuple[Organisation | None, Region | None]:
    if wanted.region_id is not None:
        region = await organisations.region_or_none(session, wanted.region_id)
        if not over_region(rights.CREATE, by, region):
            raise NotFound(organisations.NO_REGION, code="no_region")
        return None, region
    key = wanted.organisation_id or by.school_id
    if key is None:
        raise Invalid(NO_HOME, code="no_home")
    found = await organisations.organisation(session, key)
    if not rights.CREATE.allows(by, found):
        raise NotFound(organisations.NO_ORGANISATION, code="no_organisation")
    organisations.check_open(found)
    return found, None


async def seat(
    session: WriteSession, group_id: UUID, person_id: UUID, role: Role, by: Principal | None
) -> Membership:
    """From today on; for who holds the group and knows that they are not in it."""
    return await MemberRepository(session).add(
        Membership(
            person_id=person_id,
            role=role,
            scope=Scope.GROUP,
            scope_id=group_id,
            starts_on=by.today if by else None,
            granted_by_id=by.id if by else None,
        )
    )


async def get(session: ReadSession, by: Principal, key: UUID, *, part: Role | None = None) -> Seen:
    """``part``: what ``by`` became in this transaction, which began before.

    Raises NotFound for those it does not exist for.
    """
    group = await GroupRepository(session).by_id(key)
    if group is None:
        raise missing()
    joining = await JoiningRepository(session).waiting_of(key, by.id)
    sight = Sight.INSIDE if part else rights.sight(by, group)
    if sight is None and joining is not None and joining.way is JoiningWay.INVITATION:
        sight = Sight.OUTSIDE
    if sight is None:
        raise missing()
    if sight is Sight.OUTSIDE:
        return Seen(group, sight, joining)
    people = MemberRepository(session)
    inside = sight is Sight.INSIDE
    return Seen(
        group,
        sight,
        joining,
        await people.of(key, by.today),
        await people.former(key, by.today) if inside else (),
        await part_of(session, by, key),
    )


async def part_of(session: ReadSession, by: Principal, key: UUID) -> Role | None:
    """As the database has it now: what they held when they began to ask may be over."""
    post = await MemberRepository(session).of_one(key, by.id, by.today)
    return post.role if post else None


async def mine(session: ReadSession, by: Principal) -> Sequence[Group]:
    return await GroupRepository(session).of_person(by.id, by.today)


async def listed(
    session: ReadSession, q: str = "", *, before: UUID | None = None, limit: int = 30
) -> tuple[Sequence[Group], UUID | None]:
    """Those everybody with an account may ask for, and what comes ``before`` the next page."""
    found = await GroupRepository(session).listed(q, before=before, limit=limit + 1)
    return found[:limit], found[limit - 1].id if len(found) > limit else None


async def counted(session: ReadSession, groups: Sequence[Group], day: date) -> Counted:
    keys = [one.id for one in groups]
    people = MemberRepository(session)
    return Counted(await people.heads(keys, day), await people.counts(keys, day))


async def invitations(session: ReadSession, by: Principal) -> Sequence[GroupJoining]:
    """That wait for ``by``, with their groups."""
    return await JoiningRepository(session).invitations_to(by.id)


async def change(session: WriteSession, by: Principal, key: UUID, wanted: GroupChange) -> Group:
    """Raises NotFound, Forbidden ``not_your_part``."""
    found = await to_act(session, by, key, rights.HEAD)
    for name, value in wanted.model_dump(exclude_unset=True).items():
        if value is not None:
            setattr(found, name, value)
    await session.flush()
    return found


async def to_act(session: WriteSession, by: Principal, key: UUID, rule: Rule) -> Group:
    """Held until the transaction ends, for who may do this in it *now*.

    Raises NotFound, Forbidden ``not_your_part``.
    """
    found = await GroupRepository(session).to_change(key)
    if found is None:
        raise missing()
    part = await part_of(session, by, key)
    if part is None:
        raise missing() if _unseen(by, found) else _not_your_part()
    if part not in rule.roles:
        raise _not_your_part()
    return found


def _unseen(by: Principal, group: Group) -> bool:
    """Their post may have been read before they were taken out: it counts no more."""
    sight = rights.sight(by, group)
    return sight is None or (sight is Sight.INSIDE and not rights.may_appoint(by, group))


def _not_your_part() -> Forbidden:
    return Forbidden(NOT_YOUR_PART, code="not_your_part")


async def check_inside(session: ReadSession, by: Principal, key: UUID) -> Role:
    """Their part. Raises NotFound for those it does not exist for, Forbidden for outsiders."""
    group = await GroupRepository(session).by_id(key)
    if group is None:
        raise missing()
    part = await part_of(session, by, key)
    if part is None:
        raise missing() if _unseen(by, group) else _not_your_part()
    return part
