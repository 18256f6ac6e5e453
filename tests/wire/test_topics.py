"""Subscribing, snapshots, events, refusals, and what a page may say."""

import asyncio

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect

from tests.wire.rig import Page, Rig, committed
from tongke_platform.database import WriteSession
from tongke_platform.errors import NotFound


async def test_anonymous(rig: Rig) -> None:
    async with connect(rig.url, proxy=None) as socket:
        assert await Page(socket).closed() == (4401, "unauthorized")


@pytest.mark.parametrize(
    ("token", "topic", "status", "code"),
    [
        ("nobody", "board:one", 403, "not_yours"),
        ("a", "board:missing", 404, "no_board"),
        ("a", "nothing:one", 404, "no_topic"),
    ],
)
async def test_refused(rig: Rig, token: str, topic: str, status: int, code: str) -> None:
    async with rig.page(token) as page:
        answer = await page.sub(topic)
        assert (answer["type"], answer["topic"]) == ("error", topic)
        assert (answer["status"], answer["code"]) == (status, code)
        assert answer["detail"]
    assert not rig.board.readers["one"]


async def test_events_follow_the_snapshot(rig: Rig) -> None:
    rig.board.write("one", "first")
    async with rig.page() as page:
        first = await page.sub("board:one")
        assert first["type"] == "snapshot"
        assert first["data"] == {"notes": ["first"], "leads": False}
        rig.board.write("one", "second")
        rig.board.write("other", "not for this page")
        rig.board.write("one", "third")
        events = await page.events(2)
        assert [event["data"]["text"] for event in events] == ["second", "third"]
        assert [event["id"] for event in events] == [first["id"] + 1, first["id"] + 2]
        assert await page.nothing_more() == []


async def test_several_topics_and_unsub(rig: Rig) -> None:
    async with rig.page() as page:
        await page.sub("board:one")
        assert (await page.sub("gauge:one"))["data"] == {"value": 0}
        await page.send(type="unsub", topic="board:one")
        assert await page.nothing_more() == []
        assert rig.board.readers["one"] == 0
        rig.board.write("one", "nobody is told")
        rig.gauge.value = 1
        rig.wire.touch("gauge:one")
        assert (await page.next())["data"] == {"value": 1}


async def test_subscribing_again_is_a_fresh_start(rig: Rig) -> None:
    async with rig.page() as page:
        first = await page.sub("board:one")
        assert await page.sub("board:one") == first
        assert rig.board.readers["one"] == 1


async def test_each_variant_sees_its_own(rig: Rig) -> None:
    async with rig.page("lead") as lead, rig.page("a") as other:
        assert (await lead.sub("board:one"))["data"]["leads"] is True
        assert (await other.sub("board:one"))["data"]["leads"] is False


async def test_many_joining_at_once_share_one_snapshot(rig: Rig) -> None:
    rig.board.gate.clear()
    async with rig.page() as first, rig.page() as second, rig.page() as third:
        for page in (first, second, third):
            await page.send(type="sub", topic="board:one")
            assert await page.nothing_more() == []
        rig.board.gate.set()
        for page in (first, second, third):
            assert (await page.next())["type"] == "snapshot"
    assert rig.board.asked == 1


async def test_what_happens_during_the_snapshot_follows_it(rig: Rig) -> None:
    rig.board.gate.clear()
    async with rig.page() as page:
        await page.send(type="sub", topic="board:one")
        assert await page.nothing_more() == []
        rig.board.write("one", "meanwhile")
        rig.board.gate.set()
        assert (await page.next())["data"]["notes"] == []
        assert (await page.next())["data"]["text"] == "meanwhile"


async def test_changes_of_a_state_are_coalesced(rig: Rig) -> None:
    loop = asyncio.get_running_loop()
    async with rig.page() as page:
        await page.sub("gauge:one")
        began, received = loop.time(), 0
        for value in range(1, 200):
            rig.gauge.value = value
            rig.wire.touch("gauge:one")
        last = await page.next()
        while last["data"]["value"] != 199:
            received, last = received + 1, await page.next()
        assert received <= 1 + 10 * (loop.time() - began)


async def test_a_touch_that_changes_nothing_says_nothing(rig: Rig) -> None:
    async with rig.page() as page:
        first = await page.sub("gauge:one")
        rig.gauge.asked.clear()
        rig.wire.touch("gauge:one")
        await rig.gauge.asked.wait()
        rig.gauge.value = 7
        rig.wire.touch("gauge:one")
        second = await page.next()
        assert (second["id"], second["data"]["value"]) == (first["id"] + 1, 7)


async def test_a_state_that_is_gone_closes_the_topic(rig: Rig) -> None:
    async with rig.page() as page:
        await page.sub("gauge:one")
        rig.gauge.failing = NotFound(code="no_gauge")
        rig.wire.touch("gauge:one")
        gone = await page.next()
        assert (gone["type"], gone["status"], gone["code"]) == ("gone", 404, "no_gauge")


