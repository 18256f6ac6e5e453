"""Links for home: what a class's link opens on a phone, and the link to print and to revoke."""

from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from tongke_courses.catalogue import links
from tongke_courses.catalogue.models import Licence
from tongke_courses.catalogue.page_parts import LessonLine, materials_of
from tongke_courses.catalogue.repository import CourseRepository
from tongke_courses.lessons import service as lessons
from tongke_courses.materials import rights as material_rights
from tongke_courses.materials import service as materials
from tongke_courses.materials.downloads import answer as send
from tongke_courses.materials.looking import shown_inline
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.classes.repository import ClassRepository
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, NotFound
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.pages.desk import desk, done
from tongke_platform.pages.rendering import ThePages

router = APIRouter(include_in_schema=False)
PRIVATE = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True)
class HomeLine:
    """A lesson in the order it was taught, with its course and unit in words."""

    line: LessonLine
    course: str
    unit: str


@router.get("/home/{token}")
async def home(
    request: Request, pages: ThePages, frame: TheFrame, session: Reading, token: str
) -> Response:
    """The address is the key; nobody is named but teachers."""
    try:
        found = await links.home(session, token, frame.now(), frame.today())
    except NotFound:
        answer: Response = pages.render(request, "catalogue/gone.html", status=404)
    else:
        answer = pages.render(
            request, "catalogue/home.html", home=found, token=quote(token),
            lines=await _lines(session, found),
        )  # fmt: skip
    answer.headers.update(PRIVATE)
    return answer


async def _lines(session: ReadSession, found: links.Home) -> list[HomeLine]:
    """The first one first."""
    ordered = sorted(found.lessons, key=lambda one: (one.ended_at or one.starts_at, str(one.id)))
    keys = [one.course_id for one in ordered if one.course_id is not None]
    courses = await CourseRepository(session).by_ids(list(dict.fromkeys(keys)))
    of = {
        one.id: courses[one.course_id]
        for one in ordered
        if one.course_id is not None and one.course_id in courses
    }
    licences = {one.id: of[one.id].licence if one.id in of else Licence.SCHOOLS for one in ordered}
    shown = await materials_of(session, licences, of_school=True)
    return [
        HomeLine(
            LessonLine(one, shown.get(one.id, [])),
            of[one.id].title if one.id in of else "",
            found.units.get(one.unit_id, "") if one.unit_id else "",
        )
        for one in ordered
    ]


@router.get("/home/{token}/materials/{version_id}/{name}")
async def material(
    request: Request, frame: TheFrame, token: str, version_id: UUID, name: str, download: str = ""
) -> Response:
    """A material of a lesson the link opens; what may only be watched here is only shown."""
    async with frame.database.read() as session:
        link = await links.of_token(session, token, frame.now())
        if link is None:
            raise NotFound(links.GONE, code="link_gone")
        version, found = await materials.version(session, version_id)
        if found.lesson_id is None or found.removed_at is not None:
            raise NotFound(material_rights.NO_MATERIAL, code="no_material")
        lesson = await lessons.get(session, found.lesson_id)
        opened = await links.opens(session, link, lesson, frame.now(), frame.today())
        if not opened or found.current_id != version.id:
            raise NotFound(material_rights.NO_MATERIAL, code="no_material")
        licence = await material_rights.licence_of(session, found)
    inline = shown_inline(version.file.media_type) and not download
    if not inline and material_rights.why_not(licence, of_school=True):
        raise NotFound(material_rights.NO_MATERIAL, code="no_material")
    return await send(request, frame, version.file, version.name, inline=inline)


@router.get("/class-links/{link_id}")
async def link(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal, link_id: UUID
) -> Response:
    """To print: what it opens, for which class, until when, and the code to point a phone at."""
    found = await links.get(session, principal, link_id)
    address = f"{str(request.base_url).rstrip('/')}{links.path_of(found)}"
    name = await ClassRepository(session).name_on(found.school_class, principal.today)
    answer = desk(
        request, pages, principal, "catalogue/link.html", section="", link=found, name=name,
        address=address, code=Markup(links.code_of(address)),  # made here
    )  # fmt: skip
    answer.headers.update(PRIVATE)
    return answer


@router.post("/class-links/{link_id}/revoke")
async def revoke(
    frame: TheFrame, session: Writing, principal: RequiredPrincipal, link_id: UUID
) -> Response:
    found = await links.revoke(frame, session, principal, link_id)
    return done(_back(found.course_id, found.lesson_id), N_("The link opens nothing any more."))


def _back(course_id: UUID | None, lesson_id: UUID | None) -> str:
    if lesson_id is not None:
        return f"/lessons/{lesson_id}"
    return f"/courses/{course_id}" if course_id is not None else "/shelf"
