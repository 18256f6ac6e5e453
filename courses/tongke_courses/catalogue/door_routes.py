"""JSON API of what opens lessons further: approvals, class links, the school's shelf."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from tongke_courses.catalogue import approvals, links, service, shelf
from tongke_courses.catalogue.models import ApprovalState, ClassLink, PublicApproval
from tongke_courses.catalogue.routes import lesson_outs, outs
from tongke_courses.catalogue.schemas import (
    ApprovalOut,
    ApprovalPage,
    ClassLinkIn,
    ClassLinkOut,
    ClassLinkPage,
    HomeLesson,
    HomeOut,
    RefusalIn,
    ShelfOut,
)
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.schemas import addresses
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.documented import a_file
from tongke_platform.frame import Reading, TheFrame, Writing

router = APIRouter(prefix="/api", tags=["courses"])
Limit = Annotated[int, Query(ge=1, le=100)]
PRIVATE = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}


def _approval(found: PublicApproval) -> ApprovalOut:
    return ApprovalOut.model_validate(found)


@router.get("/approvals")
async def list_approvals(
    session: Reading,
    principal: RequiredPrincipal,
    state: ApprovalState | None = None,
    before: UUID | None = None,
    limit: Limit = 50,
) -> ApprovalPage:
    """What was asked of the principal's schools, the newest first."""
    found, following = await approvals.page(
        session, principal, state=state, before=before, limit=limit
    )
    return ApprovalPage(items=[_approval(one) for one in found], next=following)


@router.get("/approvals/{approval_id}")
async def get_approval(
    approval_id: UUID, session: Reading, principal: RequiredPrincipal
) -> ApprovalOut:
    return _approval(await approvals.get(session, principal, approval_id))


@router.post("/approvals/{approval_id}/approve")
async def approve(
    approval_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> ApprovalOut:
    return _approval(await approvals.approve(frame, session, principal, approval_id))


@router.post("/approvals/{approval_id}/refuse")
async def refuse(
    approval_id: UUID,
    body: RefusalIn,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> ApprovalOut:
    """Also takes back a yes: the lesson is public no longer at once."""
    return _approval(await approvals.refuse(frame, session, principal, approval_id, body.reason))


def _link(found: ClassLink) -> ClassLinkOut:
    shown = ClassLinkOut.model_validate(found)
    shown.path = links.path_of(found)
    return shown


@router.post("/class-links", status_code=201)
async def make_link(
    body: ClassLinkIn, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> ClassLinkOut:
    return _link(await links.make(frame, session, principal, body))


@router.get("/class-links")
async def list_links(
    session: Reading,
    principal: RequiredPrincipal,
    class_id: UUID | None = None,
    course_id: UUID | None = None,
    before: UUID | None = None,
    limit: Limit = 50,
) -> ClassLinkPage:
    found, following = await links.page(
        session, principal, class_id=class_id, course_id=course_id, before=before, limit=limit
    )
    return ClassLinkPage(items=[_link(one) for one in found], next=following)


@router.get("/class-links/{link_id}")
async def get_link(link_id: UUID, session: Reading, principal: RequiredPrincipal) -> ClassLinkOut:
    return _link(await links.get(session, principal, link_id))


@router.get("/class-links/{link_id}/code.svg", **a_file("image/svg+xml"))
async def link_code(
    link_id: UUID, request: Request, session: Reading, principal: RequiredPrincipal
) -> Response:
    """The QR code to print."""
    found = await links.get(session, principal, link_id)
    address = f"{str(request.base_url).rstrip('/')}{links.path_of(found)}"
    return Response(links.code_of(address), media_type="image/svg+xml", headers=PRIVATE)


@router.delete("/class-links/{link_id}")
async def revoke_link(
    link_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> ClassLinkOut:
    return _link(await links.revoke(frame, session, principal, link_id))


@router.get("/home/{token}")
async def home(token: str, session: Reading, frame: TheFrame, response: Response) -> HomeOut:
    """What a class learns at home with: the address is the key, and nobody is named but teachers."""
    found = await links.home(session, token, frame.now(), frame.today())
    response.headers.update(PRIVATE)
    return home_out(found, token)


def home_out(found: links.Home, token: str) -> HomeOut:
    return HomeOut(
        title=found.title,
        description=found.description,
        school=found.link.school_class.organisation.name,
        class_name=found.class_name,
        expires_at=found.link.expires_at,
        lessons=[_home_lesson(found, one, quote(token)) for one in found.lessons],
    )


def _home_lesson(found: links.Home, lesson: Lesson, token: str) -> HomeLesson:
    return HomeLesson(
        id=lesson.id,
        title=lesson.title,
        subject=lesson.subject,
        grade=lesson.grade,
        teacher=lesson.teacher.display_name,
        course=found.courses.get(lesson.course_id, "") if lesson.course_id else "",
        unit=found.units.get(lesson.unit_id, "") if lesson.unit_id else "",
        ended_at=lesson.ended_at,
        minutes=lesson.planned_minutes,
        replay=f"{addresses(lesson.id).replay}?token={token}",
        replay_page=f"/lessons/{lesson.id}/replay?token={token}",
    )


@router.get("/organisations/{organisation_id}/shelf")
async def school_shelf(
    organisation_id: UUID,
    session: Reading,
    principal: RequiredPrincipal,
    part: Annotated[str, Query(pattern="^(all|own|followed|delivered)$")] = "all",
    before: UUID | None = None,
    limit: Limit = 20,
) -> ShelfOut:
    """The school's own courses, those its classes follow, lessons from elsewhere; ``before`` is for
    one ``part`` at a time.
    """
    school = await shelf.school_for(session, principal, organisation_id)
    shown = ShelfOut()
    if part in ("all", "own"):
        found, shown.own_next = await shelf.own(
            session, principal, school, before=before, limit=limit
        )
        shown.own = outs(found, await service.followers(session, found))
    if part in ("all", "followed"):
        found, shown.followed_next = await shelf.followed(
            session, principal, school, before=before, limit=limit
        )
        shown.followed = outs(found, await service.followers(session, found))
    if part in ("all", "delivered"):
        lessons, shown.delivered_next = await shelf.delivered(
            session, principal, school, before=before, limit=limit
        )
        shown.delivered = lesson_outs(lessons)
    return shown
