"""A group's people as its head looks after them: requests, invitations, links, parts."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_courses.groups import joining, members, rights, service, words
from tongke_courses.groups.page_forms import LABELS
from tongke_courses.groups.repository import JoiningRepository, LinkRepository
from tongke_courses.groups.schemas import InvitationIn, LinkIn, PartIn
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound
from tongke_platform.frame import Frame, Reading, TheFrame
from tongke_platform.pages.desk import desk, done, mistake, parse_uuid, trouble_of, typed
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
Values = Mapping[str, str]
Act = Callable[[WriteSession, Frame, Principal, UUID, Values], Awaitable[object]]


@router.get("/groups/{group_id}/people")
async def people(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    group_id: UUID,
) -> Response:
    return await _page(request, pages, frame, session, principal, group_id, {})


async def _page(
    request: Request, pages: Pages, frame: Frame, session: ReadSession, principal: Principal,
    key: UUID, values: Values, *, trouble: str = "", status: int = 200,
) -> Response:  # fmt: skip
    seen = await service.get(session, principal, key)
    if seen.part is not Role.GROUP_HEAD:
        raise Forbidden(service.NOT_YOUR_PART, code="not_your_part")
    links = await LinkRepository(session).standing(key, frame.now())
    base = str(request.base_url).rstrip("/")
    return desk(
        request, pages, principal, "groups/people.html", section="", seen=seen, group=seen.group,
        words=words, waiting=await JoiningRepository(session).waiting(key), values=values,
        links=[(one, base + joining.path_of(one)) for one in links],
        invited_as=rights.INVITED_AS, parts=rights.PARTS, trouble=trouble, status=status,
    )  # fmt: skip


async def _invite(s: WriteSession, f: Frame, by: Principal, key: UUID, values: Values) -> object:
    names = ("display_name", "sign_in_name", "role")
    body = {name: values[name] for name in names if name in values}
    return await joining.invite(s, by, key, InvitationIn.model_validate(body))


async def _accept(s: WriteSession, f: Frame, by: Principal, key: UUID, values: Values) -> object:
    return await joining.answer(s, f, by, key, _key(values, "joining"), True)


async def _refuse(s: WriteSession, f: Frame, by: Principal, key: UUID, values: Values) -> object:
    return await joining.answer(s, f, by, key, _key(values, "joining"), False)


async def _part(s: WriteSession, f: Frame, by: Principal, key: UUID, values: Values) -> object:
    role = PartIn.model_validate({"role": values.get("role")}).role
    await members.give_part(s, by, key, _key(values, "person"), role)
    return None


async def _remove(s: WriteSession, f: Frame, by: Principal, key: UUID, values: Values) -> object:
    await members.remove(s, by, key, _key(values, "person"))
    return None


async def _link(s: WriteSession, f: Frame, by: Principal, key: UUID, values: Values) -> object:
    return await joining.make_link(s, f, by, key, LinkIn())


async def _revoke(s: WriteSession, f: Frame, by: Principal, key: UUID, values: Values) -> object:
    await joining.revoke_link(s, f, by, key, _key(values, "link"))
    return None


def _key(values: Values, name: str) -> UUID:
    """Raises NotFound."""
    found = parse_uuid(values.get(name, ""))
    if found is None:
        raise NotFound
    return found


ACTS: dict[str, tuple[Act, str]] = {
    "invite": (_invite, N_("Invited. They are told, and come in when they accept.")),
    "accept": (_accept, N_("They belong to the group now.")),
    "refuse": (_refuse, N_("Answered.")),
    "part": (_part, N_("Their part is changed.")),
    "remove": (_remove, N_("They do not belong to the group any more.")),
    "link": (_link, N_("The link is ready.")),
    "revoke": (_revoke, N_("The link opens nothing any more.")),
}


@router.post("/groups/{group_id}/people")
async def act(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    group_id: UUID,
) -> Response:
    """``act`` is one of ACTS."""
    values = await typed(request)
    if values.get("act") not in ACTS:
        raise NotFound
    run, said = ACTS[values["act"]]
    try:
        async with frame.database.write() as session:
            await run(session, frame, principal, group_id, values)
    except ValidationError as error:
        trouble, status = mistake(request, pages, error, LABELS), 422
    except (Invalid, Conflict) as error:
        trouble, status = trouble_of(request, pages, error), error.status
    else:
        return done(await _next(frame, principal, group_id), said)
    async with frame.database.read() as reading:
        return await _page(
            request, pages, frame, reading, principal, group_id, values,
            trouble=trouble, status=status,
        )  # fmt: skip


async def _next(frame: Frame, principal: Principal, key: UUID) -> str:
    """Who has given up the chair or left has nothing more to do here."""
    async with frame.database.read() as session:
        part = await service.part_of(session, principal, key)
    if part is None:
        return "/groups"
    return f"/groups/{key}/people" if part is Role.GROUP_HEAD else f"/groups/{key}"
