"""After a break: never a lost event, never one twice."""

import asyncio
import itertools
from contextlib import AsyncExitStack
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.conftest import QUICK
from tests.wire.rig import Json, Page, Rig, running
from tongke_platform.wire import log
from tongke_platform.wire.carrier import LocalCarrier
from tongke_platform.wire.hub import Wire
from tongke_platform.wire.log import Event, Logs, TopicLog


async def test_what_was_missed_follows(rig: Rig) -> None:
    async with rig.page() as page:
        first = await page.sub("board:one")
        rig.board.write("one", "heard")
        last = await page.next("event")
    async with rig.page("b") as other:  # somebody stays: the topic is not closed
        await other.sub("board:one")
        rig.board.write("one", "missed")
        async with rig.page() as page:
            answer = await page.sub("board:one", epoch=first["epoch"], after=last["id"])
            assert answer["type"] == "resumed"
            assert (await page.next("event"))["data"]["text"] == "missed"
            assert await page.nothing_more() == []


async def test_a_topic_nobody_had_open_keeps_its_events(rig: Rig) -> None:
    async with rig.page() as page:
        first = await page.sub("board:one")
    rig.board.write("one", "missed")
    async with rig.page() as page:
        answer = await page.sub("board:one", epoch=first["epoch"], after=first["id"])
        assert answer["type"] == "resumed"
        assert (await page.next())["data"]["text"] == "missed"


async def test_what_is_said_in_passing_is_not_said_again(rig: Rig) -> None:
    def tell(number: int) -> None:
        rig.wire.publish_now("board:one", {"number": number}, {"words": f"{number}"})

    async with rig.page() as page:
        first = await page.sub("board:one")
        tell(1)
        assert (await page.next("event"))["data"] == {"number": 1, "words": "1"}
        tell(2)
    async with rig.page() as page:
        await page.sub("board:one", epoch=first["epoch"], after=first["id"])
        tell(3)
        said = [(await page.next("event"))["data"] for _ in range(3)]
        assert said == [{"number": 1}, {"number": 2}, {"number": 3, "words": "3"}]


async def test_another_epoch_gets_a_snapshot(rig: Rig) -> None:
    async with rig.page() as page:
        assert (await page.sub("board:one", epoch="older", after=0))["type"] == "snapshot"


async def test_what_is_no_longer_kept_is_in_a_snapshot(rig: Rig) -> None:
    async with rig.page() as page:
        first = await page.sub("board:one")
    for number in range(log.EVENTS_PER_TOPIC + 1):
        rig.board.write("one", str(number))
    async with rig.page() as page:
        answer = await page.sub("board:one", epoch=first["epoch"], after=first["id"])
        assert answer["type"] == "snapshot"
        assert len(answer["data"]["notes"]) == log.EVENTS_PER_TOPIC + 1
        answer = await page.sub("board:one", epoch=first["epoch"], after=first["id"] + 1)
        assert answer["type"] == "resumed"
        events = await page.events(log.EVENTS_PER_TOPIC)
        assert [event["id"] for event in events] == list(range(2, log.EVENTS_PER_TOPIC + 2))


async def test_a_state_that_has_not_changed_is_not_sent_again(rig: Rig) -> None:
    async with rig.page() as page, rig.page("b") as other:
        seen = await page.sub("gauge:one")
        await other.sub("gauge:one")
        answer = await page.sub("gauge:one", epoch=seen["epoch"], after=seen["id"])
        assert answer["type"] == "resumed"
        rig.gauge.value = 3
        rig.wire.touch("gauge:one")
        assert (await other.next())["data"] == {"value": 3}
        answer = await page.sub("gauge:one", epoch=seen["epoch"], after=seen["id"])
        assert (answer["type"], answer["data"]) == ("snapshot", {"value": 3})


class Reading:
    """A page that keeps what docs/wire.md says a page must keep."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.epoch: str | None = None
        self.id: int | None = None
        self.snapshots = 0

    def resume(self) -> dict[str, Any]:
        return {} if self.epoch is None else {"epoch": self.epoch, "after": self.id}

    def take(self, message: Json) -> None:
        if message["type"] == "snapshot":
            self.snapshots += 1
            self.notes = list(message["data"]["notes"])
            self.epoch, self.id = message["epoch"], message["id"]
        elif message["type"] == "event":
            assert self.id is not None
            assert message["id"] == self.id + 1, "lost or repeated"
            self.id = message["id"]
            # What happened while the snapshot was read may be in it: it has a place.
            if message["data"]["place"] > len(self.notes):
                assert message["data"]["place"] == len(self.notes) + 1
                self.notes.append(message["data"]["text"])

    async def until(self, page: Page, count: int) -> None:
        while len(self.notes) < count:
            self.take(await page.next())


ACTS = st.lists(
    st.one_of(st.just("cut"), st.just("read"), st.integers(min_value=1, max_value=6)),
    min_size=1,
    max_size=14,
)


def test_random_cuts() -> None:
    """Numbers are notes written; lines are cut and read at random; the logs hold little."""
    with asyncio.Runner() as runner:
        process = running(Wire(LocalCarrier(Logs(chars=400)), limits=QUICK))
        rig = runner.run(process.__aenter__())
        turns = itertools.count()

        @settings(max_examples=60, deadline=None)
        @given(acts=ACTS)
        def cut(acts: list[str | int]) -> None:
            runner.run(_cut_at_random(rig, f"b{next(turns)}", acts))

        cut()
        runner.run(process.__aexit__(None, None, None))


async def _cut_at_random(rig: Rig, key: str, acts: list[str | int]) -> None:
    async with AsyncExitStack() as stack:
        reading, written = Reading(), 0
        page = await stack.enter_async_context(rig.page())
        await page.send(type="sub", topic=f"board:{key}")
        for act in [*acts, "read"]:
            if act == "cut":
                page.socket.transport.abort()
                page = await stack.enter_async_context(rig.page())
                await page.send(type="sub", topic=f"board:{key}", **reading.resume())
            elif act == "read":
                await reading.until(page, written)
            else:
                for _ in range(int(act)):
                    written += 1
                    rig.board.write(key, str(written))
        assert reading.notes == [str(number) for number in range(1, written + 1)]


@given(
    sizes=st.lists(st.integers(min_value=1, max_value=40), max_size=60),
    after=st.integers(min_value=0, max_value=60),
)
def test_a_log_has_no_gaps(sizes: list[int], after: int) -> None:
    logs = Logs(chars=200, topics=2)
    events = logs.add("board:one", TopicLog("e"))
    other = logs.add("board:other", TopicLog("e"))
    for number, size in enumerate(sizes, 1):
        logs.append("board:one", Event(f"{number}", f"{number}".ljust(size)))
        logs.append("board:other", Event("x"))
        assert sum(one.chars for one in (*events.events, *other.events)) <= 200
    if events.holds("e", after):
        rest = [int(text) for text in events.since(after, 1000, after + 2)]
        assert rest == list(range(after + 1, len(sizes) + 1))
    else:
        assert after < len(sizes)


def test_unused_logs_make_room_and_pinned_ones_stay() -> None:
    logs = Logs(topics=2)
    logs.add("board:one", TopicLog("e")).pins += 1
    logs.add("board:two", TopicLog("e"))
    logs.add("board:three", TopicLog("e"))
    assert logs.names() == ["board:one", "board:three"]
