"""What is found follows the names of people and schools."""

import httpx2
from fastapi import FastAPI

from tests.makers import Makers
from tests.search.test_lessons import search
from tongke_platform.frame import Frame
from tongke_platform.organisations.models import Organisation
from tongke_platform.people.models import Person
from tongke_platform.people.roles import Role
from tongke_platform.privacy import repository as privacy


async def test_a_renamed_teacher_and_school(
    app: FastAPI, client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    lesson = await make.lesson()
    headers = await make.bearer(await make.person(role=Role.ADMIN))
    async with frame.database.write() as session:
        person = await session.get_one(Person, lesson.teacher_id)
        school = await session.get_one(Organisation, lesson.school_id)
        person.display_name, school.name = "欧阳修远", "青石小学"
    assert (await search(client, "欧阳修远", headers))["total"] == 0, "the job has not run"
    assert await frame.jobs.run_due() == 2
    for words in ("欧阳修远", "青石小学"):
        (one,) = (await search(client, words, headers))["results"]
        assert one["id"] == str(lesson.id)


async def test_an_erased_teacher_is_not_found(
    app: FastAPI, client: httpx2.AsyncClient, make: Makers, frame: Frame
) -> None:
    lesson = await make.lesson()
    headers = await make.bearer(await make.person(role=Role.ADMIN))
    name = lesson.teacher.display_name
    assert str(lesson.id) in str(await search(client, name, headers))
    async with frame.database.write() as session:
        await privacy.erase(session, lesson.teacher_id, frame.now(), frame.today())
    await frame.jobs.run_due()
    assert str(lesson.id) not in str(await search(client, name, headers))
