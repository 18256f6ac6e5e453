"""Classes follow a course: its lessons come into their day."""

import asyncio

from tests.catalogue.stage import Stage, class_of
from tests.makers import Makers
from tongke_platform.people.roles import Role


async def test_anonymous(stage: Stage) -> None:
    course, far = await stage.course(visibility="public"), await stage.far()
    for method in ("PUT", "DELETE"):
        path = f"/api/courses/{course['id']}/follows/{far.class_id}"
        assert (await stage.ask(method, path, {})).status_code == 401


async def test_follow_brings_lessons_into_the_day(stage: Stage) -> None:
    far = await stage.far(partner=True)
    course = await stage.course()
    path = f"/api/courses/{course['id']}/follows/{far.class_id}"
    before = await stage.lesson(course, planned_start=stage.soon())
    followed = await stage.ask("PUT", path, far.headers)
    assert followed.json()["school_class"]["id"] == far.class_id
    assert (await stage.ask("PUT", path, far.headers)).status_code == 200
    after = await stage.lesson(course, planned_start=stage.soon())
    untimed = await stage.lesson(course)
    assert await stage.rooms(untimed) == set()
    patch = {"planned_start": stage.soon()}
    await stage.ask("PATCH", f"/api/lessons/{untimed['id']}", json=patch)
    for lesson in (before, after, untimed):
        assert await stage.rooms(lesson) == {far.room.id}
    today = (await stage.ask("GET", "/api/lessons", far.headers)).json()
    assert {one["id"] for one in today} == {before["id"], after["id"], untimed["id"]}
    room = (await stage.client.get(f"/room/{far.room.token}/next")).json()
    assert room["lesson"]["id"] == before["id"]


async def test_unfollow_takes_coming_lessons_only(stage: Stage) -> None:
    far = await stage.far(partner=True)
    course = await stage.course()
    path = f"/api/courses/{course['id']}/follows/{far.class_id}"
    await stage.ask("PUT", path, far.headers)
    held, coming = [await stage.lesson(course, planned_start=stage.soon()) for _ in "12"]
    await stage.held(held)
    assert (await stage.ask("DELETE", path, far.headers)).status_code == 204
    assert await stage.rooms(held) == {far.room.id}
    assert await stage.rooms(coming) == set()
    assert await stage.rooms(await stage.lesson(course, planned_start=stage.soon())) == set()
    # And back again.
    await stage.ask("PUT", path, far.headers)
    assert await stage.rooms(coming) == {far.room.id}


async def test_without_a_partnership(stage: Stage) -> None:
    """What everybody signed in may see is followed without one."""
    far = await stage.far()
    closed = await stage.course(visibility="partnership")
    open_ = await stage.course(visibility="signed_in")
    refused = await stage.ask(
        "PUT", f"/api/courses/{closed['id']}/follows/{far.class_id}", far.headers
    )
    assert refused.status_code == 404
    followed = await stage.ask(
        "PUT", f"/api/courses/{open_['id']}/follows/{far.class_id}", far.headers
    )
    assert followed.status_code == 200
    lesson = await stage.lesson(open_, planned_start=stage.soon())
    assert await stage.rooms(lesson) == {far.room.id}


async def test_not_another_schools_class(stage: Stage, make: Makers) -> None:
    far, other = await stage.far(partner=True), await stage.far(partner=True)
    course = await stage.course()
    path = f"/api/courses/{course['id']}/follows/{far.class_id}"
    assert (await stage.ask("PUT", path, other.headers)).status_code == 404
    principal = await make.bearer(await make.person(far.school, Role.PRINCIPAL))
    assert (await stage.ask("PUT", path, principal)).status_code == 404
    # The platform may, but not for a school that may not see the course.
    admin = await make.bearer(await make.person(role=Role.ADMIN))
    closed = await stage.course(visibility="rooms")
    path = f"/api/courses/{closed['id']}/follows/{far.class_id}"
    assert (await stage.ask("PUT", path, admin)).status_code == 404


async def test_capacity(stage: Stage, make: Makers) -> None:
    """Of several that want the last place one has it."""
    far = await stage.far(partner=True)
    course = await stage.course(capacity=1)
    others = [str(await class_of(make, far.school)) for _ in range(3)]
    answers = await asyncio.gather(
        *(
            stage.ask("PUT", f"/api/courses/{course['id']}/follows/{one}", far.headers)
            for one in (far.class_id, *others)
        )
    )
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    shown = (await stage.ask("GET", f"/api/courses/{course['id']}")).json()
    assert shown["followers"] == 1
    assert len((await stage.ask("GET", f"/api/courses/{course['id']}/follows")).json()) == 1


async def test_withdrawn(stage: Stage) -> None:
    """Followers still see what it was; nothing new reaches them until it is published again."""
    far = await stage.far(partner=True)
    course = await stage.course()
    where = f"/api/courses/{course['id']}"
    await stage.ask("PUT", f"{where}/follows/{far.class_id}", far.headers)
    await stage.ask("POST", f"{where}/withdraw")
    assert (await stage.ask("GET", where, far.headers)).status_code == 200
    lesson = await stage.lesson(course, planned_start=stage.soon())
    assert (await stage.rooms(lesson), lesson["visibility"]) == (set(), "rooms")
    await stage.ask("POST", f"{where}/publish")
    assert await stage.rooms(lesson) == {far.room.id}


async def test_shelf(stage: Stage) -> None:
    far, stranger = await stage.far(partner=True), await stage.far()
    course = await stage.course()
    await stage.ask("PUT", f"/api/courses/{course['id']}/follows/{far.class_id}", far.headers)
    lesson = await stage.lesson(course, planned_start=stage.soon())
    where = f"/api/organisations/{far.school.id}/shelf"
    shelf = (await stage.ask("GET", where, far.headers)).json()
    assert shelf["own"] == []
    assert [one["id"] for one in shelf["followed"]] == [course["id"]]
    assert [one["id"] for one in shelf["delivered"]] == [lesson["id"]]
    own = (await stage.ask("GET", f"/api/organisations/{stage.school.id}/shelf?part=own")).json()
    assert [one["id"] for one in own["own"]] == [course["id"]]
    assert (await stage.ask("GET", where, stranger.headers)).status_code == 404
    assert (await stage.ask("GET", where, {})).status_code == 401
