"""The demo's receiving school: its class, the book it uses, and a course it follows."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from tongke_courses.catalogue import following
from tongke_courses.catalogue.models import Course
from tongke_courses.textbooks import classrooms, service
from tongke_platform.accounts import service as accounts
from tongke_platform.classes import service as classes
from tongke_platform.classes.repository import ClassRepository
from tongke_platform.demo import people
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import SchoolClass
from tongke_platform.organisations.repository import OrganisationRepository


async def fill(frame: Frame, persons: Mapping[str, UUID], room: UUID) -> None:
    """Made once, of those in ``people``. ``room``: a classroom of the partner school."""
    wanted = people.VILLAGE_CLASS
    async with frame.database.write() as session:
        by = await accounts.principal_of(session, persons["local_teacher"], frame.today())
        admin = await accounts.principal_of(session, persons[people.ADMIN], frame.today())
        school = await OrganisationRepository(session).by_code(people.PARTNER.code)
        assert by is not None, "the demo's people are made first"
        assert admin is not None, "all of them"
        assert school is not None, "and its schools"
        there = select(SchoolClass.id).where(SchoolClass.organisation_id == school.id)
        if (await session.execute(there.limit(1))).first() is not None:
            return
        made = await classes.create_class(
            session, school, grade=wanted.grade, name=wanted.name, size=wanted.size, by=admin
        )
        await ClassRepository(session).seat([room], made.id)
        book = await service.resolve(
            session, stage="小学", subject="语文", edition="统编版", grade="三年级", volume="上册"
        )
        assert book is not None, "the shelf comes first"
        await classrooms.use(session, by, made.id, book.id, None)
        public = select(Course.id).where(Course.title == people.PUBLIC_COURSE.title)
        course = (await session.execute(public.limit(1))).scalar_one()
        await following.follow(frame, session, by, course, made.id)
