"""JSON API of materials, and a lesson's captions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from tongke_courses.catalogue.repository import CourseRepository
from tongke_courses.lessons import access
from tongke_courses.lessons.dependencies import parse_id
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.lessons.rights import NO_LESSON
from tongke_courses.lessons.visibility import Visibility
from tongke_courses.materials import captioning, rights, service, uploading
from tongke_courses.materials.models import Material, StoredFile
from tongke_courses.materials.rights import Owner
from tongke_courses.materials.schemas import (
    MaterialChange,
    MaterialIn,
    MaterialOut,
    MaterialWithVersions,
    VersionIn,
)
from tongke_courses.materials.showing import shown, with_versions
from tongke_platform.accounts.rights import CurrentPrincipal, RequiredPrincipal
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.documented import a_file
from tongke_platform.errors import N_, Invalid, NotFound
from tongke_platform.frame import Frame, Reading, TheFrame, Writing
from tongke_platform.rights import Principal

lesson_router = APIRouter(prefix="/api/lessons/{lesson_id}", tags=["materials"])
course_router = APIRouter(prefix="/api/courses/{course_id}", tags=["materials"])
router = APIRouter(prefix="/api/materials/{material_id}", tags=["materials"])
ROUTERS = (lesson_router, course_router, router)

NO_COURSE = N_("There is no such course.")


async def lesson_here(lesson_id: str, session: Reading) -> Owner:
    found = await LessonRepository(session).by_id(parse_id(lesson_id))
    if found is None:
        raise NotFound(NO_LESSON, code="no_lesson")
    return found


async def course_here(course_id: UUID, session: Reading) -> Owner:
    found = await CourseRepository(session).by_id(course_id)
    if found is None:
        raise NotFound(NO_COURSE, code="no_course")
    return found


TheLesson = Annotated[Owner, Depends(lesson_here)]
TheCourse = Annotated[Owner, Depends(course_here)]


async def _listed(
    session: ReadSession, principal: Principal | None, owner: Owner, removed: bool
) -> list[MaterialOut]:
    await rights.check_see_owner(session, principal, owner)
    edits = rights.may_edit_owner(principal, owner)
    found = await service.of_owner(session, owner, removed=removed and edits)
    return await shown(session, principal, found)


@lesson_router.get("/materials")
async def list_of_lesson(
    lesson: TheLesson, session: Reading, principal: CurrentPrincipal, removed: bool = False
) -> list[MaterialOut]:
    """In their order; ``removed=true``: for those who edit, with those taken away."""
    return await _listed(session, principal, lesson, removed)


@course_router.get("/materials")
async def list_of_course(
    course: TheCourse, session: Reading, principal: CurrentPrincipal, removed: bool = False
) -> list[MaterialOut]:
    """Those of the course as a whole; each lesson lists its own."""
    return await _listed(session, principal, course, removed)


@lesson_router.post("/materials", status_code=201)
async def add_to_lesson(
    body: MaterialIn, lesson: TheLesson, principal: RequiredPrincipal, frame: TheFrame
) -> MaterialOut:
    return await _add(frame, principal, lesson, body)


@course_router.post("/materials", status_code=201)
async def add_to_course(
    body: MaterialIn, course: TheCourse, principal: RequiredPrincipal, frame: TheFrame
) -> MaterialOut:
    return await _add(frame, principal, course, body)


async def _add(frame: Frame, principal: Principal, owner: Owner, body: MaterialIn) -> MaterialOut:
    rights.check_edit_owner(principal, owner)
    place = service.place_of(owner)
    said: service.Said = {
        "title": body.title or "",
        "by": principal.id,
        "licence": body.licence,
        "credits": body.credits,
    }
    if body.upload_id is None:
        async with frame.database.write() as session:
            made = await service.add_link(session, frame, url=body.url, **place, **said)
            return (await shown(session, principal, [made]))[0]
    name, stored = await _sent(frame, principal, body.upload_id)
    async with frame.database.write() as session:
        made = await service.add_file(session, frame, name=name, stored=stored, **place, **said)
        return (await shown(session, principal, [made]))[0]


async def _sent(frame: Frame, principal: Principal, upload_id: UUID) -> tuple[str, StoredFile]:
    """A whole upload of one's own. Raises Invalid ``no_upload``, and what ``finish`` raises."""
    try:
        upload = await uploading.get(frame, principal, upload_id)
    except NotFound as error:
        raise Invalid(error.message, code=error.code) from error
    upload = await uploading.finish(frame, upload)
    assert upload.file is not None, "finished"
    return upload.name, upload.file


async def _seen(session: ReadSession, principal: Principal | None, material_id: UUID) -> Material:
    found = await service.get(session, material_id)
    await rights.check_see(session, principal, found)
    return found


async def _edited(session: WriteSession, principal: Principal, material_id: UUID) -> Material:
    found = await service.to_change(session, material_id)
    rights.check_edit_owner(principal, await rights.owner_of(session, found))
    return found


@router.get("")
async def get(
    material_id: UUID, session: Reading, principal: CurrentPrincipal
) -> MaterialWithVersions:
    return await with_versions(session, principal, await _seen(session, principal, material_id))


@router.patch("")
async def change(
    material_id: UUID,
    body: MaterialChange,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> MaterialOut:
    found = await _edited(session, principal, material_id)
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    changed = await service.change(session, frame, found, changes)
    return (await shown(session, principal, [changed]))[0]


@router.post("/versions", status_code=201)
async def add_version(
    material_id: UUID, body: VersionIn, principal: RequiredPrincipal, frame: TheFrame
) -> MaterialWithVersions:
    """A newer file; older ones are kept for those who edit."""
    async with frame.database.read() as session:
        found = await service.get(session, material_id)
        rights.check_edit_owner(principal, await rights.owner_of(session, found))
    name, stored = await _sent(frame, principal, body.upload_id)
    async with frame.database.write() as session:
        locked = await _edited(session, principal, material_id)
        changed = await service.add_version(
            session, frame, locked, name=name, stored=stored, by=principal.id, note=body.note
        )
        return await with_versions(session, principal, changed)


@router.delete("")
async def remove(
    material_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> MaterialOut:
    """Taken away, not lost: ``restore`` brings it back."""
    found = await _edited(session, principal, material_id)
    removed = await service.remove(session, frame, found)
    return (await shown(session, principal, [removed]))[0]


@router.post("/restore")
async def restore(
    material_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> MaterialOut:
    found = await _edited(session, principal, material_id)
    restored = await service.restore(session, frame, found)
    return (await shown(session, principal, [restored]))[0]


@lesson_router.get("/captions.vtt", **a_file("text/vtt"))
async def captions(
    request: Request, lesson: TheLesson, session: Reading, frame: TheFrame
) -> Response:
    """The newest captions of the lesson as clean WebVTT, for whoever may watch it: people,
    classrooms and links with ``?token=``, everybody when it is public.
    """
    if lesson.visibility is not Visibility.PUBLIC:
        allowed = await access.resolve(frame, request, str(lesson.id))
        if not allowed.may_watch:
            raise NotFound(captioning.NO_CAPTIONS, code="no_captions")
    vtt = await captioning.of_lesson(session, frame, lesson.id)
    if vtt is None:
        raise NotFound(captioning.NO_CAPTIONS, code="no_captions")
    headers = {"Cache-Control": "private, no-cache"}
    return Response(vtt, media_type="text/vtt; charset=utf-8", headers=headers)
