"""Pages of classrooms: the list, one with its address to print, new and changed."""

import io
from typing import Annotated
from uuid import UUID

import segno
from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from pydantic import ValidationError
from starlette.responses import Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.classes import service as classes
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Forbidden, TongkeError
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.organisations import lists
from tongke_platform.organisations.models import Organisation, Room
from tongke_platform.pages.desk import (
    chosen,
    desk,
    done,
    filled,
    mistake,
    parse_uuid,
    query,
    trouble_of,
    typed,
)
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.pages.sections import Section, add_section
from tongke_platform.paging import MOST, Window
from tongke_platform.rights import Principal
from tongke_platform.rooms import rights, service
from tongke_platform.rooms.schemas import RoomIn
from tongke_platform.undo import service as undos

router = APIRouter(include_in_schema=False)
SECTION = add_section(
    Section(
        "rooms",
        N_("Rooms"),
        "/admin/rooms",
        "door-open",
        rights.READ,
        N_("classrooms, and the address each one's PC opens"),
    )
)
LABELS = {
    "name": N_("Name"),
    "class_size": N_("Pupils"),
    "class_id": N_("Class"),
    "school": N_("School"),
}
Asked = Annotated[str, Query(max_length=200)]


@router.get("/admin/rooms")
async def show(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    q: Asked = "",
    school: Asked = "",
    state: Asked = "open",
    after: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    if not rights.READ.allows_anywhere(principal):
        raise Forbidden
    q = q.strip().replace("\0", "")
    place = parse_uuid(school)
    found = await service.page(
        session, principal, Window.of(after), q=q, school_id=place, state=state
    )
    return desk(
        request, pages, principal, "admin/rooms/list.html", section="rooms",
        found=found, q=q, state=state, after=after, plain=not (q or place or after),
        school=await lists.seen_or_none(session, principal, place),
        here=query(q=q, school=school, state=state),
        manages=rights.MANAGE.allows_anywhere(principal),
    )  # fmt: skip


async def _form(
    request: Request,
    pages: Pages,
    session: ReadSession,
    principal: Principal,
    values: dict[str, object],
    *,
    school: Organisation | None = None,
    found: Room | None = None,
    trouble: str = "",
    status: int = 200,
) -> Response:
    """The classes to choose from are those of a school that is known already."""
    seats = await classes.choices(session, school, principal) if school else []
    return desk(
        request, pages, principal, "admin/rooms/form.html", section="rooms", status=status,
        values=dict.fromkeys(LABELS, "") | values, found=found, school=school, trouble=trouble,
        schools=[] if school else await lists.choices(session, principal, rights.MANAGE),
        classes=seats,
    )  # fmt: skip


@router.get("/admin/rooms/new")
async def new(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    school: Asked = "",
) -> Response:
    if not rights.MANAGE.allows_anywhere(principal):
        raise Forbidden
    place = await lists.seen_or_none(session, principal, parse_uuid(school))
    return await _form(request, pages, session, principal, {"class_size": 40}, school=place)


@router.post("/admin/rooms")
async def create(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal
) -> Response:
    values = await typed(request)
    try:
        wanted = RoomIn.model_validate(filled(values, "name", "class_size", "class_id"))
        async with frame.database.write() as session:
            place = await lists.named(session, principal, values.get("school", ""))
            made = await service.add(
                session, place, name=wanted.name, class_size=wanted.class_size,
                class_id=wanted.class_id, by=principal,
            )  # fmt: skip
    except (ValidationError, TongkeError) as error:
        trouble, status = _wrong(request, pages, error)
        async with frame.database.read() as reading:
            # What the refused session read is gone with it.
            school = await lists.named_or_none(reading, principal, values.get("school", ""))
            return await _form(
                request, pages, reading, principal, dict[str, object](values),
                school=school, trouble=trouble, status=status,
            )  # fmt: skip
    return done(f"/admin/rooms/{made.id}", N_("%(name)s is added."), name=made.name)


def _wrong(request: Request, pages: Pages, error: ValidationError | TongkeError) -> tuple[str, int]:
    if isinstance(error, ValidationError):
        return mistake(request, pages, error, LABELS), 422
    return trouble_of(request, pages, error), error.status


@router.post("/admin/rooms/revoke")
async def revoke(
    request: Request, session: Writing, frame: TheFrame, principal: RequiredPrincipal
) -> Response:
    kept = await service.revoke(frame, session, (await chosen(request))[:MOST], principal)
    undo = await undos.keep(session, principal, "rooms.revoke", kept, frame.now())
    words = N_("Addresses that open nothing any more: %(count)s.")
    return done("/admin/rooms", words, undo=undo.id, count=len(kept["rooms"]))


@router.get("/admin/rooms/{room_id}")
async def one(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    room_id: UUID,
) -> Response:
    """The address, and its code to print, only for those who manage the room."""
    found = await service.seen(session, room_id, principal)
    manages = rights.MANAGE.allows(principal, found.school)
    address = f"{str(request.base_url).rstrip('/')}/room/{found.token}"
    shown = manages and found.revoked_at is None
    seat = await classes.class_or_none(session, found.class_id)
    return desk(
        request, pages, principal, "admin/rooms/one.html", section="rooms",
        found=found, manages=manages, address=address if shown else "",
        code=_code(address) if shown else "", seat=seat,
    )  # fmt: skip


def _code(address: str) -> Markup:
    """A QR code as SVG, drawn by us: nothing of it is anybody's text."""
    out = io.BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, border=2, omitsize=True, svgclass="qr"
    )
    return Markup(out.getvalue().decode())


@router.get("/admin/rooms/{room_id}/edit")
async def edit(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    room_id: UUID,
) -> Response:
    found = await service.seen(session, room_id, principal)
    rights.MANAGE.check(principal, found.school)
    values: dict[str, object] = {key: getattr(found, key) for key in LABELS if key != "school"}
    return await _form(request, pages, session, principal, values, school=found.school, found=found)


@router.post("/admin/rooms/{room_id}/edit")
async def change(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    room_id: UUID,
) -> Response:
    values = await typed(request)
    async with frame.database.read() as session:
        known = await service.seen(session, room_id, principal)
    try:
        wanted = RoomIn.model_validate(filled(values, "name", "class_size", "class_id"))
        async with frame.database.write() as session:
            room = await service.to_change(session, room_id, principal)
            await service.change(
                session, room, name=wanted.name, class_size=wanted.class_size,
                class_id=wanted.class_id,
            )  # fmt: skip
    except (ValidationError, TongkeError) as error:
        trouble, status = _wrong(request, pages, error)
        async with frame.database.read() as reading:
            return await _form(
                request, pages, reading, principal, dict[str, object](values),
                school=known.school, found=known, trouble=trouble, status=status,
            )  # fmt: skip
    return done(f"/admin/rooms/{room_id}", N_("Saved."))
