"""Schools, people and courses as the catalogue's tests need them, made over the API."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
from sqlalchemy import select, update

from tests.makers import Makers, Someone
from tongke_courses.lessons.models import Lesson, LessonRoom, LessonState
from tongke_platform.accounts import service as accounts
from tongke_platform.classes import service as classes
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Organisation, Room
from tongke_platform.organisations.repository import OrganisationRepository
from tongke_platform.people.roles import Role

COURSE = {"title": "分数的初步认识", "subject": "数学", "grade": "三年级"}
LESSON = {"title": "几分之一", "subject": "数学", "grade": "三年级"}
Headers = dict[str, str]


@dataclass
class Far:
    """A school with a class that sits in a room, and its academic office."""

    school: Organisation
    room: Room
    class_id: str
    office: Someone
    headers: Headers
    pupils: list[UUID]


class Stage:
    def __init__(self, client: httpx2.AsyncClient, make: Makers, frame: Frame) -> None:
        self.client, self.make, self.frame = client, make, frame
        self.school: Organisation
        self.teacher: Someone
        self.headers: Headers

    async def open(self) -> "Stage":
        self.school = await self.make.school()
        self.teacher = await self.make.person(self.school, Role.LEAD_TEACHER)
        self.headers = await self.make.bearer(self.teacher)
        return self

    async def ask(
        self, method: str, path: str, headers: Headers | None = None, **options: Any
    ) -> httpx2.Response:
        return await self.client.request(
            method, path, headers=self.headers if headers is None else headers, **options
        )

    async def course(self, *, published: bool = True, **fields: Any) -> dict[str, Any]:
        made = await self.ask("POST", "/api/courses", json={**COURSE, **fields})
        assert made.status_code == 201, made.text
        if published:
            made = await self.ask("POST", f"/api/courses/{made.json()['id']}/publish")
            assert made.status_code == 200, made.text
        found: dict[str, Any] = made.json()
        return found

    async def lesson(self, course: dict[str, Any], **fields: Any) -> dict[str, Any]:
        body = {**LESSON, "course_id": course["id"], **fields}
        made = await self.ask("POST", "/api/lessons", json=body)
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()
        return found

    def soon(self) -> str:
        return (self.frame.now() + timedelta(minutes=5)).isoformat()

    async def far(self, *, partner: bool = False) -> Far:
        school = await self.make.school()
        if partner:
            await self.make.partnership(self.school, school)
        room = await self.make.room(school)
        pupils = await self.make.class_in(room, "小红", "小明")
        office = await self.make.person(school, Role.ACADEMIC_OFFICE)
        async with self.frame.database.read() as session:
            found = await session.execute(select(Room.class_id).where(Room.id == room.id))
            key = found.scalar_one()
        return Far(school, room, str(key), office, await self.make.bearer(office), pupils)

    async def held(self, lesson: dict[str, Any]) -> None:
        """It was live and is over."""
        now = self.frame.now()
        async with self.frame.database.write() as session:
            await session.execute(
                update(Lesson)
                .where(Lesson.id == UUID(lesson["id"]))
                .values(state=LessonState.ENDED, started_at=now, ended_at=now)
            )

    async def visibility(self, lesson: dict[str, Any]) -> str:
        async with self.frame.database.read() as session:
            statement = select(Lesson.visibility).where(Lesson.id == UUID(lesson["id"]))
            return str((await session.execute(statement)).scalar_one().value)

    async def rooms(self, lesson: dict[str, Any]) -> set[UUID]:
        """Those it is delivered to."""
        async with self.frame.database.read() as session:
            statement = select(LessonRoom.room_id).where(LessonRoom.lesson_id == UUID(lesson["id"]))
            return set((await session.execute(statement)).scalars())


async def class_of(make: Makers, school: Organisation) -> UUID:
    """Another class, that sits nowhere."""
    admin = await make.person(school, Role.SCHOOL_ADMIN)
    number = next(make._number)
    async with make.frame.database.write() as session:
        by = await accounts.principal_of(session, admin.id, make.frame.today())
        found = await OrganisationRepository(session).by_id(school.id)
        assert by is not None
        assert found is not None
        made = await classes.create_class(session, found, grade=4, name=f"{number}班", by=by)
        return made.id
