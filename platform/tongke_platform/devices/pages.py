"""Pages of classroom PCs: the code a PC shows, its approval on a phone, a room's address to print."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

import segno
from fastapi import APIRouter, Form, Request
from markupsafe import Markup
from starlette.responses import JSONResponse, RedirectResponse, Response

from tongke_platform.accounts.limiter import Limit
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.devices import service
from tongke_platform.devices.rights import APPROVE, SEE
from tongke_platform.errors import N_, Forbidden, NotFound, TongkeError, TooMany
from tongke_platform.frame import Frame, Reading, TheFrame, Writing
from tongke_platform.organisations.models import Room
from tongke_platform.pages.desk import desk, done
from tongke_platform.pages.rendering import ThePages
from tongke_platform.pages.sections import Section, Waiting, add_section

router = APIRouter(include_in_schema=False)
SECTION = add_section(
    Section(
        "devices",
        N_("Classroom PCs"),
        "/admin/devices",
        "monitor",
        APPROVE,
        N_("let a PC into its classroom by the code it shows"),
        (
            Waiting(
                N_("PCs that show a code and ask for a classroom now: %(count)s"),
                "/admin/devices",
                APPROVE,
                service.asking,
            ),
            Waiting(
                N_("Classrooms whose PC has never opened their page: %(count)s"),
                "/admin/rooms?state=no-pc",
                APPROVE,
                service.rooms_without_pc,
            ),
        ),
    )
)
COOKIE = "tongke_pairing"
FRESH = "tongke_paired"
FRESH_S = 300
# A school that sets up all its rooms in one morning has one address.
ASKING = Limit("pairing-code", burst=40, refill_s=15)


@router.get("/device")
async def device(request: Request, pages: ThePages, frame: TheFrame) -> Response:
    """A PC without an address shows its code; once that is approved it goes where it belongs."""
    secret = request.cookies.get(COOKIE, "")
    found = await service.waiting(frame, secret)
    if found is not None and found.room is not None:
        return _arrived(found.room)
    if found is None:
        await _limited(frame, request)
        agent = request.headers.get("user-agent", "")
        found = await service.ask(frame, secret, agent)
    left = found.expires_at - frame.now()
    answer = pages.render(
        request,
        "devices/code.html",
        code=found.code,
        data={"state_url": "/device/state", "left_s": max(1, round(left.total_seconds()))},
    )
    answer.set_cookie(
        COOKIE,
        found.secret,
        max_age=round(service.CODE_LIFE.total_seconds()),
        path="/device",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


async def _limited(frame: Frame, request: Request) -> None:
    address = request.client.host if request.client else ""
    await frame.limiter.take(ASKING, address)


def _arrived(room: Room) -> Response:
    """To the room's own address, which says once that it is to be kept."""
    answer = RedirectResponse(f"/room/{room.token}", 303)
    answer.delete_cookie(COOKIE, path="/device", httponly=True, samesite="strict")
    answer.set_cookie(FRESH, "1", max_age=FRESH_S, path="/room", httponly=True, samesite="lax")
    return answer


@router.get("/device/state")
async def device_state(request: Request, frame: TheFrame) -> Response:
    """What the PC's page asks every two seconds: ``waiting``, ``approved`` or ``over``."""
    found = await service.waiting(frame, request.cookies.get(COOKIE, ""))
    state = "over" if found is None else "waiting" if found.room is None else "approved"
    return JSONResponse({"state": state}, headers={"Cache-Control": "no-store"})


def sightings_of(request: Request) -> service.Sightings:
    """Those of this process."""
    state = request.app.state
    if not hasattr(state, "sightings"):
        state.sightings = service.Sightings(state.frame)
    found: service.Sightings = state.sightings
    return found


def kept_page(request: Request, pages: ThePages, room: Room) -> Response | None:
    """What a PC sees at its room's address the first time: how to keep the address."""
    if FRESH not in request.cookies:
        return None
    address = _address(request, room)
    answer = pages.render(
        request, "devices/kept.html", room=room, address=address, picture=picture_of(address)
    )
    answer.delete_cookie(FRESH, path="/room", httponly=True, samesite="lax")
    return answer


def _address(request: Request, room: Room) -> str:
    return f"{str(request.base_url).rstrip('/')}/room/{room.token}"


def picture_of(address: str) -> Markup:
    """The address as a QR code, an SVG that scales with what holds it."""
    code = segno.make(address, error="m", micro=False)
    # The picture is our own drawing of the address, with no text of it.
    return Markup(code.svg_inline(omitsize=True, border=2, svgclass="qr"))


