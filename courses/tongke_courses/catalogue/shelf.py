"""A school's own shelf: its courses, those its classes follow, and lessons that reach it."""

from collections.abc import Sequence
from uuid import UUID

from tongke_courses.catalogue import sight
from tongke_courses.catalogue.models import Course
from tongke_courses.catalogue.repository import CourseRepository, Filters
from tongke_courses.catalogue.shelf_repository import ShelfRepository
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.rights import WATCH
from tongke_platform.database import ReadSession
from tongke_platform.errors import NotFound
from tongke_platform.organisations import service as organisations
from tongke_platform.organisations.models import Organisation
from tongke_platform.rights import Principal

Page = tuple[Sequence[Course], UUID | None]


async def school_for(session: ReadSession, by: Principal, key: UUID) -> Organisation:
    """Whose lessons the principal may watch. Raises NotFound."""
    found = await organisations.organisation(session, key)
    if not WATCH.allows(by, found):
        raise NotFound(organisations.NO_ORGANISATION, code="no_organisation")
    return found


async def own(
    session: ReadSession, by: Principal, school: Organisation, *, before: UUID | None, limit: int
) -> Page:
    """The newest first, and what comes ``before`` the next page."""
    found = await CourseRepository(session).page(
        sight.eyes(by), Filters(school=school.id), before=before, limit=limit + 1
    )
    return found[:limit], found[limit - 1].id if len(found) > limit else None


async def followed(
    session: ReadSession, by: Principal, school: Organisation, *, before: UUID | None, limit: int
) -> Page:
    found = await CourseRepository(session).followed_by(
        by, school.id, before=before, limit=limit + 1
    )
    return found[:limit], found[limit - 1].id if len(found) > limit else None


async def delivered(
    session: ReadSession, by: Principal, school: Organisation, *, before: UUID | None, limit: int
) -> tuple[Sequence[Lesson], UUID | None]:
    """Lessons that reach a room of the school, those made last first."""
    found = await ShelfRepository(session).delivered(
        school.id, by.today, before=before, limit=limit + 1
    )
    return found[:limit], found[limit - 1].id if len(found) > limit else None
