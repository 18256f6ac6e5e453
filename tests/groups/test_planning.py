"""The form of an activity: over several days, about a lesson that is looked for; and limits."""

from datetime import timedelta
from html import unescape

import pytest

from tests.groups.stage import GROUPS, Stage, code, times
from tests.makers import Someone
from tongke_courses.groups import activities
from tongke_courses.lessons.models import Lesson
from tongke_courses.lessons.visibility import Visibility

FORM = {
    "kind": "discussion",
    "title": "暑期研修",
    "day": "2030-07-01",
    "from": "09:00",
    "to": "11:30",
}


async def test_over_several_days(stage: Stage) -> None:
    path = f"/groups/{stage.key}/activities/new"
    form = {**FORM, "last_day": "2030-07-03"}
    made = await stage.ask(stage.head, "POST", path, data=form)
    assert made.status_code == 303
    where = made.headers["location"]
    found = await stage.of(stage.head, "GET", f"/api{where}")
    assert (found["starts_at"], found["ends_at"]) == (
        "2030-07-01T01:00:00Z",
        "2030-07-03T03:30:00Z",
    )
    shown = unescape((await stage.ask(stage.head, "GET", where)).text)
    assert "1 Jul 2030 09:00" in shown
    assert "3 Jul 2030 11:30" in shown
    edited = (await stage.ask(stage.head, "GET", f"{where}/edit")).text
    assert 'name="last_day" type="date" value="2030-07-03"' in edited
    again = {**FORM, "last_day": "", "version": "1"}
    assert (await stage.ask(stage.head, "POST", f"{where}/edit", data=again)).status_code == 303
    found = await stage.of(stage.head, "GET", f"/api{where}")
    assert found["ends_at"] == "2030-07-01T03:30:00Z"


@pytest.mark.parametrize("last", ["2030-06-30", "2030-09-01", "30-07-02", "x\0", "9" * 99])
async def test_a_last_day_that_is_none(stage: Stage, last: str) -> None:
    path = f"/groups/{stage.key}/activities/new"
    page = await stage.ask(stage.head, "POST", path, data={**FORM, "last_day": last})
    assert page.status_code == 422
    assert "an end that lies after the beginning" in page.text


async def _lesson(stage: Stage, who: Someone, title: str, days: float) -> Lesson:
    made = await stage.make.lesson(who, (), stage.frame.now() + timedelta(days=days))
    async with stage.frame.database.write() as session:
        found = await session.get_one(Lesson, made.id)
        found.title, found.visibility = title, Visibility.ROOMS
    return made


def _options(page: str) -> list[str]:
    """Titles of the lessons that are offered, in their order."""
    select = page.partition('<select name="lesson">')[2].partition("</select>")[0]
    return [
        one.partition(">")[2].partition(" · ")[0]
        for one in select.split("<option")[1:]
        if " · " in one
    ]


async def test_lessons_of_members_to_choose(stage: Stage) -> None:
    await stage.bring_in(stage.member, "lead_planner")
    mine = [await _lesson(stage, stage.head, f"课{days}", days) for days in (9, 2, -1, -30)]
    await _lesson(stage, stage.member, "远课", 1)
    await _lesson(stage, stage.stranger, "外课", 1)
    path = f"/groups/{stage.key}/activities/new"
    page = (await stage.ask(stage.head, "GET", path)).text
    assert _options(page) == ["课2", "课9", "课-1", "课-30"], (
        "those one may watch, the nearest first"
    )
    assert _options((await stage.ask(stage.member, "GET", path)).text) == ["远课"]
    form = {**FORM, "lesson": str(mine[1].id)}
    made = await stage.ask(stage.head, "POST", path, data=form)
    found = await stage.of(stage.head, "GET", f"/api{made.headers['location']}")
    assert found["lesson_id"] == str(mine[1].id)


async def test_looked_for_without_a_script(stage: Stage) -> None:
    wanted = await _lesson(stage, stage.head, "山行", -400)
    for number in range(22):
        await _lesson(stage, stage.head, f"识字{number}", -number - 1)
    path = f"/groups/{stage.key}/activities/new"
    assert "山行" not in (await stage.ask(stage.head, "GET", path)).text, "too long ago"
    form = {**FORM, "agenda": "写了很久", "lesson_q": f"山 {stage.head.display_name}"}
    for find in ({"find": "1"}, {}):
        page = await stage.ask(stage.head, "POST", path, data={**form, **find})
        assert page.status_code == 200, "nothing is planned yet"
        assert _options(page.text) == ["山行"]
        assert f'value="{wanted.id}" selected' in page.text, "the only one is chosen"
        assert "写了很久" in page.text
    listed = await stage.of(stage.head, "GET", f"{GROUPS}/{stage.key}/activities")
    assert listed["items"] == []
    none = await stage.ask(stage.head, "POST", path, data={**form, "lesson_q": "%", "find": "1"})
    assert (_options(none.text), "Try fewer words" in none.text) == ([], True)
    pasted = {**form, "lesson_q": f"http://school.test/lessons/{wanted.id}", "find": "1"}
    assert _options((await stage.ask(stage.head, "POST", path, data=pasted)).text) == ["山行"]
    sent = {**form, "lesson_q_was": form["lesson_q"], "lesson": str(wanted.id)}
    assert (await stage.ask(stage.head, "POST", path, data=sent)).status_code == 303


