"""Which courses are seen by whom, as statements that are put together once and asked for everybody.

Putting one together, and telling that it is one known already, takes longer than most answers.
"""

from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.sql.selectable import CompoundSelect

from tongke_courses.catalogue.models import Course, CourseFollow, CourseState, CourseTeacher
from tongke_courses.catalogue.rights import MANAGE
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.reach import DAY, PERSON, asked_by, reaching, teaching
from tongke_courses.lessons.rights import WATCH
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.organisations.models import Organisation, Room, SchoolClass
from tongke_platform.paging import contains
from tongke_platform.rights import Principal

EVERYBODY = (Visibility.SIGNED_IN, Visibility.PUBLIC)
FACETS = ("stage", "subject", "edition", "grade", "term", "school", "state")
_COLUMNS: Mapping[str, Any] = {
    **{name: getattr(Course, name) for name in FACETS if name != "school"},
    "school": Course.school_id,
}
# With more than these in a statement it is better asked along.
MOST_KNOWN = 500
# Of each kind of statement; there are a few ways to see and a few filters together.
_KEPT = 500


class Sight(NamedTuple):
    """What makes statements differ: in how many regions one watches and manages (None: everywhere);
    ``known``: whether the courses reached are among the values, asked before.
    """

    watching: int | None
    managing: int | None
    known: bool = False


# Somebody who has not signed in.
NOBODY = Sight(-1, -1)


class Eyes(NamedTuple):
    """Somebody's sight, and what statements made for it ask for beside what is looked for."""

    sight: Sight
    values: Mapping[str, Any]


def eyes(principal: Principal | None) -> Eyes:
    if principal is None:
        return Eyes(NOBODY, {})
    return Eyes(
        Sight(WATCH.regions(principal), MANAGE.regions(principal)),
        {**asked_by(principal), **MANAGE.values(principal)},
    )


@cache
def base() -> Select[Any]:
    """Courses with their school and teachers."""
    return select(Course).options(
        joinedload(Course.school),
        selectinload(Course.teachers).joinedload(CourseTeacher.person),
    )


@cache
def seen_by(who: Sight) -> ColumnElement[bool]:
    """A draft is seen by who may change it; what was withdrawn, by the lead school and the schools of
    classes that follow it as well; what is still arriving, by nobody.
    """
    if who == NOBODY:
        return and_(Course.state == CourseState.PUBLISHED, Course.visibility == Visibility.PUBLIC)
    there = Course.state != CourseState.ARRIVING
    return there if who.managing is None else and_(there, or_(*_ways(who)))


def _ways(who: Sight) -> list[ColumnElement[bool]]:
    """Each of these lets a course be seen."""
    watched = WATCH.condition(who.watching)
    mine = select(Organisation.id).where(watched)
    managed = select(Organisation.id).where(MANAGE.condition(who.managing))
    taught = select(CourseTeacher.course_id).where(CourseTeacher.person_id == PERSON)
    followed = (
        select(CourseFollow.course_id)
        .join(SchoolClass, SchoolClass.id == CourseFollow.class_id)
        .where(SchoolClass.organisation_id.in_(mine), CourseFollow.ended_on.is_(None))
    )
    reached = Course.id.in_(
        bindparam("reached", expanding=True) if who.known else _reached(who.watching)
    )
    partners = and_(
        Course.visibility == Visibility.PARTNERSHIP, Course.school_id.in_(teaching(watched, DAY))
    )
    ours = or_(Course.school_id.in_(mine), Course.id.in_(followed))
    return [
        Course.id.in_(taught),
        Course.school_id.in_(managed),
        and_(
            Course.state == CourseState.PUBLISHED,
            or_(Course.visibility.in_(EVERYBODY), ours, partners, reached),
        ),
        and_(Course.state == CourseState.WITHDRAWN, ours),
    ]


@cache
def _reached(watching: int | None) -> Select[UUID | None]:
    """Courses with lessons delivered to one's schools."""
    mine = select(Organisation.id).where(WATCH.condition(watching))
    # From the rooms on: from the lessons on it would be a look at all of them.
    statement = reaching(DAY).with_only_columns(Lesson.course_id)
    return statement.where(Room.school_id.in_(mine), Lesson.course_id.is_not(None))


@cache
def reached(watching: int | None) -> Select[UUID | None]:
    """Each once, one more than ``MOST_KNOWN``."""
    return _reached(watching).distinct().limit(MOST_KNOWN + 1)


@cache
def one(who: Sight) -> Select[Any]:
    """The course ``key``, with units."""
    statement = base().options(selectinload(Course.units))
    return statement.where(seen_by(who), Course.id == bindparam("key"))


@cache
def ids(who: Sight) -> Select[Any]:
    """Of the courses ``keys``."""
    return select(Course.id).where(seen_by(who), Course.id.in_(bindparam("keys", expanding=True)))


@lru_cache(_KEPT)
def newest(
    who: Sight, chosen: frozenset[str], *, further: bool, followed: bool = False
) -> Select[Any]:
    """The newest ``limit`` courses; of ``chosen`` facets, ``before`` one of them, ``followed`` by a
    class of the school ``followers``.
    """
    statement = base().where(seen_by(who), *_narrowed(chosen))
    if followed:
        classes = select(SchoolClass.id).where(
            SchoolClass.organisation_id == bindparam("followers")
        )
        kept = select(CourseFollow.course_id).where(
            CourseFollow.class_id.in_(classes), CourseFollow.ended_on.is_(None)
        )
        statement = statement.where(Course.id.in_(kept))
    if further:
        statement = statement.where(Course.id < bindparam("before"))
    return statement.order_by(Course.id.desc()).limit(bindparam("limit", type_=Integer))


def _narrowed(chosen: Collection[str]) -> list[ColumnElement[bool]]:
    return [_COLUMNS[name] == bindparam(name) for name in sorted(chosen)]


@lru_cache(_KEPT)
def facets(
    who: Sight, chosen: frozenset[str], names: tuple[str, ...]
) -> CompoundSelect[str, Any, Any]:
    """See ``facets_with``."""
    return facets_with(who, chosen, names, "")


def facets_with(
    who: Sight, chosen: frozenset[str], names: tuple[str, ...], q: str
) -> CompoundSelect[str, Any, Any]:
    """How many courses with ``q`` in the title have which value of each of ``names``, the ``most``
    frequent of them, among those that match all other ``chosen`` facets: facet, value, number.

    What one may see is looked through once, and counted by the database.
    """
    words = [contains(Course.title, q)] if q else []
    # What narrows every count narrows what they are counted from.
    always = [name for name in chosen if name not in names]
    columns = [_COLUMNS[name].label(name) for name in names]
    seen = select(*columns).where(seen_by(who), *_narrowed(always), *words).cte("seen")
    return union_all(*(_counted(seen, name, chosen) for name in names))


def _counted(seen: CTE, name: str, chosen: Collection[str]) -> Select[str, Any, Any]:
    """Of one facet; what is empty is no value."""
    column = seen.c[name]
    given = column.is_not(None) if name == "school" else cast(column, String) != ""
    others = [
        seen.c[other] == bindparam(other)
        for other in sorted(chosen)
        if other != name and other in seen.c
    ]
    counts = (
        select(cast(column, String).label("value"), func.count().label("number"))
        .where(given, *others)
        .group_by(column)
        .order_by(func.count().desc(), column)
        .limit(bindparam("most", type_=Integer))
        .subquery()
    )
    return select(literal(name, String), counts.c.value, counts.c.number)
