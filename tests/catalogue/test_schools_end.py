"""Schools close and merge, classes get rooms: courses and who follows them go on."""

from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from tests.audit.test_log import entries_of
from tests.catalogue.stage import Far, Headers, Stage, class_of
from tests.makers import Makers
from tongke_courses.lessons.models import Lesson
from tongke_platform.organisations.models import Organisation
from tongke_platform.people.roles import Role


@pytest.fixture
async def admin(make: Makers) -> Headers:
    return await make.bearer(await make.person(role=Role.ADMIN))


async def followed(stage: Stage, far: Far, course: dict[str, Any]) -> httpx2.Response:
    path = f"/api/courses/{course['id']}/follows/{far.class_id}"
    return await stage.ask("PUT", path, far.headers)


async def ended(
    stage: Stage, admin: Headers, gone: Organisation, into: Organisation | None = None
) -> str:
    """The id of what takes it back."""
    how = "merge" if into else "close"
    body = {"into_id": str(into.id)} if into else {"reason": "撤并"}
    answer = await stage.ask("POST", f"/api/organisations/{gone.id}/{how}", admin, json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["undo"])


async def school_of(stage: Stage, lesson: dict[str, Any]) -> UUID:
    async with stage.frame.database.read() as session:
        found = await session.execute(
            select(Lesson.school_id).where(Lesson.id == UUID(lesson["id"]))
        )
        return found.scalar_one()


async def titles(stage: Stage, headers: Headers, q: str) -> list[str]:
    found = (await stage.ask("GET", f"/api/search?q={q}", headers)).json()
    return [one["title"] for one in found["results"]]


async def test_following_is_in_the_log(stage: Stage) -> None:
    far, course = await stage.far(partner=True), await stage.course(title="分数")
    path = f"/api/courses/{course['id']}/follows/{far.class_id}"
    for _ in "12":
        assert (await stage.ask("PUT", path, far.headers)).status_code == 200
    for _ in "12":
        assert (await stage.ask("DELETE", path, far.headers)).status_code == 204
    for act in ("course.followed", "course.unfollowed"):
        (entry,) = await entries_of(stage.frame, act)
        assert (entry.organisation_id, entry.person_id) == (far.school.id, far.office.id)
        assert (entry.detail["title"], entry.detail["class_id"]) == ("分数", far.class_id)


async def test_a_room_given_later_gets_what_is_to_come(stage: Stage, make: Makers) -> None:
    far = await stage.far(partner=True)
    course = await stage.course()
    school_admin = await make.bearer(await make.person(far.school, Role.SCHOOL_ADMIN))
    bare = await class_of(make, far.school)
    path = f"/api/courses/{course['id']}/follows/{bare}"
    assert (await stage.ask("PUT", path, far.headers)).status_code == 200
    lesson, held = [await stage.lesson(course, planned_start=stage.soon()) for _ in "12"]
    await stage.held(held)
    assert await stage.rooms(lesson) == set()
    made = await stage.ask(
        "POST", f"/api/organisations/{far.school.id}/rooms", school_admin,
        json={"name": "录播教室", "class_size": 40, "class_id": str(bare)},
    )  # fmt: skip
    assert made.status_code == 201
    await stage.frame.jobs.run_due()
    assert await stage.rooms(lesson) == {UUID(made.json()["id"])}
    assert await stage.rooms(held) == set()
    moved = await stage.ask(
        "PATCH", f"/api/rooms/{far.room.id}", school_admin, json={"class_id": str(bare)}
    )
    assert moved.status_code == 200
    await stage.frame.jobs.run_due()
    assert await stage.rooms(lesson) == {UUID(made.json()["id"]), far.room.id}


async def test_a_room_wakes_the_worker(stage: Stage, make: Makers) -> None:
    """At once, not when the worker looks again."""
    far = await stage.far()
    woken: list[dict[str, Any]] = []
    stage.frame.events.listen("catalogue.deliver", woken.append)
    school_admin = await make.bearer(await make.person(far.school, Role.SCHOOL_ADMIN))
    where = f"/api/rooms/{far.room.id}"
    await stage.ask("PATCH", where, school_admin, json={"name": "音乐教室"})
    assert not woken, "where nobody moves in nothing is to be done"
    other = str(await class_of(make, far.school))
    await stage.ask("PATCH", where, school_admin, json={"class_id": other})
    assert len(woken) == 1


async def test_a_class_that_follows_nothing_gets_nothing(stage: Stage) -> None:
    far, course = await stage.far(partner=True), await stage.course()
    lesson = await stage.lesson(course, planned_start=stage.soon())
    await stage.frame.jobs.run_due()
    await followed(stage, far, course)
    await stage.ask("POST", f"/api/courses/{course['id']}/withdraw")
    await stage.ask("DELETE", f"/api/courses/{course['id']}/follows/{far.class_id}", far.headers)
    await stage.frame.jobs.run_due()
    assert await stage.rooms(lesson) == set()


