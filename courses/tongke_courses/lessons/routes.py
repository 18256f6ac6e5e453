"""JSON API of lessons."""

from collections.abc import Sequence
from datetime import timedelta

from fastapi import APIRouter

from tongke_courses.lessons import rights, service
from tongke_courses.lessons.models import Lesson, Room
from tongke_courses.lessons.rights import LedLesson, WatchableLesson
from tongke_courses.lessons.schemas import (
    DeliveryIn,
    LessonEnded,
    LessonIn,
    LessonOut,
    RoomOut,
    TokenIn,
    TokenOut,
    addresses,
)
from tongke_platform.accounts.models import Account, Role
from tongke_platform.accounts.repository import AccountRepository
from tongke_platform.accounts.rights import RequiredAccount
from tongke_platform.database import ReadSession
from tongke_platform.errors import N_, Forbidden, Invalid
from tongke_platform.frame import Reading, TheFrame, Writing

router = APIRouter(prefix="/api/lessons", tags=["lessons"])


def _out(lesson: Lesson, account: Account) -> LessonOut:
    return LessonOut.model_validate(
        {
            **{
                name: getattr(lesson, name)
                for name in LessonOut.model_fields
                if hasattr(lesson, name)
            },
            "addresses": addresses(lesson.id),
            "may_lead": rights.may_lead(account, lesson),
        }
    )


@router.get("")
async def list_today(
    session: Reading, account: RequiredAccount, frame: TheFrame
) -> list[LessonOut]:
    """Today's lessons the account may watch."""
    lessons = await service.today(session, account, frame.now(), frame.settings.zone)
    return [_out(lesson, account) for lesson in lessons]


@router.post("", status_code=201)
async def create(body: LessonIn, session: Writing, account: RequiredAccount) -> LessonOut:
    if not rights.may_create(account):
        raise Forbidden
    lesson = await service.create(
        session,
        teacher=await _teacher_for(session, account, body),
        rooms=await service.rooms_named(session, body.room_ids),
        **body.model_dump(exclude={"teacher_id", "room_ids"}),
    )
    return _out(lesson, account)


async def _teacher_for(session: ReadSession, account: Account, body: LessonIn) -> Account:
    """Who leads: the account itself, or someone an administrator names."""
    if body.teacher_id is None or body.teacher_id == account.id:
        return account
    teacher = await AccountRepository(session).by_id(body.teacher_id)
    if teacher is None:
        raise Invalid(N_("There is no such teacher."), code="no_teacher")
    own_school = account.role is Role.SCHOOL_ADMIN and teacher.school_id == account.school_id
    if account.role is not Role.ADMIN and not own_school:
        raise Forbidden
    return teacher


@router.get("/{lesson_id}")
async def get(lesson: WatchableLesson, account: RequiredAccount) -> LessonOut:
    return _out(lesson, account)


@router.get("/{lesson_id}/rooms")
async def rooms(lesson: LedLesson) -> list[RoomOut]:
    return _rooms(lesson.rooms)


@router.post("/{lesson_id}/rooms")
async def deliver(
    body: DeliveryIn, lesson: LedLesson, session: Writing, frame: TheFrame
) -> list[RoomOut]:
    await service.deliver(session, lesson.id, await service.rooms_named(session, body.room_ids))
    service.announce(frame, session, lesson.id)
    return _rooms((await service.get(session, lesson.id)).rooms)


def _rooms(found: Sequence[Room]) -> list[RoomOut]:
    return [RoomOut.model_validate(room) for room in found]


@router.post("/{lesson_id}/end")
async def end(lesson: LedLesson, account: RequiredAccount, frame: TheFrame) -> LessonEnded:
    """Idempotent: ending an ended lesson answers the same."""
    ended, ready = await service.end(frame, lesson.id)
    return LessonEnded(**_out(ended, account).model_dump(), replay_ready=ready)


@router.post("/{lesson_id}/tokens", status_code=201)
async def issue_token(
    body: TokenIn, lesson: WatchableLesson, account: RequiredAccount, frame: TheFrame
) -> TokenOut:
    """A token of one act (and source) for players and encoders that cannot log in."""
    if body.act == "publish":
        rights.check_lead(account, lesson)
        service.check_publishable(lesson)
    lifetime = timedelta(hours=frame.settings.media_token_hours)
    now = frame.now()
    token = frame.media_tokens.issue(
        lesson=str(lesson.id),
        act=body.act,
        holder=rights.holder_of(account),
        source=body.source,
        label=body.label or account.display_name,
        now=now,
        lifetime=lifetime,
    )
    where = addresses(lesson.id)
    return TokenOut(
        token=token,
        expires_at=now + lifetime,
        url=where.whip if body.act == "publish" else where.whep,
    )
