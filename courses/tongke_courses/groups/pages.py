"""Pages of groups: one's own and those to ask for, one of them, and founding or changing one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_courses.groups import feeds, joining, members, next_step, rights, service, words
from tongke_courses.groups.activity_repository import ActivityRepository, DueRepository
from tongke_courses.groups.models import GroupVisibility
from tongke_courses.groups.page_forms import LABELS, WORDS, home_of, homes, said_days
from tongke_courses.groups.schemas import GroupChange, GroupIn
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import N_, Forbidden, Invalid, NotFound
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import (
    LONG_FORM,
    desk,
    done,
    mistake,
    parse_uuid,
    query,
    trouble_of,
    typed,
)
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
SHOWN = 30
COMING = 10
OVER = 10


@router.get("/groups")
async def groups(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    q: str = "",
    before: str = "",
) -> Response:
    q = q.replace("\0", "").strip()[:80]
    own = await service.mine(session, principal)
    found, following = await service.listed(session, q, before=parse_uuid(before), limit=SHOWN)
    theirs = {one.id for one in own}
    others = [one for one in found if one.id not in theirs]
    return desk(
        request, pages, principal, "groups/list.html", section="", own=own, others=others, q=q,
        counted=await service.counted(session, [*own, *others], principal.today),
        invitations=await service.invitations(session, principal), words=words,
        may_found=bool(homes(principal)),
        next=f"/groups{query(q=q, before=following)}" if following else "",
        first=f"/groups{query(q=q)}" if before else "",
    )  # fmt: skip


@router.get("/groups/new")
async def new(request: Request, pages: ThePages, principal: RequiredPrincipal) -> Response:
    if not rights.CREATE.allows_anywhere(principal):
        raise Forbidden
    return _form(request, pages, principal, {}, homes=homes(principal))


def _form(
    request: Request,
    pages: Pages,
    principal: Principal,
    values: Mapping[str, str],
    *,
    trouble: str = "",
    **more: Any,
) -> Response:
    known = {"homes": (), "group": None, **more}
    return desk(
        request, pages, principal, "groups/form.html", section="", values=values, words=words,
        trouble=trouble, status=422 if trouble else 200, **known,
    )  # fmt: skip


@router.post("/groups/new", max_body_size=LONG_FORM)
async def create(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal
) -> Response:
    if not rights.CREATE.allows_anywhere(principal):
        raise Forbidden
    values = await typed(request)
    try:
        body = {name: values[name] for name in WORDS if name in values}
        wanted = GroupIn.model_validate({**body, **home_of(values.get("home", ""))})
        async with frame.database.write() as session:
            made = await service.create(session, principal, wanted)
    except ValidationError as error:
        trouble = mistake(request, pages, error, LABELS)
    except Invalid as error:
        trouble = trouble_of(request, pages, error)
    else:
        return done(f"/groups/{made.id}/people", N_("The group is there. Now bring in its people."))
    return _form(request, pages, principal, values, trouble=trouble, homes=homes(principal))


@router.get("/groups/join/{token}")
async def arrive(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    token: str,
) -> Response:
    found = await joining.of_link(session, frame, token)
    return desk(
        request, pages, principal, "groups/join.html", section="", group=found, words=words,
        counted=await service.counted(session, [found], principal.today), token=token,
    )  # fmt: skip


@router.post("/groups/join/{token}")
async def join(frame: TheFrame, principal: RequiredPrincipal, token: str) -> Response:
    async with frame.database.write() as session:
        found = await joining.join_by_link(session, frame, principal, token)
    return done(f"/groups/{found.id}", N_("You belong to %(name)s now."), name=found.name)


@router.get("/groups/calendar/{token}.ics")
async def calendar(request: Request, frame: TheFrame, session: Reading, token: str) -> Response:
    """The address is the key. Text of a group is downloaded, never shown as a page."""
    base = str(request.base_url).rstrip("/")
    data = await feeds.read(session, frame, token, base)
    return Response(
        data,
        media_type="text/calendar; charset=utf-8",
        headers={
            "Cache-Control": "private, max-age=300",
            "Content-Disposition": 'attachment; filename="group.ics"',
            "Referrer-Policy": "no-referrer",
        },
    )


@router.get("/groups/{group_id}")
async def one(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    group_id: UUID,
) -> Response:
    seen = await service.get(session, principal, group_id)
    inside = seen.sight is rights.Sight.INSIDE
    activities, now = ActivityRepository(session), frame.now()
    found = await activities.page(group_id, before=now, limit=OVER) if inside else ()
    calendar = await feeds.own(session, principal, group_id) if inside else None
    base = str(request.base_url).rstrip("/")
    return desk(
        request, pages, principal, "groups/group.html", section="", seen=seen, group=seen.group,
        words=words, counted=await service.counted(session, [seen.group], principal.today),
        said_day=said_days(pages, request, principal.today),
        step=await next_step.of(session, principal, seen, now),
        coming=await activities.coming(group_id, now, COMING) if inside else (),
        over=[one for one in found if one.ends_at <= now],
        owed=await DueRepository(session).open_of(group_id, principal.id) if inside else (),
        calendar=base + feeds.path_of(calendar) if calendar else "",
        plans=seen.part in rights.PLAN.roles, heads=seen.part is Role.GROUP_HEAD,
        appoints=rights.may_appoint(principal, seen.group) and seen.is_headless
        and seen.sight is not rights.Sight.OUTSIDE,
        asks=seen.group.visibility is GroupVisibility.LISTED and seen.part is None,
    )  # fmt: skip


@router.get("/groups/{group_id}/edit")
async def edit(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    group_id: UUID,
) -> Response:
    seen = await service.get(session, principal, group_id)
    if seen.part is not Role.GROUP_HEAD:
        raise Forbidden(service.NOT_YOUR_PART, code="not_your_part")
    values = {name: str(getattr(seen.group, name)) for name in WORDS}
    return _form(request, pages, principal, values, group=seen.group)


@router.post("/groups/{group_id}/edit", max_body_size=LONG_FORM)
async def change(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    group_id: UUID,
) -> Response:
    values = await typed(request)
    try:
        wanted = GroupChange.model_validate({n: values[n] for n in WORDS if n in values})
        async with frame.database.write() as session:
            await service.change(session, principal, group_id, wanted)
    except ValidationError as error:
        trouble = mistake(request, pages, error, LABELS)
    else:
        return done(f"/groups/{group_id}", N_("Saved."))
    async with frame.database.read() as reading:
        seen = await service.get(reading, principal, group_id)
    return _form(request, pages, principal, values, trouble=trouble, group=seen.group)


@router.post("/groups/{group_id}/ask")
async def ask(
    request: Request, frame: TheFrame, principal: RequiredPrincipal, group_id: UUID
) -> Response:
    note = (await typed(request)).get("note", "").replace("\0", "").strip()[:500]
    async with frame.database.write() as session:
        made = await joining.ask(session, principal, group_id, note)
    if made.state is made.state.ACCEPTED:
        return done(f"/groups/{group_id}", N_("You belong to the group now."))
    return done(f"/groups/{group_id}", N_("The group's head is asked. You will be told."))


@router.post("/groups/{group_id}/answer")
async def answer(
    request: Request, frame: TheFrame, principal: RequiredPrincipal, group_id: UUID
) -> Response:
    """Of one's own invitation (``yes`` or ``no``); ``no`` takes one's own request back too."""
    values = await typed(request)
    accept, key = values.get("act") == "yes", parse_uuid(values.get("joining", ""))
    if key is None:
        raise NotFound
    async with frame.database.write() as session:
        await joining.answer(session, frame, principal, group_id, key, accept)
    if accept:
        return done(f"/groups/{group_id}", N_("You belong to the group now."))
    return done("/groups", N_("Taken back."))


@router.post("/groups/{group_id}/leave")
async def leave(frame: TheFrame, principal: RequiredPrincipal, group_id: UUID) -> Response:
    async with frame.database.write() as session:
        await members.remove(session, principal, group_id, principal.id)
    return done("/groups", N_("You have left the group. What you brought to it stays."))


@router.post("/groups/{group_id}/head")
async def hand_over(
    request: Request, frame: TheFrame, principal: RequiredPrincipal, group_id: UUID
) -> Response:
    key = parse_uuid((await typed(request)).get("person", ""))
    if key is None:
        raise NotFound
    async with frame.database.write() as session:
        await members.hand_over(session, frame, principal, group_id, key)
    return done(f"/groups/{group_id}", N_("The head's chair is handed over."))


@router.post("/groups/{group_id}/calendar")
async def own_calendar(
    request: Request, frame: TheFrame, principal: RequiredPrincipal, group_id: UUID
) -> Response:
    """``act``: make (also anew) or revoke."""
    revoking = (await typed(request)).get("act") == "revoke"
    async with frame.database.write() as session:
        if revoking:
            await feeds.revoke(session, principal, group_id)
        else:
            await feeds.make(session, principal, group_id)
    said = N_("The address opens nothing any more.") if revoking else N_("The address is ready.")
    return done(f"/groups/{group_id}#calendar", said)
