"""Lessons, units and courses to take home: how large, and the archive itself."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from tongke_courses.materials import names
from tongke_courses.takehome import contents, members, recordings, service
from tongke_courses.takehome.answering import answer
from tongke_courses.takehome.contents import Contents
from tongke_courses.takehome.schemas import ArchiveSize, LeftOutOut
from tongke_platform.accounts.rights import CurrentPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.documented import a_file
from tongke_platform.frame import Frame, TheFrame
from tongke_platform.pages.languages import translations
from tongke_platform.rights import Principal

router = APIRouter(prefix="/api", tags=["takehome"])

Gather = Callable[[ReadSession, Principal | None, UUID], Awaitable[Contents]]


def archive_say(frame: Frame) -> members.Say:
    """The server's own language, whoever asks: the same archive is the same bytes."""
    return translations(frame.settings.default_language).gettext


async def _size(
    request: Request, frame: Frame, gather: Gather, principal: Principal | None, key: UUID
) -> ArchiveSize:
    async with frame.database.read() as session:
        found = await gather(session, principal, key)
    await recordings.add_to(frame, principal, found)
    all_ = members.archive_members(found, archive_say(frame))
    return ArchiveSize(
        bytes=service.size_of(all_),
        files=sum(one.file for one in all_),
        left_out=[
            LeftOutOut(title=one.title, why=frame.translate(request, one.why))
            for one in found.left_out
        ],
    )


async def _archive(
    request: Request, frame: Frame, gather: Gather, principal: Principal | None, key: UUID
) -> Response:
    async with frame.database.read() as session:
        found = await gather(session, principal, key)
    await recordings.add_to(frame, principal, found)
    await service.count_recordings(frame, found)
    all_ = members.archive_members(found, archive_say(frame))
    return await answer(request, frame, all_, names.clean(found.title, "tongke") + ".zip")


@router.get("/lessons/{lesson_id}/archive/size")
async def lesson_size(
    request: Request, lesson_id: UUID, frame: TheFrame, principal: CurrentPrincipal
) -> ArchiveSize:
    return await _size(request, frame, contents.of_lesson, principal, lesson_id)


@router.get("/units/{unit_id}/archive/size")
async def unit_size(
    request: Request, unit_id: UUID, frame: TheFrame, principal: CurrentPrincipal
) -> ArchiveSize:
    return await _size(request, frame, contents.of_unit, principal, unit_id)


@router.get("/courses/{course_id}/archive/size")
async def course_size(
    request: Request, course_id: UUID, frame: TheFrame, principal: CurrentPrincipal
) -> ArchiveSize:
    return await _size(request, frame, contents.of_course, principal, course_id)


@router.get("/lessons/{lesson_id}/archive.zip", **a_file("application/zip"))
@router.head("/lessons/{lesson_id}/archive.zip", include_in_schema=False)
async def lesson_archive(
    request: Request, lesson_id: UUID, frame: TheFrame, principal: CurrentPrincipal
) -> Response:
    """With ranges: a download that broke off goes on at any byte."""
    return await _archive(request, frame, contents.of_lesson, principal, lesson_id)


@router.get("/units/{unit_id}/archive.zip", **a_file("application/zip"))
@router.head("/units/{unit_id}/archive.zip", include_in_schema=False)
async def unit_archive(
    request: Request, unit_id: UUID, frame: TheFrame, principal: CurrentPrincipal
) -> Response:
    """With ranges, as a lesson's."""
    return await _archive(request, frame, contents.of_unit, principal, unit_id)


@router.get("/courses/{course_id}/archive.zip", **a_file("application/zip"))
@router.head("/courses/{course_id}/archive.zip", include_in_schema=False)
async def course_archive(
    request: Request, course_id: UUID, frame: TheFrame, principal: CurrentPrincipal
) -> Response:
    """With ranges, as a lesson's."""
    return await _archive(request, frame, contents.of_course, principal, course_id)
