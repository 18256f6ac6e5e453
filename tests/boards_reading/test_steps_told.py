"""A step of a topic is a notice of its own; new files are told once for all that come together."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.boards.test_states import class_of
from tests.boards_reading.stage import Stage
from tests.boards_reading.test_digest import run, said
from tests.boards_reading.test_telling import choose
from tests.makers import Someone
from tongke_courses.boards import file_telling
from tongke_courses.boards.models import GroupFile, Topic
from tongke_courses.materials.models import StoredFile
from tongke_platform.database import uuid7
from tongke_platform.notices.texts import Words, words


async def told(stage: Stage, who: Someone, kind: str, language: Any = "en") -> list[Words]:
    zone = stage.frame.settings.zone
    found = [one for one in await stage.notices(who) if one.kind == f"board.{kind}"]
    return [words(one.kind, one.params, language, zone) for one in found]


async def step(stage: Stage, topic: Topic, who: Someone, state: str, **more: Any) -> None:
    now = await stage.of(who, "GET", f"/api/topics/{topic.id}")
    body = {"version": now["version"], "state": state, **more}
    await stage.of(who, "POST", f"/api/topics/{topic.id}/state", json=body)


async def test_a_step_is_told_by_choice(stage: Stage) -> None:
    wrote, everything, tries, muted, nothing, passing = [await stage.another() for _ in range(6)]
    topic = await stage.topic("追问")
    await stage.post(topic, wrote)
    await choose(stage, everything, "all")
    await choose(stage, muted, "all")
    await stage.read(muted, topic, follows=False)
    await stage.post(topic, nothing)
    await choose(stage, nothing, "nothing")
    await step(stage, topic, stage.head, "adopted", note="下周试")
    path = f"/api/topics/{topic.id}/tries/{tries.id}"
    await stage.of(stage.head, "PUT", path, json={})
    of_class = await class_of(stage.frame, stage.head)
    await step(stage, topic, stage.head, "tried", class_id=str(of_class.id), note="孩子们追着问")
    await step(stage, topic, tries, "kept")
    await step(stage, topic, stage.head, "open")
    head = stage.head.display_name
    titles = [one.title for one in await told(stage, wrote, "stepped")]
    where = f"{stage.school.name} {of_class.name}"
    assert titles == [
        f"{head} adopted 追问",
        f"{head} tried out 追问 in {where}",
        f"{tries.display_name} decided to keep 追问",
        f"{head} opened 追问 anew",
    ]
    second = (await told(stage, wrote, "stepped", "zh_CN"))[1]
    assert second.title == f"{head}在{where}试教了《追问》"
    assert second.body.split("\n")[1] == "孩子们追着问"
    assert len(await told(stage, everything, "stepped")) == 4
    assert len(await told(stage, tries, "stepped")) == 2, "from when they were asked; not their own"
    assert len(await told(stage, stage.head, "stepped")) == 1, "what somebody else did"
    for one in (muted, nothing, passing, stage.stranger):
        assert await told(stage, one, "stepped") == []


async def brought(stage: Stage, who: Someone, name: str, **fields: Any) -> GroupFile:
    async with stage.frame.database.write() as session:
        stored = StoredFile(key=uuid7().hex, sha256="0" * 64, size=1, media_type="text/plain")
        session.add(stored)
        await session.flush()
        made = GroupFile(
            group_id=UUID(stage.key), file_id=stored.id, name=name, by_id=who.id, **fields
        )
        session.add(made)
    return made


async def look(stage: Stage, minutes: float) -> int:
    now, stage.frame.now = stage.frame.now, later(stage, minutes)
    try:
        return await file_telling.tell(stage.frame)
    finally:
        stage.frame.now = now


def later(stage: Stage, minutes: float) -> Any:
    moment = stage.frame.now() + timedelta(minutes=minutes)
    return lambda: moment


async def test_files_brought_together_are_told_once(stage: Stage) -> None:
    brings = await stage.another()
    for one in (stage.member, brings):
        await choose(stage, one, "all")
    for name in ("量规.docx", "评课表.docx"):
        await brought(stage, brings, name)
    await brought(stage, stage.member, "课件.pptx")
    await brought(stage, brings, "截图.png", in_post=True)
    await brought(stage, brings, "错了.txt", deleted_at=stage.frame.now())
    assert await look(stage, 1) == 0, "there may be more to come"
    assert await look(stage, 3) == 2
    assert await look(stage, 4) == 0, "once"
    (found,) = await told(stage, stage.member, "filed")
    group = (await stage.of(stage.head, "GET", f"/api/groups/{stage.key}"))["name"]
    assert found.title == f"New in the files of {group}: 量规.docx"
    assert found.body.split("\n") == [
        f"量规.docx · {brings.display_name}",
        f"评课表.docx · {brings.display_name}",
    ]
    (of_bringer,) = await told(stage, brings, "filed")
    assert of_bringer.body == f"课件.pptx · {stage.member.display_name}"
    assert await told(stage, stage.head, "filed") == [], "they have not asked for it"
    await brought(stage, stage.head, "后来.txt")
    assert await look(stage, 3) == 2


async def test_a_trickle_of_files_is_told_at_last(stage: Stage) -> None:
    await choose(stage, stage.member, "all")
    await brought(stage, stage.head, "第一.txt", created_at=later(stage, -25)())
    await brought(stage, stage.head, "第二.txt")
    assert await look(stage, 0) == 1
    (found,) = await told(stage, stage.member, "filed")
    assert "第二.txt" in found.body


async def test_files_are_in_the_digest_and_in_what_changed(stage: Stage) -> None:
    before = stage.frame.now() - timedelta(seconds=1)
    for name in ("量规.docx", "评课表.docx", "课件.pptx"):
        await brought(stage, stage.head, name)
    await brought(stage, stage.head, "截图.png", in_post=True)
    path = f"/api/groups/{stage.key}/changes"
    found = await stage.of(stage.member, "GET", path, params={"since": before.isoformat()})
    assert [one["name"] for one in found["files"]] == ["课件.pptx", "评课表.docx", "量规.docx"]
    assert found["files"][0]["by"] == stage.head.display_name
    assert await run(stage) == 1, "nobody is told of their own"
    (letter,) = await said(stage, stage.member)
    assert letter.title == "New in your groups: 量规.docx"
    assert letter.body.endswith(" · 3 个新文件：量规.docx、评课表.docx…")


@pytest.mark.parametrize("follow", ["mine", "nothing"])
async def test_a_muted_group_has_no_files_in_the_digest(stage: Stage, follow: str) -> None:
    await choose(stage, stage.member, follow)
    await brought(stage, stage.head, "量规.docx")
    assert await run(stage) == (follow == "mine")
