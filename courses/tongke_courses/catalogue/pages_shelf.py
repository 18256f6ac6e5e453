"""The school's own shelf: its courses, those its classes follow, what was delivered; packages."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongke_courses.catalogue import links, shelf
from tongke_courses.catalogue.page_parts import chosen_class, classes_for
from tongke_courses.catalogue.pages_course import NO_CLASS
from tongke_courses.catalogue.rights import CREATE
from tongke_courses.catalogue.schemas import ClassLinkIn
from tongke_courses.lessons.rights import WATCH
from tongke_courses.packages import service as packages
from tongke_courses.packages.schemas import package_out
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import N_, Forbidden, Invalid
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import desk, done, parse_uuid, query, typed
from tongke_platform.pages.rendering import ThePages
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
SHOWN = 20
PARTS = ("own", "followed", "delivered")


@router.get("/shelf")
async def own_shelf(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    part: str = "",
    before: str = "",
) -> Response:
    """One part at a time: first what its classes follow, for who makes no courses. Who is of no school
    has none: the catalogue is theirs.
    """
    if part not in PARTS:
        part = "own" if _makes(principal) else "followed"
    school = principal.school
    if school is None or not WATCH.allows(principal, school):
        return desk(request, pages, principal, "catalogue/no_shelf.html", section="")
    read = {"own": shelf.own, "followed": shelf.followed, "delivered": shelf.delivered}[part]
    classes = await classes_for(session, principal)
    found, after = await read(session, principal, school, before=parse_uuid(before), limit=SHOWN)
    return desk(
        request, pages, principal, "catalogue/shelf.html", section="", school=school, part=part,
        found=found, next=f"/shelf{query(part=part, before=after)}" if after else "",
        first=f"/shelf?part={part}" if before else "", makes=_makes(principal),
        classes=classes, chosen=chosen_class(request, classes),
        links=await links.standing(session, principal, frame.now()),
        may_link=bool(classes) and await links.may_make(session, principal, frame.today()),
    )  # fmt: skip


def _makes(principal: Principal) -> bool:
    return principal.school is not None and CREATE.allows(principal, principal.school)


@router.post("/shelf/links")
async def make_link(request: Request, frame: TheFrame, principal: RequiredPrincipal) -> Response:
    """Of all that a class follows, now and later; next its page, to be printed."""
    key = parse_uuid((await typed(request)).get("class", ""))
    if key is None:
        raise Invalid(NO_CLASS, code="no_class")
    async with frame.database.write() as session:
        made = await links.make(frame, session, principal, ClassLinkIn(class_id=key))
    return done(f"/class-links/{made.id}", N_("The link is ready."))


@router.get("/shelf/import")
async def bring_in(request: Request, pages: ThePages, principal: RequiredPrincipal) -> Response:
    """A package of another system becomes a draft course."""
    if not CREATE.allows_anywhere(principal):
        raise Forbidden
    data = {"start_url": "/api/packages", "page": "/shelf/import/"}
    return desk(request, pages, principal, "catalogue/import.html", section="", data=data)


@router.get("/shelf/import/{package_id}")
async def brought(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    package_id: UUID,
) -> Response:
    """How far it is, and what was left out and why."""
    found = await packages.get(session, principal, package_id)
    out = package_out(found, lambda message: pages.say(request, message, {}))
    return desk(
        request, pages, principal, "catalogue/imported.html", section="", found=out,
        data={"url": f"/api/packages/{package_id}", "running": out.state.value == "running"},
    )  # fmt: skip
