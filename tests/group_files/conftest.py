"""A group with one of each part, and who is outside of it, each with a client."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from tests.groups.stage import Stage
from tests.makers import Makers, Someone
from tests.materials.tus_client import Tus
from tongke_platform.frame import Frame

Found = dict[str, Any]


@dataclass
class Shelf:
    stage: Stage
    client_of: Callable[[Someone], Awaitable[Tus]]
    clients: dict[str, Tus] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/api/groups/{self.stage.key}/files"

    async def client(self, who: Someone) -> Tus:
        if who.username not in self.clients:
            self.clients[who.username] = await self.client_of(who)
        return self.clients[who.username]

    async def send(
        self, who: Someone, data: bytes, name: str = "评课表.txt", **more: str
    ) -> tuple[int, Found]:
        """Sent and put into the group: status and what was answered."""
        client = await self.client(who)
        key = await client.send(data, name)
        return await client.json("POST", self.path, {"upload_id": key, **more})

    async def brought(
        self, who: Someone, data: bytes = b"first", name: str = "评课表.txt", **more: str
    ) -> Found:
        status, found = await self.send(who, data, name, **more)
        assert status == 201, found
        return found

    async def listed(self, who: Someone) -> list[str]:
        found = await self.stage.of(who, "GET", self.path)
        return [one["name"] for one in found["items"]]


@pytest.fixture
async def shelf(app: FastAPI, client: httpx2.AsyncClient, make: Makers, frame: Frame) -> Shelf:
    """The stage's member is one of the group, its stranger is not."""
    stage = await Stage(client, make, frame).open()
    await stage.bring_in(stage.member)

    async def client_of(who: Someone) -> Tus:
        return Tus(app, await make.bearer(who))

    return Shelf(stage, client_of)
