"""What is sent to a server that is killed at any moment is there once, and never lost on the way."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from uuid import uuid4

import httpx2
import hypothesis
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from tests.boards.board import Board
from tests.boards_reading.killable import Killable
from tests.boards_reading.outbox import Device, Road, Words
from tests.serve.server import free_port
from tongke_platform.people.models import Membership
from tongke_platform.settings import Settings

EXAMPLES, STEPS_MIN, STEPS_MAX = 6, 7, 10
# When a server is killed, as parts of the time that its last answer took: before, within, and after.
MOMENTS = (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2)
PAGE = 200


@dataclass(frozen=True)
class Fault:
    """``kind``: ``""``, ``lost`` (nothing arrives), ``unheard`` (the answer gets lost) or ``killed``
    ``at`` one of MOMENTS.
    """

    kind: str = ""
    at: float = 0.0


NONE = Fault()


@dataclass(frozen=True)
class Step:
    """``which`` of a device's words; ``hours``: by which the clock of a server is wrong that is started
    next.
    """

    act: str
    device: int
    which: int
    fault: Fault
    hours: int


KILLED = st.builds(Fault, st.just("killed"), st.sampled_from(MOMENTS))
FAULTS = st.one_of(st.builds(Fault, st.sampled_from(["", "lost", "unheard", "unheard"])), KILLED)
ACTS = ("send", "send", "send", "again", "keep", "share", "change", "kill")
STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(ACTS),
        st.integers(0, 1),
        st.integers(0, 3),
        FAULTS,
        st.sampled_from([0, 0, -7, 9, 30]),
    ),
    min_size=STEPS_MIN,
    max_size=STEPS_MAX,
)


@dataclass
class World:
    """Two devices of one person. ``written``: what is hers in the end, ``submitted``: of it what she
    sent.
    """

    server: Killable
    devices: list[Device]
    number: Iterator[int]
    hours: int = 0
    last_s: float = 0.02
    written: set[str] = field(default_factory=set)
    submitted: set[str] = field(default_factory=set)

    def begin(self, client: httpx2.Client, group: str) -> str:
        body = {"title": "板书", "text": "怎么写？", "sent_as": str(uuid4())}
        path = f"/api/groups/{group}/topics"
        answer = self.road(NONE)(lambda: client.post(path, json=body))
        assert answer is not None
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def text(self) -> str:
        found = f"第 {next(self.number)} 条"
        self.written.add(found)
        return found

    def road(self, fault: Fault) -> Road:
        def met(ask: Callable[[], httpx2.Response]) -> httpx2.Response | None:
            if fault.kind == "lost":
                return None
            if not self.server.up:
                self.server.start(self.hours)
            try:
                with self._killing(fault):
                    answer = ask()
            except httpx2.TransportError:
                assert fault.kind == "killed"
                return None
            return None if fault.kind == "unheard" else answer

        return met

    @contextmanager
    def _killing(self, fault: Fault) -> Iterator[None]:
        if fault.kind != "killed":
            since = time.perf_counter()
            yield
            self.last_s = time.perf_counter() - since
            return
        timer = threading.Timer(fault.at * self.last_s, self.server.kill)
        timer.start()
        try:
            yield
        finally:
            timer.join()

    def run(self, step: Step) -> None:
        self.hours = step.hours
        device, road = self.devices[step.device], self.road(step.fault)
        if step.act == "kill":
            self.server.kill()
        elif step.act == "share":
            self._share(device, self.devices[1 - step.device], road)
        elif step.act == "keep":
            device.keep(self._draft(device, step.which), road)
        elif step.act == "change":
            self._change(device.words[self._draft(device, step.which)])
        elif step.act == "again" and device.waiting():
            waiting = device.waiting()
            device.send(waiting[step.which % len(waiting)], road)
        else:
            self._send(device, self._draft(device, step.which), road)

    def _draft(self, device: Device, which: int) -> str:
        """One there is, or a new one."""
        if which == 0 or not device.drafts():
            device.write(self.text())
        drafts = device.drafts()
        return drafts[which % len(drafts)]

    def _share(self, one: Device, other: Device, road: Road) -> None:
        """Begun on one, gone on with on the other, sent from both."""
        key = self._draft(one, 0)
        one.keep(key, self.road(NONE))
        other.adopt(self.road(NONE))
        self._change(other.words[key])
        self._send(one, key, road)
        self._send(other, key, road)

    def _send(self, device: Device, key: str, road: Road) -> None:
        words = device.words[key]
        words.waiting = True
        self.submitted.add(words.text)
        device.send(key, road)

    def _change(self, words: Words) -> None:
        before, words.text = words.text, self.text()
        if not self._anywhere(before):
            self.written.discard(before)

    def _anywhere(self, text: str) -> bool:
        return any(one.text == text for device in self.devices for one in device.words.values())

    def check_nothing_is_lost(self) -> None:
        """Until it is confirmed it is on her computer."""
        here = {one.text for device in self.devices for one in device.words.values()}
        sent = {text for device in self.devices for text in device.confirmed}
        assert self.written <= here | sent, self.written - here - sent

    def settle(self) -> None:
        """The road is good again: all that waits is sent, the last first."""
        for _ in range(3):
            for device in reversed(self.devices):
                for key in reversed(device.waiting()):
                    device.send(key, self.road(NONE))
        assert [device.waiting() for device in self.devices] == [[], []]

    def check_each_is_there_once(self) -> None:
        device = self.devices[0]
        path = f"/api/topics/{device.topic}"
        answer = self.road(NONE)(lambda: device.client.get(path, params={"limit": PAGE}))
        assert answer is not None
        posts = {one["id"]: one["text"] for one in answer.json()["items"][1:]}
        assert len(posts) < PAGE - 1, "one page holds them"
        assert Counter(posts.values()) == Counter(self.submitted), "each once, and no others"
        for one in self.devices:
            assert {key: posts[key] for key in one.confirmed.values()} == {
                key: text for text, key in one.confirmed.items()
            }
            assert one.new == sorted(one.new), "later ones stand behind, whatever the clock"
        left = self.road(NONE)(lambda: device.client.get("/api/drafts"))
        assert left is not None
        kept = {one["text"] for one in left.json()["drafts"] if one["topic_id"] == device.topic}
        assert not kept & self.submitted, "no draft of what was sent"


async def test_exactly_once_whenever_the_server_is_killed(board: Board, settings: Settings) -> None:
    headers = await board.make.bearer(board.member)
    async with board.frame.database.write() as session:
        # She belonged to the group on whatever day a clock says.
        await session.execute(update(Membership).values(starts_on=date(2020, 1, 1)))
    port = free_port()
    number, kills = count(1), [0]
    with (
        Killable(settings, port) as server,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=20) as client,
    ):
        # What fails is killed at another moment the next time: nothing is made smaller.
        @hypothesis.settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
            phases=[hypothesis.Phase.generate],
        )  # fmt: skip
        @given(steps=STEPS)
        def example(steps: list[Step]) -> None:
            world = World(server, [], number)
            topic = world.begin(client, board.key)
            world.devices = [Device(client, board.key, topic) for _ in range(2)]
            for step in steps:
                world.run(step)
                world.check_nothing_is_lost()
            world.settle()
            world.check_each_is_there_once()

        example()
        kills[0] = server.kills
    assert kills[0] > 2 * EXAMPLES
