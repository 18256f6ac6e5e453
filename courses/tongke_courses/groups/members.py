"""Who is what in a group: parts given, people leaving, the head's chair handed over."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from tongke_courses.groups import rights, service, telling
from tongke_courses.groups.models import Group
from tongke_courses.groups.repository import (
    CalendarRepository,
    GroupRepository,
    Member,
    MemberRepository,
)
from tongke_platform.audit import service as audit
from tongke_platform.database import WriteSession
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.people.models import Membership
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

DAY = timedelta(days=1)
NO_MEMBER = N_("They do not belong to this group.")
LAST_HEAD = N_("A group is never without a head. Please hand over the head's chair first.")
HAS_HEAD = N_("This group has a head, who can hand the chair over.")


Leaving = Callable[[WriteSession, UUID, UUID], Awaitable[None]]
_leaving: list[Leaving] = []


def when_left(hook: Leaving) -> None:
    """``hook(session, group_id, person_id)`` takes along what is somebody's as a member, in the
    transaction they leave in. Any number of times.
    """
    if hook not in _leaving:
        _leaving.append(hook)


async def give_part(
    session: WriteSession, by: Principal, key: UUID, person_id: UUID, role: Role
) -> None:
    """By a head. Raises NotFound, Forbidden, Invalid ``wrong_part``, Conflict ``last_head``."""
    await service.to_act(session, by, key, rights.HEAD)
    if role not in rights.PARTS:
        raise Invalid(N_("Nobody can be that in a group."), code="wrong_part")
    people = await MemberRepository(session).of(key, by.today)
    member = _one(people, person_id)
    if member.post.role is Role.GROUP_HEAD and role is not Role.GROUP_HEAD:
        _check_not_last(people, person_id)
    await _become(session, key, member.post, role, by)


async def remove(session: WriteSession, by: Principal, key: UUID, person_id: UUID) -> None:
    """Somebody leaves, or is taken out by a head. Their post stays as one that is over.

    Raises NotFound, Forbidden, Conflict ``last_head``.
    """
    own = person_id == by.id
    await service.to_act(session, by, key, rights.TAKE_PART if own else rights.HEAD)
    people = await MemberRepository(session).of(key, by.today)
    member = _one(people, person_id)
    if member.post.role is Role.GROUP_HEAD:
        _check_not_last(people, person_id)
    for one in people:
        if one.person.id == person_id:
            one.post.ends_on = by.today - DAY
    await CalendarRepository(session).remove(key, person_id)
    for hook in _leaving:
        await hook(session, key, person_id)
    await session.flush()


async def hand_over(
    session: WriteSession, frame: Frame, by: Principal, key: UUID, to: UUID
) -> None:
    """A head gives the chair to a member and becomes a member; who oversees a group without a head
    that can act appoints one.

    Raises NotFound, Forbidden ``not_your_part``, Conflict ``has_head``, Invalid ``inactive``.
    """
    group = await GroupRepository(session).to_change(key)
    if group is None:
        raise service.missing()
    people = await MemberRepository(session).of(key, by.today)
    mine = next((one for one in people if one.person.id == by.id), None)
    giving = mine is not None and mine.post.role is Role.GROUP_HEAD
    if not giving:
        _check_appoints(by, group, people, mine)
    member = _one(people, to)
    if not member.active:
        raise Invalid(N_("Their account is switched off."), code="inactive")
    if giving and to == by.id:
        return
    leaving = [mine] if giving and mine else [one for one in people if _is_head(one)]
    for one in leaving:
        if one.person.id != to:
            await _become(session, key, one.post, Role.GROUP_MEMBER, by)
    await _become(session, key, member.post, Role.GROUP_HEAD, by)
    act = "group.handed_over" if giving else "group.head_appointed"
    audit.record(session, by, act, group, group.organisation_id, {"person_id": to})
    if to != by.id:
        await telling.chair(session, group, to, by, frame.now())


def _check_appoints(by: Principal, group: Group, people: list[Member], mine: Member | None) -> None:
    if not rights.may_appoint(by, group):
        seen = mine is not None or rights.sight(by, group) is rights.Sight.OUTSIDE
        raise Forbidden(service.NOT_YOUR_PART, code="not_your_part") if seen else service.missing()
    if any(_is_head(one) and one.active for one in people):
        raise Conflict(HAS_HEAD, code="has_head")


def _is_head(member: Member) -> bool:
    return member.post.role is Role.GROUP_HEAD


def _check_not_last(people: list[Member], person_id: UUID) -> None:
    others = [one for one in people if one.person.id != person_id]
    if not any(_is_head(one) and one.active for one in others):
        raise Conflict(LAST_HEAD, code="last_head")


def _one(people: list[Member], person_id: UUID) -> Member:
    found = next((one for one in people if one.person.id == person_id), None)
    if found is None:
        raise NotFound(NO_MEMBER, code="no_member")
    return found


async def _become(
    session: WriteSession, key: UUID, post: Membership, role: Role, by: Principal
) -> None:
    """What they were is over yesterday and stays known; what began today was never that."""
    if post.role is role:
        return
    if post.starts_on == by.today:
        post.role = role
    else:
        post.ends_on = by.today - DAY
        await service.seat(session, key, post.person_id, role, by)
    await session.flush()
