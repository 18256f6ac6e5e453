"""Ways into a group and out of it; who may know of it at all."""

import asyncio
from datetime import timedelta

import httpx2
import pytest

from tests.groups.stage import GROUPS, Stage, code
from tongke_platform.logs import redact
from tongke_platform.people.roles import Role

FORM = {"accept": "text/html"}


async def test_anonymous(client: httpx2.AsyncClient, stage: Stage) -> None:
    for path in (GROUPS, f"{GROUPS}/{stage.key}", "/groups", f"/groups/{stage.key}"):
        answer = await client.get(path)
        assert answer.status_code in (401, 303), path
        assert "语文教研组" not in answer.text


async def test_founding(stage: Stage) -> None:
    found = await stage.of(stage.head, "GET", f"{GROUPS}/{stage.key}")
    assert (found["home"], found["part"]) == (stage.school.name, "group_head")
    assert [one["schools"] for one in found["people"]] == [[stage.school.name]]
    body = {"kind": "master_studio", "name": "工作室"}
    elsewhere = {**body, "organisation_id": str(stage.far.id)}
    assert code(await stage.ask(stage.head, "POST", GROUPS, json=elsewhere))[0] == 404
    guardian = await stage.make.person(stage.school, Role.GUARDIAN)
    assert (await stage.ask(guardian, "POST", GROUPS, json=body)).status_code == 403
    regional = {**body, "region_id": str(stage.region.id)}
    assert (await stage.ask(stage.head, "POST", GROUPS, json=regional)).status_code == 404
    researcher = await stage.make.person(None, Role.RESEARCHER, stage.region)
    made = await stage.of(researcher, "POST", GROUPS, json=regional)
    assert made["home"] == stage.region.name
    both = {**regional, "organisation_id": str(stage.school.id)}
    assert (await stage.ask(researcher, "POST", GROUPS, json=both)).status_code == 422


async def test_asked_and_taken_in(stage: Stage) -> None:
    path = f"{GROUPS}/{stage.key}/requests"
    first = await stage.of(stage.member, "POST", path, json={"note": "青山小学三年级"})
    again = await stage.of(stage.member, "POST", path)
    assert first["id"] == again["id"], "asked twice is asked once"
    assert await stage.told(stage.head) == ["group.asked"]
    seen = await stage.of(stage.head, "GET", f"{GROUPS}/{stage.key}")
    assert [(one["note"], one["way"]) for one in seen["joinings"]] == [
        ("青山小学三年级", "request")
    ]
    answer = f"{GROUPS}/{stage.key}/joinings/{first['id']}"
    own = await stage.ask(stage.member, "POST", answer, json={"accept": True})
    assert code(own) == (404, "no_joining"), "nobody takes themself in"
    stranger = await stage.ask(stage.stranger, "POST", answer, json={"accept": True})
    assert stranger.status_code == 403
    await stage.of(stage.head, "POST", answer, json={"accept": True})
    twice = await stage.ask(stage.head, "POST", answer, json={"accept": True})
    assert code(twice) == (404, "no_joining")
    assert (await stage.parts())[stage.member.display_name] == "group_member"
    assert await stage.told(stage.member) == ["group.accepted"]
    assert code(await stage.ask(stage.member, "POST", path)) == (409, "in_group")


async def test_refused_and_taken_back(stage: Stage) -> None:
    path = f"{GROUPS}/{stage.key}/requests"
    for who, by in ((stage.member, stage.head), (stage.stranger, stage.stranger)):
        asked = await stage.of(who, "POST", path)
        answer = f"{GROUPS}/{stage.key}/joinings/{asked['id']}"
        await stage.of(by, "POST", answer, json={"accept": False})
    assert await stage.told(stage.member) == ["group.refused"]
    assert await stage.told(stage.stranger) == []
    assert len(await stage.parts()) == 1
    await stage.of(stage.member, "POST", path)


