"""The world of the walk, for those who go through every address."""

import logging
from collections.abc import Iterator

import pytest
import structlog
from fastapi import FastAPI

from tests.makers import Makers
from tests.processes import StandIn
from tests.rights.world import World, build
from tongke_platform.accounts.limiter import Limit
from tongke_platform.frame import Frame
from tongke_streaming.frames import Message


class Patient:
    """A limiter for somebody who signs in a thousand times."""

    async def take(self, limit: Limit, key: str) -> None:
        pass

    async def forgive(self, limit: Limit, key: str) -> None:
        pass

    async def close(self) -> None:
        pass


@pytest.fixture
def quiet() -> Iterator[None]:
    """Thousands of requests, and no line in the log of each."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def world(
    app: FastAPI, frame: Frame, make: Makers, relay: StandIn, hls: StandIn, quiet: None
) -> World:
    async def session(message: Message) -> Message:
        return {"session": "s", "sdp": "v=0\r\n", "etag": "e", "status": 204}

    async def playlist(message: Message) -> Message:
        return {"playlist": "#EXTM3U\n"}

    frame.limiter = Patient()
    relay.answers |= dict.fromkeys(("publish", "watch", "patch", "drop"), session)
    hls.answers["multivariant"] = playlist
    return await build(make)
