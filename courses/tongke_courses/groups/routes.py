"""JSON API of groups, their people and their calendars."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from tongke_courses.groups import feeds, joining, members, outs, rights, service
from tongke_courses.groups.activity_repository import ActivityRepository
from tongke_courses.groups.repository import JoiningRepository, LinkRepository
from tongke_courses.groups.schemas import (
    AnswerIn,
    CalendarOut,
    GroupChange,
    GroupFull,
    GroupIn,
    GroupLinkOut,
    GroupPage,
    InvitationIn,
    JoiningOut,
    LinkIn,
    PartIn,
    PersonIn,
    RequestIn,
)
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import Forbidden
from tongke_platform.frame import Frame, Reading, TheFrame, Writing
from tongke_platform.rights import Principal, Role

router = APIRouter(prefix="/api/groups", tags=["groups"])
COMING = 20


@router.get("")
async def list_groups(
    session: Reading,
    principal: RequiredPrincipal,
    q: Annotated[str, Query(max_length=80)] = "",
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> GroupPage:
    """One's own, and those one may ask to join."""
    own = await service.mine(session, principal)
    found, following = await service.listed(
        session, q.replace("\0", "").strip(), before=before, limit=limit
    )
    counted = await service.counted(session, [*own, *found], principal.today)
    return GroupPage(
        mine=[outs.group_out(one, counted, _part(principal, one.id)) for one in own],
        listed=[outs.group_out(one, counted, _part(principal, one.id)) for one in found],
        next=following,
    )


def _part(principal: Principal, key: UUID) -> Role | None:
    return next((post.role for post in principal.posts if post.scope_id == key), None)


@router.post("", status_code=201)
async def create(
    body: GroupIn, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> GroupFull:
    """The principal is its head."""
    if not rights.CREATE.allows_anywhere(principal):
        raise Forbidden
    made = await service.create(session, principal, body)
    return await _full(session, frame, principal, made.id, part=Role.GROUP_HEAD)


@router.get("/{group_id}")
async def get(
    group_id: UUID, session: Reading, principal: RequiredPrincipal, frame: TheFrame
) -> GroupFull:
    return await _full(session, frame, principal, group_id)


async def _full(
    session: ReadSession,
    frame: Frame,
    principal: Principal,
    key: UUID,
    *,
    part: Role | None = None,
) -> GroupFull:
    """``part``: what they have become in this very transaction."""
    seen = await service.get(session, principal, key, part=part)
    counted = await service.counted(session, [seen.group], principal.today)
    now = frame.now()
    inside = seen.sight is rights.Sight.INSIDE
    heads = seen.part is Role.GROUP_HEAD
    return outs.group_full(
        seen,
        counted,
        await ActivityRepository(session).coming(key, now, COMING) if inside else (),
        await JoiningRepository(session).waiting(key) if heads else (),
        await LinkRepository(session).standing(key, now) if heads else (),
    )


@router.patch("/{group_id}")
async def change(
    group_id: UUID,
    body: GroupChange,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> GroupFull:
    await service.change(session, principal, group_id, body)
    return await _full(session, frame, principal, group_id)


@router.post("/{group_id}/requests")
async def ask(
    group_id: UUID, session: Writing, principal: RequiredPrincipal, body: RequestIn | None = None
) -> JoiningOut:
    """Ask to join; asked again it is the same request."""
    note = body.note if body else ""
    made = await joining.ask(session, principal, group_id, note)
    return JoiningOut(
        id=made.id,
        person_id=principal.id,
        name=principal.name,
        way=made.way,
        role=made.role,
        note=made.note,
    )


@router.post("/{group_id}/invitations", status_code=204)
async def invite(
    group_id: UUID, body: InvitationIn, session: Writing, principal: RequiredPrincipal
) -> None:
    await joining.invite(session, principal, group_id, body)


@router.post("/{group_id}/joinings/{joining_id}", status_code=204)
async def answer(
    group_id: UUID,
    joining_id: UUID,
    body: AnswerIn,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> None:
    """A request by a head, an invitation by its person; not accepting one's own takes it back."""
    await joining.answer(session, frame, principal, group_id, joining_id, body.accept)


@router.patch("/{group_id}/members/{person_id}", status_code=204)
async def give_part(
    group_id: UUID,
    person_id: UUID,
    body: PartIn,
    session: Writing,
    principal: RequiredPrincipal,
) -> None:
    await members.give_part(session, principal, group_id, person_id, body.role)


@router.delete("/{group_id}/members/{person_id}", status_code=204)
async def remove(
    group_id: UUID, person_id: UUID, session: Writing, principal: RequiredPrincipal
) -> None:
    """Leave, or take somebody out."""
    await members.remove(session, principal, group_id, person_id)


@router.post("/{group_id}/head", status_code=204)
async def hand_over(
    group_id: UUID,
    body: PersonIn,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> None:
    """To a member: by a head, or by who oversees a group whose head is no longer there."""
    await members.hand_over(session, frame, principal, group_id, body.person_id)


@router.post("/{group_id}/links", status_code=201)
async def make_link(
    group_id: UUID,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
    body: LinkIn | None = None,
) -> GroupLinkOut:
    made = await joining.make_link(session, frame, principal, group_id, body or LinkIn())
    return outs.link_out(made)


@router.delete("/{group_id}/links/{link_id}", status_code=204)
async def revoke_link(
    group_id: UUID,
    link_id: UUID,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> None:
    await joining.revoke_link(session, frame, principal, group_id, link_id)


@router.put("/{group_id}/calendar")
async def make_calendar(
    group_id: UUID, request: Request, session: Writing, principal: RequiredPrincipal
) -> CalendarOut:
    """A new address of one's own; the one before opens nothing any more."""
    made = await feeds.make(session, principal, group_id)
    return CalendarOut(address=str(request.base_url).rstrip("/") + feeds.path_of(made))


@router.delete("/{group_id}/calendar", status_code=204)
async def revoke_calendar(group_id: UUID, session: Writing, principal: RequiredPrincipal) -> None:
    await feeds.revoke(session, principal, group_id)
