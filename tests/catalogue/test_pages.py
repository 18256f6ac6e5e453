"""The catalogue's pages: what each of those who open them reads and may do."""

import re
from typing import Any
from uuid import UUID

import httpx2
from sqlalchemy import update

from tests.catalogue.stage import Far, Headers, Stage
from tongke_courses.catalogue import settling
from tongke_courses.catalogue.models import Course
from tongke_platform.people.roles import Role

GONE = "gone"
BROWSER = {"Accept": "text/html", "Accept-Language": "zh-CN"}


async def page(stage: Stage, path: str, headers: Headers | None = None, status: int = 200) -> str:
    said = {**(stage.headers if headers is None else headers), **BROWSER}
    answer = await stage.ask("GET", path, said, follow_redirects=False)
    assert answer.status_code == status, answer.text[:2000]
    return answer.text


async def send(
    stage: Stage, path: str, headers: Headers | None = None, /, **fields: str
) -> httpx2.Response:
    said = {**(stage.headers if headers is None else headers), **BROWSER}
    return await stage.ask("POST", path, said, data=fields, follow_redirects=False)


async def test_anonymous(stage: Stage) -> None:
    """Public things are for everybody, everything else asks to sign in."""
    public = await stage.course(visibility="public", title="公开课", edition="统编版")
    hidden = await stage.course(title="结对课")
    lesson, other = await stage.lesson(public), await stage.lesson(hidden)
    listed = await page(stage, "/catalogue", {})
    assert "公开课" in listed
    assert "结对课" not in listed
    assert "统编版" in listed
    assert "几分之一" in await page(stage, f"/courses/{public['id']}", {})
    assert "继续编辑" not in await page(stage, f"/lessons/{lesson['id']}", {})
    await page(stage, f"/courses/{hidden['id']}", {}, 303)
    for path in (
        f"/lessons/{other['id']}", f"/courses/{public['id']}/edit", "/courses/new", "/shelf",
        f"/lessons/{lesson['id']}/edit", f"/lessons/{lesson['id']}/edit/materials",
        "/admin/approvals", "/shelf/import",
    ):  # fmt: skip
        await page(stage, path, {}, 303)
    await page(stage, f"/home/{GONE}", {}, 404)


async def test_one_next_step_by_role(stage: Stage) -> None:
    course = await stage.course()
    lesson = await stage.lesson(course)
    await stage.held(lesson)
    far = await stage.far(partner=True)
    path = f"/courses/{course['id']}"
    assert f'href="{path}/edit"' in await page(stage, path)
    assert f'action="{path}/follow"' in await page(stage, path, far.headers)
    answer = await send(stage, f"{path}/follow", far.headers, **{"class": far.class_id})
    assert answer.status_code == 303
    after = await page(stage, path, far.headers)
    assert f'action="{path}/follow"' not in after
    assert f'href="/lessons/{lesson["id"]}/replay"' in after
    stranger = (await stage.far()).headers
    await page(stage, path, stranger, 404)
    assert (
        await send(stage, f"{path}/follow", stranger, **{"class": far.class_id})
    ).status_code == 404


async def test_a_draft_says_so_and_is_published_when_it_has_a_lesson(stage: Stage) -> None:
    made = await send(stage, "/courses/new", title="圆", subject="数学", grade="六年级")
    assert made.status_code == 303
    edit = made.headers["location"]
    assert "disabled" in (await page(stage, edit)).split('value="publish"')[1][:300]
    path = edit.removesuffix("/edit")
    assert "这是草稿" in await page(stage, path)
    assert (await send(stage, f"{path}/units", title="第一单元")).status_code == 303
    units = re.findall(r"/units/([0-9a-f-]{36})/up", await page(stage, edit))
    for title in ("圆的周长", "圆的面积"):
        answer = await send(stage, f"{path}/lessons", title=title, unit=units[0])
        assert answer.status_code == 303
    keys = re.findall(r'id="lesson-([0-9a-f-]{36})"', await page(stage, edit))
    await send(stage, f"{path}/lessons/{keys[1]}/up")
    assert re.findall(r'id="lesson-([0-9a-f-]{36})"', await page(stage, edit)) == keys[::-1]
    assert (await send(stage, f"{path}/state", act="publish")).status_code == 303
    assert "这是草稿" not in await page(stage, path)
    assert (await send(stage, f"{path}/state", act="withdraw")).status_code == 303
    assert "这门课已撤回" in await page(stage, path)


