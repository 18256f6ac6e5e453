"""A new reply at 300 pages that have its topic open: a real server, real sockets, real replies.

Each of six members has 50 pages open; one of them sends 60 replies through the API, one after another.
What is timed is from the request to the words of the reply at each page. The budget is 200 ms, 95 of
100 times.
"""

import asyncio
import json
import tempfile
import time
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import ClientConnection, connect

from tests.makers import Someone
from tests.web.live_server import LiveServer
from tongke_courses.groups import service as groups
from tongke_courses.groups.schemas import GroupIn
from tongke_platform.accounts import service as accounts
from tongke_platform.people.roles import Role

READERS, MEMBERS, REPLIES = 300, 6, 60
BUDGET_MS = 200.0
APART_S = 0.2


class Pages:
    """``came``: when the words of a reply were at a page, by reply."""

    def __init__(self) -> None:
        self.came: dict[str, list[float]] = {}
        self.all_there = asyncio.Event()

    async def read(self, page: ClientConnection) -> None:
        async for raw in page:
            said = json.loads(raw)
            if said["type"] == "ping":
                await page.send(json.dumps({"type": "pong"}))
            elif said["type"] == "event" and "words" in said["data"]:
                times = self.came.setdefault(said["data"]["post"], [])
                times.append(time.perf_counter())
                if len(times) == READERS:
                    self.all_there.set()


async def _group(server: LiveServer) -> tuple[UUID, list[Someone]]:
    school = await server.make.school()
    people = [await server.make.person(school, Role.LEAD_TEACHER) for _ in range(MEMBERS)]
    frame = server.frame
    async with frame.database.read() as session:
        head = await accounts.principal_of(session, people[0].id, frame.today())
    assert head is not None
    wanted = GroupIn.model_validate(
        {"kind": "research_group", "name": "教研组", "organisation_id": school.id}
    )
    async with frame.database.write() as session:
        made = await groups.create(session, head, wanted)
        for one in people[1:]:
            await groups.seat(session, made.id, one.id, Role.GROUP_MEMBER, head)
    return made.id, people


async def _opened(server: LiveServer, token: str, topic: str) -> ClientConnection:
    address = f"ws://127.0.0.1:{server.port}/api/wire"
    page = await connect(address, additional_headers={"Authorization": f"Bearer {token}"})
    await page.send(json.dumps({"type": "sub", "topic": f"board:{topic}"}))
    async for raw in page:
        if json.loads(raw)["type"] == "snapshot":
            break
    return page


async def _measure() -> list[float]:
    with tempfile.TemporaryDirectory(prefix="tk-") as folder:
        async with LiveServer.running(Path(folder)) as server:
            group, people = await _group(server)
            headers = [await server.make.bearer(one) for one in people]
            tokens = [one["Authorization"].removeprefix("Bearer ") for one in headers]
            async with httpx2.AsyncClient(base_url=server.base_url, headers=headers[0]) as client:
                return await _replies(server, client, group, tokens)


async def _replies(
    server: LiveServer, client: httpx2.AsyncClient, group: UUID, tokens: list[str]
) -> list[float]:
    begun = {"title": "远端班怎样多发言", "text": "先问远端班。", "sent_as": str(uuid4())}
    answer = (await client.post(f"/api/groups/{group}/topics", json=begun)).raise_for_status()
    topic, pages, delays = answer.json()["id"], Pages(), list[float]()
    sockets = [await _opened(server, tokens[number % MEMBERS], topic) for number in range(READERS)]
    reading = [asyncio.create_task(pages.read(one)) for one in sockets]
    for number in range(REPLIES):
        pages.all_there.clear()
        said = {"text": f"第 {number} 条：**先等三秒**，再请同桌说。", "sent_as": str(uuid4())}
        at = time.perf_counter()
        sent = await client.post(f"/api/topics/{topic}/posts", json=said)
        if sent.status_code == 429:
            await asyncio.sleep(float(sent.headers["retry-after"]))
            continue
        sent.raise_for_status()
        async with asyncio.timeout(10):
            await pages.all_there.wait()
        delays += [(one - at) * 1000 for one in pages.came[sent.json()["id"]]]
        # As people write: not all at the same moment.
        await asyncio.sleep(APART_S)
    for task in reading:
        task.cancel()
    for one in sockets:
        await one.close()
    return sorted(delays)


def main() -> None:
    delays = asyncio.run(_measure())
    table = Table(title=f"{len(delays) // READERS} replies at {READERS} open pages, ms")
    for name in ("median", "p95", "p99", "most", "budget (p95)"):
        table.add_column(name, justify="right")
    at = [delays[int((len(delays) - 1) * share)] for share in (0.5, 0.95, 0.99, 1.0)]
    table.add_row(*(f"{one:.0f}" for one in at), f"{BUDGET_MS:.0f}")
    Console().print(table)
    print(f"{at[1] / BUDGET_MS:.2f} × budget")


if __name__ == "__main__":
    main()
