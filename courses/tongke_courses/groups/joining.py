"""Ways into a group: asked for and accepted, invited, or by a link."""

from datetime import timedelta
from uuid import UUID

from tongke_courses.groups import rights, service, telling
from tongke_courses.groups.models import (
    Group,
    GroupJoining,
    GroupLink,
    GroupVisibility,
    JoiningState,
    JoiningWay,
)
from tongke_courses.groups.repository import (
    GroupRepository,
    JoiningRepository,
    LinkRepository,
    MemberRepository,
)
from tongke_courses.groups.schemas import InvitationIn, LinkIn
from tongke_platform.database import ReadSession, WriteSession, utc_now
from tongke_platform.errors import N_, Conflict, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.people.models import Person
from tongke_platform.people.repository import PersonRepository
from tongke_platform.people.roles import Role
from tongke_platform.people.service import normal_name
from tongke_platform.rights import Principal

LINK_LIVES = timedelta(days=14)
LONGEST_LINK = timedelta(days=92)
MOST_LINKS = 20
NOT_LISTED = N_("One comes into this group by invitation only.")
THERE = N_("They belong to the group already.")
NOBODY = N_("Nobody with this name signs in with that. Please check both.")
NO_JOINING = N_("This was answered or withdrawn already.")
NO_LINK = N_("This link is not good any more. Please ask the group's head for a new one.")


async def ask(session: WriteSession, by: Principal, key: UUID, note: str = "") -> GroupJoining:
    """A request that waits for a head. Asked twice it is the same; who is invited belongs to it.

    Raises NotFound, Conflict ``in_group``, ``not_listed``.
    """
    group = await _held(session, key)
    joinings = JoiningRepository(session)
    there = await joinings.waiting_of(key, by.id)
    if there is not None and there.way is JoiningWay.INVITATION:
        await _take_in(session, group, there, by)
        return there
    if rights.sight(by, group) is None:
        raise service.missing()
    await _check_new(session, key, by.id, by)
    if group.visibility is not GroupVisibility.LISTED:
        raise Conflict(NOT_LISTED, code="not_listed")
    if there is not None:
        return there
    made = await joinings.add(
        GroupJoining(
            group_id=key,
            person_id=by.id,
            way=JoiningWay.REQUEST,
            role=Role.GROUP_MEMBER,
            note=note,
        )
    )
    people = await MemberRepository(session).of(key, by.today)
    heads = [one.person.id for one in people if one.post.role is Role.GROUP_HEAD]
    await telling.asked(session, group, made, by, heads)
    return made


async def invite(
    session: WriteSession, by: Principal, key: UUID, wanted: InvitationIn
) -> GroupJoining:
    """By a head. Who has asked to join is taken in.

    Raises NotFound, Forbidden, Invalid ``nobody``, ``wrong_part``, Conflict ``in_group``.
    """
    group = await service.to_act(session, by, key, rights.HEAD)
    if wanted.role not in rights.INVITED_AS:
        raise Invalid(N_("Nobody can be invited as that."), code="wrong_part")
    person = await _meant(session, wanted)
    await _check_new(session, key, person.id, by)
    joinings = JoiningRepository(session)
    there = await joinings.waiting_of(key, person.id)
    if there is not None:
        there.role = wanted.role
        if there.way is JoiningWay.REQUEST:
            await _take_in(session, group, there, by)
        return there
    made = await joinings.add(
        GroupJoining(
            group_id=key,
            person_id=person.id,
            way=JoiningWay.INVITATION,
            role=wanted.role,
            invited_by_id=by.id,
        )
    )
    await telling.invited(session, group, made, by)
    return made


async def _meant(session: ReadSession, wanted: InvitationIn) -> Person:
    """Both must be known, not only one: nobody finds out here whose number that is."""
    found = await PersonRepository(session).by_name(normal_name(wanted.sign_in_name), "")
    for one in found:
        gone = one.deactivated_at is not None or one.erased_at is not None
        if one.display_name == wanted.display_name and not gone:
            return one
    raise Invalid(NOBODY, code="nobody")


