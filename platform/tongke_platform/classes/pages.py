"""Pages of classes: the list, one with its names, new and changed, and the yearly promotion."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.classes import promotion, rights, service
from tongke_platform.classes.repository import ClassRepository
from tongke_platform.classes.schemas import ClassChange, ClassIn
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Forbidden, Invalid, TongkeError
from tongke_platform.frame import Reading, TheFrame, Writing
from tongke_platform.organisations import lists
from tongke_platform.organisations import service as organisations
from tongke_platform.organisations.models import SCHOOLS, Organisation
from tongke_platform.pages.desk import (
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
from tongke_platform.paging import Window
from tongke_platform.rights import Principal
from tongke_platform.undo import service as undos

router = APIRouter(include_in_schema=False)
SECTION = add_section(
    Section(
        "classes",
        N_("Classes"),
        "/admin/classes",
        "graduation-cap",
        rights.READ,
        N_("classes and their lists, and moving up a grade each year"),
    )
)
LABELS = {
    "school": N_("School"),
    "grade": N_("Grade"),
    "name": N_("Name"),
    "size": N_("Pupils"),
}
GRADES = [(number, service.grade_name(number)) for number in range(1, 13)]
Asked = Annotated[str, Query(max_length=200)]


@router.get("/admin/classes")
async def show(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    q: Asked = "",
    school: Asked = "",
    grade: Asked = "",
    state: Asked = "open",
    after: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    if not rights.READ.allows_anywhere(principal):
        raise Forbidden
    q, place = q.strip().replace("\0", ""), parse_uuid(school)
    number = int(grade) if grade in {str(one) for one, _ in GRADES} else None
    found = await ClassRepository(session).page(
        rights.READ.clause(principal), Window.of(after), principal.today,
        q=q, organisation_id=place, grade=number, state=state,
    )  # fmt: skip
    return desk(
        request, pages, principal, "admin/classes/list.html", section="classes",
        found=found, q=q, grade=number or "", state=state, after=after, grades=GRADES,
        school=await lists.seen_or_none(session, principal, place),
        own=await _promotable(session, principal, place),
        plain=not (q or place or number or after),
        here=query(q=q, school=school, grade=grade, state=state),
        manages=rights.MANAGE.allows_anywhere(principal),
    )  # fmt: skip


async def _promotable(
    session: ReadSession, principal: Principal, place: UUID | None
) -> Organisation | None:
    """The school whose promotion the page offers: the one filtered, else the asker's own."""
    found = await lists.seen_or_none(session, principal, place or principal.school_id)
    if found is None or found.kind not in SCHOOLS or found.closed_on is not None:
        return None
    return found if rights.MANAGE.allows(principal, found) else None


async def _form(
    request: Request,
    pages: Pages,
    session: ReadSession,
    principal: Principal,
    values: dict[str, object],
    *,
    school: Organisation | None = None,
    trouble: str = "",
    status: int = 200,
) -> Response:
    found = await lists.choices(session, principal, rights.MANAGE)
    return desk(
        request, pages, principal, "admin/classes/new.html", section="classes", status=status,
        values=dict.fromkeys(LABELS, "") | values, trouble=trouble, grades=GRADES, school=school,
        schools=[one for one in found if one.kind in SCHOOLS],
    )  # fmt: skip


@router.get("/admin/classes/new")
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
    return await _form(request, pages, session, principal, {"size": 40}, school=place)


@router.post("/admin/classes")
async def create(
    request: Request, pages: ThePages, frame: TheFrame, principal: RequiredPrincipal
) -> Response:
    values = await typed(request)
    try:
        wanted = ClassIn.model_validate(filled(values, "grade", "name", "size"))
        async with frame.database.write() as session:
            place = await lists.named(session, principal, values.get("school", ""))
            made = await service.create_class(
                session, place, grade=wanted.grade, name=wanted.name, size=wanted.size,
                by=principal,
            )  # fmt: skip
    except (ValidationError, TongkeError) as error:
        if isinstance(error, ValidationError):
            trouble, status = mistake(request, pages, error, LABELS), 422
        else:
            trouble, status = trouble_of(request, pages, error), error.status
        async with frame.database.read() as reading:
            # What the refused session read is gone with it.
            school = await lists.named_or_none(reading, principal, values.get("school", ""))
            return await _form(
                request, pages, reading, principal, dict[str, object](values),
                school=school, trouble=trouble, status=status,
            )  # fmt: skip
    return done(f"/admin/classes/{made.id}", N_("%(name)s is added."), name=made.name)