async def test_what_two_changed_is_shown_side_by_side(stage: Stage) -> None:
    course = await stage.course()
    path = f"/courses/{course['id']}/edit/words"
    was = {"title": course["title"], "was_title": course["title"], "was_description": ""}
    other = await send(stage, path, **{**was, "title": "分数", "description": ""})
    assert other.status_code == 303
    mine = await send(stage, path, **{**was, "title": "分数初步", "description": "切蛋糕"})
    assert mine.status_code == 409
    assert "<q>分数</q>" in mine.text
    assert 'value="分数初步"' in mine.text
    assert "切蛋糕" in mine.text
    # Shown what the other wrote, one saves one's own.
    sure = {**was, "was_title": "分数", "title": "分数初步", "description": "切蛋糕"}
    assert (await send(stage, path, **sure)).status_code == 303
    # What only one of both changed is kept from both.
    late = await send(stage, path, **{**was, "description": "", "term": "秋", "was_term": ""})
    assert late.status_code == 303
    now = (await stage.ask("GET", f"/api/courses/{course['id']}")).json()
    assert [now["title"], now["description"], now["term"]] == ["分数初步", "切蛋糕", "秋"]


async def test_a_lesson_is_given_its_time_and_a_link(stage: Stage) -> None:
    course = await stage.course()
    lesson = await stage.lesson(course)
    path = f"/lessons/{lesson['id']}/edit"
    wrong = await send(stage, path, planned_start="yesterday", was_planned_start="")
    assert wrong.status_code == 422
    fields = {"planned_start": "2027-03-01T08:30", "was_planned_start": ""}
    assert (await send(stage, path, **fields)).status_code == 303
    assert 'value="2027-03-01T08:30"' in await page(stage, path)
    add = f"{path}/materials"
    bad = await send(stage, add, act="link", url="javascript:alert(1)")
    assert bad.status_code == 422
    assert (await send(stage, add, act="link", url="https://example.org/a")).status_code == 303
    assert "example.org" in await page(stage, f"/lessons/{lesson['id']}")
    other = await stage.lesson(course)
    material = re.findall(r'name="material" value="([0-9a-f-]{36})"', await page(stage, add))[0]
    strange = f"/lessons/{other['id']}/edit/materials"
    assert (await send(stage, strange, act="remove", material=material)).status_code == 404


async def test_other_schools_ids_lead_nowhere(stage: Stage) -> None:
    course = await stage.course()
    unit = await stage.ask("POST", f"/api/courses/{course['id']}/units", json={"title": "一"})
    lesson = await stage.lesson(course)
    far = await stage.far(partner=True)
    path, key = f"/courses/{course['id']}", lesson["id"]
    for one in (f"{path}/edit", f"{path}/edit/words", f"{path}/edit/book", f"/lessons/{key}/edit"):
        await page(stage, one, far.headers, 403)
    for one in (
        f"{path}/units", f"{path}/units/{unit.json()['id']}/remove", f"{path}/lessons",
        f"{path}/lessons/{key}/up", f"{path}/state", f"{path}/edit/words",
        f"/lessons/{key}/edit", f"/lessons/{key}/remove",
    ):  # fmt: skip
        answer = await send(stage, one, far.headers, title="别的", act="withdraw")
        assert answer.status_code in (403, 404), one
    # A class of another school.
    mine = {"class": far.class_id}
    for one in (f"{path}/follow", f"{path}/links", f"/lessons/{key}/links"):
        assert (await send(stage, one, **mine)).status_code == 404, one