@router.get("/admin/devices")
async def codes(
    request: Request, pages: ThePages, principal: RequiredPrincipal, room: str = ""
) -> Response:
    if not APPROVE.allows_anywhere(principal):
        raise Forbidden
    return desk(
        request,
        pages,
        principal,
        "admin/devices/code.html",
        section=SECTION.key,
        trouble="",
        device_url=f"{request.base_url}device",
        room=room if _uuid(room) else "",
    )


@router.post("/admin/devices")
async def code_typed(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    code: Annotated[str, Form(max_length=40)] = "",
    room: Annotated[str, Form(max_length=40)] = "",
    q: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """The PC that shows the code, and the rooms it could be of."""
    digits = "".join(one for one in code if one.isdecimal() and one.isascii())
    try:
        found = await service.request_of(frame, session, principal, digits)
    except (NotFound, TooMany) as error:
        return desk(
            request,
            pages,
            principal,
            "admin/devices/code.html",
            section=SECTION.key,
            status=error.status,
            trouble=pages.say(request, error.message, error.params),
            device_url=f"{request.base_url}device",
            room=room if _uuid(room) else "",
        )
    rooms = await service.rooms_to_pair(session, principal, q)
    if (key := _uuid(room)) and not q:
        chosen = await service.room_for(session, principal, APPROVE, key)
        rooms = [chosen, *(one for one in rooms if one.id != key)]
    return desk(
        request,
        pages,
        principal,
        "admin/devices/room.html",
        section=SECTION.key,
        code=digits,
        asked=found,
        rooms=rooms,
        chosen=room,
        q=q,
        many=len(rooms) >= service.ROOMS_SHOWN,
    )


@router.post("/admin/devices/approve")
async def approve(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Writing,
    principal: RequiredPrincipal,
    code: Annotated[str, Form(max_length=40)] = "",
    room: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    if not APPROVE.allows_anywhere(principal):
        raise Forbidden
    try:
        _, approved = await service.approve(frame, session, principal, code, _key(room))
    except TongkeError as error:
        if error.status == 403:
            raise
        return desk(
            request,
            pages,
            principal,
            "admin/devices/code.html",
            section=SECTION.key,
            status=error.status,
            trouble=pages.say(request, error.message, error.params),
            device_url=f"{request.base_url}device",
            room="",
        )
    return done(
        f"/admin/rooms/{approved.id}/devices",
        N_("The PC is on its way to %(room)s."),
        room=approved.name,
    )


@router.get("/admin/rooms/{room_id}/devices")
async def room_devices(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    room_id: str,
) -> Response:
    room = await service.room_for(session, principal, SEE, _key(room_id))
    may = APPROVE.allows(principal, room.school)
    address = _address(request, room) if may and room.revoked_at is None else ""
    return desk(
        request,
        pages,
        principal,
        "admin/devices/list.html",
        section=SECTION.key,
        room=room,
        devices=await service.devices_of(session, room),
        may_approve=may,
        address=address,
        recent=frame.now() - 2 * service.SEEN_EVERY,
        query=urlencode({"room": str(room.id)}),
    )


@router.get("/admin/rooms/{room_id}/poster")
async def poster(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal, room_id: str
) -> Response:
    """One sheet of paper to hang beside the PC."""
    room = await service.room_for(session, principal, APPROVE, _key(room_id))
    if room.revoked_at is not None:
        raise NotFound(N_("This classroom has no address now."), code="no_address")
    address = _address(request, room)
    return pages.render(
        request, "devices/poster.html", room=room, address=address, picture=picture_of(address)
    )


@router.post("/admin/rooms/{room_id}/address/{act}")
async def change_address(
    frame: TheFrame, session: Writing, principal: RequiredPrincipal, room_id: str, act: str
) -> Response:
    key = _key(room_id)
    here = f"/admin/rooms/{key}/devices"
    if act == "renew":
        await service.renew(frame, session, principal, key)
        return done(
            here, N_("The classroom has a new address. The old one opens nothing any more.")
        )
    if act == "revoke":
        await service.revoke(frame, session, principal, key)
        return done(here, N_("The classroom's address opens nothing any more."))
    raise NotFound


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _key(text: str) -> UUID:
    key = _uuid(text)
    if key is None:
        raise NotFound(service.NO_ROOM, code="no_room_here")
    return key
