"""Two processes and a real Redis, which is killed and comes back."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.engines.redis_server import RedisServer
from tests.wire.conftest import QUICK
from tests.wire.rig import Page, Rig, running
from tests.wire.test_resume import Reading
from tongke_platform.wire import redis_carrier
from tongke_platform.wire.hub import Wire
from tongke_platform.wire.log import TopicLog
from tongke_platform.wire.redis_carrier import RedisCarrier
from tongke_platform.wire.redis_refs import RedisRefs


@asynccontextmanager
async def process(url: str) -> AsyncIterator[tuple[Rig, RedisCarrier]]:
    carrier = RedisCarrier(url)
    async with running(Wire(carrier, limits=QUICK)) as rig:
        async with asyncio.timeout(10):
            await carrier.up.wait()
        yield rig, carrier


@pytest.fixture
async def pair(redis_url: str) -> AsyncIterator[tuple[Rig, Rig]]:
    """Two processes with the same notes, as they would have one database."""
    async with process(redis_url) as (one, _), process(redis_url) as (two, _):
        two.board.notes = one.board.notes
        yield one, two


@pytest.fixture
def mortal() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.stop()


async def test_events_reach_every_process_in_one_order(pair: tuple[Rig, Rig]) -> None:
    one, two = pair
    async with one.page() as here, two.page() as there:
        assert (await here.sub("board:one"))["epoch"] == (await there.sub("board:one"))["epoch"]
        for number in range(10):
            (one, two)[number % 2].board.write("one", str(number))
        heard = [await page.events(10) for page in (here, there)]
        assert heard[0] == heard[1]
        assert [event["id"] for event in heard[0]] == list(range(1, 11))


async def test_a_page_goes_on_at_another_process(pair: tuple[Rig, Rig]) -> None:
    one, two = pair
    async with one.page() as page:
        first = await page.sub("board:one")
        one.board.write("one", "heard")
        last = await page.next("event")
        one.board.write("one", "missed")
        await page.next("event")
    async with two.page() as page:
        answer = await page.sub("board:one", epoch=first["epoch"], after=last["id"])
        assert answer["type"] == "resumed"
        assert (await page.next())["data"]["text"] == "missed"


async def test_what_is_said_in_passing_stays_at_who_was_there(pair: tuple[Rig, Rig]) -> None:
    one, two = pair
    async with two.page() as page:
        first = await page.sub("board:one")
        one.wire.publish_now("board:one", {"number": 1}, {"words": "gone soon"})
        assert (await page.next("event"))["data"] == {"number": 1, "words": "gone soon"}
    async with one.page() as page:
        await page.sub("board:one", epoch=first["epoch"], after=first["id"])
        assert (await page.next("event"))["data"] == {"number": 1}


async def test_a_process_that_starts_late_has_what_was_missed(
    pair: tuple[Rig, Rig], redis_url: str
) -> None:
    one, _ = pair
    async with one.page() as page:
        first = await page.sub("board:one")
        one.board.write("one", "early")
        await page.next("event")
    async with process(redis_url) as (late, _), late.page() as page:
        answer = await page.sub("board:one", epoch=first["epoch"], after=first["id"])
        assert answer["type"] == "resumed"
        assert (await page.next())["data"]["text"] == "early"


async def test_said_twice_at_two_processes_is_done_once(pair: tuple[Rig, Rig]) -> None:
    for rig in pair:
        async with rig.page() as page:
            await page.sub("board:one")
            await page.send(type="say", topic="board:one", ref="r1", data={"text": "hello"})
            assert (await page.next("ack"))["data"] == {"place": 1}
    assert pair[0].board.notes["one"] == ["hello"]


async def test_what_is_being_done_elsewhere_is_not_done_here(redis_url: str) -> None:
    carriers = [RedisCarrier(redis_url) for _ in range(2)]
    one, two = (carrier.refs for carrier in carriers)
    assert isinstance(one, RedisRefs)
    assert await one.begin("k") is None
    assert (told := await two.begin("k")) is not None
    assert not told.done
    await one.release("k")
    assert await two.begin("k") is None
    await two.finish("k", {"n": 1})
    assert (told := await one.begin("k")) is not None
    assert told.answer == {"n": 1}
    for carrier in carriers:
        await carrier.stop()


async def test_touches_rechecks_and_shares_reach_every_process(pair: tuple[Rig, Rig]) -> None:
    one, two = pair
    async with two.page() as page:
        await page.sub("gauge:one")
        two.gauge.value = 5
        one.wire.touch("gauge:one")
        assert (await page.next("snapshot"))["data"] == {"value": 5}
        await page.sub("board:one")
        two.board.refused.add("a")
        one.wire.share("gauge:one", {"n": 1})
        one.wire.recheck("board:one")
        assert (await page.next("gone"))["topic"] == "board:one"
        assert two.gauge.heard_from == [(one.wire.carrier.process, {"n": 1})]
        assert one.gauge.heard_from == two.gauge.heard_from, "one's own is heard once"


async def read(page: Page, reading: Reading, count: int) -> None:
    async with asyncio.timeout(20):
        await reading.until(page, count)


async def test_redis_is_killed_and_comes_back(mortal: RedisServer) -> None:
    """The sockets stay; what was published meanwhile arrives; nothing is there twice."""
    async with AsyncExitStack() as stack:
        one, first = await stack.enter_async_context(process(mortal.url))
        two, second = await stack.enter_async_context(process(mortal.url))
        two.board.notes = one.board.notes
        pages = [await stack.enter_async_context(rig.page()) for rig in (one, two)]
        readings = [Reading(), Reading()]
        for page, reading in zip(pages, readings, strict=True):
            reading.take(await page.sub("board:one"))
        one.board.write("one", "before")
        for page, reading in zip(pages, readings, strict=True):
            await read(page, reading, 1)

        await asyncio.to_thread(mortal.kill)
        async with asyncio.timeout(10):
            await first.down.wait()
            await second.down.wait()
        one.board.write("one", "while it is away")
        late = await stack.enter_async_context(two.page("c"))
        joined = await late.sub("board:one")
        assert joined["data"]["notes"] == ["before", "while it is away"]
        await asyncio.to_thread(mortal.start)
        two.board.write("one", "after")
        for page, reading in zip(pages, readings, strict=True):
            await read(page, reading, 3)
            assert reading.notes == ["before", "while it is away", "after"]
            assert reading.snapshots == 2, "a new Redis knows none of the old ids"
        one.board.write("one", "and on")
        for page, reading in zip(pages, readings, strict=True):
            await read(page, reading, 4)


async def test_too_much_waiting_becomes_a_snapshot(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_carrier, "WAITING", 5)
    async with process(redis_url) as (rig, _), rig.page() as page:
        reading = Reading()
        reading.take(await page.sub("board:one"))
        for number in range(12):  # without a pause, so that nothing is taken in between
            rig.board.write("one", str(number))
        await read(page, reading, 12)
        rig.board.write("one", "12")
        await read(page, reading, 13)
        assert reading.notes == [str(number) for number in range(13)]
        assert reading.snapshots == 2


async def test_trimmed_entries_are_noticed(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_carrier, "EVENTS_KEPT", 3)
    async with process(redis_url) as (rig, carrier), rig.page() as page:
        await page.sub("board:one")
        for number in range(300):
            carrier.publish("board:one", str(number))
        await page.events(300)
        assert not await carrier._has_lost()
        carrier._read_to[redis_carrier.EVENTS] = "1-0"
        assert await carrier._has_lost()


async def test_a_doubtful_event_starts_a_new_epoch(redis_url: str) -> None:
    """An answer that never came: twice would be worse than a snapshot."""
    async with process(redis_url) as (rig, carrier), rig.page() as page:
        reading = Reading()
        reading.take(await page.sub("board:one"))
        append = carrier._append
        failed: list[object] = []

        async def taken_but_not_answered(keys: list[str], args: list[object]) -> object:
            answer = await append(keys, args)
            if not failed:
                failed.append(answer)
                raise TimeoutError
            return answer

        carrier._append = taken_but_not_answered
        rig.board.write("one", "doubtful")
        await read(page, reading, 1)
        while reading.snapshots < 2:
            reading.take(await page.next())
        assert reading.notes == ["doubtful"]
        rig.board.write("one", "next")
        await read(page, reading, 2)


def test_a_log_of_another_redis_is_not_gone_on_from() -> None:
    log = TopicLog("e-run1", 7)
    assert log.holds("e-run1", 7)
    assert not log.holds("e-run2", 7)
