"""Pages of groups as people use them: one clear next step, and nothing typed is lost."""

from datetime import timedelta
from typing import Any

import httpx2

from tests.groups.stage import GROUPS, Stage
from tests.makers import Someone
from tongke_platform.people.roles import Role


async def page(stage: Stage, who: Someone, path: str) -> str:
    answer = await stage.ask(who, "GET", path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def send(stage: Stage, who: Someone, path: str, **data: Any) -> httpx2.Response:
    return await stage.ask(who, "POST", path, data=data)


async def test_from_founding_to_the_first_meeting(stage: Stage) -> None:
    assert "Found a group" in await page(stage, stage.stranger, "/groups")
    form = await page(stage, stage.stranger, "/groups/new")
    assert stage.far.name in form
    fields = {"kind": "planning_group", "name": "三年级备课组", "visibility": "hidden"}
    made = await send(stage, stage.stranger, "/groups/new", **fields)
    assert made.status_code == 303
    people = made.headers["location"]
    key = people.split("/")[2]
    invited = await send(
        stage, stage.stranger, people, act="invite", role="lead_planner",
        display_name=stage.member.display_name, sign_in_name=stage.member.username,
    )  # fmt: skip
    assert invited.headers["location"] == people
    mine = await page(stage, stage.member, f"/groups/{key}")
    assert "Accept the invitation" in mine
    joining = mine.partition('name="joining" value="')[2].partition('"')[0]
    await send(stage, stage.member, f"/groups/{key}/answer", act="yes", joining=joining)
    inside = await page(stage, stage.member, f"/groups/{key}")
    assert "You: Lead planner" in inside
    day = (stage.frame.today() + timedelta(days=3)).isoformat()
    planned = await send(
        stage, stage.member, f"/groups/{key}/activities/new",
        **{"kind": "discussion", "title": "第一次研讨", "day": day, "from": "14:30", "to": "16:00"},
    )  # fmt: skip
    activity = planned.headers["location"]
    owed = {"item": "学情小结", "person_id": str(stage.member.id), "due_on": day}
    assert (await send(stage, stage.stranger, activity, act="owe", **owed)).status_code == 303
    mine = await page(stage, stage.member, activity)
    assert "Done: 学情小结" in mine
    due = mine.partition('name="due" value="')[2].partition('"')[0]
    await send(stage, stage.member, activity, act="done", due=due)
    assert "Done: 学情小结" not in await page(stage, stage.member, activity)
    assert "Next: 第一次研讨" in await page(stage, stage.member, f"/groups/{key}")


async def test_next_step_by_who_looks(stage: Stage) -> None:
    here = f"/groups/{stage.key}"
    assert "Ask to join" in await page(stage, stage.member, here)
    assert "Plan an activity" in await page(stage, stage.head, here)
    await send(stage, stage.member, f"{here}/ask", note="青山小学")
    assert "You have asked to join" in await page(stage, stage.member, here)
    assert "Answer requests to join: 1" in await page(stage, stage.head, here)
    people = await page(stage, stage.head, f"{here}/people")
    assert "青山小学" in people
    joining = people.partition('name="joining" value="')[2].partition('"')[0]
    taken = await send(stage, stage.head, f"{here}/people", act="accept", joining=joining)
    assert taken.status_code == 303
    assert "You: Member" in await page(stage, stage.member, here)


async def test_what_was_typed_is_shown_again(stage: Stage) -> None:
    wrong = await send(
        stage, stage.head, f"/groups/{stage.key}/people", act="invite",
        display_name="没有这个人", sign_in_name="13999999999",
    )  # fmt: skip
    assert wrong.status_code == 422
    assert 'value="没有这个人"' in wrong.text
    nameless = await send(stage, stage.head, "/groups/new", name="", about="写了很久")
    assert (nameless.status_code, "写了很久" in nameless.text) == (422, True)
    form = {"kind": "discussion", "title": "", "day": "2030-01-07", "from": "10:00", "to": "11:00"}
    path = f"/groups/{stage.key}/activities/new"
    untitled = await send(stage, stage.head, path, **form, agenda="写了很久的议程")
    assert (untitled.status_code, "写了很久的议程" in untitled.text) == (422, True)


async def test_handed_over_and_left(stage: Stage) -> None:
    here = f"/groups/{stage.key}"
    await stage.bring_in(stage.member)
    last = await send(stage, stage.head, f"{here}/people", act="remove", person=str(stage.head.id))
    assert (last.status_code, "never without a head" in last.text) == (409, True)
    await send(stage, stage.head, f"{here}/head", person=str(stage.member.id))
    assert (await send(stage, stage.head, f"{here}/leave")).headers["location"] == "/groups"
    assert "You belong to no group yet" in await page(stage, stage.head, "/groups")
    assert list(await _parts(stage)) == [stage.member.display_name]


async def _parts(stage: Stage) -> dict[str, str]:
    found = await stage.of(stage.member, "GET", f"{GROUPS}/{stage.key}")
    return {one["name"]: one["part"] for one in found["people"]}


async def test_own_calendar(stage: Stage) -> None:
    here = f"/groups/{stage.key}"
    await send(stage, stage.head, f"{here}/calendar", act="make")
    shown = await page(stage, stage.head, here)
    address = shown.partition('class="address" readonly value="')[2].partition('"')[0]
    assert (await stage.client.get(address)).text.startswith("BEGIN:VCALENDAR\r\n")
    await send(stage, stage.head, f"{here}/calendar", act="revoke")
    assert (await stage.client.get(address)).status_code == 404


async def test_who_may_found_none_is_not_asked_to(stage: Stage) -> None:
    someone = await stage.make.person(stage.school, Role.GUARDIAN)
    assert "/groups/new" not in await page(stage, someone, "/groups")
    assert (await stage.ask(someone, "GET", "/groups/new")).status_code == 403


async def test_hostile_text(stage: Stage) -> None:
    bad = "<img src=x onerror=alert(1)>"
    key = await stage.group(name=bad, about=bad)
    for who in (stage.head, stage.stranger):
        for path in ("/groups", f"/groups/{key}"):
            assert bad not in await page(stage, who, path)