async def _link(stage: Stage, far: Far, course: dict[str, Any]) -> tuple[str, str]:
    made = await send(
        stage, f"/courses/{course['id']}/links", far.headers, **{"class": far.class_id}
    )
    assert made.status_code == 303
    path = made.headers["location"]
    found = re.search(r"/home/[\w-]+", await page(stage, path, far.headers))
    assert found is not None
    return path, found[0]


async def test_a_link_for_home_names_nobody_and_can_be_revoked(stage: Stage) -> None:
    far = await stage.far(partner=True)
    course = await stage.course()
    lesson = await stage.lesson(course)
    await stage.held(lesson)
    path, home = await _link(stage, far, course)
    await page(stage, path, None, 404)
    shown = await page(stage, home, {})
    assert "几分之一" in shown
    assert "小红" not in shown
    answer = await send(stage, f"{path}/revoke", far.headers)
    assert answer.status_code == 303
    assert "要一个新的" in await page(stage, home, {}, 404)


async def test_a_school_is_asked_and_answers(stage: Stage) -> None:
    far = await stage.far(partner=True)
    course = await stage.course(visibility="public")
    lesson = await stage.lesson(course)
    async with stage.frame.database.write() as session:
        await settling.heard(session, UUID(lesson["id"]), far.room.id)
    assert "等待贵校同意公开的课：1" in await page(stage, "/admin", far.headers)
    listed = await page(stage, "/admin/approvals", far.headers)
    assert "几分之一" in listed
    key = re.findall(r"/admin/approvals/([0-9a-f-]{36})/approve", listed)[0]
    assert (await send(stage, f"/admin/approvals/{key}/refuse", far.headers)).status_code == 422
    stranger = (await stage.far()).headers
    assert (await send(stage, f"/admin/approvals/{key}/approve", stranger)).status_code == 404
    assert (await send(stage, f"/admin/approvals/{key}/approve", far.headers)).status_code == 303
    assert await stage.visibility(lesson) == "public"
    assert "已同意" in await page(stage, f"/lessons/{lesson['id']}")


async def test_the_shelf_and_the_class_that_is_remembered(stage: Stage) -> None:
    far = await stage.far(partner=True)
    course = await stage.course(title="同步课")
    await send(stage, f"/courses/{course['id']}/follow", far.headers, **{"class": far.class_id})
    assert "同步课" in await page(stage, "/shelf")
    assert "同步课" in await page(stage, "/shelf?part=followed", far.headers)
    assert "同步课" not in await page(stage, "/shelf", far.headers)
    await page(stage, "/shelf?part=delivered", far.headers)
    # Who makes no courses sees first what her classes follow.
    local = await stage.make.bearer(await stage.make.person(far.school, Role.LOCAL_TEACHER))
    assert "同步课" in await page(stage, "/shelf", local)
    assert "同步课" not in await page(stage, "/shelf?part=own", local)
    admin = await stage.make.person(None, Role.ADMIN)
    assert "书架属于学校" in await page(stage, "/shelf", await stage.make.bearer(admin))
    kept = await stage.ask("GET", f"/catalogue?class={far.class_id}", far.headers)
    assert far.class_id in kept.headers["set-cookie"]
    other = await stage.ask("GET", f"/catalogue?class={far.class_id}")
    assert far.class_id not in other.headers.get("set-cookie", "")


async def test_what_is_typed_cannot_become_markup(stage: Stage) -> None:
    wicked = "<img src=x onerror=alert(1)>"
    course = await stage.course(title=wicked, description=wicked, visibility="public")
    await stage.lesson(course, title=wicked)
    async with stage.frame.database.write() as session:
        await session.execute(update(Course).values(credits=wicked))
    for path in ("/catalogue", "/catalogue?q=onerror", f"/courses/{course['id']}"):
        text = await page(stage, path)
        assert "<img src=x" not in text
        assert "&lt;img" in text
