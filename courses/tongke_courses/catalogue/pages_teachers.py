"""A course's teachers: who gives it, who leads it; others of the school or of a partner are added."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongke_courses.catalogue import rights, service
from tongke_courses.catalogue.models import CoursePart
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Invalid, NotFound
from tongke_platform.frame import Reading, TheFrame
from tongke_platform.pages.desk import desk, done, parse_uuid, trouble_of, typed
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
SAID = {
    "lead": N_("%(name)s leads the course."),
    "co": N_("%(name)s teaches the course along with others."),
    "remove": N_("%(name)s does not teach this course any more."),
}


@router.get("/courses/{course_id}/edit/teachers")
async def teachers(
    request: Request, pages: ThePages, session: Reading, principal: RequiredPrincipal,
    course_id: UUID, q: str = "",
) -> Response:  # fmt: skip
    return await _page(request, pages, session, principal, course_id, q)


async def _page(
    request: Request, pages: Pages, session: ReadSession, principal: Principal, key: UUID,
    q: str = "", *, trouble: str = "", status: int = 200,
) -> Response:  # fmt: skip
    it = await service.get(session, principal, key)
    rights.check_manage(principal, it)
    asked = q.replace("\0", "").strip()[:80]
    offered = await service.teacher_choices(session, principal, key, asked)
    there = {one.person_id for one in it.teachers}
    return desk(
        request, pages, principal, "catalogue/teachers.html", section="", course=it, asked=asked,
        offered=[one for one in offered if one.id not in there],
        more=len(offered) == service.TEACHER_CHOICES,
        schools=await service.schools_of_teachers(
            session, principal, it, [*there, *(one.id for one in offered)]
        ),
        leads=sum(one.part is CoursePart.LEAD for one in it.teachers), trouble=trouble,
        status=status,
    )  # fmt: skip


@router.post("/courses/{course_id}/edit/teachers")
async def change(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:  # fmt: skip
    """``act``: lead, co (both add as well) or remove."""
    values = await typed(request)
    act, person = values.get("act", ""), parse_uuid(values.get("person", ""))
    if act not in SAID or person is None:
        raise NotFound
    try:
        async with frame.database.write() as session:
            name = await _change(session, principal, course_id, person, act)
    except (Invalid, Conflict) as error:
        async with frame.database.read() as reading:
            return await _page(
                request, pages, reading, principal, course_id,
                trouble=trouble_of(request, pages, error), status=error.status,
            )  # fmt: skip
    return done(await _next(frame, principal, course_id), SAID[act], name=name)


async def _change(
    session: WriteSession, principal: Principal, key: UUID, person: UUID, act: str
) -> str:
    """The teacher's name."""
    if act == "remove":
        before = await service.to_manage(session, principal, key)
        names = {one.person_id: one.person.display_name for one in before.teachers}
        await service.remove_teacher(session, principal, key, person)
    else:
        after = await service.set_teacher(session, principal, key, person, CoursePart(act))
        names = {one.person_id: one.person.display_name for one in after.teachers}
    return names[person]


async def _next(frame: TheFrame, principal: Principal, key: UUID) -> str:
    """Who has taken themself out may no longer do more here, perhaps not even see the course."""
    async with frame.database.read() as session:
        try:
            it = await service.get(session, principal, key)
        except NotFound:
            return "/catalogue"
    if rights.may_manage(principal, it):
        return f"/courses/{key}/edit/teachers"
    return f"/courses/{key}/edit" if rights.may_edit(principal, it) else f"/courses/{key}"
