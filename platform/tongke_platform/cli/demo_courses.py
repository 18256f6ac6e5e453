"""The demo's courses: one for everybody with last week's lesson, one for the partner school."""

import io
from collections.abc import Mapping
from uuid import UUID

from PIL import Image, ImageDraw
from sqlalchemy import select

from tongke_courses.catalogue import covers, following, links, service, settling, syllabus
from tongke_courses.catalogue.models import ClassLink, Course, PublicApproval
from tongke_courses.catalogue.repository import UnitRepository
from tongke_courses.catalogue.schemas import ClassLinkIn, CourseIn
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.schemas import LessonIn
from tongke_courses.lessons.visibility import Visibility
from tongke_platform.accounts import service as accounts
from tongke_platform.database import ReadSession, WriteSession
from tongke_platform.demo import people
from tongke_platform.demo.people import DemoCourse
from tongke_platform.frame import Frame
from tongke_platform.rights import Principal

AUTUMN, MORNING = "#e8c9a0", "#cfe3e6"


async def fill(frame: Frame, owner: UUID, objects: Mapping[str, UUID]) -> dict[str, UUID]:
    """Ids by the names that routes give them; ``objects``: what the first school has already."""
    async with frame.database.read() as session:
        by = await accounts.principal_of(session, owner, frame.today())
        there = await _there(session, objects["organisation_id"])
    assert by is not None, "the demo's people are made first"
    if people.PARTNER_COURSE.title not in there:
        async with frame.database.write() as session:
            await _public(frame, session, by)
        async with frame.database.write() as session:
            await _for_partners(frame, session, by, objects)
        async with frame.database.read() as session:
            made = await _there(session, objects["organisation_id"])
        for wanted, sky in ((people.PUBLIC_COURSE, AUTUMN), (people.PARTNER_COURSE, MORNING)):
            await covers.put(frame, by, made[wanted.title], _hills(sky))
    async with frame.database.read() as session:
        return await _found(session, objects)


def _hills(sky: str) -> bytes:
    """A landscape as a course's picture."""
    picture = Image.new("RGB", (800, 450), sky)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((590, 60, 680, 150), fill="#c8372d")
    for number, (left, top) in enumerate(((-120, 210), (380, 190), (120, 260), (520, 290))):
        shade = (40 + 14 * number, 104 + 10 * number, 92 + 8 * number)
        pen.polygon(((left, 450), (left + 220, top), (left + 440, 450)), fill=shade)
    made = io.BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()


async def _there(session: ReadSession, school_id: UUID) -> dict[str, UUID]:
    statement = select(Course.title, Course.id).where(Course.school_id == school_id)
    return {row.title: row.id for row in await session.execute(statement)}


async def _course(
    frame: Frame, session: WriteSession, by: Principal, wanted: DemoCourse, visibility: Visibility
) -> tuple[UUID, list[UUID]]:
    """Published; its id, and those of its units."""
    made = await service.create(
        frame,
        session,
        by,
        CourseIn(
            title=wanted.title,
            description=wanted.description,
            stage="小学",
            subject="语文",
            grade="三年级",
            edition="统编版",
            term=wanted.term,
            visibility=visibility,
        ),
    )
    key = made.id
    units = [(await service.add_unit(session, by, key, title)).id for title in wanted.units]
    await service.publish(frame, session, by, key)
    return key, units


async def _public(frame: Frame, session: WriteSession, by: Principal) -> None:
    key, units = await _course(frame, session, by, people.PUBLIC_COURSE, Visibility.PUBLIC)
    mine = select(Lesson.id).where(
        Lesson.teacher_id == by.id, Lesson.title == people.LAST_WEEK.title
    )
    held = (await session.execute(mine.limit(1))).scalar_one_or_none()
    if held is not None:
        await syllabus.attach(frame, session, by, key, held, units[0])


async def _for_partners(
    frame: Frame, session: WriteSession, by: Principal, objects: Mapping[str, UUID]
) -> None:
    """One of its lessons is to become public, and waits for the yes of the class in it."""
    key, units = await _course(frame, session, by, people.PARTNER_COURSE, Visibility.PARTNERSHIP)
    planned = [
        await _lesson(frame, session, by, key, units[number % len(units)], title)
        for number, title in enumerate(people.PARTNER_COURSE.lessons)
    ]
    await settling.heard(session, planned[0], objects["room_id"])
    await following.follow(frame, session, by, key, objects["class_id"])
    wanted = ClassLinkIn(class_id=objects["class_id"], course_id=key)
    await links.make(frame, session, by, wanted)


async def _lesson(
    frame: Frame, session: WriteSession, by: Principal, course: UUID, unit: UUID, title: str
) -> UUID:
    """Without a time: the demo's day is full."""
    first = title == people.PARTNER_COURSE.lessons[0]
    wanted = LessonIn(
        title=title,
        subject="语文",
        grade="三年级",
        course_id=course,
        unit_id=unit,
        planned_minutes=40,
        visibility=Visibility.PUBLIC if first else None,
    )
    return (await syllabus.plan(frame, session, by, wanted)).id


async def _found(session: ReadSession, objects: Mapping[str, UUID]) -> dict[str, UUID]:
    school = objects["organisation_id"]
    course = (await _there(session, school))[people.PARTNER_COURSE.title]
    units = await UnitRepository(session).of_course(course)
    approval = select(PublicApproval.id).where(PublicApproval.school_id == school)
    link = select(ClassLink.id).where(ClassLink.class_id == objects["class_id"])
    return {
        "course_id": course,
        "unit_id": units[0].id,
        "approval_id": (await session.execute(approval.limit(1))).scalar_one(),
        "link_id": (await session.execute(link.limit(1))).scalar_one(),
    }
