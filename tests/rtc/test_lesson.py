"""Lessons with aiortc on both ends: joining, leaving, coming back, and a link that loses."""

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import pytest
from aiortc import RTCPeerConnection

from tests.rtc import aio
from tests.rtc.lossy import LossyProxy
from tests.rtc.rig import Rig


class Room:
    """Who takes part; ``through`` sends a participant's packets another way."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.sessions: list[str] = []
        self._publishers: list[RTCPeerConnection] = []
        self._viewers: list[aio.Viewer] = []
        self._proxies: list[LossyProxy] = []

    async def _ask(self, do: str, text: str, through: LossyProxy | None, **fields: str) -> str:
        answer = await self.rig.request(do, lesson="L1", sdp=text, **fields)
        self.sessions.append(answer["session"])
        found: str = answer["sdp"]
        if through is not None:
            found = found.replace(f"127.0.0.1 {self.rig.port} ", f"127.0.0.1 {through.port} ")
        return found

    async def publish(self, through: LossyProxy | None = None) -> RTCPeerConnection:
        connection = await aio.publish(
            lambda text: self._ask("publish", text, through, source="lead", holder="me")
        )
        self._publishers.append(connection)
        return connection

    async def watch(self, through: LossyProxy | None = None) -> aio.Viewer:
        viewer = aio.Viewer()
        self._viewers.append(viewer)
        return await viewer.start(lambda text: self._ask("watch", text, through, label="room"))

    async def lossy(self, loss: float) -> LossyProxy:
        self._proxies.append(await LossyProxy(self.rig.port, loss).start())
        return self._proxies[-1]

    async def close(self) -> None:
        for viewer in self._viewers:
            await viewer.close()
        for connection in self._publishers:
            await connection.close()
        for proxy in self._proxies:
            proxy.close()


@pytest.fixture
async def room(rig: Rig) -> AsyncIterator[Room]:
    found = Room(rig)
    yield found
    await found.close()


async def test_room_sees_and_hears_at_once_and_after_the_teacher_came_back(
    rig: Rig, room: Room
) -> None:
    publisher = await room.publish()
    await rig.feed.until(lambda e: e["ev"] == "cut")
    started = asyncio.get_running_loop().time()
    viewer = await room.watch()
    _, picture = await viewer.sees()
    await viewer.hears()
    assert (picture.width, picture.height) == (320, 180)
    assert asyncio.get_running_loop().time() - started < 3
    await publisher.close()
    await rig.source("away")
    gap = await rig.feed.until(lambda e: e["ev"] == "cut" and e["gap"])
    seen = len(viewer.frames.seen)
    await room.publish()
    await viewer.sees(after=seen)
    await viewer.hears(after=seen)
    back = await rig.feed.until(
        lambda e: e["ev"] == "cut" and not e["gap"] and e["seg"] > gap["seg"]
    )
    assert back["us"] > gap["us"]
    states = [(e["state"], e["epoch"]) for e in rig.feed.seen if e["ev"] == "source"]
    assert states == [("live", 1), ("away", 1), ("live", 2)]


async def test_page_close_ends_the_session(rig: Rig, room: Room) -> None:
    await room.publish()
    await rig.source("live")
    viewer = await room.watch()
    await viewer.close()
    ended = await rig.events.until(lambda e: e["ev"] == "session" and e["state"] == "ended")
    assert (ended["session"], ended["reason"]) == (room.sessions[-1], "closed by the peer")


async def test_lossy_uplink_is_repaired_by_asking_again(rig: Rig, room: Room) -> None:
    """Four in a hundred lost on the teacher's way: the feed's picture has no hole."""
    proxy = await room.lossy(0.04)
    await room.publish(proxy)
    track = await rig.feed.until(lambda e: e["ev"] == "track" and e["kind"] == "video")
    while proxy.lost_up < 25:
        await rig.packets.count(len(rig.packets.seen) + 50)
    line = [_seq(p) for p in rig.packets.seen if p[0] == track["track"]]
    span = (line[-1] - line[0]) & 0xFFFF
    missing = {(line[0] + n) & 0xFFFF for n in range(span)} - {*line}
    for seq in missing:  # asked for and on its way
        await rig.packets.until(brings(track["track"], seq))
    assert span > 200


def _seq(packet: tuple[int, int, bytes]) -> int:
    return int.from_bytes(packet[2][2:4], "big")


def brings(track: int, seq: int) -> Callable[[tuple[int, int, bytes]], bool]:
    return lambda packet: packet[0] == track and _seq(packet) == seq


async def test_lossy_downlink_is_repaired_by_rtx(rig: Rig, room: Room) -> None:
    """Four in a hundred lost on the room's way: its pictures go on without a break."""
    await room.publish()
    await rig.source("live")
    proxy = await room.lossy(0.04)
    viewer = await room.watch(proxy)
    await viewer.sees()
    while proxy.lost_down < 25:
        await viewer.sees(after=len(viewer.frames.seen))
    seen = len(viewer.frames.seen)
    await viewer.sees(after=seen)
    session = rig.relay._sessions[room.sessions[-1]]
    resent = sum(slot.resent for slot in session.slots)  # type: ignore[attr-defined]
    assert resent >= 15
    stamps = [f.pts for kind, f in viewer.frames.seen if kind == "video"]
    steps = [b - a for a, b in pairwise(stamps[5:])]
    assert max(steps) <= 3 * 3000  # never more than two pictures of thirty a second missing
