"""An open topic hears what happens to it: in order, in every process, and also what a process that
was killed committed and never told.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from websockets.asyncio.client import connect

from tests.boards_reading.stage import Json, Stage
from tests.makers import Someone
from tests.wire.rig import Page, serving
from tongke_courses.boards import telling
from tongke_courses.boards.live import BoardTopic
from tongke_courses.boards.models import Topic
from tongke_courses.boards.telling import Change
from tongke_platform.app.factory import make_frame
from tongke_platform.frame import Frame
from tongke_platform.settings import Settings
from tongke_platform.wire.redis_carrier import RedisCarrier
from tongke_platform.wire.routes import router


@asynccontextmanager
async def opened(stage: Stage, app: FastAPI, who: Someone) -> AsyncIterator[Page]:
    headers = await stage.make.bearer(who)
    async with (
        serving(app) as port,
        connect(
            f"ws://127.0.0.1:{port}/api/wire", additional_headers=headers, proxy=None
        ) as socket,
    ):
        page = Page(socket)
        await page.next("hello")
        yield page


async def tell(frame: Frame, topic: Topic, change: Change, **fields: object) -> None:
    async with frame.database.write() as session:
        found = await session.get_one(Topic, topic.id)
        for name, value in fields.items():
            setattr(found, name, value)
        await telling.changed(session, found, change)


async def test_snapshot_and_events(stage: Stage, app: FastAPI) -> None:
    topic = await stage.topic()
    first = await stage.post(topic, stage.head)
    async with opened(stage, app, stage.member) as page:
        snapshot = await page.sub(f"board:{topic.id}")
        assert snapshot["data"] == {"post": str(first.id), "version": 1}
        post = await stage.post(topic, stage.head, tell=True)
        event = (await page.next("event"))["data"]
        assert event.pop("at") > "2026"
        words = event.pop("words")
        assert words["html"] == post.html
        assert words["by"]
        assert words["pages"] == 1
        assert event == {"change": "post", "post": str(post.id), "version": 1}
        await tell(stage.frame, topic, Change.TOPIC, title="改了", version=2)
        event = (await page.next("event"))["data"]
        assert (event["change"], event["post"], event["version"]) == ("topic", None, 2)


async def test_words_that_were_taken_out_reach_nobody_later(stage: Stage, app: FastAPI) -> None:
    topic = await stage.topic()
    async with opened(stage, app, stage.member) as page:
        first = await page.sub(f"board:{topic.id}")
        post = await stage.post(topic, stage.head, tell=True)
        assert (await page.next("event"))["data"]["words"]["html"] == post.html
    await stage.of(stage.head, "DELETE", f"/api/posts/{post.id}")
    async with opened(stage, app, stage.member) as page:
        await page.sub(f"board:{topic.id}", epoch=first["epoch"], after=first["id"])
        said = [(await page.next("event"))["data"] for _ in range(2)]
        assert [one["change"] for one in said] == ["post", "deletion"]
        assert not any("words" in one for one in said)


async def test_what_is_rolled_back_is_not_told(stage: Stage, app: FastAPI) -> None:
    topic = await stage.topic()
    async with opened(stage, app, stage.member) as page:
        await page.sub(f"board:{topic.id}")
        with suppress(RuntimeError):
            async with stage.frame.database.write() as session:
                await telling.changed(session, topic, Change.TOPIC)
                raise RuntimeError
        await tell(stage.frame, topic, Change.VOTE, version=7)
        assert (await page.next("event"))["data"]["version"] == 7


async def test_unread_topics_in_the_header(stage: Stage, app: FastAPI) -> None:
    """What is read in another tab goes at once, not when the wire next looks by itself."""
    wire = stage.frame.wire
    wire.limits = replace(wire.limits, refresh_s=600.0, coalesce_s=0.05)
    first, second = await stage.topic("一"), await stage.topic("二")
    inbox = f"inbox:{stage.member.id}"
    async with opened(stage, app, stage.member) as page:
        assert (await page.sub(inbox))["data"]["topics"] == 2
        last = await stage.post(first, stage.head)
        await stage.read(stage.member, first, last)
        assert (await page.next("snapshot"))["data"]["topics"] == 1
        await stage.read(stage.member, second, follows=False)
        assert (await page.next("snapshot"))["data"]["topics"] == 0
        await stage.post(first, stage.head)
        wire.touch(inbox)
        assert (await page.next("snapshot"))["data"]["topics"] == 1
        form = {"group": stage.key, "act": "read"}
        await stage.ask(stage.member, "POST", "/unread", data=form)
        assert (await page.next("snapshot"))["data"]["topics"] == 0


async def test_who_has_nothing_waiting_asks_nothing(
    stage: Stage, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds who read a new post at once have nothing else unread."""
    topic = await stage.topic()
    last = await stage.post(topic, stage.head)
    await stage.read(stage.member, topic, last)
    wire = stage.frame.wire
    touched: list[str] = []
    async with opened(stage, app, stage.member) as page:
        assert (await page.sub(f"inbox:{stage.member.id}"))["data"]["topics"] == 0
        monkeypatch.setattr(wire, "touch", lambda name, **_: touched.append(name))
        new = await stage.post(topic, stage.head)
        await stage.read(stage.member, topic, new)
        assert touched == []


