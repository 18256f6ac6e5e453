"""Rules of class links: replays for pupils at home, without names and without an account."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import segno

from tongke_courses.catalogue.link_repository import LinkRepository
from tongke_courses.catalogue.models import ClassLink
from tongke_courses.catalogue.repository import CourseRepository
from tongke_courses.catalogue.rights import LINK, NO_COURSE
from tongke_courses.catalogue.schemas import ClassLinkIn
from tongke_courses.catalogue.seeing import school_sees_course, school_sees_lesson
from tongke_courses.lessons import service as lessons
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.rights import NO_LESSON
from tongke_platform.audit import service as audit
from tongke_platform.classes.repository import ClassRepository
from tongke_platform.classes.service import NO_CLASS
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.errors import N_, Forbidden, Invalid, NotFound
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Organisation
from tongke_platform.partnerships.service import end_of_day
from tongke_platform.rights import Principal

LONGEST = timedelta(days=366)
SHOWN = 200
MOST_SHOWN = 50
# Somebody may not watch any more: everything open is asked again.
REVOKED = "catalogue.link_revoked"
NO_LINK = N_("There is no such link.")
GONE = N_("This link is not good any more. Please ask the class's teacher for a new one.")


def end_of_term(day: date) -> date:
    """The last day of the term ``day`` lies in: terms end with January and with July."""
    if 2 <= day.month <= 7:
        return date(day.year, 7, 31)
    return date(day.year + (day.month > 7), 1, 31)


async def make(
    frame: Frame, session: WriteSession, by: Principal, wanted: ClassLinkIn
) -> ClassLink:
    """For what the class's school may see. Raises NotFound, Invalid ``wrong_days``, ``two_things``."""
    found = await ClassRepository(session).by_id(wanted.class_id)
    if found is None or not LINK.allows(by, found.organisation):
        raise NotFound(NO_CLASS, code="no_class")
    if wanted.course_id is not None and wanted.lesson_id is not None:
        raise Invalid(N_("A link is of a course or of a lesson."), code="two_things")
    await _check_course(session, found.organisation, wanted.course_id, by.today)
    await _check_lesson(session, found.organisation, wanted.lesson_id, by.today)
    made = await LinkRepository(session).add(
        ClassLink(
            class_id=found.id,
            course_id=wanted.course_id,
            lesson_id=wanted.lesson_id,
            expires_at=_expiry(frame, wanted.expires_at),
            by_id=by.id,
        )
    )
    audit.record(session, by, "class_link.made", made, found.organisation, _told(made))
    return await get(session, by, made.id)


def _told(link: ClassLink) -> dict[str, object]:
    return {
        "class_id": link.class_id,
        "course_id": link.course_id,
        "lesson_id": link.lesson_id,
        "expires_at": link.expires_at,
    }


def _expiry(frame: Frame, wanted: datetime | None) -> datetime:
    """Raises Invalid ``wrong_days``."""
    now = frame.now()
    found = wanted or end_of_day(end_of_term(frame.today()), frame.settings.zone)
    if found is None or not now < found <= now + LONGEST:
        raise Invalid(N_("A link is good for a year at most."), code="wrong_days")
    return found


async def _check_course(
    session: ReadSession, school: Organisation, key: UUID | None, day: date
) -> None:
    if key is None:
        return
    course = await CourseRepository(session).by_id(key)
    if course is None or not await school_sees_course(session, school, course, day):
        raise NotFound(NO_COURSE, code="no_course")


async def _check_lesson(
    session: ReadSession, school: Organisation, key: UUID | None, day: date
) -> None:
    if key is None:
        return
    lesson = await lessons.get(session, key)
    if not await school_sees_lesson(session, school, lesson, day):
        raise NotFound(NO_LESSON, code="no_lesson")


