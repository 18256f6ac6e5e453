"""Which schools' lessons reach whom, as parts of statements."""

from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    or_,
    select,
    union,
)

from tongke_courses.lessons.models import Lesson, LessonRoom, LessonState
from tongke_courses.lessons.rights import WATCH
from tongke_platform.database import ReadSession
from tongke_platform.organisations.models import Organisation, Room
from tongke_platform.partnerships.models import Partnership
from tongke_platform.partnerships.repository import givers_to, in_force
from tongke_platform.rights import Principal

# Parts of statements take a condition and values, or for a statement put together once for all who
# ask ``WATCH.condition`` and these.
DAY: Any = bindparam("day")
PERSON: Any = bindparam("person")


def asked_by(principal: Principal) -> dict[str, Any]:
    """The values of ``WATCH.condition``, ``PERSON`` and ``DAY``."""
    return {**WATCH.values(principal), "person": principal.id, "day": principal.today}


def watched_schools(watched: ColumnElement[bool]) -> Select[Any]:
    """The ids of schools whose lessons one may watch by a post (``watched``). What a school held before
    it was merged stays its own, and is watched by its successor.
    """
    found = select(Organisation.id).where(watched).subquery()
    return select(Organisation.id).where(
        or_(
            Organisation.id.in_(select(found.c.id)),
            Organisation.merged_into_id.in_(select(found.c.id)),
        )
    )


def teaching(watched: ColumnElement[bool], day: Any) -> Select[Any]:
    """The ids of schools that may teach those ``watched`` under a partnership in force."""
    mine = select(Organisation.id).where(watched)
    managing = select(Organisation.parent_id).where(watched, Organisation.parent_id.is_not(None))
    takers = union(mine, managing).subquery()
    return _giving(select(takers.c[0]), day)


def _giving(takers: Select[Any], day: Any) -> Select[Any]:
    givers = givers_to(takers, day)
    return select(Organisation.id).where(
        or_(Organisation.id.in_(givers), Organisation.parent_id.in_(givers))
    )


async def schools_of(session: ReadSession, principal: Principal) -> tuple[set[UUID], set[UUID]]:
    """Those whose lessons the principal may watch by a post, and those that manage them."""
    if not WATCH.allows_anywhere(principal):
        return set(), set()
    statement = _watched_with_parents(WATCH.regions(principal))
    rows = (await session.execute(statement, WATCH.values(principal))).all()
    return {row.id for row in rows}, {row.parent_id for row in rows if row.parent_id}


@cache
def _watched_with_parents(regions: int | None) -> Select[UUID, UUID | None]:
    return select(Organisation.id, Organisation.parent_id).where(
        Organisation.id.in_(watched_schools(WATCH.condition(regions)))
    )


async def teaching_ids(session: ReadSession, takers: set[UUID], day: date) -> set[UUID]:
    """What ``teaching`` says, for schools that are known with those that manage them."""
    if not takers:
        return set()
    values = {"takers": list(takers), "day": day}
    return set((await session.execute(_teaching_these(), values)).scalars())


@cache
def _teaching_these() -> Select[Any]:
    takers = select(Organisation.id).where(Organisation.id.in_(bindparam("takers", expanding=True)))
    return _giving(takers, DAY)


def held() -> ColumnElement[bool]:
    """The same as ``Lesson.held_under``."""
    return and_(
        Lesson.state == LessonState.ENDED,
        Lesson.started_at.is_not(None),
        Lesson.ended_at <= Partnership.closes_at,
    )


def reaching(day: Any) -> Select[Any]:
    """The ids of lessons with deliveries that count, as ``rights.reaches`` says it; on a date, or on
    ``DAY``.
    """
    return (
        select(LessonRoom.lesson_id)
        .join(Lesson, Lesson.id == LessonRoom.lesson_id)
        .join(Room, Room.id == LessonRoom.room_id)
        .outerjoin(Partnership, Partnership.id == LessonRoom.partnership_id)
        .where(
            LessonRoom.declined_at.is_(None),
            or_(LessonRoom.partnership_id.is_(None), in_force(day), held()),
        )
    )
