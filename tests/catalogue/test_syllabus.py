"""The lessons of a course: without a time, with one, in order, taken out."""

from tests.catalogue.stage import LESSON, Stage
from tests.makers import Makers
from tongke_platform.people.roles import Role


async def test_without_a_time(stage: Stage) -> None:
    course = await stage.course()
    lesson = await stage.lesson(course)
    assert lesson["planned_start"] is None
    assert lesson["visibility"] == "partnership"
    where = f"/api/lessons/{lesson['id']}"
    timed = await stage.ask("PATCH", where, json={"planned_start": stage.soon()})
    assert timed.json()["planned_start"] is not None
    today = (await stage.ask("GET", "/api/lessons")).json()
    assert [one["id"] for one in today] == [lesson["id"]]
    taken = await stage.ask("PATCH", where, json={"planned_start": None})
    assert taken.json()["planned_start"] is None
    assert (await stage.ask("GET", "/api/lessons")).json() == []
    await stage.held(lesson)
    late = await stage.ask("PATCH", where, json={"planned_start": stage.soon()})
    assert late.json()["code"] == "not_planned"
    assert (await stage.ask("POST", "/api/lessons", json=LESSON)).status_code == 422


async def test_order_and_move(stage: Stage) -> None:
    course = await stage.course()
    where = f"/api/courses/{course['id']}"
    unit = (await stage.ask("POST", f"{where}/units", json={"title": "一"})).json()
    one, _, three = [await stage.lesson(course, title=title) for title in "甲乙丙"]
    body = {"unit_id": unit["id"], "ids": [three["id"], one["id"]]}
    ordered = await stage.ask("PUT", f"{where}/lessons/order", json=body)
    assert [lesson["title"] for lesson in ordered.json()] == ["乙", "丙", "甲"]
    # Who has named fewer than there are loses none.
    fewer = {"unit_id": unit["id"], "ids": [one["id"]]}
    ordered = await stage.ask("PUT", f"{where}/lessons/order", json=fewer)
    assert [lesson["title"] for lesson in ordered.json()] == ["乙", "甲", "丙"]
    back = await stage.ask("PATCH", f"/api/lessons/{one['id']}", json={"unit_id": None})
    assert back.json()["unit_id"] is None
    foreign = await stage.lesson(await stage.course())
    strange = await stage.ask("PUT", f"{where}/lessons/order", json={"ids": [foreign["id"]]})
    assert strange.json()["code"] == "changed_meanwhile"


async def test_attach_and_detach(stage: Stage, make: Makers) -> None:
    course = await stage.course(visibility="public")
    where = f"/api/courses/{course['id']}/lessons"
    own = await make.lesson(stage.teacher)
    attached = await stage.ask("POST", where, json={"lesson_id": str(own.id)})
    assert attached.json()["visibility"] == "public"
    other = await stage.course()
    twice = await stage.ask(
        "POST", f"/api/courses/{other['id']}/lessons", json={"lesson_id": str(own.id)}
    )
    assert twice.json()["code"] == "in_a_course"
    assert (await stage.ask("DELETE", f"{where}/{own.id}")).status_code == 204
    assert await stage.visibility({"id": str(own.id)}) == "rooms"
    foreign = await make.lesson()
    strange = await stage.ask("POST", where, json={"lesson_id": str(foreign.id)})
    assert strange.status_code == 403


async def test_remove(stage: Stage) -> None:
    course = await stage.course()
    gone, kept = await stage.lesson(course), await stage.lesson(course)
    await stage.held(kept)
    assert (await stage.ask("DELETE", f"/api/lessons/{gone['id']}")).status_code == 204
    assert (await stage.ask("GET", f"/api/lessons/{gone['id']}")).status_code == 404
    held = await stage.ask("DELETE", f"/api/lessons/{kept['id']}")
    assert held.json()["code"] == "was_held"
    assert (await stage.ask("DELETE", f"/api/lessons/{kept['id']}", {})).status_code == 401
    stranger = (await stage.far()).headers
    assert (await stage.ask("DELETE", f"/api/lessons/{kept['id']}", stranger)).status_code == 403
    patched = await stage.ask("PATCH", f"/api/lessons/{kept['id']}", stranger, json={"title": "x"})
    assert patched.status_code == 403


async def test_teachers_of_the_course_alone(stage: Stage, make: Makers) -> None:
    course = await stage.course()
    colleague = await make.person(stage.school, Role.LEAD_TEACHER)
    body = {**LESSON, "course_id": course["id"], "teacher_id": str(colleague.id)}
    refused = await stage.ask("POST", "/api/lessons", json=body)
    assert refused.json()["code"] == "no_teacher"
    theirs = await make.bearer(colleague)
    body = {**LESSON, "course_id": course["id"]}
    assert (await stage.ask("POST", "/api/lessons", theirs, json=body)).status_code == 403