@pytest.mark.parametrize("end", ["left", "deleted", "merged"])
async def test_closed_at_once(stage: Stage, app: FastAPI, end: str) -> None:
    topic, into = await stage.topic(), await stage.topic()
    async with opened(stage, app, stage.member) as page:
        await page.sub(f"board:{topic.id}")
        if end == "left":
            await stage.leave(stage.member)
        elif end == "deleted":
            await tell(stage.frame, topic, Change.DELETION, deleted_at=stage.frame.now())
        else:
            await tell(stage.frame, topic, Change.TOPIC, merged_into_id=into.id)
        gone = await page.next("gone")
        assert (gone["status"], gone["code"]) == (404, "no_topic")


async def test_nobody_elses(stage: Stage, app: FastAPI) -> None:
    topic = await stage.topic()
    async with opened(stage, app, stage.stranger) as page:
        for key in (str(topic.id), topic.id.hex, "x", "00000000-0000-0000-0000-000000000000"):
            answer = await page.sub(f"board:{key}")
            assert (answer["type"], answer["status"]) == ("error", 404)


@asynccontextmanager
async def process(settings: Settings, redis_url: str) -> AsyncIterator[tuple[FastAPI, BoardTopic]]:
    """Another web process on the same database and Redis; looks are taken by hand."""
    url = SecretStr(redis_url)
    frame = make_frame(settings.model_copy(update={"redis_url": url}))
    boards = BoardTopic(frame)
    app = FastAPI()
    app.state.frame = frame
    app.include_router(router)
    await frame.wire.start()
    carrier = frame.wire.carrier
    assert isinstance(carrier, RedisCarrier)
    async with asyncio.timeout(10):
        await carrier.up.wait()
    try:
        yield app, boards
    finally:
        await boards.stop()
        await frame.wire.stop()
        await frame.limiter.close()
        frame.passwords.close()
        await frame.database.close()


async def test_a_killed_process_has_told_nobody(
    stage: Stage, settings: Settings, redis_url: str
) -> None:
    topic = await stage.topic()
    async with (
        process(settings, redis_url) as (one, boards),
        process(settings, redis_url) as (two, _),
        opened(stage, one, stage.member) as page,
    ):
        await page.sub(f"board:{topic.id}")
        async with two.state.frame.database.write() as session:
            found = await session.get_one(Topic, topic.id)
            await telling.changed(session, found, Change.VOTE)
        assert (await page.next("event"))["data"]["change"] == "vote", "of the other process"
        # Committed, and killed before a word of it.
        post = await stage.post(topic, stage.head)
        await boards.look()
        await boards.look()
        event = (await page.next("event"))["data"]
        assert (event["change"], event["post"]) == ("post", str(post.id))
        for _ in range(3):
            await boards.look()
        await tell(two.state.frame, topic, Change.VOTE)
        assert (await page.next("event"))["data"]["change"] == "vote", "told once"


async def test_what_was_told_is_not_told_again(
    stage: Stage, settings: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = await stage.topic()
    heard, real = asyncio.Event(), BoardTopic.heard

    def hear(self: BoardTopic, key: str, sender: str, data: Json) -> None:
        real(self, key, sender, data)
        heard.set()

    monkeypatch.setattr(BoardTopic, "heard", hear)
    async with (
        process(settings, redis_url) as (one, boards),
        process(settings, redis_url) as (two, _),
        opened(stage, one, stage.member) as page,
    ):
        await page.sub(f"board:{topic.id}")
        post = await stage.post(topic, stage.head)
        async with two.state.frame.database.write() as session:
            found = await session.get_one(Topic, topic.id)
            await telling.posted(session, found, post, (), stage.frame.today())
        assert (await page.next("event"))["data"]["post"] == str(post.id)
        async with asyncio.timeout(10):
            await heard.wait()
        for _ in range(3):
            await boards.look()
        await tell(two.state.frame, topic, Change.VOTE)
        assert (await page.next("event"))["data"]["change"] == "vote"
