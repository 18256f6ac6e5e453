"""Pages that say nonsense, too much, too fast, or nothing; and pages that stop reading."""

import asyncio
import json
import socket
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from websockets.asyncio.client import connect

from tests.wire.conftest import QUICK
from tests.wire.rig import Page, Rig, running
from tongke_platform.wire import messages
from tongke_platform.wire.hub import Wire
from tongke_platform.wire.limits import Bucket
from tongke_platform.wire.refs import WINDOW_S, LocalRefs


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("not json", 1008, "bad_message"),
        ("[]", 1008, "bad_message"),
        ('{"type": "shout"}', 1008, "bad_message"),
        ('{"type": "sub", "topic": "no kind"}', 1008, "bad_message"),
        ('{"type": "sub", "topic": "board:one", "after": -1}', 1008, "bad_message"),
        ('{"type": "sub", "topic": "board:one", "after": 1e400}', 1008, "bad_message"),
        ('{"type": "say", "topic": "board:one", "data": ' + "[" * 500, 1008, "bad_message"),
        ('{"type": "say", "topic": "board:one", "ref": "", "data": {}}', 1008, "bad_message"),
        (b"\x00", 1003, "text_only"),
        ("x" * 2001, 1009, "too_large"),
    ],
)
async def test_nonsense_closes(text: str | bytes, code: int, reason: str) -> None:
    async with running(Wire(limits=replace(QUICK, message_chars=2000))) as rig:
        async with rig.page() as page:
            with capture_logs() as logs:
                await page.socket.send(text)
                assert await page.closed() == (code, reason)
            assert logs == []
        assert rig.wire.open_pages == 0


words = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
almost = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["sub", "unsub", "say", "pong", "hello", 1]),
        "topic": st.sampled_from(["board:one", "gauge:one", "board:missing", "x:y", "", ":"])
        | words,
        "ref": st.text(max_size=70) | words,
        "epoch": words,
        "after": words,
        "data": words,
    },
)


def test_fuzz() -> None:
    """Whatever is said: an answer or a clear code, and nothing in the log."""
    with asyncio.Runner() as runner, capture_logs() as logs:
        process = running(Wire(limits=QUICK))
        rig = runner.run(process.__aenter__())

        @settings(max_examples=100, deadline=None)
        @given(
            said=st.lists(almost.map(json.dumps) | words.map(json.dumps) | st.text(), max_size=6)
        )
        def say(said: list[str]) -> None:
            runner.run(_fuzz(rig, said))

        say()
        runner.run(process.__aexit__(None, None, None))
        assert rig.wire.open_pages == 0
    assert logs == []


async def _fuzz(rig: Rig, said: list[str]) -> None:
    async with rig.page() as page:
        for text in said:
            await page.socket.send(text)
        await page.send(type="bye")
        assert await page.closed() == messages.BAD_MESSAGE


async def test_too_fast() -> None:
    limits = replace(QUICK, messages_burst=5, messages_per_s=0.1)
    async with running(Wire(limits=limits)) as rig, rig.page() as page:
        for _ in range(6):
            await page.send(type="pong")
        assert await page.closed() == (4429, "too_many")


async def test_too_many_topics() -> None:
    async with running(Wire(limits=replace(QUICK, topics=2))) as rig, rig.page() as page:
        await page.sub("board:one")
        await page.sub("board:two")
        answer = await page.sub("board:three")
        assert (answer["status"], answer["code"]) == (429, "too_many_topics")
        assert (await page.sub("board:two"))["type"] == "snapshot"


async def test_too_many_sockets() -> None:
    limits = replace(QUICK, sockets_per_credential=2)
    async with running(Wire(limits=limits)) as rig, rig.page(), rig.page():
        async with connect(f"{rig.url}?token=a", proxy=None) as third:
            assert await Page(third).closed() == (4429, "too_many_sockets")
        async with rig.page("b") as other:
            assert (await other.sub("board:one"))["type"] == "snapshot"


async def test_without_topics_it_ends() -> None:
    limits = replace(QUICK, topicless_s=0.2)
    async with running(Wire(limits=limits)) as rig, rig.page() as page, rig.page() as reader:
        await reader.sub("board:one")
        assert await page.closed() == (4408, "no_topics")
        assert await reader.nothing_more() == []


