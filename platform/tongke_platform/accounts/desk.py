"""Invitations and reset codes: addresses for administrators, as pages and as JSON."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from tongke_platform.accounts import codes, invitations
from tongke_platform.accounts.invitations import Wanted
from tongke_platform.accounts.models import Invitation
from tongke_platform.accounts.pages import qr_svg
from tongke_platform.accounts.rights import INVITE, RequiredOwner, may_invite
from tongke_platform.accounts.schemas import (
    InvitationIn,
    InvitationMade,
    InvitationOut,
    InvitationPage,
)
from tongke_platform.errors import N_, Forbidden, TongkeError
from tongke_platform.frame import Frame, Reading, TheFrame, Writing
from tongke_platform.organisations.models import Organisation
from tongke_platform.pages.desk import desk, done, parse_uuid, query, trouble_of
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.pages.sections import Section, Waiting, add_section
from tongke_platform.people.roles import NAMES, Role
from tongke_platform.rights import Principal

router = APIRouter()
SECTION = add_section(
    Section(
        "invitations",
        N_("Invitations"),
        "/admin/invitations",
        "user-plus",
        INVITE,
        N_("links by which colleagues make their own account"),
        (
            Waiting(
                N_("Invitations nobody has answered yet: %(count)s"),
                "/admin/invitations?state=open",
                INVITE,
                invitations.unanswered,
            ),
        ),
    )
)
PAGE = 50
CHOICES = 200


def join_address(frame: Frame, request: Request, token: str) -> str:
    base = frame.settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}/join/{token}"


@router.get("/api/invitations", tags=["accounts"])
async def list_invitations(
    session: Reading,
    principal: RequiredOwner,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> InvitationPage:
    """The newest first."""
    found = await invitations.listed(session, principal, before=before, limit=limit + 1)
    return InvitationPage(
        items=[InvitationOut.model_validate(one) for one in found[:limit]],
        next=found[limit - 1].id if len(found) > limit else None,
    )


@router.post("/api/invitations", status_code=201, tags=["accounts"])
async def invite(
    body: InvitationIn,
    request: Request,
    session: Writing,
    frame: TheFrame,
    principal: RequiredOwner,
) -> InvitationMade:
    token, found = await invitations.invite(session, frame, principal, Wanted(**body.model_dump()))
    said = InvitationOut.model_validate(found).model_dump()
    return InvitationMade(**said, address=join_address(frame, request, token))


@router.get("/api/invitations/{invitation_id}", tags=["accounts"])
async def one_invitation(
    invitation_id: UUID, session: Reading, principal: RequiredOwner
) -> InvitationOut:
    found = await invitations.one(session, principal, invitation_id)
    return InvitationOut.model_validate(found)


@router.delete("/api/invitations/{invitation_id}", status_code=204, tags=["accounts"])
async def revoke_invitation(
    invitation_id: UUID, session: Writing, frame: TheFrame, principal: RequiredOwner
) -> None:
    await invitations.revoke(session, frame, principal, invitation_id)


@router.get("/admin/invitations", include_in_schema=False)
async def invitation_list(
    request: Request,
    pages: ThePages,
    session: Reading,
    frame: TheFrame,
    principal: RequiredOwner,
    before: str = "",
    state: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    older, only = parse_uuid(before), state == "open"
    found = await invitations.listed(
        session, principal, before=older, limit=PAGE + 1, open_at=frame.now() if only else None
    )
    more = found[PAGE - 1].id if len(found) > PAGE else None
    return desk(
        request,
        pages,
        principal,
        "admin/invitations/list.html",
        section=SECTION.key,
        rows=[(one, _state(frame, one)) for one in found[:PAGE]],
        roles=NAMES,
        only=only,
        next=query(before=more, state="open" if only else "") if more else "",
        first="/admin/invitations" + query(state="open" if only else "") if older else "",
    )


def _state(frame: Frame, one: Invitation) -> str:
    if one.used_at is not None:
        return "used"
    if one.revoked_at is not None:
        return "revoked"
    return "open" if one.expires_at > frame.now() else "over"


def _roles(principal: Principal, places: list[Organisation]) -> list[tuple[str, str]]:
    """The roles that may be given at one of the places at least."""
    return [
        (role.value, name)
        for role, name in NAMES.items()
        if any(may_invite(principal, role, place, None) for place in places)
    ]


async def _form(
    request: Request,
    pages: Pages,
    session: Reading,
    principal: Principal,
    *,
    values: dict[str, str] | None = None,
    trouble: TongkeError | None = None,
) -> Response:
    if not INVITE.allows_anywhere(principal):
        raise Forbidden
    places = await invitations.places(session, principal, limit=CHOICES)
    return desk(
        request,
        pages,
        principal,
        "admin/invitations/new.html",
        section=SECTION.key,
        status=trouble.status if trouble else 200,
        places=[(str(one.id), one.name) for one in places],
        roles=_roles(principal, list(places)),
        values={"name": "", "role": "", "organisation_id": "", "post": "", **(values or {})},
        trouble=trouble_of(request, pages, trouble) if trouble else "",
    )


@router.get("/admin/invitations/new", include_in_schema=False)
async def invitation_form(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredOwner,
    organisation: str = "",
) -> Response:
    values = {"organisation_id": organisation}
    return await _form(request, pages, session, principal, values=values)


@router.post("/admin/invitations", include_in_schema=False)
async def make_invitation(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredOwner,
    name: Annotated[str, Form(max_length=320)] = "",
    role: Annotated[Role, Form()] = Role.LOCAL_TEACHER,
    organisation_id: Annotated[str, Form(max_length=40)] = "",
    post: Annotated[str, Form(max_length=320)] = "",
) -> Response:
    """The link and its QR code are shown in the answer, this once."""
    place = parse_uuid(organisation_id)
    try:
        async with frame.database.write() as session:
            wanted = Wanted(name, role, organisation_id=place, post=post)
            token, found = await invitations.invite(session, frame, principal, wanted)
    except TongkeError as error:
        values = {
            "name": name,
            "role": role.value,
            "organisation_id": organisation_id,
            "post": post,
        }
        async with frame.database.read() as reading:
            return await _form(request, pages, reading, principal, values=values, trouble=error)
    address = join_address(frame, request, token)
    return desk(
        request,
        pages,
        principal,
        "admin/invitations/made.html",
        section=SECTION.key,
        invitation=found,
        role=NAMES[found.role],
        address=address,
        qr=qr_svg(address),
    )


@router.post("/admin/invitations/{invitation_id}/revoke", include_in_schema=False)
async def revoke(
    invitation_id: UUID, session: Writing, frame: TheFrame, principal: RequiredOwner
) -> Response:
    await invitations.revoke(session, frame, principal, invitation_id)
    return done("/admin/invitations", N_("Revoked: the link opens nothing any more."))


@router.post("/admin/people/{person_id}/reset-code", include_in_schema=False)
async def reset_code(
    request: Request,
    pages: ThePages,
    person_id: UUID,
    session: Writing,
    frame: TheFrame,
    principal: RequiredOwner,
) -> Response:
    """The code is shown in the answer, this once."""
    issued = await codes.issue_reset(session, frame, principal, person_id)
    return desk(
        request,
        pages,
        principal,
        "admin/invitations/code.html",
        section="people",
        issued=issued,
        person_id=person_id,
    )