@router.get("/admin/classes/{class_id}")
async def one(
    request: Request,
    pages: ThePages,
    session: Reading,
    principal: RequiredPrincipal,
    class_id: UUID,
) -> Response:
    """The names only for those who may read them; others see how many there are."""
    found = await service.class_seen(session, class_id, principal)
    years = await ClassRepository(session).years(found.id)
    today = principal.today
    names = rights.PUPILS.allows(principal, found.organisation)
    return desk(
        request, pages, principal, "admin/classes/one.html", section="classes",
        found=found, years=years, may_read=names,
        this_year=next((y for y in years if y.year.starts_on <= today <= y.year.ends_on), None),
        pupils=await service.pupils_of(session, found, by=principal) if names else [],
        number=await service.pupil_count(session, found, today),
        rooms=await ClassRepository(session).rooms([found.id]),
        manages=rights.MANAGE.allows(principal, found.organisation),
        grades=dict(GRADES),
    )  # fmt: skip


@router.post("/admin/classes/{class_id}/edit")
async def change(
    request: Request, session: Writing, principal: RequiredPrincipal, class_id: UUID
) -> Response:
    found = await service.class_to_change(session, class_id, principal)
    try:
        wanted = ClassChange.model_validate(filled(await typed(request), "name", "size"))
    except ValidationError as error:
        raise Invalid from error
    await service.change_class(session, found, name=wanted.name, size=wanted.size, by=principal)
    return done(f"/admin/classes/{class_id}", N_("Saved."))


@router.post("/admin/classes/{class_id}/pupils")
async def add_pupils(
    session: Writing,
    principal: RequiredPrincipal,
    class_id: UUID,
    names: Annotated[str, Form(max_length=40_000)] = "",
) -> Response:
    found = await service.class_to_change(session, class_id, principal)
    made = await service.add_pupils(session, found, service.parse_list(names), by=principal)
    words = N_("Names added to the list: %(count)s.")
    return done(f"/admin/classes/{class_id}", words, count=made)


@router.post("/admin/classes/{class_id}/pupils/{pupil_id}/remove")
async def remove_pupil(
    session: Writing, principal: RequiredPrincipal, class_id: UUID, pupil_id: UUID
) -> Response:
    found = await service.class_to_change(session, class_id, principal)
    await service.remove_pupil(session, found, pupil_id, by=principal)
    return done(f"/admin/classes/{class_id}", N_("Taken off the list."))


@router.get("/admin/organisations/{organisation_id}/promotion")
async def consider(
    request: Request,
    pages: ThePages,
    session: Writing,
    principal: RequiredPrincipal,
    organisation_id: UUID,
) -> Response:
    """What would become of every class; nothing is done yet."""
    school = await organisations.organisation_seen(session, organisation_id, principal)
    planned = await promotion.plan(session, school, by=principal)
    return desk(
        request, pages, principal, "admin/classes/promotion.html", section="classes",
        plan=planned, school=school, grades=dict(GRADES),
    )  # fmt: skip


@router.post("/admin/organisations/{organisation_id}/promotion")
async def promote(
    session: Writing, frame: TheFrame, principal: RequiredPrincipal, organisation_id: UUID
) -> Response:
    await organisations.organisation_seen(session, organisation_id, principal)
    planned, kept = await promotion.promote(session, organisation_id, by=principal)
    undo = await undos.keep(session, principal, "classes.promote", kept, frame.now())
    words = N_("Moved up: %(up)s. Left the school: %(left)s.")
    left = len(planned.leaving)
    where = "/admin/classes" + query(school=organisation_id)
    return done(where, words, undo=undo.id, up=len(planned.open) - left, left=left)