async def answer(
    session: WriteSession, frame: Frame, by: Principal, key: UUID, joining_id: UUID, accept: bool
) -> GroupJoining:
    """A head answers a request and takes an invitation back; its person answers an invitation and
    takes a request back.

    Raises NotFound ``no_group``, ``no_joining``, Forbidden ``not_your_part``.
    """
    group = await _held(session, key)
    joining = await JoiningRepository(session).by_id(joining_id)
    own = joining is not None and joining.person_id == by.id
    if not own:
        await service.to_act(session, by, key, rights.HEAD)
    if joining is None or joining.group_id != key or joining.state is not JoiningState.WAITING:
        raise NotFound(NO_JOINING, code="no_joining")
    theirs = own is (joining.way is JoiningWay.INVITATION)
    if accept and theirs:
        await _take_in(session, group, joining, by)
        return joining
    if accept:
        raise NotFound(NO_JOINING, code="no_joining")
    joining.state = JoiningState.REFUSED if theirs else JoiningState.WITHDRAWN
    joining.answered_by_id, joining.answered_at = by.id, frame.now()
    if theirs and joining.way is JoiningWay.REQUEST:
        await telling.answered(session, group, joining)
    await session.flush()
    return joining


async def _held(session: WriteSession, key: UUID) -> Group:
    group = await GroupRepository(session).to_change(key)
    if group is None:
        raise service.missing()
    return group


async def _check_new(session: ReadSession, key: UUID, person_id: UUID, by: Principal) -> None:
    if await MemberRepository(session).of_one(key, person_id, by.today) is not None:
        raise Conflict(THERE, code="in_group")


async def _take_in(
    session: WriteSession, group: Group, joining: GroupJoining, by: Principal
) -> None:
    if await MemberRepository(session).of_one(group.id, joining.person_id, by.today) is None:
        await service.seat(session, group.id, joining.person_id, joining.role, by)
    joining.state = JoiningState.ACCEPTED
    joining.answered_by_id, joining.answered_at = by.id, utc_now()
    if joining.way is JoiningWay.REQUEST:
        await telling.answered(session, group, joining)
    await session.flush()


async def make_link(
    session: WriteSession, frame: Frame, by: Principal, key: UUID, wanted: LinkIn
) -> GroupLink:
    """Raises NotFound, Forbidden, Conflict ``not_by_link``, ``many_links``, Invalid ``wrong_days``."""
    group = await service.to_act(session, by, key, rights.HEAD)
    if group.visibility is not GroupVisibility.BY_LINK:
        raise Conflict(
            N_("Only a group that is open by link has links. Change who can find it first."),
            code="not_by_link",
        )
    now = frame.now()
    links = LinkRepository(session)
    if len(await links.standing(key, now)) >= MOST_LINKS:
        raise Conflict(N_("Please revoke an old link first."), code="many_links")
    expires_at = wanted.expires_at or now + LINK_LIVES
    if not now < expires_at <= now + LONGEST_LINK:
        raise Invalid(N_("A link is good for three months at most."), code="wrong_days")
    return await links.add(GroupLink(group_id=key, expires_at=expires_at, by_id=by.id))


async def revoke_link(
    session: WriteSession, frame: Frame, by: Principal, key: UUID, link_id: UUID
) -> None:
    """It opens nothing from then on. Twice is no error. Raises NotFound, Forbidden."""
    await service.to_act(session, by, key, rights.HEAD)
    found = await LinkRepository(session).by_id(link_id)
    if found is None or found.group_id != key:
        raise NotFound(NO_LINK, code="no_link")
    found.revoked_at = found.revoked_at or frame.now()
    await session.flush()


async def of_link(session: ReadSession, frame: Frame, token: str) -> Group:
    """What a link opens. Raises NotFound ``no_link``."""
    found = await LinkRepository(session).good(token, frame.now())
    if found is None:
        raise NotFound(NO_LINK, code="no_link")
    return found.group


async def join_by_link(session: WriteSession, frame: Frame, by: Principal, token: str) -> Group:
    """Twice is no error. Raises NotFound ``no_link``."""
    group = await _held(session, (await of_link(session, frame, token)).id)
    # It may have been revoked while this waited for the group.
    await of_link(session, frame, token)
    if await MemberRepository(session).of_one(group.id, by.id, by.today) is None:
        await service.seat(session, group.id, by.id, Role.GROUP_MEMBER, by)
    waiting = await JoiningRepository(session).waiting_of(group.id, by.id)
    if waiting is not None:
        waiting.state, waiting.answered_by_id = JoiningState.ACCEPTED, by.id
        waiting.answered_at = frame.now()
    await session.flush()
    return group


def path_of(link: GroupLink) -> str:
    return f"/groups/join/{link.token}"