async def test_asked_at_once(stage: Stage) -> None:
    path = f"{GROUPS}/{stage.key}/requests"
    found = await asyncio.gather(*(stage.of(stage.member, "POST", path) for _ in range(3)))
    assert len({one["id"] for one in found}) == 1


async def test_invited_by_name_and_number(stage: Stage) -> None:
    path, who = f"{GROUPS}/{stage.key}/invitations", stage.member
    right = {"display_name": who.display_name, "sign_in_name": who.username, "role": "observer"}
    for wrong in (
        {**right, "display_name": stage.stranger.display_name},
        {**right, "sign_in_name": "13999999999"},
    ):
        answer = await stage.ask(stage.head, "POST", path, json=wrong)
        assert code(answer) == (422, "nobody")
    chair = {**right, "role": "group_head"}
    assert code(await stage.ask(stage.head, "POST", path, json=chair)) == (422, "wrong_part")
    school = {**right, "role": "school_admin"}
    assert code(await stage.ask(stage.head, "POST", path, json=school)) == (422, "wrong_part")
    assert (await stage.ask(stage.stranger, "POST", path, json=right)).status_code == 403
    for _ in range(2):
        await stage.of(stage.head, "POST", path, json=right)
    assert await stage.told(who) == ["group.invited"]
    assert len(await stage.parts()) == 1, "not before they accept"
    seen = await stage.of(stage.head, "GET", f"{GROUPS}/{stage.key}")
    (joining,) = seen["joinings"]
    own = f"{GROUPS}/{stage.key}/joinings/{joining['id']}"
    by_head = await stage.ask(stage.head, "POST", own, json={"accept": True})
    assert code(by_head) == (404, "no_joining"), "the head cannot accept for them"
    await stage.of(who, "POST", own, json={"accept": True})
    assert (await stage.parts())[who.display_name] == "observer"


async def test_who_asks_and_is_invited_is_in(stage: Stage) -> None:
    await stage.of(stage.member, "POST", f"{GROUPS}/{stage.key}/requests")
    who = stage.member
    wanted = {"display_name": who.display_name, "sign_in_name": who.username}
    await stage.of(stage.head, "POST", f"{GROUPS}/{stage.key}/invitations", json=wanted)
    assert (await stage.parts())[who.display_name] == "group_member"


@pytest.mark.parametrize("visibility", ["hidden", "by_link"])
async def test_unlisted_does_not_exist(stage: Stage, visibility: str) -> None:
    key = await stage.group(visibility, name="秘密课题组")
    planned = await stage.of(
        stage.head, "POST", f"{GROUPS}/{key}/activities",
        json={
            "kind": "discussion", "title": "秘密研讨",
            "starts_at": "2030-01-07T08:00:00Z", "ends_at": "2030-01-07T09:00:00Z",
        },
    )  # fmt: skip
    nobody = "00000000-0000-7000-8000-000000000000"
    for method, path, body in (
        ("GET", f"{GROUPS}/{key}", None),
        ("PATCH", f"{GROUPS}/{key}", {"name": "x"}),
        ("POST", f"{GROUPS}/{key}/requests", {}),
        ("POST", f"{GROUPS}/{key}/head", {"person_id": str(stage.head.id)}),
        ("GET", f"{GROUPS}/{key}/activities", None),
        ("PUT", f"{GROUPS}/{key}/calendar", None),
        ("DELETE", f"{GROUPS}/{key}/members/{stage.head.id}", None),
        ("GET", f"/api/activities/{planned['id']}", None),
        ("POST", f"/api/activities/{planned['id']}/cancel", {}),
        ("POST", f"/groups/{key}/leave", None),
        ("GET", f"/groups/{key}/people", None),
        ("GET", f"/activities/{planned['id']}", None),
    ):
        parts = {} if body is None else {"json": body}
        answer = await stage.ask(stage.stranger, method, path, **parts)
        assert answer.status_code == 404, (method, path)
        missing = path.replace(key, nobody).replace(planned["id"], nobody)
        same = await stage.ask(stage.stranger, method, missing, **parts)
        assert same.text.replace(nobody, "") == answer.text.replace(key, "").replace(
            planned["id"], ""
        ), "as one that never was"
    lists = await stage.of(stage.stranger, "GET", f"{GROUPS}?q=秘密")
    assert (lists["mine"], lists["listed"]) == ([], [])
    assert "秘密" not in (await stage.ask(stage.stranger, "GET", "/groups")).text