async def test_looking_finds_nothing_of_others(stage: Stage) -> None:
    await stage.bring_in(stage.member, "lead_planner")
    hidden = await _lesson(stage, stage.head, "山行", 1)
    path = f"/groups/{stage.key}/activities/new"
    for q in ("山行", str(hidden.id), f"/lessons/{hidden.id}"):
        form = {**FORM, "lesson_q": q, "find": "1"}
        page = await stage.ask(stage.member, "POST", path, data=form)
        assert (page.status_code, _options(page.text)) == (200, []), q
    outside = await stage.ask(stage.stranger, "POST", path, data={**FORM, "find": "1"})
    assert outside.status_code == 403
    form = {**FORM, "lesson_q": "\0" * 9 + "山" * 500, "find": "1"}
    assert (await stage.ask(stage.head, "POST", path, data=form)).status_code == 200


async def test_a_lesson_one_may_not_see_stays_chosen(stage: Stage) -> None:
    lesson = await _lesson(stage, stage.head, "山行", 1)
    await stage.bring_in(stage.member, "lead_planner")
    planned = await stage.plan(lesson_id=str(lesson.id))
    path = f"/activities/{planned['id']}/edit"
    page = (await stage.ask(stage.member, "GET", path)).text
    assert "山行" not in page.partition("<select")[2]
    assert f'value="{lesson.id}" selected' in page
    form = {**FORM, "version": "1", "lesson": str(lesson.id)}
    assert (await stage.ask(stage.member, "POST", path, data=form)).status_code == 303
    found = await stage.of(stage.head, "GET", f"/api/activities/{planned['id']}")
    assert (found["title"], found["lesson_id"]) == ("暑期研修", str(lesson.id))


async def test_so_many_activities_and_no_more(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activities, "MOST_COMING", 2)
    path, now = f"{GROUPS}/{stage.key}/activities", stage.frame.now()
    past = await stage.plan(first=now - timedelta(days=3))
    first = await stage.plan()
    await stage.plan()
    body = {"kind": "discussion", "title": "x", **times(now + timedelta(days=1))}
    answer = await stage.ask(stage.head, "POST", path, json=body)
    assert code(answer) == (409, "too_many_activities")
    page = await stage.ask(stage.head, "POST", f"/groups/{stage.key}/activities/new", data=FORM)
    assert (page.status_code, "Please cancel some" in page.text) == (409, True)
    assert 'value="暑期研修"' in page.text, "what was typed is there"
    moved = await stage.ask(
        stage.head, "PUT", f"/api/activities/{past['id']}", json={**body, "version": 1}
    )
    assert code(moved) == (409, "too_many_activities")
    await stage.plan(first=now - timedelta(days=9))
    await stage.of(stage.head, "POST", f"/api/activities/{first['id']}/cancel")
    await stage.of(stage.head, "POST", path, json=body)


async def test_so_much_is_owed_and_no_more(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activities, "MOST_DUES", 1)
    planned = await stage.plan()
    path = f"/api/activities/{planned['id']}/dues"
    owed = {"item": "教案", "person_id": str(stage.head.id), "due_on": "2030-01-07"}
    made = await stage.of(stage.head, "POST", path, json=owed)
    assert code(await stage.ask(stage.head, "POST", path, json=owed)) == (409, "too_many_dues")
    form = {"act": "owe", **owed, "item": "第二件"}
    page = await stage.ask(stage.head, "POST", f"/activities/{planned['id']}", data=form)
    assert (page.status_code, "Please take some out" in page.text) == (409, True)
    assert 'value="第二件"' in page.text
    await stage.of(stage.head, "DELETE", f"{path}/{made['id']}")
    await stage.of(stage.head, "POST", path, json=owed)


async def test_stage_in_the_form(stage: Stage) -> None:
    form = {"kind": "research_group", "name": "语文组", "visibility": "hidden", "stage": "小学"}
    made = await stage.ask(stage.head, "POST", "/groups/new", data=form)
    key = made.headers["location"].split("/")[2]
    assert (await stage.of(stage.head, "GET", f"{GROUPS}/{key}"))["stage"] == "小学"
    page = await stage.ask(stage.head, "GET", f"/groups/{key}/edit")
    assert 'name="stage" type="text" value="小学"' in page.text
