"""Rules of a group's activities: planned, changed, cancelled, what is owed, and the minutes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tongke_courses.groups import rights, service, telling
from tongke_courses.groups.activity_repository import ActivityRepository, DueRepository
from tongke_courses.groups.models import Group, GroupActivity, GroupDue
from tongke_courses.groups.repository import MemberRepository
from tongke_courses.groups.schemas import ActivityChange, ActivityIn, DueIn, MinutesIn
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.repository import LessonRepository
from tongke_courses.lessons.rights import NO_LESSON
from tongke_courses.lessons.seeing import may_watch
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Conflict, Forbidden, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.people.roles import Role
from tongke_platform.rights import Principal, Rule

NO_ACTIVITY = N_("There is no such activity.")
NO_DUE = N_("There is nothing like this owed.")
CHANGED = N_("Somebody else has changed this meanwhile. Nothing you entered was lost.")
CANCELLED = N_("This activity was cancelled.")
MOST_COMING = 500
MOST_DUES = 50
FULL = N_("This group has %(count)s activities planned already. Please cancel some of them first.")
MUCH_OWED = N_(
    "%(count)s things are to be brought to this activity already. Please take some out first."
)


async def page(
    session: ReadSession, by: Principal, key: UUID, *, before: datetime | None, limit: int
) -> tuple[Sequence[GroupActivity], datetime | None]:
    """The latest first. Raises NotFound, Forbidden ``not_your_part``."""
    await service.check_inside(session, by, key)
    found = await ActivityRepository(session).page(key, before=before, limit=limit + 1)
    return found[:limit], found[limit - 1].starts_at if len(found) > limit else None


async def get(session: ReadSession, by: Principal, key: UUID) -> tuple[GroupActivity, Role]:
    """With its group and what is owed; and the reader's part. Raises NotFound for all others."""
    found = await ActivityRepository(session).full(key)
    part = await service.part_of(session, by, found.group_id) if found else None
    if found is None or part is None:
        raise NotFound(NO_ACTIVITY, code="no_activity")
    return found, part


async def lesson_shown(
    session: ReadSession, by: Principal, activity: GroupActivity
) -> Lesson | None:
    """The lesson it is about, for who may watch that: being in a group opens no lesson."""
    if activity.lesson_id is None:
        return None
    lesson = await LessonRepository(session).by_id(activity.lesson_id)
    return lesson if lesson is not None and await may_watch(session, by, lesson) else None


async def plan(
    session: WriteSession, frame: Frame, by: Principal, key: UUID, wanted: ActivityIn
) -> GroupActivity:
    """Raises NotFound, Forbidden ``not_your_part``, Conflict ``too_many_activities``."""
    group = await service.to_act(session, by, key, rights.PLAN)
    await _check_lesson(session, by, wanted.lesson_id)
    if wanted.ends_at > frame.now():
        await _check_room(session, frame, key)
    made = await ActivityRepository(session).add(
        GroupActivity(group_id=key, by_id=by.id, changed_at=frame.now(), **wanted.model_dump())
    )
    if made.ends_at > frame.now():
        await telling.planned(session, group, made, await _others(session, group, by))
    return await _whole(session, made.id)


async def _check_room(session: WriteSession, frame: Frame, group_id: UUID) -> None:
    """For one more that is to come; the group is held."""
    if await ActivityRepository(session).count_coming(group_id, frame.now()) >= MOST_COMING:
        raise Conflict(FULL, code="too_many_activities", count=MOST_COMING)


async def _check_lesson(session: ReadSession, by: Principal, key: UUID | None) -> None:
    if key is None:
        return
    lesson = await LessonRepository(session).by_id(key)
    if lesson is None or not await may_watch(session, by, lesson):
        raise NotFound(NO_LESSON, code="no_lesson")


async def _others(session: ReadSession, group: Group, by: Principal) -> list[UUID]:
    people = await MemberRepository(session).of(group.id, by.today)
    return [one.person.id for one in people if one.person.id != by.id]


async def _whole(session: WriteSession, key: UUID) -> GroupActivity:
    await session.flush()
    found = await ActivityRepository(session).full(key)
    assert found is not None, "held by this transaction"
    return found


async def to_act(
    session: WriteSession, by: Principal, key: UUID, rule: Rule
) -> tuple[Group, GroupActivity]:
    """Both held. Raises NotFound for outsiders, Forbidden ``not_your_part``."""
    activities = ActivityRepository(session)
    known = await activities.by_id(key)
    if known is None:
        raise NotFound(NO_ACTIVITY, code="no_activity")
    try:
        group = await service.to_act(session, by, known.group_id, rule)
    except Forbidden:
        if await service.part_of(session, by, known.group_id) is not None:
            raise
        raise NotFound(NO_ACTIVITY, code="no_activity") from None
    except NotFound:
        raise NotFound(NO_ACTIVITY, code="no_activity") from None
    found = await activities.to_change(key)
    assert found is not None, "activities are never removed"
    return group, found


