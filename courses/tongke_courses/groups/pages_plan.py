"""Planning an activity and changing it: one form, in which a lesson is looked for and chosen."""

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from tongke_courses.groups import activities, lesson_choice, rights, service, words
from tongke_courses.groups.models import Group
from tongke_courses.groups.page_forms import (
    LABELS,
    WRONG_TIMES,
    activity_body,
    activity_values,
    looks_for_lesson,
)
from tongke_courses.groups.schemas import ActivityChange, ActivityIn
from tongke_courses.lessons.rights import NO_LESSON
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Conflict, Forbidden, NotFound
from tongke_platform.frame import Frame, Reading, TheFrame
from tongke_platform.pages.desk import LONG_FORM, desk, done, mistake, trouble_of, typed
from tongke_platform.pages.rendering import Pages, ThePages
from tongke_platform.rights import Principal

router = APIRouter(include_in_schema=False)
Values = Mapping[str, str]


@router.get("/groups/{group_id}/activities/new")
async def new(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    group_id: UUID,
) -> Response:
    group = await _planned_in(session, principal, group_id)
    values = {"day": frame.today().isoformat(), "from": "14:30", "to": "16:00"}
    return await _form(request, pages, frame, session, principal, group, values)


async def _planned_in(session: ReadSession, by: Principal, key: UUID) -> Group:
    """Raises NotFound, Forbidden ``not_your_part``."""
    seen = await service.get(session, by, key)
    if seen.part not in rights.PLAN.roles:
        raise Forbidden(service.NOT_YOUR_PART, code="not_your_part")
    return seen.group


async def _form(
    request: Request, pages: Pages, frame: Frame, session: ReadSession, principal: Principal,
    group: Group, values: Values, *, activity_id: UUID | None = None, trouble: str = "",
    status: int = 422,
) -> Response:  # fmt: skip
    q = values.get("lesson_q", "").replace("\0", "").strip()[:200]
    chosen = lesson_choice.key_in(values.get("lesson", ""))
    choice = await lesson_choice.offered(session, frame, principal, group.id, q, chosen)
    return desk(
        request, pages, principal, "groups/activity_form.html", section="", group=group, q=q,
        values=values, words=words, activity_id=activity_id, trouble=trouble, choice=choice,
        status=status if trouble else 200,
    )  # fmt: skip


@router.post("/groups/{group_id}/activities/new", max_body_size=LONG_FORM)
async def plan(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    group_id: UUID,
) -> Response:
    values, trouble, status = await typed(request), "", 422
    if not looks_for_lesson(values):
        try:
            wanted = ActivityIn.model_validate(activity_body(values, frame.settings.zone))
            async with frame.database.write() as session:
                made = await activities.plan(session, frame, principal, group_id, wanted)
        except (ValidationError, NotFound) as error:
            trouble = _trouble(request, pages, error)
        except Conflict as error:
            trouble, status = trouble_of(request, pages, error), error.status
        else:
            return done(f"/activities/{made.id}", N_("Planned. The group is told."))
    async with frame.database.read() as reading:
        group = await _planned_in(reading, principal, group_id)
        return await _form(
            request, pages, frame, reading, principal, group, values,
            trouble=trouble, status=status,
        )  # fmt: skip


def _trouble(request: Request, pages: Pages, error: ValidationError | NotFound) -> str:
    """Raises the error itself when it is not about the form."""
    if isinstance(error, NotFound):
        if error.message != NO_LESSON:
            raise error
        return trouble_of(request, pages, error)
    place = error.errors()[0]["loc"]
    if not place or place[0] in {"starts_at", "ends_at"}:
        return pages.say(request, WRONG_TIMES, {})
    return mistake(request, pages, error, LABELS)


@router.get("/activities/{activity_id}/edit")
async def edit(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    session: Reading,
    principal: RequiredPrincipal,
    activity_id: UUID,
) -> Response:
    found, _ = await activities.get(session, principal, activity_id)
    group = await _planned_in(session, principal, found.group_id)
    values = activity_values(found, frame.settings.zone)
    return await _form(
        request, pages, frame, session, principal, group, values, activity_id=activity_id
    )


@router.post("/activities/{activity_id}/edit", max_body_size=LONG_FORM)
async def change(
    request: Request,
    pages: ThePages,
    frame: TheFrame,
    principal: RequiredPrincipal,
    activity_id: UUID,
) -> Response:
    """What somebody else has changed meanwhile is said; what was typed is shown again."""
    values, trouble, status = await typed(request), "", 422
    if not looks_for_lesson(values):
        try:
            body = activity_body(values, frame.settings.zone)
            wanted = ActivityChange.model_validate({**body, "version": values.get("version")})
            async with frame.database.write() as session:
                await activities.change(session, frame, principal, activity_id, wanted)
        except (ValidationError, NotFound) as error:
            trouble = _trouble(request, pages, error)
        except Conflict as error:
            trouble, status = trouble_of(request, pages, error), error.status
        else:
            return done(f"/activities/{activity_id}", N_("Saved."))
    async with frame.database.read() as reading:
        found, _ = await activities.get(reading, principal, activity_id)
        group = await _planned_in(reading, principal, found.group_id)
        if status == Conflict.status:
            # Sent once more it is meant over what is there now.
            values = {**values, "version": str(found.version)}
        return await _form(
            request, pages, frame, reading, principal, group, values,
            activity_id=activity_id, trouble=trouble, status=status,
        )  # fmt: skip
