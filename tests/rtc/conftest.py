"""A relay, and peers whose sockets are closed afterwards."""

from collections.abc import AsyncIterator, Callable

import pytest

from tests.rtc.peer import Peer
from tests.rtc.rig import Rig, relaying


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with relaying(pull=True) as found:
        yield found


@pytest.fixture
async def peer(rig: Rig) -> AsyncIterator[Callable[[], Peer]]:
    made: list[Peer] = []

    def make() -> Peer:
        made.append(Peer())
        return made[-1]

    yield make
    for each in made:
        each.close()
