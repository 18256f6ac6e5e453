"""Parts in a group, leaving, the head's chair, and those who are no longer there."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from tests.groups.stage import GROUPS, Stage, code
from tongke_platform.audit.models import AuditEntry
from tongke_platform.people.models import Membership
from tongke_platform.people.roles import Role, Scope
from tongke_platform.privacy.repository import ERASED, erase, rows_about


async def test_parts(stage: Stage) -> None:
    await stage.bring_in(stage.member)
    path = f"{GROUPS}/{stage.key}/members/{stage.member.id}"
    for part in ("lead_planner", "group_researcher", "observer", "group_head"):
        await stage.of(stage.head, "PATCH", path, json={"role": part})
        assert (await stage.parts())[stage.member.display_name] == part
    wrong = await stage.ask(stage.head, "PATCH", path, json={"role": "admin"})
    assert code(wrong) == (422, "wrong_part")
    nobody = f"{GROUPS}/{stage.key}/members/{stage.stranger.id}"
    answer = await stage.ask(stage.head, "PATCH", nobody, json={"role": "observer"})
    assert code(answer) == (404, "no_member")


async def test_only_heads_look_after_people(stage: Stage) -> None:
    guest = await stage.make.person(stage.far)
    for who, role in ((stage.member, "lead_planner"), (guest, "observer")):
        await stage.bring_in(who, role)
        base = f"{GROUPS}/{stage.key}"
        for method, path, body in (
            ("PATCH", base, {"name": "新名"}),
            ("PATCH", f"{base}/members/{who.id}", {"role": "group_head"}),
            ("DELETE", f"{base}/members/{stage.head.id}", None),
            ("POST", f"{base}/head", {"person_id": str(who.id)}),
            ("POST", f"{base}/links", {}),
            ("POST", f"{base}/invitations", {"display_name": "a", "sign_in_name": "b"}),
        ):
            parts = {} if body is None else {"json": body}
            answer = await stage.ask(who, method, path, **parts)
            assert code(answer) == (403, "not_your_part"), (role, method, path)
        assert (await stage.ask(who, "GET", f"/groups/{stage.key}/people")).status_code == 403
    found = await stage.of(guest, "GET", f"{GROUPS}/{stage.key}")
    assert len(found["people"]) == 3
    assert (found["joinings"], found["links"]) == ([], [])


async def test_the_last_head_stays(stage: Stage) -> None:
    await stage.bring_in(stage.member)
    own = f"{GROUPS}/{stage.key}/members/{stage.head.id}"
    assert code(await stage.ask(stage.head, "DELETE", own)) == (409, "last_head")
    down = await stage.ask(stage.head, "PATCH", own, json={"role": "group_member"})
    assert code(down) == (409, "last_head")
    page = await stage.ask(stage.head, "POST", f"/groups/{stage.key}/leave")
    assert page.status_code == 409
    body = {"person_id": str(stage.member.id)}
    await stage.of(stage.head, "POST", f"{GROUPS}/{stage.key}/head", json=body)
    assert await stage.told(stage.member) == ["group.invited", "group.chair"]
    found = await stage.of(stage.member, "GET", f"{GROUPS}/{stage.key}")
    assert found["heads"] == [stage.member.display_name]
    await stage.of(stage.head, "DELETE", own)
    answer = await stage.ask(stage.head, "GET", f"{GROUPS}/{stage.key}/activities")
    assert answer.status_code == 403


async def test_a_head_who_cannot_sign_in_does_not_count(stage: Stage) -> None:
    """Two heads, one of them switched off: the other cannot leave."""
    await stage.bring_in(stage.member)
    path = f"{GROUPS}/{stage.key}/members"
    await stage.of(stage.head, "PATCH", f"{path}/{stage.member.id}", json={"role": "group_head"})
    await stage.switch_off(stage.member)
    answer = await stage.ask(stage.head, "DELETE", f"{path}/{stage.head.id}")
    assert code(answer) == (409, "last_head")
    body = {"person_id": str(stage.member.id)}
    answer = await stage.ask(stage.head, "POST", f"{GROUPS}/{stage.key}/head", json=body)
    assert code(answer) == (422, "inactive")


async def test_two_heads_at_once(stage: Stage) -> None:
    """Each takes the chair from the other, or leaves: one of them stays head."""
    await stage.bring_in(stage.member)
    path = f"{GROUPS}/{stage.key}/members"
    other = f"{path}/{stage.member.id}"
    await stage.of(stage.head, "PATCH", other, json={"role": "group_head"})
    answers = await asyncio.gather(
        stage.ask(stage.head, "DELETE", f"{path}/{stage.head.id}"),
        stage.ask(stage.member, "DELETE", other),
    )
    assert sorted(one.status_code for one in answers) == [204, 409]
    left = stage.head if answers[1].status_code == 204 else stage.member
    found = await stage.of(left, "GET", f"{GROUPS}/{stage.key}")
    assert found["heads"] == [left.display_name]


async def test_two_heads_take_each_other_out(stage: Stage) -> None:
    await stage.bring_in(stage.member)
    path = f"{GROUPS}/{stage.key}/members"
    await stage.of(stage.head, "PATCH", f"{path}/{stage.member.id}", json={"role": "group_head"})
    answers = await asyncio.gather(
        stage.ask(stage.head, "DELETE", f"{path}/{stage.member.id}"),
        stage.ask(stage.member, "DELETE", f"{path}/{stage.head.id}"),
    )
    codes = sorted(one.status_code for one in answers)
    assert codes[0] == 204
    assert codes[1] in (403, 404), "who was taken out first takes nobody out"
    async with stage.frame.database.read() as session:
        heads = await session.execute(
            select(Membership).where(
                Membership.scope == Scope.GROUP,
                Membership.role == Role.GROUP_HEAD,
                Membership.ends_on.is_(None),
            )
        )
        assert len(heads.scalars().all()) == 1


async def test_a_former_member(stage: Stage) -> None:
    await stage.bring_in(stage.member)
    planned = await stage.plan()
    calendar = await stage.of(stage.member, "PUT", f"{GROUPS}/{stage.key}/calendar")
    await stage.of(stage.head, "DELETE", f"{GROUPS}/{stage.key}/members/{stage.member.id}")
    assert (
        await stage.ask(stage.member, "GET", f"/api/activities/{planned['id']}")
    ).status_code == 404
    assert (await stage.client.get(calendar["address"])).status_code == 404
    outside = await stage.of(stage.member, "GET", f"{GROUPS}/{stage.key}")
    assert (outside["part"], outside["people"]) == (None, [])
    inside = await stage.of(stage.head, "GET", f"{GROUPS}/{stage.key}")
    assert [one["name"] for one in inside["former"]] == [stage.member.display_name]
    await stage.bring_in(stage.member)
    back = await stage.of(stage.head, "GET", f"{GROUPS}/{stage.key}")
    assert back["former"] == []
    assert (await stage.client.get(calendar["address"])).status_code == 404, "it was revoked"


async def test_parts_are_dated(stage: Stage) -> None:
    """What somebody was for a day at least stays known."""
    await stage.bring_in(stage.member)
    async with stage.frame.database.write() as session:
        mine = select(Membership).where(
            Membership.scope == Scope.GROUP, Membership.person_id == stage.member.id
        )
        (post,) = (await session.execute(mine)).scalars().all()
        post.starts_on = stage.frame.today() - timedelta(days=30)
    path = f"{GROUPS}/{stage.key}/members/{stage.member.id}"
    await stage.of(stage.head, "PATCH", path, json={"role": "lead_planner"})
    async with stage.frame.database.read() as session:
        found = (await session.execute(mine.order_by(Membership.id))).scalars().all()
    assert [(one.role, one.ends_on) for one in found] == [
        (Role.GROUP_MEMBER, stage.frame.today() - timedelta(days=1)),
        (Role.LEAD_PLANNER, None),
    ]


async def test_a_head_is_appointed(stage: Stage) -> None:
    """By the school the group is at home in, once its head is gone; not by another one."""
    await stage.bring_in(stage.member)
    path, body = f"{GROUPS}/{stage.key}/head", {"person_id": str(stage.member.id)}
    far_admin = await stage.make.person(stage.far, Role.SCHOOL_ADMIN)
    assert code(await stage.ask(stage.admin, "POST", path, json=body)) == (409, "has_head")
    page = await stage.ask(stage.admin, "GET", f"/groups/{stage.key}")
    assert "Make head" not in page.text
    await stage.switch_off(stage.head)
    assert (await stage.ask(far_admin, "POST", path, json=body)).status_code == 403
    assert (await stage.ask(stage.member, "POST", path, json=body)).status_code == 403
    page = await stage.ask(stage.admin, "GET", f"/groups/{stage.key}")
    assert "This group has no head any more" in page.text
    gone = {"person_id": str(stage.stranger.id)}
    assert code(await stage.ask(stage.admin, "POST", path, json=gone)) == (404, "no_member")
    await stage.of(stage.admin, "POST", path, json=body)
    found = await stage.of(stage.member, "GET", f"{GROUPS}/{stage.key}")
    assert found["part"] == "group_head"
    parts = {one["name"]: one["part"] for one in found["people"]}
    assert parts[stage.head.display_name] == "group_member"
    async with stage.frame.database.read() as session:
        acts = select(AuditEntry).where(AuditEntry.act == "group.head_appointed")
        (entry,) = (await session.execute(acts)).scalars().all()
    assert (entry.person_id, entry.organisation_id) == (stage.admin.id, stage.school.id)


async def test_an_erased_head(stage: Stage) -> None:
    """What they wrote stays without their name; the school appoints another."""
    await stage.bring_in(stage.member)
    now = stage.frame.now()
    planned = await stage.plan(first=now - timedelta(hours=2))
    path = f"/api/activities/{planned['id']}"
    owed = {"item": "初稿", "person_id": str(stage.head.id), "due_on": "2030-01-07"}
    await stage.of(stage.head, "POST", f"{path}/dues", json=owed)
    text = {"text": "改第二稿", "version": 1}
    await stage.of(stage.head, "PUT", f"{path}/minutes", json=text)
    await stage.of(stage.head, "PUT", f"{GROUPS}/{stage.key}/calendar")
    async with stage.frame.database.write() as session:
        rows = await rows_about(session, stage.head.id)
        await erase(session, stage.head.id, now, stage.frame.today())
    assert rows["group_dues.person_id"][0]["item"] == "初稿"
    assert "token" not in rows["group_calendars.person_id"][0]
    page = await stage.ask(stage.member, "GET", f"/activities/{planned['id']}")
    assert "改第二稿" in page.text
    assert ERASED in page.text
    assert stage.head.display_name not in page.text
    body = {"person_id": str(stage.member.id)}
    await stage.of(stage.admin, "POST", f"{GROUPS}/{stage.key}/head", json=body)


async def test_a_school_that_merges(stage: Stage) -> None:
    """Its successor looks after the group; taken back, it is as before."""
    root = await stage.make.person(role=Role.ADMIN)
    path = f"/api/organisations/{stage.school.id}/merge"
    done = await stage.of(root, "POST", path, json={"into_id": str(stage.far.id)})
    assert (await stage.of(stage.head, "GET", f"{GROUPS}/{stage.key}"))["home"] == stage.far.name
    await stage.of(root, "POST", f"/api/undo/{done['undo']}")
    assert (await stage.of(stage.head, "GET", f"{GROUPS}/{stage.key}"))["home"] == stage.school.name


async def test_a_school_still_helps_its_teachers(stage: Stage) -> None:
    """A part in another school's group takes nobody away from their own school."""
    await stage.bring_in(stage.member)
    far_admin = await stage.make.person(stage.far, Role.SCHOOL_ADMIN)
    path = f"/api/people/{stage.member.id}"
    answer = await stage.ask(far_admin, "PATCH", path, json={"name": "新名字"})
    assert answer.status_code == 200, answer.text
    assert (await stage.ask(stage.admin, "PATCH", path, json={"name": "x"})).status_code == 404
