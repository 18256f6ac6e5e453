"""JSON API of a course's picture; ``cover`` of the course is its address once there is one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Response, UploadFile

from tongke_courses.catalogue import covers, service
from tongke_courses.catalogue.models import Course
from tongke_courses.catalogue.routes import full
from tongke_courses.catalogue.schemas import CourseFull
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.frame import Frame, TheFrame
from tongke_platform.rights import Principal

router = APIRouter(prefix="/api/courses", tags=["courses"])
# With the form's frame around a photo of the greatest size.
MAX_PHOTO = 16 << 20


@router.put("/{course_id}/cover", max_body_size=MAX_PHOTO)
async def put(
    course_id: UUID,
    frame: TheFrame,
    principal: RequiredPrincipal,
    response: Response,
    file: Annotated[UploadFile, File(description="A JPEG, PNG or WebP; it is made smaller.")],
) -> CourseFull:
    """Instead of the one there was. What a camera wrote into the file is left out."""
    made = await covers.put(frame, principal, course_id, await file.read())
    return await _said(frame, principal, made, response)


@router.delete("/{course_id}/cover")
async def take_away(
    course_id: UUID, frame: TheFrame, principal: RequiredPrincipal, response: Response
) -> CourseFull:
    """Without one is no error."""
    made = await covers.take_away(frame, principal, course_id)
    return await _said(frame, principal, made, response)


async def _said(frame: Frame, by: Principal, course: Course, response: Response) -> CourseFull:
    async with frame.database.read() as session:
        counts = await service.followers(session, [course])
    response.headers["ETag"] = f'"{course.version}"'
    return full(course, by, counts.get(course.id, 0))
