"""Activities: who plans, what is owed, the minutes, and what people are reminded of."""

import asyncio
from datetime import timedelta

from tests.groups.stage import GROUPS, Stage, code, times
from tongke_courses.groups.tasks import remind


async def test_planned_moved_and_cancelled(stage: Stage) -> None:
    await stage.bring_in(stage.member, "lead_planner")
    planned = await stage.plan(stage.member, place="录播教室", agenda="1. 看片段\n2. 改板书")
    assert (planned["version"], planned["agenda"]) == (1, "1. 看片段\n2. 改板书")
    path = f"/api/activities/{planned['id']}"
    body = {"kind": "lesson_refining", "title": "《山行》磨课", "version": 1}
    later = times(stage.frame.now() + timedelta(days=4))
    moved = await stage.of(stage.head, "PUT", path, json={**body, **later})
    assert moved["version"] == 2
    renamed = {**body, **later, "title": "磨课二", "version": 2}
    await stage.of(stage.head, "PUT", path, json=renamed)
    assert await stage.told(stage.member) == ["group.invited", "group.planned"], "moved, told once"
    assert await stage.told(stage.head) == ["group.planned"]
    reason = {"reason": "校车停运"}
    done = await stage.of(stage.member, "POST", f"{path}/cancel", json=reason)
    assert done["cancelled_because"] == "校车停运"
    assert await stage.told(stage.head) == ["group.planned", "group.cancelled"]
    assert code(await stage.ask(stage.head, "POST", f"{path}/cancel")) == (409, "cancelled")
    again = {**renamed, "version": 4}
    assert code(await stage.ask(stage.head, "PUT", path, json=again)) == (409, "cancelled")
    seen = await stage.of(stage.head, "GET", f"{GROUPS}/{stage.key}")
    assert seen["coming"] == []
    every = await stage.of(stage.head, "GET", f"{GROUPS}/{stage.key}/activities")
    assert [one["title"] for one in every["items"]] == ["磨课二"]


async def test_two_change_it_at_once(stage: Stage) -> None:
    await stage.bring_in(stage.member, "lead_planner")
    planned = await stage.plan()
    path = f"/api/activities/{planned['id']}"
    body = {name: planned[name] for name in ("kind", "title", "starts_at", "ends_at", "version")}
    answers = await asyncio.gather(
        stage.ask(stage.head, "PUT", path, json={**body, "place": "一号楼"}),
        stage.ask(stage.member, "PUT", path, json={**body, "place": "二号楼"}),
    )
    assert sorted(one.status_code for one in answers) == [200, 409]
    place = next(one.json()["place"] for one in answers if one.status_code == 200)
    assert (await stage.of(stage.head, "GET", path))["place"] == place
    form = {
        "kind": "discussion", "title": "我写的", "day": "2030-01-07", "from": "10:00",
        "to": "11:00", "version": "1", "agenda": "写了很久的议程",
    }  # fmt: skip
    page = await stage.ask(stage.head, "POST", f"/activities/{planned['id']}/edit", data=form)
    assert page.status_code == 409
    assert "写了很久的议程" in page.text, "what was typed is shown again"
    assert 'name="version" value="2"' in page.text


async def test_who_may_plan(stage: Stage) -> None:
    planned = await stage.plan()
    base = f"{GROUPS}/{stage.key}/activities"
    guest = await stage.make.person(stage.far)
    researcher = await stage.make.person(stage.far)
    await stage.bring_in(stage.member)
    await stage.bring_in(guest, "observer")
    await stage.bring_in(researcher, "group_researcher")
    body = {"kind": "calibration", "title": "x", **times(stage.frame.now() + timedelta(days=1))}
    owed = {"item": "x", "person_id": str(guest.id), "due_on": "2030-01-07"}
    path = f"/api/activities/{planned['id']}"
    for who in (stage.member, guest, researcher):
        assert (await stage.of(who, "GET", path))["title"] == planned["title"]
        for method, place, sent in (
            ("POST", base, body),
            ("PUT", path, {**body, "version": 1}),
            ("POST", f"{path}/cancel", {}),
            ("PUT", f"{path}/minutes", {"text": "x", "version": 1}),
            ("POST", f"{path}/dues", owed),
        ):
            answer = await stage.ask(who, method, place, json=sent)
            assert code(answer) == (403, "not_your_part"), place
    for who in (stage.stranger, stage.admin):
        assert (await stage.ask(who, "GET", path)).status_code == 404
        assert (await stage.ask(who, "POST", f"{path}/cancel")).status_code == 404


async def test_times_in_order(stage: Stage) -> None:
    now = stage.frame.now()
    base = {"kind": "discussion", "title": "x", "starts_at": now.isoformat()}
    for ends in (now, now - timedelta(hours=1), now + timedelta(days=40)):
        body = {**base, "ends_at": ends.isoformat()}
        answer = await stage.ask(stage.head, "POST", f"{GROUPS}/{stage.key}/activities", json=body)
        assert answer.status_code == 422
    form = {
        "kind": "discussion",
        "title": "研讨",
        "day": "2030-01-07",
        "from": "10:00",
        "to": "9:3",
    }
    path = f"/groups/{stage.key}/activities/new"
    page = await stage.ask(stage.head, "POST", path, data=form)
    assert (page.status_code, "an end that lies after the beginning" in page.text) == (422, True)
    made = await stage.ask(stage.head, "POST", path, data={**form, "to": "11:30"})
    assert made.status_code == 303
    found = await stage.of(stage.head, "GET", f"/api{made.headers['location']}")
    assert found["starts_at"] == "2030-01-07T02:00:00Z", "of the schools' zone"


