"""The day's digest of boards: once a day, nothing when nothing is new, and on where it was killed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.boards_reading.stage import Stage
from tongke_courses.boards import digest
from tongke_courses.boards.models import TopicState
from tongke_platform import notices
from tongke_platform.frame import Frame
from tongke_platform.notices.texts import Words, words


def at(frame: Frame, days: int = 0, hour: int = 17) -> None:
    """The schools' clock, from today on."""
    local = datetime.now(frame.settings.zone).replace(hour=hour, minute=0) + timedelta(days=days)
    moment = local.astimezone(UTC)
    frame.now = lambda: moment


async def said(stage: Stage, who: Any) -> list[Words]:
    zone = stage.frame.settings.zone
    found = [one for one in await stage.notices(who) if one.kind == "board.digest"]
    return [words(one.kind, one.params, "en", zone) for one in found]


async def run(stage: Stage, days: int = 0) -> int:
    """At five in the afternoon of the day it is, or of a later one."""
    local = datetime.now(stage.frame.settings.zone)
    late = 1 if local.hour >= 17 else 0
    at(stage.frame, days + late)
    return await digest.send(stage.frame)


async def test_what_is_new_in_a_minute(stage: Stage) -> None:
    other = await stage.another()
    topic = await stage.topic("借景抒情")
    await stage.post(topic, other)
    await stage.step(topic, stage.head, TopicState.ADOPTED)
    await stage.topic("朗读")
    assert await run(stage) == 3
    (found,) = await said(stage, stage.member)
    assert found.title == "New in your groups: 朗读"
    assert found.body.split("\n") == [
        f"朗读 · 讨论中 · 1 条新内容：{stage.head.display_name}",
        f"借景抒情 · 已采纳 · 2 条新内容：{other.display_name}、{stage.head.display_name}",
    ]
    (heads,) = await said(stage, stage.head)
    assert heads.body == f"借景抒情 · 已采纳 · 1 条新内容：{other.display_name}"
    assert await said(stage, stage.stranger) == []


async def test_once_a_day_and_nothing_twice(stage: Stage) -> None:
    topic = await stage.topic("甲")
    assert await run(stage) == 1
    assert await run(stage) == 0
    assert await run(stage, 1) == 0, "nothing new, nothing sent"
    await stage.post(topic, stage.head, at=stage.frame.now())
    assert len(await said(stage, stage.member)) == 1


async def test_not_before_the_afternoon(stage: Stage) -> None:
    await stage.topic("甲")
    at(stage.frame, 1, 9)
    assert await digest.send(stage.frame) == 0
    assert await said(stage, stage.member) == []


async def test_what_is_read_or_muted_is_not_in_it(stage: Stage) -> None:
    nothing, muted = await stage.another(), await stage.another()
    topic = await stage.topic("读过")
    post = await stage.post(topic, stage.head)
    await stage.read(stage.member, topic, post)
    path = f"/api/groups/{stage.key}/follow"
    await stage.of(nothing, "PUT", path, json={"follow": "nothing"})
    await stage.read(muted, topic, follows=False)
    assert await run(stage) == 0


async def test_who_left_gets_none(stage: Stage) -> None:
    await stage.topic("甲")
    await stage.leave(stage.member)
    gone = await stage.another()
    await stage.topic("乙")
    await stage.switch_off(gone)
    assert await run(stage) == 0
    assert await said(stage, stage.member) == []
    assert await said(stage, gone) == []


async def test_at_most_ten(stage: Stage) -> None:
    for number in range(13):
        await stage.topic(f"话题{number}" + "很长" * 60)
    assert await run(stage) == 1
    (found,) = await said(stage, stage.member)
    lines = found.body.split("\n")
    assert len(lines) == 11
    assert lines[-1] == "还有 3 个话题"
    assert max(map(len, lines)) < 80


async def test_goes_on_where_it_was_killed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third batch breaks in the middle of its transaction."""
    people = [await stage.another() for _ in range(5)]
    await stage.topic("甲")
    monkeypatch.setattr(digest, "BATCH", 2)
    real, calls = notices.send_each, 0

    async def breaks(*arguments: Any) -> int:
        nonlocal calls
        calls += 1
        told = await real(*arguments)
        if calls == 3:
            raise RuntimeError("killed")
        return told

    monkeypatch.setattr(notices, "send_each", breaks)
    with pytest.raises(RuntimeError):
        await run(stage)
    told = [len(await said(stage, one)) for one in [stage.member, *people]]
    assert sum(told) < 6
    await run(stage)
    assert [len(await said(stage, one)) for one in [stage.member, *people]] == [1] * 6


async def test_hostile_titles_stay_on_their_line(stage: Stage) -> None:
    await stage.topic("甲\nBcc: x@y %(first)s <b>")
    assert await run(stage) == 1
    (found,) = await said(stage, stage.member)
    assert "\n" not in found.title
    assert found.body.count("\n") == 0
    assert "%(first)s <b>" in found.body


async def test_a_day_that_was_killed_is_finished_the_next_morning(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.topic("甲")

    async def breaks(*_: Any) -> int:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(notices, "send_each", breaks)
        with pytest.raises(RuntimeError):
            await run(stage)
    late = 1 if datetime.now(stage.frame.settings.zone).hour >= 17 else 0
    at(stage.frame, 1 + late, 9)
    assert await digest.send(stage.frame) == 1
    assert await digest.send(stage.frame) == 0
    at(stage.frame, 1 + late, 17)
    assert await digest.send(stage.frame) == 0, "today's has nothing new"
    assert len(await said(stage, stage.member)) == 1
