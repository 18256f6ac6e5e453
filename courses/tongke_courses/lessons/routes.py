"""JSON API of lessons."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter

from tongke_courses.catalogue import settling, syllabus
from tongke_courses.catalogue.syllabus_repository import check_node
from tongke_courses.lessons import handing, rights, service
from tongke_courses.lessons.dependencies import LedLesson, WatchableLesson
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.rights import ASSIGN, CREATE
from tongke_courses.lessons.schemas import (
    DeliveryIn,
    InvitationOut,
    LessonChange,
    LessonEnded,
    LessonIn,
    LessonOut,
    RoomOut,
    TeacherIn,
    TokenIn,
    TokenOut,
    addresses,
)
from tongke_platform.accounts import service as accounts
from tongke_platform.accounts.rights import RequiredPrincipal
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Forbidden, Invalid
from tongke_platform.frame import Frame, Reading, TheFrame, Writing
from tongke_platform.organisations import service as organisations
from tongke_platform.organisations.models import Organisation, Room
from tongke_platform.people.models import Person
from tongke_platform.rights import Principal

router = APIRouter(prefix="/api/lessons", tags=["lessons"])
invitation_router = APIRouter(prefix="/api/lesson-invitations", tags=["lessons"])


def _out(lesson: Lesson, principal: Principal) -> LessonOut:
    return LessonOut.model_validate(
        {
            **{
                name: getattr(lesson, name)
                for name in LessonOut.model_fields
                if hasattr(lesson, name)
            },
            "addresses": addresses(lesson.id),
            "may_lead": rights.may_lead(principal, lesson),
        }
    )


@router.get("")
async def list_today(
    session: Reading, principal: RequiredPrincipal, frame: TheFrame
) -> list[LessonOut]:
    """Today's lessons the principal may watch."""
    lessons = await service.today(session, principal, frame.now(), frame.settings.zone)
    return [_out(lesson, principal) for lesson in lessons]


