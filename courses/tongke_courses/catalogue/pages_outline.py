"""The units and lessons of a course: added, named, moved, for a teacher on a phone."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_courses.catalogue import page_forms, service, syllabus
from tongke_courses.catalogue.page_editor import again
from tongke_courses.catalogue.page_forms import STEPS
from tongke_courses.catalogue.schemas import UnitIn
from tongke_courses.lessons.rights import NO_LESSON
from tongke_courses.lessons.schemas import LessonIn
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.errors import N_, NotFound
from tongke_platform.frame import TheFrame
from tongke_platform.pages.desk import done, filled, parse_uuid, typed
from tongke_platform.pages.rendering import ThePages

router = APIRouter(include_in_schema=False)


@router.post("/courses/{course_id}/units")
async def add_unit(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:
    values = await typed(request)
    try:
        wanted = UnitIn.model_validate(filled(values, "title"))
        async with frame.database.write() as session:
            await service.add_unit(session, principal, course_id, wanted.title)
    except ValidationError as error:
        return await again(request, pages, frame, principal, course_id, error)
    return done(f"/courses/{course_id}/edit#lessons", N_("The unit is added."))


@router.post("/courses/{course_id}/units/{unit_id}/{act}")
async def change_unit(
    request: Request,
    frame: TheFrame,
    principal: RequiredPrincipal,
    course_id: UUID,
    unit_id: UUID,
    act: str,
) -> Response:
    """``act``: up, down, rename or remove; lessons of a unit that goes stay in the course."""
    values = await typed(request)
    async with frame.database.write() as session:
        if act in STEPS:
            units = (await service.get(session, principal, course_id)).units
            order = page_forms.moved(
                [str(one.id) for one in units], _there(unit_id, units), STEPS[act]
            )
            await service.order_units(session, principal, course_id, [UUID(one) for one in order])
        elif act == "rename":
            wanted = UnitIn.model_validate({"title": values.get("title", "")})
            was = values.get("was")
            await service.rename_unit(session, principal, course_id, unit_id, wanted.title, was)
        elif act == "remove":
            await service.remove_unit(session, principal, course_id, unit_id)
        else:
            raise NotFound
    return done(f"/courses/{course_id}/edit#lessons", N_("Saved."))


def _there(key: UUID, among: Sequence[Any]) -> str:
    """Raises NotFound."""
    if key not in {one.id for one in among}:
        raise NotFound(service.NO_UNIT, code="no_unit")
    return str(key)


@router.post("/courses/{course_id}/lessons")
async def add_lesson(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    course_id: UUID,
) -> Response:
    """By its title; time, words and materials are its own page."""
    values = await typed(request)
    try:
        async with frame.database.write() as session:
            it = await service.to_edit(session, principal, course_id)
            wanted = LessonIn.model_validate(
                {
                    **filled(values, "title"),
                    "subject": it.subject,
                    "grade": it.grade,
                    "course_id": course_id,
                    "unit_id": parse_uuid(values.get("unit", "")),
                }
            )
            made = await syllabus.plan(frame, session, principal, wanted)
    except ValidationError as error:
        return await again(request, pages, frame, principal, course_id, error)
    return done(f"/courses/{course_id}/edit#lesson-{made.id}", N_("The lesson is added."))


@router.post("/courses/{course_id}/lessons/{lesson_id}/{act}")
async def move_lesson(
    frame: TheFrame, principal: RequiredPrincipal, course_id: UUID, lesson_id: UUID, act: str
) -> Response:
    """``act``: up or down, within its unit."""
    if act not in STEPS:
        raise NotFound
    async with frame.database.write() as session:
        found = (await syllabus.lines(session, principal, course_id)).lessons
        it = next((one for one in found if one.id == lesson_id), None)
        if it is None:
            raise NotFound(NO_LESSON, code="no_lesson")
        beside = [str(one.id) for one in found if one.unit_id == it.unit_id]
        order = page_forms.moved(beside, str(lesson_id), STEPS[act])
        await syllabus.order(
            session, principal, course_id, it.unit_id, [UUID(one) for one in order]
        )
    return done(f"/courses/{course_id}/edit#lesson-{lesson_id}", N_("Saved."))