async def test_a_silent_page_is_let_go() -> None:
    async with running(Wire(limits=replace(QUICK, silent_s=0.2, ping_s=0.05))) as rig:
        async with rig.page() as page, rig.page() as answering:
            await page.sub("board:one")
            await answering.sub("board:one")
            closed = asyncio.create_task(page.closed())
            while not closed.done():
                await answering.next("ping")
                await answering.send(type="pong")
            assert closed.result() == (4408, "silent")
        assert rig.board.readers["one"] == 0


async def test_rights_are_looked_at_again_with_time() -> None:
    async with running(Wire(limits=replace(QUICK, recheck_s=0.1))) as rig, rig.page() as page:
        await page.sub("board:one")
        rig.board.refused.add("a")
        assert (await page.next())["type"] == "gone"


async def test_a_page_that_stops_reading_is_let_go_and_holds_nobody_up() -> None:
    """Its kernel buffers fill, then its queue is nothing but a number."""
    limits = replace(QUICK, send_s=0.3)
    async with running(Wire(limits=limits)) as rig, rig.page("b") as other:
        await other.sub("board:one")
        async with stalled(rig) as stuck:
            await rig.board.joins(2)
            text = "x" * 50_000
            while rig.wire.open_pages == 2:
                rig.board.write("one", text)
                assert len((await other.next())["data"]["text"]) == 50_000
            assert stuck.is_closing() is False
        rig.board.notes.clear()
        assert rig.board.readers["one"] == 1


class stalled:
    """A WebSocket that subscribes and never reads."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    async def __aenter__(self) -> asyncio.StreamWriter:
        host, port = self._rig.url.split("/")[2].split(":")
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, (host, int(port)))
        self._reader, self._writer = await asyncio.open_connection(sock=raw, limit=1024)
        self._writer.write(
            b"GET /api/wire?token=c HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await self._reader.readuntil(b"\r\n\r\n")
        said = b'{"type":"sub","topic":"board:one"}'
        self._writer.write(bytes((0x81, 0x80 | len(said), 0, 0, 0, 0)) + said)
        return self._writer

    async def __aexit__(self, *_: object) -> None:
        self._writer.transport.abort()


async def test_a_page_that_falls_behind_gets_a_snapshot(rig: Rig) -> None:
    """While it does not read, more happens than is kept."""
    async with rig.page() as page:
        first = await page.sub("board:one")
        page.socket.transport.pause_reading()
        for number in range(4000):
            rig.board.write("one", str(number).ljust(100))
            if number % 100 == 0:
                await asyncio.sleep(0)
        page.socket.transport.resume_reading()
        seen, last = 0, first["id"]
        while True:
            message = await page.next()
            if message["type"] == "snapshot":
                seen, last = len(message["data"]["notes"]), message["id"]
            else:
                assert message["id"] == last + 1
                last, seen = message["id"], message["data"]["place"]
            if seen == 4000:
                break


async def test_nothing_stays_of_pages_that_left(rig: Rig) -> None:
    for _ in range(20):
        async with rig.page() as page:
            await page.sub("board:one")
            await page.sub("gauge:one")
    await rig.board.joins(0)
    assert not rig.wire._topics
    assert not rig.wire._per_credential
    assert not rig.wire._tasks


async def test_stopping_sends_pages_elsewhere() -> None:
    async with running(Wire(limits=QUICK)) as rig, rig.page() as page:
        await page.sub("board:one")
        await rig.wire.stop()
        assert await page.closed() == (1012, "restarting")


def test_bucket() -> None:
    bucket = Bucket(burst=2, per_s=1, now=0)
    assert [bucket.take(0), bucket.take(0), bucket.take(0.5)] == [True, True, False]
    assert [bucket.take(1.5), bucket.take(1.5)] == [True, False]


async def test_refs_are_forgotten_after_the_window() -> None:
    now = 0.0
    refs = LocalRefs(most=2, monotonic=lambda: now)
    assert await refs.begin("a") is None
    assert (told := await refs.begin("a")) is not None
    assert not told.done
    await refs.finish("a", {"n": 1})
    assert (told := await refs.begin("a")) is not None
    assert told.answer == {"n": 1}
    now = WINDOW_S + 1
    assert await refs.begin("a") is None
    assert await refs.begin("b") is None
    assert await refs.begin("c") is None, "the oldest made room"
    assert await refs.begin("b") is not None
    assert await refs.begin("a") is None
