"""A board as a feed reader sees it (RFC 4287)."""

import asyncio

from defusedxml import ElementTree as xml

from tests.boards_reading.stage import Stage
from tests.groups.stage import GROUPS
from tongke_courses.boards.models import AnchorKind
from tongke_platform.logs import redact

ATOM = "{http://www.w3.org/2005/Atom}"


async def test_feed(stage: Stage) -> None:
    old = await stage.topic("先", anchor=AnchorKind.LESSON, anchor_label="只给本校看的课")
    await stage.topic("后 <script>alert(1)</script> & \x07\ufffe]]>")
    await stage.topic("删了", deleted_at=stage.frame.now())
    await stage.post(old, stage.head)
    made = await stage.of(stage.member, "PUT", f"{GROUPS}/{stage.key}/feed")
    answer = await stage.client.get(made["address"])
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = xml.fromstring(answer.content)
    assert feed.findtext(f"{ATOM}title") == "语文教研组"
    entries = feed.findall(f"{ATOM}entry")
    titles = [one.findtext(f"{ATOM}title") for one in entries]
    assert titles[0] == "先"
    assert (titles[1] or "").startswith("后 <script>alert(1)</script> & ")
    assert len(titles) == 2
    link = entries[0].find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == f"http://school.test/topics/{old.id}"
    assert entries[0].findtext(f"{ATOM}id") == f"urn:uuid:{old.id}"
    assert stage.head.display_name not in answer.text, "no names: addresses get about"
    assert "只给本校看的课" not in answer.text, "a group opens no lesson"
    assert made["address"].rpartition("/")[2] not in redact(made["address"])


async def test_addresses_that_are_good_no_more(stage: Stage) -> None:
    path = f"{GROUPS}/{stage.key}/feed"
    first = await stage.of(stage.member, "PUT", path)
    second = await stage.of(stage.member, "PUT", path)
    other = await stage.of(stage.head, "PUT", path)
    assert (await stage.client.get(first["address"])).status_code == 404
    assert (await stage.client.get(second["address"])).status_code == 200
    await stage.leave(stage.member)
    assert (await stage.client.get(second["address"])).status_code == 404
    await stage.bring_in(stage.member)
    assert (await stage.client.get(second["address"])).status_code == 404, "it went with leaving"
    third = await stage.of(stage.member, "PUT", path)
    for _ in range(2):
        await stage.of(stage.member, "DELETE", path)
    assert (await stage.client.get(third["address"])).status_code == 404
    await stage.switch_off(stage.head)
    assert (await stage.client.get(other["address"])).status_code == 404
    assert (await stage.client.get("/groups/feed/x.atom")).status_code == 404


async def test_made_on_two_devices_at_once(stage: Stage) -> None:
    path = f"{GROUPS}/{stage.key}/feed"
    answers = await asyncio.gather(*(stage.ask(stage.member, "PUT", path) for _ in range(6)))
    assert {one.status_code for one in answers} == {200}
    made = [one.json()["address"] for one in answers]
    opened = [(await stage.client.get(one)).status_code for one in made]
    assert sorted(opened) == [200, *[404] * 5], "one is good, the last"