async def test_merged_courses_are_the_successors(
    stage: Stage, make: Makers, admin: Headers
) -> None:
    far, into = await stage.far(partner=True), await make.school()
    course, draft = await stage.course(title="甲课"), await stage.course(published=False)
    unit = await stage.ask("POST", f"/api/courses/{course['id']}/units", json={"title": "一"})
    place = {"unit_id": unit.json()["id"]}
    coming, held = [await stage.lesson(course, planned_start=stage.soon(), **place) for _ in "12"]
    await followed(stage, far, course)
    await stage.held(held)
    office = await make.bearer(await make.person(into, Role.ACADEMIC_OFFICE))
    where = f"/api/courses/{course['id']}"
    assert (await stage.ask("GET", where, office)).status_code == 404
    undo = await ended(stage, admin, stage.school, into)
    await stage.frame.jobs.run_due()
    for one in (course, draft):
        found = (await stage.ask("GET", f"/api/courses/{one['id']}", office)).json()
        assert (found["school"]["id"], found["may_manage"]) == (str(into.id), True)
        assert found["state"] == one["state"]
    # All that belongs to it went along; who follows goes on to follow, and receives what is to come.
    assert len((await stage.ask("GET", f"{where}/lessons", office)).json()) == 2
    assert len((await stage.ask("GET", f"{where}/follows", office)).json()) == 1
    shelf = (
        await stage.ask("GET", f"/api/organisations/{far.school.id}/shelf", far.headers)
    ).json()
    assert [one["id"] for one in shelf["followed"]] == [course["id"]]
    today = (await stage.ask("GET", "/api/lessons", far.headers)).json()
    assert coming["id"] in {one["id"] for one in today}
    # What was held stays the lesson of the school that gave it.
    assert await school_of(stage, coming) == into.id
    assert await school_of(stage, held) == stage.school.id
    for headers in (far.headers, office):
        where_held = f"/api/lessons/{held['id']}"
        assert (await stage.ask("GET", where_held, headers)).status_code == 200
    words = await stage.ask("PATCH", where_held, office, json={"description": "合并前的课"})
    assert words.status_code == 200
    assert "几分之一" in await titles(stage, office, "几分之一")
    assert "甲课" in await titles(stage, office, "甲课")
    entries = await entries_of(stage.frame, "course.changed")
    moved = [one for one in entries if "school_id" in one.detail]
    assert {one.subject_id for one in moved} == {UUID(course["id"]), UUID(draft["id"])}
    assert str(stage.school.id) in str(moved[0].detail)
    # And back again.
    assert (await stage.ask("POST", f"/api/undo/{undo}", admin)).status_code == 204
    back = (await stage.ask("GET", where, admin)).json()
    assert back["school"]["id"] == str(stage.school.id)
    assert await school_of(stage, coming) == stage.school.id
    assert (await stage.ask("GET", where, office)).status_code == 404


async def test_closed_nobody_begins_and_who_follows_still_reads(
    stage: Stage, admin: Headers
) -> None:
    far, late = await stage.far(partner=True), await stage.far()
    course = await stage.course(visibility="signed_in", title="乙课")
    draft = await stage.course(published=False)
    lesson = await stage.lesson(course, planned_start=stage.soon())
    await followed(stage, far, course)
    await stage.held(lesson)
    undo = await ended(stage, admin, stage.school)
    where = f"/api/courses/{course['id']}"
    assert (await stage.ask("GET", where, far.headers)).json()["state"] == "withdrawn"
    assert [one["id"] for one in (await stage.ask("GET", f"{where}/lessons", far.headers)).json()]
    assert (await stage.ask("GET", f"/api/lessons/{lesson['id']}", far.headers)).status_code == 200
    assert (await stage.ask("GET", where, late.headers)).status_code == 404
    assert (await followed(stage, late, course)).status_code == 404
    assert "乙课" not in await titles(stage, late.headers, "乙课")
    # Nobody publishes for a school that is no more.
    again = await stage.ask("POST", f"{where}/publish", admin)
    assert (again.status_code, again.json()["code"]) == (409, "closed")
    assert (await stage.ask("GET", f"/api/courses/{draft['id']}", admin)).json()["state"] == "draft"
    assert (await stage.ask("POST", f"/api/undo/{undo}", admin)).status_code == 204
    assert (await stage.ask("GET", where, late.headers)).json()["state"] == "published"
    assert (await stage.ask("GET", f"/api/courses/{draft['id']}", admin)).json()["state"] == "draft"
    assert (await followed(stage, late, course)).status_code == 200


async def test_what_was_done_since_is_not_taken_back(
    stage: Stage, make: Makers, admin: Headers
) -> None:
    into, further = await make.school(), await make.school()
    course = await stage.course()
    undo = await ended(stage, admin, stage.school, into)
    await ended(stage, admin, into, further)
    await stage.ask("POST", f"/api/undo/{undo}", admin)
    found = (await stage.ask("GET", f"/api/courses/{course['id']}", admin)).json()
    assert found["school"]["id"] == str(further.id)
