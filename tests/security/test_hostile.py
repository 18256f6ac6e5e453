"""Every address, pages and forms too, is sent what nobody means well with."""

import pytest
from fastapi import FastAPI

from tests.rights import table as tables
from tests.rights.askers import Asker
from tests.rights.bodies import BODIES
from tests.rights.table import Line
from tests.rights.test_walk import OWN_SITE
from tests.rights.ways import Answer, Asked, Undone, send
from tests.rights.world import World
from tests.security import hostile
from tongke_platform.frame import Frame

pytestmark = pytest.mark.timeout(600)

# How many of the values are tried in each place.
SOME = {"always": 1, "every": 12}


def _asker(world: World, line: Line) -> Asker:
    """Who may, and reaches no further than a school where that is enough."""
    order = ("school_admin.organisation@own", "owner", "admin.platform@own", "nobody")
    known = {one.name: one for one in world.askers}
    found = (known[name] for name in order if line.lets(known[name]) or line.takes(known[name]))
    return next(found, known["owner"])


def trouble(asked: Asked, answer: Answer) -> str:
    if answer.status >= 500:
        return f"{answer.status} {answer.body[:300]!r}"
    if "text/html" in answer.headers.get("content-type", ""):
        if any(mark in answer.body for mark in hostile.UNESCAPED):
            return "prints what was sent"
    elif answer.status >= 400 and "json" not in answer.headers.get("content-type", "json"):
        return f"{answer.status} as {answer.headers['content-type']}"
    where = answer.headers.get("location", "")
    if where.startswith(("//", "/\\", "http:", "https:")):
        return f"leads to {where[:80]!r}"
    return ""


async def test_every_address(app: FastAPI, frame: Frame, world: World) -> None:
    undone, fields = Undone(frame.database), hostile.fields_of(app)
    wrong: dict[str, str] = {}
    sent = 0
    values = hostile.Chosen(**SOME, start=3)
    async with undone.connected():
        for number, line in enumerate(tables.read().lines):
            # Each address on one of the two: PostgreSQL, which minds more, has twice as many.
            if line.method in {"WS", "MOUNT"} or (number % 3 == 0) is not frame.database.is_sqlite:
                continue
            asker = _asker(world, line)
            parts = BODIES[line.request](world) if line.request in BODIES else {}
            known = fields.get(line.address, hostile.Fields())
            filled = world.fill(line.address)
            for asked in hostile.requests(line.method, line.path, filled, known, parts, values):
                scope, body = asked.packed()
                async with undone.request():
                    answer = await send(app, scope, body, {**OWN_SITE, **asker.headers})
                sent += 1
                if found := trouble(asked, answer):
                    shown = (
                        f"{asked.method} {asked.url[:200]} {str(asked.content or asked.data)[:300]}"
                    )
                    wrong.setdefault(f"{line.name} by {asker.name}: {found}", shown)
    said = [f"{found}\n      {request}" for found, request in wrong.items()]
    assert not said, f"{len(said)} of {sent} answers:\n" + "\n".join(said)
    assert sent > 500