async def page(
    session: ReadSession,
    by: Principal,
    *,
    class_id: UUID | None = None,
    course_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> tuple[Sequence[ClassLink], UUID | None]:
    """Of the principal's classes, the newest first. Raises Forbidden."""
    if not LINK.allows_anywhere(by):
        raise Forbidden
    found = await LinkRepository(session).page(
        by, class_id=class_id, course_id=course_id, before=before, limit=limit + 1
    )
    return found[:limit], found[limit - 1].id if len(found) > limit else None


async def standing(
    session: ReadSession,
    by: Principal | None,
    now: datetime,
    *,
    course_id: UUID | None = None,
    lesson_id: UUID | None = None,
) -> list[ClassLink]:
    """Those of the principal's classes that still open, for a page: of a course, of a lesson, or of
    all that a class follows. Empty for who makes none.
    """
    if by is None or not LINK.allows_anywhere(by):
        return []
    found = await LinkRepository(session).standing(
        by, now, course_id=course_id, lesson_id=lesson_id, limit=MOST_SHOWN
    )
    return [one for one in found if is_good(one, now)]


async def may_make(
    session: ReadSession, by: Principal | None, day: date, lesson: Lesson | None = None
) -> bool:
    """Whether a page offers to make one: for classes of the principal's school, which may see the
    lesson.
    """
    if by is None or by.school is None or not LINK.allows(by, by.school):
        return False
    return lesson is None or await school_sees_lesson(session, by.school, lesson, day)


async def get(session: ReadSession, by: Principal, key: UUID) -> ClassLink:
    """Raises NotFound."""
    found = await LinkRepository(session).seen(by, key)
    if found is None:
        raise NotFound(NO_LINK, code="no_link")
    return found


async def revoke(frame: Frame, session: WriteSession, by: Principal, key: UUID) -> ClassLink:
    """It opens nothing from the moment this is committed. Twice is no error. Raises NotFound."""
    found = await get(session, by, key)
    if found.revoked_at is None:
        found.revoked_at = frame.now()
        session.tell(REVOKED, link=str(key))
        school = found.school_class.organisation
        audit.record(session, by, "class_link.revoked", found, school, _told(found))
        await session.flush()
    return found


def path_of(link: ClassLink) -> str:
    return f"/home/{link.token}"


def code_of(address: str) -> str:
    """A QR code as SVG."""
    out = io.BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, border=2, omitsize=True, svgclass="qr"
    )
    return out.getvalue().decode()


def is_good(link: ClassLink, now: datetime) -> bool:
    """Not revoked, not run out, of a class and a school that go on."""
    of_class = link.school_class
    gone = of_class.ends_on is not None or of_class.organisation.closed_on is not None
    return link.revoked_at is None and now < link.expires_at and not gone


async def of_token(session: ReadSession, token: str, now: datetime) -> ClassLink | None:
    """The link, while it is good."""
    found = await LinkRepository(session).by_token(token)
    return found if found is not None and is_good(found, now) else None


async def opens(
    session: ReadSession, link: ClassLink, lesson: Lesson, now: datetime, day: date
) -> bool:
    """Whether the link opens the replay of a lesson: one of its own, that is over, and that the
    class's school may still see.
    """
    if not is_good(link, now) or not await LinkRepository(session).opens(link, lesson.id):
        return False
    return await school_sees_lesson(session, link.school_class.organisation, lesson, day)


@dataclass(frozen=True)
class Home:
    """What a link opens; ``courses`` and ``units`` are titles by id."""

    link: ClassLink
    class_name: str
    lessons: Sequence[Lesson]
    courses: dict[UUID, str]
    units: dict[UUID, str]

    @property
    def title(self) -> str:
        if self.link.lesson is not None:
            return self.link.lesson.title
        return self.link.course.title if self.link.course is not None else self.class_name

    @property
    def description(self) -> str:
        thing = self.link.lesson or self.link.course
        return thing.description if thing is not None else ""


async def home(session: ReadSession, token: str, now: datetime, day: date) -> Home:
    """Raises NotFound ``link_gone``."""
    link = await of_token(session, token, now)
    if link is None:
        raise NotFound(GONE, code="link_gone")
    repository = LinkRepository(session)
    school = link.school_class.organisation
    found = [
        one
        for one in await repository.ended(link, SHOWN)
        if await school_sees_lesson(session, school, one, day)
    ]
    return Home(
        link,
        await ClassRepository(session).name_on(link.school_class, day),
        found,
        await repository.course_titles(found),
        await repository.unit_titles(found),
    )