async def test_a_lesson_is_shown_to_who_may_watch_it(stage: Stage) -> None:
    lesson = await stage.make.lesson(stage.head)
    await stage.bring_in(stage.member, "lead_planner")
    planned = await stage.plan(lesson_id=str(lesson.id))
    path = f"/activities/{planned['id']}"
    assert lesson.title in (await stage.ask(stage.head, "GET", path)).text
    far = await stage.ask(stage.member, "GET", path)
    assert far.status_code == 200
    assert lesson.title not in far.text, "a group opens no lesson"
    body = {"kind": "discussion", "title": "x", "lesson_id": str(lesson.id)}
    body |= times(stage.frame.now() + timedelta(days=1))
    answer = await stage.ask(stage.member, "POST", f"{GROUPS}/{stage.key}/activities", json=body)
    assert code(answer) == (404, "no_lesson"), "nor tells whether there is one"


async def test_what_is_owed(stage: Stage) -> None:
    await stage.bring_in(stage.member)
    other = await stage.make.person(stage.far)
    await stage.bring_in(other)
    planned = await stage.plan()
    path = f"/api/activities/{planned['id']}/dues"
    owed = {"item": "教案初稿", "person_id": str(stage.member.id), "due_on": "2030-01-07"}
    outside = {**owed, "person_id": str(stage.stranger.id)}
    assert code(await stage.ask(stage.head, "POST", path, json=outside)) == (422, "no_member")
    made = await stage.of(stage.head, "POST", path, json=owed)
    page = await stage.ask(stage.member, "GET", f"/groups/{stage.key}")
    assert "You owe: 教案初稿" in page.text
    done = f"{path}/{made['id']}"
    answer = await stage.ask(other, "PATCH", done, json={"done": True})
    assert code(answer) == (403, "not_your_part")
    found = await stage.of(stage.member, "PATCH", done, json={"done": True})
    assert found["done_at"]
    assert (await stage.of(stage.head, "PATCH", done, json={"done": False}))["done_at"] is None
    assert (await stage.ask(stage.member, "DELETE", done)).status_code == 403
    await stage.of(stage.head, "DELETE", done)
    assert code(await stage.ask(stage.head, "DELETE", done)) == (404, "no_due")


async def test_minutes(stage: Stage) -> None:
    planned = await stage.plan()
    path = f"/api/activities/{planned['id']}"
    body = {"text": "定稿 <script>alert(1)</script>", "version": 1}
    early = await stage.ask(stage.head, "PUT", f"{path}/minutes", json=body)
    assert code(early) == (409, "too_early")
    now = stage.frame.now()
    stage.frame.now = lambda: now + timedelta(days=3, hours=2)
    page = await stage.ask(stage.head, "GET", f"/groups/{stage.key}")
    assert "Write the minutes: 《山行》磨课" in page.text
    await stage.of(stage.head, "PUT", f"{path}/minutes", json=body)
    stale = await stage.ask(stage.head, "PUT", f"{path}/minutes", json={**body, "text": "y"})
    assert code(stale) == (409, "changed_meanwhile")
    form = {"act": "minutes", "text": "我写了一晚上", "version": "1"}
    kept = await stage.ask(stage.head, "POST", f"/activities/{planned['id']}", data=form)
    assert (kept.status_code, "我写了一晚上" in kept.text) == (409, True)
    page = await stage.ask(stage.head, "GET", f"/activities/{planned['id']}")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    over = await stage.ask(stage.head, "POST", f"{path}/cancel")
    assert code(over) == (409, "over")


async def test_reminded_a_day_before_and_once(stage: Stage) -> None:
    now = stage.frame.now()
    await stage.bring_in(stage.member)
    first = await stage.plan(first=now + timedelta(hours=30))
    called_off = await stage.plan(first=now + timedelta(hours=30))
    await stage.of(stage.head, "POST", f"/api/activities/{called_off['id']}/cancel")
    assert await remind(stage.frame) == 0, "not yet"
    stage.frame.now = lambda: now + timedelta(hours=7)
    assert await remind(stage.frame) == 2
    assert await remind(stage.frame) == 0, "nothing twice"
    assert (await stage.told(stage.member)).count("group.soon") == 1
    body = {"kind": "discussion", "title": "改期", "version": 1}
    body |= times(now + timedelta(hours=60))
    await stage.of(stage.head, "PUT", f"/api/activities/{first['id']}", json=body)
    stage.frame.now = lambda: now + timedelta(hours=40)
    assert await remind(stage.frame) == 2, "it was moved: once more"


async def test_reminded_of_what_is_due(stage: Stage) -> None:
    await stage.bring_in(stage.member)
    gone = await stage.make.person(stage.far)
    await stage.bring_in(gone)
    planned = await stage.plan(first=stage.frame.now() + timedelta(days=9))
    today = stage.frame.today()
    for who, item, day in (
        (stage.member, "今天", today),
        (stage.member, "明天", today + timedelta(days=1)),
        (stage.head, "做完了", today),
        (gone, "走了", today),
    ):
        body = {"item": item, "person_id": str(who.id), "due_on": day.isoformat()}
        path = f"/api/activities/{planned['id']}/dues"
        made = await stage.of(stage.head, "POST", path, json=body)
        if item == "做完了":
            await stage.of(stage.head, "PATCH", f"{path}/{made['id']}", json={"done": True})
    await stage.of(gone, "DELETE", f"{GROUPS}/{stage.key}/members/{gone.id}")
    assert await remind(stage.frame) == 1
    assert await remind(stage.frame) == 0
    assert (await stage.told(stage.member)).count("group.due") == 1
    assert "group.due" not in await stage.told(gone)
    assert "group.due" not in await stage.told(stage.head)