async def test_listed_is_seen_from_outside(stage: Stage) -> None:
    await stage.bring_in(stage.member)
    await stage.plan(title="只给组员看")
    found = await stage.of(stage.stranger, "GET", f"{GROUPS}/{stage.key}")
    assert (found["heads"], found["members"]) == ([stage.head.display_name], 2)
    assert (found["people"], found["coming"], found["joinings"]) == ([], [], [])
    page = await stage.ask(stage.stranger, "GET", f"/groups/{stage.key}", follow_redirects=False)
    assert page.status_code == 200
    assert stage.member.display_name not in page.text
    assert "只给组员看" not in page.text
    answer = await stage.ask(stage.stranger, "GET", f"{GROUPS}/{stage.key}/activities")
    assert answer.status_code == 403


async def test_invited_into_a_hidden_group(stage: Stage) -> None:
    key, who = await stage.group("hidden"), stage.member
    wanted = {"display_name": who.display_name, "sign_in_name": who.username}
    await stage.of(stage.head, "POST", f"{GROUPS}/{key}/invitations", json=wanted)
    found = await stage.of(who, "GET", f"{GROUPS}/{key}")
    assert (found["part"], found["people"]) == (None, [])
    page = await stage.ask(who, "GET", "/groups")
    assert "You are invited into 语文教研组" in page.text
    assert (await stage.ask(stage.stranger, "GET", f"{GROUPS}/{key}")).status_code == 404


async def test_link(stage: Stage) -> None:
    key = await stage.group("by_link")
    made = await stage.of(stage.head, "POST", f"{GROUPS}/{key}/links")
    page = await stage.ask(stage.member, "GET", made["address"])
    assert (page.status_code, "Join the group" in page.text) == (200, True)
    for _ in range(2):
        answer = await stage.ask(stage.member, "POST", made["address"])
        assert answer.headers["location"] == f"/groups/{key}"
    assert (await stage.parts(key))[stage.member.display_name] == "group_member"
    assert made["address"].rpartition("/")[2] not in redact(made["address"])


async def test_links_that_open_nothing(stage: Stage) -> None:
    key = await stage.group("by_link")
    base = f"{GROUPS}/{key}/links"
    now = stage.frame.now()
    revoked = await stage.of(stage.head, "POST", base)
    soon = {"expires_at": (now + timedelta(minutes=1)).isoformat()}
    expired = await stage.of(stage.head, "POST", base, json=soon)
    other = await stage.of(stage.head, "POST", base)
    for late in (now - timedelta(minutes=1), now + timedelta(days=100)):
        body = {"expires_at": late.isoformat()}
        assert code(await stage.ask(stage.head, "POST", base, json=body))[0] == 422
    for _ in range(2):
        await stage.of(stage.head, "DELETE", f"{base}/{revoked['id']}")
    stage.frame.now = lambda: now + timedelta(minutes=2)
    guessed = "/groups/join/" + "x" * 43
    texts = set()
    for address in (revoked["address"], expired["address"], guessed):
        for method in ("GET", "POST"):
            answer = await stage.ask(stage.member, method, address)
            assert answer.status_code == 404, address
            texts.add(answer.text.replace(address, ""))
    assert len({len(one) for one in texts}) == 1, "one cannot tell which"
    await stage.of(stage.head, "PATCH", f"{GROUPS}/{key}", json={"visibility": "hidden"})
    assert (await stage.ask(stage.member, "POST", other["address"])).status_code == 404
    assert code(await stage.ask(stage.head, "POST", base)) == (409, "not_by_link")
    assert len(await stage.parts(key)) == 1
