"""Lessons that lose their teacher are told of once, and handed to somebody else of the school."""

from collections.abc import Sequence
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select

from tests.makers import Makers, Someone
from tests.organisations.test_pages import said, sign_in, undo_of
from tongke_courses.lessons import unled
from tongke_courses.lessons.models import Lesson
from tongke_platform.frame import Frame
from tongke_platform.notices.models import Notice
from tongke_platform.people.models import Membership, Person
from tongke_platform.people.roles import Role
from tongke_platform.privacy import repository as privacy


@pytest.fixture
async def teacher(make: Makers) -> Someone:
    return await make.person(await make.school(await make.region()))


@pytest.fixture
async def office(make: Makers, teacher: Someone) -> Someone:
    return await make.person(teacher.school, Role.ACADEMIC_OFFICE)


@pytest.fixture
async def lesson(make: Makers, frame: Frame, teacher: Someone) -> Lesson:
    return await make.lesson(teacher, planned_start=frame.now() + timedelta(days=3))


async def told(frame: Frame, someone: Someone, kind: str = "lesson.unled") -> Sequence[Notice]:
    wanted = select(Notice).where(Notice.person_id == someone.id, Notice.kind == kind)
    async with frame.database.read() as session:
        return (await session.execute(wanted)).scalars().all()


async def deactivate(frame: Frame, someone: Someone) -> None:
    async with frame.database.write() as session:
        person = await session.get_one(Person, someone.id)
        person.deactivated_at = frame.now()


async def end_post(frame: Frame, someone: Someone, days: int) -> None:
    async with frame.database.write() as session:
        found = select(Membership).where(Membership.person_id == someone.id)
        post = (await session.execute(found)).scalar_one()
        post.ends_on = frame.today() + timedelta(days=days)


async def erase(frame: Frame, someone: Someone) -> None:
    async with frame.database.write() as session:
        await privacy.erase(session, someone.id, frame.now(), frame.today())


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_anonymous(client: httpx2.AsyncClient, lesson: Lesson, method: str) -> None:
    if method == "PUT":
        answer = await client.put(f"/api/lessons/{lesson.id}/teacher", json={"teacher_id": "x"})
        assert answer.status_code == 401
        return
    path = "/admin/lessons" if method == "GET" else f"/admin/lessons/{lesson.id}/teacher"
    answer = await client.request(method, path, headers={"Accept": "text/html"})
    assert answer.status_code == 303


@pytest.mark.parametrize("how", ["deactivated", "erased", "over before"])
async def test_is_told_once_to_both_sides(
    frame: Frame, make: Makers, teacher: Someone, office: Someone, how: str
) -> None:
    far = await make.school(await make.region())
    principal, stranger = await make.person(far, Role.PRINCIPAL), await make.person(far)
    start = frame.now() + timedelta(days=3)
    for number in range(2):
        await make.lesson(teacher, [await make.room(far)], start + timedelta(hours=number))
    assert await unled.look_through(frame) == 0
    if how == "deactivated":
        await deactivate(frame, teacher)
    elif how == "erased":
        await erase(frame, teacher)
    else:
        await end_post(frame, teacher, 1)
    assert await unled.look_through(frame) == 2
    assert await unled.look_through(frame) == 0
    for someone in (office, principal):
        notices = await told(frame, someone)
        assert len(notices) == 1
        assert notices[0].params["count"] == "2"
        assert notices[0].params["lessons"].count("圆的面积") == 2
    assert await told(frame, stranger) == []


async def test_a_post_that_lasts_is_no_matter(
    frame: Frame, teacher: Someone, office: Someone, lesson: Lesson
) -> None:
    await end_post(frame, teacher, 3)
    assert await unled.look_through(frame) == 0
    await end_post(frame, teacher, 2)
    assert await unled.look_through(frame) == 1


async def test_who_comes_back_teaches_again(
    frame: Frame, teacher: Someone, office: Someone, lesson: Lesson
) -> None:
    await deactivate(frame, teacher)
    await unled.look_through(frame)
    async with frame.database.write() as session:
        (await session.get_one(Person, teacher.id)).deactivated_at = None
    await unled.look_through(frame)
    async with frame.database.read() as session:
        assert (await session.get_one(Lesson, lesson.id)).unled_at is None


async def test_is_handed_over_and_taken_back(
    client: httpx2.AsyncClient,
    frame: Frame,
    make: Makers,
    teacher: Someone,
    office: Someone,
    lesson: Lesson,
) -> None:
    other = await make.person(teacher.school, Role.LOCAL_TEACHER)
    await deactivate(frame, teacher)
    await unled.look_through(frame)
    await sign_in(client, office)
    assert "Lessons to come that have no teacher any more: 1" in (await client.get("/admin")).text
    page = (await client.get("/admin/lessons?state=unled")).text
    assert f"/admin/lessons/{lesson.id}" in page
    page = (await client.get(f"/admin/lessons/{lesson.id}")).text
    assert other.display_name in page
    answer = await client.post(
        f"/admin/lessons/{lesson.id}/teacher", data={"teacher": str(other.id)}
    )
    page = await said(client, answer)
    assert f"{other.display_name} teaches" in page
    assert len(await told(frame, other, "lesson.handed")) == 1
    assert await unled.look_through(frame) == 0
    await client.post(undo_of(page), data={"back": "/admin/lessons"})
    async with frame.database.read() as session:
        assert (await session.get_one(Lesson, lesson.id)).teacher_id == teacher.id
    assert await unled.look_through(frame) == 1, "it lost its teacher once more"


async def test_only_to_somebody_of_the_school_and_before_it_begins(
    client: httpx2.AsyncClient,
    frame: Frame,
    make: Makers,
    teacher: Someone,
    office: Someone,
    lesson: Lesson,
) -> None:
    address = f"/api/lessons/{lesson.id}/teacher"
    other = await make.person(teacher.school, Role.LOCAL_TEACHER)
    stranger = await make.person(await make.school())
    headers = await make.bearer(office)
    answer = await client.put(address, json={"teacher_id": str(stranger.id)}, headers=headers)
    assert answer.status_code == 422
    wanted = {"teacher_id": str(other.id)}
    answer = await client.put(address, json=wanted, headers=await make.bearer(teacher))
    assert answer.status_code == 403, "a teacher does not give lessons away"
    answer = await client.put(address, json=wanted, headers=headers)
    assert answer.json()["teacher"]["id"] == str(other.id)
    async with frame.database.write() as session:
        found = await session.get_one(Lesson, lesson.id)
        found.started_at, found.state = frame.now(), type(found.state).LIVE
    back = {"teacher_id": str(teacher.id)}
    assert (await client.put(address, json=back, headers=headers)).status_code == 409