@router.post("", status_code=201)
async def create(
    body: LessonIn, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> LessonOut:
    rooms = await organisations.rooms_named(session, body.room_ids)
    if body.course_id is not None:
        return _out(await syllabus.plan(frame, session, principal, body, rooms), principal)
    if not CREATE.allows_anywhere(principal) and not ASSIGN.allows_anywhere(principal):
        raise Forbidden
    await check_node(session, body.textbook_id)
    teacher, school = await _teacher_for(session, principal, body, frame)
    lesson = await service.create(
        session,
        teacher=teacher,
        school_id=school.id if school else None,
        title=body.title,
        subject=body.subject,
        grade=body.grade,
        planned_start=body.planned_start,
        planned_minutes=body.planned_minutes,
        rooms=rooms,
        delivery=_delivery(frame, principal, invite=body.invite),
        place=service.Place(
            description=body.description,
            textbook_id=body.textbook_id,
            wanted_visibility=body.visibility,
        ),
    )
    await settling.settle(session, lesson)
    return _out(await service.fresh(session, lesson.id), principal)


@router.patch("/{lesson_id}")
async def change(
    lesson_id: UUID,
    body: LessonChange,
    session: Writing,
    principal: RequiredPrincipal,
    frame: TheFrame,
) -> LessonOut:
    """By its leaders and the teachers of its course."""
    return _out(await syllabus.change(frame, session, principal, lesson_id, body), principal)


@router.delete("/{lesson_id}", status_code=204)
async def remove(
    lesson_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> None:
    """A planned lesson that never was live."""
    await syllabus.remove(frame, session, principal, lesson_id)


def _delivery(frame: Frame, principal: Principal, *, invite: bool) -> service.Delivery:
    return service.Delivery(frame.now(), frame.settings.zone, principal.id, invite)


async def _teacher_for(
    session: ReadSession, principal: Principal, body: LessonIn, frame: Frame
) -> tuple[Person, Organisation | None]:
    """Who leads and for which school: oneself, or someone an administrator names."""
    if body.teacher_id is None or body.teacher_id == principal.id:
        if principal.school is not None:
            CREATE.check(principal, principal.school)
        return principal.person, principal.school
    teacher = await accounts.principal_of(session, body.teacher_id, frame.today())
    if teacher is None:
        raise Invalid(N_("There is no such teacher."), code="no_teacher")
    schools = [one for one in teacher.places.values() if ASSIGN.allows(principal, one)]
    if not schools and not ASSIGN.allows_everywhere(principal):
        raise Forbidden
    return teacher.person, next(iter(schools), teacher.school)


@router.get("/{lesson_id}")
async def get(lesson: WatchableLesson, principal: RequiredPrincipal) -> LessonOut:
    return _out(lesson, principal)


@router.get("/{lesson_id}/rooms")
async def rooms(lesson: LedLesson) -> list[RoomOut]:
    return _rooms(lesson.rooms)


@router.post("/{lesson_id}/rooms")
async def deliver(
    body: DeliveryIn,
    lesson: LedLesson,
    principal: RequiredPrincipal,
    session: Writing,
    frame: TheFrame,
) -> list[RoomOut]:
    """To rooms of the lead school, along a partnership, or by invitation."""
    await service.deliver(
        session,
        lesson,
        await organisations.rooms_named(session, body.room_ids),
        _delivery(frame, principal, invite=body.invite),
    )
    service.announce(frame, session, lesson.id)
    return _rooms((await service.fresh(session, lesson.id)).rooms)


def _rooms(found: Sequence[Room]) -> list[RoomOut]:
    return [RoomOut.model_validate(room) for room in found]


@router.put("/{lesson_id}/teacher")
async def hand(
    lesson_id: UUID,
    body: TeacherIn,
    principal: RequiredPrincipal,
    session: Writing,
    frame: TheFrame,
) -> LessonOut:
    """Another teacher of the lead school teaches it."""
    lesson, _ = await handing.hand(frame, session, lesson_id, body.teacher_id, principal)
    return _out(lesson, principal)


@router.post("/{lesson_id}/end")
async def end(lesson: LedLesson, principal: RequiredPrincipal, frame: TheFrame) -> LessonEnded:
    """Idempotent: ending an ended lesson answers the same."""
    ended, ready = await service.end(frame, lesson.id)
    return LessonEnded(**_out(ended, principal).model_dump(), replay_ready=ready)


@router.post("/{lesson_id}/tokens", status_code=201)
async def issue_token(
    body: TokenIn, lesson: WatchableLesson, principal: RequiredPrincipal, frame: TheFrame
) -> TokenOut:
    """A token of one act (and source) for players and encoders that cannot log in."""
    if body.act == "publish":
        rights.check_lead(principal, lesson)
        service.check_publishable(lesson)
    lifetime = timedelta(hours=frame.settings.media_token_hours)
    now = frame.now()
    token = frame.media_tokens.issue(
        lesson=str(lesson.id),
        act=body.act,
        holder=rights.holder_of(principal),
        source=body.source,
        label=body.label or principal.name,
        way=principal.way,
        now=now,
        lifetime=lifetime,
    )
    where = addresses(lesson.id)
    return TokenOut(
        token=token,
        expires_at=now + lifetime,
        url=where.whip if body.act == "publish" else where.whep,
    )


@invitation_router.get("")
async def list_invitations(
    session: Reading, principal: RequiredPrincipal, frame: TheFrame
) -> list[InvitationOut]:
    """Invitations of the principal's classrooms to lessons, the next lesson first."""
    found = await service.invitations(session, principal, frame.now())
    return [InvitationOut.model_validate(one) for one in found]


@invitation_router.post("/{invitation_id}/decline")
async def decline(
    invitation_id: UUID, session: Writing, principal: RequiredPrincipal, frame: TheFrame
) -> InvitationOut:
    """The classroom does not receive the lesson. Idempotent."""
    found = await service.decline(frame, session, principal, invitation_id)
    return InvitationOut.model_validate(found)
