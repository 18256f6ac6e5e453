"""Where a class's link for home is made, and what it opens at home."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.catalogue.stage import Far, Stage
from tests.catalogue.test_pages import page, send
from tests.makers import Makers
from tests.processes import StandIn
from tongke_courses.materials import service as materials
from tongke_courses.materials.store import FileStore
from tongke_platform.people.roles import Role
from tongke_streaming.frames import Message

VTT = "WEBVTT\n\n00:01.000 --> 00:03.500\n同学们好\n".encode()


@pytest.fixture(autouse=True)
def answers(hls: StandIn) -> None:
    async def playlist(message: Message) -> Message:
        return {"playlist": "#EXTM3U\n"}

    hls.answers["multivariant"] = playlist


async def captioned(stage: Stage, lesson: dict[str, Any]) -> None:
    stored = await FileStore(stage.frame).put_bytes(VTT)
    async with stage.frame.database.write() as session:
        await materials.add_file(
            session, stage.frame, lesson_id=UUID(lesson["id"]), name="字幕.vtt", stored=stored
        )


async def made(stage: Stage, far: Far, where: str) -> str:
    """The token of the link a form makes."""
    answer = await send(stage, f"{where}/links", far.headers, **{"class": far.class_id})
    assert answer.status_code == 303, answer.text
    key = answer.headers["location"].rsplit("/", 1)[-1]
    found = (await stage.ask("GET", f"/api/class-links/{key}", far.headers)).json()
    return str(found["token"])


async def test_anonymous(stage: Stage) -> None:
    far = await stage.far()
    answer = await send(stage, "/shelf/links", {}, **{"class": far.class_id})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")
    assert (await stage.ask("GET", "/api/class-links", far.headers)).json()["items"] == []


async def test_the_shelf_makes_one_of_all_a_class_follows(stage: Stage) -> None:
    far = await stage.far(partner=True)
    one, other, strange = [await stage.course(title=title) for title in ("甲", "乙", "丙")]
    lessons = [await stage.lesson(course) for course in (one, other, strange)]
    for lesson in lessons:
        await stage.held(lesson)
    for course in (one, other):
        await stage.ask("PUT", f"/api/courses/{course['id']}/follows/{far.class_id}", far.headers)
    assert 'action="/shelf/links"' in await page(stage, "/shelf", far.headers)
    token = await made(stage, far, "/shelf")
    home = (await stage.client.get(f"/api/home/{token}")).json()
    assert {lesson["id"] for lesson in home["lessons"]} == {one["id"] for one in lessons[:2]}
    assert 'href="/class-links/' in await page(stage, "/shelf", far.headers)
    # It stands on the shelf, not on the pages of single courses.
    assert 'href="/class-links/' not in await page(stage, f"/courses/{one['id']}", far.headers)


async def test_the_lesson_makes_one_before_it_is_held(stage: Stage) -> None:
    far = await stage.far(partner=True)
    lesson = await stage.lesson(await stage.course())
    where = f"/lessons/{lesson['id']}"
    assert f'action="{where}/links"' in await page(stage, where, far.headers)
    token = await made(stage, far, where)
    assert (await stage.client.get(f"/api/home/{token}")).json()["lessons"] == []
    await stage.held(lesson)
    assert len((await stage.client.get(f"/api/home/{token}")).json()["lessons"]) == 1
    assert 'href="/class-links/' in await page(stage, where, far.headers)
    now = stage.frame.now() + timedelta(days=400)
    stage.frame.now = lambda: now
    assert 'href="/class-links/' not in await page(stage, where, far.headers)


async def test_no_button_for_who_makes_none(stage: Stage, make: Makers) -> None:
    far = await stage.far(partner=True)
    lesson = await stage.lesson(await stage.course())
    principal = await make.bearer(await make.person(far.school, Role.PRINCIPAL))
    for where in ("/shelf", f"/lessons/{lesson['id']}"):
        assert "/links" not in await page(stage, where, principal)


async def test_not_another_schools_class(stage: Stage) -> None:
    far, other = await stage.far(), await stage.far()
    answer = await send(stage, "/shelf/links", other.headers, **{"class": far.class_id})
    assert answer.status_code == 404
    assert (await send(stage, "/shelf/links", other.headers)).status_code == 422


async def test_replays_at_home_have_captions(stage: Stage) -> None:
    far = await stage.far(partner=True)
    course = await stage.course()
    bare, told = await stage.lesson(course), await stage.lesson(course)
    for lesson in (bare, told):
        await stage.held(lesson)
    await captioned(stage, told)
    token = await made(stage, far, f"/courses/{course['id']}")
    where = f"/api/lessons/{told['id']}/captions.vtt?token={token}"
    assert f'src="{where}"' in await page(stage, f"/lessons/{told['id']}/replay?token={token}", {})
    assert "同学们好" in (await stage.client.get(where)).text
    assert "<track" not in await page(stage, f"/lessons/{bare['id']}/replay?token={token}", {})
    # As the replay itself: of another lesson, or with another key, there are none.
    strange = await stage.lesson(await stage.course())
    await stage.held(strange)
    await captioned(stage, strange)
    closed = f"/api/lessons/{strange['id']}/captions.vtt?token={token}"
    assert (await stage.client.get(closed)).status_code == 403
    assert (await stage.client.get(where + "x")).status_code == 401