async def test_a_bug_in_a_snapshot_is_an_error_and_no_end(rig: Rig) -> None:
    rig.gauge.failing = KeyError("a bug")
    async with rig.page() as page:
        with capture_logs() as logs:
            answer = await page.sub("gauge:one")
        assert (answer["type"], answer["status"]) == ("error", 500)
        assert logs[0]["event"] == "no snapshot"
        rig.gauge.failing = None
        assert (await page.sub("gauge:one"))["type"] == "snapshot"


async def test_saying(rig: Rig) -> None:
    async with rig.page() as page, rig.page("b") as other:
        await page.sub("board:one")
        await other.sub("board:one")
        await page.send(type="say", topic="board:one", ref="r1", data={"text": "hello"})
        assert (await other.next())["data"]["text"] == "hello"
        ack = await page.next("ack")
        assert ack == {"type": "ack", "topic": "board:one", "ref": "r1", "data": {"place": 1}}


async def test_said_twice_is_done_once(rig: Rig) -> None:
    async with rig.page() as page:
        await page.sub("board:one")
        for _ in range(2):
            await page.send(type="say", topic="board:one", ref="r1", data={"text": "hello"})
        assert [(await page.next("ack"))["data"] for _ in range(2)] == [{"place": 1}] * 2
    async with rig.page() as again:
        await again.sub("board:one")
        await again.send(type="say", topic="board:one", ref="r1", data={"text": "hello"})
        assert (await again.next("ack"))["data"] == {"place": 1}
    async with rig.page("b") as other:
        await other.sub("board:one")
        await other.send(type="say", topic="board:one", ref="r1", data={"text": "mine"})
        assert (await other.next("ack"))["data"] == {"place": 2}
    assert rig.board.notes["one"] == ["hello", "mine"]


@pytest.mark.parametrize(
    ("topic", "data", "status", "code"),
    [
        ("board:one", {"text": "refused"}, 403, "not_this"),
        ("board:one", {"text": "x" * 101}, 422, "invalid"),
        ("board:one", {}, 422, "invalid"),
        ("board:other", {"text": "not open"}, 404, "not_open"),
        ("gauge:one", {"text": "it does not listen"}, 422, "nothing_to_say"),
    ],
)
async def test_refused_words(rig: Rig, topic: str, data: object, status: int, code: str) -> None:
    async with rig.page() as page:
        await page.sub("board:one")
        await page.sub("gauge:one")
        await page.send(type="say", topic=topic, ref="r1", data=data)
        answer = await page.next()
        assert (answer["type"], answer["ref"]) == ("error", "r1")
        assert (answer["status"], answer["code"]) == (status, code)
        await page.send(type="say", topic="board:one", ref="r1", data={"text": "better"})
        assert (await page.next("ack"))["data"] == {"place": 1}


async def test_a_bug_in_saying_is_an_error_and_no_end(rig: Rig) -> None:
    async with rig.page() as page:
        await page.sub("board:one")
        with capture_logs() as logs:
            await page.send(type="say", topic="board:one", ref="r", data={"text": "broken"})
            answer = await page.next()
        assert (answer["status"], answer["code"]) == (500, "internal")
        assert logs[0]["event"] == "a message failed"
        assert await page.nothing_more() == []


async def test_rights_that_are_taken_away_end_a_topic(rig: Rig) -> None:
    async with rig.page() as page, rig.page("b") as other:
        await page.sub("board:one")
        await page.sub("gauge:one")
        await other.sub("board:one")
        rig.board.refused.add("a")
        rig.wire.recheck("board:one")
        gone = await page.next()
        assert (gone["type"], gone["code"], gone["topic"]) == ("gone", "not_yours", "board:one")
        rig.board.write("one", "not for a")
        assert (await other.next())["data"]["text"] == "not for a"
        assert await page.nothing_more() == []


async def test_nothing_is_published_when_nothing_is_committed(rig: Rig) -> None:
    async with rig.page() as page:
        await page.sub("board:one")
        rolled_back = WriteSession()
        rig.wire.publish(rolled_back, "board:one", {"text": "never"})
        rig.board.write("one", "this")
        assert (await page.next())["data"]["text"] == "this"


async def test_an_event_that_is_too_big_is_refused_where_it_is_made(rig: Rig) -> None:
    with pytest.raises(ValueError, match="characters on board:one"):
        committed(lambda session: rig.wire.publish(session, "board:one", {"x": "x" * 300_000}))


async def test_shared_data_reaches_the_kind(rig: Rig) -> None:
    rig.wire.share("gauge:one", {"rooms": 2})
    assert rig.gauge.heard_from == [(rig.wire.carrier.process, {"rooms": 2})]
