"""Every address × role × relation answers as the table says."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from tests.rights import table as tables
from tests.rights.addresses import addresses
from tests.rights.askers import Asker, make_unions
from tests.rights.bodies import BODIES
from tests.rights.table import Line, Table
from tests.rights.ways import Answer, Asked, Undone, send, subscribe
from tests.rights.world import World
from tongke_platform.frame import Frame

NOBODY = Asker("nobody")
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
OWN_SITE = {"sec-fetch-site": "same-origin", "accept": "text/html,application/json"}
OTHER_SITE = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}


# Thousands of requests: minutes on a machine that is busy with other tests.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def table() -> Table:
    return tables.read()


class Walk:
    """Asks for one line of the table after another."""

    def __init__(self, app: FastAPI, frame: Frame, world: World) -> None:
        self._app = app
        self._world = world
        self.undone = Undone(frame.database)
        self.answers = 0

    def asked(self, line: Line) -> Asked:
        parts = dict(BODIES[line.request](self._world)) if line.request in BODIES else {}
        path = self._world.fill(line.address)
        query = parts.pop("query", "")
        method = "GET" if line.method == "MOUNT" else line.method
        if line.method == "MOUNT":
            path = self._app.state.pages.asset("tongke.css")
        return Asked(method, path + query, **parts)

    async def ask(self, line: Line, asker: Asker, headers: dict[str, str]) -> Answer:
        self.answers += 1
        async with self.undone.request():
            if line.method == "WS":
                topic = f"{line.address.split()[2]}:{self._world.ids[line.address.split()[2]]}"
                return await subscribe(self._app, line.path, topic, {**headers, **asker.headers})
            scope, body = self.asked(line).packed()
            return await send(self._app, scope, body, {**headers, **asker.headers})

    def may(self, line: Line, answer: Answer) -> bool:
        if not line.shows:
            return not answer.refused
        return answer.served and self._world.marks[line.shows].encode() in answer.body


async def test_every_address_is_in_the_table(app: FastAPI, table: Table) -> None:
    listed = {line.address for line in table.lines}
    there = addresses(app)
    there.discard("WS /api/wire")  # asked topic by topic
    assert there - listed == set(), "addresses nobody has said a word about"
    assert listed - there == set(), "addresses that are no more"


async def test_table_says_what_there_is(world: World, table: Table) -> None:
    assert table.unknown_terms(world.askers) == set()


async def test_walk(app: FastAPI, frame: Frame, world: World, table: Table) -> None:
    """Who may is asked one by one, half by each database. Those who may not are first asked all at
    once, as one person with all their posts: no post takes a right away, so what that person may
    not nobody of them may. Only where that person may are they asked one by one.
    """
    walk = Walk(app, frame, world)
    refused = {line: _refused(world, line) for line in table.lines}
    unions = await make_unions(frame, world.places, refused.values())
    wrong: dict[str, list[str]] = {}
    async with walk.undone.connected():
        for number, line in enumerate(table.lines):
            askers = _individuals(world, line, number, even=frame.database.is_sqlite)
            everybody_else = unions[refused[line]]
            if refused[line] and walk.may(line, await walk.ask(line, everybody_else, OWN_SITE)):
                askers += sorted(refused[line], key=lambda one: one.name)
            for asker in askers:
                answer = await walk.ask(line, asker, OWN_SITE)
                if trouble := _trouble(walk, line, asker, answer):
                    wrong.setdefault(f"{line.name}: {trouble}", []).append(asker.name)
    said = [f"{trouble}\n      {' '.join(names)}" for trouble, names in wrong.items()]
    assert not said, f"{len(said)} of {walk.answers} answers:\n" + "\n".join(said)


def _refused(world: World, line: Line) -> frozenset[Asker]:
    """Those with a post whom the table does not name."""
    return frozenset(
        one for one in world.askers if one.role and not line.lets(one) and not line.takes(one)
    ) - {one for one in world.askers if one.name == "owner"}


def _individuals(world: World, line: Line, number: int, *, even: bool) -> list[Asker]:
    """Nobody, somebody without a post, the owner, and those who may. What somebody without a post
    may, one in eight of the others is asked about.
    """
    newcomer = next(one for one in world.askers if one.name == "newcomer")
    alike = line.lets(newcomer), line.takes(newcomer)
    found: list[Asker] = []
    for place, asker in enumerate(world.askers):
        mine = ((place + number) % 2 == 0) == even
        if asker.role is None or asker.name == "owner":
            found.append(asker)
        elif not (line.lets(asker) or line.takes(asker)):
            continue
        elif (line.lets(asker), line.takes(asker)) == alike:
            found += [asker] * ((place + number) % 8 == (0 if even else 4))
        elif mine:
            found.append(asker)
    return found


def _trouble(walk: Walk, line: Line, asker: Asker, answer: Answer) -> str:
    if line.takes(asker):
        fine = 400 <= answer.status < 500 and not answer.refused
        return "" if fine else f"{answer.status}, the table says they may, but not with this"
    if walk.may(line, answer) != line.lets(asker):
        return f"answers {answer.status}, the table says {'yes' if line.lets(asker) else 'no'}"
    if line.lets(asker) and not answer.served:
        return f"{answer.status}: what the walk sends is not right: {answer.body[:300]!r}"
    return ""


async def test_other_sites_change_nothing(
    app: FastAPI, frame: Frame, world: World, table: Table
) -> None:
    """With the cookie of somebody who may, and from the page of another site."""
    walk = Walk(app, frame, world)
    wrong: list[str] = []
    async with walk.undone.connected():
        for line in table.lines:
            if line.method not in UNSAFE or line.path.startswith("/live/"):
                continue
            asker = next((one for one in world.askers if one.cookie and line.lets(one)), None)
            if asker is None:
                continue
            answer = await walk.ask(line, asker, OTHER_SITE)
            if (answer.status, b"cross_site" in answer.body) != (403, True):
                wrong.append(f"{line.name} by {asker.name}: {answer.status}")
    assert wrong == []
    assert walk.answers >= 5


INLINE = re.compile(rb"<script(?![^>]*(?:\bsrc=|application/json))|<style|\sstyle=|\son[a-z]+=")


async def test_pages_have_a_strict_policy(
    app: FastAPI, frame: Frame, world: World, table: Table
) -> None:
    walk = Walk(app, frame, world)
    wrong: list[str] = []
    async with walk.undone.connected():
        for line in table.lines:
            if line.method != "GET":
                continue
            asker = next((one for one in reversed(world.askers) if line.lets(one)), None)
            asker = asker or world.askers[0]
            answer = await walk.ask(line, asker, OWN_SITE)
            if "text/html" in answer.headers.get("content-type", ""):
                wrong += [f"{line.name}: {one}" for one in _lax(answer)]
    assert wrong == []


def _lax(answer: Answer) -> Iterator[str]:
    policy = answer.headers.get("content-security-policy", "")
    if "default-src" not in policy or "unsafe" in policy:
        yield f"policy {policy!r}"
    if "frame-ancestors 'none'" not in policy:
        yield "may be framed"
    if found := INLINE.search(answer.body):
        yield f"inline {found[0]!r}"
    if answer.headers.get("x-content-type-options") != "nosniff":
        yield "may be sniffed"