async def change(
    session: WriteSession, frame: Frame, by: Principal, key: UUID, wanted: ActivityChange
) -> GroupActivity:
    """Raises NotFound, Forbidden, Conflict ``changed_meanwhile``, ``cancelled``,
    ``too_many_activities``.
    """
    group, found = await to_act(session, by, key, rights.PLAN)
    _check_version(found, wanted.version)
    _check_on(found)
    if wanted.lesson_id != found.lesson_id:
        await _check_lesson(session, by, wanted.lesson_id)
    if found.ends_at <= frame.now() < wanted.ends_at:
        await _check_room(session, frame, group.id)
    moved = wanted.starts_at != found.starts_at
    for name, value in wanted.model_dump(exclude={"version"}).items():
        setattr(found, name, value)
    _touch(found, frame)
    if moved and found.ends_at > frame.now():
        await telling.planned(session, group, found, await _others(session, group, by))
    return await _whole(session, key)


def _check_version(found: GroupActivity, version: int) -> None:
    if version != found.version:
        raise Conflict(CHANGED, code="changed_meanwhile")


def _check_on(found: GroupActivity) -> None:
    if found.cancelled_at is not None:
        raise Conflict(CANCELLED, code="cancelled")


def _touch(found: GroupActivity, frame: Frame) -> None:
    found.version += 1
    found.changed_at = frame.now()


async def cancel(
    session: WriteSession, frame: Frame, by: Principal, key: UUID, reason: str = ""
) -> GroupActivity:
    """It stays in the calendar as cancelled. Raises NotFound, Forbidden, Conflict ``cancelled``,
    ``over``.
    """
    group, found = await to_act(session, by, key, rights.PLAN)
    _check_on(found)
    if found.ends_at <= frame.now():
        raise Conflict(N_("This activity is over already."), code="over")
    found.cancelled_at, found.cancelled_because = frame.now(), reason
    _touch(found, frame)
    await telling.cancelled(session, group, found, await _others(session, group, by))
    return await _whole(session, key)


async def write_minutes(
    session: WriteSession, frame: Frame, by: Principal, key: UUID, wanted: MinutesIn
) -> GroupActivity:
    """Once it has begun. Raises NotFound, Forbidden, Conflict ``too_early``, ``changed_meanwhile``."""
    _, found = await to_act(session, by, key, rights.PLAN)
    _check_version(found, wanted.version)
    _check_on(found)
    if found.starts_at > frame.now():
        raise Conflict(N_("Minutes are written once it has begun."), code="too_early")
    found.minutes, found.minutes_by_id, found.minutes_at = wanted.text, by.id, frame.now()
    _touch(found, frame)
    return await _whole(session, key)


async def owe(session: WriteSession, by: Principal, key: UUID, wanted: DueIn) -> GroupDue:
    """Raises NotFound, Forbidden, Invalid ``no_member``, Conflict ``cancelled``, ``too_many_dues``."""
    group, found = await to_act(session, by, key, rights.PLAN)
    _check_on(found)
    if await MemberRepository(session).of_one(group.id, wanted.person_id, by.today) is None:
        raise Invalid(N_("They do not belong to this group."), code="no_member")
    dues = DueRepository(session)
    if await dues.count_of(key) >= MOST_DUES:
        raise Conflict(MUCH_OWED, code="too_many_dues", count=MOST_DUES)
    made = await dues.add(GroupDue(activity_id=key, by_id=by.id, **wanted.model_dump()))
    return await _due(session, key, made.id)


async def _due(session: WriteSession, activity_id: UUID, key: UUID) -> GroupDue:
    await session.flush()
    found = await DueRepository(session).to_change(activity_id, key)
    if found is None:
        raise NotFound(NO_DUE, code="no_due")
    return found


async def done(
    session: WriteSession, frame: Frame, by: Principal, key: UUID, due_id: UUID, is_done: bool
) -> GroupDue:
    """By whoever owes it, or who plans. Raises NotFound, Forbidden ``not_your_part``."""
    await to_act(session, by, key, rights.TAKE_PART)
    found = await _due(session, key, due_id)
    if found.person_id != by.id:
        await to_act(session, by, key, rights.PLAN)
    found.done_at = (found.done_at or frame.now()) if is_done else None
    return await _due(session, key, due_id)


async def drop(session: WriteSession, by: Principal, key: UUID, due_id: UUID) -> None:
    """It was not owed after all. Raises NotFound, Forbidden ``not_your_part``."""
    await to_act(session, by, key, rights.PLAN)
    await session.delete(await _due(session, key, due_id))
    await session.flush()
